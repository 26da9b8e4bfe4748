"""Chairs, stools, benches, sofas, beds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, Top
from ..scene import Material, Mesh
from ..shapes import box, capsule, corners, cylinder, grid, rounded, sheet, tube
from ..textures import Palette, muted


def _five_star(rng: Generator, material: Material, seat: float, plain: bool) -> list[Mesh]:
    """A gas spring on five legs with castors; plain: bare legs."""
    parts = [cylinder(0.027, seat - 0.1, material, (0, 0.08, 0), sides=10)]
    black = replace(material, tint=(0.1, 0.1, 0.1), base=(0.02, 0.02, 0.02))
    start = rng.uniform(0, 2)
    reach = rng.uniform(0.27, 0.34)
    for angle in start + np.arange(5) * 2 * np.pi / 5:
        c, s = np.cos(angle), np.sin(angle)
        if plain:
            parts.append(tube([(0, 0.1, 0), (reach * c, 0.03, reach * s)], 0.026, material, sides=4))
            continue
        parts.append(capsule((0, 0.11, 0), (reach * c, 0.075, reach * s), 0.026, material, 0.017, sides=6))
        hub = (reach * c - 0.022 * s, 0.028, reach * s + 0.022 * c)
        parts.append(cylinder(0.027, 0.045, black, hub, yaw=angle, tilt=np.pi / 2, sides=9))
    return parts


def office_chair(rng: Generator, palette: Palette, plain: bool = False) -> Piece:
    """Turns on a foot of five legs. plain: a fifth of the triangles, for rows of desks."""
    seat, w, d = rng.uniform(0.43, 0.54), rng.uniform(0.46, 0.54), rng.uniform(0.44, 0.5)
    steel = palette.metal(rng) if rng.random() < 0.5 else palette.plastic(rng, 0.9)
    cover = palette.cloth(rng)
    if rng.random() < 0.55:
        kind = one_of(rng, ("fabric", "leather"))
        cover = palette.of(rng, kind, muted(rng, 0.03, 0.25), 0.3, rng.uniform(0, 0.3))
    parts = _five_star(rng, steel, seat, plain)
    cushion, spot = (w, rng.uniform(0.06, 0.11), d), (0.0, seat, 0.0)
    parts.append(box(cushion, cover, spot) if plain else rounded(cushion, 0.045, cover, spot, steps=3))
    high, lean = rng.uniform(0.4, 0.75), rng.uniform(0.05, 0.25)
    back_y = seat + 0.1 + high / 2
    s = np.linspace(-1, 1, 3 if plain else 7)
    rows = []
    for t in np.linspace(0, 1, 3 if plain else 6):
        y = seat + 0.1 + (1 - t) * high
        half = w / 2 * (0.8 + 0.2 * np.sin(np.pi * min(1.0, 0.3 + t)))
        rows.append(np.stack([s * half, y + 0 * s, -d / 2 - (y - seat) * np.sin(lean) + 0.05 * s**2], -1))
    face = np.array(rows)
    parts.append(grid(face, cover))
    parts.append(grid(face - (0, 0, rng.uniform(0.025, 0.06)), cover))
    behind = (0, back_y, -d / 2 - 0.04 - (back_y - seat) * np.sin(lean))
    parts.append(tube([(0, seat - 0.03, -d * 0.3), behind], 0.025, steel))
    if rng.random() < 0.6:
        arms = palette.plastic(rng, 0.9)
        for x in (-1, 1):
            px = x * (w / 2 + 0.03)
            parts.append(tube([(px, seat - 0.02, 0), (px, seat + 0.21, 0)], 0.016, steel))
            rest, spot = (0.06, 0.03, 0.25), (px, seat + 0.22, 0.02)
            parts.append(box(rest, arms, spot) if plain else rounded(rest, 0.012, arms, spot))
    return Piece(parts)


def chair(rng: Generator, palette: Palette) -> Piece:
    """Wood, shell on steel legs, or upholstered."""
    seat, w, d = rng.uniform(0.43, 0.48), rng.uniform(0.38, 0.5), rng.uniform(0.38, 0.47)
    high, lean = rng.uniform(0.34, 0.52), rng.uniform(0.05, 0.2)
    frame = palette.wood(rng) if rng.random() < 0.6 else palette.metal(rng)
    cover = one_of(rng, (palette.wood(rng), palette.plastic(rng, 0.2), palette.cloth(rng)))
    thick = rng.uniform(0.02, 0.07)
    parts = [rounded((w, thick, d), min(0.03, thick * 0.45), cover, (0, seat - thick / 2, 0))]
    r = rng.uniform(0.011, 0.02)
    for x in (-1, 1):
        px = x * (w / 2 - 0.03)
        foot = px + x * rng.uniform(0, 0.04)
        parts.append(tube([(foot, 0, d / 2 - 0.02), (px, seat - thick, d / 2 - 0.05)], r, frame))
        top = (px, seat + high, -d / 2 - high * np.sin(lean))
        parts.append(tube([(foot, 0, -d / 2 - 0.03), (px, seat, -d / 2 + 0.02), top], r, frame))
    middle = -d / 2 - high * np.sin(lean)
    kind = rng.integers(3)
    if kind == 0:
        for y in np.linspace(0.25, 0.95, rng.integers(2, 5)):
            at = (0, seat + y * high, -d / 2 + y * (middle + d / 2))
            parts.append(box((w - 0.06, 0.045, 0.015), frame, at, tilt=-lean))
    elif kind == 1:
        for x in np.linspace(-0.4, 0.4, rng.integers(4, 8)):
            line = [(x * w, seat, -d / 2 + 0.02), (x * w, seat + high, middle)]
            parts.append(tube(line, 0.006, frame, sides=5))
        parts.append(box((w, 0.05, 0.018), frame, (0, seat + high, middle), tilt=-lean))
    else:
        size = (w * 0.95, high * 0.65, rng.uniform(0.015, 0.06))
        at = (0, seat + high * 0.65, -d / 2 - high * 0.65 * np.sin(lean))
        parts.append(rounded(size, 0.02, cover, at, tilt=-lean))
    return Piece(parts)


def stool(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.choice([rng.uniform(0.42, 0.5), rng.uniform(0.62, 0.78)]), rng.uniform(0.15, 0.2)
    cover, frame = palette.material(rng, 0.6), palette.metal(rng) if rng.random() < 0.5 else palette.wood(rng)
    parts = [cylinder(r, rng.uniform(0.02, 0.07), cover, (0, h - 0.03, 0), sides=18)]
    for angle in np.arange(4) * np.pi / 2:
        c, s = np.cos(angle), np.sin(angle)
        line = [(r * 1.05 * c, 0, r * 1.05 * s), (r * 0.7 * c, h - 0.03, r * 0.7 * s)]
        parts.append(tube(line, 0.013, frame))
    a = np.linspace(0, 2 * np.pi, 13)
    ring = np.stack([r * 0.92 * np.cos(a), 0 * a + h * 0.35, r * 0.92 * np.sin(a)], -1)
    parts.append(tube(ring, 0.008, frame, sides=5))
    return Piece(parts, [Top((0, h + 0.04, 0), r, r, 0.5, "living")] if rng.random() < 0.3 else [])


def sofa(rng: Generator, palette: Palette) -> Piece:
    """One to three seats, with cushions, at times a blanket."""
    seats = int(rng.integers(1, 4))
    seat_w, d = rng.uniform(0.58, 0.75), rng.uniform(0.78, 0.98)
    arm, seat, back = rng.uniform(0.1, 0.24), rng.uniform(0.38, 0.46), rng.uniform(0.75, 0.95)
    w = seats * seat_w + 2 * arm
    cover = palette.leather(rng) if rng.random() < 0.3 else palette.cloth(rng)
    parts = [
        rounded((w, seat - 0.14, d), 0.03, cover, (0, seat / 2, 0)),
        rounded((w, back - 0.1, 0.2), 0.07, cover, (0, (back + 0.1) / 2, -d / 2 + 0.1), steps=3),
    ]
    for side in (-1, 1):
        size = (arm, seat + rng.uniform(0.08, 0.18), d)
        parts.append(rounded(size, arm * 0.35, cover, (side * (w - arm) / 2, 0.33, 0), steps=3))
    for i in range(seats):
        x = (i - (seats - 1) / 2) * seat_w
        parts.append(rounded((seat_w * 0.98, 0.17, d - 0.22), 0.06, cover, (x, seat, 0.1), steps=3))
        size, at = (seat_w * 0.96, back - seat, 0.18), (x, (seat + back) / 2 + 0.05, -d / 2 + 0.26)
        parts.append(rounded(size, 0.07, cover, at, tilt=-0.12, steps=3))
    for _ in range(rng.integers(0, 4)):
        x = float(rng.uniform(-0.5, 0.5) * (w - 2 * arm - 0.4))
        look, at, yaw = palette.cloth(rng), (x, seat + 0.28, -d / 2 + 0.42), rng.normal(0, 0.3)
        roll = rng.normal(0, 0.15)
        parts.append(rounded((0.42, 0.4, 0.14), 0.065, look, at, yaw=yaw, tilt=-0.35, roll=roll, steps=3))
    if rng.random() < 0.3:
        parts.append(_draped(rng, palette, 0.7, 0.9, (rng.uniform(-0.3, 0.3) * w, seat + 0.1, 0.15)))
    legs = palette.furniture(rng)
    parts += [box((0.05, 0.1, 0.05), legs, at) for at in corners(w - 0.16, d - 0.16, 0.05)]
    top = Top((0, seat + 0.085, 0.12), w - 2 * arm, d - 0.4, 0.5, "living")
    return Piece(parts, [top] if rng.random() < 0.5 else [])


def _draped(rng: Generator, palette: Palette, w: float, d: float, at: tuple[float, float, float]) -> Mesh:
    """A blanket thrown over something level."""
    look, bend, ripple = palette.cloth(rng), rng.normal(0, 0.2), rng.uniform(0.01, 0.03)
    waves, yaw = rng.uniform(1, 3), rng.normal(0, 0.4)
    return sheet(w, d, look, bend, ripple, waves, at, yaw=yaw, fit=False, steps=16)


def bed(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.choice([0.9, 1.0, 1.4, 1.6, 1.8]), rng.uniform(1.95, 2.1), rng.uniform(0.4, 0.6)
    frame, linen = palette.furniture(rng), palette.cloth(rng)
    white = palette.of(rng, "fabric", muted(rng, 0.7, 0.95), 0.3)
    board = (w + 0.08, rng.uniform(0.75, 1.2), 0.05)
    parts = [
        box((w + 0.06, h * 0.5, d + 0.04), frame, (0, h * 0.35, 0)),
        rounded((w, 0.2, d - 0.04), 0.05, white, (0, h - 0.1, 0)),
        box(board, frame if rng.random() < 0.6 else palette.cloth(rng), (0, 0.45, -d / 2 - 0.02)),
    ]
    n = 15
    z, x = np.meshgrid(np.linspace(-0.28 * d, 0.51 * d, n), np.linspace(-1, 1, n), indexing="ij")
    over = np.abs(x) * (w / 2 + 0.12)
    drop = np.clip(over - w / 2, 0, None) * 2.2
    wave = 0.02 * np.sin(x * 9 + z * 4 + rng.uniform(0, 6)) + 0.015 * np.sin(z * 11 + x * 5)
    points = np.stack([np.sign(x) * np.minimum(over, w / 2 + 0.03), h + 0.06 - drop + wave, z], -1)
    parts.append(grid(points, linen))
    for i in range(1 if w < 1.2 else 2):
        px = 0.0 if w < 1.2 else (i - 0.5) * w * 0.5
        look = palette.cloth(rng) if rng.random() < 0.5 else white
        size, at = (min(0.65, w * 0.45), 0.14, 0.42), (px, h + 0.07, -d / 2 + 0.3)
        parts.append(rounded(size, 0.065, look, at, yaw=rng.normal(0, 0.1), tilt=-0.2, steps=3))
    top = Top((0, h + 0.09, 0.25), w * 0.8, d * 0.5, 0.5, "living")
    return Piece(parts, [top] if rng.random() < 0.5 else [])


def bench(rng: Generator, palette: Palette) -> Piece:
    """1.2 to 2.2 m of seat at 0.42 to 0.48 m, at times with a back."""
    length, high, deep = rng.uniform(1.2, 2.2), rng.uniform(0.42, 0.48), rng.uniform(0.35, 0.5)
    seat, legs = palette.wood(rng), palette.metal(rng)
    slats = int(rng.integers(1, 6))
    parts = [
        box((length, 0.035, deep / slats * 0.9), seat, at=(0, high, (k + 0.5) / slats * deep - deep / 2))
        for k in range(slats)
    ]
    parts += [
        box((0.06, high, deep * 0.9), legs, at=(x, high / 2, 0)) for x in (-0.42 * length, 0.42 * length)
    ]
    if rng.random() < 0.55:
        parts += [
            box((length, 0.1, 0.03), seat, at=(0, high + y, -deep / 2 - 0.03 - 0.15 * y), tilt=-0.15)
            for y in (0.18, 0.34)
        ]
        parts += [
            box((0.04, 0.45, 0.04), legs, at=(x, high + 0.2, -deep / 2 - 0.05))
            for x in (-0.4 * length, 0.4 * length)
        ]
    return Piece(parts)

"""Pens, decoration, clothes, toys, baskets, and odd things of no use."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, united
from ..scene import Material, Mesh
from ..shapes import box, curve, cylinder, grid, panel, revolve, rounded, sphere, tube
from ..textures import Palette, muted, noise, vivid
from .electronics import cable
from .kitchenware import bottle, can, fruit, vessel
from .paper import packet
from .tools import screwdriver


def pen(rng: Generator, palette: Palette) -> Piece:
    r, length = rng.uniform(0.0035, 0.008), rng.uniform(0.12, 0.18)
    body = palette.plastic(rng, 0.3)
    look, end = palette.plastic(rng), (-length / 2, r, 0)
    parts = [
        cylinder(r, length, body, (length / 2, r, 0), roll=np.pi / 2, sides=7),
        cylinder(r * 0.9, 0.015, look, end, roll=np.pi / 2, top=r * 0.2, sides=7),
    ]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def pen_cup(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.033, 0.05), rng.uniform(0.085, 0.12)
    parts = [vessel([(r, 0), (r, h)], 0.002, palette.material(rng, 0.6), 12)]
    for _ in range(rng.integers(2, 9)):
        a, b = rng.uniform(0, 2 * np.pi, 2)
        foot = (r * 0.6 * np.cos(a), 0.004, r * 0.6 * np.sin(a))
        head = (r * 1.1 * np.cos(b), rng.uniform(0.13, 0.19), r * 1.1 * np.sin(b))
        parts.append(tube([foot, head], rng.uniform(0.003, 0.006), palette.plastic(rng, 0.3), sides=5))
    return Piece(parts)


def frame(rng: Generator, palette: Palette) -> Piece:
    """A photograph that leans on its stand."""
    w = rng.uniform(0.1, 0.28)
    h, lean = w * rng.uniform(0.7, 1.4), rng.uniform(0.1, 0.3)
    y = h / 2 * np.cos(lean) + 0.002
    return Piece([
        box((w, h, 0.015), palette.wood(rng), (0, y, 0), tilt=-lean),
        panel(w * 0.84, h * 0.84, palette.poster(rng), (0, y + 0.008 * np.sin(lean), 0.0082), tilt=-lean),
        box((0.03, h * 0.7, 0.004), palette.plastic(rng), (0, h * 0.34, -h * 0.22), tilt=0.25),
    ])  # fmt: skip


def clock(rng: Generator, palette: Palette) -> Piece:
    r = rng.uniform(0.04, 0.08)
    face = palette.of(rng, "speckle", muted(rng, 0.85, 0.95), 0.1)
    ink = palette.of(rng, "speckle", muted(rng, 0.02, 0.1), 0.1)
    at = (0, r + 0.01, 0.024)
    hands = [box((0.005, r * k, 0.002), ink, at, roll=rng.uniform(0, 6)) for k in (0.6, 0.85)]
    ring = cylinder(r, 0.045, palette.metal(rng), (0, r + 0.01, -0.025), tilt=np.pi / 2)
    return Piece([ring, cylinder(r * 0.9, 0.002, face, (0, r + 0.01, 0.02), tilt=np.pi / 2), *hands])


def plant(rng: Generator, palette: Palette, high: float | None = None) -> Piece:
    """In a pot: broad leaves on stalks, a bush of sprays, or blades."""
    h = rng.uniform(0.15, 0.45) if high is None else high
    r = h * rng.uniform(0.14, 0.26)
    pot_high = h * rng.uniform(0.2, 0.35)
    parts = [
        vessel([(r * 0.75, 0), (r, pot_high)], r * 0.08, palette.ceramic(rng), 14),
        cylinder(r * 0.9, 0.002, palette.of(rng, "soil"), (0, pot_high * 0.85, 0)),
    ]
    kind = rng.integers(3)
    centre = np.array([0, pot_high * 0.85, 0])
    if kind == 0:
        look, stalk = palette.foliage(rng, "leaf"), palette.of(rng, "grass", None, 0.2)
        leaf_size = h * rng.uniform(0.2, 0.4)
        for a in np.arange(rng.integers(7, 22)) * 2.4:
            reach, lift = h * rng.uniform(0.05, 0.4), h * rng.uniform(0.25, 0.6)
            tip = centre + np.array((reach * np.cos(a), lift, reach * np.sin(a)))
            line = curve([centre, (centre + tip) / 2 + (0, lift * 0.2, 0), tip], 3)
            parts.append(tube(line, h * 0.006, stalk, sides=4))
            parts.append(_leaf(rng, look, leaf_size, tip, a))
    elif kind == 1:
        look = palette.foliage(rng, "leaves")
        spray = h * rng.uniform(0.35, 0.6)
        for _ in range(rng.integers(9, 22)):
            spot = centre + rng.normal(0, h * 0.11, 3) + (0, h * 0.36, 0)
            parts.append(panel(spray, spray, look, spot, yaw=rng.uniform(0, 6), tilt=rng.uniform(-0.9, 0.9)))
        parts.append(tube([centre, centre + np.array((0, h * 0.3, 0))], h * 0.012, palette.bark(rng)))
    else:
        look = palette.foliage(rng, "blades")
        middle = centre + np.array((0, h * 0.36, 0))
        for yaw in np.linspace(0, np.pi, 5)[:-1] + rng.uniform(0, 1):
            parts.append(panel(h * 0.7, h * 0.72, look, middle, yaw=yaw, tilt=rng.normal(0, 0.15)))
    return Piece(parts)


def _leaf(rng: Generator, look: Material, size: float, foot: np.ndarray, towards: float) -> Mesh:
    """A leaf that starts at `foot`, goes outwards and sags."""
    s = np.linspace(0, 1, 5)
    sag = rng.uniform(-0.2, 1.2)
    out, up = s * size * 0.9, size * (0.35 * s - sag * s**2 * 0.6)
    half = size * rng.uniform(0.3, 0.5)
    rows = []
    for i in range(4, -1, -1):  # v = 0 is the tip
        rows.append([(out[i], up[i] + 0.12 * half * abs(q), q * half) for q in (-1, 0, 1)])
    return grid(rows, look, fit=True, at=foot, yaw=-towards)


def vase(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.12, 0.35), rng.uniform(0.04, 0.1)
    t = np.linspace(0, 1, 9)
    bulge = 0.55 + 0.45 * np.sin(np.pi * (t * rng.uniform(0.7, 1.1) + rng.uniform(0, 0.3)))
    profile = [(0, 0), *zip(r * bulge, h * t, strict=True)]
    parts = [revolve(profile, palette.ceramic(rng), smooth=True)]
    if rng.random() < 0.5:
        look = palette.foliage(rng)
        for yaw in rng.uniform(0, 6, rng.integers(3, 7)):
            parts.append(panel(h * 0.9, h * 1.1, look, (0, h * 1.45, 0), yaw=yaw, tilt=rng.normal(0, 0.3)))
    return Piece(parts)


def toy(rng: Generator, palette: Palette) -> Piece:
    """Blocks, a car, a ball."""
    kind = rng.integers(3)
    bright = [palette.of(rng, "speckle", vivid(rng), 0.1, rng.uniform(0, 0.5)) for _ in range(4)]
    if kind == 0:
        s, parts = rng.uniform(0.025, 0.06), []
        for _ in range(rng.integers(2, 9)):
            x, z = rng.normal(0, 0.08, 2)
            size = s * rng.choice([1, 1, 2], 3)
            parts.append(box(size, one_of(rng, bright), (x, size[1] / 2, z), yaw=rng.uniform(0, 6)))
        return Piece(parts)
    if kind == 1:
        length = rng.uniform(0.07, 0.2)
        w, h = length * 0.45, length * 0.3
        parts = [
            rounded((length, h * 0.5, w), h * 0.15, bright[0], (0, h * 0.5, 0)),
            rounded((length * 0.5, h * 0.5, w * 0.9), h * 0.2, bright[1], (-length * 0.05, h * 0.9, 0)),
        ]
        wheel = palette.of(rng, "speckle", muted(rng, 0.02, 0.15), 0.1)
        for x in (-0.32, 0.32):
            at = (x * length, h * 0.3, -w * 0.52)
            parts.append(cylinder(h * 0.3, w * 1.04, wheel, at, tilt=np.pi / 2, sides=10))
        return Piece(parts).moved(yaw=rng.uniform(0, 6))
    d = rng.uniform(0.04, 0.24)
    return Piece([sphere(d, palette.material(rng, 0.4), (0, d / 2, 0), tilt=rng.uniform(0, 3), sides=18)])


def basket(rng: Generator, palette: Palette) -> Piece:
    """An open box or tub, often with something in it."""
    w, h, d = rng.uniform(0.16, 0.42), rng.uniform(0.06, 0.26), rng.uniform(0.14, 0.32)
    solid = rng.random() < 0.6
    material = palette.plastic(rng, 0.2) if solid else palette.of(rng, "fabric", None, None, 0.0, 6.0)
    tub = open_box((w, h, d), 0.004, material)
    filling = []
    if rng.random() < 0.7:
        for _ in range(rng.integers(2, 8)):
            one = one_of(rng, (can, fruit, cable, packet, toy, cloth, bottle, pen, screwdriver))(rng, palette)
            if max(one.size[0], one.size[2]) < min(w, d) * 0.9:
                x, z = (rng.uniform(-1, 1, 2)) * (np.array([w, d]) - one.size[[0, 2]]) / 2.2
                centre = (one.low + one.high) / 2
                filling.append(one.moved((x - centre[0], 0.006 + rng.uniform(0, 0.3) * h, z - centre[2])))
    return united([Piece(tub), *filling])


def open_box(size: tuple[float, float, float], wall: float, material: Material) -> list[Mesh]:
    """Five sides of a box that is open on top, base at y = 0."""
    w, h, d = size
    sides = [box((w, wall, d), material, (0, wall / 2, 0))]
    for side in (-1, 1):
        sides.append(box((w, h, wall), material, (0, h / 2, side * (d - wall) / 2)))
        sides.append(box((wall, h, d - 2 * wall), material, (side * (w - wall) / 2, h / 2, 0)))
    return sides


def bag(rng: Generator, palette: Palette) -> Piece:
    """Rucksack, handbag, paper bag."""
    w, h, d = rng.uniform(0.2, 0.4), rng.uniform(0.22, 0.48), rng.uniform(0.1, 0.22)
    material = palette.leather(rng) if rng.random() < 0.4 else palette.cloth(rng)
    body = rounded((w, h, d), d * 0.4, material, (0, h / 2, 0), steps=3)
    top = body["position"][:, 1] / h
    body["position"][:, 2] *= 1 - 0.5 * top**2 * rng.uniform(0.2, 1)
    body["position"][:, 0] *= 1 - 0.2 * top
    parts = [body]
    for z in (-0.03, 0.03):
        s = w * 0.25
        line = curve([(-s, h * 0.93, z), (-s * 0.7, h + 0.1, z), (s * 0.7, h + 0.1, z), (s, h * 0.93, z)], 4)
        parts.append(tube(line, 0.008, material, sides=5))
    if rng.random() < 0.6:
        parts.append(rounded((w * 0.7, h * 0.4, d * 0.3), 0.03, material, (0, h * 0.28, d * 0.5)))
    return Piece(parts)


def shoe(rng: Generator, palette: Palette) -> Piece:
    material, sole = palette.material(rng, 0.7), palette.of(rng, "speckle", muted(rng), 0.1)
    length, w = rng.uniform(0.22, 0.3), rng.uniform(0.085, 0.105)
    pair = []
    for side in (-1, 1):
        t = np.linspace(0, 1, 7)
        high = 0.045 + 0.05 * np.clip((t - 0.4) * 2.5, 0, 1)
        wide = w / 2 * (0.75 + 0.25 * np.cos(2 * np.pi * (t - 0.25)))
        rows = []
        for angle in np.linspace(0, np.pi, 7):
            up = 0.02 + high * np.sin(angle) ** 0.7
            rows.append(np.stack([wide * np.cos(angle), up, length * (0.5 - t)], -1))
        upper = grid(np.array(rows), material)
        toe = sphere((w, 0.06, 0.1), material, (0, 0.035, length * 0.46), sides=10)
        bottom = rounded((w, 0.025, length * 1.08), 0.012, sole, (0, 0.0125, 0.01))
        at = (side * rng.uniform(0.055, 0.09), 0, rng.normal(0, 0.02))
        pair.append(Piece([upper, toe, bottom]).moved(at, rng.normal(0, 0.12)))
    return united(pair)


def cloth(rng: Generator, palette: Palette) -> Piece:
    """A towel or garment thrown down: crumpled, thick at its middle."""
    w, d = rng.uniform(0.15, 0.5, 2)
    n = 17
    z, x = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
    folds = noise(rng, 32, 1.8)[:n, :n]
    round_ = np.clip(1 - (x * 2) ** 4, 0, 1) * np.clip(1 - (z * 2) ** 4, 0, 1)
    height = (0.03 + 0.025 * folds).clip(0.002) * round_ + 0.002
    shift = noise(rng, 32, 2.0)[:n, :n] * 0.03
    points = np.stack([x * w + shift, height * rng.uniform(0.6, 1.8), z * d + shift.T], -1)
    return Piece([grid(points, palette.cloth(rng))])


def towels(rng: Generator, palette: Palette) -> Piece:
    """Folded and stacked."""
    w, d, parts, y = rng.uniform(0.2, 0.4), rng.uniform(0.18, 0.3), [], 0.0
    for _ in range(rng.integers(1, 6)):
        h = rng.uniform(0.02, 0.06)
        look, at = palette.cloth(rng), (rng.normal(0, 0.006), y + h / 2, 0)
        parts.append(rounded((w, h, d), h * 0.48, look, at, yaw=rng.normal(0, 0.03)))
        y += h
    return Piece(parts)


def spray(rng: Generator, palette: Palette) -> Piece:
    """Cleaning spray or soap dispenser."""
    w, h = rng.uniform(0.06, 0.09), rng.uniform(0.14, 0.22)
    body, head = palette.plastic(rng, 0.05), palette.plastic(rng, 0.3)
    parts = [
        rounded((w, h, w * 0.6), w * 0.2, body, (0, h / 2, 0)),
        panel(w * 0.7, h * 0.6, palette.printed(rng, "label"), (0, h * 0.45, w * 0.301)),
        cylinder(0.014, 0.04, head, (0, h, 0), sides=8),
        box((0.06, 0.03, 0.025), head, (0.015, h + 0.05, 0)),
        tube([(0.03, h + 0.035, 0), (0.035, h, 0)], 0.004, head, sides=4),
    ]
    return Piece(parts).moved(yaw=rng.normal(0, 0.6))


def odd(rng: Generator, palette: Palette) -> Piece:
    """No known thing: a simple solid in any material, or two."""
    parts, y = [], 0.0
    for _ in range(rng.integers(1, 3)):
        kind, s = rng.integers(4), rng.uniform(0.03, 0.2)
        h = s * rng.uniform(0.3, 1.5)
        material = palette.material(rng)
        if kind == 0:
            size = (s, h, s * rng.uniform(0.3, 1.5))
            parts.append(box(size, material, (0, y + h / 2, 0), yaw=rng.uniform(0, 6)))
        elif kind == 1:
            parts.append(cylinder(s / 2, h, material, (0, y, 0), top=s / 2 * rng.uniform(0, 1.3)))
        elif kind == 2:
            radius = min(s, h) * rng.uniform(0.1, 0.5)
            parts.append(rounded((s, h, s), radius, material, (0, y + h / 2, 0), steps=3))
        else:
            t = np.linspace(0, 1, 8)
            wide = s / 2 * np.clip(0.6 + np.cumsum(rng.normal(0, 0.15, 8)), 0.2, 1.2)
            profile = [(0, y), *zip(wide, y + h * t, strict=True), (0, y + h)]
            parts.append(revolve(profile, material, smooth=True))
        y += h
    return Piece(parts)


def offcut(rng: Generator, palette: Palette) -> Piece:
    """What is left of work: a solid of any form."""
    return odd(rng, palette)

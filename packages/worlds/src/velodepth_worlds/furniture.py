"""Furniture: what stands in a place, or hangs there on a hook, and can be carried out. True sizes, metres.

Every maker takes (rng, palette) and returns a Piece: base at y = 0, front towards +z, back at about
z = -depth/2, with the tops on which things may be put. What is built in is in fittings.py, what belongs to a
kitchen or washroom in kitchens.py, and what is small enough to lie on furniture in things.py.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .pieces import Piece, Top, united
from .scene import Material, Mesh
from .shapes import (
    box,
    capsule,
    cylinder,
    grid,
    panel,
    revolve,
    rounded,
    sheet,
    sphere,
    tube,
)
from .textures import Palette, muted
from .things import open_box, plant, row_of_books

Array = NDArray[np.float64]

# ---- tables


def _table(rng: Generator, palette: Palette, w: float, d: float, h: float, theme: str) -> Piece:
    """A top on four legs, trestles, side panels, a central foot, or steel frames."""
    plate, leg = palette.furniture(rng), palette.furniture(rng)
    t = rng.uniform(0.018, 0.045)
    kind = rng.choice(5, p=[0.4, 0.2, 0.15, 0.15, 0.1])
    under = h - t
    parts = [box((w, t, d), plate, (0, h - t / 2, 0))]
    if rng.random() < 0.3 and kind != 3:
        parts = [rounded((w, t, d), t * 0.45, plate, (0, h - t / 2, 0))]
    inset = rng.uniform(0.03, 0.09)
    if kind == 0:
        thick, slim = rng.uniform(0.03, 0.07), rng.random() < 0.4
        for x in (-1, 1):
            for z in (-1, 1):
                foot = (x * (w / 2 - inset), 0, z * (d / 2 - inset))
                if slim:
                    parts.append(cylinder(thick * 0.35, under, leg, foot, top=thick * 0.5, sides=8))
                else:
                    parts.append(box((thick, under, thick), leg, (foot[0], under / 2, foot[2])))
        if rng.random() < 0.6:
            for z in (-1, 1):
                parts.append(box((w - 2 * inset, 0.07, 0.02), leg, (0, under - 0.035, z * (d / 2 - inset))))
    elif kind == 1:
        for x in (-1, 1):
            parts.append(box((0.025, under, d * 0.95), leg, (x * (w / 2 - 0.015), under / 2, 0)))
        parts.append(box((w, under * 0.5, 0.018), leg, (0, under * 0.7, -d * 0.4)))
    elif kind == 2:
        steel = palette.metal(rng)
        for x in (-1, 1):
            px = x * (w / 2 - inset)
            line = [
                (px, under, -d * 0.42),
                (px, 0.02, -d * 0.42),
                (px, 0.02, d * 0.42),
                (px, under, d * 0.42),
            ]
            for a, b in pairwise(line):
                parts.append(tube([a, b], 0.018, steel, sides=6))
        parts.append(
            tube(
                [(-w / 2 + inset, under * 0.8, -d * 0.42), (w / 2 - inset, under * 0.8, -d * 0.42)],
                0.014,
                steel,
            )
        )
    elif kind == 3:
        steel = palette.metal(rng)
        parts.append(cylinder(0.035, under, steel))
        parts.append(cylinder(min(w, d) * 0.32, 0.02, steel, top=min(w, d) * 0.28, sides=18))
        if rng.random() < 0.6:
            parts[0] = cylinder(min(w, d) / 2, t, plate, (0, h - t, 0), sides=28)
            w = d = min(w, d) * 0.75
    else:
        for x in (-1, 1):
            for z in (-1, 1):
                a, b = (x * (w / 2 - 0.2), under, 0), (x * (w / 2 - 0.12), 0.01, z * d * 0.42)
                parts.append(capsule(a, b, 0.022, leg))
    return Piece(parts, [Top((0, h, 0), w, d, 0.75, theme)])


def dining_table(rng: Generator, palette: Palette) -> Piece:
    return _table(
        rng,
        palette,
        rng.uniform(0.75, 2.0),
        rng.uniform(0.7, 1.0),
        rng.uniform(0.71, 0.77),
        ("kitchen", "living")[rng.integers(2)],
    )


def coffee_table(rng: Generator, palette: Palette) -> Piece:
    return _table(
        rng, palette, rng.uniform(0.5, 1.2), rng.uniform(0.45, 0.75), rng.uniform(0.35, 0.52), "living"
    )


def workbench(rng: Generator, palette: Palette) -> Piece:
    return _table(
        rng, palette, rng.uniform(1.0, 2.0), rng.uniform(0.55, 0.8), rng.uniform(0.8, 0.95), "workshop"
    )


def desk(rng: Generator, palette: Palette) -> Piece:
    """With drawers under it, a screen wall, a shelf over it, at times."""
    w, d, h = rng.uniform(1.0, 1.8), rng.uniform(0.6, 0.85), rng.uniform(0.7, 0.77)
    whole = [_table(rng, palette, w, d, h, "desk")]
    tops = list(whole[0].tops)
    if rng.random() < 0.5:
        unit = drawers(rng, palette, rng.uniform(0.36, 0.45), h - 0.08, d * 0.85)
        whole.append(unit.moved((rng.choice([-1, 1]) * (w / 2 - 0.26), 0, 0)))
    if rng.random() < 0.25:
        cloth = palette.cloth(rng)
        whole.append(Piece([rounded((w, 0.45, 0.035), 0.015, cloth, (0, h + 0.2, -d / 2 + 0.02))]))
    elif rng.random() < 0.3:
        board, high = palette.wood(rng), h + rng.uniform(0.3, 0.5)
        parts = [box((w * 0.9, 0.02, 0.24), board, (0, high, -d / 2 + 0.13))]
        parts += [
            box((0.02, high - h, 0.22), board, (x * w * 0.44, (h + high) / 2, -d / 2 + 0.13)) for x in (-1, 1)
        ]
        whole.append(Piece(parts))
        tops.append(Top((0, high + 0.01, -d / 2 + 0.13), w * 0.88, 0.22, 0.5, "shelf"))
    return united(whole, tops)


# ---- seats


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
        parts.append(
            cylinder(
                0.027,
                0.045,
                black,
                (reach * c - 0.022 * s, 0.028, reach * s + 0.022 * c),
                angle,
                np.pi / 2,
                sides=9,
            )
        )
    return parts


def office_chair(rng: Generator, palette: Palette, plain: bool = False) -> Piece:
    """Turns on a foot of five legs. plain: a fifth of the triangles, for rows of desks."""
    seat, w, d = rng.uniform(0.43, 0.54), rng.uniform(0.46, 0.54), rng.uniform(0.44, 0.5)
    steel = palette.metal(rng) if rng.random() < 0.5 else palette.plastic(rng, 0.9)
    cover = palette.cloth(rng)
    if rng.random() < 0.55:
        cover = palette.of(
            rng, ("fabric", "leather")[rng.integers(2)], muted(rng, 0.03, 0.25), 0.3, rng.uniform(0, 0.3)
        )
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
    cover = (palette.wood(rng), palette.plastic(rng, 0.2), palette.cloth(rng))[rng.integers(3)]
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
            parts.append(
                box(
                    (w - 0.06, 0.045, 0.015),
                    frame,
                    (0, seat + y * high, -d / 2 + y * (middle + d / 2)),
                    tilt=-lean,
                )
            )
    elif kind == 1:
        for x in np.linspace(-0.4, 0.4, rng.integers(4, 8)):
            parts.append(
                tube([(x * w, seat, -d / 2 + 0.02), (x * w, seat + high, middle)], 0.006, frame, sides=5)
            )
        parts.append(box((w, 0.05, 0.018), frame, (0, seat + high, middle), tilt=-lean))
    else:
        parts.append(
            rounded(
                (w * 0.95, high * 0.65, rng.uniform(0.015, 0.06)),
                0.02,
                cover,
                (0, seat + high * 0.65, -d / 2 - high * 0.65 * np.sin(lean)),
                tilt=-lean,
            )
        )
    return Piece(parts)


def stool(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.choice([rng.uniform(0.42, 0.5), rng.uniform(0.62, 0.78)]), rng.uniform(0.15, 0.2)
    cover, frame = palette.material(rng, 0.6), palette.metal(rng) if rng.random() < 0.5 else palette.wood(rng)
    parts = [cylinder(r, rng.uniform(0.02, 0.07), cover, (0, h - 0.03, 0), sides=18)]
    for angle in np.arange(4) * np.pi / 2:
        c, s = np.cos(angle), np.sin(angle)
        parts.append(
            tube([(r * 1.05 * c, 0, r * 1.05 * s), (r * 0.7 * c, h - 0.03, r * 0.7 * s)], 0.013, frame)
        )
    a = np.linspace(0, 2 * np.pi, 13)
    parts.append(
        tube(
            np.stack([r * 0.92 * np.cos(a), 0 * a + h * 0.35, r * 0.92 * np.sin(a)], -1),
            0.008,
            frame,
            sides=5,
        )
    )
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
        parts.append(
            rounded(
                (arm, seat + rng.uniform(0.08, 0.18), d),
                arm * 0.35,
                cover,
                (side * (w - arm) / 2, 0.33, 0),
                steps=3,
            )
        )
    for i in range(seats):
        x = (i - (seats - 1) / 2) * seat_w
        parts.append(rounded((seat_w * 0.98, 0.17, d - 0.22), 0.06, cover, (x, seat, 0.1), steps=3))
        parts.append(
            rounded(
                (seat_w * 0.96, back - seat, 0.18),
                0.07,
                cover,
                (x, (seat + back) / 2 + 0.05, -d / 2 + 0.26),
                tilt=-0.12,
                steps=3,
            )
        )
    for _ in range(rng.integers(0, 4)):
        x = float(rng.uniform(-0.5, 0.5) * (w - 2 * arm - 0.4))
        parts.append(
            rounded(
                (0.42, 0.4, 0.14),
                0.065,
                palette.cloth(rng),
                (x, seat + 0.28, -d / 2 + 0.42),
                rng.normal(0, 0.3),
                -0.35,
                rng.normal(0, 0.15),
                steps=3,
            )
        )
    if rng.random() < 0.3:
        parts.append(_draped(rng, palette, 0.7, 0.9, (rng.uniform(-0.3, 0.3) * w, seat + 0.1, 0.15)))
    legs = palette.furniture(rng)
    parts += [
        box((0.05, 0.1, 0.05), legs, (x * (w / 2 - 0.08), 0.05, z * (d / 2 - 0.08)))
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    return Piece(
        parts,
        [Top((0, seat + 0.085, 0.12), w - 2 * arm, d - 0.4, 0.5, "living")] if rng.random() < 0.5 else [],
    )


def _draped(rng: Generator, palette: Palette, w: float, d: float, at: tuple[float, float, float]) -> Mesh:
    """A blanket thrown over something level."""
    return sheet(
        w,
        d,
        palette.cloth(rng),
        rng.normal(0, 0.2),
        rng.uniform(0.01, 0.03),
        rng.uniform(1, 3),
        at,
        rng.normal(0, 0.4),
        fit=False,
        steps=16,
    )


def bed(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.choice([0.9, 1.0, 1.4, 1.6, 1.8]), rng.uniform(1.95, 2.1), rng.uniform(0.4, 0.6)
    frame, linen = palette.furniture(rng), palette.cloth(rng)
    white = palette.of(rng, "fabric", muted(rng, 0.7, 0.95), 0.3)
    parts = [
        box((w + 0.06, h * 0.5, d + 0.04), frame, (0, h * 0.35, 0)),
        rounded((w, 0.2, d - 0.04), 0.05, white, (0, h - 0.1, 0)),
        box(
            (w + 0.08, rng.uniform(0.75, 1.2), 0.05),
            frame if rng.random() < 0.6 else palette.cloth(rng),
            (0, 0.45, -d / 2 - 0.02),
        ),
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
        parts.append(
            rounded(
                (min(0.65, w * 0.45), 0.14, 0.42),
                0.065,
                palette.cloth(rng) if rng.random() < 0.5 else white,
                (px, h + 0.07, -d / 2 + 0.3),
                rng.normal(0, 0.1),
                -0.2,
                steps=3,
            )
        )
    return Piece(
        parts, [Top((0, h + 0.09, 0.25), w * 0.8, d * 0.5, 0.5, "living")] if rng.random() < 0.5 else []
    )


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


# ---- storage


def fronts(
    rng: Generator, palette: Palette, w: float, h: float, z: float, columns: int, rows: int, low: float,
    face: Material, drawer: bool,
) -> list[Mesh]:  # fmt: skip
    """Doors or drawer fronts with handles, on a carcass whose front is at z; some drawers are pulled out."""
    handle = palette.metal(rng)
    kind = rng.integers(4)
    parts = []
    fw, fh = w / columns, (h - low) / rows
    for i in range(columns):
        for j in range(rows):
            x, y = (i + 0.5) * fw - w / 2, low + (j + 0.5) * fh
            out = rng.uniform(0.08, 0.3) if drawer and rng.random() < 0.1 else 0.0
            parts.append(box((fw - 0.006, fh - 0.006, 0.018), face, (x, y, z + 0.009 + out)))
            if out:
                parts += [
                    box((0.015, fh * 0.7, out), face, (x + s * (fw / 2 - 0.02), y - fh * 0.05, z + out / 2))
                    for s in (-1, 1)
                ]
                parts.append(box((fw - 0.04, 0.01, out), face, (x, y - fh * 0.35, z + out / 2)))
            hx, hy = (x, y + fh * 0.25) if drawer else (x + (fw / 2 - 0.04) * (1 if i % 2 == 0 else -1), y)
            size = (min(0.16, fw * 0.5), 0.012, 0.012) if drawer else (0.012, min(0.16, fh * 0.4), 0.012)
            front = z + 0.018 + out
            if kind == 0:
                parts.append(box(size, handle, (hx, hy, front + 0.025)))
                step = np.array(size) * 0.45 * (np.array(size) > 0.02)
                parts += [
                    box((0.01, 0.01, 0.025), handle, np.array([hx, hy, front + 0.0125]) + s * step)
                    for s in (-1, 1)
                ]
            elif kind == 1:
                parts.append(sphere(0.028, handle, (hx, hy, front + 0.014), sides=8))
            elif kind == 2:
                parts.append(box(np.array(size) * (1, 1, 1.5), handle, (hx, hy, front + 0.006)))
    return parts


def drawers(
    rng: Generator, palette: Palette, w: float | None = None, h: float | None = None, d: float | None = None
) -> Piece:
    w = rng.uniform(0.4, 1.2) if w is None else w
    h = rng.uniform(0.5, 1.1) if h is None else h
    d = rng.uniform(0.4, 0.52) if d is None else d
    body = palette.furniture(rng)
    face = body if rng.random() < 0.7 else palette.furniture(rng)
    parts = [box((w, h, d), body, (0, h / 2, 0))]
    parts += fronts(
        rng,
        palette,
        w,
        h - 0.02,
        d / 2,
        2 if w > 0.8 and rng.random() < 0.5 else 1,
        int(rng.integers(2, 6)),
        0.05,
        face,
        True,
    )
    return Piece(parts, [Top((0, h, 0), w, d, 0.6, ("living", "desk", "shelf")[rng.integers(3)])])


def cupboard(rng: Generator, palette: Palette) -> Piece:
    """Doors, low or as high as a wardrobe."""
    w, d = rng.uniform(0.5, 1.8), rng.uniform(0.35, 0.62)
    h = rng.choice([rng.uniform(0.7, 0.95), rng.uniform(1.1, 1.5), rng.uniform(1.8, 2.2)])
    body = palette.furniture(rng)
    face = body if rng.random() < 0.6 else palette.furniture(rng)
    parts = [box((w, h, d), body, (0, h / 2, 0))]
    rows = 1 if h < 1.6 or rng.random() < 0.6 else 2
    parts += fronts(
        rng, palette, w, h - 0.02, d / 2, max(1, round(w / rng.uniform(0.4, 0.6))), rows, 0.06, face, False
    )
    if rng.random() < 0.2:
        parts.append(
            panel(w * 0.35, 0.5, palette.poster(rng), (rng.uniform(-0.2, 0.2) * w, h * 0.6, d / 2 + 0.02))
        )
    return Piece(parts, [Top((0, h, 0), w, d, 0.5, "shelf")])


def shelf(rng: Generator, palette: Palette) -> Piece:
    """Open boards, filled with books, boxes and things; its rows of books are part of it."""
    w, d, h = (
        rng.uniform(0.5, 1.8),
        rng.uniform(0.24, 0.42),
        rng.choice([rng.uniform(0.7, 1.2), rng.uniform(1.5, 2.2)]),
    )
    steel = rng.random() < 0.25
    body = palette.metal(rng) if steel else palette.furniture(rng)
    t = rng.uniform(0.016, 0.03)
    parts = []
    if steel:
        for side in (-1, 1):
            for z in (-1, 1):
                at = (side * (w / 2 - 0.018), h / 2, z * (d / 2 - 0.018))
                parts.append(box((0.035, h, 0.035), body, at))
    else:
        parts += [box((t, h, d), body, (x * (w - t) / 2, h / 2, 0)) for x in (-1, 1)]
        if rng.random() < 0.75:
            parts.append(box((w, h, 0.008), body, (0, h / 2, -d / 2 + 0.004)))
    columns = 1 if w < 0.8 or steel else int(rng.integers(1, 4))
    for i in range(1, columns):
        parts.append(box((t, h - 0.06, d), body, ((i / columns - 0.5) * w, h / 2, 0)))
    rows = max(2, round(h / rng.uniform(0.28, 0.45)))
    tops, filling = [], []
    books = rng.uniform(0, 0.8)
    gap = (h - 0.06 - t) / rows
    for j in range(rows + 1):
        y = 0.06 + j * gap
        parts.append(box((w - t, t, d), body, (0, y, 0)))
        for i in range(columns):
            x, cell = ((i + 0.5) / columns - 0.5) * w, w / columns - 2 * t
            if j == rows:
                if i == 0:
                    tops.append(Top((0, y + t / 2, 0), w - 2 * t, d, 0.5, "shelf"))
            elif rng.random() < books:
                length = cell * rng.uniform(0.4, 1.0)
                row = row_of_books(rng, palette, length, gap - t - 0.01)
                filling.append(
                    row.moved((x - (cell - length) / 2 * rng.uniform(0, 1), y + t / 2, d / 2 - 0.01))
                )
            else:
                tops.append(Top((x, y + t / 2, 0), cell, d - 0.02, gap - t, "shelf"))
    return united([Piece(parts), *filling], tops)


def _rack_frame(
    size: tuple[float, float, float], thick: float, bays: int, levels: Array,
    post: Material, beam: Material, deck: Material,
) -> list[Mesh]:  # fmt: skip
    """Uprights `thick` metres wide between bays along x, decks with their tops at `levels`, beams below."""
    length, height, depth = size
    ends, edge = (length - thick) / 2, (depth - thick) / 2
    parts = [
        box((thick, height, thick), post, (x, height / 2, side * edge))
        for x in np.linspace(-ends, ends, bays + 1)
        for side in (-1, 1)
    ]
    for level in levels:
        parts.append(box((length, 0.025, depth * 0.96), deck, (0, level - 0.0125, 0)))
        parts += [
            box((length, thick, 0.04), beam, (0, level - thick / 2, side * (depth / 2 - 0.02)))
            for side in (-1, 1)
        ]
    return parts


def rack(rng: Generator, palette: Palette) -> Piece:
    """Of a store-room: three to five decks with bins, and room for things."""
    w, d, h = rng.uniform(0.9, 1.8), rng.uniform(0.4, 0.6), rng.uniform(1.4, 2.1)
    steel = palette.metal(rng)
    decks = int(rng.integers(3, 6))
    levels = np.linspace(0.13, h - 0.03, decks)
    room = levels[1] - levels[0] - 0.05
    deck = palette.wood(rng) if rng.random() < 0.5 else steel
    parts = _rack_frame((w, h, d), 0.04, 1, levels, steel, steel, deck)
    tops, bins = [], []
    for y in levels:
        highest = y == levels[-1]
        if not highest and rng.random() < 0.55:
            n = int(rng.integers(2, 6))
            size = (w / n * 0.88, min(room * rng.uniform(0.4, 0.8), 0.3), d * 0.9)
            look = palette.plastic(rng, 0.1) if rng.random() < 0.6 else palette.printed(rng, "cardboard")
            for x in (np.arange(n) + 0.5) / n * w - w / 2:
                bins.append(Piece(open_box(size, 0.005, look)).moved((x, y, 0)))
                tops.append(Top((x, y + 0.0075, 0), size[0] * 0.9, size[2] * 0.9, room, "workshop"))
        else:
            theme = ("workshop", "shelf")[rng.integers(2)]
            tops.append(Top((0, y, 0), w - 0.08, d, 0.5 if highest else room, theme))
    return united([Piece(parts), *bins], tops)


def stocked_rack(
    rng: Generator, palette: Palette, length: float, height: float, depth: float, gap: float
) -> Piece:
    """Of a warehouse or shop: open to both sides, `gap` metres between decks, filled with boxes."""
    bays = max(1, round(length / rng.uniform(1.8, 2.9)))
    post, beam, deck = palette.metal(rng), palette.metal(rng), palette.furniture(rng)
    if rng.random() < 0.5:
        beam = palette.of(rng, "speckle", np.array([0.85, 0.35, 0.06]), 0.1, 0.2)
        post = palette.of(rng, "speckle", np.array([0.1, 0.2, 0.45]), 0.1, 0.2)
    levels = np.arange(0.12 if gap < 0.8 else 0.0, height - 0.25, gap)
    thick = 0.1 if height > 2.6 else 0.04
    parts = _rack_frame((length, height, depth), thick, bays, levels[levels > 0], post, beam, deck)
    kinds = [_load(rng, palette) for _ in range(rng.integers(3, 9))]
    fill = rng.uniform(0.45, 0.98)
    posts = np.linspace(-length / 2, length / 2, bays + 1)
    for level in levels:
        for left, right in pairwise(posts):
            free = gap - thick - 0.05
            parts += _shelved(rng, kinds, left + thick, right - thick, level, free, depth, fill)
    return Piece(parts)


def _load(rng: Generator, palette: Palette) -> tuple[Material, tuple[float, float]]:
    """The look of goods, and their (width, height) in parts of the height free."""
    look = palette.printed(rng, "cardboard" if rng.random() < 0.5 else "label")
    if rng.random() < 0.4:
        look = palette.material(rng)
    return look, (rng.uniform(0.2, 1.0), rng.uniform(0.25, 0.95))


def _shelved(
    rng: Generator,
    kinds: list[tuple[Material, tuple[float, float]]],
    left: float,
    right: float,
    level: float,
    free: float,
    depth: float,
    fill: float,
) -> list[Mesh]:
    """Boxes standing side by side on a shelf from x = left to right, some of them stacked."""
    parts = []
    x = left
    look, (wide, high) = kinds[rng.integers(len(kinds))]
    while x < right:
        if rng.random() < 0.25:
            look, (wide, high) = kinds[rng.integers(len(kinds))]
        size = np.array([wide * free, high * free, min(depth * 0.9, max(wide * free, 0.5 * depth))])
        size[0] = min(size[0], right - x)
        if rng.random() < fill and size[0] > 0.02:
            z = (depth * 0.95 - size[2]) / 2 * rng.choice([-1, 1]) * rng.random()
            at = np.array([x + size[0] / 2, level + size[1] / 2, z])
            parts.append(box(size * (0.97, 1, 1), look, at=at, yaw=rng.normal(0, 0.02), fit=True))
            if 2 * size[1] < free and rng.random() < 0.6:
                upper = np.add(at, (0, size[1], 0))
                parts.append(box(size * (0.97, 1, 1), look, upper, yaw=rng.normal(0, 0.04), fit=True))
        x += size[0] + abs(rng.normal(0, 0.03 * free))
    return parts


def pallet(rng: Generator, palette: Palette) -> Piece:
    """A pallet 1.2 by 0.8 m, with a stack of boxes or sacks of up to 1.6 m, or bare."""
    wood = palette.of(rng, "wood")
    parts = [box((1.2, 0.022, 0.1), wood, at=(0, 0.133, z)) for z in np.linspace(-0.35, 0.35, 5)]
    parts += [box((0.1, 0.12, 0.8), wood, at=(x, 0.06, 0)) for x in (-0.55, 0, 0.55)]
    if rng.random() < 0.85:
        look, _ = _load(rng, palette)
        columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        size = np.array([1.15 / columns, rng.uniform(0.2, 0.5), 0.78 / rows])
        for layer in range(int(rng.uniform(0.3, 1.45) / size[1]) + 1):
            for i in range(columns):
                for k in range(rows):
                    at = np.array([(i + 0.5) / columns - 0.5, 0, (k + 0.5) / rows - 0.5]) * (1.15, 0, 0.78)
                    at[1] = 0.145 + (layer + 0.5) * size[1]
                    parts.append(box(size * 0.985, look, at=at, yaw=rng.normal(0, 0.01), fit=True))
    return Piece(parts)


# ---- office


def printer(rng: Generator, palette: Palette) -> Piece:
    """An office copier on its cabinet."""
    w, d, h = rng.uniform(0.5, 0.65), rng.uniform(0.5, 0.65), rng.uniform(0.9, 1.15)
    body, dark = palette.of(rng, "speckle", muted(rng, 0.6, 0.92), 0.1, 0.2), palette.plastic(rng, 1.0)
    parts = [
        box((w, h * 0.55, d), body, (0, h * 0.275, 0)),
        rounded((w, h * 0.22, d), 0.02, body, (0, h * 0.68, 0)),
        box((w * 0.7, 0.06, d * 0.9), dark, (-w * 0.1, h * 0.82, 0)),
        rounded((w, h * 0.12, d * 0.95), 0.02, body, (0, h * 0.93, 0)),
        box((w * 0.3, 0.15, 0.02), dark, (w * 0.3, h * 0.9, d / 2 + 0.03), tilt=-0.9),
        panel(0.12, 0.08, palette.screen(rng), (w * 0.3, h * 0.9, d / 2 + 0.045), tilt=-0.9),
        sheet(0.21, 0.28, palette.printed(rng, "page"), 0.3, at=(-w * 0.1, h * 0.86, 0)),
    ]
    for y in (0.1, 0.28, 0.46):
        parts.append(box((w * 0.94, h * 0.15, 0.01), body, (0, h * y, d / 2 + 0.005)))
        parts.append(box((w * 0.4, 0.02, 0.015), dark, (0, h * (y + 0.04), d / 2 + 0.008)))
    return Piece(parts)


# ---- on the floor


def bin_(rng: Generator, palette: Palette, scale: float = 1.0) -> Piece:
    """A wastepaper basket or pedal bin, at times full; those of streets are larger by `scale`."""
    r, h = scale * rng.uniform(0.12, 0.2), scale * rng.uniform(0.26, 0.6)
    look = palette.plastic(rng) if rng.random() < 0.6 else palette.metal(rng)
    parts = [revolve([(0, 0), (r * 0.8, 0), (r, h), (r * 0.96, h), (r * 0.77, 0.02), (0, 0.02)], look)]
    if rng.random() < 0.5:
        white = palette.of(rng, "plaster", muted(rng, 0.7, 0.95), 0.5)
        for _ in range(rng.integers(3, 9)):
            a, q = rng.uniform(0, 2 * np.pi), rng.uniform(0, r * 0.6)
            parts.append(
                sphere(
                    rng.uniform(0.06, 0.1, 3),
                    white,
                    (q * np.cos(a), h * rng.uniform(0.6, 1), q * np.sin(a)),
                    sides=7,
                )
            )
    elif rng.random() < 0.5:
        parts.append(revolve([(r, h), (r * 0.8, h + 0.05), (0, h + 0.07)], look))
    return Piece(parts)


def wheeled_bin(rng: Generator, palette: Palette) -> Piece:
    """With a lid, 0.85 to 1.1 m high."""
    look, black = palette.plastic(rng, dark=0.4), palette.plastic(rng, dark=1.0)
    w, d, h = rng.uniform(0.45, 0.6), rng.uniform(0.5, 0.7), rng.uniform(0.85, 1.1)
    parts = [
        box((w, h - 0.1, d), look, (0, h / 2, 0)),
        box((w + 0.05, 0.05, d + 0.08), look, (0, h, 0), tilt=-0.05),
    ]
    parts += [cylinder(0.1, 0.05, black, (x, 0.1, -d / 2), roll=np.pi / 2) for x in (-w / 2, w / 2)]
    return Piece(parts)


def crate(rng: Generator, palette: Palette) -> Piece:
    """Of slats or of plastic, open on top."""
    w, h, d = rng.uniform(0.35, 0.6), rng.uniform(0.2, 0.35), rng.uniform(0.28, 0.42)
    look = palette.wood(rng) if rng.random() < 0.5 else palette.plastic(rng, 0.2)
    slats = int(rng.integers(2, 5))
    step = h / slats
    parts = [box((w, 0.012, d), look, (0, 0.006, 0))]
    for y in (np.arange(slats) + 0.5) * step:
        parts += [box((w, step * 0.75, 0.012), look, (0, y, s * (d / 2 - 0.006))) for s in (-1, 1)]
        parts += [box((0.012, step * 0.75, d), look, (s * (w / 2 - 0.006), y, 0)) for s in (-1, 1)]
    parts += [
        box((0.03, h, 0.03), look, (a * (w / 2 - 0.02), h / 2, b * (d / 2 - 0.02)))
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    return Piece(
        parts,
        [Top((0, 0.013, 0), w - 0.08, d - 0.08, 0.6, ("workshop", "kitchen", "floor")[rng.integers(3)])],
    )


def floor_lamp(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(1.35, 1.8), rng.uniform(0.13, 0.26)
    steel, shade = palette.metal(rng), palette.cloth(rng)
    if rng.random() < 0.5:
        shade = replace(shade, emission=rng.uniform(0.8, 2.5))
    parts = [cylinder(0.14, 0.025, steel, sides=18), cylinder(0.012, h - 0.05, steel, sides=8)]
    parts.append(
        cylinder(
            r,
            r * rng.uniform(0.8, 1.5),
            shade,
            (0, h - 0.25, 0),
            top=r * rng.uniform(0.5, 1),
            sides=18,
            open_top=True,
        )
    )
    return Piece(parts)


def floor_plant(rng: Generator, palette: Palette) -> Piece:
    return plant(rng, palette, rng.uniform(0.6, 1.9))


def fan(rng: Generator, palette: Palette) -> Piece:
    """A fan on its stand."""
    h, r = rng.uniform(0.9, 1.3), rng.uniform(0.16, 0.22)
    body, steel = palette.plastic(rng), palette.metal(rng)
    parts = [
        cylinder(0.2, 0.03, body, top=0.17, sides=18),
        cylinder(0.014, h, steel),
        capsule((0, h, -0.1), (0, h, 0.0), 0.05, body),
    ]
    a = np.linspace(0, 2 * np.pi, 21)
    for z, k in ((-0.05, 1.0), (0.06, 1.0), (0.085, 0.6)):
        parts.append(
            tube(np.stack([r * k * np.cos(a), h + r * k * np.sin(a), 0 * a + z], -1), 0.004, steel, sides=4)
        )
    for angle in np.arange(18) * np.pi / 9:
        end = (r * np.cos(angle), h + r * np.sin(angle), 0.06)
        parts.append(tube([(0.3 * end[0], h + 0.3 * (end[1] - h), 0.09), end], 0.002, steel, sides=3))
    parts += [
        box(
            (r * 0.8, 0.09, 0.006),
            body,
            (0.42 * r * np.cos(q), h + 0.42 * r * np.sin(q), 0.01),
            roll=q,
            tilt=0.3,
        )
        for q in np.arange(3) * 2.094
    ]
    return Piece(parts)


def ladder(rng: Generator, palette: Palette) -> Piece:
    h, w, spread = rng.uniform(1.0, 1.9), rng.uniform(0.36, 0.5), rng.uniform(0.3, 0.45)
    steel = palette.metal(rng)
    parts = []
    for x in (-1, 1):
        for z in (-1, 1):
            parts.append(tube([(x * w / 2, 0, z * spread), (x * w * 0.38, h, 0)], 0.018, steel, sides=5))
    for k in np.arange(0.18, 0.98, 0.25 / h):
        parts.append(box((w * (1 - 0.24 * k), 0.025, 0.08), steel, (0, k * h, spread * (1 - k))))
    return Piece(parts)


def trolley(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.5), rng.uniform(0.7, 0.95)
    steel, wheel = palette.metal(rng), palette.plastic(rng, 1.0)
    parts, tops = [], []
    for x in (-1, 1):
        for z in (-1, 1):
            px, pz = x * (w / 2 - 0.02), z * (d / 2 - 0.02)
            parts.append(tube([(px, 0.08, pz), (px, h, pz)], 0.012, steel))
            parts.append(cylinder(0.04, 0.03, wheel, (px - 0.015, 0.04, pz), roll=-np.pi / 2, sides=10))
    theme = ("kitchen", "workshop", "desk")[rng.integers(3)]
    for y in (0.18, h * 0.55, h - 0.06):
        parts.append(box((w, 0.015, d), steel, (0, y, 0)))
        tops.append(Top((0, y + 0.008, 0), w - 0.06, d - 0.06, 0.3, theme))
    return Piece(parts, tops)


# ---- on the wall: y is already where they hang, their back is at z = 0


def picture(rng: Generator, palette: Palette) -> Piece:
    w, h = rng.uniform(0.2, 1.1), rng.uniform(0.2, 0.9)
    y = rng.uniform(1.3, 1.7)
    look = palette.poster(rng)
    if rng.random() < 0.4:
        return Piece([panel(w, h, look, (0, y, 0.003), roll=rng.normal(0, 0.01))])
    frame = palette.furniture(rng)
    return Piece([box((w, h, 0.025), frame, (0, y, 0.0125)), panel(w * 0.9, h * 0.88, look, (0, y, 0.026))])


def notes(
    rng: Generator, palette: Palette, count: int, w: float, h: float, middle: tuple[float, float, float]
) -> list[Mesh]:
    """Sheets of 4 to 30 cm that face +z, one over another, their centres in w by h metres about `middle`."""
    x, y, z = middle
    sheets = []
    for i in range(count):
        s, (dx, dy) = rng.uniform(0.04, 0.3), rng.uniform(-0.5, 0.5, 2) * (w, h)
        at = (x + dx, y + dy, z + 0.0007 * i)
        look = palette.poster(rng)
        sheets.append(panel(s, s * rng.uniform(0.7, 1.4), look, at, roll=rng.normal(0, 0.08)))
    return sheets


def whiteboard(rng: Generator, palette: Palette) -> Piece:
    w, h, y = rng.uniform(0.9, 2.2), rng.uniform(0.8, 1.2), 1.5
    if rng.random() < 0.5:
        board = replace(palette.printed(rng, "page"), gloss=0.4)
    else:
        board = palette.of(rng, "plaster", muted(rng, 0.85, 0.96), 0.2, 0.5)
    parts = [
        box((w, h, 0.02), palette.metal(rng), (0, y, 0.01)),
        panel(w * 0.97, h * 0.96, board, (0, y, 0.021)),
    ]
    parts.append(box((w * 0.5, 0.015, 0.06), palette.metal(rng), (0, y - h / 2, 0.04)))
    parts += notes(rng, palette, int(rng.integers(0, 6)), 0.8 * w, 0.7 * h, (0, y, 0.023))
    return Piece(parts)


def pin_board(rng: Generator, palette: Palette) -> Piece:
    """Cork or bare wall with many notes: flat, full of texture."""
    w, h, y = rng.uniform(0.6, 1.6), rng.uniform(0.6, 1.1), rng.uniform(1.35, 1.6)
    parts = [
        box((w, h, 0.015), palette.of(rng, "blotches", np.array([0.65, 0.48, 0.3]), 0.3, 0, 6), (0, y, 0.008))
    ]
    parts += notes(rng, palette, int(rng.integers(4, 16)), 0.84 * w, 0.8 * h, (0, y, 0.017))
    return Piece(parts)


def television(rng: Generator, palette: Palette) -> Piece:
    w, y = rng.uniform(0.7, 1.4), rng.uniform(1.0, 1.5)
    h = w * 0.57
    return Piece(
        [
            box((w, h, 0.05), palette.plastic(rng, 1.0), (0, y, 0.04)),
            panel(w * 0.97, h * 0.95, palette.screen(rng, 0.4), (0, y, 0.066)),
        ]
    )


def wall_shelf(rng: Generator, palette: Palette) -> Piece:
    w, d, wood = rng.uniform(0.4, 1.4), rng.uniform(0.16, 0.3), palette.furniture(rng)
    levels = rng.choice([1, 2, 3])
    parts, tops, filling = [], [], []
    for j in range(levels):
        y = 1.25 + 0.38 * j
        parts.append(box((w, 0.022, d), wood, (0, y, d / 2)))
        parts += [box((0.02, 0.1, d * 0.7), wood, (x * w * 0.4, y - 0.06, d * 0.35)) for x in (-1, 1)]
        if rng.random() < 0.5:
            filling.append(
                row_of_books(rng, palette, w * rng.uniform(0.4, 0.9), 0.32).moved((0, y + 0.011, d - 0.01))
            )
        else:
            tops.append(Top((0, y + 0.011, d / 2), w, d, 0.33, "shelf"))
    return united([Piece(parts), *filling], tops)


def wall_cupboard(rng: Generator, palette: Palette) -> Piece:
    w, h, d, y = (
        rng.uniform(0.4, 1.2),
        rng.uniform(0.4, 0.75),
        rng.uniform(0.28, 0.36),
        rng.uniform(1.35, 1.5),
    )
    body = palette.furniture(rng)
    parts = [box((w, h, d), body, (0, y + h / 2, d / 2))]
    parts += fronts(rng, palette, w, y + h, d, max(1, round(w / 0.45)), 1, y, body, False)
    return Piece(parts)


def coats(rng: Generator, palette: Palette) -> Piece:
    """A row of hooks with clothes and bags."""
    w, y = rng.uniform(0.5, 1.3), rng.uniform(1.6, 1.8)
    parts = [box((w, 0.08, 0.02), palette.wood(rng), (0, y, 0.01))]
    hook = palette.metal(rng)
    for x in np.arange(-w / 2 + 0.08, w / 2, rng.uniform(0.14, 0.22)):
        parts.append(tube([(x, y, 0.02), (x, y - 0.03, 0.06), (x, y + 0.02, 0.07)], 0.006, hook, sides=5))
        if rng.random() < 0.7:
            length, half = rng.uniform(0.5, 1.05), rng.uniform(0.1, 0.2)
            t, s = np.linspace(0, 1, 8), np.linspace(-1, 1, 11)
            rows = []
            for v in t:
                spread = half * (0.25 + 0.75 * min(1.0, v * 3))
                bulge = 0.05 + 0.06 * (1 - s**2) * min(1.0, v * 2.5) + 0.015 * np.sin(9 * s + 3 * x) * v
                rows.append(np.stack([x + s * spread, y - 0.01 - v * length + 0 * s, bulge], -1))
            parts.append(grid(np.array(rows), palette.cloth(rng)))
    return Piece(parts)

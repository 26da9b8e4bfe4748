"""Kitchens and washrooms: runs of cupboards with worktop, sink and hob, fridges, washers, basins.

As in furniture/ every maker takes (rng, palette) and returns a Piece: base at y = 0, front towards +z.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from .draws import weighted
from .furniture import fronts, notes
from .pieces import Piece, Top
from .scene import Material, Mesh
from .shapes import box, capsule, corners, curve, cylinder, revolve, rounded, sheet, sphere, tube
from .textures import Palette, muted
from .things import open_box


def counter(rng: Generator, palette: Palette, w: float | None = None) -> Piece:
    """A kitchen run: cupboards, drawers, worktop with sink and hob, tiles, wall cupboards or a shelf."""
    w = rng.uniform(1.2, 3.2) if w is None else w
    d, h = 0.6, rng.uniform(0.86, 0.94)
    face, top = palette.furniture(rng), palette.worktop(rng)
    parts: list[Mesh] = [box((w, 0.1, d - 0.06), palette.plastic(rng, 0.8), (0, 0.05, -0.03))]
    x = -w / 2
    while x < w / 2 - 0.05:
        unit = min(float(rng.choice([0.4, 0.45, 0.5, 0.6])), w / 2 - x)
        middle = x + unit / 2
        parts.append(box((unit, h - 0.14, d - 0.04), face, (middle, (h - 0.14) / 2 + 0.1, -0.02)))
        if unit > 0.55 and rng.random() < 0.25:
            parts += _oven(rng, palette, middle, 0.12, d / 2 - 0.04, unit, h - 0.18)
        else:
            rows = int(rng.choice([1, 3, 4]))
            for one in fronts(rng, palette, unit, h - 0.05, d / 2 - 0.04, 1, rows, 0.11, face, rows > 1):
                one["position"][:, 0] += middle
                parts.append(one)
        x += unit
    sink = rng.uniform(-0.5, 0.5) * (w - 0.7) if w > 1.0 and rng.random() < 0.75 else None
    if sink is None:
        parts.append(box((w, 0.04, d + 0.02), top, (0, h - 0.02, 0)))
        tops = [Top((0, h, 0.02), w, d - 0.06, 0.5, "kitchen")]
    else:
        parts += _sink(rng, palette, w, d, h, sink, top)
        spare = sink - 0.3 + w / 2, w / 2 - sink - 0.3
        tops = [
            Top((side * (w - part) / 2, h, 0.02), part, d - 0.06, 0.5, "kitchen")
            for side, part in zip((-1, 1), spare, strict=True)
            if part > 0.15
        ]
    if w > 1.6 and rng.random() < 0.6:
        side = -1 if (sink or 0) > 0 else 1
        hob = side * w * 0.3
        black = palette.of(rng, "speckle", muted(rng, 0.02, 0.08), 0.1, 0.8)
        parts.append(box((0.56, 0.006, 0.5), black, (hob, h + 0.003, 0)))
        ring = palette.of(rng, "metal", muted(rng, 0.1, 0.4), 0.3, 0.4)
        for a, y, b in corners(0.28, 0.24, h + 0.005):
            size = rng.uniform(0.06, 0.1), rng.choice([0.002, 0.02])
            parts.append(cylinder(*size, ring, (hob + a, y, b), sides=16))
    back = -d / 2
    if rng.random() < 0.7:
        kind = weighted(rng, {"tile": 0.7, "marble": 0.15, "metal": 0.15})
        gloss, scale = rng.uniform(0, 0.6), rng.uniform(1, 3)
        splash = palette.of(rng, kind, None, None, gloss, scale)
        parts.append(box((w, 0.55, 0.012), splash, (0, h + 0.275, back + 0.006)))
    over = rng.random()
    if over < 0.6:
        bottom, tall, deep = rng.uniform(1.38, 1.5), rng.uniform(0.6, 0.8), rng.uniform(0.3, 0.36)
        parts.append(box((w, tall, deep), face, (0, bottom + tall / 2, back + deep / 2)))
        columns = max(1, round(w / 0.5))
        parts += fronts(rng, palette, w, bottom + tall - 0.005, back + deep, columns, 1, bottom, face, False)
    elif over < 0.8:
        y = rng.uniform(1.35, 1.6)
        parts.append(box((w * 0.8, 0.025, 0.24), palette.wood(rng), (0, y, back + 0.12)))
        tops.append(Top((0, y + 0.013, back + 0.12), w * 0.78, 0.22, 0.4, "kitchen"))
    if rng.random() < 0.5:
        parts += _rail(rng, palette, w * rng.uniform(0.4, 0.8), 1.32, back + 0.03)
    return Piece(parts, tops)


def _sink(
    rng: Generator, palette: Palette, w: float, d: float, h: float, x: float, top: Material
) -> list[Mesh]:
    """A worktop around a basin with a tap."""
    is_steel = rng.random() < 0.8
    steel = palette.of(rng, "metal", muted(rng, 0.45, 0.8), 0.4, 0.8) if is_steel else palette.ceramic(rng)
    half, deep = 0.24, 0.17
    left, right = x - half + w / 2, w / 2 - x - half
    parts = [
        box((left, 0.04, d + 0.02), top, (-w / 2 + left / 2, h - 0.02, 0)),
        box((right, 0.04, d + 0.02), top, (w / 2 - right / 2, h - 0.02, 0)),
        box((2 * half, 0.04, 0.11), top, (x, h - 0.02, d / 2 - 0.045)),
        box((2 * half, 0.04, 0.13), top, (x, h - 0.02, -d / 2 + 0.055)),
    ]
    for one in open_box((2 * half, deep, 0.38), 0.006, steel):
        one["position"] += np.array([x, h - deep - 0.004, 0.01], np.float32)
        parts.append(one)
    parts.append(box((2 * half + 0.04, 0.004, 0.02), steel, (x, h + 0.001, 0.21)))
    chrome = palette.of(rng, "metal", muted(rng, 0.5, 0.8), 0.2, 0.9)
    bends = ((0, -0.22), (0.25, -0.22), (0.32, -0.14), (0.25, -0.06), (0.2, -0.05))
    parts.append(tube(curve([(x, h + y, z) for y, z in bends], 4), 0.013, chrome, sides=8))
    parts.append(capsule((x + 0.02, h + 0.08, -0.22), (x + 0.09, h + 0.12, -0.22), 0.009, chrome))
    return parts


def _oven(rng: Generator, palette: Palette, x: float, low: float, z: float, w: float, h: float) -> list[Mesh]:
    black = palette.of(rng, "speckle", muted(rng, 0.02, 0.1), 0.1, 0.8)
    steel = palette.metal(rng)
    bar = [(x + side * w * 0.4, low + h * 0.74, z + 0.05) for side in (-1, 1)]
    parts = [
        box((w - 0.01, h * 0.78, 0.02), black, (x, low + h * 0.4, z + 0.01)),
        box((w - 0.01, h * 0.16, 0.02), steel, (x, low + h * 0.9, z + 0.01)),
        tube(bar, 0.009, steel),
    ]
    parts += [
        cylinder(0.02, 0.02, black, (x + k * w, low + h * 0.9, z + 0.02), tilt=np.pi / 2, sides=10)
        for k in (-0.3, -0.15, 0.15, 0.3)
    ]
    return parts


def _rail(rng: Generator, palette: Palette, w: float, y: float, z: float) -> list[Mesh]:
    """A rail on the wall from which ladles, pans, cloths hang."""
    steel = palette.metal(rng)
    parts = [tube([(-w / 2, y, z + 0.02), (w / 2, y, z + 0.02)], 0.007, steel)]
    for x in np.arange(-w / 2 + 0.05, w / 2, rng.uniform(0.08, 0.2)):
        length = rng.uniform(0.15, 0.32)
        kind = rng.integers(4)
        parts.append(tube([(x, y, z + 0.03), (x, y - length, z + 0.03)], 0.004, steel, sides=4))
        if kind == 0:
            parts.append(sphere((0.08, 0.05, 0.05), steel, (x, y - length, z + 0.05), sides=10))
        elif kind == 1:
            parts.append(box((0.06, 0.1, 0.006), palette.material(rng), (x, y - length - 0.04, z + 0.03)))
        elif kind == 2:
            look, at = palette.cloth(rng), (x, y - 0.22, z + 0.02)
            parts.append(sheet(0.18, 0.4, look, 0, 0.012, 2.0, at, tilt=np.pi / 2, fit=False))
    return parts


def fridge(rng: Generator, palette: Palette) -> Piece:
    w, d = rng.uniform(0.54, 0.75), rng.uniform(0.58, 0.7)
    h = rng.choice([0.85, rng.uniform(1.5, 2.0)])
    is_steel = rng.random() < 0.4
    body = palette.metal(rng) if is_steel else palette.of(rng, "speckle", muted(rng, 0.75, 0.95), 0.1, 0.4)
    split = h * rng.uniform(0.3, 0.65) if h > 1 else 0.0
    steel = palette.metal(rng)
    parts = [box((w, h, d - 0.06), body, (0, h / 2, -0.03))]
    for low, high in ((0.03, split), (split, h)) if split else ((0.03, h),):
        parts.append(rounded((w, high - low - 0.008, 0.06), 0.012, body, (0, (low + high) / 2, d / 2 - 0.03)))
        y = min(high - 0.25, max(low + 0.2, 1.0))
        x, z = w * 0.42, d / 2 + 0.03
        parts.append(capsule((x, y - 0.12, z), (x, y + 0.12, z), 0.01, steel))
    parts += notes(rng, palette, int(rng.integers(0, 7)), 0.65 * w, 0.4 * h, (0, 0.7 * h, d / 2 + 0.002))
    return Piece(parts, [Top((0, h, 0), w, d, 0.4, "kitchen")])


def washer(rng: Generator, palette: Palette) -> Piece:
    white = palette.of(rng, "speckle", muted(rng, 0.8, 0.95), 0.1, 0.4)
    glass = palette.of(rng, "speckle", muted(rng, 0.03, 0.15), 0.1, 0.9)
    profile = [(0.13, 0), (0.18, 0), (0.17, 0.03), (0.13, 0.03)]
    ring = revolve(profile, palette.metal(rng), (0, 0.43, 0.29), tilt=np.pi / 2, sides=20)
    parts = [
        rounded((0.6, 0.85, 0.58), 0.012, white, (0, 0.425, 0)),
        ring,
        sphere((0.27, 0.27, 0.06), glass, (0, 0.43, 0.29), sides=16),
        box((0.58, 0.1, 0.01), palette.plastic(rng), (0, 0.78, 0.29)),
        cylinder(0.03, 0.03, glass, (0.1, 0.78, 0.29), tilt=np.pi / 2),
    ]
    return Piece(parts, [Top((0, 0.85, 0), 0.58, 0.55, 0.5, "kitchen")])


def basin(rng: Generator, palette: Palette) -> Piece:
    """A washbasin with a mirror over it."""
    white, chrome = palette.ceramic(rng), palette.of(rng, "metal", muted(rng, 0.5, 0.8), 0.2, 0.9)
    bowl = [(0.0, 0.0), (0.12, 0.0), (0.24, 0.15), (0.25, 0.17), (0.22, 0.17), (0.1, 0.05), (0.0, 0.04)]
    tap = curve([(0, 0.84, -0.17), (0, 0.97, -0.17), (0, 0.98, -0.07), (0, 0.95, -0.05)], 4)
    parts = [
        revolve(bowl, white, (0, 0.68, 0), sides=20, flatten=0.85),
        cylinder(0.08, 0.68, white, top=0.07),
        tube(tap, 0.012, chrome),
        box((0.5, 0.7, 0.012), palette.of(rng, "metal", muted(rng, 0.5, 0.75), 0.1, 1.0), (0, 1.5, -0.2)),
        box((0.5, 0.015, 0.12), palette.ceramic(rng), (0, 1.1, -0.15)),
    ]
    return Piece(parts, [Top((0, 1.11, -0.15), 0.48, 0.1, 0.3, "kitchen")])

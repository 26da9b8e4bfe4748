"""Tables, desks, workbenches."""

from __future__ import annotations

from itertools import pairwise

from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, Top, united
from ..shapes import box, capsule, corners, cylinder, rounded, tube
from ..textures import Palette
from .storage import drawers


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
        for x, _, z in corners(w - 2 * inset, d - 2 * inset):
            if slim:
                parts.append(cylinder(thick * 0.35, under, leg, (x, 0, z), top=thick * 0.5, sides=8))
            else:
                parts.append(box((thick, under, thick), leg, (x, under / 2, z)))
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
            frame = ((under, -1), (0.02, -1), (0.02, 1), (under, 1))
            for ends in pairwise((px, y, z * d * 0.42) for y, z in frame):
                parts.append(tube(ends, 0.018, steel, sides=6))
        line = [(x * (w / 2 - inset), under * 0.8, -d * 0.42) for x in (-1, 1)]
        parts.append(tube(line, 0.014, steel))
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
    w, d, h = rng.uniform(0.75, 2.0), rng.uniform(0.7, 1.0), rng.uniform(0.71, 0.77)
    return _table(rng, palette, w, d, h, one_of(rng, ("kitchen", "living")))


def coffee_table(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.5, 1.2), rng.uniform(0.45, 0.75), rng.uniform(0.35, 0.52)
    return _table(rng, palette, w, d, h, "living")


def workbench(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(1.0, 2.0), rng.uniform(0.55, 0.8), rng.uniform(0.8, 0.95)
    return _table(rng, palette, w, d, h, "workshop")


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
        for x in (-1, 1):
            parts.append(box((0.02, high - h, 0.22), board, (x * w * 0.44, (h + high) / 2, -d / 2 + 0.13)))
        whole.append(Piece(parts))
        tops.append(Top((0, high + 0.01, -d / 2 + 0.13), w * 0.88, 0.22, 0.5, "shelf"))
    return united(whole, tops)

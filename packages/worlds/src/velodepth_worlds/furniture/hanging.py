"""What hangs on a wall: y is already where it hangs, its back is at z = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from ..pieces import Piece, Top, united
from ..scene import Mesh
from ..shapes import box, grid, panel, tube
from ..textures import Palette, muted
from ..things import row_of_books
from .storage import fronts


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
        box((w * 0.5, 0.015, 0.06), palette.metal(rng), (0, y - h / 2, 0.04)),
    ]
    parts += notes(rng, palette, int(rng.integers(0, 6)), 0.8 * w, 0.7 * h, (0, y, 0.023))
    return Piece(parts)


def pin_board(rng: Generator, palette: Palette) -> Piece:
    """Cork or bare wall with many notes: flat, full of texture."""
    w, h, y = rng.uniform(0.6, 1.6), rng.uniform(0.6, 1.1), rng.uniform(1.35, 1.6)
    cork = palette.of(rng, "blotches", np.array([0.65, 0.48, 0.3]), 0.3, 0, 6)
    parts = [box((w, h, 0.015), cork, (0, y, 0.008))]
    parts += notes(rng, palette, int(rng.integers(4, 16)), 0.84 * w, 0.8 * h, (0, y, 0.017))
    return Piece(parts)


def television(rng: Generator, palette: Palette) -> Piece:
    w, y = rng.uniform(0.7, 1.4), rng.uniform(1.0, 1.5)
    h = w * 0.57
    case = box((w, h, 0.05), palette.plastic(rng, 1.0), (0, y, 0.04))
    return Piece([case, panel(w * 0.97, h * 0.95, palette.screen(rng, 0.4), (0, y, 0.066))])


def wall_shelf(rng: Generator, palette: Palette) -> Piece:
    w, d, wood = rng.uniform(0.4, 1.4), rng.uniform(0.16, 0.3), palette.furniture(rng)
    levels = rng.choice([1, 2, 3])
    parts, tops, filling = [], [], []
    for j in range(levels):
        y = 1.25 + 0.38 * j
        parts.append(box((w, 0.022, d), wood, (0, y, d / 2)))
        parts += [box((0.02, 0.1, d * 0.7), wood, (x * w * 0.4, y - 0.06, d * 0.35)) for x in (-1, 1)]
        if rng.random() < 0.5:
            row = row_of_books(rng, palette, w * rng.uniform(0.4, 0.9), 0.32)
            filling.append(row.moved((0, y + 0.011, d - 0.01)))
        else:
            tops.append(Top((0, y + 0.011, d / 2), w, d, 0.33, "shelf"))
    return united([Piece(parts), *filling], tops)


def wall_cupboard(rng: Generator, palette: Palette) -> Piece:
    w, h = rng.uniform(0.4, 1.2), rng.uniform(0.4, 0.75)
    d, y = rng.uniform(0.28, 0.36), rng.uniform(1.35, 1.5)
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

"""Cupboards, drawers, shelves, racks, pallets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..draws import one_of
from ..pieces import Piece, Top, united
from ..scene import Material, Mesh
from ..shapes import box, corners, panel, sphere
from ..textures import Palette
from ..things import open_box, row_of_books

Array = NDArray[np.float64]


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
                for s in (-1, 1):
                    at = (x + s * (fw / 2 - 0.02), y - fh * 0.05, z + out / 2)
                    parts.append(box((0.015, fh * 0.7, out), face, at))
                parts.append(box((fw - 0.04, 0.01, out), face, (x, y - fh * 0.35, z + out / 2)))
            hx, hy = (x, y + fh * 0.25) if drawer else (x + (fw / 2 - 0.04) * (1 if i % 2 == 0 else -1), y)
            size = (min(0.16, fw * 0.5), 0.012, 0.012) if drawer else (0.012, min(0.16, fh * 0.4), 0.012)
            front = z + 0.018 + out
            if kind == 0:
                parts.append(box(size, handle, (hx, hy, front + 0.025)))
                step = np.array(size) * 0.45 * (np.array(size) > 0.02)
                middle = np.array([hx, hy, front + 0.0125])
                parts += [box((0.01, 0.01, 0.025), handle, middle + s * step) for s in (-1, 1)]
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
    columns, rows = 2 if w > 0.8 and rng.random() < 0.5 else 1, int(rng.integers(2, 6))
    parts += fronts(rng, palette, w, h - 0.02, d / 2, columns, rows, 0.05, face, True)
    return Piece(parts, [Top((0, h, 0), w, d, 0.6, one_of(rng, ("living", "desk", "shelf")))])


def cupboard(rng: Generator, palette: Palette) -> Piece:
    """Doors, low or as high as a wardrobe."""
    w, d = rng.uniform(0.5, 1.8), rng.uniform(0.35, 0.62)
    h = rng.choice([rng.uniform(0.7, 0.95), rng.uniform(1.1, 1.5), rng.uniform(1.8, 2.2)])
    body = palette.furniture(rng)
    face = body if rng.random() < 0.6 else palette.furniture(rng)
    parts = [box((w, h, d), body, (0, h / 2, 0))]
    rows = 1 if h < 1.6 or rng.random() < 0.6 else 2
    columns = max(1, round(w / rng.uniform(0.4, 0.6)))
    parts += fronts(rng, palette, w, h - 0.02, d / 2, columns, rows, 0.06, face, False)
    if rng.random() < 0.2:
        poster, x = palette.poster(rng), rng.uniform(-0.2, 0.2) * w
        parts.append(panel(w * 0.35, 0.5, poster, (x, h * 0.6, d / 2 + 0.02)))
    return Piece(parts, [Top((0, h, 0), w, d, 0.5, "shelf")])


def shelf(rng: Generator, palette: Palette) -> Piece:
    """Open boards, filled with books, boxes and things; its rows of books are part of it."""
    w, d = rng.uniform(0.5, 1.8), rng.uniform(0.24, 0.42)
    h = rng.choice([rng.uniform(0.7, 1.2), rng.uniform(1.5, 2.2)])
    steel = rng.random() < 0.25
    body = palette.metal(rng) if steel else palette.furniture(rng)
    t = rng.uniform(0.016, 0.03)
    parts = []
    if steel:
        parts += [box((0.035, h, 0.035), body, at) for at in corners(w - 0.036, d - 0.036, h / 2)]
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
                at = (x - (cell - length) / 2 * rng.uniform(0, 1), y + t / 2, d / 2 - 0.01)
                filling.append(row.moved(at))
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
            theme = one_of(rng, ("workshop", "shelf"))
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
    look, (wide, high) = one_of(rng, kinds)
    while x < right:
        if rng.random() < 0.25:
            look, (wide, high) = one_of(rng, kinds)
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

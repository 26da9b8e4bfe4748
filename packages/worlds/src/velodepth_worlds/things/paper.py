"""Books, papers, packets and boxes."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, united
from ..shapes import box, grid, panel, revolve, sheet
from ..textures import Palette, muted


def book(rng: Generator, palette: Palette, thick: float | None = None, high: float | None = None) -> Piece:
    """Lying, its spine to the front."""
    h = rng.uniform(0.01, 0.045) if thick is None else thick
    w = rng.uniform(0.17, 0.31) if high is None else high
    d = w * rng.uniform(0.65, 0.78)
    front = palette.printed(rng, "cover", rng.uniform(0, 0.4))
    paper = palette.of(rng, "metal", muted(rng, 0.75, 0.92), 0.6, 0.0, 4.0)
    hard = 0.003
    return Piece([
        box((w, hard, d), front, (0, hard / 2, 0), fit=True),
        box((w, hard, d), front, (0, h - hard / 2, 0), fit=True),
        box((w - 0.008, h - 2 * hard, d - 0.008), paper, (0, h / 2, 0.002)),
        box((w, h, hard), palette.printed(rng, "spine"), (0, h / 2, d / 2)),
    ])  # fmt: skip


def books(rng: Generator, palette: Palette) -> Piece:
    """A pile."""
    height, pile = 0.0, []
    for _ in range(rng.integers(2, 7)):
        one = book(rng, palette)
        at = (rng.normal(0, 0.01), height, rng.normal(0, 0.01))
        pile.append(one.moved(at, rng.normal(0, 0.12) + (np.pi if rng.random() < 0.3 else 0)))
        height += float(one.size[1])
    return united(pile)


def standing_book(rng: Generator, palette: Palette, most: float = 0.3) -> Piece:
    """Its spine looks to +z; as narrow as it is thick. A binder now and then."""
    if rng.random() < 0.18:
        w, h, d = rng.uniform(0.035, 0.08), 0.32, 0.28
    else:
        w, h = rng.uniform(0.01, 0.05), rng.uniform(0.17, 0.31)
        d = h * rng.uniform(0.65, 0.78)
    h = min(h, most)
    gloss = rng.uniform(0, 0.3)
    back = panel(w, h, palette.printed(rng, "spine", gloss), (0, h / 2, d / 2 + 0.0004))
    cover = box((w, h, d), palette.printed(rng, "cover", gloss), (0, h / 2, 0), fit=True)
    return Piece([np.concatenate([cover, back])])


def row_of_books(rng: Generator, palette: Palette, length: float | None = None, most: float = 0.32) -> Piece:
    """Upright, some leaning, spines in one line."""
    length = rng.uniform(0.15, 0.5) if length is None else length
    x, row = -length / 2, []
    while x < length / 2 - 0.02:
        one = standing_book(rng, palette, most)
        width, depth = float(one.size[0]), float(one.size[2])
        if x + width > length / 2:
            break
        row.append(one.moved((x + width / 2, 0, -depth / 2 - rng.uniform(0, 0.02))))
        x += width + (0.001 if rng.random() < 0.95 else rng.uniform(0.02, 0.08))
    if not row:
        return standing_book(rng, palette, most)
    return united(row)


def paper(rng: Generator, palette: Palette) -> Piece:
    """A sheet that lies flat or curls a little: page, poster, photograph."""
    w = one_of(rng, (0.21, 0.148, 0.297, 0.1, 0.42))
    d = w * rng.choice([1.414, 1.414, 0.707, 1.0])
    bend = rng.normal(0, 0.25) if rng.random() < 0.4 else 0.0
    picture = palette.printed(rng, "page") if rng.random() < 0.6 else palette.poster(rng)
    return Piece([sheet(w, d, picture, bend, steps=6, at=(0, 0.001, 0))])


def papers(rng: Generator, palette: Palette) -> Piece:
    """A loose heap of sheets, or a neat stack."""
    heap, height = [], 0.0005
    spread = rng.choice([0.004, 0.05])
    for _ in range(rng.integers(2, 8)):
        layer = rng.uniform(0.0005, 0.012)
        x, z = rng.normal(0, spread, 2)
        look, yaw = palette.printed(rng, "page"), rng.normal(0, spread * 4)
        heap.append(box((0.21, layer, 0.297), look, (x, height + layer / 2, z), yaw=yaw, fit=True))
        height += layer
    return Piece(heap)


def open_book(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.12, 0.21), rng.uniform(0.18, 0.297), rng.uniform(0.006, 0.025)
    parts = []
    for side in (-1, 1):
        s = np.linspace(0, 1, 9)
        lift = h * (1 - s) ** 0.5 * np.minimum(1, s * 6) + 0.003
        x = side * s * w
        line = np.stack([x, lift, 0 * s], -1)
        points = np.stack([line + np.array((0, 0, -d / 2)), line + np.array((0, 0, d / 2))])
        points = points[:, ::side] if side < 0 else points
        parts.append(grid(points, palette.printed(rng, "page"), fit=True))
    parts.append(box((2.05 * w, 0.003, d * 1.02), palette.printed(rng, "cover"), (0, 0.0015, 0)))
    return Piece(parts)


def packet(rng: Generator, palette: Palette) -> Piece:
    """A printed carton: cereals, tea, medicine, electronics."""
    w, h, d = rng.uniform(0.05, 0.22), rng.uniform(0.05, 0.3), rng.uniform(0.03, 0.12)
    size = (w, h, d) if rng.random() < 0.7 else (h, d, w)
    kind = one_of(rng, ("label", "cover", "label", "poster"))
    return Piece([box(size, palette.printed(rng, kind, rng.uniform(0, 0.4)), (0, size[1] / 2, 0), fit=True)])


def tissue(rng: Generator, palette: Palette) -> Piece:
    w, h, d = rng.uniform(0.2, 0.25), rng.uniform(0.06, 0.12), 0.12
    x = np.linspace(-1, 1, 7)
    t = np.array([[0.0], [0.5], [1.0]])
    wave = x * 0.05 * (0.4 + t), h + 0.07 * t * (1 - 0.3 * x**2), 0.02 * np.sin(3 * x + 4 * t)
    white = palette.of(rng, "plaster", muted(rng, 0.85, 0.96), 0.2)
    case = box((w, h, d), palette.printed(rng, "label"), (0, h / 2, 0), fit=True)
    return Piece([case, grid(np.stack(wave, -1), white)])


def roll(rng: Generator, palette: Palette) -> Piece:
    """Kitchen paper, toilet paper, tape; standing or lying."""
    sizes = ((0.055, 0.23, 0.02), (0.055, 0.1, 0.022), (0.05, 0.02, 0.035), (0.045, 0.05, 0.038))
    r, h, hole = one_of(rng, sizes)
    white = palette.of(rng, "fabric", muted(rng, 0.8, 0.95), 0.15) if h > 0.09 else palette.plastic(rng)
    profile = [(hole, 0), (r, 0), (r, h), (hole, h), (hole, 0)]
    if rng.random() < 0.7:
        return Piece([revolve(profile, white)])
    return Piece([revolve(profile, white, (0, r, -h / 2), tilt=np.pi / 2)]).moved(yaw=rng.uniform(0, 6))


def box_of_card(rng: Generator, palette: Palette, largest: float = 0.6) -> Piece:
    """A cardboard box, closed or with its flaps open."""
    w, h, d = (rng.uniform(0.12, max(0.13, v)) for v in (largest, largest * 0.75, largest * 0.8))
    if rng.random() < 0.75:
        card = palette.printed(rng, "cardboard")
    else:
        card = palette.of(rng, "cardboard", muted(rng, 0.5, 0.95), 0.4)
    if rng.random() < 0.5:
        return Piece([box((w, h, d), card, (0, h / 2, 0), fit=True)])
    t = 0.004
    parts = [box((w, t, d), card, (0, t / 2, 0), fit=True)]
    for side in (-1, 1):
        parts.append(box((w, h, t), card, (0, h / 2, side * d / 2), fit=True))
        parts.append(box((t, h, d), card, (side * w / 2, h / 2, 0), fit=True))
        flap = min(w, d) / 2
        open_by = rng.uniform(0.3, 2.4)
        y, out = np.sin(np.pi / 2 - open_by) * flap / 2, np.cos(np.pi / 2 - open_by) * flap / 2
        parts.append(box((w, flap, t), card, (0, h + y, side * (d / 2 + out)), tilt=side * open_by))
        open_by = rng.uniform(0.3, 2.4)
        y, out = np.sin(np.pi / 2 - open_by) * flap / 2, np.cos(np.pi / 2 - open_by) * flap / 2
        parts.append(box((t, flap, d), card, (side * (w / 2 + out), h + y, 0), roll=-side * open_by))
    whole = Piece(parts)
    whole.low[1] = max(whole.low[1], 0.0)
    return whole

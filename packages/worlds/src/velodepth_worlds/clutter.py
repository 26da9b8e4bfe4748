"""Clutter: what lies on tops, by their theme, thick or thin."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from . import things
from .pieces import Floor, Piece, Top, on, scattered
from .textures import Palette

MOST = 40  # things on one top
_STRAIGHT = {"shelf": 0.9, "desk": 0.6, "kitchen": 0.4, "floor": 0.2}  # share of things parallel to their top


def clutter(
    rng: Generator, palette: Palette, top: Top, density: float, theme: str | None = None, least: int = 0
) -> list[Piece]:
    """Things on a top: about `density` to a square foot (0.09 m2), and at least `least` if there is room; on
    a desk, a place to work at too. theme: instead of the top's own."""
    number = max(least, int(rng.poisson(density * top.width * top.depth / 0.09)))
    kind = theme or top.theme
    floor = Floor()
    laid = []
    if kind == "desk" and top.width > 0.7 and top.depth > 0.45 and rng.random() < 0.8:
        laid += _workplace(rng, palette, top, floor)

    def make(largest: float) -> Piece:
        return things.thing(rng, palette, kind, largest)

    laid += scattered(rng, top, make, min(number, MOST), _STRAIGHT.get(kind, 0.5), 0.01, floor)
    return laid


def _workplace(rng: Generator, palette: Palette, top: Top, floor: Floor) -> list[Piece]:
    """Screens at the back of a desk, keyboard and mouse in front of them, or a laptop; takes of the floor
    what they stand on."""
    middle = rng.uniform(-0.2, 0.2) * top.width
    back = -top.depth / 2 + rng.uniform(0.14, 0.22)
    front = back + rng.uniform(0.24, 0.34)
    laid: list[tuple[Piece, float, float, float]] = []
    if rng.random() < 0.75:
        count = 2 if top.width > 1.3 and rng.random() < 0.45 else 1
        for i in range(count):
            shift = (i - (count - 1) / 2) * 0.62
            screen = things.monitor(rng, palette)
            laid.append((screen, middle + shift, back, rng.normal(0, 0.08) - shift * 0.5))
        laid.append((things.keyboard(rng, palette), middle, front, rng.normal(0, 0.06)))
    else:
        laid.append((things.laptop(rng, palette), middle, back + 0.15, rng.normal(0, 0.15)))
    if rng.random() < 0.8:
        laid.append((things.mouse(rng, palette), middle + rng.uniform(0.26, 0.36), front, rng.normal(0, 0.2)))
    placed: list[Piece] = []
    for piece, x, z, yaw in laid:
        turned = piece.moved(yaw=yaw)
        low, high = turned.low + np.array((x, 0, z)), turned.high + np.array((x, 0, z))
        half = np.array([top.width, 9, top.depth]) / 2
        if (
            piece.high[1] < top.headroom
            and (low > -half).all()
            and (high < half).all()
            and floor.free(low, high)
        ):
            floor.take(low, high)
            placed.append(piece.moved(on(top, (x, z)), yaw + top.yaw))
    return placed

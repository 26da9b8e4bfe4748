"""Corridors: long and narrow, with doors, pipes, lamps, crossings and stairs."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from . import fittings, furniture, things
from .draws import weighted
from .halls import people
from .interiors import Hall
from .pieces import Piece
from .scene import World
from .shapes import box
from .textures import Palette

_EYES = {(1.1, 1.85): 0.65, (0.1, 0.4): 0.13, (0.3, 2.1): 0.22}  # metres: of people, of robots, any


class _Corridor(Hall):
    """Along z."""

    def view(self, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
        """Mostly along it, from head height."""
        z = rng.uniform(-0.5, 0.5) * (self.depth - 1.5)
        x = rng.uniform(-0.5, 0.5) * (self.width - 0.7)
        eye = np.array([x, rng.uniform(*weighted(rng, _EYES)), z])
        ahead = -1.0 if z > 0 else 1.0
        yaw = rng.normal(0, 0.45) if rng.random() < 0.75 else rng.uniform(-np.pi, np.pi)
        gaze = np.array([np.sin(yaw), rng.normal(-0.08, 0.12), ahead * np.cos(yaw)])
        return (eye, eye + 4.0 * gaze) if self.clear(eye) else None


def build(rng: Generator, palette: Palette) -> World:
    """1.4 to 3.2 m wide, 2.2 to 3.2 m high, 10 to 50 m long."""
    way = _Corridor(rng, palette, rng.uniform(1.4, 3.2), rng.uniform(10, 50), rng.uniform(2.2, 3.2))
    shares = {"door": 3.0, "board": 1.5, "extinguisher": 0.4, "radiator": 0.4, "window": 0.0, "nothing": 1.0}
    sunny = rng.random() < 0.3
    if sunny or rng.random() < 0.25:
        shares["window"] = 1.5
    way.enclose(rng.uniform(0.8, 2.5), shares, open_to_sun=sunny)
    way.light_grid(rng.uniform(2.0, 4.5))
    if rng.random() < 0.45:
        way.pipework(int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        _frames(rng, way)
    if rng.random() < 0.4:
        _handrail(rng, way)
    for _ in range(int(way.depth / rng.uniform(3, 12))):
        _beside_wall(rng, way)
    if rng.random() < 0.2:
        flight = fittings.stairs(rng, palette, way.width - 0.1, rng.uniform(0.5, way.height - 0.7))
        way.site.settle(flight.moved((0, 0, -way.depth / 2 + flight.size[2])))
    return way.world("corridor", people(rng, way), speed=1.3)


def _frames(rng: Generator, way: Hall) -> None:
    """Door frames or beams across the way."""
    look, thick = way.palette.furniture(rng), rng.uniform(0.05, 0.25)
    beam, cheek = rng.uniform(0.1, 0.35), rng.uniform(0.05, 0.2)
    high = max(2.0, way.height - beam)
    for z in np.arange(-way.depth / 2 + rng.uniform(2, 5), way.depth / 2 - 1, rng.uniform(4, 12)):
        parts = [box((way.width, way.height - high, thick), look, at=(0, (way.height + high) / 2, z))]
        for side in (-1, 1):
            at = (side * (way.width - cheek) / 2, high / 2, z)
            parts.append(box((cheek, high, thick), look, at=at))
        way.site.add(Piece(parts))


def _handrail(rng: Generator, way: Hall) -> None:
    look, high = way.palette.wood(rng), rng.uniform(0.85, 1.0)
    for side in (-1, 1):
        rail = box(
            (0.04, rng.uniform(0.04, 0.14), way.depth), look, at=(side * (way.width / 2 - 0.06), high, 0)
        )
        way.site.cover(rail)


def _beside_wall(rng: Generator, way: Hall) -> None:
    """A bench, plant, bin, box or rack at one side, with its back to the wall."""
    palette = way.palette
    kind = rng.choice(5, p=[0.3, 0.2, 0.2, 0.2, 0.1])
    if kind == 0:
        piece = furniture.bench(rng, palette)
    elif kind == 1:
        piece = things.plant(rng, palette, rng.uniform(0.5, 1.5))
    elif kind == 2:
        piece = furniture.bin_(rng, palette)
    elif kind == 3:
        piece = things.box_of_card(rng, palette, 0.7)
    else:
        piece = furniture.stocked_rack(
            rng, palette, rng.uniform(0.8, 1.4), rng.uniform(0.8, 1.8), 0.35, rng.uniform(0.3, 0.45)
        )
    side = rng.choice([-1, 1])
    piece = piece.moved(yaw=-side * np.pi / 2)
    x = side * way.width / 2 - (piece.high[0] if side > 0 else piece.low[0]) - side * 0.03
    if piece.size[0] < way.width - 0.7:
        way.site.settle(piece.moved((x, 0, rng.uniform(-0.45, 0.45) * way.depth)), 0.1)

"""The shell of a building seen from inside: walls with what hangs on them, windows, ceiling, light."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from . import fittings, furniture
from .draws import log_uniform, one_of, weighted
from .pieces import Floor, Piece
from .scene import Body, Lights, Mesh, World, direction, placed, pose, triple
from .shapes import Hole, box, wall
from .site import Site
from .textures import Palette

Array = NDArray[np.float64]

_BOARDS = (furniture.picture, furniture.whiteboard, furniture.pin_board, furniture.television)


class Wall:
    """One side of an interior. Its own axes: x along it, from its middle; y up; z into the space.

    number: 0 back (-z), 1 left (-x), 2 front, 3 right.
    """

    def __init__(self, interior: Interior, number: int) -> None:
        across = number % 2 == 0
        self.length = interior.width if across else interior.depth
        self.yaw = (0.0, np.pi / 2, np.pi, -np.pi / 2)[number]
        self.reach = (interior.depth if across else interior.width) / 2
        self.taken = Floor()  # (x, y)
        self.holes: list[Hole] = []

    def place(self, x: float, y: float = 0.0, z: float = 0.0) -> Array:
        """A point of the wall in world axes, (3,)."""
        return pose(self.yaw)[:3, :3] @ np.array([x, y, z - self.reach])


class Interior(ABC):
    """A rectangular space about the y axis, seen from inside: width along x, depth along z, height from
    y = 0, metres."""

    keep_off: ClassVar[float]  # metres that a camera keeps from what is solid
    margin: ClassVar[tuple[float, float, float]]  # and from the walls, the floor, the ceiling
    shell: ClassVar[float]  # metres beyond its walls that cast shadows

    def __init__(self, rng: Generator, palette: Palette, width: float, depth: float, height: float) -> None:
        self.rng, self.palette = rng, palette
        self.width, self.depth, self.height = width, depth, height
        self.walls = [Wall(self, number) for number in range(4)]
        self.site = Site()

    def face(self, side: Wall, *meshes: Mesh) -> None:
        """Add what is part of a wall, in its axes; no camera has to keep off it."""
        self.site.cover(*(placed(mesh, pose(side.yaw, side.place(0))) for mesh in meshes))

    @abstractmethod
    def lights(self) -> Lights:
        """Drawn anew with each call."""

    @abstractmethod
    def view(self, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
        """As `scene.World.view`."""

    def clear(self, point: ArrayLike) -> bool:
        """Whether a camera may be at a point (3,): inside, and off everything solid."""
        x, y, z = np.asarray(point, float)
        aside, below, above = self.margin
        inside = (
            abs(x) < self.width / 2 - aside
            and abs(z) < self.depth / 2 - aside
            and below < y < self.height - above
        )
        return bool(inside and self.site.clear((x, y, z), self.keep_off))

    def world(self, kind: str, bodies: Sequence[Body] = (), speed: float = 1.2) -> World:
        """The finished place; bodies: what moves in it."""
        return World(
            kind=kind,
            bodies=[Body(self.site.mesh), *bodies],
            lights=self.lights(),
            centre=(0.0, self.height / 2, 0.0),
            reach=float(np.linalg.norm([self.width, self.height, self.depth])) / 2 + self.shell,
            view=self.view,
            clear=self.clear,
            speed=speed,
        )


class Hall(Interior):
    """Large or long: lamps on a grid, what hangs on the walls at even distances."""

    keep_off, margin, shell = 0.2, (0.25, 0.08, 0.2), 1.0

    def __init__(self, rng: Generator, palette: Palette, width: float, depth: float, height: float) -> None:
        super().__init__(rng, palette, width, depth, height)
        self.lamps: list[Array] = []
        self.sunny: Wall | None = None  # the wall whose windows let the sun in
        self.view_out = palette.outside(rng)
        ceiling = palette.ceiling(rng)
        slab = (width + 1, 0.3, depth + 1)
        self.site.cover(box(slab, palette.floor(rng), at=(0, -0.15, 0)))
        self.site.cover(box(slab, ceiling, at=(0, height + 0.15, 0)))

    def enclose(self, spacing: float, shares: dict[str, float], open_to_sun: bool) -> None:
        """Four walls. What hangs on them stands `spacing` metres apart or so; shares: of "door", "window",
        "board", "radiator", "extinguisher" and "nothing". open_to_sun: one wall has holes for windows."""
        rng, palette = self.rng, self.palette
        common, plinth = palette.wall(rng), palette.furniture(rng)
        high = rng.uniform(0.06, 0.15)
        if open_to_sun:
            self.sunny = one_of(rng, self.walls)
            size = np.array([self.width + 120, 0.1, self.depth + 120])
            self.site.cover(box(size, palette.ground(rng), at=(0, -0.35, 0)))
        for side in self.walls:
            look = common if rng.random() < 0.8 else palette.wall(rng)
            sill = rng.uniform(0.7, 1.1)
            window = rng.uniform(0.9, 2.2), min(rng.uniform(1.0, 2.0), self.height - sill - 0.2)
            x = -side.length / 2 + rng.uniform(0.3, 1.0)
            while True:
                kind = weighted(rng, shares)
                piece = self._hung(kind, side, window)
                half = piece.size[0] / 2 if piece else 0.3
                if x + 2 * half > side.length / 2 - 0.15:
                    break
                x += half
                if piece is not None:
                    self.site.add(piece.moved(side.place(x, sill if kind == "window" else 0.0), side.yaw))
                    if kind == "window" and side is self.sunny:
                        side.holes.append((x - window[0] / 2, sill, x + window[0] / 2, sill + window[1]))
                x += half + spacing * rng.uniform(0.3, 1.7)
            self.face(side, wall(side.length + 0.4, self.height, look, side.holes))
            if rng.random() < 0.6:
                self.face(side, box((side.length, high, 0.015), plinth, at=(0, high / 2, 0.008)))

    def _hung(self, kind: str, side: Wall, window: tuple[float, float]) -> Piece | None:
        rng, palette = self.rng, self.palette
        if kind == "window":
            return fittings.window(rng, palette, *window, None if side is self.sunny else self.view_out)
        makers: dict[str, Callable[[Generator, Palette], Piece]] = {
            "door": fittings.door,
            "board": one_of(rng, _BOARDS),
            "radiator": fittings.radiator,
            "extinguisher": fittings.extinguisher,
        }
        return makers[kind](rng, palette) if kind in makers else None

    def light_grid(self, spacing: float) -> None:
        """Ceiling lamps about `spacing` metres apart, all alike; some may be off the grid or missing."""
        rng = self.rng
        kind = fittings.lamp(rng, self.palette)
        columns, rows = (max(1, round(size / spacing)) for size in (self.width, self.depth))
        lit = rng.uniform(0.6, 1.0)
        for x in (np.arange(columns) + 0.5) / columns - 0.5:
            for z in (np.arange(rows) + 0.5) / rows - 0.5:
                if rng.random() < lit:
                    at = np.array([x * self.width, self.height, z * self.depth])
                    self.site.cover(kind.moved(at).mesh)
                    self.lamps.append(np.add(at, (0, kind.low[1] - 0.15, 0)))

    def pipework(self, count: int) -> None:
        """Pipes under the ceiling, along and across."""
        for _ in range(count):
            across = self.rng.random() < 0.3
            length, other = (self.width, self.depth) if across else (self.depth, self.width)
            run = fittings.pipes(self.rng, self.palette, length)
            place = self.rng.uniform(-0.45, 0.45) * other
            if self.rng.random() < 0.5:
                place = np.sign(place) * (other / 2 - run.size[2])
            at = (place, self.height - self.rng.uniform(0.25, 0.6), 0)
            self.site.cover((run.moved((0, at[1], place)) if across else run.moved(at, np.pi / 2)).mesh)

    def lights(self) -> Lights:
        """Up to six of the lamps, and some light from everywhere; the sun where it is let in."""
        rng = self.rng
        warm = np.array([1.0, 1.0, 1.0]) + rng.uniform(-0.05, 0.22) * np.array([0.6, 0.0, -1.0])
        ambient = log_uniform(rng, 0.12, 0.6)
        points = []
        if self.lamps and rng.random() < 0.9:
            chosen = rng.permutation(len(self.lamps))[: int(rng.integers(2, 7))]
            strength = rng.uniform(0.3, 1.6) * max(1.0, self.height - 1.2) ** 2 * 0.6
            colours = strength * warm * rng.uniform(0.7, 1.3, (len(chosen), 1))
            points = [(triple(self.lamps[k]), triple(c)) for k, c in zip(chosen, colours, strict=True)]
        yaw = 0.0 if self.sunny is None else self.sunny.yaw
        yaw += np.pi + rng.normal(0, 0.5)
        high = rng.uniform(0.3, 0.9)
        strong = rng.uniform(0.5, 5.0) if self.sunny is not None and rng.random() < 0.7 else 0.0
        return Lights(
            sun=triple(direction(yaw, high)),
            sun_colour=triple(strong * np.array([1.1, 1.0, 0.85])),
            ambient=triple(ambient * (0.5 + 0.5 * warm)),
            sky=triple(rng.uniform(0.8, 3.0) * np.array([0.9, 1.0, 1.15])),
            points=points,
            fog=float(rng.uniform(0.002, 0.015)) if rng.random() < 0.04 else 0.0,
        )

    def view(self, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
        """From head height, mostly, towards another free spot."""
        spots = rng.uniform(-0.5, 0.5, (2, 2)) * (self.width - 0.8, self.depth - 0.8)
        low, high = weighted(rng, {(1.1, 1.85): 0.62, (0.1, 0.4): 0.13, (0.3, self.height - 0.4): 0.25})
        eye = np.array([spots[0, 0], rng.uniform(low, high), spots[0, 1]])
        distance = max(1.0, float(np.linalg.norm(spots[1] - spots[0])))
        aim = np.array([spots[1, 0], eye[1] + distance * rng.normal(-0.12, 0.15), spots[1, 1]])
        if distance < 1.5 or not self.clear(eye):
            return None
        return eye, aim

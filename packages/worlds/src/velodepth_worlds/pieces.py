"""Pieces: meshes that stand somewhere, know what they fill and where something can be put on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from .scene import Mesh, joined, placed, pose

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Top:
    """A level rectangle to put things on: its centre (x, y, z), width along the piece's x, depth along its z,
    the free height above it and the piece's yaw, metres and radians; theme: what kind of things lie there."""

    centre: tuple[float, float, float]
    width: float
    depth: float
    headroom: float = 0.6
    theme: str = "desk"
    yaw: float = 0.0


class Piece:
    """Parts as one mesh, base at y = 0, front towards +z.

    A camera keeps out of the box around each part, so a part is about convex. starts: (parts,), where each
    begins in the mesh. low, high: the corners (3,) of the box around everything.
    """

    def __init__(self, parts: Sequence[Mesh], tops: Sequence[Top] = ()) -> None:
        self.mesh = joined(*parts)
        self.starts = np.cumsum([0, *(len(part) for part in parts)])[:-1]
        self.tops = list(tops)
        self._measure()

    def _measure(self) -> None:
        axes = self.axes()
        self.low, self.high = axes.min(axis=1), axes.max(axis=1)

    def axes(self) -> NDArray[np.float32]:
        """Positions (3, n): many times faster to search than the rows of a mesh."""
        return np.ascontiguousarray(self.mesh["position"].T)

    @property
    def size(self) -> Array:
        """(3,): width, height, depth of the box around it."""
        return self.high - self.low

    def moved(self, offset: ArrayLike = (0.0, 0.0, 0.0), yaw: float = 0.0) -> Piece:
        """The same piece turned about y, then moved."""
        matrix = pose(yaw, offset)
        other = self._placed(matrix)
        for top in self.tops:
            x, y, z = matrix[:3, :3] @ top.centre + matrix[:3, 3]
            other.tops.append(replace(top, centre=(float(x), float(y), float(z)), yaw=top.yaw + yaw))
        return other

    def turned(self, rotation: Array) -> Piece:
        """The same piece after any turn (3, 3), its lowest point at y = 0, centred; its tops are lost."""
        matrix = np.eye(4)
        matrix[:3, :3] = rotation
        other = self._placed(matrix)
        shift = -(other.low + other.high) / 2
        shift[1] = -other.low[1]
        other.mesh["position"] += shift
        other.low, other.high = other.low + shift, other.high + shift
        return other

    def _placed(self, matrix: Array) -> Piece:
        other = object.__new__(Piece)
        other.mesh, other.starts, other.tops = placed(self.mesh, matrix), self.starts, []
        other._measure()
        return other

    def solids(self) -> tuple[Array, Array]:
        """Lower and upper corners (parts, 3) of the boxes around the parts."""
        axes = self.axes()
        return np.minimum.reduceat(axes, self.starts, 1).T, np.maximum.reduceat(axes, self.starts, 1).T


def united(pieces: Iterable[Piece], tops: Sequence[Top] = ()) -> Piece:
    """Several pieces as one."""
    pieces = list(pieces)
    whole = object.__new__(Piece)
    whole.mesh = joined(*(piece.mesh for piece in pieces))
    lengths = np.cumsum([0, *(len(piece.mesh) for piece in pieces)])[:-1]
    whole.starts = np.concatenate([piece.starts + n for piece, n in zip(pieces, lengths, strict=True)])
    whole.tops = list(tops)
    whole._measure()
    return whole


class Floor:
    """What is taken of a floor or a wall: rectangles along two axes."""

    def __init__(self) -> None:
        self._taken: list[tuple[float, float, float, float]] = []

    def free(self, low: ArrayLike, high: ArrayLike, gap: float = 0.0) -> bool:
        """Whether nothing is within `gap` metres of the rectangle between two corners: (2,), or (3,) of a box
        seen from above."""
        x0, x1, y0, y1 = self._sides(low, high)
        return all(
            x1 + gap <= a or b <= x0 - gap or y1 + gap <= c or d <= y0 - gap for a, b, c, d in self._taken
        )

    def take(self, low: ArrayLike, high: ArrayLike) -> None:
        self._taken.append(self._sides(low, high))

    @staticmethod
    def _sides(low: ArrayLike, high: ArrayLike) -> tuple[float, float, float, float]:
        first, second = np.asarray(low), np.asarray(high)
        return float(first[0]), float(second[0]), float(first[-1]), float(second[-1])


SMALLEST = 0.05  # metres: no smaller thing is asked for
Make = Callable[[float], Piece]
"""Largest extent in metres -> something no larger."""


def scattered(
    rng: Generator,
    top: Top,
    make: Make,
    count: int,
    straight: float = 0.5,
    overlap: float = 0.0,
    floor: Floor | None = None,
) -> list[Piece]:
    """Up to `count` pieces laid on a top without touching; a share of `straight` of them stands nearly
    parallel to it. overlap: metres by which the boxes of neighbours may overlap. floor: what is taken
    already, in metres from the middle of the top along its sides."""
    floor = floor or Floor()
    pieces: list[Piece] = []
    largest = min(top.headroom * 0.95, max(top.width, top.depth))
    for _ in range(count):
        piece = make(max(largest, SMALLEST))
        spot = _free_spot(rng, top, piece, straight, overlap, floor)
        if spot is None:
            largest *= 0.85  # what is smaller may still find a gap
        else:
            pieces.append(piece.moved(on(top, spot[0]), spot[1] + top.yaw))
    return pieces


def _free_spot(
    rng: Generator, top: Top, piece: Piece, straight: float, overlap: float, floor: Floor
) -> tuple[Array, float] | None:
    """A place (x, z) on a top and a turn with which a piece touches nothing; taken at once."""
    if piece.size[1] > top.headroom:
        return None
    x, _, z = piece.axes()
    for _ in range(6):
        turn = rng.normal(0, 0.15) if rng.random() < straight else rng.uniform(0, 2 * np.pi)
        c, s = np.cos(turn), np.sin(turn)
        across, along = c * x + s * z, c * z - s * x
        low = np.array([across.min(), along.min()])
        high = np.array([across.max(), along.max()])
        room = np.array([top.width, top.depth]) - (high - low)
        if (room < 0).any():
            continue
        spot = rng.uniform(-0.5, 0.5, 2) * room - (low + high) / 2
        if floor.free(spot + low, spot + high, -overlap):
            floor.take(spot + low, spot + high)
            return spot, turn
    return None


def piled(rng: Generator, top: Top, make: Make, count: int) -> list[Piece]:
    """Up to `count` pieces dropped on a top any way up, each on what lies there, up to its headroom."""
    cell = 0.015
    heights = np.zeros((max(1, int(top.depth / cell)), max(1, int(top.width / cell))))
    pieces: list[Piece] = []
    largest = min(top.width, top.depth)
    for _ in range(count):
        piece = make(max(largest, SMALLEST))
        if rng.random() < 0.7:
            axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
            piece = piece.turned(axes * np.linalg.det(axes))
        else:
            piece = piece.turned(pose(rng.uniform(0, 2 * np.pi))[:3, :3])
        width, height, depth = piece.size
        room = np.array([top.width - width, top.depth - depth])
        if (room < 0).any():
            largest *= 0.85
            continue
        spot = rng.uniform(-0.5, 0.5, 2) * room
        column, row = _cell(top, spot, cell)
        half = np.maximum((np.array([depth, width]) * 0.35 / cell).astype(int), 1)
        under = heights[max(0, row - half[0]) : row + half[0], max(0, column - half[1]) : column + half[1]]
        level = float(under.max(initial=0.0))
        if level + height > top.headroom:
            largest *= 0.85
            continue
        under[:] = level + 0.75 * height
        pieces.append(piece.moved(on(top, spot) + np.array((0, level, 0)), top.yaw))
    return pieces


def _cell(top: Top, spot: Array, cell: float) -> tuple[int, int]:
    """Column and row of a place on a top, as seen from its centre."""
    column, row = (spot + np.array((top.width / 2, top.depth / 2))) / cell
    return int(column), int(row)


def on(top: Top, spot: ArrayLike) -> Array:
    """Where a place on a top, (x, z) from its centre along its sides, is in the axes of the piece."""
    c, s = np.cos(top.yaw), np.sin(top.yaw)
    x, z = np.asarray(spot)
    return np.array(top.centre) + np.array((c * x + s * z, 0, c * z - s * x))

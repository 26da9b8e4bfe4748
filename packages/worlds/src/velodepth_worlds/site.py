"""A place being built: what stands in it, and where there is room."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from .pieces import Floor, Piece
from .scene import Mesh, joined

Array = NDArray[np.float64]

SECONDS = 6.0  # from time 0, during which a world is filmed


class Site:
    """Pieces in world axes; a camera keeps out of the box around each part of them."""

    def __init__(self) -> None:
        self._meshes: list[Mesh] = []
        self._boxes: list[tuple[Array, Array]] = []
        self._floor = Floor()
        self._solid: tuple[Array, Array] | None = None

    def add(self, piece: Piece, solid: bool = True) -> None:
        """Put a piece where it is; solid=False: a camera may be inside (the crown of a tree)."""
        self._meshes.append(piece.mesh)
        if solid:
            self._boxes.append(piece.solids())
            self._solid = None

    def cover(self, *meshes: Mesh) -> None:
        """Add what no camera has to keep off: ground, walls, ceiling, what hangs from it, a carpet."""
        self._meshes += meshes

    def settle(self, piece: Piece, gap: float = 0.0) -> bool:
        """Add a piece unless something settled before is within `gap` metres, seen from above."""
        if not self._floor.free(piece.low, piece.high, gap):
            return False
        self._floor.take(piece.low, piece.high)
        self.add(piece)
        return True

    def block(self, low: ArrayLike, high: ArrayLike) -> None:
        """Keep cameras out of the box from low to high, (3,) each: a trunk whose crown is not solid."""
        self._boxes.append((np.reshape(low, (1, 3)), np.reshape(high, (1, 3))))
        self._solid = None

    def sweep(self, piece: Piece, start: ArrayLike, velocity: ArrayLike) -> bool:
        """Keep cameras, and what is swept later, out of the way that a piece takes in its first seconds.

        False, and nothing is kept, where something else is in that way.
        """
        way = np.asarray(velocity, float) * SECONDS
        low = piece.low + np.asarray(start, float) + np.minimum(way, 0)
        high = piece.high + np.asarray(start, float) + np.maximum(way, 0)
        if not self._floor.free(low, high):
            return False
        self._floor.take(low, high)
        self.block(low, high)
        return True

    @property
    def mesh(self) -> Mesh:
        return joined(*self._meshes)

    @property
    def triangles(self) -> int:
        return sum(len(mesh) for mesh in self._meshes) // 3

    def clear(self, point: ArrayLike, room: float) -> bool:
        """Whether no solid box is within `room` metres of the point (3,)."""
        if self._solid is None:
            lows, highs = zip(*self._boxes, strict=True) if self._boxes else ((), ())
            empty = np.empty((0, 3))
            self._solid = np.concatenate([empty, *lows]), np.concatenate([empty, *highs])
        low, high = self._solid
        point = np.asarray(point, float)
        return not np.any(np.all((point > low - room) & (point < high + room), axis=1))


def random_yaw(rng: Generator) -> float:
    return float(rng.uniform(0, 2 * np.pi))

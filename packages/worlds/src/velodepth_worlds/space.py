"""Where things are in a soup of triangles: what a ray meets, and whether a point is free."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .scene import Mesh

Array = NDArray[np.float64]


class Space:
    """The triangles of a mesh, to be asked about rays and points in its axes, metres."""

    def __init__(self, mesh: Mesh) -> None:
        corners = mesh["position"].reshape(-1, 3, 3).astype(np.float64)
        self._corners = corners
        self._low, self._high = corners.min(axis=1), corners.max(axis=1)

    def distance(self, origin: ArrayLike, direction: ArrayLike) -> float:
        """Metres from `origin` (3,) along the unit vector `direction` to the first triangle; inf for none.

        Möller and Trumbore, "Fast, minimum storage ray-triangle intersection", 1997.
        """
        origin, direction = np.asarray(origin, float), np.asarray(direction, float)
        near = np.ones(len(self._corners), bool)
        for axis in range(3):  # a box that the ray cannot reach along one axis
            if direction[axis] <= 1e-9:
                near &= self._low[:, axis] <= origin[axis] + 1e-9
            if direction[axis] >= -1e-9:
                near &= self._high[:, axis] >= origin[axis] - 1e-9
        a, b, c = self._corners[near].swapaxes(0, 1)
        first, second = b - a, c - a
        across = np.cross(direction, second)
        volume = np.einsum("ij,ij->i", first, across)
        with np.errstate(divide="ignore", invalid="ignore"):
            to_corner = origin - a
            u = np.einsum("ij,ij->i", to_corner, across) / volume
            turned = np.cross(to_corner, first)
            v = turned @ direction / volume
            reach = np.einsum("ij,ij->i", turned, second) / volume
            hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (reach >= 0)
        return float(reach[hit].min(initial=np.inf))

    def drop(self, point: ArrayLike) -> float:
        """Metres straight down to the ground; inf for none."""
        return self.distance(point, (0.0, -1.0, 0.0))

    def free(self, point: ArrayLike, room: float) -> bool:
        """Whether no triangle comes nearer to the point (3,) than `room` metres."""
        point = np.asarray(point, float)
        near = np.all((self._low < point + room) & (self._high > point - room), axis=1)
        corners = self._corners[near]
        if not len(corners):
            return True
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        height = np.einsum("ij,ij->i", point - corners[:, 0], normal)
        inside = np.ones(len(corners), bool)
        nearest = np.full(len(corners), np.inf)
        for start in range(3):
            a, edge = corners[:, start], corners[:, (start + 1) % 3] - corners[:, start]
            inside &= np.einsum("ij,ij->i", np.cross(edge, point - a), normal) >= 0
            along = np.einsum("ij,ij->i", point - a, edge) / np.maximum((edge**2).sum(axis=1), 1e-12)
            gap = np.linalg.norm(point - a - np.clip(along, 0, 1)[:, None] * edge, axis=1)
            nearest = np.minimum(nearest, gap)
        return bool(np.all(np.where(inside, np.abs(height), nearest) >= room))

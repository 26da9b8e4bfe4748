"""What a world is made of: triangles, materials, bodies, lights.

World axes: right-handed, y up, metres; the floor is at y = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

VERTEX = np.dtype(
    [
        ("position", "f4", 3),
        ("normal", "f4", 3),
        ("uv", "f4", 2),
        ("layer", "f4"),
        ("tint", "f4", 3),
        ("base", "f4", 3),
        ("gloss", "f4"),
        ("emission", "f4"),
    ]
)
"""One corner of a triangle. Its albedo (as in a picture file, 0..1) is texture[layer](uv) * tint + base. With
emission > 0 it is not lit: it shines with albedo * emission. Texels with alpha below 0.4 are holes."""

FLOATS = VERTEX.itemsize // 4  # every field is float32, and none is padded

Mesh: TypeAlias = NDArray[Any]
"""(3 * triangles,) of VERTEX: a plain soup of triangles. Both sides are drawn, normals turned to the eye."""

Vector: TypeAlias = tuple[float, float, float]
Motion: TypeAlias = Callable[[float], NDArray[np.float64]]
"""Time in seconds -> (4, 4) body-to-world."""

MOST_POINT_LIGHTS = 6
_IDENTITY = np.eye(3)


@dataclass(frozen=True)
class Material:
    """How a surface looks; the fields are those of VERTEX."""

    layer: int
    tint: Vector = (1.0, 1.0, 1.0)
    base: Vector = (0.0, 0.0, 0.0)
    gloss: float = 0.0  # 0 matt .. 1 polished
    emission: float = 0.0
    scale: float = 1.0  # repeats of the texture per metre


@dataclass
class Body:
    """A mesh that moves as one; motion None: it stands still, and its mesh is in world axes."""

    mesh: Mesh
    motion: Motion | None = None


@dataclass
class Lights:
    """Linear radiance; exposure comes later. fog: 1/m, 0 for none. points: at most 6 (position, colour)."""

    sun: Vector  # unit vector towards the sun
    sun_colour: Vector
    ambient: Vector
    sky: Vector
    points: list[tuple[Vector, Vector]] = field(default_factory=list)
    fog: float = 0.0


@dataclass
class World:
    """A place to film.

    view: a sensible (eye, target) to look from and at, or None for "try again".
    clear: whether a camera may be at this point (3,): inside the place, and not in furniture.
    centre, reach: the sphere that shadows must cover. speed: of a typical camera here, m/s.
    """

    kind: str
    bodies: list[Body]
    lights: Lights
    centre: Vector
    reach: float
    view: Callable[[np.random.Generator], tuple[ArrayLike, ArrayLike] | None]
    clear: Callable[[NDArray[np.float64]], bool]
    speed: float = 1.0


def triple(values: ArrayLike) -> Vector:
    """Three numbers as a tuple of floats."""
    x, y, z = (float(value) for value in np.asarray(values))
    return x, y, z


def direction(yaw: float, pitch: float) -> NDArray[np.float64]:
    """The unit vector (3,): yaw 0 is along z and grows towards x, pitch is upwards."""
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def pose(yaw: float = 0.0, offset: ArrayLike = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """(4, 4): a turn by `yaw` radians about the y axis (from z towards x), then a shift by `offset`."""
    matrix = np.eye(4)
    sine, cosine = np.sin(yaw), np.cos(yaw)
    matrix[0, 0], matrix[0, 2], matrix[2, 0], matrix[2, 2] = cosine, sine, -sine, cosine
    matrix[:3, 3] = offset
    return matrix


def placed(mesh: Mesh, where: NDArray[np.float64]) -> Mesh:
    """The mesh moved by a (4, 4) matrix, as `pose` makes it; scaling is allowed."""
    moved = rows(mesh).copy()
    linear = where[:3, :3]
    moved[:, 0:3] = moved[:, 0:3] @ linear.T.astype(np.float32) + where[:3, 3].astype(np.float32)
    if np.abs(linear @ linear.T - _IDENTITY).max() < 1e-9:  # a turn: normals keep their length
        moved[:, 3:6] = moved[:, 3:6] @ linear.T.astype(np.float32)
    else:
        normal = moved[:, 3:6] @ np.linalg.inv(linear).astype(np.float32)
        moved[:, 3:6] = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return as_mesh(moved)


def joined(*meshes: Mesh) -> Mesh:
    """One mesh of several."""
    return as_mesh(np.concatenate([np.empty((0, FLOATS), np.float32), *map(rows, meshes)]))


def rows(mesh: Mesh) -> NDArray[np.float32]:
    """The mesh as (n, FLOATS), its fields side by side, position and normal first; no copy. NumPy handles
    plain arrays several times faster, and a room is made of a thousand small meshes."""
    return mesh.view(np.float32).reshape(len(mesh), FLOATS)


def as_mesh(rows: NDArray[np.float32]) -> Mesh:
    """The mesh that `rows` are of; no copy."""
    return rows.view(VERTEX).reshape(-1)

"""From world axes to the picture, and to the maps of the lights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from velodepth.cameras import Camera

from ..scene import Vector

NEAR = 0.03
FAR = 2000.0
LAMP_NEAR = 0.25  # what is nearer to the lamp than this, such as its shade, casts no shadow
LAMP_ANGLE = np.radians(75)  # half of the cone under the lamp in which things cast shadows


def columns(matrix: NDArray[np.float64]) -> bytes:
    """As OpenGL wants it, column after column."""
    return matrix.T.astype("f4").tobytes()


def clip_matrix(camera: Camera, width: int, height: int, near: float = NEAR) -> NDArray[np.float64]:
    """Camera axes to clip space, such that sample k of the grid lies at k / 2 pixels. Rows from the top."""
    grid = 2 * width + 1, 2 * height + 1
    matrix = np.zeros((4, 4))
    for row, (focal, centre, size) in enumerate(
        ((camera.fx, camera.cx, grid[0]), (camera.fy, camera.cy, grid[1]))
    ):
        matrix[row, row] = 4 * focal / size
        matrix[row, 2] = (4 * centre + 1) / size - 1
    matrix[2, 2], matrix[2, 3] = (FAR + near) / (FAR - near), -2 * FAR * near / (FAR - near)
    matrix[3, 2] = 1
    return matrix


def _turned(forward: ArrayLike) -> NDArray[np.float64]:
    """(4, 4) from world axes to axes whose z looks along `forward`."""
    z = np.asarray(forward, float) / np.linalg.norm(forward)
    x = np.cross(z, (0, 1, 0) if abs(z[1]) < 0.9 else (1, 0, 0))
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = x, np.cross(z, x), z
    return matrix


def sun_matrix(sun: Vector, centre: ArrayLike, reach: float) -> NDArray[np.float64]:
    """World to the sun's map: parallel rays, the sphere fills it; what stands before the sphere casts too."""
    matrix = _turned(-np.asarray(sun))
    matrix[:3, 3] = -matrix[:3, :3] @ np.asarray(centre, float)
    scale = np.diag([1 / reach, 1 / reach, 1 / (3 * reach), 1])
    return scale @ matrix


def lamp_matrix(position: Vector) -> NDArray[np.float64]:
    """World to the lamp's map: a wide cone straight down."""
    matrix = _turned((0, -1, 0))
    matrix[:3, 3] = -matrix[:3, :3] @ np.asarray(position, float)
    far, near = 30.0, LAMP_NEAR
    lens = np.zeros((4, 4))
    lens[0, 0] = lens[1, 1] = 1 / np.tan(LAMP_ANGLE)
    lens[2, 2], lens[2, 3], lens[3, 2] = (far + near) / (far - near), -2 * far * near / (far - near), 1
    return lens @ matrix

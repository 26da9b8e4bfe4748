"""Depth as coloured points in space: PLY."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import FolderWriter
from velodepth.media.cloud import Cloud

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

AXES, COLOURS = ("x", "y", "z"), ("red", "green", "blue")
VERTEX = np.dtype([(axis, "<f4") for axis in AXES] + [(colour, "u1") for colour in COLOURS])


class PointsWriter(FolderWriter):
    """Base of the formats with the points of a chosen frame in a file.

    `points` is a number n, for each frame whose index it divides, or the indices themselves. `cloud` says
    which of its points. Raises VeloDepthError as FolderWriter does, and for n < 1.
    """

    def __init__(
        self,
        folder: str | Path,
        points: int | Collection[int] = 30,
        overwrite: bool = False,
        cloud: Cloud | None = None,
    ) -> None:
        if isinstance(points, int) and points < 1:
            raise VeloDepthError(f"points of every {points}th frame cannot be written: give 1 or more")
        super().__init__(folder, overwrite)
        self._frames = points
        self._cloud = cloud or Cloud()

    def write(self, frame: DepthFrame) -> None:
        if frame.index % self._frames == 0 if isinstance(self._frames, int) else frame.index in self._frames:
            super().write(frame)

    def _save(self, path: Path, frame: DepthFrame) -> None:
        self.save(path, frame, self._cloud)

    @staticmethod
    def save(path: Path, frame: DepthFrame, cloud: Cloud | None = None) -> None:
        """Writes one frame to `path`, whatever its suffix."""
        raise NotImplementedError


class PlyWriter(PointsWriter):
    """000000.ply, ...: the points of chosen frames, with the colours of the picture (binary little endian).

    A vertex is x, y, z float32 in metres, camera axes (x right, y down, z forward), and red, green, blue
    uint8; pixels run row by row, and `Cloud` says which are left out.
    """

    suffix = ".ply"

    @staticmethod
    def save(path: Path, frame: DepthFrame, cloud: Cloud | None = None) -> None:
        points, colours = (cloud or Cloud()).list(frame)
        vertices = np.empty(len(points), VERTEX)
        for i, (axis, colour) in enumerate(zip(AXES, COLOURS, strict=True)):
            vertices[axis] = points[:, i]
            vertices[colour] = colours[:, i]
        unit = "relative depth" if frame.relative else "metres"
        header = [
            "ply",
            "format binary_little_endian 1.0",
            f"comment frame {frame.index} at {frame.time:.6f} s; {unit}, x right, y down, z forward",
            f"element vertex {len(vertices)}",
            *(f"property float {axis}" for axis in AXES),
            *(f"property uchar {colour}" for colour in COLOURS),
            "end_header",
        ]
        with path.open("wb") as file:
            file.write(("\n".join(header) + "\n").encode())
            file.write(vertices.tobytes())

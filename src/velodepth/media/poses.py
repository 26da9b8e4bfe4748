"""Where the camera was: the path that the frames' motions make, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from velodepth.media.atomic import FileWriter

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame


class CameraPath:
    """Poses of a video's frames, one after the other, by the motion of each (`DepthFrame.motion`).

    pose: (4, 4) float64 camera-to-world of the last frame added; the world has the axes of the first camera
    (x right, y down, z forward), metres. Where a motion is not known the path goes on as if the camera had
    stood.
    """

    def __init__(self) -> None:
        self.pose = np.eye(4)
        self._begun = False

    def add(self, motion: np.ndarray | None) -> bool:
        """The next frame; whether its pose follows from the one before (also of the first frame)."""
        known = motion is not None or not self._begun
        if motion is not None and self._begun:
            self.pose = self.pose @ np.linalg.inv(motion)
        self._begun = True
        return known


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """(x, y, z, w) of unit length, w not negative, of a rotation matrix (3, 3).

    The eigenvector of the largest eigenvalue of Bar-Itzhack's matrix (2000): of a matrix that is a little off
    a rotation that of the nearest one.
    """
    r = rotation
    k = np.array(
        [
            [r[0, 0] - r[1, 1] - r[2, 2], r[1, 0] + r[0, 1], r[2, 0] + r[0, 2], r[2, 1] - r[1, 2]],
            [r[1, 0] + r[0, 1], r[1, 1] - r[0, 0] - r[2, 2], r[2, 1] + r[1, 2], r[0, 2] - r[2, 0]],
            [r[2, 0] + r[0, 2], r[2, 1] + r[1, 2], r[2, 2] - r[0, 0] - r[1, 1], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], np.trace(r)],
        ]
    )
    q = np.linalg.eigh(k)[1][:, -1]
    return q if q[3] >= 0 else -q


class PosesWriter(FileWriter):
    """A text file in the form of the TUM RGB-D benchmark: `timestamp tx ty tz qx qy qz qw`, a line a frame.

    Camera-to-world as `CameraPath` has it: seconds, metres, a unit quaternion. Before a frame whose motion is
    not known a comment says so, and the path goes on as if the camera had stood.
    Raises VeloDepthError as FileWriter does.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._file: Any = None
        self._path = CameraPath()

    def _begin(self, frame: DepthFrame) -> None:
        self._file = self._temporary.open("w", encoding="utf-8", newline="\n")
        self._file.write(
            "# timestamp tx ty tz qx qy qz qw: camera-to-world, seconds, metres; the first camera is the "
            "world, x right, y down, z forward\n"
        )

    def _add(self, frame: DepthFrame) -> None:
        if not self._path.add(frame.motion):
            self._file.write(
                f"# gap: the motion to frame {frame.index} is not known; the path goes on as if the camera "
                "had stood\n"
            )
        pose = self._path.pose
        numbers = (*pose[:3, 3], *quaternion(pose[:3, :3]))
        self._file.write(f"{frame.time:.6f} {' '.join(f'{number:.9f}' for number in numbers)}\n")

    def _finish(self) -> None:
        self._file.close()

    def _abandon(self) -> None:
        if self._file:
            self._file.close()

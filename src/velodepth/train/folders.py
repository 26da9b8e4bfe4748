"""A user's own recordings, to fine-tune on: one folder a sequence.

NAME/rgb/, NAME/meta.json   pictures and their camera, see media/recordings.py
NAME/depth/*.png            depth of the same pixels along z, 16-bit, 0 = unknown
NAME/poses.txt              optional: a line a frame, its number and a 4x4 camera-to-world matrix row by
                            row, camera axes x right, y down, z forward, metres
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import VeloDepthError
from ..media.images import images_in, read_image
from ..media.recordings import META, PICTURES, camera_in_meta, read_meta

AGREE = 1.05
"""A pixel is seen again where the neighbouring frame's depth is within this factor of what the pose says."""


class LazyFrames:
    """An array of frames that is read when asked: rows[i] -> array."""

    def __init__(self, read: Callable[[int], Any], shape: tuple[int, ...]):
        self._read, self.shape = functools.lru_cache(8)(read), shape

    def __getitem__(self, row: int) -> Any:
        return self._read(int(row))


class RecordedFootage:
    """One sequence as `data.Footage`. Where poses are given, flow follows from depth and pose: things that
    move by themselves have none.

    Raises VeloDepthError, naming the file, for what is missing or does not fit.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._pictures, self._depths = images_in(folder / PICTURES), images_in(folder / "depth")
        count = len(self._pictures)
        if len(self._depths) != count:
            raise VeloDepthError(
                f"{folder} has {count} pictures in rgb and {len(self._depths)} in depth: give one for each"
            )
        height, width = read_image(self._pictures[0]).shape[:2]
        meta = read_meta(folder / META)
        self._camera = camera_in_meta(meta, folder / META, width, height)
        self._unit = _unit(meta, folder / META)
        self._poses = _poses(folder / "poses.txt", count)
        frame = {"kind": "own", "clip": 0, "length": count, "median_depth": None}
        self.frames = [frame | {"index": i, "camera": self._camera.to_dict()} for i in range(count)]
        self.picture = LazyFrames(lambda row: read_image(self._pictures[row]), (count, height, width, 3))
        self.depth = LazyFrames(self._depth, (count, height, width))
        self.pose = self._poses
        self.flow = None if self._poses is None else LazyFrames(lambda row: self._motion(row)[0], (count,))
        self._motion = functools.lru_cache(8)(self._move)

    def occluded(self, row: int) -> np.ndarray:
        """(2, H, W) bool, as `shards.Shard.occluded`."""
        return self._motion(int(row))[1]

    def _depth(self, row: int) -> np.ndarray:
        path = self._depths[row]
        raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        shape = self.depth.shape[1:]
        if raw is None or raw.dtype != np.uint16 or raw.shape != shape:
            raise VeloDepthError(f"{path} is no 16-bit depth of {shape[1]} x {shape[0]} pixels: replace it")
        return raw * np.float32(self._unit)

    def _move(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Flow (2, 2, H, W) to the previous and the next frame, and where it has no partner (2, H, W)."""
        assert self._poses is not None
        depth = self.depth[row]
        height, width = depth.shape
        pixels = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), -1)
        rays = self._camera.rays(width, height).astype(np.float64)
        points = rays / np.maximum(rays[..., 2:], 1e-6) * depth[..., None]
        flow, hidden = np.zeros((2, 2, height, width), np.float32), np.ones((2, height, width), bool)
        for side, other in enumerate((row - 1, row + 1)):
            if not 0 <= other < len(self.frames):
                continue
            pose = np.linalg.inv(self._poses[other]) @ self._poses[row]
            there = points @ pose[:3, :3].T + pose[:3, 3]
            goal = np.nan_to_num(self._camera.project(there), nan=-1e6)
            i, j = (np.floor(goal[..., axis]).astype(int) for axis in (0, 1))
            inside = (i >= 0) & (i < width) & (j >= 0) & (j < height) & (depth > 0)
            found = np.where(inside, self.depth[other][j.clip(0, height - 1), i.clip(0, width - 1)], 0)
            ratio = there[..., 2] / np.maximum(found, 1e-6)
            hidden[side] = ~(inside & (ratio < AGREE) & (ratio > 1 / AGREE))
            flow[side] = np.where(hidden[side], 0, (goal - pixels).transpose(2, 0, 1))
        return flow, hidden


def open_recordings(folder: Path) -> list[RecordedFootage]:
    """The sequences in a folder, by name, or the one that it is itself; none if there are none."""
    if not folder.is_dir():
        raise VeloDepthError(f"{folder} is no folder: give one of shards or of recordings")
    folders = [folder] if (folder / "rgb").is_dir() else sorted(p.parent for p in folder.glob("*/rgb"))
    return [RecordedFootage(each) for each in folders]


def _unit(meta: dict[str, Any], path: Path) -> float:
    """Metres a unit of depth."""
    try:
        return float(meta.get("depth_scale", 0.001))
    except (TypeError, ValueError) as error:
        raise VeloDepthError(f"{path}: depth_scale is no number of metres a unit ({error})") from error


def _poses(path: Path, count: int) -> np.ndarray | None:
    if not path.exists():
        return None
    poses = np.full((count, 4, 4), np.nan)
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            index, *values = line.split()
            poses[int(index)] = np.array(values, float).reshape(4, 4)
    except (ValueError, IndexError) as error:
        raise VeloDepthError(
            f"{path} is not understood ({error}): give a frame's number and 16 values a line"
        ) from error
    if np.isnan(poses).any():
        missing = int(np.argmax(np.isnan(poses).any((1, 2))))
        raise VeloDepthError(f"{path} has no pose for frame {missing}: give one for each, or no file")
    return poses

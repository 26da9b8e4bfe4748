"""Recordings with depth in our own simple layout, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from velodepth.cameras import Pinhole


def write_recording(
    folder: Path,
    pictures: Iterable[np.ndarray],
    depths: Iterable[np.ndarray],
    camera: Pinhole,
    poses: Iterable[np.ndarray] | None = None,
    fps: float | None = None,
) -> None:
    """Writes pictures (H, W, 3) uint8 RGB with depth (H, W) metres, poses (4, 4) camera-to-world."""
    for kind in ("rgb", "depth"):
        (folder / kind).mkdir(parents=True)
    for index, (picture, depth) in enumerate(zip(pictures, depths, strict=True)):
        cv2.imwrite(str(folder / f"rgb/{index:06d}.png"), picture[..., ::-1])
        millimetres = np.rint(1000 * np.asarray(depth, float)).astype(np.uint16)
        cv2.imwrite(str(folder / f"depth/{index:06d}.png"), millimetres)
    intrinsics = {name: getattr(camera, name) for name in ("fx", "fy", "cx", "cy")}
    meta = {"intrinsics": intrinsics, "depth_scale": 0.001, "fps": fps}
    (folder / "meta.json").write_text(json.dumps(meta))
    if poses is not None:
        lines = (f"{index} {' '.join(map(str, pose.ravel()))}" for index, pose in enumerate(poses))
        (folder / "poses.txt").write_text("\n".join(lines))

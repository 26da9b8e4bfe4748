"""Whether the truth of a shard is true: its pictures and depths are carried from frame to frame and compared.

For each frame of a clip and the one before it, over the pixels that are not marked as occluded:

    photometric   |I(x) - g I'(x + flow)|, mean over RGB, of 0..1; g: one factor a pair for the exposure
    geometric     |z' - D'(x + flow)| / z', z': the depth of the pixel's point in the frame before
    disagreement  |flow - flow'| in pixels, where flow' is what depth and pose alone say

What moves by itself rightly fails the last two, as a share of the pixels: the figures are medians over all
pixels of the shard, and for the worst pair the lower quartile of its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from velodepth.cameras import Camera
from velodepth.errors import VeloDepthError
from velodepth.train.shards import Shard

from .lenses import pixel_centres, unit_depth

PHOTOMETRIC, GEOMETRIC, DISAGREEMENT = 0.02, 0.002, 0.02
"""Bounds of the medians."""
WORST_PHOTOMETRIC, WORST_GEOMETRIC, WORST_DISAGREEMENT = 0.06, 0.005, 0.1
"""Bounds of the worst pair's lower quartile."""


@dataclass(frozen=True)
class Errors:
    """Of a shard: (median over pixels, lower quartile of the worst pair) each; see the module."""

    pairs: int
    visible: float  # share of pixels that are not occluded
    photometric: tuple[float, float]
    geometric: tuple[float, float]
    disagreement: tuple[float, float]

    def bad(self) -> list[str]:
        """What is beyond its bounds, in words; empty where the truth holds."""
        bounds = {
            "photometric": (PHOTOMETRIC, WORST_PHOTOMETRIC),
            "geometric": (GEOMETRIC, WORST_GEOMETRIC),
            "disagreement": (DISAGREEMENT, WORST_DISAGREEMENT),
        }
        return [
            f"{name} error {value:.4f} is above {bound:g} ({what})"
            for name, pair in bounds.items()
            for value, bound, what in zip(getattr(self, name), pair, ("median", "worst pair"), strict=True)
            if not value <= bound
        ]


def errors(shard: Shard) -> Errors:
    """Of all pairs of consecutive frames. Raises VeloDepthError where the shard has no clips, or no flow."""
    if shard.picture is None or shard.depth is None or shard.flow is None or shard.pose is None:
        raise VeloDepthError(
            f"{shard.folder} lacks pictures, depth, flow or poses: there is nothing to check"
        )
    rows = [row for row, frame in enumerate(shard.frames) if frame["index"] > 0]
    if not rows:
        raise VeloDepthError(
            f"{shard.folder} has no clips; check one that was rendered with a clip length above 1"
        )
    samples = [_pair(shard, row) for row in rows]
    pooled = np.concatenate([sample for sample, _ in samples], axis=1)
    worst = np.nanmax([np.percentile(sample, 25, axis=1) for sample, _ in samples if sample.size], axis=0)
    median = np.median(pooled, axis=1)
    photometric, geometric, disagreement = zip(median.tolist(), worst.tolist(), strict=True)
    return Errors(
        len(rows), float(np.mean([share for _, share in samples])), photometric, geometric, disagreement
    )


def _pair(shard: Shard, row: int) -> tuple[NDArray[np.float64], float]:
    """The three errors (3, n) of every third pixel that a frame shares with the one before; their share."""
    assert shard.picture is not None and shard.depth is not None
    assert shard.flow is not None and shard.pose is not None
    camera = Camera.from_dict(shard.frames[row]["camera"])
    flow = np.moveaxis(shard.flow[row, 0].astype(np.float64), 0, -1)
    visible = ~shard.occluded(row)[0] & (shard.depth[row] > 0)
    at = (pixel_centres(camera) + flow - 0.5).astype(np.float32)  # array coordinates before
    across, down = np.moveaxis(at, -1, 0)
    carried = [
        cv2.remap(a.astype(np.float32), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for a in (shard.picture[row - 1] / 255.0, shard.depth[row - 1])
    ]
    step = np.linalg.inv(shard.pose[row - 1]) @ shard.pose[row]
    depth = shard.depth[row].astype(np.float64)
    points = unit_depth(camera) * depth[..., None] @ step[:3, :3].T + step[:3, 3]
    with np.errstate(invalid="ignore"):
        by_pose = camera.project(points) - pixel_centres(camera)
    chosen = np.zeros_like(visible)
    chosen.reshape(-1)[::3] = True
    chosen &= visible & (points[..., 2] > 0)
    here, before = shard.picture[row][chosen] / 255.0, carried[0][chosen]
    gain = here.sum() / max(before.sum(), 1e-6) if chosen.any() else 1.0
    z = points[chosen][:, 2]
    sample = np.stack(
        [
            np.abs(here - gain * before).mean(axis=-1),
            np.abs(z - carried[1][chosen]) / z,
            np.nan_to_num(np.linalg.norm(flow - by_pose, axis=-1)[chosen], nan=np.inf),
        ]
    )
    return sample, float(visible.mean())

"""What the step from one canvas to the next shows by itself, before any network runs."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

QUIET = 4.0
"""Grey levels added to a picture's contrast, so that noise on a blank wall does not count as change."""


def remap(map: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Read a map (H, W) at pixel + flow (2, H, W): bilinear, zero outside. Any dtype OpenCV remaps."""
    height, width = map.shape
    u = flow[0] + np.arange(width, dtype=np.float32)
    v = flow[1] + np.arange(height, dtype=np.float32)[:, None]
    return cv2.remap(map, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


class Evidence:
    """One step, weighed when asked.

    before, now: uint8 (H, W) luma of the two canvases; flow: float32 (2, H, W) canvas pixels, now -> before;
    seen_before: uint8 (H, W), 255 where the last keyframe saw the content of a pixel of `before`.
    """

    def __init__(
        self, before: np.ndarray, now: np.ndarray, flow: np.ndarray, seen_before: np.ndarray
    ) -> None:
        self._before, self._now, self._flow, self._seen_before = before, now, flow, seen_before

    def moved(self, every: int = 1) -> float:
        """95th percentile of the flow's length in picture sizes, dx / (W - 1) and dy / (H - 1), over every
        n-th pixel of both axes."""
        height, width = self._now.shape
        x, y = self._flow[:, ::every, ::every] / np.array([width - 1, height - 1], np.float32)[:, None, None]
        return float(np.percentile(np.sqrt(x * x + y * y), 95))

    @cached_property
    def seen(self) -> np.ndarray:
        """uint8 (H, W): 255 where the last keyframe saw what this pixel shows."""
        return remap(self._seen_before, self._flow)

    @property
    def uncovered(self) -> float:
        """Share of the picture that the last keyframe did not see."""
        return 1 - float(self.seen.mean()) / 255

    @cached_property
    def unexplained(self) -> float:
        """Mean |luma - warped luma| over the picture's mean absolute contrast, where the source is inside.

        A change of brightness common to all pixels does not count.
        """
        inside = remap(np.full_like(self._before, 255), self._flow) == 255
        if inside.mean() < 0.05:
            return 1.0
        now = self._now[inside].astype(np.float32)
        change = now - remap(self._before, self._flow)[inside]
        contrast = np.abs(now - now.mean()).mean() + QUIET
        return float(np.abs(change - change.mean()).mean() / contrast)

"""What the step from one canvas to the next shows by itself, before any network runs."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from .motion import Motion

QUIET = 4.0
"""Grey levels added to a picture's contrast, so that noise on a blank wall does not count as change."""
OUTSIDE = np.float32(-1e4)
"""Canvas pixels: a position that is none, and stays none where it is mixed with its neighbours."""
STILL = 0.0015
"""Motion in picture sizes, from frame to frame, of a camera that stands: less than the flow's own noise."""
CHANGED = 0.12
"""Photometric residual, of the range 0..1, from which a pixel shows something else than before."""


class Warp:
    """Reads maps of the last canvas where the flow says that the content of this canvas was.

    flow: float32 (2, H, W), (dx, dy) canvas pixels, this frame -> the last.
    """

    def __init__(self, flow: np.ndarray) -> None:
        _, height, width = flow.shape
        self._u = flow[0] + np.arange(width, dtype=np.float32)
        self._v = flow[1] + np.arange(height, dtype=np.float32)[:, None]

    def linear(self, map: np.ndarray) -> np.ndarray:
        """(H, W) or (H, W, C), bilinear; beyond the border the nearest pixel inside."""
        return self._read(map, cv2.INTER_LINEAR)

    def nearest(self, map: np.ndarray) -> np.ndarray:
        """(H, W), the nearest pixel."""
        return self._read(map, cv2.INTER_NEAREST)

    def sharp(self, map: np.ndarray) -> np.ndarray:
        """(H, W) float32, bicubic, kept between the least and the largest of the 3 x 3 pixels around.

        Bilinear reading blurs a little in every frame, and what is carried is read in every frame.
        """
        around = np.ones((3, 3), np.uint8)
        least, largest = self.nearest(cv2.erode(map, around)), self.nearest(cv2.dilate(map, around))
        return np.clip(self._read(map, cv2.INTER_CUBIC), least, largest)

    @cached_property
    def inside(self) -> np.ndarray:
        """(H, W) bool: the content was in the last canvas."""
        height, width = self._u.shape
        return (self._u >= 0) & (self._u <= width - 1) & (self._v >= 0) & (self._v <= height - 1)

    def after(self, earlier: Warp) -> Warp:
        """From this canvas to the one before last: this warp's step and `earlier`, that before it, in one."""
        both = Warp.__new__(Warp)
        both._u, both._v = (
            np.where(self.inside, self.linear(np.where(earlier.inside, at, OUTSIDE)), OUTSIDE)
            for at in (earlier._u, earlier._v)
        )
        return both

    def _read(self, map: np.ndarray, how: int) -> np.ndarray:
        return cv2.remap(map, self._u, self._v, how, borderMode=cv2.BORDER_REPLICATE)


class Evidence:
    """One step, weighed when asked; what a `Policy` decides by.

    frames: how many frames ago the network last looked, at least 1. flow: (2, H, W) canvas pixels, this
    frame -> the last. luma, last_luma: uint8 (H, W). motion: the camera's, or None where it is not known.
    precision: (H, W) float32, how many looks stand behind what is carried here, 0 where nothing was seen.
    """

    def __init__(
        self,
        frames: int,
        flow: np.ndarray,
        warp: Warp,
        last_luma: np.ndarray,
        luma: np.ndarray,
        motion: Motion | None,
        precision: np.ndarray,
    ) -> None:
        self.frames = frames
        self._flow, self._warp, self._motion, self._precision = flow, warp, motion, precision
        self._luma = luma.astype(np.float32)
        self._change = self._luma - warp.linear(last_luma.astype(np.float32))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """Of the flow at every 4th pixel, dx / (W - 1) and dy / (H - 1)."""
        height, width = self._luma.shape
        x, y = self._flow[:, ::4, ::4] / np.array([width - 1, height - 1], np.float32)[:, None, None]
        return np.sqrt(x * x + y * y)

    @cached_property
    def moved(self) -> float:
        """95th percentile of the flow's length in picture sizes, over every 4th pixel."""
        return float(np.percentile(self._lengths, 95))

    @cached_property
    def travelled(self) -> float:
        """Median of the flow's length, in picture sizes, over every 4th pixel that did not move by itself."""
        follows = self.independent[::4, ::4] < 0.5
        return float(np.median(self._lengths[follows])) if follows.any() else self.moved

    @property
    def rest(self) -> float:
        """0..1: how surely the camera stands: 1 where it `travelled` less than STILL, 0 from twice that."""
        return min(1.0, max(0.0, 2 - self.travelled / STILL))

    @cached_property
    def uncovered(self) -> float:
        """Share of the picture that no look has seen."""
        return float((self._precision < 0.5).mean())

    @cached_property
    def unexplained(self) -> float:
        """Mean |luma - warped luma| over the picture's mean absolute contrast, where the source is inside.

        A change of brightness common to all pixels does not count. 1 where next to nothing is inside.
        """
        inside = self._warp.inside
        if inside.mean() < 0.05:
            return 1.0
        now, change = self._luma[inside], self._change[inside]
        contrast = np.abs(now - now.mean()).mean() + QUIET
        return float(np.abs(change - change.mean()).mean() / contrast)

    @cached_property
    def residual(self) -> np.ndarray:
        """(H, W) float32: |luma - warped luma| of 0..1, less what is common to all, blurred (sigma 1.5)."""
        inside = self._warp.inside
        common = float(self._change[inside].mean()) if inside.any() else 0.0
        return cv2.GaussianBlur(np.abs(self._change - common) / 255, (0, 0), 1.5)

    @cached_property
    def independent(self) -> np.ndarray:
        """(H, W) float32, 0..1: moved by itself, i.e. not as the camera's own motion would move it."""
        if self._motion is None:
            return np.zeros(self._luma.shape, np.float32)
        return self._warp.inside * (1 - self._motion.follows)

    @cached_property
    def moving(self) -> float:
        """Share of the picture that moved by itself or shows something else than before; 1 where the camera's
        motion is not known, since nothing can then be told apart."""
        if self._motion is None:
            return 1.0
        return float(np.maximum(self.independent, self.residual > CHANGED).mean())

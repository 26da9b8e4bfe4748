"""The cross-fade of a new keyframe: what was shown gives way over several frames, along the flow."""

from __future__ import annotations

import numpy as np

from .evidence import remap

WHOLE, NONE = 0.35, 0.7
"""Log ratios up to the first are faded whole, beyond the second not at all: there something else came into
view, e.g. at a moved edge. In between the share falls evenly, so that no border shows."""


class Fade:
    """The log ratio between what was shown and what the keyframe says, carried along and let go.

    shown: float32 (H, W) radius shown for the frame before; radius: float32 (H, W) of the new keyframe; flow:
    (2, H, W) canvas pixels between them; frames: over how many frames the keyframe takes over.
    """

    def __init__(self, shown: np.ndarray, radius: np.ndarray, flow: np.ndarray, frames: int) -> None:
        offset = remap(np.log(shown), flow) - np.log(radius)
        known = remap(np.ones_like(shown), flow) > 0.999
        share = np.clip((NONE - np.abs(offset)) / (NONE - WHOLE), 0, 1)
        self._offset = np.where(known, offset * share, 0).astype(np.float32)
        self._frames, self._left = frames, frames

    def advance(self, flow: np.ndarray) -> bool:
        """Go one frame on; False when nothing is left to fade."""
        self._left -= 1
        if self._left > 0:
            self._offset = remap(self._offset, flow)
        return self._left > 0

    def apply(self, radius: np.ndarray) -> tuple[np.ndarray, float]:
        """Radius (H, W) -> the radius to show, and the median factor between them."""
        offset = self._offset * np.float32(self._left / (self._frames + 1))
        return radius * np.exp(offset), float(np.exp(np.median(offset[::4, ::4])))

"""Optical flow between consecutive canvases.

A flow is any callable (previous, current) -> field: both uint8 (H, W, 3) RGB of the canvas's size, the field
float32 (2, H, W), (dx, dy) in canvas pixels, saying where the content of each pixel of `current` was
in `previous`. A learned one fits the same shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np

from ..errors import VeloDepthError

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]


STANDS, SLIGHT, ALIKE = 0.35, 1.0, 4.0
"""Canvas pixels: motion of most of a picture that stands, of a pixel that may; grey levels of change."""


class DisFlow:
    """Dense inverse search (Kroeger et al., arXiv 1603.03590), OpenCV's FAST preset: about 2 ms a frame.

    Not shared between threads; each stream makes its own.
    """

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def __call__(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        now, before = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (current, previous))
        field = self._search.calc(now, before, None)  # type: ignore[call-overload]
        return np.ascontiguousarray(field.transpose(2, 0, 1))


class NoFlow:
    """Nothing moves: for a camera and a scene that stand still."""

    def __call__(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        return np.zeros((2, *current.shape[:2]), np.float32)


class GivenFlow:
    """Fields computed elsewhere, one for each frame after the first, in order.

    fields: iterable of float (2, H, W) in canvas pixels.
    Raises VeloDepthError when a field has another size, is not finite, or none is left.
    """

    def __init__(self, fields: Iterable[np.ndarray]) -> None:
        self._fields = enumerate(fields, 1)

    def __call__(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        try:
            index, field = next(self._fields)
        except StopIteration:
            raise VeloDepthError(
                "the given flow has fewer fields than the clip has frames after its first: give one for each."
            ) from None
        field = np.asarray(field, np.float32)
        expected = (2, *current.shape[:2])
        if field.shape != expected:
            raise VeloDepthError(
                f"the given flow for frame {index} has shape {field.shape}, but the canvas needs {expected}: "
                "resize the field and scale its vectors."
            )
        if not np.isfinite(field).all():
            raise VeloDepthError(
                f"the given flow for frame {index} holds NaN or infinity: fill those pixels."
            )
        return field


def steadied(flow: np.ndarray, last_luma: np.ndarray, luma: np.ndarray) -> np.ndarray:
    """Flow (2, H, W) without its noise: where most of a picture stands, zero for what looks as before.

    last_luma, luma: uint8 (H, W). Otherwise what is carried would wander, a fraction of a pixel a frame.
    """
    length = np.hypot(flow[0], flow[1])
    if np.median(length[::4, ::4]) > STANDS:
        return flow
    change = cv2.GaussianBlur(cv2.absdiff(luma, last_luma).astype(np.float32), (0, 0), 1.5)
    return np.where((length < SLIGHT) & (change < ALIKE), np.float32(0), flow)

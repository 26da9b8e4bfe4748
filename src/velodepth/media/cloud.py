"""Which points of a frame are worth writing, and with which colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from velodepth.errors import VeloDepthError

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

EDGE = 1.15
"""A pixel more than so many times as far as one beside it hangs in the air between two things."""
KEPT = ("clean", "all", "none")


@dataclass(frozen=True)
class Cloud:
    """The points of a frame that are written.

    kept: "clean" leaves out those that hang in the air at the edges of things, where depth goes over from the
    near to the far one; "all" leaves out only pixels without a finite point; "none" all, where points are one
    thing of several (bag, rerun). stride: every so many pixels of a row, and every so many rows.
    Raises VeloDepthError for another `kept`, or a stride below 1.
    """

    kept: str = "clean"
    stride: int = 1

    def __post_init__(self) -> None:
        if self.kept not in KEPT:
            raise VeloDepthError(f"no points are called {self.kept!r}: choose from {', '.join(KEPT)}")
        if self.stride < 1:
            raise VeloDepthError(f"points of every {self.stride}th pixel cannot be written: give 1 or more")

    def map(self, frame: DepthFrame) -> tuple[np.ndarray, np.ndarray]:
        """Points (h, w, 3) float32 in metres, camera axes, NaN where left out, and their colours (h, w, 3)
        uint8, of every so many pixels."""
        some = slice(None, None, self.stride)
        is_left_out = ~np.isfinite(frame.points).all(axis=2)
        if self.kept == "clean":
            is_left_out |= in_the_air(frame.metres, math.ceil(frame.coarseness))
        points = frame.points[some, some].copy()
        points[is_left_out[some, some]] = np.nan
        return points, frame.picture[some, some]

    def list(self, frame: DepthFrame) -> tuple[np.ndarray, np.ndarray]:
        """The same without what is left out, row by row: points (N, 3) and colours (N, 3)."""
        points, colours = self.map(frame)
        known = np.isfinite(points[..., 0])
        return points[known], colours[known]


def in_the_air(depth: np.ndarray, reach: int = 1) -> np.ndarray:
    """Where depth (H, W) is more than `EDGE` times that of a pixel up to `reach` beside, above or below it.

    Unknown depth (not finite, not positive) is beside nothing. Returns bool (H, W).
    """
    known = np.isfinite(depth) & (depth > 0)
    far = np.where(known, depth, np.inf).astype(np.float32)
    cross = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    cross[reach], cross[:, reach] = 1, 1
    return known & (far > EDGE * cv2.erode(far, cross))

"""Letterbox and pillarbox bars: which part of a picture is the picture."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

BLACK, SPREAD = 40, 10
"""Grey levels: a bar is darker than the first, and its pixels differ by less than the second."""
PURE, FULL = 0.995, 0.5
"""Share of dark pixels in each line of a bar, at least; and in the lines beside it, at most: what is dark in
part is a scene."""
MIXED = 0.1  # share of dark pixels that the first line beside a bar has more than the next one
LARGEST, STRIP = 0.4, 0.02  # of the side: a bar, and the lines beside it that are looked at
SAME = 2  # pixels by which bars on both sides may differ, or a tenth of them
PATIENCE = 3  # pictures in a row that must show other bars
ENOUGH = 160  # pixels of a line that are looked at


class Area(NamedTuple):
    """Where the picture lies in its frame: how many lines of pixels are bars on each side."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The picture (H, W, ...) without its bars, a view."""
        height, width = picture.shape[:2]
        return picture[self.top : height - self.bottom, self.left : width - self.right]


WHOLE = Area()


class Bars:
    """Follows the bars of a video.

    Bars are black, even, as thick on one side as on the other (within a tenth), and end in a straight edge: a
    dark ceiling or a title on black is none. The first picture that shows something tells at once; later ones
    change the area where they agree three times in a row. A picture in which nothing can be told (black, or
    dark beside the bars) changes nothing.
    """

    def __init__(self) -> None:
        self.area = WHOLE
        self._is_known = False
        self._candidate, self._count = WHOLE, 0

    def follow(self, picture: np.ndarray) -> Area:
        """The area of the next picture, (H, W, 3) uint8 RGB."""
        found = find(picture, self.area)
        if found is None or _alike(found, self.area):
            self._is_known = self._is_known or found is not None
            self._count = 0
            return self.area
        self._count = self._count + 1 if _alike(found, self._candidate) else 1
        self._candidate = found
        if not self._is_known or self._count >= PATIENCE:
            self.area, self._is_known, self._count = found, True, 0
        return self.area


def find(picture: np.ndarray, before: Area = WHOLE) -> Area | None:
    """The area that one picture (H, W, 3) uint8 RGB shows; None where nothing can be told.

    before: bars that are there still stay, also where the scene beside them is dark in part.
    """
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    columns, rows = (max(1, side // ENOUGH) for side in (width, height))
    vertical = _pair(_dark(grey[:, ::columns], axis=1), before.top, before.bottom)
    if vertical is None:
        return None
    horizontal = _pair(
        _dark(grey[vertical[0] : height - vertical[1] : rows], axis=0), before.left, before.right
    )
    return None if horizontal is None else Area(*vertical, *horizontal)


def _dark(grey: np.ndarray, axis: int) -> np.ndarray:
    """For each line across, the share of its pixels that are as black as the border is."""
    level = float(np.median(np.take(grey, (0, -1), axis=1 - axis)))
    if level > BLACK:
        return np.zeros(grey.shape[1 - axis])
    near = cv2.absdiff(grey, np.full_like(grey, round(level))) < SPREAD
    return near.mean(axis=axis)


def _pair(dark: np.ndarray, *before: int) -> tuple[int, int] | None:
    """Bars at both ends of an axis."""
    ends = [_bar(dark, before[0]), _bar(dark[::-1], before[1])]
    if None in ends:
        return None
    first, second = (end or 0 for end in ends)
    if min(first, second) == 0 or abs(first - second) > max(SAME, max(first, second) / 10):
        return 0, 0
    return first, second


def _bar(dark: np.ndarray, before: int) -> int | None:
    """Lines of the bar at the beginning; None where dark lines end in darkness."""
    size = len(dark)
    count = int(np.argmax(dark < PURE)) if (dark < PURE).any() else size
    if count == 0:
        return 0
    if before and abs(count - before) <= SAME:
        return before
    strip = dark[count + 1 : count + 1 + max(2, round(STRIP * size))]
    if count > LARGEST * size or not len(strip):
        return None
    if strip.mean() > FULL:
        return before if 0 < before <= count else None  # the scene is dark there
    mixed = dark[count] > dark[count + 1] + MIXED  # where bar and picture meet, scaling mixes them
    return count + 1 if mixed else count


def _alike(a: Area, b: Area) -> bool:
    return all(abs(x - y) <= SAME for x, y in zip(a, b, strict=True))

"""What a picture shows by itself: nothing at all, or two scenes at once."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

SIZE = (48, 27)  # pixels of a thumbnail, width and height
NOTHING, PLENTY = 4.0, 30.0
"""Standard deviation of a thumbnail, grey levels: below the first a picture shows nothing (black, a white
flash, fog), at the second plenty."""
LAGS = (6, 12, 24)  # pictures over which a dissolve is looked for: it lasts from half to four times as long
OTHER = 0.85  # likeness below which two pictures show different things
BLEND = 0.25
"""Mean difference of the picture in the middle from the best blend of those before and after it, over theirs
from each other: motion makes it 0.3 to 0.7, a dissolve 0.01 to 0.1."""
MIDDLE = (0.25, 0.75)  # share of the later picture in that blend


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """(27, 48) float32 grey levels of a picture (H, W, 3) uint8 RGB."""
    small = cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def content(thumb: np.ndarray) -> float:
    """How much a thumbnail shows: 0, nothing, to 1, plenty, and beyond."""
    return max(0.0, (float(thumb.std()) - NOTHING) / (PLENTY - NOTHING))


def likeness(before: np.ndarray, now: np.ndarray) -> float:
    """Largest correlation, up to 1, of the middle of one thumbnail with any place of another."""
    height, width = before.shape
    middle = before[height // 5 : height - height // 5, width // 5 : width - width // 5]
    return float(cv2.matchTemplate(now, middle, cv2.TM_CCOEFF_NORMED).max())


class Dissolve:
    """Notices that one scene gives way to another slowly, and when it has.

    In a dissolve each picture is a blend of one before and one after it, and those are unlike each other. A
    fade is none, since there is one scene only, nor is a pan, since nothing is a blend of two places.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another scene begins."""
        self._thumbs: deque[np.ndarray] = deque(maxlen=max(LAGS) + 1)
        self._lag: int | None = None

    def is_over(self, thumb: np.ndarray) -> bool:
        """Whether a dissolve has ended with this thumbnail, the next of its video that shows anything."""
        self._thumbs.append(thumb)
        blended = [lag for lag in LAGS if self._is_blend(lag)]
        if self._lag is None or (blended and blended[0] < self._lag):
            self._lag = blended[0] if blended else None
        return self._lag is not None and self._lag not in blended

    def _is_blend(self, lag: int) -> bool:
        if len(self._thumbs) <= lag:
            return False
        first, middle, last = (self._thumbs[-1 - back] for back in (lag, lag // 2, 0))
        change = last - first
        share = float((change * (middle - first)).sum() / max(float((change * change).sum()), 1e-6))
        if not MIDDLE[0] < share < MIDDLE[1]:
            return False
        rest = np.abs(middle - first - share * change).mean()
        return bool(rest < BLEND * np.abs(change).mean()) and likeness(first, last) < OTHER

"""What stands still and what moves by itself: pumping of the one, freshness of the other.

Source of every formula: docs/evaluation.md, section Steady and fresh. Maps are (H, W), depth in metres; g is
true depth, p predicted depth. All of it runs frame by frame in constant memory: what needs a whole video
keeps at most so many frames of it, evenly spaced (`Thinned`), on a coarse grid of pixels.

A predicted pixel is usable if it is finite and positive. What becomes of one that is not is said at each.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import cv2
import numpy as np

from .consistency import Pair, TrueMotion
from .metrics import DISC, edges

GRID = 40_000  # points of the coarse grid, at most
SAME = 10.0  # grey levels: a point of the picture that varies less has not changed
STANDS = 0.5  # share of the points that stay the same, from which on a camera stands
NEARER = 0.85  # of what was there before: something moved in front of it
MOVING = 500  # pixels of a frame, at least, that `moving_delta1` is measured on
FRESH = 1.1  # ratio to the per-frame network within which a thing counts as seen
ABSENT = 4  # frames for which a thing was not there, before it counts as one that appears
PATCHES = 16  # across the picture, for `still_step`


def coarse(values: np.ndarray) -> np.ndarray:
    """Every n-th pixel of a map (H, W), both ways: at most GRID of them."""
    n = _step(values.shape)
    return values[n // 2 :: n, n // 2 :: n]


def coarse_luma(picture: np.ndarray) -> np.ndarray:
    """Brightness uint8 of a picture (H, W, 3) uint8 at the points of `coarse`, mean of what each is for."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    n = _step(grey.shape)
    return coarse(cv2.blur(grey, (n, n)))


def _step(shape: tuple[int, ...]) -> int:
    height, width = shape
    n = max(1, math.isqrt(height * width // GRID))
    while math.ceil(height / n) * math.ceil(width / n) > GRID:
        n += 1
    return n


class Thinned:
    """At most `most` (even) frames of a video of any length, evenly spaced; all of a shorter one."""

    def __init__(self, most: int) -> None:
        self._most, self._every, self._seen = most, 1, 0
        self.frames: list[np.ndarray] = []

    def add(self, frame: np.ndarray) -> None:
        if self._seen % self._every == 0:
            if len(self.frames) == self._most:
                self.frames, self._every = self.frames[::2], 2 * self._every
            self.frames.append(frame.copy())
        self._seen += 1

    def median(self) -> np.ndarray:
        """Over time (H, W) float64, NaN left out; NaN where there is nothing else."""

        def middle(values: np.ndarray) -> np.ndarray:
            known = np.isfinite(values).any(axis=0)
            out = np.full(known.shape, np.nan)
            if known.any():
                out[known] = np.nanmedian(values[:, known], axis=0)
            return out

        return self._by_row(middle)

    def range(self) -> np.ndarray:
        """95th less 5th percentile over time (H, W) float64; infinity where a value is not finite."""

        def spread(values: np.ndarray) -> np.ndarray:
            finite = np.isfinite(values).all(axis=0)
            low, high = np.percentile(np.where(finite, values, 0), [5, 95], axis=0)
            return np.where(finite, high - low, np.inf)

        return self._by_row(spread)

    def _by_row(self, figure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Of (T, W) float64, a row of all frames: so little is held twice."""
        return np.stack([figure(np.stack(row).astype(np.float64)) for row in zip(*self.frames, strict=True)])


def stands(lumas: Thinned) -> bool:
    """Whether the camera stands, by its pictures alone: at least half of all points stay the same."""
    return bool((lumas.range() <= SAME).mean() >= STANDS)


class StillRange:
    """still_range: per point that stays the same in the picture (95th less 5th percentile over time of its
    brightness at most 10 grey levels), 95th less 5th percentile over time of ln p; median over these points.

    Needs no truth. Over at most 256 frames of a sequence, evenly spaced. A point whose prediction is not
    usable on one of them varies without end. NaN where no point stays the same.
    """

    def __init__(self) -> None:
        self._logs, self._lumas = Thinned(256), Thinned(256)

    def add(self, depth: np.ndarray, brightness: np.ndarray) -> None:
        """depth: (H, W); brightness: its `coarse_luma`."""
        self._logs.add(_log(coarse(depth)).astype(np.float32))
        self._lumas.add(brightness)

    def figure(self) -> float:
        same = self._lumas.range() <= SAME
        return float(np.median(self._logs.range()[same])) if same.any() else math.nan


class StillStep:
    """still_step: of square patches, a sixteenth of the picture wide, the largest change of depth within a
    second: max over patches and frames of the largest less the smallest mean ln p of the last second.

    Only of patches that stay the same for that second: at least 95 % of their points vary by at most 10 grey
    levels. Needs no truth. A prediction that is not usable changes without end. NaN where no patch stays.
    """

    def __init__(self, frame_rate: float) -> None:
        window = max(2, round(frame_rate) + 1)
        self._means: deque[np.ndarray] = deque(maxlen=window)
        self._lumas: deque[np.ndarray] = deque(maxlen=window)
        self._most = math.nan

    def add(self, depth: np.ndarray, brightness: np.ndarray) -> None:
        """depth: (H, W); brightness: its `coarse_luma`."""
        self._means.append(_patches(_log(coarse(depth))))
        self._lumas.append(brightness)
        lumas = np.stack(self._lumas).astype(np.float64)
        still = _patches((np.ptp(lumas, axis=0) <= SAME).astype(np.float64)) >= 0.95
        if len(self._means) > 1 and still.any():
            means = np.stack(self._means)[:, still]
            change = np.where(np.isfinite(means).all(axis=0), np.ptp(np.nan_to_num(means), axis=0), np.inf)
            self._most = float(np.fmax(self._most, change.max()))

    def figure(self) -> float:
        return self._most


def _patches(values: np.ndarray) -> np.ndarray:
    """Mean (n,) of each whole square patch of a coarse map; infinite or NaN with one of its points."""
    side = max(1, values.shape[1] // PATCHES)
    rows, columns = values.shape[0] // side, values.shape[1] // side
    whole = values[: rows * side, : columns * side]
    with np.errstate(invalid="ignore"):
        return whole.reshape(rows, side, columns, side).mean(axis=(1, 3)).reshape(-1)


def jumps(depth: np.ndarray) -> float:
    """Share of the points that differ by more than a factor of 1.1 from their right or lower neighbour, on
    the coarse grid of a depth map (H, W): how sharp it is. Needs no truth.

    A prediction that is not usable makes a jump beside one that is.
    """
    p = coarse(depth)
    with np.errstate(invalid="ignore"):
        p = np.where(np.isfinite(p), np.maximum(p, 0), 0)
    return float(edges(p, np.ones(p.shape, bool)).mean())


def moved_in(depth: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Where a standing camera sees something in front of what it mostly sees, bool (H, W).

    Depth below .85 of its median over time; False where either is not known (not positive and finite).
    """
    with np.errstate(invalid="ignore"):
        return (depth > 0) & (depth < NEARER * background) & np.isfinite(background)


def moved_by_itself(motion: TrueMotion, truth: Pair, valid: Pair) -> np.ndarray:
    """Where something moved in front of what was there, before a camera that moves too; bool (H, W).

    Truth below .85 of the nearest truth of the previous frame that `motion` moves within 2 px of the pixel,
    as far as poses and edges are off. False where nothing lands.
    """
    landed = motion.carried(np.where(valid[0], truth[0], 0))
    nearest = cv2.erode(landed, DISC, borderType=cv2.BORDER_REPLICATE)
    return valid[1] & moved_in(truth[1], nearest)


def moving_delta1(depth: np.ndarray, truth: np.ndarray, moving: np.ndarray) -> float:
    """Share of max(g/p, p/g) < 1.25 over the moving pixels; NaN where there are fewer than 500.

    depth, truth: (H, W), depth aligned on the whole frame (kind `si`). A prediction that is not usable is
    wrong.
    """
    count = np.count_nonzero(moving)
    if count < MOVING:
        return math.nan
    p, g = depth[moving], truth[moving]
    with np.errstate(invalid="ignore"):
        return np.count_nonzero((p < 1.25 * g) & (g < 1.25 * p)) / count


class Freshness:
    """fresh: how many frames after something appears its depth is what the per-frame network says; median.

    Of each coarse point and each time that something appears there: frames until p is within 10 % of the
    network's n, after the median ln p - ln n of the frame is taken out; 0: at once. Where it leaves or the
    video ends before that: the frames it was there. Something appears where it is there (`add`) after at
    least four frames without.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(1, np.int64)  # appearances by frames waited
        self._absent: np.ndarray | None = None  # frames without anything
        self._age: np.ndarray | None = None  # frames since it appeared
        self._waiting: np.ndarray | None = None

    def add(self, depth: np.ndarray, network: np.ndarray, there: np.ndarray) -> None:
        """The next frame on the coarse grid: the stream's depth, the per-frame network's, and where something
        is that moved in, bool."""
        if self._absent is None or self._age is None or self._waiting is None:
            self._absent, self._age = np.zeros(there.shape, int), np.zeros(there.shape, int)
            self._waiting = np.zeros(there.shape, bool)
        ratio = _log(depth) - _log(network)
        known = np.isfinite(ratio)
        level = np.median(ratio[known]) if known.any() else 0.0
        seen = known & (np.abs(np.where(known, ratio - level, 0)) < math.log(FRESH))
        appears = there & (self._absent >= ABSENT)
        self._age[appears] = 0
        self._waiting |= appears
        done = self._waiting & (seen | ~there)
        self._count(self._age[done])
        self._waiting &= ~done
        self._age[self._waiting] += 1
        self._absent = np.where(there, 0, self._absent + 1)

    def figure(self) -> float:
        """NaN where nothing appeared. After the last frame."""
        if self._waiting is not None and self._age is not None:
            self._count(self._age[self._waiting])
            self._waiting[:] = False
        total = self._counts.sum()
        if not total:
            return math.nan
        upto = self._counts.cumsum()
        middle = [int(np.searchsorted(upto, rank, side="right")) for rank in ((total - 1) // 2, total // 2)]
        return sum(middle) / 2

    def _count(self, ages: np.ndarray) -> None:
        more = np.bincount(ages)
        size = max(len(more), len(self._counts))
        self._counts = np.pad(self._counts, (0, size - len(self._counts)))
        self._counts[: len(more)] += more


def _log(depth: np.ndarray) -> np.ndarray:
    """ln of depth, NaN where it is not positive and finite."""
    usable = np.isfinite(depth) & (depth > 0)
    return np.where(usable, np.log(np.where(usable, depth, 1), dtype=np.float64), np.nan)

"""Steadiness: predictions of a video against each other, pair by pair, so in constant memory.

Source of every formula: docs/evaluation.md, section Consistency. Maps are (H, W), depth in metres, both
pictures of a pair at one size; g is true depth, p predicted depth. None of these needs the model to be right.
Truth says only which pixels to compare; where none are left the answer is NaN. What there is of both pictures
is given as a `Pair`: of the previous picture, of the current one. A `TrueMotion` leads from that to this.

A predicted pixel is usable if it is finite and positive. What becomes of one that is not is said at each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .geometry import Grid

_AGREE = 1.05

Pair = tuple[np.ndarray, np.ndarray]
"""Maps of the previous picture and of the current one."""


class TrueMotion:
    """A camera that moved in a world that did not: where pixels of one picture lie in another.

    grid: the pixels and camera of both. pose, pose_to: (4, 4) camera-to-world of the picture that pixels are
    taken from and of the one they are moved to; metres.
    """

    def __init__(self, grid: Grid, pose: np.ndarray, pose_to: np.ndarray) -> None:
        self.grid = grid
        self._poses = pose, pose_to

    @cached_property
    def reversed(self) -> TrueMotion:
        """From the other picture to this one."""
        return TrueMotion(self.grid, *self._poses[::-1])

    @cached_property
    def _steps(self) -> list[tuple[np.ndarray, float]]:
        """For x, y and z: (a, b) so that depth d of a pixel becomes a d + b; a is (H, W)."""
        pose, pose_to = self._poses
        relative = np.linalg.solve(pose_to, pose)
        x, y = self.grid.directions
        return [(row[0] * x + row[1] * y + row[2], row[3]) for row in relative[:3]]

    def land(self, depth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Where the pixels of a depth map (H, W) lie in the other picture.

        Returns (source (n,) flat index of the pixel, u (n,) and v (n,) in the other picture, z (n,) depth
        there) of those that are usable and land in the picture, in row-major order.
        """
        usable = np.where(depth > 0, depth, np.nan)
        x, y, z = (a * usable + b for a, b in self._steps)
        u, v = self.grid.project(x, y, z)
        source = np.flatnonzero((z > 0) & _inside(u, v, depth.shape))
        return source, u.take(source), v.take(source), z.take(source)

    def carried(self, depth: np.ndarray) -> np.ndarray:
        """Depth (H, W) float64 as seen from the other picture: of the points that land on a pixel the nearest
        (z-buffer), infinity where none does. Points that are not usable land nowhere."""
        _, u, v, z = self.land(depth)
        seen = np.full(depth.shape, np.inf)
        np.minimum.at(seen.reshape(-1), _pixel(u, v, self.grid.width), z)
        return seen

    def laid_over(self, depth: np.ndarray) -> np.ndarray:
        """As `carried`, but of the points that land on a pixel the last in row-major order stays."""
        _, u, v, z = self.land(depth)
        seen = np.full(depth.shape, np.inf)
        seen.reshape(-1)[_pixel(u, v, self.grid.width)] = z
        return seen


def steady(motion: TrueMotion, truth: Pair, valid: Pair) -> np.ndarray:
    """Pixels of the current picture that are neither newly seen nor moving, bool (H, W).

    Valid, hit by valid truth of the previous picture, and the two true depths within 5 % of each other.
    """
    moved = motion.carried(np.where(valid[0], truth[0], 0))
    return valid[1] & _agree(moved, truth[1])


def tau5(motion: TrueMotion, depth: Pair, where: np.ndarray) -> float:
    """Share of the steady pixels, of those that a predicted point of the previous picture hits, where its
    moved depth and the current prediction have max ratio < 1.05.

    depth: predicted. where: the steady pixels. A current prediction that is not usable disagrees; a previous
    one hits nothing.
    """
    moved = motion.carried(depth[0])
    hit = where & np.isfinite(moved)
    return _share(hit & _agree(moved, depth[1]), hit)


def tae(motion: TrueMotion, depth: Pair, valid: Pair) -> float:
    """Temporal alignment error of Video Depth Anything (arXiv 2501.12375) of a pair, x 100.

    Mean |moved previous - current| / current over the valid pixels that are hit (nearest pixel, no z-buffer);
    the same from current to previous; the mean of both. depth: after one scale and shift in disparity for the
    sequence (kind `disparity`). Where the prediction in the denominator is not usable the error is 1.
    """
    forward = _moved_error(motion.laid_over(depth[0]), depth[1], valid[1])
    backward = _moved_error(motion.reversed.laid_over(depth[1]), depth[0], valid[0])
    return 100 * _mean(np.array([e for e in (forward, backward) if not math.isnan(e)]))


@dataclass(frozen=True, eq=False)
class Matches:
    """Pixels of the current picture and where their content was in the previous one: backward flow.

    Truth is known at both ends of each match.
    """

    shape: tuple[int, int]
    pixel: np.ndarray  # (n,) flat index in the current picture
    u: np.ndarray  # (n,) float64, in the previous picture
    v: np.ndarray

    @classmethod
    def moved(cls, motion: TrueMotion, truth: Pair, valid: Pair) -> Matches:
        """By true depth and poses: what is still and seen in both pictures.

        Pixels of the current picture moved into the previous one, where its true depth is within 5 % of
        theirs.
        """
        source, u, v, z = motion.reversed.land(np.where(valid[1], truth[1], 0))
        there = _pixel(u, v, truth[1].shape[1])
        same = np.flatnonzero(valid[0].take(there) & _agree(z, truth[0].take(there)))
        return cls(truth[1].shape, source.take(same), u.take(same), v.take(same))

    @classmethod
    def flowed(
        cls, flow: np.ndarray, flow_valid: np.ndarray, previous_truth: np.ndarray, both_valid: Pair
    ) -> Matches:
        """By true flow from the previous picture to the current one: (2, H, W), (dx, dy) in pixels of it.

        Turned round: a pixel of the current picture takes the negative vector of the pixel that lands on it,
        of several the truly nearest.
        """
        previous_valid, valid = both_valid
        height, width = valid.shape
        u, v = flow[0] + (np.arange(width) + 0.5), flow[1] + (np.arange(height) + 0.5)[:, None]
        source = np.flatnonzero(flow_valid & previous_valid & _inside(u, v, valid.shape))
        target = _pixel(u.take(source), v.take(source), width)
        depth = previous_truth.take(source)
        nearest = np.full(height * width, np.inf)
        np.minimum.at(nearest, target, depth)
        wins = depth == nearest.take(target)
        source, target = source[wins], target[wins]
        winner = np.full(height * width, -1)
        winner[target] = source  # one of those that are equally near
        pixel = np.flatnonzero((winner >= 0) & valid.reshape(-1))
        dx, dy = flow.reshape(2, -1)[:, winner.take(pixel)].astype(np.float64)
        u, v = pixel % width + 0.5 - dx, pixel // width + 0.5 - dy
        known = np.flatnonzero(_inside(u, v, valid.shape))
        known = known[previous_valid.take(_pixel(u[known], v[known], width))]
        return cls(valid.shape, pixel[known], u[known], v[known])

    @classmethod
    def still(cls, valid: np.ndarray) -> Matches:
        """Of a still camera: each pixel with itself. valid: in truth of both pictures."""
        pixel = np.flatnonzero(valid)
        return cls(valid.shape, pixel, pixel % valid.shape[1] + 0.5, pixel // valid.shape[1] + 0.5)

    def here(self, current: np.ndarray) -> np.ndarray:
        """Values (n,) of a map (H, W) of the current picture."""
        return current.take(self.pixel)

    def nearest(self, previous: np.ndarray) -> np.ndarray:
        """Values (n,) of a map (H, W) of the previous picture, at the nearest pixel."""
        return previous.take(self._nearest)

    def both(self, maps: Pair) -> Pair:
        """Values (n,) of maps (H, W), each at its nearest pixel."""
        return self.nearest(maps[0]), self.here(maps[1])

    def bilinear(self, previous: np.ndarray) -> np.ndarray:
        """Values (n,) float64 of a map (H, W) of the previous picture, between the four nearest pixels; those
        with no weight may be anything."""
        values = previous.reshape(-1)
        pixel, weight = self._corners[0]
        blend = values.take(pixel) * weight
        for pixel, weight in self._corners[1:]:
            blend += values.take(pixel) * weight
        return blend

    @cached_property
    def _nearest(self) -> np.ndarray:
        return _pixel(self.u, self.v, self.shape[1])

    @cached_property
    def _corners(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The four pixels around each match, as flat indices, and their weights."""
        height, width = self.shape
        x, y = np.clip(self.u - 0.5, 0, width - 1), np.clip(self.v - 0.5, 0, height - 1)
        left, top = x.astype(np.intp), y.astype(np.intp)
        x, y = x - left, y - top
        right, down = x > 0, (y > 0) * width  # no step where it has no weight: never beyond the border
        first = top * width + left
        return [
            (first, (1 - x) * (1 - y)),
            (first + right, x * (1 - y)),
            (first + down, (1 - x) * y),
            (first + right + down, x * y),
        ]


def tau5_flow(matches: Matches, depth: Pair, truth: Pair) -> float:
    """`tau5` where there are no poses: share of the matches where (p_t / p_{t-1}) / (g_t / g_{t-1}) and its
    inverse are below 1.05. A prediction that is not usable, in either picture, disagrees."""
    (q, p), (h, g) = matches.both(depth), matches.both(truth)
    with np.errstate(invalid="ignore"):
        agree = _agree(p * h, q * g)
    return _share(agree, np.ones_like(agree))


def opw(matches: Matches, depth: Pair, pictures: Pair) -> float:
    """Mean over the matches of w |p_t - warp(p_{t-1})|, in m, with w = exp(-50 |I_t - warp(I_{t-1})|).

    warp: bilinear along the flow; |I - I'|: mean over the channels, of pictures in 0..1. The weights are not
    normalised, as in its source (Wang et al., "Less is more", AAAI 2022). depth: after one scale for the
    sequence (kind `si`); pictures: uint8 (H, W, 3), of the maps' size. Matches with a prediction that is not
    usable are left out.
    """
    p, q = matches.here(depth[1]), matches.bilinear(np.where(_usable(depth[0]), depth[0], np.nan))
    difference = np.zeros(p.size)  # of grey levels, all channels
    for before, now in zip(*(np.moveaxis(picture, 2, 0) for picture in pictures), strict=True):
        difference += np.abs(matches.here(now) - matches.bilinear(before))
    change = np.abs(p - q) * np.exp(-50 / (3 * 255) * difference)
    return _mean(change[_usable(p) & np.isfinite(q)])


def flicker(matches: Matches, depth: Pair, truth: Pair) -> float:
    """Median over the matches of |ln p_t - ln p_{t-1}| - |ln g_t - ln g_{t-1}|, nearest pixel.

    Below 0 where the prediction is steadier than truth, whose sensor has noise. A change from or to a
    prediction that is not usable is infinite. The figure of a sequence is the median over its pairs.
    """
    return _median(_change(*matches.both(depth)) - _change(*matches.both(truth)))


def still_flicker(depth: Pair) -> float:
    """Median over all pixels of |ln p_t - ln p_{t-1}| in place, for a still camera and scene; no truth.

    A change from or to a prediction that is not usable is infinite. The figure of a sequence is the median
    over its pairs.
    """
    return _median(_change(*depth))


def _pixel(u: np.ndarray, v: np.ndarray, width: int) -> np.ndarray:
    """Flat index of the pixel that holds (u, v), which lies in the picture."""
    return v.astype(np.intp) * width + u.astype(np.intp)


def _inside(u: np.ndarray, v: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return (u >= 0) & (u < shape[1]) & (v >= 0) & (v < shape[0])


def _usable(depth: np.ndarray) -> np.ndarray:
    return np.isfinite(depth) & (depth > 0)


def _agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """max(a/b, b/a) < 1.05; False where either is not positive and finite."""
    return (a < _AGREE * b) & (b < _AGREE * a)


def _change(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """|ln p - ln q|, infinite where either is not positive and finite."""
    with np.errstate(all="ignore"):
        change = np.abs(np.log(np.divide(p, q, dtype=np.float64)))
    return np.where(_usable(p) & _usable(q), change, np.inf)


def _moved_error(moved: np.ndarray, prediction: np.ndarray, valid: np.ndarray) -> float:
    hit = valid & np.isfinite(moved)
    n = np.count_nonzero(hit)
    if n == 0:
        return math.nan
    with np.errstate(all="ignore"):
        error = np.abs(moved - prediction) / prediction
    error = np.where(_usable(prediction), error, 1.0)
    return float(error.sum(where=hit)) / n


def _share(these: np.ndarray, of: np.ndarray) -> float:
    n = np.count_nonzero(of)
    return np.count_nonzero(these) / n if n else math.nan


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else math.nan


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if values.size else math.nan

"""From a map that is depth up to a factor, or a factor and a shift, to depth: what is fitted, and how.

`Alignment` and `Line` are what docs/evaluation.md measures with too; `align` is the robust fit by which
the looks of a network follow each other. Maps are (h, w).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .look import DepthKind, usable

SMALLEST_DISPARITY = 1e-3  # 1/m
SMALLEST_DEPTH = 1e-3  # m
CELL = 8  # pixels
FEWEST_CELLS = 12
FARTHEST = 50.0
"""How many times the reference's median depth an aligned look reaches at most: where disparity comes near 0,
depth is nothing but noise."""
PAIRS, ROUNDS = 200, 8
TUKEY = 4.685  # deviations: 95 % of least squares' efficiency on normal noise
DEVIATION = 1.4826  # of normal noise, times its median absolute deviation


@dataclass(frozen=True)
class Alignment:
    """depth = scale * x + shift, or clip(1 / max(scale * d + shift, 1e-3), 1e-3, max_depth) of disparity d.

    d is x itself for an affine disparity and 1 / x for the other kinds.
    """

    kind: DepthKind  # of the map x
    in_disparity: bool  # whether the line is fitted to disparity
    max_depth: float  # metres
    scale: float = 1.0
    shift: float = 0.0

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Depth (h, w) float64 of a map (h, w); NaN where that is not usable.

        All NaN if there was nothing to fit on. Without disparity it is not clipped: it may be 0 or below.
        """
        values = np.asarray(x, np.float64)
        with np.errstate(all="ignore"):
            if not self.in_disparity:
                depth = self.scale * values + self.shift
            else:
                line = self.scale * disparity(values, self.kind) + self.shift
                depth = np.clip(1 / np.maximum(line, SMALLEST_DISPARITY), SMALLEST_DEPTH, self.max_depth)
        return np.where(usable(values, self.kind), depth, np.nan)


class Line:
    """Least squares y ~ s x + b from running sums; the ridge is added to the normal matrix's diagonal."""

    def __init__(self, ridge: float = 0.0) -> None:
        self._ridge = ridge
        self._matrix, self._vector = np.zeros((2, 2)), np.zeros(2)

    def add(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | float = 1.0) -> None:
        """x, y: (n,) float64; weight: of each squared residual."""
        w = np.broadcast_to(np.asarray(weight, np.float64), x.shape)
        wx = w * x
        self._matrix += [[wx @ x, wx.sum()], [wx.sum(), w.sum()]]
        self._vector += [wx @ y, w @ y]

    def solution(self) -> tuple[float, float]:
        """(s, b), NaN without points; the smallest of all solutions if x is constant."""
        if not self._matrix[1, 1]:
            return math.nan, math.nan
        scale, shift = np.linalg.lstsq(self._matrix + self._ridge * np.eye(2), self._vector)[0]
        return float(scale), float(shift)


def disparity(x: np.ndarray, kind: DepthKind) -> np.ndarray:
    return x if kind == "affine_disparity" else 1 / x


def align(x: np.ndarray, kind: DepthKind, reference: np.ndarray, valid: np.ndarray) -> Alignment | None:
    """How to make x depth in the reference's unit, in the space that its kind names; None if it cannot be.

    x: (h, w) of the kind. reference: (h, w) depth above 0. valid: (h, w) bool, where both can be trusted.
    metric: as it is. scale: the factor median(reference / x). affine kinds: a line, on means over cells of
    8 x 8 pixels so that noise in x does not flatten it, robust against nearly half of them, residuals counted
    over the value fitted to plus its median: absolute where it is small, relative where it is large.
    A line that would not rise becomes the one that has median and spread in common. None where too few cells
    are valid, or x is the same nearly everywhere.
    """
    if kind == "metric":
        return Alignment(kind, False, math.inf)
    valid = valid & usable(x, kind) & np.isfinite(reference) & (reference > 0)
    if kind == "scale":
        if np.count_nonzero(valid) < FEWEST_CELLS:
            return None
        return Alignment(kind, False, math.inf, float(np.median(reference[valid] / x[valid])))
    in_disparity = kind == "affine_disparity"
    with np.errstate(divide="ignore", invalid="ignore"):
        target = 1 / reference if in_disparity else reference
    xs, ys = _cells(x, valid), _cells(target, valid)
    if xs.size < FEWEST_CELLS:
        return None
    line = _robust_line(xs, ys)
    if line is None:
        return None
    farthest = FARTHEST * float(np.median(reference[valid]))
    return Alignment(kind, in_disparity, farthest, *line)


def _cells(x: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Means over the valid pixels of cells at least half of whose pixels are valid: (n,) float64."""
    height, width = (side // CELL * CELL for side in x.shape)

    def sums(values: np.ndarray) -> np.ndarray:
        return values[:height, :width].reshape(height // CELL, CELL, width // CELL, CELL).sum((1, 3))

    count = sums(valid.astype(np.float64))
    enough = count * 2 >= CELL * CELL
    return (sums(np.where(valid, x, 0).astype(np.float64)) / np.maximum(count, 1))[enough]


def _robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float] | None:
    """(s, b) of y ~ s x + b: of lines through pairs of points that with the least median of residuals, then
    least squares with Tukey's weights from there. Where that does not rise, that which has medians and their
    absolute deviations in common; None where x is the same nearly everywhere."""
    spread = np.ptp(x)
    if not spread > 1e-9 * np.abs(x).max():
        return None
    unit = 1 / (y + np.median(y))
    first, second = np.random.default_rng(0).integers(0, x.size, (2, PAIRS))
    apart = np.abs(x[first] - x[second]) > 0.05 * spread
    first, second = first[apart], second[apart]
    if not first.size:
        return None
    scales = (y[first] - y[second]) / (x[first] - x[second])
    shifts = y[first] - scales * x[first]
    off = np.median(np.abs(scales[:, None] * x + shifts[:, None] - y) * unit, axis=1)
    best = int(off.argmin())
    scale, shift = float(scales[best]), float(shifts[best])
    for _ in range(ROUNDS):
        residual = np.abs(scale * x + shift - y) * unit
        noise = DEVIATION * float(np.median(residual))
        if noise < 1e-9:  # more than half of it fits exactly
            break
        line = Line()
        line.add(x, y, unit**2 * np.clip(1 - (residual / (TUKEY * noise)) ** 2, 0, None) ** 2)
        scale, shift = line.solution()
    if scale > 0:
        return scale, shift
    wide, high = (np.median(np.abs(values - np.median(values))) for values in (x, y))
    if not wide > 0:
        return None
    scale = float(high / wide)
    return scale, float(np.median(y) - scale * np.median(x))

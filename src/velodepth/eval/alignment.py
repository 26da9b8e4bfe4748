"""What a prediction claims to be, and how it is made depth in metres before it is measured.

Source of every formula: docs/evaluation.md. Maps are (H, W); g is true depth, p the prediction; sums run over
the valid pixels where the prediction is usable: finite, and where it claims to be depth up to a scale also
positive. A pixel that is not usable takes no part in a fit and comes out as NaN, which counts as wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import VeloDepthError

Claim = Literal["metric", "scale", "affine_depth", "affine_disparity"]
"""What a prediction p says it is: depth in metres; depth up to one factor; depth up to a factor and a shift;
disparity (1 / depth) up to a factor and a shift."""

Kind = Literal["metric", "si", "ssi", "disparity"]
"""How it is aligned: not at all; by a factor; by a factor and a shift of depth; of disparity."""

KINDS: dict[Claim, tuple[Kind, ...]] = {
    "metric": ("metric", "si", "ssi", "disparity"),
    "scale": ("si", "ssi", "disparity"),
    "affine_depth": ("ssi",),
    "affine_disparity": ("ssi", "disparity"),
}
"""How a claim may be measured. `ssi` of an affine disparity is `disparity`: it has no other line to fit."""

CLAIMS = tuple(KINDS)

_RIDGE = 1e-4
_KEPT = 0.95  # quantile of the raw error below which ssi fits
_SMALLEST_DISPARITY = 1e-3  # 1/m
_SMALLEST_DEPTH = 1e-3  # m


@dataclass(frozen=True)
class Alignment:
    """depth = scale * p + shift, or clip(1 / max(scale * d + shift, 1e-3), 1e-3, max_depth) of disparity d.

    d is p itself for an affine disparity and 1 / p for the other claims.
    """

    claim: Claim
    kind: Kind
    max_depth: float  # metres
    scale: float = 1.0
    shift: float = 0.0

    def apply(self, prediction: np.ndarray) -> np.ndarray:
        """Depth (H, W) float64 in metres of a prediction (H, W); NaN where that is not usable.

        All NaN if there was nothing to fit on. `ssi` is not clipped: it may be 0 or below.
        """
        x = np.asarray(prediction, np.float64)
        with np.errstate(all="ignore"):
            if not _in_disparity(self.claim, self.kind):
                depth = self.scale * x + self.shift if self.kind != "metric" else x
            else:
                disparity = self.scale * _disparity(x, self.claim) + self.shift
                depth = 1 / np.maximum(disparity, _SMALLEST_DISPARITY)
                depth = np.clip(depth, _SMALLEST_DEPTH, self.max_depth)
        return np.where(_usable(x, self.claim), depth, np.nan)


class SequenceFit:
    """One alignment for a whole sequence, in constant memory: `add` every frame, then ask for `alignment`.

    metric: as it is. si: the median over frames of each frame's factor. ssi: its least squares over the
    pixels that each frame would pick for itself. disparity: least squares over all valid pixels.

    Raises VeloDepthError if the claim cannot be measured so.
    """

    def __init__(self, claim: Claim, kind: Kind, max_depth: float) -> None:
        if claim not in KINDS:
            raise VeloDepthError(f"a prediction claims to be {claim!r}; give one of {', '.join(KINDS)}")
        if kind not in KINDS[claim]:
            raise VeloDepthError(
                f"a prediction that claims to be {claim} cannot be aligned by {kind!r}; "
                f"use {' or '.join(KINDS[claim])}"
            )
        self.claim, self.kind, self.max_depth = claim, kind, max_depth
        self._scales: list[float] = []
        self._line = _Line(0.0 if _in_disparity(claim, kind) else _RIDGE)

    def add(self, prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> None:
        """One frame: prediction and truth (H, W), valid (H, W) bool. Nothing without a usable pixel."""
        used = np.flatnonzero(valid & _usable(prediction, self.claim))
        if self.kind == "metric" or not used.size:
            return
        p, g = (x.reshape(-1).take(used).astype(np.float64) for x in (prediction, truth))
        if self.kind == "si":
            self._scales.append(float(np.median(g) / np.median(p)))
        elif _in_disparity(self.claim, self.kind):
            self._line.add(_disparity(p, self.claim), 1 / g)
        else:
            error = np.abs(g - p)
            near = np.flatnonzero(error < np.quantile(error, _KEPT))
            if near.size:  # not if all errors are equal
                p, g = p.take(near), g.take(near)
            self._line.add(p, g)

    def alignment(self) -> Alignment:
        """The alignment; its scale is NaN if no frame had a usable pixel."""
        scale, shift = 1.0, 0.0
        if self.kind == "si":
            scale = float(np.median(self._scales)) if self._scales else math.nan
        elif self.kind != "metric":
            scale, shift = self._line.solution()
        return Alignment(self.claim, self.kind, self.max_depth, scale, shift)


def fit(
    claim: Claim,
    kind: Kind,
    prediction: np.ndarray,
    truth: np.ndarray,
    valid: np.ndarray,
    max_depth: float,
) -> Alignment:
    """The alignment of one frame, or of a sequence by its first frame only: maps (H, W), valid bool.

    si: factor median(g) / median(p).
    ssi: least squares g ~ s p + b on the pixels whose |g - p| is below its 95 % quantile, found before
    aligning, with 1e-4 added to the diagonal of the 2 x 2 normal matrix.
    disparity: least squares 1 / g ~ s d + b on all valid pixels.

    Raises VeloDepthError if the claim cannot be measured so.
    """
    one = SequenceFit(claim, kind, max_depth)
    one.add(prediction, truth, valid)
    return one.alignment()


class _Line:
    """Least squares y ~ s x + b from running sums; the ridge is added to the normal matrix's diagonal."""

    def __init__(self, ridge: float) -> None:
        self._ridge = ridge
        self._matrix, self._vector = np.zeros((2, 2)), np.zeros(2)

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        self._matrix += [[x @ x, x.sum()], [x.sum(), x.size]]
        self._vector += [x @ y, y.sum()]

    def solution(self) -> tuple[float, float]:
        """(s, b), NaN without points; the smallest of all solutions if x is constant."""
        if not self._matrix[1, 1]:
            return math.nan, math.nan
        scale, shift = np.linalg.lstsq(self._matrix + self._ridge * np.eye(2), self._vector)[0]
        return float(scale), float(shift)


def _in_disparity(claim: Claim, kind: Kind) -> bool:
    return kind == "disparity" or claim == "affine_disparity"


def _usable(prediction: np.ndarray, claim: Claim) -> np.ndarray:
    finite = np.isfinite(prediction)
    return finite & (prediction > 0) if claim in ("metric", "scale") else finite


def _disparity(prediction: np.ndarray, claim: Claim) -> np.ndarray:
    return prediction if claim == "affine_disparity" else 1 / prediction

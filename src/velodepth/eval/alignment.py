"""What a prediction claims to be, and how it is made depth in metres before it is measured.

Source of every formula: docs/evaluation.md. Maps are (H, W); g is true depth, p the prediction; sums run over
the valid pixels where the prediction is usable: finite, and where it claims to be depth up to a scale also
positive. A pixel that is not usable takes no part in a fit and comes out as NaN, which counts as wrong.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ..adapters.alignment import Alignment, Line, disparity
from ..adapters.look import DEPTH_KINDS, DepthKind, usable
from ..errors import VeloDepthError

Claim = DepthKind
"""What a prediction p says it is."""

CLAIMS = DEPTH_KINDS

AlignmentKind = Literal["metric", "si", "ssi", "disparity"]
"""How it is aligned: not at all; by a factor; by a factor and a shift of depth; of disparity."""

KINDS: dict[Claim, tuple[AlignmentKind, ...]] = {
    "metric": ("metric", "si", "ssi", "disparity"),
    "scale": ("si", "ssi", "disparity"),
    "affine_depth": ("ssi",),
    "affine_disparity": ("ssi", "disparity"),
}
"""How a claim may be measured. `ssi` of an affine disparity is `disparity`: it has no other line to fit."""

_RIDGE = 1e-4
_KEPT = 0.95  # quantile of the raw error below which ssi fits


class SequenceFit:
    """One alignment for a whole sequence, in constant memory: `add` every frame, then ask for `alignment`.

    metric: as it is. si: the median over frames of each frame's factor. ssi: its least squares over the
    pixels that each frame would pick for itself. disparity: least squares over all valid pixels.

    Raises VeloDepthError if the claim cannot be measured so.
    """

    def __init__(self, claim: Claim, kind: AlignmentKind, max_depth: float) -> None:
        if claim not in KINDS:
            raise VeloDepthError(f"a prediction claims to be {claim!r}; give one of {', '.join(KINDS)}")
        if kind not in KINDS[claim]:
            raise VeloDepthError(
                f"a prediction that claims to be {claim} cannot be aligned by {kind!r}; "
                f"use {' or '.join(KINDS[claim])}"
            )
        self.claim, self.kind, self.max_depth = claim, kind, max_depth
        self._scales: list[float] = []
        self._line = Line(0.0 if _in_disparity(claim, kind) else _RIDGE)

    def add(self, prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> None:
        """One frame: prediction and truth (H, W), valid (H, W) bool. Nothing without a usable pixel."""
        used = np.flatnonzero(valid & usable(prediction, self.claim))
        if self.kind == "metric" or not used.size:
            return
        p, g = (x.reshape(-1).take(used).astype(np.float64) for x in (prediction, truth))
        if self.kind == "si":
            self._scales.append(float(np.median(g) / np.median(p)))
        elif _in_disparity(self.claim, self.kind):
            self._line.add(disparity(p, self.claim), 1 / g)
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
        return Alignment(self.claim, _in_disparity(self.claim, self.kind), self.max_depth, scale, shift)


def fit(
    claim: Claim,
    kind: AlignmentKind,
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


def _in_disparity(claim: Claim, kind: AlignmentKind) -> bool:
    return kind == "disparity" or claim == "affine_disparity"

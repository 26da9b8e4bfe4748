"""Accuracy of one frame: depth against truth, pixel by pixel.

Source of every formula: docs/evaluation.md. Maps are (H, W), depth in metres, aligned before (alignment.py);
valid says where truth is known. g is true depth, p predicted depth, means run over the valid pixels; where
there is none the answer is NaN, never 0. Sums are float64.

A prediction that is not finite counts as 0 m: AbsRel 1, outside every ratio. Zero and negative ones are
outside every ratio too; before a logarithm depth is raised to 1 mm. Huge finite depth counts as it is.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

ACCURACY = (
    *("delta1", "delta2", "delta3", "absrel", "sqrel", "rmse", "rmse_log", "log10", "silog"),
    *("d_auc", "tau"),
)
"""What `frame_accuracy` answers, in this order."""

_SMALLEST = 1e-3  # m, before a logarithm
_EXPONENTS = 0.01, 5, 100  # of 1.25, for d_auc: first, last, how many
_TAU = 0.03
_JUMP = 1.1  # ratio of neighbours across a depth edge
DISC = (np.hypot(*np.mgrid[-2:3, -2:3]) <= 2).astype(np.uint8)  # 2 px around an edge


def valid_truth(truth: np.ndarray, max_depth: float) -> np.ndarray:
    """Where truth (H, W) is known: 0 < g <= max_depth; bool (H, W). NaN and infinity are not."""
    return (truth > 0) & (truth <= max_depth)


def frame_accuracy(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    """All measures of one frame; depth and truth (H, W), valid (H, W) bool. With r = max(g/p, p/g):

    delta1, delta2, delta3: share of r < 1.25, 1.25^2, 1.25^3.
    absrel: mean |g - p| / g. sqrel: mean (g - p)^2 / g, in m. rmse: sqrt(mean (g - p)^2), in m.
    rmse_log: sqrt(mean (ln p - ln g)^2). log10: mean |log10 p - log10 g|.
    silog: 100 * std(ln p - ln g), unbiased (n - 1), NaN for one pixel.
    d_auc: trapezoid over 100 exponents e evenly from 0.01 to 5 of share(r < 1.25^e), / 5; at most 0.998.
    tau: share of r < 1.03 (the published code's "tau", tau(0.03)).
    """
    p, g = _pixels(depth, truth, valid)
    n = g.size
    if n == 0:
        return dict.fromkeys(ACCURACY, math.nan)
    error = np.abs(g - p)
    relative = error / g
    ratio = _ratio(p, g)
    log = np.log(np.maximum(p, _SMALLEST) / g)
    first, last, count = _EXPONENTS
    step = (last - first) / (count - 1)
    exponent = np.log(ratio) / math.log(1.25)
    passed = np.minimum((exponent - first) / step + 1, count).astype(int)  # thresholds at or below the ratio
    shares = np.bincount(passed, minlength=count + 1)[:count].cumsum() / n

    def share(limit: float) -> float:
        return np.count_nonzero(ratio < limit) / n

    return {
        "delta1": share(1.25),
        "delta2": share(1.25**2),
        "delta3": share(1.25**3),
        "absrel": float(relative.mean()),
        "sqrel": float(relative @ error) / n,
        "rmse": math.sqrt(error @ error / n),
        "rmse_log": math.sqrt(log @ log / n),
        "log10": float(np.abs(log).mean()) / math.log(10),
        "silog": 100 * float(log.std(ddof=1)) if n > 1 else math.nan,
        "d_auc": trapezoid(shares) * step / last,
        "tau": share(1 + _TAU),
    }


def kept_ratio(depth: np.ndarray, confidence: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """AbsRel of the more confident half of the pixels over AbsRel of all; below 1 where confidence ranks.

    The half is where confidence is at or above its median (all of them if it is constant); NaN confidence is
    the lowest. depth is aligned `si` on all pixels. NaN if all errors are 0.
    """
    p, g = _pixels(depth, truth, valid)
    if g.size == 0:
        return math.nan
    sure = confidence[valid]
    sure = np.where(np.isnan(sure), -np.inf, sure)
    relative = np.abs(g - p) / g
    all_of_them = relative.mean()
    half = relative[sure >= np.median(sure)].mean()
    return float(half / all_of_them) if all_of_them > 0 else math.nan


def edge_f1(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """F1 of depth edges: harmonic mean of precision and recall, each with a tolerance of 2 px (Euclidean).

    A pixel is an edge if its depth and that of its right or lower neighbour differ by more than a factor of
    1.1, both valid in truth. Precision: share of predicted edges with a true one within 2 px; recall: the
    other way round. 0 if only one of the two has edges, NaN if neither has. No alignment by a factor changes
    it. A prediction that is not positive and finite makes an edge with any neighbour that is.
    """
    with np.errstate(invalid="ignore"):
        true = edges(truth, valid)
        found = edges(np.where(np.isfinite(depth), np.maximum(depth, 0), 0), valid)
    if not (true.any() or found.any()):
        return math.nan
    precise = np.count_nonzero(found & cv2.dilate(true, DISC)) / (np.count_nonzero(found) or 1)
    recalled = np.count_nonzero(true & cv2.dilate(found, DISC)) / (np.count_nonzero(true) or 1)
    return harmonic_mean(precise, recalled)


def log_bias(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    """Median of ln p - ln g over the valid pixels: how much too far (positive) or near a frame is."""
    p, g = _pixels(depth, truth, valid)
    return float(np.median(np.log(np.maximum(p, _SMALLEST) / g))) if g.size else math.nan


def drift(times: np.ndarray, biases: np.ndarray) -> float:
    """Slope per second of the least-squares line through the frames' `log_bias` (n,) at times (n,) in s.

    NaN biases are left out; NaN if fewer than two different times remain. depth is aligned by the first frame
    only.
    """
    known = np.isfinite(biases) & np.isfinite(times)
    t, y = np.asarray(times, np.float64)[known], np.asarray(biases, np.float64)[known]
    if t.size < 2 or np.ptp(t) == 0:
        return math.nan
    t = t - t.mean()
    return float(t @ y / (t @ t))


def harmonic_mean(precision: float, recall: float) -> float:
    """F1, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _pixels(depth: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predicted and true depth (n,) float64 of the valid pixels; what is not finite as 0."""
    known = np.flatnonzero(valid)
    p, g = (x.reshape(-1).take(known).astype(np.float64) for x in (depth, truth))
    p[~np.isfinite(p)] = 0
    return p, g


def _ratio(p: np.ndarray, g: np.ndarray) -> np.ndarray:
    """max(g/p, p/g), infinite where p is not positive."""
    with np.errstate(divide="ignore"):
        return np.where(p > 0, np.maximum(g / p, p / g), np.inf)


def trapezoid(values: np.ndarray) -> float:
    """With steps of 1."""
    return float(values.sum() - (values[0] + values[-1]) / 2)


def edges(depth: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Where depth (H, W) and that of the right or lower neighbour differ by more than a factor of 1.1, both
    valid; uint8 (H, W), 1 or 0."""
    found = np.zeros(depth.shape, np.uint8)
    for left, right in (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:]):
        a, b = depth[left], depth[right]
        jump = np.maximum(a, b) > _JUMP * np.minimum(a, b)
        found[left] |= jump & valid[left] & valid[right]
    return found

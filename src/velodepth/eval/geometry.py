"""Shape: points in camera space against true ones, and rays against true ones.

Source of every formula: docs/evaluation.md, section Geometry. Camera axes x right, y down, z forward; metres.
Points are (h, w, 3) maps; P predicted, G true; means run over the valid pixels, NaN where there is none.

A predicted point that is not finite counts as the camera centre, except that it is within no threshold.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from ..cameras import Camera, Pinhole
from ..errors import VeloDepthError, needed
from .metrics import harmonic_mean, trapezoid

_MOST_POINTS = 75_000
_THRESHOLDS = 100


class Grid:
    """The pixels of a depth map and the camera that sees them: pixels to points and back.

    camera: of a map of (width, height) pixels, any model. Pixel (i, j) has its centre at (i + 0.5, j + 0.5).
    Make it once for a sequence: of a lens with distortion the rays cost as much as a frame's measures.
    """

    def __init__(self, camera: Camera, height: int, width: int) -> None:
        self.camera, self.height, self.width = camera, height, width

    @cached_property
    def rays(self) -> np.ndarray:
        """Unit rays (H, W, 3) float64 through the pixel centres; NaN where the model has none."""
        u, v = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        return self.camera.unproject(np.stack([u, v], axis=-1))

    @cached_property
    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """x/z and y/z of the rays, float64, each broadcasts to (H, W); NaN where no ray leads forward."""
        if type(self.camera) is Pinhole:
            u, v = np.arange(self.width) + 0.5, np.arange(self.height)[:, None] + 0.5
            return (u - self.camera.cx) / self.camera.fx, (v - self.camera.cy) / self.camera.fy
        x, y, z = np.moveaxis(self.rays, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.where(z > 0, z, np.nan)
            return x / z, y / z

    def points(self, depth: np.ndarray, downsizing: Downsizing | None = None) -> np.ndarray:
        """Points (H, W, 3) float64 of a depth map (H, W); NaN where depth is not positive and finite.

        With a downsizing the same as downsizing(points(depth)), but cheaper.
        """
        z, x, y = depth, *(np.broadcast_to(each, depth.shape) for each in self.directions)
        if downsizing is not None:
            z, x, y = map(downsizing, (z, x, y))
        z = np.where(np.isfinite(z) & (z > 0) & np.isfinite(x), z, np.nan).astype(np.float64)
        return np.stack([x * z, y * z, z], axis=-1)

    def project(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (u, v) of points (x, y, z), any one shape; not in the picture or NaN where z <= 0."""
        if type(self.camera) is Pinhole:
            with np.errstate(all="ignore"):
                near = np.where(z > 0, z, np.nan)
                return self.camera.fx * x / near + self.camera.cx, self.camera.fy * y / near + self.camera.cy
        u, v = np.moveaxis(self.camera.project(np.stack([x, y, z], axis=-1)), -1, 0)
        return u, v


class Downsizing:
    """Nearest-exact downsizing after which the first frame has at most 75 000 valid points.

    valid: bool (H, W) of the first frame of the sequence; the size found there is used for all its frames.
    Output pixel i takes input pixel floor((i + 0.5) * n_in / n_out). A call takes a map (H, W, ...) and
    returns (h, w, ...).
    """

    def __init__(self, valid: np.ndarray) -> None:
        scale = min(1.0, math.sqrt(_MOST_POINTS / (np.count_nonzero(valid) or 1)))
        while True:
            sizes = [max(1, int(n * scale)) for n in valid.shape]
            self._pick = np.ix_(
                *(((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(sizes, valid.shape, strict=True))
            )
            if np.count_nonzero(valid[self._pick]) <= _MOST_POINTS:
                return
            scale *= 0.99  # valid pixels may be denser where they are picked

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values[self._pick]


def frame_geometry(points: np.ndarray, true_points: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    """mse_3d: mean |P - G|, in m (the published name; it is no square). arel_3d: mean |P - G| / |G|.
    tau_3d: share of max(|P| / |G|, |G| / |P|) < 1.25.

    points, true_points: (h, w, 3); valid: bool (h, w).
    """
    p, g, _ = _pairs(points, true_points, valid)
    if not g.size:
        return dict.fromkeys(("mse_3d", "arel_3d", "tau_3d"), math.nan)
    error, size, true_size = _norm(p - g), _norm(p), _norm(g)
    near = (size < 1.25 * true_size) & (true_size < 1.25 * size)
    return {
        "mse_3d": float(error.mean()),
        "arel_3d": float((error / true_size).mean()),
        "tau_3d": float(near.mean()),
    }


def neighbours(
    points: np.ndarray, true_points: np.ndarray, valid: np.ndarray, min_depth: float, max_depth: float
) -> dict[str, float]:
    """What needs nearest neighbours between the two clouds; slow, needs scipy (extra `eval`).

    chamfer: mean of the mean distance of predicted points to the nearest true one and the other way round, m.
    f1: for 100 thresholds evenly in log from min_depth to max_depth / 20 (metres, of the data set), harmonic
    mean of precision (share of predicted points nearer than that to a true one) and recall (the other way
    round), 0 where undefined; integrated by the trapezoid rule with steps of 1 and divided by 100, so at most
    0.99. f1_published: the same with squared distances, as the published code compares them.

    points, true_points: (h, w, 3); valid: bool (h, w). A predicted point that is not finite is nobody's
    neighbour; in chamfer its own way to truth is that from the camera centre to its true point.
    Raises VeloDepthError without scipy, or if min_depth is not above 0.
    """
    with needed("measuring chamfer and F1", "eval"):
        from scipy.spatial import cKDTree
    if not min_depth > 0:
        raise VeloDepthError(f"F1 has thresholds from min_depth on, which is {min_depth:g}; give one above 0")
    p, g, bad = _pairs(points, true_points, valid)
    if not g.size:
        return dict.fromkeys(("chamfer", "f1", "f1_published"), math.nan)
    to_true = _norm(g)
    if bad.all():
        return {"chamfer": float(to_true.mean()), "f1": 0.0, "f1_published": 0.0}
    # Clouds of a picture are searched 1.5 to 3 times as fast in a tree of plain halves.
    plain = {"balanced_tree": False, "compact_nodes": False}
    to_true[~bad] = cKDTree(g, **plain).query(p[~bad])[0]
    to_predicted = cKDTree(p[~bad], **plain).query(g)[0]
    chamfer = (to_true.mean() + to_predicted.mean()) / 2
    to_true[bad] = np.inf
    thresholds = np.geomspace(min_depth, max_depth / 20, _THRESHOLDS)
    return {
        "chamfer": float(chamfer),
        "f1": _f1(to_true, to_predicted, thresholds),
        "f1_published": _f1(to_true**2, to_predicted**2, thresholds),
    }


def rays_auc(rays: np.ndarray, true_rays: np.ndarray) -> float:
    """Area under share(angle <= t) between predicted and true rays (h, w, 3), of any length, in camera axes.

    Trapezoid over 100 angles t evenly from 0.5 degrees to a limit, divided by (limit - 0.5): 1 if no ray is
    off by more than 0.5 degrees. The limit is 15 degrees, 20 from a widest angle of 100 degrees and 30 from
    190, the widest angle being twice the largest between a true ray and the optical axis. A predicted ray
    that is not finite is beyond every angle; a true one is left out.
    """
    r, g = (x.reshape(-1, 3).astype(np.float64) for x in (rays, true_rays))
    known = np.flatnonzero(np.isfinite(_norm(g)))
    if not known.size:
        return math.nan
    r, g = (x.take(known, axis=0) for x in (r, g))
    r, g = (x / _norm(x)[:, None] for x in (r, g))
    widest = 2 * np.degrees(np.arctan2(np.hypot(g[:, 0], g[:, 1]), g[:, 2])).max()
    limit = 15.0 if widest < 100 else 20.0 if widest < 190 else 30.0
    angle = 2 * np.degrees(np.arctan2(_norm(r - g), _norm(r + g)))  # exact for small and for large angles
    angles = np.linspace(0.5, limit, 100)
    shares = np.searchsorted(np.sort(angle), angles, side="right") / angle.size  # NaN is sorted last
    return trapezoid(shares) / (angles.size - 1)


def _pairs(
    points: np.ndarray, true_points: np.ndarray, valid: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P and G (n, 3) float64 of the valid pixels, and which P are not finite: those are 0."""
    known = np.flatnonzero(valid)
    p, g = (x.reshape(-1, 3).take(known, axis=0).astype(np.float64) for x in (points, true_points))
    bad = ~np.isfinite(_norm(p))
    p[bad] = 0
    return p, g, bad


def _norm(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def _f1(to_true: np.ndarray, to_predicted: np.ndarray, thresholds: np.ndarray) -> float:
    precision, recall = (
        np.searchsorted(np.sort(distances), thresholds, side="left") / distances.size
        for distances in (to_true, to_predicted)
    )
    f1 = np.array([harmonic_mean(*each) for each in zip(precision, recall, strict=True)])
    return trapezoid(f1) / _THRESHOLDS

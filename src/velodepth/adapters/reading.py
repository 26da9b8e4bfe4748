"""What a network's outputs mean: from raw arrays to a `Look`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cameras import Camera, Pinhole
from .look import DepthKind, Look
from .preparation import Window, crop


@dataclass(frozen=True)
class Reading:
    """Which output says what. Names are those of the graph, or of the fields of a transformers output."""

    kind: DepthKind
    depth: str = "predicted_depth"  # or, where points is true, a map of points (..., h, w, 3)
    points: bool = (
        False  # in camera axes up to one shift along z and, if the camera is not known, a focal length
    )
    inverse: bool = False  # the output is 1 / depth
    canonical_focal: float | None = None
    """Pixels of the input: depth is the output times the true focal length over this one. Where no camera is
    known and the network tells none, it is then depth up to a factor."""
    max_depth: float | None = None  # metres; what lies beyond says nothing
    metric_scale: str | None = None  # output, one number: metres of a unit of depth
    field_of_view: str | None = None  # output, one number: horizontal, degrees
    intrinsics: str | None = None  # output (3, 3), pixels of the input
    confidence: str | None = None  # output (h, w), higher is surer
    mask: str | None = None  # output (h, w), above 0.5 where depth says something

    @property
    def outputs(self) -> list[str]:
        """All the names."""
        names = (
            self.depth,
            self.metric_scale,
            self.field_of_view,
            self.intrinsics,
            self.confidence,
            self.mask,
        )
        return [name for name in names if name]

    def __call__(
        self,
        found: Mapping[str, Any],
        window: Window,
        input_size: tuple[int, int],
        picture_size: tuple[int, int],
        camera: Camera | None,
    ) -> Look:
        """The look that `found`, arrays by name, amounts to.

        window: the picture's part of the input. Sizes are (height, width). camera: of the picture, or None.
        """

        def map_of(name: str | None) -> np.ndarray | None:
            return None if name is None else crop(_flat(found[name]), window, input_size)

        mask = map_of(self.mask)
        known = None if mask is None else mask > 0.5
        kind, own = self.kind, self._camera(found, window, picture_size)
        if self.points:
            points = np.asarray(found[self.depth], np.float64).reshape(-1, *found[self.depth].shape[-3:])[0]
            depth, own = depth_of_points(points, known, camera, picture_size)
        else:
            whole = map_of(self.depth)
            assert whole is not None
            depth = whole.astype(np.float64)
        with np.errstate(all="ignore"):
            if self.inverse:
                depth = 1 / np.clip(depth, 1e-4, 1e4)
            if self.metric_scale is not None:
                depth = depth * float(np.asarray(found[self.metric_scale]).reshape(-1)[0])
            if self.canonical_focal is not None:
                focal = fx_of(camera or own)
                if focal is None:
                    kind = "scale"
                else:
                    depth = depth * (focal * window.width / picture_size[1] / self.canonical_focal)
            if self.max_depth is not None and kind == "metric":
                near = depth <= self.max_depth
                known = near if known is None else known & near
        return Look(depth.astype(np.float32), kind, own, map_of(self.confidence), known)

    def _camera(
        self, found: Mapping[str, Any], window: Window, picture_size: tuple[int, int]
    ) -> Pinhole | None:
        height, width = picture_size
        if self.field_of_view is not None:
            angle = math.radians(float(np.asarray(found[self.field_of_view]).reshape(-1)[0]))
            if not 0 < angle < math.pi:
                return None
            focal = width / 2 / math.tan(angle / 2)
            return Pinhole(focal, focal, width / 2, height / 2)
        if self.intrinsics is not None:
            matrix = np.asarray(found[self.intrinsics], np.float64).reshape(-1, 3, 3)[0]
            right, down = width / window.width, height / window.height
            cx, cy = (matrix[0, 2] - window.left) * right, (matrix[1, 2] - window.top) * down
            return Pinhole(matrix[0, 0] * right, matrix[1, 1] * down, cx, cy)
        return None


def fx_of(camera: Camera | None) -> float | None:
    """Horizontal focal length in pixels of the picture; None where there is none, as of a panorama."""
    focal = getattr(camera, "fx", None)
    return None if focal is None else float(focal)


def _flat(values: Any) -> np.ndarray:
    """(..., h, w) with sides of 1 before -> (h, w)."""
    values = np.asarray(values)
    return values.reshape(values.shape[-2:])


def depth_of_points(
    points: np.ndarray, known: np.ndarray | None, camera: Camera | None, picture_size: tuple[int, int]
) -> tuple[np.ndarray, Pinhole | None]:
    """Depth (h, w) of points (h, w, 3) whose z lacks a shift, and the pinhole they imply.

    The pinhole is None where a camera is given: then only the shift is found. Least squares of
    f x = u (z + t) and f y = v (z + t) for t and f, with (u, v) in pixels from the picture's centre.
    """
    height, width = picture_size
    h, w = points.shape[:2]
    u = (np.arange(w) + 0.5) * (width / w) - width / 2
    v = (np.arange(h) + 0.5) * (height / h) - height / 2
    u, v = np.broadcast_to(u, (h, w)), np.broadcast_to(v[:, None], (h, w))
    x, y, z = np.moveaxis(points, 2, 0)
    use = np.isfinite(points).all(axis=2)
    if known is not None:
        use &= known
    if not use.any():
        return np.full((h, w), np.nan), None
    across, along = np.concatenate([x[use], y[use]]), np.concatenate([u[use], v[use]])
    right = along * np.concatenate([z[use], z[use]])
    focal = fx_of(camera)
    if focal is None:
        (f, t), *_ = np.linalg.lstsq(np.stack([across, -along], axis=1), right)
        f = float(f)
        own = Pinhole(f, f, width / 2, height / 2) if f > 0 else None
    else:
        t, own = float((focal * across - right) @ along / (along @ along)), None
    return z + t, own

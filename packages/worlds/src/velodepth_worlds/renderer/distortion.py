"""Lenses with distortion, resampled from a wider pinhole."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from velodepth.cameras import Camera, Pinhole
from velodepth.errors import VeloDepthError

from ..lenses import unit_depth

STEEPEST = 2.2  # tangent of the widest angle from the axis that a distorted lens is rendered to


class Rendered(NamedTuple):
    """What a camera sees, row by row from the top.

    radiance (H, W, 3) float32, linear. depth (H, W) float32, metres along z; 0: sky or no ray. body (H, W)
    int16: 0 what stands still, k the k-th moving body (from 1: those of the world, then those thrown in), -1
    where depth is 0.
    """

    radiance: NDArray[np.float32]
    depth: NDArray[np.float32]
    body: NDArray[np.int16]


@lru_cache(maxsize=4)
def wide_pinhole(camera: Camera) -> Pinhole:
    """A pinhole that sees all that the lens sees, up to 65 degrees from the axis.

    It is a little coarser than the lens in the middle, since off the axis it is much finer.
    """
    plane, known = _ideal_plane(camera)
    low, high = plane[known].min(axis=0), plane[known].max(axis=0)
    focal = 0.85 * np.array([camera.fx, camera.fy])
    # Sizes in steps of 32, so that few buffers serve all lenses.
    size = [32 * int(np.ceil((f * (b - a) + 4) / 32)) for f, a, b in zip(focal, low, high, strict=True)]
    centre = np.array(size) / 2 - focal * (low + high) / 2
    return Pinhole(*focal, *centre, size=(size[0], size[1]))


@lru_cache(maxsize=4)
def _ideal_plane(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """x/z and y/z (H, W, 2) of every pixel, and where there is one within the widest angle."""
    plane = unit_depth(camera)[..., :2]
    with np.errstate(invalid="ignore"):
        known = np.linalg.norm(plane, axis=-1) < STEEPEST
    if not known.any():
        raise VeloDepthError(f"the {camera.model} camera sees nothing within 65 degrees of its axis")
    return np.where(known[..., None], plane, 0), known


def resampled(wide: Rendered, camera: Camera) -> Rendered:
    """What `camera` sees, from the view of `wide_pinhole(camera)`."""
    pinhole = wide_pinhole(camera)
    plane, known = _ideal_plane(camera)
    at = plane * (pinhole.fx, pinhole.fy) + (pinhole.cx, pinhole.cy) - 0.5  # array coordinates
    across, down = np.moveaxis(at.astype(np.float32), -1, 0)
    radiance = cv2.remap(wide.radiance, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = wide.depth.shape
    low = np.clip(np.floor(at).astype(int), 0, (width - 2, height - 2))
    part = np.clip(at - low, 0, 1)
    rows, columns = low[..., 1], low[..., 0]
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    weights = [
        (part[..., 1] if y else 1 - part[..., 1]) * (part[..., 0] if x else 1 - part[..., 0])
        for y, x in corners
    ]
    nearest_row = rows + (part[..., 1] > 0.5)
    nearest_column = columns + (part[..., 0] > 0.5)
    depth = wide.depth[nearest_row, nearest_column]
    body = wide.body[nearest_row, nearest_column]
    with np.errstate(divide="ignore"):
        inverse = 1 / wide.depth
    around = np.stack([inverse[rows + y, columns + x] for y, x in corners])
    same = np.stack([wide.body[rows + y, columns + x] for y, x in corners])
    with np.errstate(invalid="ignore"):
        smooth = (
            (same == body).all(axis=0) & (body >= 0) & (np.ptp(around, axis=0) < 0.05 * around.max(axis=0))
        )
        between = 1 / np.sum(np.where(smooth, around, 1) * np.stack(weights), axis=0)
    depth = np.where(smooth, between, depth)
    return Rendered(
        (radiance * known[..., None]).astype(np.float32),
        np.where(known, depth, 0).astype(np.float32),
        np.where(known, body, -1).astype(np.int16),
    )

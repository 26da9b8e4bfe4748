"""Where the content of each pixel is in another frame: exact, from depth, poses and the motion of bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from velodepth.cameras import Camera

from .lenses import pixel_centres, unit_depth
from .scene import Motion

SAME_DEPTH = 0.02  # relative difference up to which two depths are of one surface
SLACK = 0.003  # metres added to that
ASIDE = 0.01  # pixels
FARTHEST = 10000.0  # pixels; what comes close to the plane of the eye flies off to any distance


class FrameTruth(NamedTuple):
    """What is known of a frame. pose: camera-to-world (4, 4); time in seconds; the rest as in Rendered."""

    depth: NDArray[np.float32]
    body: NDArray[np.int16]
    pose: NDArray[np.float64]
    time: float


def displacement(
    camera: Camera, here: FrameTruth, pose: NDArray[np.float64], time: float, motions: Sequence[Motion]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far (H, W, 2), in pixels, what is seen `here` is from there at another time, seen from another
    pose, and its points (H, W, 3) in the camera's axes then. NaN where there is no ray."""
    points = unit_depth(camera) * here.depth[..., None]
    to_there = np.linalg.inv(pose)
    moved = _applied(to_there @ here.pose, points)
    for body in np.unique(here.body):
        if body > 0:
            motion = motions[body - 1]
            step = motion(time) @ np.linalg.inv(motion(here.time))
            of = here.body == body
            moved[of] = _applied(to_there @ step @ here.pose, points[of])
    with np.errstate(invalid="ignore"):
        return camera.project(moved) - pixel_centres(camera), moved


def flow(
    camera: Camera, here: FrameTruth, there: FrameTruth, motions: Sequence[Motion]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Flow (2, H, W) in pixels from `here` to `there`, and where it has no partner (H, W).

    What is at pixel x here is at x + flow there. motions: of bodies 1, 2, ... No partner: sky, no ray, behind
    the camera there or outside its picture, or none of the four pixels around x + flow shows the same body
    at the depth expected, to 2 % and 3 mm. The flow is 0 where it is not defined.
    """
    height, width = here.depth.shape
    pixels = pixel_centres(camera)
    result, moved = displacement(camera, here, there.pose, there.time, motions)
    with np.errstate(invalid="ignore"):  # NaN where there is no ray
        defined = (here.depth > 0) & np.isfinite(result[..., 0])
        result = np.clip(np.where(defined[..., None], result, 0), -FARTHEST, FARTHEST)
        u, v = np.moveaxis(pixels + result, -1, 0)
        inside = defined & (u > 0) & (u < width) & (v > 0) & (v < height)
    # The upper left of the four pixels around, and of those the ones that show the same.
    column = np.clip((u - 0.5).astype(np.intp), 0, width - 2)
    row = np.clip((v - 0.5).astype(np.intp), 0, height - 2)
    corner = row * width + column
    right, below = u - 0.5 - column, v - 0.5 - row  # 0..1, and beyond in the outermost half pixel
    z = moved[..., 2].astype(np.float32)
    slack = SAME_DEPTH * z + SLACK
    seen = np.zeros_like(inside)
    for down in (0, 1):
        for across in (0, 1):
            at = corner + (width * down + across)
            same = (there.body.take(at) == here.body) & (np.abs(there.depth.take(at) - z) < slack)
            # Straight at a pixel's centre, its neighbours have no say.
            same &= right > ASIDE if across else right < 1 - ASIDE
            same &= below > ASIDE if down else below < 1 - ASIDE
            seen |= same
    return np.moveaxis(result, -1, 0).astype(np.float32), ~(inside & seen)


def _applied(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ matrix[:3, :3].T + matrix[:3, 3]

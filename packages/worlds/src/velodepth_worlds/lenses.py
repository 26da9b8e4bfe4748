"""Cameras for rendered pictures, and the points their pixels look at."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from velodepth.cameras import Camera, KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError

DISTORTED_SHARE = 0.15


def lens(rng: np.random.Generator, width: int, height: int) -> Camera:
    """A camera for pictures of this size: 35 to 110 degrees across, all focal lengths alike, though half of
    them from 45 to 75 degrees; at times up to 120, or distorted.

    Three in ten have a principal point that is off the centre.
    """
    choice = rng.random()
    if choice < 0.5:
        angle = np.radians(rng.uniform(45, 75))
    elif choice < 0.95:  # even in the logarithm of the focal length
        angle = 2 * np.arctan(np.exp(rng.uniform(*np.log(np.tan(np.radians([35 / 2, 110 / 2]))))))
    else:
        angle = np.radians(rng.uniform(110, 120))
    centre = np.array([width, height]) / 2
    if rng.random() < 0.3:
        centre = centre + rng.normal(0, 0.02, 2) * width
    aspect = float(np.exp(rng.normal(0, 0.01))) if rng.random() < 0.2 else 1.0
    size, half = (width, height), width / 2
    if angle > np.radians(80):  # the widest are fisheyes, more often than not
        distorted = rng.random() < 0.6
        if distorted:
            focal = half / (angle / 2)
            return KannalaBrandt(focal, focal * aspect, *centre, *rng.normal(0, 0.01, 2), size=size)
    focal = half / np.tan(angle / 2)
    if rng.random() < DISTORTED_SHARE and angle < np.radians(90):
        for _ in range(10):
            k1 = rng.uniform(-0.35, 0.12)
            k2 = rng.uniform(0, 0.4) * k1**2 + rng.normal(0, 0.01)
            p1, p2 = rng.normal(0, 0.0007, 2)
            camera = OpenCV(focal, focal * aspect, centre[0], centre[1], k1, k2, p1, p2, size=size)
            rim = [(x, y) for x in (0, width / 2, width) for y in (0, height / 2, height)]
            if np.isfinite(camera.unproject(rim)).all():
                return camera
    return Pinhole(focal, focal * aspect, *centre, size=size)


@lru_cache(maxsize=4)
def unit_depth(camera: Camera) -> NDArray[np.float64]:
    """Points (H, W, 3) at z = 1 that the pixel centres look at; NaN where there is none.

    Raises VeloDepthError if the camera has no size.
    """
    rays = camera.unproject(pixel_centres(camera))
    with np.errstate(all="ignore"):
        return np.where(rays[..., 2:] > 0, rays / rays[..., 2:], np.nan)


@lru_cache(maxsize=4)
def pixel_centres(camera: Camera) -> NDArray[np.float64]:
    """(H, W, 2). Raises VeloDepthError if the camera has no size."""
    if camera.size is None:
        raise VeloDepthError("the camera has no size; give the width and height of its pictures")
    width, height = camera.size
    return np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)

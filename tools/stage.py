"""Somebody walks before a camera in a room of velodepth_worlds: what demo.py and fresh.py share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velodepth_worlds import look, motion

Array = NDArray[np.float64]
HEIGHTS = (0.3, 0.9, 1.5)  # metres above the floor at which nothing may stand where somebody walks


def level(view: Any) -> tuple[Array, float] | None:
    """(eye, yaw) of a `World.view`; None unless it is one from standing height."""
    if view is None or not 1.2 < np.asarray(view[0])[1] < 1.7:
        return None
    eye, target = (np.asarray(point, float) for point in view)
    return eye, motion.towards(target - eye)[0]


def ahead(yaw: float) -> tuple[Array, Array]:
    """Unit vectors on the ground, straight ahead and to the left of a camera with this yaw."""
    return np.array([np.sin(yaw), 0, np.cos(yaw)]), np.array([np.cos(yaw), 0, -np.sin(yaw)])


def free(clear: Any, places: Sequence[Array]) -> bool:
    """Whether somebody can be at all these places on the ground, (3,) each. clear: as of a `World`."""
    return all(clear(np.add(place, (0, high, 0))) for place in places for high in HEIGHTS)


def developed(
    radiances: Sequence[NDArray[np.float32]], rate: float, noise: float, rng: np.random.Generator
) -> Any:
    """Pictures (n, H, W, 3) uint8 of a clip, exposed by its first frame."""
    metered = look.key(radiances[0])
    camera = look.ImageFormation(exposure=1.1, filmic=True, noise=noise)
    return np.stack(
        [look.developed(each, camera, metered, index / rate, rng) for index, each in enumerate(radiances)]
    )

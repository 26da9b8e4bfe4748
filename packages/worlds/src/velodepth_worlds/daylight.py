"""Light outdoors, by day and by night."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .scene import Lights, Vector


def daylight(rng: np.random.Generator) -> Lights:
    """A time of day and a weather: clear, veiled, overcast, dusk; mist at times."""
    weather = rng.choice(["clear", "veiled", "overcast", "dusk"], p=[0.45, 0.2, 0.22, 0.13])
    strength, ambient, low, high = {
        "clear": (rng.uniform(1.0, 2.2), rng.uniform(0.25, 0.5), 12, 75),
        "veiled": (rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.7), 12, 75),
        "overcast": (rng.uniform(0.0, 0.15), rng.uniform(0.5, 0.9), 25, 80),
        "dusk": (rng.uniform(0.2, 1.0), rng.uniform(0.1, 0.35), 3, 14),
    }[weather]
    height, way = np.radians(rng.uniform(low, high)), rng.uniform(0, 2 * np.pi)
    warmth = rng.uniform(0.25, 0.6) if weather == "dusk" else rng.uniform(0.02, 0.2)
    blueness = rng.uniform(0.0, 0.1) if weather == "overcast" else rng.uniform(0.05, 0.3)
    sun = (np.cos(height) * np.sin(way), np.sin(height), np.cos(height) * np.cos(way))
    cool = np.array([1 - blueness, 1.0, 1 + blueness])
    sky = ambient * rng.uniform(1.0, 1.8) * cool
    return Lights(
        sun=_triple(np.array(sun)),
        sun_colour=_triple(strength * np.array([1 + 0.5 * warmth, 1.0, 1 - warmth])),
        ambient=_triple(ambient * (1 + (cool - 1) * 0.6)),
        sky=_triple(sky),
        fog=float(np.exp(rng.uniform(np.log(0.001), np.log(0.02)))) if rng.random() < 0.25 else 0.0003,
    )


def night(rng: np.random.Generator, lamps: list[tuple[Vector, Vector]]) -> Lights:
    """A dark sky over lamps (position, colour), at most six."""
    dim = rng.uniform(0.01, 0.05)
    return Lights(
        sun=(0.0, 1.0, 0.0),
        sun_colour=_triple(0.3 * dim * np.array([0.8, 0.9, 1.0])),
        ambient=_triple(dim * np.array([0.8, 0.9, 1.1])),
        sky=_triple(0.5 * dim * np.array([0.7, 0.8, 1.2])),
        points=lamps,
    )


def _triple(values: NDArray[np.float64]) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z

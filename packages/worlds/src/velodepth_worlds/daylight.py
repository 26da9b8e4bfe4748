"""Light outdoors, by day and by night."""

from __future__ import annotations

import numpy as np

from .draws import log_uniform, weighted
from .scene import Lights, Vector, direction, triple


def daylight(rng: np.random.Generator) -> Lights:
    """A time of day and a weather: clear, veiled, overcast, dusk; mist at times."""
    weather = weighted(rng, {"clear": 0.45, "veiled": 0.2, "overcast": 0.22, "dusk": 0.13})
    strength, ambient, low, high = {
        "clear": (rng.uniform(1.0, 2.2), rng.uniform(0.25, 0.5), 12, 75),
        "veiled": (rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.7), 12, 75),
        "overcast": (rng.uniform(0.0, 0.15), rng.uniform(0.5, 0.9), 25, 80),
        "dusk": (rng.uniform(0.2, 1.0), rng.uniform(0.1, 0.35), 3, 14),
    }[weather]
    height, way = np.radians(rng.uniform(low, high)), rng.uniform(0, 2 * np.pi)
    warmth = rng.uniform(0.25, 0.6) if weather == "dusk" else rng.uniform(0.02, 0.2)
    blueness = rng.uniform(0.0, 0.1) if weather == "overcast" else rng.uniform(0.05, 0.3)
    cool = np.array([1 - blueness, 1.0, 1 + blueness])
    sky = ambient * rng.uniform(1.0, 1.8) * cool
    return Lights(
        sun=triple(direction(way, height)),
        sun_colour=triple(strength * np.array([1 + 0.5 * warmth, 1.0, 1 - warmth])),
        ambient=triple(ambient * (1 + (cool - 1) * 0.6)),
        sky=triple(sky),
        fog=log_uniform(rng, 0.001, 0.02) if rng.random() < 0.25 else 0.0003,
    )


def night(rng: np.random.Generator, lamps: list[tuple[Vector, Vector]]) -> Lights:
    """A dark sky over lamps (position, colour), at most six."""
    dim = rng.uniform(0.01, 0.05)
    return Lights(
        sun=(0.0, 1.0, 0.0),
        sun_colour=triple(0.3 * dim * np.array([0.8, 0.9, 1.0])),
        ambient=triple(dim * np.array([0.8, 0.9, 1.1])),
        sky=triple(0.5 * dim * np.array([0.7, 0.8, 1.2])),
        points=lamps,
    )

"""Colours of homes, offices and streets: greys, whites, beige and wood dominate, strong colours are rare."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Colour = NDArray[np.float64]  # (3,) in 0..1, as in a picture file


def muted(rng: Generator, low: float = 0.08, high: float = 0.95) -> Colour:
    """A grey with a slight, mostly warm cast."""
    warm = rng.normal(0.03, 0.05)
    return np.clip(
        rng.uniform(low, high) * np.array([1 + warm, 1 + rng.normal(0, 0.02), 1 - warm]), 0.02, 0.97
    )


def vivid(rng: Generator) -> Colour:
    """Any hue, fairly saturated, not neon."""
    hue, saturation, value = rng.uniform(0, 6), rng.uniform(0.3, 0.75), rng.uniform(0.2, 0.8)
    wheel = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return value * (1 - saturation + saturation * wheel)


def wooden(rng: Generator) -> Colour:
    """Birch to walnut."""
    pale, dark = np.array([0.86, 0.74, 0.56]), np.array([0.30, 0.19, 0.11])
    t = rng.beta(1.1, 1.6)
    return np.clip(
        (pale + (dark - pale) * t) * rng.uniform(0.85, 1.1) * (1 + rng.normal(0, 0.04, 3)), 0.03, 0.95
    )


def common(rng: Generator) -> Colour:
    """What things in rooms have: whites, blacks, greys, beige and wood, now and then a colour."""
    choice = rng.random()
    if choice < 0.26:
        return muted(rng, 0.72, 0.95)
    if choice < 0.42:
        return muted(rng, 0.04, 0.2)
    if choice < 0.62:
        return muted(rng, 0.2, 0.72)
    if choice < 0.76:
        return wooden(rng)
    if choice < 0.88:
        colour = vivid(rng)
        return 0.5 * colour + 0.5 * colour.mean()
    return vivid(rng)

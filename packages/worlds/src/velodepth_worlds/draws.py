"""Draws that many makers of worlds need, beside those of NumPy's Generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.random import Generator

Choice = TypeVar("Choice")


def one_of(rng: Generator, choices: Sequence[Choice]) -> Choice:
    """Any of them, all alike."""
    return choices[int(rng.integers(len(choices)))]


def weighted(rng: Generator, weights: Mapping[Choice, float]) -> Choice:
    """One of the keys, as often as its weight says."""
    shares = np.array(list(weights.values()))
    return list(weights)[rng.choice(len(weights), p=shares / shares.sum())]


def log_uniform(rng: Generator, low: float, high: float) -> np.float64:
    """As often from 0.2 to 0.4 as from 0.4 to 0.8."""
    return np.float64(np.exp(rng.uniform(np.log(low), np.log(high))))

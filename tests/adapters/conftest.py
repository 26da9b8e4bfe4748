"""A picture to look at."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def photo() -> np.ndarray:
    """(90, 120, 3) uint8: bright to the right, blue at the bottom, with some texture."""
    random = np.random.default_rng(0)
    v, u = np.indices((90, 120))
    plain = np.stack([2 * u, u + v, 2.5 * v], axis=2) * 0.8
    return np.clip(plain + random.normal(0, 8, plain.shape), 0, 255).astype(np.uint8)

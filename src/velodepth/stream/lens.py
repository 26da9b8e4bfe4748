"""The camera of a shot, estimated over its first looks."""

from __future__ import annotations

from typing import Any

import numpy as np

ENOUGH = 6.0  # looks at pictures that show plenty, or more that show less, after which it settles
MOST = 40  # looks after which it settles whatever they showed
BRIGHTER = 1.3  # times what is shown from which what came before was seen in the dark, and does not count
RISING = 1.05  # times what the last look showed from which the picture is still coming up


class LensEstimate:
    """A mean of what the looks of one shot say of its rays, each weighed by what its picture shows.

    While it is not settled the camera still moves a little with each look; once it is, it stays. It does not
    settle while the picture comes up from black.
    """

    def __init__(self) -> None:
        self._sum: Any = 0.0
        self._weight = self._begun = self._shows = 0.0
        self._rises = False
        self._looks = 0
        self._rays: np.ndarray | None = None

    @property
    def settled(self) -> bool:
        return self._looks >= MOST or (self._weight >= ENOUGH and not self._rises)

    @property
    def rays(self) -> np.ndarray:
        """(H, W, 3) float32 unit rays; once something was added."""
        assert self._rays is not None
        return self._rays

    def outshone(self, content: float) -> bool:
        """Whether a picture with that much content shows so much more that nothing before it counts."""
        return not self.settled and content > BRIGHTER * self._begun

    def add(self, rays: np.ndarray, content: float) -> None:
        """One look more: its rays (H, W, 3) float32, and how much its picture shows, see `content`."""
        if self.outshone(content):
            self._sum, self._weight, self._begun = 0.0, 0.0, content
        weight = min(1.0, content) ** 2 + 1e-6  # a first look counts, whatever it shows
        self._sum = self._sum + np.float32(weight) * rays
        is_first = not self._weight
        self._rays = rays if is_first else self._sum / np.linalg.norm(self._sum, axis=-1, keepdims=True)
        self._looks += 1
        self._weight += weight
        self._rises = content > RISING * self._shows
        self._shows = content

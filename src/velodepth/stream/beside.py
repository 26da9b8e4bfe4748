"""A look beside the stream, carried to now when it is done."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np

from ..runtime.protocol import State
from . import fuse
from .evidence import Warp
from .keyframes import Reason
from .motion import Motion, moved


class Beside:
    """One look at a time. What comes of it belongs to the picture it was given: the way from there to now is
    followed frame by frame, flow composed with flow and motion with motion."""

    def __init__(self) -> None:
        self._pending: Future[State] | None = None

    @property
    def busy(self) -> bool:
        return self._pending is not None

    def start(self, look: Future[State], reason: Reason) -> None:
        """A look at this frame has begun, where none was under way."""
        assert self._pending is None
        self._pending, self._reason = look, reason
        self._warp: Warp | None = None
        self._matrix: np.ndarray | None = np.eye(4)

    def follow(self, warp: Warp, motion: Motion | None) -> None:
        """One frame on: from the last to this one."""
        if self._pending is not None:
            self._warp = warp if self._warp is None else warp.after(self._warp)
            known = motion is not None and self._matrix is not None
            self._matrix = motion.matrix @ self._matrix if known else None  # type: ignore[union-attr]

    def arrived(self, pixels_per_radian: float) -> tuple[State, Reason] | None:
        """The look that has ended since, as of this frame, and why it was begun; None where none has.

        pixels_per_radian: the canvas's focal length. Raises what the look raised.
        """
        if self._pending is None or self._warp is None or not self._pending.done():
            return None
        pending, self._pending = self._pending, None
        state = pending.result()
        first, warp, motion = fuse.start(state), self._warp, None
        warped = warp.sharp(first.log_radius)
        if self._matrix is not None:
            there = warp.inside & (warp.nearest(first.known.view(np.uint8)) > 0)
            points = np.exp(warped)[..., None] * warp.linear(state.rays)
            motion = moved(self._matrix, points, state.rays, there, pixels_per_radian)
        now = fuse.carry(first, warp, warped, motion)
        known = now.known & warp.inside
        return State(np.exp(now.log_radius), state.rays, now.confidence, known=known), self._reason

    def forget(self) -> None:
        """What is under way is of another scene: it ends for nothing."""
        self._pending = None

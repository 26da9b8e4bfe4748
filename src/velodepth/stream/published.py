"""What the published code does, with its quirks: a stream of its own, beside the loop of `stream.py`.

It propagates every frame, decides afterwards whether to look as well, shows the propagated radius even then,
holds the confidence for one more frame, and lets a hard cut pass unnoticed. Source: network.md, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ..cameras import Camera
from ..runtime.protocol import Original, Runtime, State
from .canvas import CanvasSpec, to_uint8
from .flow import Flow
from .keyframes import Policy, Reason
from .steps import CarryRequest, LeaveRequest, LookRequest, Steps
from .stream import DepthStream, Seen


@dataclass(frozen=True)
class Thresholds:
    """alpha, beta of alpha + beta * 0.9^(n - 1), n frames after a keyframe; above it the network looks."""

    motion: tuple[float, float] = (0.1, 0.15)  # 95th percentile of the flow, in picture sizes
    uncovered: tuple[float, float] = (0.1, 0.15)  # share of pixels whose source is outside


class _Before(NamedTuple):
    """What this stream keeps of the picture before."""

    state: State
    small: np.ndarray  # (H, W, 3) uint8, the canvas for the flow
    frames: int  # 1 for the first frame after a keyframe
    moved: float  # halved each frame, then the step's added
    uncovered: float  # likewise
    late: bool  # it was a keyframe other than the first


class PublishedStream(DepthStream):
    """A `DepthStream` that decides and shows as the published code does.

    runtime: one that carries. The rest as for `DepthStream`.
    """

    watches = False

    def __init__(
        self,
        runtime: Runtime,
        spec: CanvasSpec,
        thresholds: Thresholds,
        camera: Camera | None = None,
        flow: Flow | None = None,
    ) -> None:
        super().__init__(runtime, spec, Policy(), camera, flow)
        self.thresholds = thresholds

    def reset(self) -> None:
        """See `DepthStream.reset`."""
        super().reset()
        self._before: _Before | None = None

    def _see(self, original: Original, canvas: np.ndarray) -> Steps[Seen]:
        small, before = to_uint8(canvas), self._before
        look = LookRequest(self._runtime, canvas, self._rays, original)
        if before is None:
            state: State = yield look
            self._before = _Before(state, small, 1, 0.0, 0.0, False)
            return Seen(state.without_memory(), "start", None)
        flow = self._flow(before.small, small)
        state = yield CarryRequest(self._runtime, before.state, canvas, flow)
        if state.published_confidence is not None:
            state = replace(state, confidence=state.published_confidence)
        moved = before.moved / 2 + longest(flow)
        uncovered = before.uncovered / 2 + state.uncovered
        reason = self._decide(before.frames, moved, uncovered)
        if reason and (yield LeaveRequest(reason)):
            shown: State = yield look
            state = replace(shown, radius=state.radius, confidence=state.confidence)
            before = before._replace(frames=0, moved=0.0, uncovered=0.0)
            moved = uncovered = 0.0
        else:
            reason = None
        if before.late:
            state = replace(state, confidence=before.state.confidence)
        self._before = _Before(state, small, before.frames + 1, moved, uncovered, reason is not None)
        return Seen(state.without_memory(), reason, None)

    def _decide(self, frames: int, moved: float, uncovered: float) -> Reason | None:
        patience = 0.9 ** (frames - 1)
        if moved > self.thresholds.motion[0] + self.thresholds.motion[1] * patience:
            return "motion"
        if uncovered > self.thresholds.uncovered[0] + self.thresholds.uncovered[1] * patience:
            return "uncovered"
        return None


def longest(flow: np.ndarray) -> float:
    """95th percentile of the length of (2, H, W) canvas pixels, dx / (W - 1) and dy / (H - 1)."""
    _, height, width = flow.shape
    x, y = flow / np.array([width - 1, height - 1], np.float32)[:, None, None]
    return float(np.percentile(np.sqrt(x * x + y * y), 95))

"""The online loop: one picture in, one `DepthFrame` out, now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np

from ..cameras import Camera
from ..errors import VeloDepthError
from ..media.arrays import as_picture
from ..runtime.protocol import Runtime, State
from .canvas import Canvas, CanvasSpec, to_uint8
from .evidence import Evidence, remap
from .fade import Fade
from .flow import DisFlow, Flow
from .frame import DepthFrame, Lens
from .keyframes import FRESH, Policy, Reason, Since

FRAME_RATE = 30.0
"""Frames a second assumed for pictures pushed without a time."""


class Last(NamedTuple):
    """What a stream keeps of the picture before."""

    state: State  # the network's own
    shown: np.ndarray  # (H, W) float32, the radius handed out, after the cross-fade
    small: np.ndarray  # (H, W, 3) uint8, the canvas for the flow
    luma: np.ndarray  # (H, W) uint8
    seen: np.ndarray  # (H, W) uint8, see Evidence.seen
    anchor: np.ndarray  # (H, W) float32, log radius of the last keyframe, carried along the flow


class DepthStream:
    """Depth of one video, picture by picture, without looking ahead.

    Keeps the last picture and the last state, nothing older. Streams are independent of each other and may
    share a runtime. `model.stream()` makes one.

    camera: of the pictures, honoured on every frame (one made for another size of the same
    shape is scaled); None: estimated at the start and at each cut, and kept in between.
    flow: what finds the motion between canvases; its default is DIS.
    """

    def __init__(
        self,
        runtime: Runtime,
        spec: CanvasSpec,
        policy: Policy,
        camera: Camera | None = None,
        flow: Flow | None = None,
    ) -> None:
        self._runtime, self._spec, self._policy, self._camera = runtime, spec, policy, camera
        self._flow = flow if flow is not None else DisFlow()
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next picture is a first one, and may have another size."""
        self._index = 0
        self._canvas: Canvas | None = None
        self._lens: Lens | None = None
        self._last: Last | None = None
        self._since = Since()
        self._fade: Fade | None = None
        self._late = False  # the last picture was a keyframe other than the first

    def push(self, picture: Any, time: float | None = None) -> DepthFrame:
        """Depth of the next picture.

        picture: (H, W, 3) RGB, (H, W, 4) or grey; uint8, uint16 or float in 0..1; at least 16 x 16, the same
        size each time. time: seconds; by default 30 pictures a second.
        Raises VeloDepthError for anything else.
        """
        picture = as_picture(picture)
        height, width = picture.shape[:2]
        if self._canvas is None:
            self._canvas = Canvas.of(width, height, self._spec)
            c = self._canvas
            self._given = self._camera.for_picture(width, height) if self._camera else None
            self._rays = c.camera(self._given).rays(c.width, c.height) if self._given else None
        elif (width, height) != (self._canvas.picture_width, self._canvas.picture_height):
            c = self._canvas
            raise VeloDepthError(
                f"picture {self._index} is {width} x {height}, but the stream began with {c.picture_width} x "
                f"{c.picture_height}: resize it, or call reset() to begin anew."
            )
        state, scale, reason = self._see(self._canvas.fill(picture))
        if self._lens is None or self._lens.rays is not state.rays:
            self._lens = Lens(self._given, state.rays, self._canvas)
        seconds = self._index / FRAME_RATE if time is None else time
        frame = DepthFrame(self._index, seconds, picture, reason, self._lens, state, self._canvas, scale)
        self._index += 1
        return frame

    def _see(self, canvas: np.ndarray) -> tuple[State, float, Reason | None]:
        """The state to show for the next canvas, the cross-fade's factor, and why it is a keyframe."""
        policy, last = self._policy, self._last
        if not policy.uses_evidence:
            reason = policy.before(self._since, None) if self._index else "start"
            state = self._runtime.keyframe(canvas, self._rays)
            return replace(state, memory=None), 1.0, reason
        small = to_uint8(canvas)
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        seen = np.full_like(luma, 255)
        if last is None:
            state, reason = self._runtime.keyframe(canvas, self._rays), "start"
            shown, scale, anchor = state.radius, 1.0, np.log(state.radius)
        else:
            flow = self._flow(last.small, small)
            evidence = Evidence(last.luma, luma, flow, last.seen)
            state, reason = self._step(last.state, canvas, flow, evidence)
            shown, scale = self._faded(last.shown, state.radius, reason, flow)
            if reason:
                anchor = np.log(state.radius)
            else:
                seen, anchor = evidence.seen, remap(last.anchor, flow)
        self._since = Since() if reason else self._longer(state.radius, anchor, seen)
        self._last = Last(state, shown, small, luma, seen, anchor)
        return replace(state, radius=shown, memory=None), scale, reason

    def _step(
        self, last: State, canvas: np.ndarray, flow: np.ndarray, evidence: Evidence
    ) -> tuple[State, Reason | None]:
        """Propagate or look anew, and why."""
        runtime, policy = self._runtime, self._policy
        reason = policy.before(self._since, evidence)
        if reason in FRESH:
            return runtime.keyframe(canvas, self._rays), reason
        if reason is not None:  # the same shot: the same camera
            return runtime.keyframe(canvas, last.rays), reason
        state = runtime.propagate(last, canvas, flow)
        if policy.keeps_shown and state.published_confidence is not None:
            state = replace(state, confidence=state.published_confidence)
        reason = policy.after(self._since, evidence, state.uncovered)
        if reason is not None:
            state = runtime.keyframe(canvas, self._rays, keep=state)
        if policy.keeps_shown and self._late:
            state = replace(state, confidence=last.confidence)
        self._late = reason is not None
        return state, reason

    def _longer(self, radius: np.ndarray, anchor: np.ndarray, seen: np.ndarray) -> Since:
        """One more frame since the keyframe, and how far the radius has wandered from what it saw."""
        some = (slice(None, None, 4),) * 2  # every fourth pixel tells as much
        off = np.abs(np.log(radius[some]) - anchor[some])[seen[some] == 255]
        wandered = float(np.median(off)) if off.size else 0.0
        return replace(self._since, frames=self._since.frames + 1, wandered=wandered)

    def _faded(
        self, shown: np.ndarray, radius: np.ndarray, reason: Reason | None, flow: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """The radius to show, and the cross-fade's factor; `shown` was handed out for the frame before."""
        if reason is not None:
            blends = self._policy.blend and reason not in FRESH
            self._fade = Fade(shown, radius, flow, self._policy.blend) if blends else None
        elif self._fade is not None and not self._fade.advance(flow):
            self._fade = None
        return self._fade.apply(radius) if self._fade else (radius, 1.0)

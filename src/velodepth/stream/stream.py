"""The online loop: one picture in, one `DepthFrame` out, now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from ..cameras import Camera
from ..errors import VeloDepthError
from ..media.arrays import as_picture
from ..runtime.protocol import Runtime, State
from .canvas import Canvas, CanvasSpec, to_uint8
from .evidence import Evidence
from .fade import Fade
from .flow import DisFlow, Flow
from .frame import DepthFrame, Lens
from .keyframes import FRESH, Policy, Since

FRAME_RATE = 30.0
"""Frames a second assumed for pictures pushed without a time."""


class DepthStream:
    """Depth of one video, picture by picture, without looking ahead.

    Keeps the last picture and the last state, nothing older. Streams are independent of each other and may
    share a runtime. `model.stream()` makes one.

    camera: of the pictures, honoured on every frame; None: estimated at the start and at each cut, and
    kept in between. flow: what finds the motion between canvases; its default is DIS.
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
        self._state: State | None = None  # the network's own, of the last picture
        self._shown: np.ndarray | None = None  # (H, W) radius handed out for it, after the cross-fade
        self._small: np.ndarray | None = None  # (H, W, 3) uint8, its canvas for the flow
        self._luma: np.ndarray | None = None  # (H, W) uint8
        self._seen: np.ndarray | None = None  # (H, W) uint8, see Evidence.seen
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
            self._rays = c.camera(self._camera).rays(c.width, c.height) if self._camera else None
        elif (width, height) != (self._canvas.picture_width, self._canvas.picture_height):
            c = self._canvas
            raise VeloDepthError(
                f"picture {self._index} is {width} x {height}, but the stream began with {c.picture_width} x "
                f"{c.picture_height}: resize it, or call reset() to begin anew."
            )
        state, scale, reason = self._see(self._canvas.fill(picture))
        if self._lens is None or self._lens.rays is not state.rays:
            self._lens = Lens(self._camera, state.rays, self._canvas)
        seconds = self._index / FRAME_RATE if time is None else time
        frame = DepthFrame(self._index, seconds, picture, reason, self._lens, state, self._canvas, scale)
        self._index += 1
        return frame

    def _see(self, canvas: np.ndarray) -> tuple[State, float, str | None]:
        """The state to show for the next canvas, the cross-fade's factor, and why it is a keyframe."""
        runtime, policy, last = self._runtime, self._policy, self._state
        reason: str | None = "start"
        if not policy.uses_evidence:
            reason = policy.before(self._since, None) if last is not None else "start"
            state = runtime.keyframe(canvas, self._rays)
        else:
            small = to_uint8(canvas)
            luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
            if last is None:
                state = runtime.keyframe(canvas, self._rays)
            else:
                flow = self._flow(self._small, small)
                evidence = Evidence(self._luma, luma, flow, self._seen)
                state, reason = self._step(last, canvas, flow, evidence)
            self._small, self._luma = small, luma
            self._seen = np.full_like(luma, 255) if reason else evidence.seen
        self._since = Since() if reason else replace(self._since, frames=self._since.frames + 1)
        self._state = state
        shown, scale = state.radius, 1.0
        if reason is not None and reason not in FRESH and policy.blend:
            self._fade = Fade(self._shown, state.radius, flow, policy.blend)
        elif reason in FRESH or (self._fade is not None and not self._fade.advance(flow)):
            self._fade = None
        if self._fade is not None:
            shown, scale = self._fade.apply(state.radius)
            state = replace(state, radius=shown)
        self._shown = shown
        return state, scale, reason

    def _step(
        self, last: State, canvas: np.ndarray, flow: np.ndarray, evidence: Evidence
    ) -> tuple[State, str | None]:
        """Propagate or look anew, and why."""
        runtime, policy = self._runtime, self._policy
        reason = policy.before(self._since, evidence)
        if reason in FRESH:
            return runtime.keyframe(canvas, self._rays), reason
        if reason is not None:  # the same shot: the same camera
            return runtime.keyframe(canvas, last.rays), reason
        state = runtime.propagate(last, canvas, flow)
        reason = policy.after(self._since, evidence, state.uncovered)
        if reason is not None:
            state = runtime.keyframe(canvas, self._rays, keep=state)
        if policy.keeps_shown and self._late:
            state = replace(state, confidence=last.confidence)
        self._late = reason is not None
        return state, reason

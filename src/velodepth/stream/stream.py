"""The online loop: one picture in, one `DepthFrame` out, now. Look, carry, fuse."""

from __future__ import annotations

import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np

from ..cameras import Camera, focal_of
from ..errors import LookError, MediaWarning, VeloDepthError
from ..media.arrays import as_picture, as_time
from ..runtime.protocol import Original, Runtime, State
from . import fuse
from .bars import WHOLE, Bars
from .beside import Beside
from .canvas import Canvas, CanvasSpec, to_uint8
from .content import Dissolve, content, likeness, thumbnail
from .evidence import Evidence, Warp
from .flow import DisFlow, Flow, steadied
from .frame import DepthFrame, Lens
from .keyframes import ANEW, Policy, Reason
from .lens import LensEstimate
from .motion import Motion, solve_motion
from .steps import CarryRequest, LeaveRequest, LookRequest, Steps, drive

FRAME_RATE = 30.0
"""Frames a second assumed for pictures pushed without a time."""
SURE = 0.5
"""Precision from which what is carried is told to a network that aligns to it."""
PATIENCE = 10
"""Looks in a row that may fail while a stream goes on carrying."""
FLASH = 6
"""Pictures in a row that show nothing and are passed over."""
SAME = 0.5
"""Likeness of the pictures before and after some that show nothing, from which they are of one scene."""


class Seen(NamedTuple):
    """What the loop says of one picture."""

    state: State  # radius, rays, confidence and what is known: to be shown
    reason: Reason | None  # why the network looked, or None
    motion: np.ndarray | None  # see DepthFrame.motion


class Step(NamedTuple):
    """What is known of a picture before any network has run."""

    flow: np.ndarray  # (2, H, W) float32 canvas pixels, this picture -> the last
    warp: Warp  # by that flow
    motion: Motion | None
    carried: fuse.Memory
    evidence: Evidence


class Last(NamedTuple):
    """What a stream keeps of the picture before."""

    state: State  # as shown, with the network's own memory
    memory: fuse.Memory
    small: np.ndarray  # (H, W, 3) uint8, the canvas for the flow
    luma: np.ndarray  # (H, W) uint8
    frames: int  # since the last look; 0: it was one
    preliminary: bool  # the network itself has not said anything of this scene yet


class DepthStream:
    """Depth of one video, picture by picture, without looking ahead.

    Keeps the last picture and the last state, nothing older. Streams are independent of each other and may
    share a runtime. `model.stream()` makes one.

    camera: of the pictures, honoured on every frame (one made for another size of the same
    shape is scaled); None: estimated over the first looks of each shot, and kept from then on.
    flow: what finds the motion between canvases; its default is DIS.
    beside: looks run in a thread beside the stream, one at a time, and are carried to the frame at which they
    are done, so that no frame waits for one but the first of a scene; what comes out then depends on the
    machine's speed. meanwhile: who looks at that first frame instead, until the first look is done.

    Black bars are left out of what the network sees (`Bars`). A picture that shows nothing, such as a flash,
    shows what was carried. A dissolve ends in a cut.
    """

    watches: ClassVar[bool] = True
    """Whether bars, pictures that show nothing and dissolves are looked for, and the camera is estimated over
    several looks; otherwise a shot's camera is that of its first look."""

    def __init__(
        self,
        runtime: Runtime,
        spec: CanvasSpec,
        policy: Policy,
        camera: Camera | None = None,
        flow: Flow | None = None,
        beside: bool = False,
        meanwhile: Runtime | None = None,
    ) -> None:
        self._runtime, self._spec, self._policy, self._camera = runtime, spec, policy, camera
        self._flow = flow if flow is not None else DisFlow()
        self._beside, self._meanwhile = Beside() if beside else None, meanwhile
        self._pool = ThreadPoolExecutor(1, "velodepth look") if beside else None  # no thread before a look
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next picture is a first one, and may have another size."""
        self._index = 0
        self._canvas: Canvas | None = None
        self._lens: Lens | None = None
        self._bars = Bars()
        self._forget()

    def _forget(self) -> None:
        """Another scene: nothing of the last one remains."""
        self._last: Last | None = None
        self._estimate = LensEstimate()
        self._dissolve = Dissolve()
        self._thumb: np.ndarray | None = None  # of the last picture that showed something
        self._blank = 0  # pictures since then
        self._asked = 0.0  # how much the picture shows that is looked at beside the stream
        self._failed = self._spared = 0  # looks that failed in a row; frames until the next is tried
        if self._beside:
            self._beside.forget()

    def push(self, picture: Any, time: float | None = None) -> DepthFrame:
        """Depth of the next picture.

        picture: (H, W, 3) RGB, (H, W, 4) or grey; uint8, uint16 or float in 0..1; at least 16 x 16, the same
        size each time. time: seconds; by default 30 pictures a second.
        Raises VeloDepthError for anything else.
        """
        return drive(self.steps(picture, time), self._pool)

    def steps(self, picture: Any, time: float | None = None) -> Steps[DepthFrame]:
        """`push` for whoever answers what is asked on the way."""
        picture = as_picture(picture)
        seconds = self._index / FRAME_RATE if time is None else as_time(time)
        height, width = picture.shape[:2]
        c = self._canvas
        if c is not None and (width, height) != (c.frame_width, c.frame_height):
            raise VeloDepthError(
                f"picture {self._index} is {width} x {height}, but the stream began with {c.frame_width} x "
                f"{c.frame_height}: resize it, or call reset() to begin anew."
            )
        area = self._bars.follow(picture) if self.watches else WHOLE
        if c is None or area != c.area:
            self._forget()
            c = self._canvas = Canvas.of(width, height, self._spec, area)
            self._given = self._camera.for_picture(width, height) if self._camera else None
            self._rays = c.camera(self._given).rays(c.width, c.height) if self._given else None
        inner = self._given.moved(1, 1, -area.left, -area.top) if self._given else None
        seen = yield from self._see(Original(area.cut(picture), inner), c.fill(picture))
        rays, settled = (
            seen.state.rays,
            self._camera is not None or not self.watches or self._estimate.settled,
        )
        if self._lens is None or self._lens.rays is not rays or self._lens.settled != settled:
            self._lens = Lens(self._given, rays, c, settled)
        frame = DepthFrame(self._index, seconds, picture, seen.reason, self._lens, seen.state, c, seen.motion)
        self._index += 1
        return frame

    def _see(self, original: Original, canvas: np.ndarray) -> Steps[Seen]:
        """Look or carry, then fuse; keeps what the next picture needs."""
        if not self._policy.remembers:
            state: State = yield LookRequest(self._runtime, canvas, self._rays, original)
            return Seen(state.without_memory(), "every" if self._index else "start", None)
        start: Reason = "cut" if self._index else "start"
        thumb = thumbnail(original.picture)
        shows = content(thumb)
        if self.watches and not shows:
            return (yield from self._see_nothing(original, canvas, start))
        if self.watches and self._is_another(thumb):
            self._forget()
        small = to_uint8(canvas)
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        last = self._last
        step = self._step(last, small, luma) if last else None
        reason = self._policy.decide(step.evidence) if step else start
        if reason in ANEW and last:
            self._forget()
            last = None
        self._thumb, self._blank = thumb, 0
        preliminary = False
        # Of what was seen in the dark nothing is worth keeping.
        if last is None or step is None or (self.watches and self._estimate.outshone(shows)):
            reason = reason if reason in ANEW else start
            state, motion = (yield from self._begin(canvas, original, reason or start, shows)), None
            memory, radius = fuse.start(state), state.radius
            preliminary = self._meanwhile is not None
        else:
            motion = step.motion
            asked = self._look(last.state.rays, canvas, original, step, reason, shows)
            looked, reason = yield from asked
            memory, state = step.carried, last.state
            if looked is not None and looked.rays is not state.rays:  # metres go with the camera
                memory = memory.scaled(focal_of(looked.rays) / focal_of(state.rays))
                state = replace(state, rays=looked.rays)
            if looked is not None and self._beside is None:
                state = looked
            elif self._runtime.carries:
                state = yield CarryRequest(self._runtime, last.state, canvas, step.flow)
                combine = fuse.guessed if state.guess else fuse.fuse
                memory = combine(memory, state, step.evidence)
            if looked is not None:
                if last.preliminary:
                    memory = memory._replace(precision=np.zeros_like(memory.precision))
                memory = fuse.fuse(memory, looked, step.evidence)
            elif not self._runtime.carries:
                memory = fuse.unobserved(memory, step.evidence)
            radius, preliminary = np.exp(memory.log_radius), last.preliminary and looked is None
        state = replace(state, radius=radius, confidence=memory.confidence, known=memory.known)
        frames = 0 if reason or last is None else last.frames + 1
        self._last = Last(state, memory, small, luma, frames, preliminary)
        return Seen(state.without_memory(), reason, None if motion is None else motion.matrix)

    def _see_nothing(self, original: Original, canvas: np.ndarray, start: Reason) -> Steps[Seen]:
        """A flash is passed over; what stays black or blank is looked at, and not remembered."""
        self._blank += 1
        last = self._last
        if last is None:
            state: State = yield LookRequest(self._meanwhile or self._runtime, canvas, self._rays, original)
            return Seen(state.without_memory(), start, None)
        if self._blank > FLASH:
            with suppress(LookError):
                state = yield LookRequest(self._runtime, canvas, last.state.rays, original)
                return Seen(state.without_memory(), "age", None)
        return Seen(last.state.without_memory(), None, np.eye(4))  # as if the camera had stood still

    def _is_another(self, thumb: np.ndarray) -> bool:
        """Whether a dissolve has ended, or what comes after black is not what was before."""
        if self._dissolve.is_over(thumb):
            return True
        return self._thumb is not None and self._blank > 0 and likeness(self._thumb, thumb) < SAME

    def _begin(self, canvas: np.ndarray, original: Original, reason: Reason, shows: float) -> Steps[State]:
        """The first look of a scene."""
        if self._beside:
            self._beside.forget()
        first = self._runtime if self._beside is None else self._meanwhile or self._runtime
        state = self._of_the_shot((yield LookRequest(first, canvas, self._rays, original)), shows)
        if self._beside is None or self._meanwhile is None:
            return state
        carried = replace(state, memory=None)
        self._asked = shows
        told = original._replace(carried=carried)
        look: Future[State] = yield LookRequest(self._runtime, canvas, state.rays, told, beside=True)
        self._beside.start(look, reason)
        return carried

    def _look(
        self,
        rays: np.ndarray,
        canvas: np.ndarray,
        original: Original,
        step: Step,
        reason: Reason | None,
        shows: float,
    ) -> Steps[tuple[State | None, Reason | None]]:
        """A look within a shot that is to be fused now, with the shot's rays, and why it was begun.

        In line it is of this frame, beside the stream of an earlier one and carried here. None where there is
        none, or leave was not given, or it failed: the stream then goes on carrying and says of a failure so,
        up to PATIENCE times in a row. After the n-th of these no look is tried for n frames.
        """
        assert self._lens is not None
        memory = step.carried
        estimates = self.watches and self._runtime.estimates and not self._estimate.settled
        known = self._rays if estimates else rays

        def look() -> LookRequest:
            sure = memory.known & (memory.precision >= SURE)
            carried = State(np.exp(memory.log_radius), rays, memory.confidence, known=sure)
            told = original._replace(carried=carried)
            return LookRequest(self._runtime, canvas, known, told, beside=self._beside is not None)

        looked: State | None = None
        if self._spared:
            self._spared, reason = self._spared - 1, None
        try:
            if self._beside is None:
                if reason and (yield LeaveRequest(reason)):
                    looked = self._of_the_shot((yield look()), shows)
                else:
                    reason = None
            else:
                self._beside.follow(step.warp, step.motion)
                looked, why = self._beside.arrived(self._lens.focal) or (None, None)
                if looked is not None:
                    looked = self._of_the_shot(looked, self._asked)
                if reason and not self._beside.busy and (yield LeaveRequest(reason, beside=True)):
                    self._asked = shows
                    self._beside.start((yield look()), reason)
                reason = why
        except LookError as error:
            self._failed += 1
            if self._failed > PATIENCE:
                raise
            self._spared = self._failed
            warnings.warn(f"{error}; the stream goes on with what it carries", MediaWarning, stacklevel=6)
            return None, None
        if looked is not None:
            self._failed = 0
        return looked, reason

    def _of_the_shot(self, state: State, shows: float) -> State:
        """A look with the camera that is estimated over those of its shot, of which it is one.

        shows: how much its picture does.
        """
        estimate = self._estimate
        if self.watches and not estimate.settled:
            estimate.add(state.rays, shows)
        if (
            not self.watches
            or self._rays is not None
            or not self._runtime.estimates
            or state.rays is estimate.rays
        ):
            return state
        factor = focal_of(estimate.rays) / focal_of(state.rays)  # metres grow with it
        return replace(state, rays=estimate.rays, radius=state.radius * np.float32(factor))

    def _step(self, last: Last, small: np.ndarray, luma: np.ndarray) -> Step:
        """From the last picture to this one, by flow alone."""
        assert self._lens is not None
        flow = steadied(self._flow(last.small, small), last.luma, luma)
        warp = Warp(flow)
        rays, known = last.state.rays, last.memory.known
        warped = warp.sharp(last.memory.log_radius)
        points = np.exp(warped)[..., None] * warp.linear(rays)
        there = warp.inside & (warp.nearest(known.view(np.uint8)) > 0)
        motion = solve_motion(points, rays, there, self._lens.focal)
        carried = fuse.carry(last.memory, warp, warped, motion)
        evidence = Evidence(last.frames + 1, flow, warp, last.luma, luma, motion, carried.precision)
        return Step(flow, warp, motion, carried, evidence)

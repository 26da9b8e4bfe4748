"""A loaded model: networks, canvas and policies, ready to make streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..cameras import Camera
from ..errors import VeloDepthError
from ..media.reading import Source, open_source
from ..runtime.protocol import Runtime
from ..stream.canvas import CanvasSpec
from ..stream.flow import Flow
from ..stream.foreign import ForeignRuntime
from ..stream.frame import DepthFrame
from ..stream.keyframes import Policy, parse_policy
from ..stream.published import PublishedStream, Thresholds
from ..stream.stream import DepthStream
from ..stream.streams import DepthStreams


class Model:
    """What `velodepth.load` returns. Holds no video: any number of streams may share it.

    thresholds: of the published policy with this checkpoint's settings.
    """

    def __init__(
        self, name: str, runtime: Runtime, spec: CanvasSpec, thresholds: Thresholds | None = None
    ) -> None:
        self.name, self.runtime, self.spec = name, runtime, spec
        self._thresholds = thresholds or Thresholds()

    def stream(
        self,
        camera: Camera | None = None,
        policy: str | Policy = "adaptive",
        flow: Flow | None = None,
        beside: bool = False,
    ) -> DepthStream:
        """A new stream for one video.

        camera: of its pictures, e.g. velodepth.Pinhole(fx, fy, cx, cy) in picture pixels; None: estimated.
        policy: a name as `parse_policy` takes it, or an object such as Every(4). flow: default DIS.
        beside: for live pictures, see `DepthStream`; a network that carries features of its own looks in line
        all the same.
        Raises VeloDepthError for an unknown policy, and for "published" with a network that does not carry.
        """
        chosen = parse_policy(policy) if isinstance(policy, str) else policy
        if chosen != "published":
            foreign = self.runtime if isinstance(self.runtime, ForeignRuntime) else None
            beside = beside and (foreign is not None or not self.runtime.carries)
            meanwhile = foreign.base if foreign and not foreign.relative else None
            return DepthStream(self.runtime, self.spec, chosen, camera, flow, beside, meanwhile)
        if not self.runtime.carries or isinstance(self.runtime, ForeignRuntime):
            raise VeloDepthError(
                f"policy 'published' needs a network that propagates, and {self.name} has none: choose "
                "preset large, or another policy"
            )
        return PublishedStream(self.runtime, self.spec, self._thresholds, camera, flow)

    def streams(
        self,
        n: int,
        cameras: Sequence[Camera | None] | None = None,
        policies: str | Policy | Sequence[str | Policy] = "adaptive",
        looks: int | None = None,
        beside: bool = False,
    ) -> DepthStreams:
        """New streams for n videos that are pushed together, such as the cameras of a robot.

        cameras: one for each, None where it is to be estimated. policies: as in `stream`, one for all or one
        for each. looks: at most so many within shots at one push, see `DepthStreams`; None: half of n,
        rounded up; with n no look waits for those of others. beside: as in `stream`.
        Raises VeloDepthError as `stream` does, where n or looks is below 1, and where cameras or policies are
        not n.
        """
        given = [None] * n if cameras is None else list(cameras)
        chosen = [policies] * n if isinstance(policies, str | Policy) else list(policies)
        if len(given) != n or len(chosen) != n:
            raise VeloDepthError(
                f"{len(given)} cameras and {len(chosen)} policies for {n} streams: give one for each"
            )
        streams = [self.stream(c, p, beside=beside) for c, p in zip(given, chosen, strict=True)]
        return DepthStreams(streams, (n + 1) // 2 if looks is None else looks)

    def run(
        self,
        source: Any,
        camera: Camera | None = None,
        policy: str | Policy = "adaptive",
        flow: Flow | None = None,
    ) -> Iterator[DepthFrame]:
        """Depth of every frame of a source, as it is read.

        source: a file, image folder or glob, camera index, URL, any iterable of RGB arrays, or what
        `velodepth.open_source` returned. camera: None takes the source's own, where it knows it (a bag). The
        rest as in `stream`.
        Raises VeloDepthError for a source that cannot be read.
        """
        with source if isinstance(source, Source) else open_source(source) as frames:
            stream = self.stream(camera or frames.camera, policy, flow)
            for frame in frames:
                yield stream.push(frame.picture, frame.time)

"""A loaded model: networks, canvas and policies, ready to make streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..cameras import Camera
from ..errors import VeloDepthError
from ..media.reading import Source, open_source
from ..runtime.protocol import Runtime
from ..stream.canvas import CanvasSpec
from ..stream.flow import Flow
from ..stream.frame import DepthFrame
from ..stream.keyframes import Adaptive, Every, Policy, Published
from ..stream.stream import DepthStream


class Model:
    """What `velodepth.load` returns. Holds no video: any number of streams may share it.

    published: the published policy with this checkpoint's settings.
    """

    def __init__(self, name: str, runtime: Runtime, spec: CanvasSpec, published: Published) -> None:
        self.name, self.runtime, self.spec = name, runtime, spec
        self._policies: dict[str, Policy] = {
            "adaptive": Adaptive(),
            "published": published,
            "every": Every(),
        }

    def stream(
        self, camera: Camera | None = None, policy: str | Policy = "adaptive", flow: Flow | None = None
    ) -> DepthStream:
        """A new stream for one video.

        camera: of its pictures, e.g. velodepth.Pinhole(fx, fy, cx, cy) in picture pixels; None: estimated.
        policy: "adaptive" (default), "published", "every" (a keyframe each frame), or an object such as
        Adaptive(age=60). flow: default DIS.
        """
        if isinstance(policy, str):
            if policy not in self._policies:
                raise VeloDepthError(
                    f"there is no keyframe policy {policy!r}: choose one of {', '.join(self._policies)}"
                )
            policy = self._policies[policy]
        return DepthStream(self.runtime, self.spec, policy, camera, flow)

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

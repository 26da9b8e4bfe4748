"""Video that comes message by message, such as on a ROS topic: each message one coded picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Generic, TypeVar

import av
import numpy as np
from av.codec.context import Flags

from velodepth.errors import VeloDepthError

CODECS = {"h264": "h264", "avc": "h264", "h265": "hevc", "hevc": "hevc", "vp9": "vp9", "av1": "av1"}
"""The decoder of a format, by the name it begins with."""
Message = TypeVar("Message")


def is_video(format: str) -> bool:
    """Whether a message of this format (e.g. of a CompressedImage) is a part of a video."""
    return _codec(format) is not None


def _codec(format: str) -> str | None:
    name = format.lower().replace(".", "").split(";")[0].strip()
    return next((codec for begin, codec in CODECS.items() if name.startswith(begin)), None)


class CodedVideo(Generic[Message]):
    """Decodes what depends on what came before; a picture comes out with the message that it came in.

    Raises VeloDepthError where the format is none of CODECS, or this PyAV has no decoder for it.
    """

    def __init__(self, format: str) -> None:
        codec = _codec(format)
        if codec is None or codec not in av.codecs_available:
            raise VeloDepthError(f"video coded as {format!r} is not known: give one of {', '.join(CODECS)}")
        context = av.CodecContext.create(codec, "r")
        assert isinstance(context, av.VideoCodecContext)
        context.thread_type = "SLICE"  # one picture after the other, none held back for others
        context.flags |= Flags.low_delay
        self._context = context
        self._waiting: dict[int, Message] = {}
        self._count = 0

    def push(self, message: Message, data: bytes) -> Iterator[tuple[Message, np.ndarray | None]]:
        """Messages whose pictures, (H, W, 3) uint8 RGB, are ready; None where one cannot be decoded."""
        packet = av.Packet(data)
        packet.pts = packet.dts = self._count
        self._waiting[self._count] = message
        self._count += 1
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError:  # such as before the first keyframe
            yield self._waiting.pop(self._count - 1), None
            return
        yield from self._ready(frames)

    def flush(self) -> Iterator[tuple[Message, np.ndarray | None]]:
        """Those that the decoder held back; the rest has none."""
        with suppress(av.error.FFmpegError):
            yield from self._ready(self._context.decode(None))
        for message in self._waiting.values():
            yield message, None
        self._waiting = {}

    def _ready(self, frames: list[av.VideoFrame]) -> Iterator[tuple[Message, np.ndarray | None]]:
        for frame in frames:
            if frame.pts in self._waiting:
                for earlier in [number for number in self._waiting if number < frame.pts]:
                    yield self._waiting.pop(earlier), None
                message = self._waiting.pop(frame.pts)
                yield message, None if frame.is_corrupt else frame.to_ndarray(format="rgb24")

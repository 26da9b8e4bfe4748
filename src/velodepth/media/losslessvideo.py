"""Depth as numbers in one video file without loss: FFV1 in Matroska."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import FileWriter
from velodepth.media.depthimages import to_millimetres

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

TICKS = 1000  # per second: Matroska keeps times to a millisecond
NOMINAL_RATE = 30  # frames a second, for players; each frame has its own time


class LosslessWriter(FileWriter):
    """An .mkv file: a 16-bit grey picture a frame, in millimetres, coded by FFV1 version 3 (RFC 9043).

    What is decoded is bit for bit `to_millimetres` of the frame: depth to half a millimetre up to 65.535 m,
    0 where it is not known. Each frame is a keyframe of the file and has a checksum (in every slice of it).
    Times are kept to a millisecond relative to the first frame; one that does not grow is moved to just after
    the one before. The file's comment says depth or distance, as `DepthFrame.measure`, and the unit.

    Raises VeloDepthError as FileWriter does, and where FFV1 is missing.
    """

    _container: av.container.OutputContainer | None = None

    def _begin(self, frame: DepthFrame) -> None:
        self._start, self._last = frame.time, -1
        self._container = av.open(
            str(self._temporary), "w", format="matroska", options={"fflags": "+bitexact"}
        )  # the same frames give the same file
        unit = "thousandths of the network's own unit" if frame.relative else "millimetres"
        self._container.metadata["comment"] = f"measure: {frame.measure}, {unit}"
        try:
            self._stream = self._container.add_stream("ffv1", rate=NOMINAL_RATE)
        except (av.FFmpegError, ValueError) as error:
            raise VeloDepthError("this PyAV has no FFV1 encoder: install the `av` wheel from PyPI") from error
        self._stream.height, self._stream.width = frame.depth.shape
        self._stream.pix_fmt = "gray16le"
        self._stream.options = {"level": "3", "slicecrc": "1", "g": "1"}
        self._stream.codec_context.time_base = Fraction(1, TICKS)
        self._stream.codec_context.thread_count = 2  # the network wants the others

    def _add(self, frame: DepthFrame) -> None:
        picture = av.VideoFrame.from_ndarray(to_millimetres(frame.metres), format="gray16le")
        picture.time_base = Fraction(1, TICKS)
        picture.pts = self._last = max(round((frame.time - self._start) * TICKS), self._last + 1)
        self._encode(picture)

    def _encode(self, picture: av.VideoFrame | None) -> None:
        assert self._container
        self._container.mux(self._stream.encode(picture))

    def _finish(self) -> None:
        self._encode(None)
        self._abandon()

    def _abandon(self) -> None:
        if self._container:
            self._container.close()

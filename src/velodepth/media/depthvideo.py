"""Depth as an h264 video to watch, alone or beside the picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import FileWriter
from velodepth.media.colour import Colouring

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

TICKS = 90_000  # per second: frame times are kept to 11 microseconds
NOMINAL_RATE = 30  # frames a second: for the encoder's rate control, and the length of a lone frame


class VideoWriter(FileWriter):
    """An .mp4 file: "side" is picture | depth, W x 2 wide; "depth" is the depth alone.

    H.264 (x264, yuv420p, BT.601, index first so that it starts at once from the web). Frame times are kept
    relative to the first frame, also uneven ones; a time that does not grow is moved to just after the one
    before. The codec wants even sizes: an odd width or height is filled with one repeated column or row.
    Depth is painted by `colouring` (a fresh `Colouring` by default); see there for the range and the scale.

    Raises VeloDepthError as FileWriter does, and where x264 is missing or refuses the picture size.
    """

    def __init__(
        self, path: str | Path, layout: Literal["side", "depth"] = "side", colouring: Colouring | None = None
    ) -> None:
        super().__init__(path)
        self._layout = layout
        self._colouring = colouring or Colouring()
        self._container: av.container.OutputContainer | None = None

    def _begin(self, frame: DepthFrame) -> None:
        height, width = frame.depth.shape
        width *= 2 if self._layout == "side" else 1
        self._canvas = np.empty((height + height % 2, width + width % 2, 3), np.uint8)
        self._converter = VideoReformatter()
        self._start, self._last, self._gap = frame.time, -1, TICKS // NOMINAL_RATE
        self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        try:
            self._stream = self._container.add_stream("libx264", rate=NOMINAL_RATE)
        except (av.FFmpegError, ValueError) as error:
            raise VeloDepthError("this PyAV has no x264 encoder: install the `av` wheel from PyPI") from error
        self._stream.height, self._stream.width = self._canvas.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        # 9 ms of one core for 2 x 640 x 480; no B-frames, with which the file forgets the last frames' times
        self._stream.options = {"preset": "superfast", "crf": "20", "bf": "0"}
        context = self._stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.thread_count = 2  # the network wants the others, and each thread holds a frame
        context.color_range, context.colorspace = 1, 6  # 16 to 235, BT.601
        context.color_primaries, context.color_trc = 1, 1  # BT.709, as good as sRGB
        try:
            context.open()
        except (av.FFmpegError, ValueError) as error:
            size = "{1} x {0}".format(*self._canvas.shape)
            raise VeloDepthError(f"x264 refuses a video of {size} pixels: use smaller pictures") from error

    def _add(self, frame: DepthFrame) -> None:
        height, width = frame.depth.shape
        canvas = self._canvas
        if self._layout == "side":
            canvas[:height, :width] = frame.picture
        left = width if self._layout == "side" else 0
        canvas[:height, left : left + width] = self._colouring.paint(frame)
        canvas[height:] = canvas[height - 1]
        canvas[:, left + width :] = canvas[:, left + width - 1 : left + width]
        picture = self._converter.reformat(
            av.VideoFrame.from_ndarray(canvas, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        picture.time_base = Fraction(1, TICKS)
        picture.pts = max(round((frame.time - self._start) * TICKS), self._last + 1)
        if self._last >= 0:
            self._gap = picture.pts - self._last
        self._last = picture.pts
        self._encode(picture)

    def _encode(self, picture: av.VideoFrame | None) -> None:
        assert self._container
        for packet in self._stream.encode(picture):
            packet.duration = self._gap  # the last frame's is its time on screen
            self._container.mux(packet)

    def _finish(self) -> None:
        self._encode(None)
        self._abandon()

    def _abandon(self) -> None:
        if self._container:
            self._container.close()

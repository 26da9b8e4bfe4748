"""Pictures of the frames beside each other, as an h264 video."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import FileWriter
from velodepth.media.clock import LONGEST_PAUSE
from velodepth.media.sound import Sound, Track, track_into

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

TICKS = 90_000  # per second: frame times are kept to 11 microseconds
NOMINAL_RATE = 30  # frames a second: for the encoder's rate control, and the length of a lone frame
PAUSE = 1.0  # seconds that a longer one than LONGEST_PAUSE is shown


class H264Writer(FileWriter):
    """Base of the .mp4 files: `columns` pictures of the frame's size beside each other.

    H.264 (x264, yuv420p, BT.601, index first so that it starts at once from the web). Frame times are kept
    relative to the first frame, also uneven ones; a time that does not grow is moved to just after the one
    before, and a pause of more than `LONGEST_PAUSE` is shown as one second. The codec wants even sizes: an
    odd width or height is filled with one repeated column or row. `sound`: what is heard with it.

    Raises VeloDepthError as FileWriter does, and where x264 is missing or refuses the picture size.
    """

    columns: int
    options: Mapping[str, str] = {}  # more of x264's
    _container: av.container.OutputContainer | None = None
    _track: Track | None = None

    def __init__(self, path: str | Path, sound: Sound | None = None) -> None:
        super().__init__(path)
        self._sound = sound

    def _pictures(self, frame: DepthFrame) -> list[np.ndarray]:
        """The columns from left to right, RGB uint8 (H, W, 3)."""
        raise NotImplementedError

    def _begin(self, frame: DepthFrame) -> None:
        height, width = frame.depth.shape
        width *= self.columns
        self._canvas = np.empty((height + height % 2, width + width % 2, 3), np.uint8)
        self._converter = VideoReformatter()
        self._last, self._gap = -1, TICKS // NOMINAL_RATE
        self._start = frame.time  # shown at 0, but for pauses that were cut short
        self._heard = frame.time  # up to where the sound is written
        self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        self._container.metadata["comment"] = f"measure: {frame.measure}"
        try:
            self._stream = self._container.add_stream("libx264", rate=NOMINAL_RATE)
        except (av.FFmpegError, ValueError) as error:
            raise VeloDepthError("this PyAV has no x264 encoder: install the `av` wheel from PyPI") from error
        self._stream.height, self._stream.width = self._canvas.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        # 9 ms of one core for 2 x 640 x 480; no B-frames, with which the file forgets the last frames' times
        self._stream.options = {"preset": "superfast", "crf": "20", "bf": "0", **self.options}
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
        self._track = track_into(self._sound, self._container) if self._sound else None

    def _add(self, frame: DepthFrame) -> None:
        height, width = frame.depth.shape
        canvas = self._canvas
        for column, picture in enumerate(self._pictures(frame)):
            canvas[:height, column * width : (column + 1) * width] = picture
        canvas[height:] = canvas[height - 1]
        filled = self.columns * width
        canvas[:, filled:] = canvas[:, filled - 1 : filled]
        coded = self._converter.reformat(
            av.VideoFrame.from_ndarray(canvas, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
        )
        coded.time_base = Fraction(1, TICKS)
        if self._last >= 0:
            shown = self._start + self._last / TICKS  # when the frame before was
            if frame.time - shown > LONGEST_PAUSE:
                self._hear(shown + PAUSE)
                self._start += frame.time - shown - PAUSE
                self._heard = frame.time
        coded.pts = max(round((frame.time - self._start) * TICKS), self._last + 1)
        if self._last >= 0:
            self._gap = coded.pts - self._last
        self._last = coded.pts
        self._hear(frame.time)
        self._encode(coded)

    def _hear(self, time: float) -> None:
        """Sound up to a frame's time."""
        if self._track:
            self._track.write(self._heard, time, self._heard - self._start)
            self._heard = time

    def _encode(self, picture: av.VideoFrame | None) -> None:
        assert self._container
        for packet in self._stream.encode(picture):
            packet.duration = self._gap  # the last frame's is its time on screen
            self._container.mux(packet)

    def _finish(self) -> None:
        self._encode(None)
        if self._track:
            self._hear(self._start + (self._last + self._gap) / TICKS)
            self._track.close()
        self._abandon()

    def _abandon(self) -> None:
        if self._track:
            self._track.abandon()
        if self._container:
            self._container.close()

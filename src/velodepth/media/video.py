"""Whatever FFmpeg decodes, through PyAV: video files, network streams, standard input."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.reformatter import ColorRange, VideoReformatter

from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media.clock import Clock
from velodepth.media.filtering import Filters
from velodepth.media.sound import Sound
from velodepth.media.source import MAX_PIXELS, Source

TIMEOUT = 10.0  # seconds a network stream may keep silent
FILE = "file:"
LIVE_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "srt")
DEFAULT_RATE = 25  # frames a second where nothing says it, as FFmpeg
SIZED_FORMATS = ("mov,", "matroska,", "avi", "flv")  # their headers say how long the video is
DAMAGED = "is damaged or cut short"
WIDEST_PIXEL = 4  # times its height, or the other way round
BEGIN = 4096  # bytes of standard input that are looked at
SLACK = 0.5  # seconds by which header and last packet of a whole file may differ


class Video(Source):
    """The best video stream of what FFmpeg opens at `location`.

    Times are the file's presentation times less the first one (`Clock`), so a variable frame rate comes
    out as it is. Pictures are turned upright by the display matrix, and pixels that are not square
    made so: the shorter side of the pixel is stretched. Interlaced ones are deinterlaced (`Filters`). Colours
    follow the stream's matrix and range (BT.601 where it names no matrix, as FFmpeg does); PQ and HLG are
    tone-mapped, and more than 8 bits reduced to 8.

    What is damaged or cut short gives the frames that can be decoded, then a MediaWarning.

    Args:
        location: file:PATH, URL or pipe:0, as FFmpeg understands it, or what `av.open` reads from.
        name: what messages call it.
        form: the container's format, None to find it from the content.
        options: FFmpeg's options for that format.
        max_pixels: of a picture; nothing larger is decoded.
        timeout: seconds that opening it and waiting for data may take, None for ever.
        live: also true of a `location` with a timeout and no known end.

    Raises:
        VeloDepthError: it cannot be opened, is no video, or none of its frames can be decoded.
    """

    def __init__(
        self,
        location: Any,
        name: str,
        *,
        form: str | None = None,
        options: dict[str, str] | None = None,
        max_pixels: int = MAX_PIXELS,
        timeout: float | None = None,
        live: bool = False,
    ) -> None:
        try:
            container = av.open(
                location,
                "r",
                format=form,
                options={**(options or {}), "max_pixels": str(max_pixels)},  # of what is decoded to probe it
                timeout=timeout,
                metadata_errors="replace",
            )
        except av.error.FFmpegError as error:
            remedy = "check the address" if timeout else "give a video that FFmpeg can read"
            raise VeloDepthError(f"{name} {_why(error)}: {remedy}") from error
        stream = container.streams.best("video")
        # FFmpeg draws text files as video (tty), and calls the cover of an audio file a video stream.
        if not stream or container.format.name == "tty" or stream.disposition & Disposition.attached_pic:
            container.close()
            raise VeloDepthError(f"{name} has no video in it: give a video that FFmpeg can read")
        if stream.codec_context is None:
            container.close()
            raise VeloDepthError(f"{name} is coded as nothing this FFmpeg decodes: convert it, e.g. to H.264")
        self._max_pixels = max_pixels
        self._duration = Fraction(container.duration or 0, av.time_base)
        duration = self._duration
        if stream.duration and stream.time_base:
            duration = stream.duration * stream.time_base
        live = live or (timeout is not None and not duration)
        rate = stream.average_rate or stream.guessed_rate or Fraction(0)
        # An edited MP4 counts the frames that were cut out as well, so the smaller number is right.
        counts = [count for count in (stream.frames, round(duration * rate)) if count]
        # Threads that decode ahead, a frame each, are fast but deliver late.
        stream.codec_context.thread_type = "SLICE" if live else "AUTO"
        super().__init__(
            name,
            frame_rate=float(rate) or None,
            length=min(counts) if counts and not live else None,
            live=live,
            paths=[Path(location.removeprefix(FILE))] if str(location).startswith(FILE) else [],
        )
        self._container, self._index = container, stream.index
        coded = stream.codec_context
        self._sized = coded.width > 0  # not, where its pictures were too large to be probed
        coded.options = {"max_pixels": str(max_pixels)}
        try:
            self._check_area(coded.width, coded.height)  # before anything is decoded
        except VeloDepthError:
            self.close()
            raise
        has_sound = str(location).startswith(FILE) and container.streams.best("audio") is not None
        self._sound = Sound(location, name) if has_sound else None
        aspect = stream.sample_aspect_ratio
        self._told_aspect = None if aspect == stream.codec_context.sample_aspect_ratio else aspect

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        reformatter = VideoReformatter()
        clock = Clock(self.name, 1 / (self.frame_rate or DEFAULT_RATE))
        rotation = None
        for frame in self._filtered():
            time = clock.time(frame.time)
            if self._sound and not time:
                self._sound.start = frame.time or 0.0
            # A frame whose side data was looked at is freed late, as the two refer to each other.
            if frame.rotation != rotation:
                rotation, (swap, down, across) = frame.rotation, _turn(frame)
            aspect = self._aspect
            width, height = round(frame.width * max(aspect, 1)), round(frame.height / min(aspect, 1))
            self._check_area(width, height)
            picture = _to_rgb(frame, width, height, reformatter)
            picture = picture.swapaxes(0, 1) if swap else picture
            yield time, np.ascontiguousarray(picture[::down, ::across])

    @property
    def sound(self) -> Sound | None:
        """That of a file: its begin is right once the first picture has been read."""
        return self._sound

    def _filtered(self) -> Iterator[av.VideoFrame]:
        filters = Filters()
        for frame in self._frames():
            yield from filters.push(frame, self._codec.color_trc)
        yield from filters.flush()

    def _check_area(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            raise VeloDepthError(
                f"{self.name} has pictures of {width} x {height} pixels: give at most {self._max_pixels}"
            )

    @property
    def _codec(self) -> av.VideoCodecContext:
        # Kept by the container alone, which ends the decoder's threads when it is closed.
        return cast(av.VideoStream, self._container.streams[self._index]).codec_context

    @property
    def _aspect(self) -> float:
        """Width of a pixel over its height: what the container says, else what the pictures say just now."""
        aspect = float(self._told_aspect or self._codec.sample_aspect_ratio or 1)
        return aspect if 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL else 1.0  # the rest is damage

    def _frames(self) -> Iterator[av.VideoFrame]:
        """Every frame that can be decoded; then says whether some could not."""
        count, end, fault = 0, 0.0, ""
        try:
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                if packet.stream.index != self._index:
                    continue
                if packet.is_corrupt:  # decoding it would cost the good frames still in the decoder
                    fault = DAMAGED
                    continue
                try:
                    frames = cast(list[av.VideoFrame], packet.decode())
                except av.error.FFmpegError:
                    fault = DAMAGED
                    continue
                for frame in frames:
                    self._check_area(frame.width, frame.height)
                    fault = DAMAGED if frame.is_corrupt else fault
                    count += 1
                    yield frame
        except av.error.FFmpegError as error:
            fault = DAMAGED if isinstance(error, av.error.InvalidDataError) else _why(error)
        if self._container.format.name.startswith(SIZED_FORMATS) and end + SLACK < self._duration:
            fault = fault or DAMAGED
        if fault and not count:
            if not self._sized:
                fault += f", or has pictures of more than {self._max_pixels} pixels,"
            raise VeloDepthError(f"{self.name} {fault} and none of its frames can be decoded")
        if fault:
            warnings.warn(f"{self.name} {fault}: {count} frames were read", MediaWarning, stacklevel=4)

    def close(self) -> None:
        super().close()
        self._container.close()


def open_file(path: Path) -> Video:
    """A video file; `Video` says what may go wrong."""
    return Video(f"{FILE}{path}", str(path))  # the prefix keeps FFmpeg from taking a name with ':' for a URL


def open_url(url: str) -> Video:
    """A network stream that answers within 10 s; live if its kind is, or if it has no known end."""
    scheme = url.partition(":")[0].lower()
    options = {"rtsp_flags": "prefer_tcp"} if scheme.startswith("rtsp") else None  # UDP loses parts of frames
    name = re.sub(r"//[^/@]*@", "//", url)  # no user and password in messages
    return Video(url, name, options=options, timeout=TIMEOUT, live=scheme in LIVE_SCHEMES)


def open_stdin(raw_size: tuple[int, int] | None, frame_rate: float) -> Video:
    """Standard input: a container FFmpeg can read from a pipe (MPEG-TS, Matroska, Y4M, ...) or bare pictures.

    Args:
        raw_size: None for a container, else the (width, height) of bare rgb24 pictures, W * H * 3
            bytes each with nothing between them.
        frame_rate: of bare pictures.

    Raises VeloDepthError, beside what `Video` says, for an MP4 whose index comes last.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise VeloDepthError("there is nothing on standard input: pipe a video into it")
    if raw_size is None:
        return Video(_Piped(sys.stdin.buffer), "standard input")
    width, height = raw_size
    options = {"video_size": f"{width}x{height}", "pixel_format": "rgb24", "framerate": str(frame_rate)}
    return Video("pipe:0", "standard input", form="rawvideo", options=options)


class _Piped:
    """Bytes that come once, in the way PyAV reads them; says of an MP4 that it cannot be read so."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._begin = pipe.read(BEGIN)
        if _index_is_last(self._begin):
            raise VeloDepthError(
                "the MP4 on standard input has its index at the end, so it cannot be read as it comes: give "
                "the file's name, or put the index first with  "
                "ffmpeg -i IN.mp4 -c copy -movflags +faststart OUT.mp4"
            )

    def read(self, count: int) -> bytes:
        if not self._begin:
            return self._pipe.read1(count)  # type: ignore[attr-defined]
        piece, self._begin = self._begin[:count], self._begin[count:]
        return piece


def _index_is_last(begin: bytes) -> bool:
    """Whether these are the first bytes of an MP4 whose samples (mdat) come before its index (moov).

    A file is a row of boxes, each of which begins with its size and type (ISO/IEC 14496-12, section 4.2).
    """
    at, kinds = 0, []
    while at + 8 <= len(begin):
        size, kind = int.from_bytes(begin[at : at + 4], "big"), begin[at + 4 : at + 8]
        kinds.append(kind)
        if kind in (b"moov", b"mdat") or size < 8:
            break
        at += size
    return kinds[0:1] in ([b"ftyp"], [b"wide"], [b"mdat"]) and kinds[-1] == b"mdat"


def _to_rgb(frame: av.VideoFrame, width: int, height: int, reformatter: VideoReformatter) -> np.ndarray:
    # Matrix and range are named because older PyAV (16) heeds the frame's own only if they differ from
    # the target's. 0 is the target's matrix, RGB.
    source = {"src_colorspace": frame.colorspace, "src_color_range": frame.color_range}
    target = {"dst_colorspace": 0, "dst_color_range": ColorRange.JPEG}
    return reformatter.reformat(frame, width, height, format="rgb24", **source, **target).to_ndarray()


def _turn(frame: av.VideoFrame) -> tuple[bool, int, int]:
    """How a frame's display matrix turns it upright, to the nearest right angle.

    The matrix takes the coded pixel (x, y) to (a x + c y, b x + d y) on the screen (ISO/IEC 14496-12,
    section 6.2.2), up to an offset.

    Returns:
        Whether to swap x and y, and after that the steps, 1 or -1, to take rows and columns in.
    """
    try:
        side_data: Mapping[Any, Any] = frame.side_data
        matrix = np.frombuffer(side_data[SideDataType.DISPLAYMATRIX], np.int32).tolist()
        a, b, _, c, d = matrix[:5]
    except KeyError:
        return False, 1, 1
    except ValueError:  # PyAV stumbles over side data that it has no name for
        angle = math.radians(frame.rotation)
        a = d = round(math.cos(angle))
        b, c = -round(math.sin(angle)), round(math.sin(angle))
    swap = abs(b) > abs(a)
    across, down = (c, b) if swap else (a, d)
    return swap, -1 if down < 0 else 1, -1 if across < 0 else 1


def _why(error: av.error.FFmpegError) -> str:
    if isinstance(error, av.error.ExitError):  # what PyAV's time-out raises
        return f"gave nothing for {TIMEOUT:g} s"
    if isinstance(error, (av.error.InvalidDataError, av.error.EOFError)):
        return "is not a video, or damaged"
    return f"cannot be read ({error.strerror})"

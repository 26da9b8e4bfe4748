"""What the server holds of each visitor: an upload, a depth stream, a recording."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import VeloDepthError
from ..media.colour import Colouring
from ..media.depthvideo import VideoWriter
from ..media.video import Video
from ..presets import Model
from .limits import Limits, Pace
from .wire import PICTURE_SIDE, WebcamPictures, packed, reduced

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,ogg,flv,asf,gif,jpeg_pipe,png_pipe,webp_pipe"
"""What FFmpeg may take an upload for: files that hold their video or photo; a playlist names other files."""
OPTIONS = {"format_whitelist": CONTAINERS}


class VisitorStream:
    """One video or webcam on its way through the model. Its calls may come from any thread, one at a time.

    name: what messages call it.
    folder: its own, gone with `close`.
    """

    def __init__(self, model: Model, name: str, folder: Path, limits: Limits) -> None:
        self.name = name
        self.id = folder.name
        self.upload = folder / "upload"
        self.recording = folder / "side.mp4"  # picture beside depth; there once `finish` was called
        self.taken = False  # a page watches it
        self.finished = False  # nothing is computed any more
        self._folder, self._limits = folder, limits
        self._location = f"file:{self.upload}"
        self._stream = model.stream()
        self._colouring = Colouring()
        self._writer = VideoWriter(self.recording, colouring=self._colouring)
        self._webcam = WebcamPictures(limits.picture_pixels)
        self._count, self._begin = 0, time.monotonic()
        self._shape: tuple[int, ...] | None = None  # of a webcam's pictures

    @property
    def full(self) -> bool:
        """No further frame is looked at."""
        return self._count >= self._limits.frames or time.monotonic() - self._begin > self._limits.watched

    def check(self) -> dict[str, Any]:
        """Decodes the upload's first picture; what the page is told of it: frames and rate, null if unknown.

        Raises VeloDepthError where there is none, or a picture is too large.
        """
        with self._opened() as source:
            next(iter(source))
            length = source.length and min(source.length, self._limits.frames)
            return {"id": self.id, "frames": length, "rate": source.frame_rate}

    def frames(self) -> Iterator[bytes]:
        """The depth of the upload, frame by frame, as `wire.packed` makes it; then the upload is removed."""
        with self._opened() as source:
            for frame in source:
                yield self._push(frame.picture, frame.time)
                if self.full:
                    break
        self.upload.unlink()

    def answer(self, message: bytes) -> bytes:
        """The depth of one webcam picture. Raises VeloDepthError for what is none."""
        time, picture = self._webcam.read(message)
        if picture.shape != (self._shape or picture.shape):  # a telephone was turned
            raise VeloDepthError("the webcam's pictures changed their size: start it again")
        self._shape = picture.shape
        return self._push(picture, time)

    def _push(self, picture: np.ndarray, time: float) -> bytes:
        frame = self._stream.push(reduced(picture, PICTURE_SIDE), time)
        self._writer.write(frame)
        self._count += 1
        return packed(frame, self._colouring.range)

    def _opened(self) -> Video:
        return Video(self._location, self.name, options=OPTIONS, max_pixels=self._limits.picture_pixels)

    def finish(self) -> dict[str, Any]:
        """Completes the recording; what the page is told at the end."""
        self._writer.close()
        self.finished = True
        return {"done": {"recording": self.recording.is_file(), "limit": self.full}}

    def close(self) -> None:
        """Removes everything."""
        self._writer.discard()
        shutil.rmtree(self._folder, ignore_errors=True)


class Refused(Exception):
    """A visitor asks for more than there is; the message is one sentence for a person."""


class Streams:
    """All that are open, in one folder. Used by the event loop only."""

    def __init__(self, model: Model, folder: Path, limits: Limits) -> None:
        self._model, self._folder, self._limits = model, folder, limits
        self._pace = Pace(limits.starts_a_minute)
        self._open: dict[str, VisitorStream] = {}

    def start(self, address: str, name: str) -> VisitorStream:
        """A new stream for a visitor; one that is finished gives way. Raises Refused at a limit."""
        finished = next((stream for stream in self._open.values() if stream.finished), None)
        if len(self._open) >= self._limits.streams and finished:
            self.end(finished)
        if len(self._open) >= self._limits.streams:
            raise Refused(f"{self._limits.streams} videos are being watched already: try again in a while")
        if not self._pace.admits(address):
            raise Refused(f"more than {self._limits.starts_a_minute} starts in a minute: wait a little")
        folder = self._folder / secrets.token_urlsafe(16)
        folder.mkdir()
        stream = self._open[folder.name] = VisitorStream(self._model, name, folder, self._limits)
        return stream

    def find(self, id: str) -> VisitorStream | None:
        return self._open.get(id)

    def end(self, stream: VisitorStream) -> None:
        """Closes it; twice is as good as once."""
        if self._open.pop(stream.id, None):
            stream.close()

    def end_unopened(self, id: str) -> None:
        """Closes it where no page has begun to watch it."""
        stream = self._open.get(id)
        if stream and not stream.taken:
            self.end(stream)

    def end_all(self) -> None:
        for stream in list(self._open.values()):
            self.end(stream)

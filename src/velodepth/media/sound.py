"""The sound of a video file, carried over into videos that are made of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import av

from velodepth.errors import MediaWarning

COPIED = ("aac", "mp3", "ac3", "eac3", "opus", "flac", "alac")  # what MP4 holds and players play as it is
BEST = "aac"  # what the others are coded as
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}  # by number of channels
RATE = 48_000  # samples a second where BEST has not the sound's own rate
RESTART = 1.0  # seconds by which a packet comes before the last one where the file's times begin anew


@dataclass
class Sound:
    """That of a file; each `Track` opens it for itself."""

    location: str  # as FFmpeg understands it
    name: str  # what messages call it
    start: float = 0.0  # seconds on the file's clock at which the pictures begin


class Track:
    """Sound on its way into an MP4 container that nothing has been written to.

    Copied as it is coded where MP4 holds that, else coded as AAC. What cannot be carried over is left out
    with a MediaWarning, and so is all after a place where the file's times begin anew.
    """

    def __init__(self, sound: Sound, target: av.container.OutputContainer) -> None:
        self._sound, self._target = sound, target
        self._source = av.open(sound.location, metadata_errors="replace")
        stream = cast(av.AudioStream, self._source.streams.best("audio"))
        self._is_copied = stream.codec_context.codec.canonical_name in COPIED
        if self._is_copied:
            self._track = target.add_stream_from_template(stream)
        else:
            rates = av.Codec(BEST, "w").audio_rates or []
            rate = stream.rate if stream.rate in rates else RATE
            layout = LAYOUTS.get(stream.layout.nb_channels)
            if layout is None:
                raise ValueError(f"it has {stream.layout.nb_channels} channels")
            self._track = cast(av.AudioStream, target.add_stream(BEST, rate=rate, layout=layout))
        self._pieces = self._read(stream)
        self._next: tuple[float, Any] | None = None
        self._ended = False

    def write(self, begin: float, end: float, at: float) -> None:
        """Adds what sounds from `begin` up to `end`, in seconds since the first picture; calls go onwards.

        at: when in the new video that which sounds at `begin` is to be heard, in seconds.
        """
        if self._ended:
            return
        try:
            while (following := self._next or next(self._pieces, None)) is not None:
                self._next = None
                time, piece = following[0] - self._sound.start, following[1]
                if time >= end:
                    self._next = following
                    return
                if time >= begin:
                    self._add(piece, max(0.0, time - begin + at))
            self._ended = True
        except av.error.FFmpegError as error:
            self._give_up(error.strerror)

    def close(self) -> None:
        """What the encoder still holds goes into the container."""
        if not self._is_copied:
            try:
                self._target.mux(self._track.encode(None))
            except av.error.FFmpegError as error:
                self._give_up(error.strerror)
        self.abandon()

    def abandon(self) -> None:
        self._source.close()

    def _read(self, stream: av.AudioStream) -> Iterator[tuple[float, Any]]:
        """Packets where it is copied, else decoded frames, with their times on the file's clock."""
        last = float("-inf")
        for packet in self._source.demux(stream):
            pieces: Iterable[Any] = [packet] if self._is_copied else packet.decode()
            for piece in pieces:
                if piece.pts is None:
                    continue
                time = float(piece.pts * piece.time_base)
                if time < last - RESTART:
                    self._give_up("its times begin anew")
                    return
                last = time
                yield time, piece

    def _add(self, piece: Any, time: float) -> None:
        piece.pts = round(time / piece.time_base)
        if self._is_copied:
            piece.dts, piece.stream = piece.pts, self._track
            self._target.mux(piece)
        else:
            self._target.mux(self._track.encode(piece))

    def _give_up(self, reason: object) -> None:
        self._ended = True
        warnings.warn(f"the sound of {self._sound.name} is not whole: {reason}", MediaWarning, stacklevel=4)


def track_into(sound: Sound, target: av.container.OutputContainer) -> Track | None:
    """A track for `sound`; None, with a MediaWarning, where it cannot be carried over."""
    try:
        return Track(sound, target)
    except (av.error.FFmpegError, ValueError) as error:
        warnings.warn(f"the sound of {sound.name} is left out ({error})", MediaWarning, stacklevel=4)
        return None

"""A part of a source: from some time on, for some time, every so many frames, in smaller pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from velodepth.cameras import Camera
from velodepth.errors import VeloDepthError
from velodepth.media.sound import Sound
from velodepth.media.source import MIN_SIDE, Origin, Source


class Excerpt(Source):
    """What is left of `source`. Frames keep their times, so that they can be found in it again.

    start, duration: seconds since its first frame; duration None: to the end. stride: every so many frames.
    box: (width, height) in pixels that pictures are shrunk to fit into, in their own shape; those that fit
    stay as they are.
    Raises VeloDepthError for a value that makes no sense, and when read where nothing is left.
    """

    def __init__(
        self,
        source: Source,
        start: float = 0.0,
        duration: float | None = None,
        stride: int = 1,
        box: tuple[int, int] | None = None,
    ) -> None:
        if not 0 <= start < math.inf:
            raise VeloDepthError(f"an excerpt cannot start at {start:g} s: give seconds from 0 on")
        if duration is not None and not 0 < duration < math.inf:
            raise VeloDepthError(f"an excerpt cannot last {duration:g} s: give seconds above 0")
        if stride < 1:
            raise VeloDepthError(f"every {stride} frames is no excerpt: give 1 or more")
        if box is not None and min(box) < MIN_SIDE:
            raise VeloDepthError(
                f"pictures of {box[0]}x{box[1]} are too small: give at least {MIN_SIDE}x{MIN_SIDE}"
            )
        rate, length = source.frame_rate, source.length
        if length is not None and (rate or not (start or duration)):
            frames = max(0, length - (round(start * rate) if rate else 0))
            if duration is not None and rate:
                frames = min(frames, round(duration * rate))
            length = math.ceil(frames / stride)
        super().__init__(
            source.name,
            frame_rate=rate and rate / stride,
            length=length or None,
            live=source.live,
            paths=source.paths,
        )
        self._source = source
        self._start, self._end = start, math.inf if duration is None else start + duration
        self._stride, self._box = stride, box
        self.own_size: tuple[int, int] | None = None  # (width, height) before shrinking, of the last one read

    @property
    def camera(self) -> Camera | None:
        own = self._source.camera
        return own and self.shrunk(own)

    @property
    def origin(self) -> Origin:
        return self._source.origin

    @property
    def sound(self) -> Sound | None:
        return self._source.sound

    def shrunk(self, camera: Camera) -> Camera:
        """The camera for this excerpt's pictures of one for the source's; right once a picture was read."""
        if camera.size is not None or self.own_size is None:
            return camera
        return replace(camera, size=self.own_size)  # streams scale a camera whose size they know

    def close(self) -> None:
        super().close()
        self._source.close()

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        end, count, found = 0.0, 0, False
        for frame in self._source:
            end = frame.time
            if frame.time < self._start:
                continue
            if frame.time >= self._end:
                break
            if count % self._stride == 0:
                found = True
                self.own_size = frame.picture.shape[1], frame.picture.shape[0]
                yield frame.time, fitted(frame.picture, self._box)
            count += 1
        if not found:
            raise VeloDepthError(f"{self.name} has nothing from {self._start:g} s on: it ends at {end:.2f} s")


def fitted(picture: np.ndarray, box: tuple[int, int] | None) -> np.ndarray:
    """A picture (H, W, 3) shrunk to fit into a box of (width, height) pixels; as it is where it fits."""
    height, width = picture.shape[:2]
    scale = min(1.0, box[0] / width, box[1] / height) if box else 1.0
    if scale == 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

"""What every source of pictures gives: frames with their times, in order, read once."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from velodepth.errors import MediaWarning, VeloDepthError

if TYPE_CHECKING:
    from velodepth.cameras import Camera
    from velodepth.media.sound import Sound

MIN_SIDE = 16  # pixels; a smaller picture has no depth to speak of
MAX_SIDE = 32_766  # pixels: OpenCV's limit where it resamples
MAX_PIXELS = 2**27  # of a picture
MAX_ASPECT = 16  # longer side over shorter: such a picture is padded to at most 8 times its size on the way


@dataclass(frozen=True, eq=False)
class SourceFrame:
    """One picture of a source."""

    index: int  # 0, 1, 2, ... in the order delivered
    time: float  # seconds since the first frame, strictly increasing
    picture: np.ndarray  # (H, W, 3) uint8 RGB, upright


@dataclass(frozen=True)
class Origin:
    """Where the times of a recorded source begin, in ROS's words; times in nanoseconds.

    A frame is stamped `stamp` + its time, and was recorded `recorded` + its time.
    """

    stamp: int = 0  # of the first picture, by the clock of its camera
    recorded: int = 0  # when the first picture reached the recorder, by the recorder's clock
    frame_id: str = "camera"  # the coordinate frame of the camera's axes


class Source(ABC):
    """An iterable of `SourceFrame`, read once, lazily, one frame in memory at a time.

    It is released when its end is reached, when the loop over it is left, or by `close`
    (it is a context manager too). All its pictures have one size: where another one comes, the source ends
    with a MediaWarning, unless `one_size` is set to False.

    Attributes:
        name: what messages call it, e.g. the path as it was given.
        frame_rate: frames a second, or None if unknown.
        length: number of frames, or None if unknown; for a video file it is what the file says of
            itself, which may be off by a few, so good for a progress bar and not for an allocation.
        live: the frames come from now (camera, network stream), so there is no waiting for a slow reader.
        one_size: whether it ends where the size of its pictures changes.
        paths: the files that are read, and folders of which the files directly within are.

    Iterating raises `VeloDepthError` if there is no frame, a picture is too small, large or thin
    (`check_size`), or the source
    has been read before.
    """

    one_size = True

    def __init__(
        self,
        name: str,
        *,
        frame_rate: float | None = None,
        length: int | None = None,
        live: bool = False,
        paths: Iterable[Path] = (),
    ) -> None:
        self.name = name
        self.frame_rate = frame_rate
        self.length = length
        self.live = live
        self.paths = tuple(paths)
        self._started = self._closed = False

    @property
    def camera(self) -> Camera | None:
        """That of its pictures, if the source knows it; VeloDepthError where we do not know its model."""
        return None

    @property
    def origin(self) -> Origin:
        """Where its times begin; Origin() if the source does not know."""
        return Origin()

    @property
    def sound(self) -> Sound | None:
        """What is heard with the pictures, for `media.writing.Options`; None where there is none."""
        return None

    @abstractmethod
    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        """The time in seconds and the (H, W, 3) uint8 picture of each frame."""

    def _frame_name(self, index: int) -> str:
        return f"frame {index}"

    def close(self) -> None:
        """Release what the source holds open, which also ends a loop over it; twice is as good as once."""
        self._closed = True

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[SourceFrame]:
        if self._started or self._closed:
            raise VeloDepthError(f"{self.name} has been read or closed already: open it again")
        self._started = True
        first = None
        with self:
            for index, (time, picture) in enumerate(self._pictures()):
                what = f"{self._frame_name(index)} of {self.name}"
                check_size(picture, what)
                size = _size(picture)
                first = first or size
                if size != first and self.one_size:
                    warnings.warn(
                        f"{what} is {size} pixels, but the first one is {first}: it was read up to there",
                        MediaWarning,
                        stacklevel=2,
                    )
                    return
                yield SourceFrame(index, time, picture)
                if self._closed:
                    return
        if first is None:
            raise VeloDepthError(f"{self.name} holds no frames")


def check_size(picture: np.ndarray, what: str) -> None:
    """Raise VeloDepthError if a picture (H, W, ...), called `what`, is too small, large or thin."""
    height, width = picture.shape[:2]
    size = f"{what} is {width} x {height} pixels: give pictures"
    if min(width, height) < MIN_SIDE:
        raise VeloDepthError(f"{size} of at least {MIN_SIDE} x {MIN_SIDE}")
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise VeloDepthError(f"{size} of at most {MAX_PIXELS:,} pixels, and {MAX_SIDE} a side")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise VeloDepthError(f"{size} whose longer side is at most {MAX_ASPECT} times the shorter one")


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} x {picture.shape[0]}"

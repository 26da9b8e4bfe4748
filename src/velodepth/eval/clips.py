"""Plain videos as sequences of which nothing is truly known: for figures that need no truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..media.reading import open_source
from ..media.source import SourceFrame
from .identity import code, fingerprint
from .standing import Thinned, coarse_luma, stands
from .truth import TruthFrame, stamp

CLIPS = "clips"
SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


class VideoSequence:
    """A video where a `Sequence` is asked for: pictures and times, depth unknown everywhere; picklable.

    Read front to back: a frame before the last one asked for opens the file anew. still: whether the camera
    stands, by the pictures (`standing.stands`). Raises VeloDepthError, naming the file, where it cannot be
    read.
    """

    dataset = CLIPS
    min_depth = max_depth = 0.0  # no true depth counts

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self._frames: Iterator[SourceFrame] | None = None
        self._last: SourceFrame | None = None

    @cached_property
    def _seen(self) -> _Seen:
        lumas, count, time = Thinned(64), 0, 0.0
        for frame in open_source(self.path):
            lumas.add(coarse_luma(frame.picture))
            count, time = frame.index + 1, frame.time
        return _Seen(count, (count - 1) / time if time > 0 else None, stands(lumas))

    @property
    def frame_rate(self) -> float | None:
        """Frames a second, mean of the whole; None of a single picture."""
        return self._seen.frame_rate

    @property
    def still(self) -> bool:
        return self._seen.still

    def __len__(self) -> int:
        return self._seen.frames

    def __getitem__(self, index: int) -> TruthFrame:
        if self._frames is None or (self._last is not None and index < self._last.index):
            self._frames, self._last = iter(open_source(self.path)), None
        while self._last is None or self._last.index < index:
            self._last = next(self._frames, None)
            if self._last is None:
                raise IndexError(f"{self.path} has no frame {index}")
        picture = self._last.picture
        unknown = np.zeros(picture.shape[:2], np.float32)
        return TruthFrame(index, self._last.time, picture, unknown, None, None, None, None)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_frames": None, "_last": None}

    def identity(self) -> str:
        """Hash of the file's name, size and time and of the readers' code."""
        return fingerprint([f"{self.name} {stamp(self.path)}", *code("eval/clips.py", "media/video.py")])


class _Seen(NamedTuple):
    """What reading the whole video once tells."""

    frames: int
    frame_rate: float | None
    still: bool


def clips_in(folder: Path) -> list[VideoSequence]:
    """The videos in a folder, by name, or the one that it is; none where there is none."""
    paths = [folder] if folder.is_file() else sorted(folder.iterdir())
    return [VideoSequence(path, path.stem) for path in paths if path.suffix.lower() in SUFFIXES]

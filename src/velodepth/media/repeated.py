"""A source that begins again where it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from velodepth.cameras import Camera
from velodepth.errors import VeloDepthError
from velodepth.media.source import Source

PERIOD = 1 / 30  # seconds from the last picture to the first, where the source does not tell its frame rate


class Repeated(Source):
    """The pictures of what `open` opens, over and over; their times go on.

    Raises VeloDepthError where that is a live source, which has no end to begin again from.
    """

    def __init__(self, open: Callable[[], Source]) -> None:
        self._open, self._source = open, open()
        if self._source.live:
            self._source.close()
            raise VeloDepthError(f"{self._source.name} is live, so it cannot be repeated: leave --loop out")
        super().__init__(self._source.name, frame_rate=self._source.frame_rate, paths=self._source.paths)

    @property
    def camera(self) -> Camera | None:
        return self._source.camera

    def close(self) -> None:
        super().close()
        self._source.close()

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        begin = time = 0.0
        while not self._closed:
            self._source.one_size = self.one_size
            for frame in self._source:
                time = begin + frame.time
                yield time, frame.picture
            begin = time + (1 / self.frame_rate if self.frame_rate else PERIOD)
            self._source = self._open()

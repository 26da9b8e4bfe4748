"""Pictures as they come: a file at its own pace, a lost stream opened anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import VeloDepthError
from ..media.reading import Source, SourceFrame

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds before a lost stream is opened anew; doubled each time in vain


@dataclass(frozen=True, eq=False)
class CapturedPicture:
    """One picture."""

    picture: np.ndarray  # (H, W, 3) uint8 RGB
    time: float  # seconds since the first one
    at: float  # time.perf_counter() when it came


class Feed:
    """The pictures of a source, read once.

    open: opens it, also again. lost: told each time that a live source ends or fails: why, and in how many
    seconds it is opened anew. It is tried for ever, with waits from 0.5 to 30 s. found: told with the first
    picture after that. Pictures of a source that is not live come at their times, or as fast as they can be
    read if that is slower; its end is the end.

    Iterating raises VeloDepthError where the source cannot be opened the first time.
    """

    def __init__(
        self,
        open: Callable[[], Source],
        lost: Callable[[str, float], None],
        found: Callable[[], None] = lambda: None,
    ) -> None:
        self._open, self._lost, self._found = open, lost, found
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ends the iteration with the next picture, and at once while it waits. From any thread."""
        self._stopped.set()

    def __iter__(self) -> Iterator[CapturedPicture]:
        source: Source | None = self._open()
        start = time.perf_counter()
        wait, is_lost = FIRST_WAIT, False
        while not self._stopped.is_set():
            reason = "it ended"
            try:
                source = source or self._open()
                source.one_size = False  # whoever looks on wants the rest, too
                with source:
                    for frame in source:
                        if not source.live and self._stopped.wait(start + frame.time - time.perf_counter()):
                            return
                        now = time.perf_counter()
                        if is_lost:
                            self._found()
                        wait, is_lost = FIRST_WAIT, False
                        yield self._captured(frame, source.live, now, start)
                        if self._stopped.is_set():
                            return
                if not source.live:
                    return
            except VeloDepthError as error:
                if source is not None and not source.live:
                    raise
                reason = str(error)
            source, is_lost = None, True
            self._lost(reason, wait)
            self._stopped.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    @staticmethod
    def _captured(frame: SourceFrame, live: bool, now: float, start: float) -> CapturedPicture:
        return CapturedPicture(frame.picture, now - start if live else frame.time, now)

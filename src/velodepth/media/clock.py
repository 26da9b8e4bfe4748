"""From the time stamps of a recording to times that only grow."""

from __future__ import annotations

import warnings

from velodepth.errors import MediaWarning

RESTART = 1.0  # seconds by which stamps that begin anew fall behind; less is jitter
LONGEST_PAUSE = 60.0
"""Seconds between two frames beyond which a recording is taken to have stood still; videos cut that short."""


class Clock:
    """Times of frames, seconds since the first one, strictly increasing.

    A frame without a stamp, or with one not later than the frame before, comes `period` after that frame;
    where the stamps go on from there, they began anew (parts joined, a counter that ran over), and times go
    on with them. A pause is kept as it is. A MediaWarning tells of the first restart and of the first pause.
    """

    def __init__(self, name: str, period: float) -> None:
        self._name, self._period = name, period
        self._start: float | None = None  # the stamp at which the time is 0
        self._stamp: float | None = None  # of the frame before
        self._time = -period
        self._count = 0
        self._told: set[str] = set()

    def time(self, stamp: float | None) -> float:
        """Of the next frame, whose stamp (seconds) may be None for unknown."""
        before, index = self._time, self._count
        self._count += 1
        if stamp is not None and self._start is None:
            # Frames without a stamp may have come before.
            self._start = stamp - (before + self._period)
        if stamp is None or self._start is None:
            self._time = before + self._period
        elif stamp - self._start > before:
            self._time = stamp - self._start
        elif before - (stamp - self._start) > RESTART and self._stamp is not None and stamp > self._stamp:
            # The second frame in a row that is too early, in order with the first: not a single wrong stamp.
            self._tell("restart", f"begins its times anew at frame {index - 1}: they are joined")
            self._time = before + stamp - self._stamp
            self._start = stamp - self._time
        else:
            self._time = before + self._period
        if index and self._time - before > LONGEST_PAUSE:
            pause = f"{self._time - before:.0f} s between frames {index - 1} and {index}"
            self._tell("pause", f"has a pause of {pause}: its times are kept, videos of it show one second")
        self._stamp = stamp
        return self._time

    def _tell(self, what: str, sentence: str) -> None:
        if what not in self._told:
            self._told.add(what)
            warnings.warn(f"{self._name} {sentence}", MediaWarning, stacklevel=4)

"""Capture, networks and output side by side, with a queue of one between each two."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..stream.frame import DepthFrame
from ..stream.streams import DepthStreams
from .feed import CapturedPicture, Feed
from .slot import Slots

KEPT = 300  # latencies: the last ten seconds of 30 frames/s
PATIENCE = 0.2  # seconds that `next` waits


class LiveFrame(NamedTuple):
    frame: DepthFrame
    at: float  # time.perf_counter() when its picture came
    source: int  # which feed's it is


class Pipeline:
    """Feeds, each in a thread, through depth streams in another; the thread that iterates is the output.

    A stage that is busy gets the newest picture when it is ready, and those between are dropped: `dropped`
    counts them, and what is shown is never older than one picture in each stage. A stream begins anew where
    its pictures change their size.

    with Pipeline([feed], model.streams(1)) as pipeline:
        for answers in pipeline:     # empty every 0.2 s in which none came, e.g. to keep a window alive
            for answer in answers:
                ...                  # show it
                pipeline.shown(answer)

    feeds: one for each of the streams. Iterating ends with the last feed, and raises what a stage raised.
    """

    def __init__(self, feeds: Sequence[Feed], streams: DepthStreams) -> None:
        self._feeds, self._streams = feeds, streams
        self._captured: Slots[CapturedPicture] = Slots(len(feeds))
        self._answers: Slots[LiveFrame] = Slots()
        self._latencies: deque[float] = deque(maxlen=KEPT)
        self._moments: deque[float] = deque(maxlen=KEPT)
        self._counting = threading.Lock()
        self.captured = self.delivered = 0
        self.captures = [
            threading.Thread(target=self._capture, args=(i,), name=f"velodepth capture {i}", daemon=True)
            for i in range(len(feeds))
        ]
        self.compute = threading.Thread(target=self._compute, name="velodepth compute", daemon=True)

    @property
    def dropped(self) -> int:
        """Pictures that came and were not shown, for newer ones; those under way do not count."""
        return self._captured.dropped + self._answers.dropped

    @property
    def latency(self) -> tuple[float, float]:
        """Median and 99th percentile, in seconds, from a picture's coming to its depth's being shown, of the
        last 300 shown; NaN before the first."""
        if not self._latencies:
            return float("nan"), float("nan")
        median, worst = np.percentile(list(self._latencies), (50, 99))
        return float(median), float(worst)

    @property
    def frame_rate(self) -> float:
        """Frames a second shown, over the last 300; 0 before the second."""
        if len(self._moments) < 2:
            return 0.0
        return (len(self._moments) - 1) / (self._moments[-1] - self._moments[0])

    def __str__(self) -> str:
        """28.9 frames/s, 41 ms behind, 3 dropped"""
        behind = f"{1000 * self.latency[0]:.0f} ms behind" if self.delivered else "nothing yet"
        return f"{self.frame_rate:.1f} frames/s, {behind}, {self.dropped} dropped"

    def __enter__(self) -> Pipeline:
        for thread in (*self.captures, self.compute):
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for feed in self._feeds:
            feed.stop()
        self._captured.close()
        self.compute.join()
        for thread in self.captures:  # one that waits for a silent camera ends with the process
            thread.join(1.0)

    def __iter__(self) -> Iterator[list[LiveFrame]]:
        while True:
            answers = self._answers.take(PATIENCE)
            if not answers and self._answers.ended:
                return
            yield list(answers.values())

    def shown(self, answer: LiveFrame) -> None:
        """Counts an answer that has reached the eye."""
        now = time.perf_counter()
        self.delivered += 1
        self._latencies.append(now - answer.at)
        self._moments.append(now)

    def _capture(self, source: int) -> None:
        error = None
        try:
            for captured in self._feeds[source]:
                with self._counting:
                    self.captured += 1
                self._captured.put(captured, source)
        except BaseException as caught:
            error = caught
        self._captured.close(error, source)

    def _compute(self) -> None:
        error = None
        sizes: dict[int, tuple[int, ...]] = {}
        try:
            while captured := self._captured.take():
                pictures: list[np.ndarray | None] = [None] * len(self._feeds)
                times: list[float | None] = [None] * len(self._feeds)
                for i, each in captured.items():
                    pictures[i], times[i] = each.picture, each.time
                    if sizes.setdefault(i, each.picture.shape) != each.picture.shape:
                        self._streams.streams[i].reset()
                    sizes[i] = each.picture.shape
                for i, frame in enumerate(self._streams.push(pictures, times)):
                    if frame is not None:
                        self._answers.put(LiveFrame(frame, captured[i].at, i), i)
        except BaseException as caught:
            error = caught
        self._answers.close(error)

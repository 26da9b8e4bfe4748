"""Capture, network and output side by side, with a queue of one between each two."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..stream.frame import DepthFrame
from ..stream.stream import DepthStream
from .feed import Captured, Feed
from .slot import Slot

KEPT = 300  # latencies: the last ten seconds of 30 frames/s
PATIENCE = 0.2  # seconds that `next` waits


class Answer(NamedTuple):
    frame: DepthFrame
    at: float  # time.perf_counter() when its picture came


class Pipeline:
    """A feed through a depth stream, each in a thread of its own; the thread that iterates is the output.

    A stage that is busy gets the newest picture when it is ready, and those between are dropped: `dropped`
    counts them, and what is shown is never older than one picture in each stage. The stream begins anew where
    the pictures change their size.

    with Pipeline(feed, model.stream()) as pipeline:
        for answer in pipeline:      # None every 0.2 s in which none came, e.g. to keep a window alive
            if answer:
                ...                  # show it
                pipeline.shown(answer)

    Iterating ends with the feed, and raises what a stage raised.
    """

    def __init__(self, feed: Feed, stream: DepthStream) -> None:
        self._feed, self._stream = feed, stream
        self._captured: Slot[Captured] = Slot()
        self._answers: Slot[Answer] = Slot()
        self._latencies: deque[float] = deque(maxlen=KEPT)
        self._moments: deque[float] = deque(maxlen=KEPT)
        self.captured = self.delivered = 0
        self.capture, self.compute = (
            threading.Thread(target=stage, name=f"velodepth {stage.__name__.strip('_')}", daemon=True)
            for stage in (self._capture, self._compute)
        )

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
        self.capture.start()
        self.compute.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._feed.stop()
        self._captured.close()
        self.compute.join()
        self.capture.join(1.0)  # one that waits for a silent camera ends with the process

    def __iter__(self) -> Iterator[Answer | None]:
        while True:
            answer = self._answers.take(PATIENCE)
            if answer is None and self._answers.ended:
                return
            yield answer

    def shown(self, answer: Answer) -> None:
        """Counts an answer that has reached the eye."""
        now = time.perf_counter()
        self.delivered += 1
        self._latencies.append(now - answer.at)
        self._moments.append(now)

    def _capture(self) -> None:
        error = None
        try:
            for captured in self._feed:
                self.captured += 1
                self._captured.put(captured)
        except BaseException as caught:
            error = caught
        self._captured.close(error)

    def _compute(self) -> None:
        error, size = None, None
        try:
            while (captured := self._captured.take()) is not None:
                if size not in (None, captured.picture.shape):
                    self._stream.reset()
                size = captured.picture.shape
                frame = self._stream.push(captured.picture, captured.time)
                self._answers.put(Answer(frame, captured.at))
        except BaseException as caught:
            error = caught
        self._answers.close(error)

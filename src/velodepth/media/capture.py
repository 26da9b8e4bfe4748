"""A camera that is plugged into this machine, through OpenCV."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media.source import Source


class CameraDevice(Source):
    """Camera number `index`, live: 0 is the first. Times are when a frame was received.

    Frames that come while the reader is busy are dropped where the driver allows it. A camera that
    stops gives a MediaWarning and ends the source.

    Raises:
        VeloDepthError: there is no such camera, or it is in use.
    """

    def __init__(self, index: int) -> None:
        log: Any = getattr(cv2.utils, "logging", cv2)  # in cv2 itself before 4.13
        level = log.setLogLevel(0)  # one sentence of ours instead of several of OpenCV's
        try:
            self._capture = cv2.VideoCapture(index)
        finally:
            log.setLogLevel(level)
        if not self._capture.isOpened():
            raise VeloDepthError(f"camera {index} is not there or in use: plug it in, or give another number")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        super().__init__(f"camera {index}", frame_rate=rate if rate > 0 else None, live=True)

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        start, count = 0.0, 0
        while True:
            grabbed, bgr = self._capture.read()
            now = time.perf_counter()
            if not grabbed:
                break
            start = start if count else now
            count += 1
            yield now - start, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        if count:
            warnings.warn(f"{self.name} stopped after {count} frames", MediaWarning, stacklevel=3)

    def close(self) -> None:
        super().close()
        self._capture.release()

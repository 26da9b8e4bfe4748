"""A source that begins again: its pictures in order, its times only growing."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import velodepth
from velodepth import VeloDepthError
from velodepth.media.repeated import Repeated
from velodepth.media.source import Source

PICTURES = [np.full((16, 16, 3), value, np.uint8) for value in range(3)]


def test_pictures_come_over_and_over_and_times_go_on():
    with Repeated(lambda: velodepth.open_source(PICTURES, frame_rate=10)) as source:
        frames = list(islice(source, 8))
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [frame.time for frame in frames] == pytest.approx(np.arange(8) / 10)


def test_closing_closes_what_is_read():
    opened = []
    source = Repeated(lambda: opened.append(velodepth.open_source(PICTURES)) or opened[-1])
    next(iter(source))
    source.close()
    with pytest.raises(VeloDepthError, match="closed"):
        next(iter(opened[-1]))


def test_a_live_source_has_no_end():
    class Camera(Source):
        def _pictures(self):
            yield 0.0, PICTURES[0]

    with pytest.raises(VeloDepthError, match="camera 0 is live"):
        Repeated(lambda: Camera("camera 0", live=True))

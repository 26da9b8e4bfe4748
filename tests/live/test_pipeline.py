"""Three stages side by side."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

import velodepth
from velodepth import VeloDepthError, open_source
from velodepth.live import feed as module
from velodepth.live.feed import Feed
from velodepth.live.pipeline import Pipeline


@pytest.fixture(scope="module")
def fast():
    return velodepth.load("nano")


def shown(pipeline):
    frames = []
    with pipeline:
        for answer in pipeline:
            if answer:
                frames.append(answer.frame)
                pipeline.shown(answer)
    return frames


def test_the_newest_picture_wins_and_each_is_shown_or_counted(fast, clip):
    pictures = [clip[i][::2, ::2] for i in range(60)]
    feed = Feed(lambda: open_source(pictures, frame_rate=2000), lambda reason, wait: None)
    pipeline = Pipeline(feed, fast.stream())
    assert math.isnan(pipeline.latency[0]) and pipeline.frame_rate == 0
    frames = shown(pipeline)
    assert pipeline.captured == 60 == len(frames) + pipeline.dropped
    assert pipeline.dropped > 0  # 2000 frames a second are too many for any machine
    assert np.array_equal(frames[-1].picture, pictures[-1])
    assert [frame.index for frame in frames] == [*range(len(frames) - 1), frames[-1].index]
    assert 0 < pipeline.latency[0] <= pipeline.latency[1]
    assert str(pipeline).endswith(f"{pipeline.dropped} dropped")


def test_pictures_of_another_size_begin_a_new_stream(fast, clip, monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    sources = [[clip[0][:96, :96]], [clip[0][:96, :128]]]
    first_shown = threading.Event()

    def open():
        if len(sources) == 1:
            first_shown.wait()
        source = open_source(sources.pop(0))
        source.live = True
        return source

    feed = Feed(open, lambda reason, wait: None if sources else feed.stop())
    pipeline, sizes = Pipeline(feed, fast.stream()), []
    with pipeline:
        for answer in pipeline:
            if answer:
                first_shown.set()
                sizes.append((answer.frame.depth.shape, answer.frame.keyframe_reason))
    assert sizes == [((96, 96), "start"), ((96, 128), "start")]


def test_a_file_whose_pictures_change_their_size_goes_on(fast, clip):
    pictures = [clip[0][:96, :96]] * 2 + [clip[0][:96, :128]] * 2
    frames = shown(
        Pipeline(Feed(lambda: open_source(pictures, frame_rate=4), lambda *_: None), fast.stream())
    )
    assert frames[-1].picture.shape == (96, 128, 3)


def test_what_a_stage_raises_reaches_the_viewer(fast):
    def missing():
        raise VeloDepthError("the camera is gone")

    with pytest.raises(VeloDepthError, match="the camera is gone"):
        shown(Pipeline(Feed(missing, lambda reason, wait: None), fast.stream()))
    tiny = [np.zeros((8, 8, 3), np.uint8)]
    with pytest.raises(VeloDepthError, match="at least 16 x 16"):
        shown(Pipeline(Feed(lambda: open_source(tiny), lambda reason, wait: None), fast.stream()))


def test_it_ends_when_the_viewer_leaves(fast, clip):
    pictures = [clip[0][:96, :96]] * 1000
    pipeline = Pipeline(Feed(lambda: open_source(pictures, frame_rate=10), lambda *_: None), fast.stream())
    with pipeline:
        for answer in pipeline:
            if answer:
                break
    assert not pipeline.compute.is_alive()
    pipeline.capture.join()
    assert pipeline.captured < 1000

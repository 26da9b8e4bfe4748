"""Three stages side by side."""

from __future__ import annotations

import math
import threading
from itertools import chain

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
        for answer in chain.from_iterable(pipeline):
            frames.append(answer.frame)
            pipeline.shown(answer)
    return frames


def test_the_newest_picture_wins_and_each_is_shown_or_counted(fast, clip):
    pictures = [clip[i][::2, ::2] for i in range(60)]
    feed = Feed(lambda: open_source(pictures, frame_rate=2000), lambda reason, wait: None)
    pipeline = Pipeline([feed], fast.streams(1))
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
    pipeline, sizes = Pipeline([feed], fast.streams(1)), []
    with pipeline:
        for answer in chain.from_iterable(pipeline):
            first_shown.set()
            sizes.append((answer.frame.depth.shape, answer.frame.keyframe_reason))
    assert sizes == [((96, 96), "start"), ((96, 128), "start")]


def test_a_file_whose_pictures_change_their_size_goes_on(fast, clip):
    pictures = [clip[0][:96, :96]] * 2 + [clip[0][:96, :128]] * 2
    frames = shown(
        Pipeline([Feed(lambda: open_source(pictures, frame_rate=4), lambda *_: None)], fast.streams(1))
    )
    assert frames[-1].picture.shape == (96, 128, 3)


def test_what_a_stage_raises_reaches_the_viewer(fast):
    def missing():
        raise VeloDepthError("the camera is gone")

    with pytest.raises(VeloDepthError, match="the camera is gone"):
        shown(Pipeline([Feed(missing, lambda reason, wait: None)], fast.streams(1)))
    tiny = [np.zeros((8, 8, 3), np.uint8)]
    with pytest.raises(VeloDepthError, match="at least 16 x 16"):
        shown(Pipeline([Feed(lambda: open_source(tiny), lambda reason, wait: None)], fast.streams(1)))


def test_it_ends_when_the_viewer_leaves(fast, clip):
    pictures = [clip[0][:96, :96]] * 1000
    pipeline = Pipeline(
        [Feed(lambda: open_source(pictures, frame_rate=10), lambda *_: None)], fast.streams(1)
    )
    with pipeline:
        for answers in pipeline:
            if answers:
                break
    assert not pipeline.compute.is_alive()
    pipeline.captures[0].join()
    assert pipeline.captured < 1000


def test_several_feeds_of_their_own_pace_and_size(fast, clip):
    """Every picture is shown where there is time; an end of one feed is not the end of the other."""
    pieces = [[clip[i][:96, :96] for i in range(4)], [clip[i][:96, :128] for i in range(6)]]
    feeds = [
        Feed(lambda piece=piece, rate=rate: open_source(piece, frame_rate=rate), lambda *_: None)
        for piece, rate in zip(pieces, (8, 4), strict=True)
    ]
    pipeline, shapes = Pipeline(feeds, fast.streams(2, beside=True)), {0: [], 1: []}
    with pipeline:
        for answer in chain.from_iterable(pipeline):
            shapes[answer.source].append((answer.frame.index, answer.frame.picture.shape))
            pipeline.shown(answer)
    assert pipeline.captured == 10 == pipeline.delivered + pipeline.dropped
    for source, (piece, seen) in enumerate(zip(pieces, shapes.values(), strict=True)):
        assert seen[0] == (0, piece[0].shape) and len({shape for _, shape in seen}) == 1, source
    assert np.array_equal([index for index, _ in shapes[1]], range(len(shapes[1])))

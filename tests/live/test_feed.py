"""Pictures as they come: paced files, lost and found streams."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from velodepth import VeloDepthError, open_source
from velodepth.live import feed as module
from velodepth.live.feed import Feed

PICTURES = [np.full((48, 64, 3), value, np.uint8) for value in range(5)]


def never(reason, wait):
    raise AssertionError(f"lost: {reason}")


def test_a_file_comes_whole_and_never_ahead_of_its_times():
    began = time.perf_counter()
    seen = list(Feed(lambda: open_source(PICTURES, frame_rate=100), never))
    assert [int(captured.picture[0, 0, 0]) for captured in seen] == [0, 1, 2, 3, 4]
    np.testing.assert_allclose([captured.time for captured in seen], np.arange(5) / 100)
    assert all(captured.at >= began + captured.time for captured in seen)


@pytest.mark.filterwarnings("ignore::velodepth.MediaWarning")
def test_a_stream_that_hangs_up_is_opened_anew(sender, monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    lost = []
    found = []
    feed = Feed(
        lambda: open_source(sender.url),
        lambda reason, wait: lost.append((reason, wait)),
        lambda: found.append(len(lost)),
    )
    seen = []
    for captured in feed:
        seen.append(captured)
        if len(lost) == 2:
            feed.stop()
    assert found == [1, 2]  # once each, and not at the first opening
    assert len(seen) > 6  # more than one connection gives
    assert lost[:2] == [("it ended", 0.01)] * 2  # the wait starts again once a picture came
    assert all(a.time < b.time for a, b in itertools.pairwise(seen))


@pytest.mark.filterwarnings("ignore::velodepth.MediaWarning")
def test_the_waits_grow_while_nothing_answers(sender, monkeypatch):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.005)
    lost = []

    def told(reason, wait):
        lost.append((reason, wait))
        if len(lost) == 1:
            sender.close()
        if len(lost) == 5:
            feed.stop()

    feed = Feed(lambda: open_source(sender.url), told)
    assert len(list(feed)) <= 6
    assert [wait for _, wait in lost] == [0.001, 0.002, 0.004, 0.005, 0.005]
    assert all("cannot be read" in reason for reason, _ in lost[1:])


def test_what_is_not_there_at_first_is_an_error():
    with pytest.raises(VeloDepthError, match=r"no 'street\.mp4'"):
        list(Feed(lambda: open_source("street.mp4"), never))

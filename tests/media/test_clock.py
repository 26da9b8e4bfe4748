"""Times that only grow, whatever the stamps do."""

from __future__ import annotations

import warnings

import pytest

from velodepth.errors import MediaWarning
from velodepth.media.clock import LONGEST_PAUSE, Clock


def times(stamps, period=0.1):
    """The times of these stamps, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clock = Clock("street.mkv", period)
        result = [clock.time(stamp) for stamp in stamps]
    assert all(warning.category is MediaWarning for warning in caught)
    return result, [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([5.0, 5.1, 5.25, 7.0], [0, 0.1, 0.25, 2.0]),  # uneven
        ([None, None, None], [0, 0.1, 0.2]),  # none at all
        ([None, 3.0, 3.1], [0, 0.1, 0.2]),
        ([0.0, 0.1, None, 0.3], [0, 0.1, 0.2, 0.3]),
        ([0.0, 0.1, 0.1, 0.2, 0.4], [0, 0.1, 0.2, 0.3, 0.4]),  # twice the same
        ([0.0, 5.0, 2.0, 5.2], [0, 5.0, 5.1, 5.2]),  # a single wrong one
        ([0.0, 0.5, 0.4, 0.45, 0.9], [0, 0.5, 0.6, 0.7, 0.9]),  # jitter
    ],
)
def test_times_are_the_stamps_from_the_first_one(stamps, expected):
    result, told = times(stamps)
    assert result == pytest.approx(expected)
    assert not told


def test_stamps_that_begin_anew_go_on_and_are_told_once():
    part = [10.0, 10.25, 10.75, 12.0]
    result, told = times([*part, *part, *part])
    steps = [0, 0.25, 0.75, 2.0]
    assert result == pytest.approx([*steps, *(2.1 + step for step in steps), *(4.2 + step for step in steps)])
    assert told == ["street.mkv begins its times anew at frame 4: they are joined"]


def test_a_pause_is_kept_and_told_once():
    result, told = times([0, 0.033, 25_200, 25_200.033, 60_000])
    assert result == pytest.approx([0, 0.033, 25_200, 25_200.033, 60_000])
    assert len(told) == 1 and "a pause of 25200 s between frames 1 and 2: its times are kept" in told[0]
    assert not times([0, LONGEST_PAUSE - 1])[1]

"""Parts of a source: which frames, at which times, of which size, seen by which camera."""

from __future__ import annotations

import numpy as np
import pytest

import velodepth
from velodepth import Pinhole, VeloDepthError
from velodepth.media.excerpt import Excerpt, fitted


def source(frames=50, width=64, height=48):
    """Pictures whose value is their number, 10 a second."""
    pictures = [np.full((height, width, 3), index, np.uint8) for index in range(frames)]
    return velodepth.open_source(pictures, frame_rate=10)


@pytest.mark.parametrize(
    ("part", "indices"),
    [
        ({}, range(50)),
        ({"start": 1.5}, range(15, 50)),
        ({"duration": 0.5}, range(5)),
        ({"start": 4.75, "duration": 9}, range(48, 50)),
        ({"start": 1, "duration": 2, "stride": 7}, range(10, 30, 7)),
    ],
)
def test_frames_are_those_of_the_source_with_their_times(part, indices):
    excerpt = Excerpt(source(), **part)
    expected = excerpt.length
    frames = list(excerpt)
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == list(indices)
    assert [frame.time for frame in frames] == pytest.approx([index / 10 for index in indices])
    assert [frame.index for frame in frames] == list(range(len(indices)))
    assert abs(expected - len(indices)) <= 1


def test_reading_stops_at_the_end_and_closes_the_source():
    read = []

    def pictures():
        for index in range(1000):
            read.append(index)
            yield np.zeros((16, 16, 3), np.uint8)

    own = velodepth.open_source(pictures(), frame_rate=10)
    assert len(list(Excerpt(own, duration=0.5))) == 5
    assert len(read) == 6
    with pytest.raises(VeloDepthError, match="closed"):
        next(iter(own))


def test_pictures_shrink_into_the_box_in_their_own_shape():
    picture = np.zeros((48, 64, 3), np.uint8)
    assert fitted(picture, (32, 99)).shape == (24, 32, 3)
    assert fitted(picture, (99, 24)).shape == (24, 32, 3)
    assert fitted(picture, (640, 480)) is picture
    assert [f.picture.shape for f in Excerpt(source(2), box=(32, 32))] == [(24, 32, 3)] * 2


def test_a_camera_without_a_size_is_that_of_the_source():
    excerpt = Excerpt(source(1), box=(32, 32))
    next(iter(excerpt))
    camera = excerpt.shrunk(Pinhole(60, 60, 32, 24)).for_picture(32, 24)
    assert (camera.fx, camera.cx, camera.cy) == (30, 16, 12)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"start": -1}, "cannot start at -1 s"),
        ({"duration": 0}, "cannot last 0 s"),
        ({"stride": 0}, "every 0 frames"),
        ({"box": (8, 99)}, "8x99 are too small"),
    ],
)
def test_what_makes_no_sense_is_refused(part, said):
    with pytest.raises(VeloDepthError, match=said):
        Excerpt(source(), **part)


def test_nothing_left_says_where_the_source_ends():
    with pytest.raises(VeloDepthError, match=r"nothing from 60 s on: it ends at 4\.90 s"):
        list(Excerpt(source(), start=60))

"""Depth painted as colour: the order, the range, the scale."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velodepth.errors import VeloDepthError
from velodepth.media.colour import UNKNOWN, Colouring, colourise, sample, ticks


def make_frame(depth, time=0.0, reason=None):
    depth = np.asarray(depth, np.float32)
    return SimpleNamespace(metres=depth, time=time, keyframe_reason=reason, relative=False)


def room(scale=1.0, seed=0):
    """A (200, 260) depth map from 1 to 6 m, with a percent of noise."""
    depth = np.geomspace(6, 1, 200)[:, None] * np.ones(260)
    return scale * depth * np.random.default_rng(seed).normal(1, 0.01, depth.shape)


def test_colours_are_rgb_from_dark_far_to_bright_near():
    colours = Colouring(1, 10, scale=False).paint(make_frame(np.geomspace(1, 10, 50)[None]))
    assert colours.shape == (1, 50, 3)
    assert colours.dtype == np.uint8
    lightness = colours[0].astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) < 0).all()
    warm = colours[0, 10].astype(int)  # INFERNO is orange near its bright end: RGB, not BGR
    assert warm[0] > warm[1] > warm[2]


def test_beyond_the_range_is_the_colour_of_its_end():
    colours = Colouring(1, 10).paint(make_frame([[1, 1e-6, 0.5, 10, 11, 1e30]]))[0]
    assert (colours[1:3] == colours[0]).all()
    assert (colours[4:] == colours[3]).all()


def test_unknown_depth_is_grey_and_does_not_count():
    depth = room()
    holes = depth.copy()
    holes[:, ::3] = [[0, np.nan, -1, np.inf] * 21 + [0, 0, 0]]
    with_holes, whole = Colouring(scale=False), Colouring(scale=False)
    painted = with_holes.paint(make_frame(holes))
    assert (painted[:, ::3] == UNKNOWN).all()
    whole.paint(make_frame(depth))
    assert with_holes.range == pytest.approx(whole.range, rel=0.01)
    assert (painted[:, 1] != UNKNOWN).any()


def test_a_picture_without_depth_is_grey_and_the_next_one_starts_the_range():
    colouring = Colouring()
    assert (colouring.paint(make_frame(np.zeros((200, 200)))) == UNKNOWN).all()
    assert colouring.range is None
    colouring.paint(make_frame(room(), time=0.1))
    near, far = colouring.range
    assert 1 < near < 1.2
    assert 5 < far < 6


def test_painting_leaves_the_depth_alone():
    depth = room().astype(np.float32)
    before = depth.copy()
    Colouring().paint(make_frame(depth))
    assert np.array_equal(depth, before)


def test_the_range_stands_still_over_noise():
    colouring = Colouring()
    ranges = set()
    for i in range(60):
        colouring.paint(make_frame(room(seed=i), i / 30, "start" if i == 0 else None))
        ranges.add(colouring.range)
    assert len(ranges) == 1


@pytest.mark.parametrize("rate", [5, 60])
def test_the_range_follows_in_seconds_not_in_frames(rate):
    colouring = Colouring()
    colouring.paint(make_frame(room(), 7.0, "start"))
    before = np.log(colouring.range)
    for i in range(2 * rate):
        colouring.paint(make_frame(room(scale=4), 7 + (i + 1) / rate, "motion"))
    gone = (np.log(colouring.range) - before) / math.log(4)
    assert gone == pytest.approx(1 - math.exp(-1), abs=0.02)


def test_the_range_jumps_at_a_cut():
    colouring = Colouring()
    colouring.paint(make_frame(room(), 0, "start"))
    near, far = colouring.range
    colouring.paint(make_frame(room(scale=4), 1 / 30, "cut"))
    assert colouring.range == pytest.approx((4 * near, 4 * far), rel=0.01)


def test_a_given_end_stays():
    for given_range in ((0.5, 20), (0.5, None), (None, 20)):
        colouring = Colouring(*given_range)
        for i in range(30):
            colouring.paint(make_frame(room(scale=1 + i / 10), i / 10, "start"))
            for shown, told in zip(colouring.range, given_range, strict=True):
                assert told is None or shown == told


def test_a_bare_wall_does_not_show_its_noise():
    colouring = Colouring()
    wall = np.full((200, 200), 2.0) * np.random.default_rng(0).normal(1, 0.002, (200, 200))
    colours = colouring.paint(make_frame(wall))
    assert colouring.range[1] / colouring.range[0] == pytest.approx(1.5)
    assert np.ptp(colours[:, :50].astype(int), axis=(0, 1)).max() < 20
    assert Colouring(near=5).paint(make_frame(wall)).shape == (200, 200, 3)  # all nearer than near


def test_the_scale_says_what_the_colours_say():
    """The bar's row beside each tick has the colour in which that distance is painted."""
    near, far, shape = 0.8, 9.0, (480, 640)
    plain = Colouring(near, far, scale=False).paint(make_frame(np.full(shape, far)))
    scaled = Colouring(near, far).paint(make_frame(np.full(shape, far)))
    rows, columns = np.nonzero((plain != scaled).any(axis=2))
    panel = scaled[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(int)
    saturated = np.ptp(panel, axis=2) > 100
    left, right = np.flatnonzero(saturated.sum(axis=0) > 100)[[0, -1]]
    bar = panel[:, (left + right) // 2]
    tick_rows = np.flatnonzero(panel[:, right + 2].min(axis=1) > 150)
    assert len(tick_rows) >= 4
    distances = [m for m in (0.8, 1, 1.2, 1.4, 1.5, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8) if near <= m <= far]
    painted = Colouring(near, far).paint(make_frame([distances]))[0].astype(int)
    for row in tick_rows:
        assert np.abs(painted - bar[row]).max(axis=1).min() <= 8
    assert bar[tick_rows[0]].sum() < bar[tick_rows[-1]].sum()


def test_the_scale_leaves_the_rest_and_small_pictures_alone():
    frame = make_frame(np.tile(np.geomspace(1, 9, 640), (480, 1)))
    changed = (Colouring().paint(frame) != Colouring(scale=False).paint(frame)).any(axis=2)
    assert 0.02 < changed.mean() < 0.1
    assert not changed[:, :512].any()
    small = make_frame(np.tile(np.geomspace(1, 9, 640), (120, 1)))
    assert np.array_equal(Colouring().paint(small), Colouring(scale=False).paint(small))


@pytest.mark.parametrize("size", [(180, 180), (181, 999), (999, 181), (1080, 1920)])
@pytest.mark.parametrize("near_far", [(1e-3, 1e5), (1.03, 1.08), (123.4, 4321.0)])
def test_the_scale_fits(size, near_far):
    picture = Colouring(*near_far).paint(make_frame(np.full(size, near_far[0])))
    assert (picture == 235).all(axis=2).any() or (picture > 180).all(axis=2).any()


@given(st.floats(1e-3, 1e3), st.floats(1.05, 1e4), st.floats(0.05, 0.3))
def test_ticks_are_round_inside_and_apart(near, ratio, gap):
    far = near * ratio
    chosen = np.sort(ticks(near, far, gap))
    assert len(chosen) >= 2
    assert chosen[0] >= near
    assert chosen[-1] <= far
    if not np.array_equal(chosen, [near, far]):
        assert all(len(f"{metres:e}".split("e")[0].rstrip("0.")) <= 3 for metres in chosen)
        level = chosen**-0.5 / (near**-0.5 - far**-0.5)
        assert np.abs(np.diff(level)).min() >= gap - 1e-9


@pytest.mark.parametrize(
    "near_far", [(0, 1), (-1, 5), (5, 1), (2, 2), (1, math.inf), (math.nan, 3), (None, 0), (math.inf, None)]
)
def test_a_range_that_is_none_is_refused(near_far):
    with pytest.raises(VeloDepthError, match="0 < near < far"):
        Colouring(*near_far)


def test_sample_is_spread_over_the_known_pixels():
    depth = np.arange(1, 1_000_001, dtype=np.float32).reshape(1000, 1000)
    depth[:, 500:] = np.nan
    values = sample(depth)
    assert 4000 < values.size < 6000
    assert np.isfinite(values).all()
    assert np.median(values) == pytest.approx(500_000, rel=0.02)
    assert sample(np.full((4, 5), 2.0, np.float32)).size == 20


def test_one_map_is_coloured_as_a_first_frame_is():
    depth = room().astype(np.float32)
    expected = Colouring().paint(make_frame(depth, reason="start"))
    np.testing.assert_array_equal(colourise(depth, scale=True), expected)
    assert (colourise(depth, 1, 2) == Colouring(1, 2, scale=False).paint(make_frame(depth))).all()
    assert (colourise(np.full((20, 20), np.nan)) == UNKNOWN).all()
    with pytest.raises(VeloDepthError, match=r"shape \(1, 20, 20\) is no depth map"):
        colourise(np.ones((1, 20, 20)))


def test_a_far_spot_leaves_the_colours_to_the_rest():
    room_alone, window = room(), room()
    window[:50, :60] = 200.0  # 6 % of the picture
    colouring, plain = Colouring(), Colouring()
    colouring.paint(make_frame(window))
    plain.paint(make_frame(room_alone))
    (near, far), (_, farthest) = colouring.range, plain.range
    assert near == pytest.approx(plain.range[0], rel=0.05)
    assert far < 4 * farthest < 200

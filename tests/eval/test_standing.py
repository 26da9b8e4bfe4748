"""Figures of cameras that stand and of what moves, against slow twins and by hand."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.cameras import Pinhole
from velodepth.eval import standing
from velodepth.eval.consistency import TrueMotion
from velodepth.eval.geometry import Grid
from velodepth.eval.standing import (
    Freshness,
    StillRange,
    StillStep,
    Thinned,
    coarse,
    coarse_luma,
    jumps,
    moved_by_itself,
    moved_in,
    moving_delta1,
    stands,
)

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=20, deadline=None)
GREY = np.full((24, 32), 100, np.uint8)


def usable(p: float) -> bool:
    return math.isfinite(p) and p > 0


def spoilt(draw: np.random.Generator, values: np.ndarray, share: float = 0.02) -> np.ndarray:
    """With predictions among them that are not usable."""
    bad = draw.random(values.shape) < share
    return np.where(bad, draw.choice([np.nan, np.inf, 0, -1], values.shape), values)


# The coarse grid, and what is kept of a long video


@pytest.mark.parametrize(
    ("shape", "points"),
    [((24, 32), (24, 32)), ((200, 200), (200, 200)), ((480, 640), (160, 213)), ((720, 1280), (144, 256))],
)
def test_the_coarse_grid_has_points_evenly_over_the_picture(shape, points):
    values = np.arange(shape[0] * shape[1]).reshape(shape)
    assert coarse(values).shape == points
    assert coarse_luma(np.zeros((*shape, 3), np.uint8)).shape == points
    assert points[0] * points[1] <= standing.GRID


def test_all_frames_are_kept_of_a_short_video_and_evenly_spaced_ones_of_a_long_one():
    def kept(count):
        thinned = Thinned(8)
        for t in range(count):
            thinned.add(np.full((2, 2), t))
        return [int(frame[0, 0]) for frame in thinned.frames]

    assert kept(8) == [*range(8)]
    assert kept(9) == [0, 2, 4, 6, 8]
    assert kept(100) == [0, 16, 32, 48, 64, 80, 96]


def test_median_and_range_leave_out_or_tell_what_is_not_known():
    thinned = Thinned(4)
    for values in ([1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [2.0, 7.0, np.nan]):
        thinned.add(np.array([values]))
    np.testing.assert_array_equal(thinned.median(), [[2, 6, np.nan]])
    np.testing.assert_allclose(thinned.range(), [[1.8, np.inf, np.inf]])


def test_a_camera_stands_where_half_of_the_picture_stays_the_same():
    def seen(share):
        thinned = Thinned(64)
        for t in range(10):
            now = GREY.copy()
            now[:, : round(32 * share)] += 40 * (t % 2)
            thinned.add(now)
        return stands(thinned)

    assert seen(0) and seen(0.25) and not seen(0.75)


# Pumping


def pumping(draw: np.random.Generator, count: int = 12) -> list[tuple[np.ndarray, np.ndarray]]:
    """Depth and brightness of frames: some points change in the picture, some predictions are not usable."""
    wall = draw.uniform(1, 5, (24, 32))
    lively = draw.random((24, 32)) < 0.2
    frames = []
    for _ in range(count):
        depth = spoilt(draw, wall * draw.lognormal(0, 0.1, (24, 32)), 0.002)
        brightness = np.where(lively, *(draw.integers(*ends, (24, 32)) for ends in ((50, 200), (98, 103))))
        frames.append((depth, brightness.astype(np.uint8)))
    return frames


@given(SEEDS)
@few
def test_still_range_equals_its_twin(seed: int):
    frames = pumping(np.random.default_rng(seed))
    figure = StillRange()
    for depth, brightness in frames:
        figure.add(depth, brightness)
    ranges = []
    for i in range(24):
        for j in range(32):
            low, high = np.percentile([float(b[i, j]) for _, b in frames], [5, 95])
            if high - low <= 10:
                p = [float(d[i, j]) for d, _ in frames]
                if all(map(usable, p)):
                    low, high = np.percentile(np.log(p), [5, 95])
                    ranges.append(high - low)
                else:
                    ranges.append(math.inf)
    assert figure.figure() == pytest.approx(np.median(ranges), rel=1e-5)


def test_a_wall_that_pumps_and_one_that_stands():
    pumps, steady, changed = StillRange(), StillRange(), StillRange()
    for t in range(20):
        level = 1.2 if t >= 10 else 1.0  # one keyframe takes over
        pumps.add(np.full((24, 32), 2 * level), GREY)
        steady.add(np.full((24, 32), 2.0), GREY)
        changed.add(np.full((24, 32), 2.0), GREY + np.uint8(30 * (t % 2)))
    assert pumps.figure() == pytest.approx(math.log(1.2), rel=1e-5)
    assert steady.figure() == 0
    assert math.isnan(changed.figure())  # no point stays the same


@given(SEEDS)
@few
def test_still_step_equals_its_twin(seed: int):
    draw = np.random.default_rng(seed)
    frames = pumping(draw)
    for _, brightness in frames:
        brightness[:12] = 100  # so that there are patches that stay the same
    figure = StillStep(4)
    for depth, brightness in frames:
        figure.add(depth, brightness)
    most = math.nan
    for t in range(1, len(frames)):
        window = frames[max(0, t - 4) : t + 1]
        for i in range(0, 24, 2):  # 32 / 16 across
            for j in range(0, 32, 2):
                at = [(i + k, j + m) for k in (0, 1) for m in (0, 1)]
                same = [max(int(b[p]) for _, b in window) - min(int(b[p]) for _, b in window) for p in at]
                if sum(each <= 10 for each in same) / 4 < 0.95:
                    continue
                if all(usable(d[p]) for d, _ in window for p in at):
                    means = [sum(math.log(d[p]) for p in at) / 4 for d, _ in window]
                    change = max(means) - min(means)
                else:
                    change = math.inf
                most = change if math.isnan(most) else max(most, change)
    assert figure.figure() == pytest.approx(most, rel=1e-9)


def test_still_step_is_of_one_patch_and_one_second():
    def step(seconds_apart: float) -> float:
        figure = StillStep(10)
        for t in range(40):
            depth = np.full((24, 32), 3.0)
            depth[4:6, 8:10] *= 1.0 + 0.1 * (t >= 10) + 0.1 * (t >= 10 + 10 * seconds_apart)
            figure.add(depth, GREY)
        return figure.figure()

    assert step(0.5) == pytest.approx(math.log(1.2))
    assert step(1.5) == pytest.approx(math.log(1.1))  # each jump by itself


# Sharpness


@given(SEEDS)
@few
def test_jumps_equal_their_twin(seed: int):
    draw = np.random.default_rng(seed)
    depth = spoilt(draw, draw.lognormal(1, 0.08, (12, 16)))
    found = 0
    for i in range(12):
        for j in range(16):
            beside = [depth[k, m] for k, m in ((i, j + 1), (i + 1, j)) if k < 12 and m < 16]
            p = depth[i, j]
            found += any(
                max(p, q) / min(p, q) > 1.1 if usable(p) and usable(q) else usable(p) != usable(q)
                for q in beside
            )
    assert jumps(depth) == pytest.approx(found / (12 * 16))


def test_a_blurred_edge_has_fewer_jumps():
    sharp = np.where(np.arange(32) < 16, 1.0, 2.0)[None].repeat(24, axis=0)
    assert jumps(sharp) == 1 / 32
    ramp = 1.05 ** np.arange(32)
    assert jumps(ramp[None].repeat(24, axis=0)) == 0


# What moves by itself


def test_what_stands_in_front_of_a_standing_cameras_background():
    background = np.array([[4.0, 4.0, 4.0, np.nan, 4.0]])
    np.testing.assert_array_equal(
        moved_in(np.array([[3.39, 3.41, 0.0, 1.0, np.nan]]), background), [[True, False, False, False, False]]
    )


def test_what_moves_before_a_camera_that_moves_is_told_from_what_does_not():
    """The camera steps to the left: all goes right; the box alone goes 8 px further."""
    camera = Pinhole(40, 40, 32, 24, size=(64, 48))
    wall, box = 4.0, 1.0

    def truth(x: int, left: int) -> np.ndarray:
        depth = np.full((48, 64), wall)
        depth[10:40, left : left + 20] = box
        return depth

    pose, pose_to = np.eye(4), np.eye(4)
    pose_to[0, 3] = -0.1  # 4 px at 1 m
    motion = TrueMotion(Grid(camera, 48, 64), pose, pose_to)
    known = np.ones((48, 64), bool)
    standing_still = moved_by_itself(motion, (truth(0, 20), truth(1, 24)), (known, known))
    assert not standing_still.any()
    moved = moved_by_itself(motion, (truth(0, 20), truth(1, 32)), (known, known))
    rows, columns = np.nonzero(moved)
    assert {*columns} == {*range(46, 52)}  # 44 to 51 are new to the box; 2 px beside it are not told
    assert {*rows} == {*range(10, 40)}
    assert not moved_by_itself(motion, (truth(0, 20), truth(1, 32)), (known, ~known)).any()
    assert not moved_by_itself(motion, (truth(0, 20), truth(1, 32)), (~known, known)).any()


@given(SEEDS)
@few
def test_moved_by_itself_equals_its_twin(seed: int):
    draw = np.random.default_rng(seed)
    camera = Pinhole(12, 12, 8, 6, size=(16, 12))
    pose_to = np.eye(4)
    pose_to[:3, 3] = draw.normal(0, 0.2, 3)
    g0, g1 = draw.uniform(1, 4, (2, 12, 16))
    v0, v1 = draw.random((2, 12, 16)) < 0.8
    landed: dict[tuple[int, int], float] = {}
    for i, j in np.argwhere(v0):
        x, y, z = np.array([(j + 0.5 - 8) / 12, (i + 0.5 - 6) / 12, 1]) * g0[i, j] - pose_to[:3, 3]
        if z > 0:
            u, v = math.floor(12 * x / z + 8), math.floor(12 * y / z + 6)
            if 0 <= u < 16 and 0 <= v < 12:
                landed[v, u] = min(z, landed.get((v, u), math.inf))
    expected = np.zeros((12, 16), bool)
    for i, j in np.argwhere(v1):
        near = [z for (k, m), z in landed.items() if math.hypot(k - i, m - j) <= 2]
        expected[i, j] = bool(near) and g1[i, j] < 0.85 * min(near)
    motion = TrueMotion(Grid(camera, 12, 16), np.eye(4), pose_to)
    np.testing.assert_array_equal(moved_by_itself(motion, (g0, g1), (v0, v1)), expected)


@given(SEEDS)
@few
def test_moving_delta1_equals_its_twin(seed: int):
    draw = np.random.default_rng(seed)
    truth = draw.uniform(1, 5, (30, 40))
    depth = spoilt(draw, truth * draw.lognormal(0, 0.25, (30, 40)))
    moving = draw.random((30, 40)) < draw.uniform(0.3, 0.6)
    votes = []
    for i, j in np.argwhere(moving):
        p, g = depth[i, j], truth[i, j]
        votes.append(usable(p) and max(g / p, p / g) < 1.25)
    expected = sum(votes) / len(votes) if len(votes) >= 500 else math.nan
    assert moving_delta1(depth, truth, moving) == pytest.approx(expected, nan_ok=True)


def test_moving_delta1_needs_500_pixels():
    depth = np.ones((30, 40))
    moving = np.zeros((30, 40), bool)
    moving.reshape(-1)[:500] = True
    assert moving_delta1(depth, depth, moving) == 1
    moving[0, 0] = False
    assert math.isnan(moving_delta1(depth, depth, moving))


# Freshness


def waited(stream, network, there) -> float:
    figure = Freshness()
    for frames in zip(stream, network, there, strict=True):
        figure.add(*frames)
    return figure.figure()


def freshness_twin(stream, network, there) -> float:
    """Pixel by pixel, with all frames at hand."""
    ratios = []
    for p, n in zip(stream, network, strict=True):
        with np.errstate(all="ignore"):
            ratio = np.log(p) - np.log(n)
        ratio[~((p > 0) & (n > 0) & np.isfinite(p) & np.isfinite(n))] = np.nan
        ratios.append(ratio - np.nanmedian(ratio))
    ages = []
    for i in range(there[0].shape[0]):
        for j in range(there[0].shape[1]):
            for t in range(4, len(there)):
                if not there[t][i, j] or any(there[s][i, j] for s in range(t - 4, t)):
                    continue
                age = 0
                while t + age < len(there) and there[t + age][i, j]:
                    ratio = ratios[t + age][i, j]
                    if math.isfinite(ratio) and abs(ratio) < math.log(1.1):
                        break
                    age += 1
                ages.append(age)
    return float(np.median(ages)) if ages else math.nan


@given(SEEDS)
@few
def test_fresh_equals_its_twin(seed: int):
    draw = np.random.default_rng(seed)
    count, shape = 24, (6, 8)
    network = [draw.uniform(1, 4, shape) for _ in range(count)]
    stream = [spoilt(draw, n * draw.lognormal(0.3, 0.12, shape)) for n in network]
    there = [np.zeros(shape, bool) for _ in range(count)]
    for _ in range(30):  # things that come and go
        i, j, t = draw.integers(6), draw.integers(8), draw.integers(count)
        for s in range(t, min(count, t + draw.integers(1, 9))):
            there[s][i, j] = True
    found = waited(stream, network, there)
    assert found == pytest.approx(freshness_twin(stream, network, there), nan_ok=True)


@pytest.mark.parametrize("late", [0, 1, 3])
def test_fresh_counts_frames_until_a_thing_is_seen(late: int):
    wall = np.full((24, 32), 4.0)
    there = [np.zeros((24, 32), bool) for _ in range(20)]
    for t in range(8, 20):
        there[t][5:15, 5:15] = True
    network = [np.where(mask, 2.0, wall) for mask in there]
    # The stream is off by a factor everywhere, which is not what is asked.
    stream = [1.3 * network[t - late] for t in range(late, 20)]
    stream = [1.3 * wall] * late + stream
    assert waited(stream, network, there) == late


def test_what_is_never_seen_waits_as_long_as_it_is_there():
    wall = np.full((24, 32), 4.0)
    there = [np.zeros((24, 32), bool) for _ in range(20)]
    for t in range(8, 13):
        there[t][5:15, 5:15] = True
    network = [np.where(mask, 2.0, wall) for mask in there]
    assert waited([wall] * 20, network, there) == 5
    assert waited([wall] * 11, network[:11], there[:11]) == 3  # the video ends


def test_what_is_there_from_the_start_does_not_appear():
    everywhere, wall = np.ones((24, 32), bool), np.full((24, 32), 4.0)
    assert math.isnan(waited([wall] * 9, [wall] * 9, [everywhere] * 9))


def test_memory_does_not_grow_with_the_video():
    def peak(count: int) -> int:
        tracemalloc.start()
        figures = StillRange(), StillStep(10), Freshness()
        draw = np.random.default_rng(0)
        for _ in range(count):
            depth = draw.uniform(1, 4, (24, 32))
            figures[0].add(depth, GREY)
            figures[1].add(depth, GREY)
            figures[2].add(depth, depth, depth < 2)
        assert all(math.isfinite(each.figure()) for each in figures)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(20)
    assert peak(1100) - peak(550) < 50 * 24 * 32 * 8  # 550 frames more, and under 50 depth maps

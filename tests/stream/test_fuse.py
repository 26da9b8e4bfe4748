"""Fusing, on maps made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.runtime.protocol import State
from velodepth.stream import fuse
from velodepth.stream.evidence import Evidence, Warp
from velodepth.stream.motion import Motion

SHAPE = (96, 128)
LUMA = np.random.default_rng(0).integers(60, 200, SHAPE).astype(np.uint8)
STILL = np.zeros((2, *SHAPE), np.float32)


def evidence(luma=LUMA, last=LUMA, follows=None, precision=1.0, stands=False):
    """Of two pictures in place; unless the camera stands, of a motion that is hardly one."""
    follows = np.ones(SHAPE, bool) if follows is None else follows
    motion = Motion(np.eye(4), np.ones(SHAPE, np.float32), follows.astype(np.float32))
    known = np.full(SHAPE, precision, np.float32)
    flow = STILL if stands else np.full_like(STILL, 0.4)
    return Evidence(1, flow, Warp(STILL), last, luma, motion, known)


def carried(log_radius, precision=fuse.MOST, known=None, looks=1000):
    return fuse.Memory(
        np.array(log_radius, np.float32),
        np.full(SHAPE, precision, np.float32),
        np.full(SHAPE, 0.5, np.float32),
        np.ones(SHAPE, bool) if known is None else known,
        looks,
    )


def observed(log_radius, known=None):
    radius = np.exp(np.array(log_radius, np.float32))
    return State(radius, np.zeros((*SHAPE, 3), np.float32), np.full(SHAPE, 0.9, np.float32), known=known)


def test_noise_settles_as_a_mean_does():
    random = np.random.default_rng(0)
    memory = fuse.start(observed(random.normal(0, 0.005, SHAPE)))
    for _ in range(12):
        memory = fuse.fuse(memory, observed(random.normal(0, 0.005, SHAPE)), evidence())
    assert memory.log_radius.std() < 0.005 / 2
    assert memory.precision.max() == fuse.MOST


@pytest.mark.parametrize(("looks", "share"), [(1, 1 / 2), (3, 1 / 4), (1000, fuse.SETTLED)])
def test_the_scale_of_a_shot_is_the_mean_of_its_looks(looks, share):
    """The whole picture 20 % farther than in all looks before."""
    memory = fuse.fuse(carried(np.zeros(SHAPE), looks=looks), observed(np.full(SHAPE, 0.2)), evidence())
    np.testing.assert_allclose(memory.log_radius, 0.2 * share, atol=2e-3)
    assert memory.looks == looks + 1


def test_scale_follows_sooner_where_the_camera_moves():
    """What is carried loses its scale on the way: a step of 20 % of the width, third since the look."""
    step = STILL.copy()
    step[0] = 0.2 * (SHAPE[1] - 1)
    known = np.full(SHAPE, fuse.MOST, np.float32)
    motion = Motion(np.eye(4), np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32))
    moved = Evidence(3, step, Warp(STILL), LUMA, LUMA, motion, known)
    memory = fuse.fuse(carried(np.zeros(SHAPE)), observed(np.full(SHAPE, 0.2)), moved)
    np.testing.assert_allclose(memory.log_radius, 0.2 * fuse.DRIFT * 0.2 * 3, atol=2e-3)


def test_the_scale_of_a_region_drifts():
    """A third of the picture 20 % farther, from one side to the other without an edge."""
    now = 0.2 * np.clip((np.arange(SHAPE[1]) - 64) / 40, 0, 1)[None].repeat(SHAPE[0], 0)
    memory = fuse.fuse(carried(np.zeros(SHAPE)), observed(now), evidence())
    assert memory.log_radius[48, 115] == pytest.approx(0.2 * fuse.SLOW, abs=0.012)


def test_news_are_taken_at_once():
    """Something nearer by half before a wall that stays; the picture need not show it."""
    now = np.zeros(SHAPE)
    now[30:70, 40:90] = -0.7
    memory = fuse.fuse(carried(np.zeros(SHAPE)), observed(now), evidence())
    inside = memory.log_radius[40:60, 50:80]
    assert abs(inside.mean() + 0.7) < 0.1
    assert abs(memory.log_radius[:20].mean()) < 0.02
    assert memory.precision[50, 65] == pytest.approx(1) and memory.precision[5, 5] == fuse.MOST


def test_what_moves_by_itself_is_observed_anew():
    follows = np.ones(SHAPE, bool)
    follows[30:70, 40:90] = False
    now = np.where(follows, 0, 0.08).astype(np.float32)
    memory = fuse.fuse(carried(np.zeros(SHAPE)), observed(now), evidence(follows=follows))
    assert memory.log_radius[50, 65] == pytest.approx(0.08, abs=0.01)
    still = fuse.fuse(carried(np.zeros(SHAPE)), observed(now), evidence())
    assert still.log_radius[50, 65] < 0.04


def test_an_observed_edge_stays_sharp():
    """Two edges a pixel apart have a soft mean; the observed one is drawn."""
    columns = np.arange(SHAPE[1])
    before, now = (np.where(columns < c, 0, 0.5).astype(np.float32)[None].repeat(96, 0) for c in (60, 62))
    memory = fuse.fuse(carried(before), observed(now), evidence())
    row = memory.log_radius[48] - memory.log_radius[48, 40]
    assert np.abs(row[:62]).max() < 0.05 and row[62] > 0.2


def test_where_the_picture_changed_and_nothing_was_observed_precision_is_lost():
    luma = LUMA.copy()
    luma[30:70, 40:90] = 255 - luma[30:70, 40:90]
    before = carried(np.zeros(SHAPE))
    after = fuse.unobserved(before, evidence(luma=luma))
    assert after.precision[50, 65] < 0.5 * fuse.MOST and after.precision[5, 5] > 0.9 * fuse.MOST
    np.testing.assert_array_equal(after.log_radius, before.log_radius)


def test_before_a_camera_that_stands_looks_that_differ_soon_count_for_little():
    """From the tenth look on the network says 20 % farther, 40 % of one half, of what has not changed."""
    now = np.full(SHAPE, 0.2, np.float32)
    now[:, :64] = 0.4
    memory = carried(np.zeros(SHAPE), precision=10, looks=10)
    for _ in range(90):
        memory = fuse.fuse(memory, observed(now), evidence(stands=True))
    assert memory.log_radius.max() < 0.4 * 0.2
    assert memory.precision.max() == fuse.MOST_STILL
    moves = fuse.fuse(memory, observed(now), evidence())
    assert moves.precision.max() == fuse.MOST  # and sooner once it moves


def test_before_a_camera_that_stands_nothing_moves_by_more_than_5_percent_in_a_second():
    """Whatever a young shot's looks say of a picture that stays the same."""
    random, memory = np.random.default_rng(0), fuse.start(observed(np.zeros(SHAPE)))
    for _ in range(30):
        memory = fuse.fuse(memory, observed(0.3 + random.normal(0, 0.1, SHAPE)), evidence(stands=True))
    assert memory.log_radius.mean() > 0.02 and memory.log_radius.max() < 0.05


def test_what_came_to_rest_before_a_camera_that_stands_is_not_held_to_its_first_look():
    """Two looks after it changed, in a shot of many."""
    precision = np.full(SHAPE, fuse.MOST_STILL, np.float32)
    now = np.zeros(SHAPE)
    precision[40:50, 40:60], now[40:50, 40:60] = 1, -0.1
    memory = carried(np.zeros(SHAPE))._replace(precision=precision)
    memory = fuse.fuse(memory, observed(now), evidence(stands=True))
    assert memory.log_radius[43:47, 45:55].mean() < -0.03


def test_what_changes_before_a_camera_that_stands_is_seen_at_once():
    luma = LUMA.copy()
    luma[30:70, 40:90] = 255 - luma[30:70, 40:90]
    now = np.zeros(SHAPE)
    now[30:70, 40:90] = -0.7
    memory = carried(np.zeros(SHAPE), precision=fuse.MOST_STILL)
    memory = fuse.fuse(memory, observed(now), evidence(luma=luma, stands=True))
    assert abs(memory.log_radius[40:60, 50:80].mean() + 0.7) < 0.1
    assert abs(memory.log_radius[:20].mean()) < 0.02


def test_what_comes_to_light_beside_something_that_moves_is_not_settled_by_a_look_that_bleeds():
    """Ten looks say .3 too near where a thing has just left and moves beside; then one says the truth."""
    follows, near = np.ones(SHAPE, bool), np.zeros(SHAPE)
    follows[40:60, 60:80], near[40:60, 50:80] = False, -0.3
    precision = np.where(near < 0, 0, fuse.MOST_STILL).astype(np.float32)
    memory = carried(np.zeros(SHAPE))._replace(precision=precision)
    for _ in range(10):
        memory = fuse.fuse(memory, observed(near), evidence(follows=follows, stands=True))
    assert memory.log_radius[45:55, 54:58].mean() < -0.2
    memory = fuse.fuse(memory, observed(np.zeros(SHAPE)), evidence(stands=True))
    assert memory.log_radius[45:55, 54:58].mean() > -0.2


@pytest.mark.parametrize(("greys", "shown"), [(0, 0), (6, -0.5)])
def test_what_is_dim_before_a_camera_that_stands_is_seen_where_the_picture_changed_a_little(greys, shown):
    luma = LUMA.copy()
    luma[30:70, 40:90] += greys
    now = np.zeros(SHAPE)
    now[30:70, 40:90] = -0.5
    memory = carried(np.zeros(SHAPE), precision=fuse.MOST_STILL)
    memory = fuse.fuse(memory, observed(now), evidence(luma=luma, stands=True))
    assert memory.log_radius[45:55, 60:70].mean() == pytest.approx(shown, abs=0.03)


def test_what_is_not_known():
    seen, remembered = np.ones(SHAPE, bool), np.ones(SHAPE, bool)
    seen[:, :40], remembered[:, 60:80] = False, False
    memory = fuse.fuse(
        carried(np.zeros(SHAPE), known=remembered), observed(np.full(SHAPE, 0.1), seen), evidence()
    )
    np.testing.assert_array_equal(memory.log_radius[:, :40], 0)  # not observed: carried
    assert (
        abs(memory.log_radius[48, 70] - 0.1 * fuse.SETTLED) < 0.02
    )  # not carried: observed, at the scale carried
    assert memory.known.all()
    neither = fuse.fuse(carried(np.zeros(SHAPE), known=seen), observed(np.full(SHAPE, 0.1), seen), evidence())
    np.testing.assert_array_equal(neither.known, seen)


def test_carrying_along_the_flow_leaves_guesses_at_the_rim():
    flow = STILL.copy()
    flow[0] = -10  # all moved to the right by ten pixels
    ramp = np.linspace(0, 1, SHAPE[1], dtype=np.float32)[None].repeat(SHAPE[0], 0)
    last, warp = carried(ramp, precision=2.0), Warp(flow)
    memory = fuse.carry(last, warp, warp.sharp(last.log_radius), None)
    np.testing.assert_allclose(memory.log_radius[:, 10:], ramp[:, :-10], atol=1e-5)
    np.testing.assert_allclose(memory.log_radius[:, :10], 0, atol=1e-5)
    assert (memory.precision[:, :10] == 0).all() and (memory.precision[:, 10:] == 2).all()
    assert memory.known.all()


def test_holes_do_not_grow_on_the_way():
    known = np.ones(SHAPE, bool)
    known[40:50, 60:70] = False
    last = carried(np.where(known, 0, 9), known=known)
    flow = np.full_like(STILL, 0.3)
    for _ in range(20):
        warp = Warp(flow)
        last = fuse.carry(last, warp, warp.sharp(last.log_radius), None)
    assert (~last.known).sum() == 100
    np.testing.assert_array_equal(last.log_radius[last.known], 0)


def test_carrying_by_the_motion_changes_the_distance():
    follows = np.ones(SHAPE, bool)
    follows[:, 64:] = False
    motion = Motion(np.eye(4), np.full(SHAPE, 2.0, np.float32), follows.astype(np.float32))
    last, warp = carried(np.zeros(SHAPE)), Warp(STILL)
    memory = fuse.carry(last, warp, warp.sharp(last.log_radius), motion)
    np.testing.assert_allclose(memory.log_radius[:, :64], np.log(2), atol=1e-6)
    np.testing.assert_array_equal(memory.log_radius[:, 64:], 0)

"""Paths are rigid, and do what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import motion
from velodepth_worlds.shots import PATHS

EYE = np.array([1.0, 1.5, -2.0])
ANGLES = np.array([0.7, -0.3, 0.1])


def test_facing_has_the_axes_of_a_camera():
    ahead = motion.facing((0, 0, 0), 0.0, 0.0)
    np.testing.assert_allclose(ahead[:3, :3] @ np.eye(3), [[-1, 0, 0], [0, -1, 0], [0, 0, 1]], atol=1e-12)
    right_hand = motion.facing(EYE, *ANGLES)[:3, :3]
    np.testing.assert_allclose(np.linalg.det(right_hand), 1.0)


@pytest.mark.parametrize("yaw, pitch", [(0.0, 0.0), (2.0, -0.5), (-3.0, 1.2)])
def test_towards_is_the_inverse_of_facing(yaw, pitch):
    np.testing.assert_allclose(motion.towards(motion.facing(EYE, yaw, pitch)[:3, 2]), (yaw, pitch))


@pytest.mark.parametrize("make", list(PATHS[True] | PATHS[False]))
def test_a_path_is_rigid_smooth_and_starts_where_it_should(make):
    path = make(np.random.default_rng(1), EYE, ANGLES, 2.0, 1.0)
    np.testing.assert_allclose(path(0.0), motion.facing(EYE, *ANGLES), atol=1e-9)
    earlier = path(0.0)
    for time in np.arange(1, 8) / 30:
        now = path(time)
        np.testing.assert_allclose(now[:3, :3] @ now[:3, :3].T, np.eye(3), atol=1e-12)
        assert np.linalg.norm(now[:3, 3] - earlier[:3, 3]) < 0.2
        earlier = now


def test_what_is_called_still_is_and_a_fast_turn_is_fast():
    rng = np.random.default_rng(2)
    still = motion.still(rng, EYE, ANGLES, 2.0, 1.0)
    np.testing.assert_array_equal(still(0.0), still(9.0))
    for _ in range(20):
        turn = motion.fast_turn(rng, EYE, np.zeros(3), 2.0, 1.0)
        cosine = (np.trace(turn(0.0)[:3, :3].T @ turn(0.1)[:3, :3]) - 1) / 2
        assert 38 < np.degrees(np.arccos(cosine)) / 0.1 < 300


def test_an_orbit_keeps_its_target_ahead():
    orbit = motion.orbit(np.random.default_rng(3), EYE, np.array([0.7, -0.3, 0.0]), 2.0, 1.0)
    target = orbit(0.0) @ (0, 0, 2.0, 1)
    moved = orbit(0.5)
    assert np.linalg.norm(moved[:3, 3] - EYE) > 0.05
    x, y, z, _ = np.linalg.inv(moved) @ target
    assert abs(x) < 0.1 and abs(y) < 0.1 and z == pytest.approx(2.0, rel=0.05)


def test_a_ball_rolls_without_slipping():
    radius = 0.1
    roll = motion.roll((0.0, radius, 0.0), (0.6, 0.0, 0.8), radius)
    touching = np.linalg.inv(roll(0.3)) @ (*(roll(0.3)[[0], 3]), 0.0, roll(0.3)[2, 3], 1.0)
    step = 1e-5
    drift = (roll(0.3 + step) @ touching - roll(0.3) @ touching)[:3] / step
    np.testing.assert_allclose(drift, 0.0, atol=1e-3)


def test_what_is_thrown_falls():
    fall = motion.tumble((0, 5, 0), (1, 2, 0), (0, 1, 0), 3.0, gravity=motion.GRAVITY)
    np.testing.assert_allclose(fall(0.5)[:3, 3], (0.5, 5 + 1 - 0.5 * 9.81 * 0.25, 0))


def test_a_limb_swings_about_its_joint():
    walk = motion.along((0, 0, 0), (0, 0, 1.0))
    leg = motion.swinging(walk, (0.0, 0.9, 0.0), 0.5, 6.0, 0.3)
    hip = np.array([0.0, 0.9, 0.0, 1.0])
    np.testing.assert_allclose(leg(0.4) @ hip, walk(0.4) @ hip, atol=1e-12)
    foot = np.array([0.0, 0.0, 0.0, 1.0])
    assert np.linalg.norm((leg(0.4) @ foot - walk(0.4) @ foot)[:3]) > 0.1

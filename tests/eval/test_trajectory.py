"""The camera's path against the true one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from velodepth.eval.trajectory import trajectory, umeyama

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=20, deadline=None)


def walk(draw: np.random.Generator, count: int, step: float = 0.3) -> list[np.ndarray]:
    poses = [np.eye(4)]
    for _ in range(count - 1):
        change = np.eye(4)
        change[:3, :3] = Rotation.from_rotvec(draw.normal(0, 0.1, 3)).as_matrix()
        change[:3, 3] = draw.normal(0, step, 3)
        poses.append(poses[-1] @ change)
    return poses


def motions(poses: list[np.ndarray]) -> list[np.ndarray | None]:
    return [None, *(np.linalg.inv(b) @ a for a, b in pairwise(poses))]


def elsewhere(poses: list[np.ndarray], draw: np.random.Generator) -> list[np.ndarray | None]:
    """The same path in another world."""
    (world,) = walk(draw, 2, 5)[1:]
    return [world @ pose for pose in poses]


@given(SEEDS, st.booleans())
@few
def test_umeyama_finds_what_was_done(seed: int, scaled: bool):
    draw = np.random.default_rng(seed)
    points = draw.normal(0, 1, (12, 3))
    scale = draw.uniform(0.3, 3) if scaled else 1.0
    turn, shift = Rotation.random(rng=draw).as_matrix(), draw.normal(0, 3, 3)
    found = umeyama(points, scale * points @ turn.T + shift, scaled)
    for value, expected in zip(found, (scale, turn, shift), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-9)


@pytest.mark.parametrize("scaled", [False, True])
def test_umeyama_is_the_least_error_that_a_search_finds(scaled: bool):
    draw = np.random.default_rng(3)
    points = draw.normal(0, 1, (9, 3))
    true = 1.7 * points @ Rotation.random(rng=draw).as_matrix().T + draw.normal(0, 0.3, (9, 3))

    def error(x: np.ndarray) -> float:
        scale = x[6] if scaled else 1.0
        moved = scale * points @ Rotation.from_rotvec(x[:3]).as_matrix().T + x[3:6]
        return float(((true - moved) ** 2).sum())

    scale, turn, shift = umeyama(points, true, scaled)
    best = np.concatenate([Rotation.from_matrix(turn).as_rotvec(), shift, [scale]])
    searched = min(
        minimize(error, np.concatenate([draw.normal(0, 1, 6), [1.0]]), tol=1e-12).fun for _ in range(12)
    )
    assert error(best) == pytest.approx(searched, rel=1e-6)


def test_umeyama_never_mirrors():
    draw = np.random.default_rng(0)
    points = draw.normal(0, 1, (10, 3))
    for true in (points * (1, 1, -1), points * (1, 1, 0)):
        assert np.linalg.det(umeyama(points, true, False)[1]) == pytest.approx(1)


@given(SEEDS)
@few
def test_the_right_path_in_another_world_has_no_error(seed: int):
    draw = np.random.default_rng(seed)
    poses = walk(draw, 15)
    found = trajectory(motions(poses), elsewhere(poses, draw), True)
    assert {*found} == {"ate_se3", "ate_sim3", "rpe", "rpe_turn", "motion_share"}
    assert found.pop("motion_share") == 1
    assert [*found.values()] == pytest.approx([0] * 4, abs=1e-5)


def test_a_path_of_the_wrong_length_is_right_up_to_its_scale():
    draw = np.random.default_rng(1)
    poses = walk(draw, 15)
    double = [np.block([[pose[:3, :3], 2 * pose[:3, 3:]], [pose[3:]]]) for pose in poses]
    found = trajectory(motions(double), elsewhere(poses, draw), True)
    assert found["ate_sim3"] == pytest.approx(0, abs=1e-9)
    assert found["rpe_turn"] == pytest.approx(0, abs=1e-5)
    steps = [np.linalg.norm((np.linalg.inv(a) @ b)[:3, 3]) for a, b in pairwise(poses)]
    assert found["rpe"] == pytest.approx(np.sqrt(np.mean(np.square(steps))))
    assert found["ate_se3"] > 0.1
    assert {*trajectory(motions(double), elsewhere(poses, draw), False)} == {
        *("ate_sim3", "rpe_turn", "motion_share")
    }


def test_by_hand():
    """Along x by a metre each time; the second step is said to be 1.5 m long, with a turn of 2 degrees."""
    true = [np.eye(4) for _ in range(3)]
    true[1][0, 3], true[2][0, 3] = 1, 2
    found = [pose.copy() for pose in true]
    found[2][0, 3] = 2.5
    found[2][:3, :3] = Rotation.from_euler("y", 2, degrees=True).as_matrix()
    figures = trajectory(motions(found), [*true], True)
    assert figures["rpe"] == pytest.approx(np.sqrt(0.5**2 / 2))
    assert figures["rpe_turn"] == pytest.approx(np.sqrt(2**2 / 2))
    # 0, 1, 2.5 against 0, 1, 2: off by -1/6, -1/6, 1/3 about their means, of which none is on a side
    assert figures["ate_se3"] == pytest.approx(np.sqrt((1 / 36 + 1 / 36 + 1 / 9) / 3))
    scale = np.polyfit([0, 1, 2.5], [0, 1, 2], 1)[0]
    rest = scale * np.array([-7, -1, 8]) / 6 - [-1, 0, 1]
    assert figures["ate_sim3"] == pytest.approx(np.sqrt((rest**2).mean()))


def test_what_is_not_known_is_left_out():
    draw = np.random.default_rng(2)
    poses = walk(draw, 10)
    steps, true = motions(poses), [*poses]
    steps[4] = None
    found = trajectory(steps, true, True)
    assert found["motion_share"] == pytest.approx(8 / 9)
    assert found["rpe"] == pytest.approx(0, abs=1e-9)  # the gap does not count
    assert found["ate_se3"] > 0.01  # but the path is off after it
    steps = motions(poses)
    true[3] = true[7] = None
    found = trajectory(steps, true, True)
    assert found["ate_se3"] == pytest.approx(0, abs=1e-9)
    assert {*trajectory(steps, [None] * 10, True)} == {"motion_share"}
    assert trajectory([None], [np.eye(4)], True) == {}


def test_no_scale_is_fitted_on_a_camera_that_stands():
    poses = walk(np.random.default_rng(0), 8, 0.01)
    found = trajectory(motions(poses), [np.eye(4)] * 8, True)
    assert "ate_sim3" not in found
    places = np.stack([pose[:3, 3] for pose in poses])
    spread = ((places - places.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert found["ate_se3"] == pytest.approx(np.sqrt(spread))

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.cameras import KannalaBrandt, Pinhole
from velodepth.eval.consistency import (
    Matches,
    TrueMotion,
    flicker,
    opw,
    steady,
    still_flicker,
    tae,
    tau5,
    tau5_flow,
)
from velodepth.eval.geometry import Grid

CAMERAS = [Pinhole(8, 8, 5, 4, size=(10, 8)), KannalaBrandt(7, 7, 5, 4, k1=0.03, size=(10, 8))]
STILL = TrueMotion(Grid(CAMERAS[0], 8, 10), np.eye(4), np.eye(4))
EVERYWHERE = np.ones((8, 10), bool)


def posed(x: float = 0, y: float = 0, z: float = 0, turn: float = 0) -> np.ndarray:
    """Camera-to-world: turned about the vertical axis, radians."""
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    pose[[0, 0, 2, 2], [0, 2, 0, 2]] = math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn)
    return pose


class Pair:
    """Random truth, predictions with unusable pixels, and poses of two pictures."""

    def __init__(self, seed: int):
        draw = np.random.default_rng(seed)
        self.camera = CAMERAS[seed % 2]
        self.pose, self.pose_to = (posed(*draw.normal(0, 0.15, 3), draw.normal(0, 0.05)) for _ in range(2))
        self.motion = TrueMotion(Grid(self.camera, 8, 10), self.pose, self.pose_to)
        # The same wall in both, so that truth often agrees with itself.
        self.g0, self.g1 = 3 * draw.lognormal(0, 0.02, (2, 8, 10))
        self.v0, self.v1 = draw.random((2, 8, 10)) < 0.85
        self.p0, self.p1 = (g * draw.lognormal(0, 0.03, (8, 10)) for g in (self.g0, self.g1))
        for p in (self.p0, self.p1):
            p[draw.random((8, 10)) < 0.05] = draw.choice([np.nan, np.inf, 0, -1])
        self.i0, self.i1 = draw.integers(100, 110, (2, 8, 10, 3), dtype=np.uint8)
        self.flow = draw.normal(0, 1.5, (2, 8, 10)).astype(np.float32)
        self.flow_valid = draw.random((8, 10)) < 0.9


SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=25, deadline=None)


# Moving depth, one pixel at a time


@cache
def ray_through(camera, i: int, j: int) -> np.ndarray:
    return camera.unproject([j + 0.5, i + 0.5])


def pixel_of(camera, x: float, y: float, z: float) -> tuple[float, float]:
    if isinstance(camera, Pinhole):
        return camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    across = math.hypot(x, y)
    theta = math.atan2(across, z)
    bent = theta * (1 + camera.k1 * theta**2) / across
    return camera.fx * bent * x + camera.cx, camera.fy * bent * y + camera.cy


def landings(camera, depth, pose, pose_to):
    """(row, column, row there, column there, u, v, z) of each usable pixel that lands."""
    height, width = depth.shape
    relative = np.linalg.inv(pose_to) @ pose
    for i in range(height):
        for j in range(width):
            if not (math.isfinite(depth[i, j]) and depth[i, j] > 0):
                continue
            ray = ray_through(camera, i, j)
            x, y, z, _ = (relative @ [*(ray / ray[2] * depth[i, j]), 1]).tolist()
            if z <= 0:
                continue
            u, v = pixel_of(camera, x, y, z)
            if 0 <= u < width and 0 <= v < height:
                yield i, j, math.floor(v), math.floor(u), u, v, z


def carried(camera, depth, pose, pose_to) -> dict[tuple[int, int], float]:
    seen: dict[tuple[int, int], float] = {}
    for _, _, k, m, _, _, z in landings(camera, depth, pose, pose_to):
        seen[k, m] = min(z, seen.get((k, m), math.inf))
    return seen


def laid_over(camera, depth, pose, pose_to) -> dict[tuple[int, int], float]:
    return {(k, m): z for _, _, k, m, _, _, z in landings(camera, depth, pose, pose_to)}


def agree(a: float, b: float) -> bool:
    return all(math.isfinite(x) and x > 0 for x in (a, b)) and max(a / b, b / a) < 1.05


def as_map(seen: dict[tuple[int, int], float]) -> np.ndarray:
    out = np.full((8, 10), np.inf)
    for at, z in seen.items():
        out[at] = z
    return out


@given(SEEDS)
@few
def test_motion_equals_its_twin(seed: int):
    a = Pair(seed)
    way = a.camera, a.p0, a.pose, a.pose_to
    np.testing.assert_allclose(a.motion.carried(a.p0), as_map(carried(*way)), rtol=1e-9)
    np.testing.assert_allclose(a.motion.laid_over(a.p0), as_map(laid_over(*way)), rtol=1e-9)
    back = as_map(carried(a.camera, a.p1, a.pose_to, a.pose))
    np.testing.assert_allclose(a.motion.reversed.carried(a.p1), back, rtol=1e-9)


def test_standing_still_moves_nothing():
    depth = np.random.default_rng(0).uniform(1, 5, (8, 10))
    np.testing.assert_allclose(STILL.carried(depth), depth)


def test_a_step_forward_takes_a_metre_off():
    ahead = TrueMotion(STILL.grid, posed(), posed(z=1)).carried(np.full((8, 10), 5.0))
    hit = np.isfinite(ahead)
    np.testing.assert_allclose(ahead[hit], 4)
    assert 0.5 < hit.mean() < 1  # the picture grows: some pixels are hit by none


@pytest.mark.parametrize("near_first", [True, False])
def test_the_nearest_wins_and_the_last_stays(near_first: bool):
    # A metre to the right moves depth 8 by one pixel to the left and depth 4 by two: both land on column 0.
    right = TrueMotion(Grid(Pinhole(8, 8, 1.5, 0.5), 1, 3), posed(), posed(x=1))
    depth = np.array([[np.nan, 8.0, 4.0]])
    np.testing.assert_allclose(right.carried(depth), [[4, np.inf, np.inf]])
    np.testing.assert_allclose(right.laid_over(depth), [[4, np.inf, np.inf]])
    left = TrueMotion(Grid(Pinhole(8, 8, 1.5, 0.5), 1, 3), posed(), posed(x=-1))
    np.testing.assert_allclose(left.carried(depth[:, ::-1]), [[np.inf, np.inf, 4]])
    np.testing.assert_allclose(left.laid_over(depth[:, ::-1]), [[np.inf, np.inf, 8]])


def test_what_is_not_usable_or_behind_lands_nowhere():
    assert np.isinf(STILL.carried(np.array([np.nan, np.inf, 0, -3] * 20).reshape(8, 10))).all()
    beyond = TrueMotion(STILL.grid, posed(), posed(z=6))
    assert np.isinf(beyond.carried(np.full((8, 10), 5.0))).all()


# tau5


def steady_twin(a: Pair) -> np.ndarray:
    moved = carried(a.camera, np.where(a.v0, a.g0, 0), a.pose, a.pose_to)
    return np.array(
        [[bool(a.v1[k, m]) and agree(moved.get((k, m), 0), a.g1[k, m]) for m in range(10)] for k in range(8)]
    )


@given(SEEDS)
@few
def test_tau5_equals_its_twin(seed: int):
    a = Pair(seed)
    mask = steady_twin(a)
    np.testing.assert_array_equal(steady(a.motion, (a.g0, a.g1), (a.v0, a.v1)), mask)
    moved = carried(a.camera, a.p0, a.pose, a.pose_to)
    votes = [agree(z, a.p1[at]) for at, z in moved.items() if mask[at]]
    expected = sum(votes) / len(votes) if votes else math.nan
    assert tau5(a.motion, (a.p0, a.p1), mask) == pytest.approx(expected, nan_ok=True)


def test_steady_leaves_out_what_moves_or_is_not_known():
    truth = np.full((8, 10), 2.0)
    now, known = truth.copy(), EVERYWHERE.copy()
    now[0, 0], now[0, 1] = 2.2, 2.09  # 10 % and 4.5 %
    known[0, 2] = False
    found = steady(STILL, (truth, now), (EVERYWHERE, known))
    assert np.argwhere(~found).tolist() == [[0, 0], [0, 2]]
    np.testing.assert_array_equal(steady(STILL, (now, truth), (known, EVERYWHERE)), found)


def test_tau5_asks_for_agreement_not_for_truth():
    wrong = np.random.default_rng(0).uniform(1, 9, (8, 10))
    now = wrong.copy()
    now[:, :2] *= 1.06
    now[:, 2:4] *= 1.04
    now[:, 4] = np.nan
    now[:, 5] = 0
    assert tau5(STILL, (wrong, wrong), EVERYWHERE) == 1
    assert tau5(STILL, (wrong, now), EVERYWHERE) == pytest.approx(0.6)
    assert tau5(STILL, (now, wrong), EVERYWHERE) == pytest.approx(6 / 8)  # unusable points hit nothing


def test_a_wrong_scale_does_not_agree_with_a_true_step():
    ahead = TrueMotion(STILL.grid, posed(), posed(z=1))
    mask = steady(ahead, (np.full((8, 10), 5.0), np.full((8, 10), 4.0)), (EVERYWHERE, EVERYWHERE))
    assert mask.sum() > 40
    assert tau5(ahead, (np.full((8, 10), 5.0), np.full((8, 10), 4.0)), mask) == 1
    assert tau5(ahead, (np.full((8, 10), 10.0), np.full((8, 10), 8.0)), mask) == 0  # 9 against 8


# TAE


def test_tae_of_a_doubled_depth():
    one, two = np.ones((8, 10)), np.full((8, 10), 2.0)
    assert tae(STILL, (one, two), (EVERYWHERE, EVERYWHERE)) == pytest.approx(100 * (0.5 + 1) / 2)
    assert tae(STILL, (two, two), (EVERYWHERE, EVERYWHERE)) == pytest.approx(0, abs=1e-9)


def test_tae_has_a_mask_for_each_direction():
    one, two = np.ones((8, 10)), np.full((8, 10), 2.0)
    assert tae(STILL, (one, two), (EVERYWHERE, ~EVERYWHERE)) == pytest.approx(100)
    assert tae(STILL, (one, two), (~EVERYWHERE, EVERYWHERE)) == pytest.approx(50)


def test_tae_of_a_prediction_that_is_not_usable_is_one():
    two = np.full((8, 10), 2.0)
    for bad in (np.nan, np.inf, 0, -1):
        # Nothing lands from there, and what lands there is off by 1.
        assert tae(STILL, (two, np.full((8, 10), bad)), (EVERYWHERE, EVERYWHERE)) == pytest.approx(100)


def tae_twin(a: Pair) -> float:
    directions = []
    for source, target, valid, way in (
        (a.p0, a.p1, a.v1, (a.pose, a.pose_to)),
        (a.p1, a.p0, a.v0, (a.pose_to, a.pose)),
    ):
        errors = []
        for at, z in laid_over(a.camera, source, *way).items():
            if valid[at]:
                p = target[at]
                errors.append(abs(z - p) / p if math.isfinite(p) and p > 0 else 1.0)
        if errors:
            directions.append(sum(errors) / len(errors))
    return 100 * sum(directions) / len(directions)


@given(SEEDS)
@few
def test_tae_equals_its_twin(seed: int):
    a = Pair(seed)
    assert tae(a.motion, (a.p0, a.p1), (a.v0, a.v1)) == pytest.approx(tae_twin(a), rel=1e-9)


# Matches


def moved_twin(a: Pair) -> list[tuple[int, float, float]]:
    found = []
    for i, j, k, m, u, v, z in landings(a.camera, np.where(a.v1, a.g1, 0), a.pose_to, a.pose):
        if a.v0[k, m] and agree(z, a.g0[k, m]):
            found.append((i * 10 + j, u, v))
    return found


def flowed_twin(a: Pair) -> list[tuple[int, float, float]]:
    winner: dict[tuple[int, int], tuple[float, float, float]] = {}
    for i in range(8):
        for j in range(10):
            dx, dy = map(float, a.flow[:, i, j])
            m, k = math.floor(j + 0.5 + dx), math.floor(i + 0.5 + dy)
            known = a.flow_valid[i, j] and a.v0[i, j] and 0 <= k < 8 and 0 <= m < 10
            if known and a.g0[i, j] < winner.get((k, m), (math.inf,))[0]:
                winner[k, m] = a.g0[i, j], dx, dy
    found = []
    for (k, m), (_, dx, dy) in sorted(winner.items()):
        u, v = m + 0.5 - dx, k + 0.5 - dy
        if a.v1[k, m] and 0 <= u < 10 and 0 <= v < 8 and a.v0[math.floor(v), math.floor(u)]:
            found.append((k * 10 + m, u, v))
    return found


def matches_of(a: Pair, kind: str) -> tuple[Matches, list[tuple[int, float, float]]]:
    if kind == "moved":
        return Matches.moved(a.motion, (a.g0, a.g1), (a.v0, a.v1)), moved_twin(a)
    return Matches.flowed(a.flow, a.flow_valid, a.g0, (a.v0, a.v1)), flowed_twin(a)


@given(SEEDS, st.sampled_from(["moved", "flowed"]))
@few
def test_matches_equal_their_twin(seed: int, kind: str):
    found, expected = matches_of(Pair(seed), kind)
    rows = np.stack([found.pixel, found.u, found.v], axis=-1)
    np.testing.assert_allclose(rows, np.array(expected).reshape(-1, 3), rtol=1e-9, atol=1e-9)


def test_flow_is_turned_round():
    flow = np.zeros((2, 1, 5), np.float32)
    flow[0, 0] = 2, 1, 0.25, 9, 0  # pixels 0, 1 and 2 land on column 2; pixel 3 leaves
    truth = np.array([[3.0, 2.0, 4.0, 1.0, 1.0]])
    everywhere = np.ones((1, 5), bool)
    found = Matches.flowed(flow, everywhere, truth, (everywhere, everywhere))
    assert found.pixel.tolist() == [2, 4]
    assert found.u.tolist() == [1.5, 4.5]
    assert found.v.tolist() == [0.5, 0.5]
    far = Matches.flowed(flow, np.array([[True, False, True, True, True]]), truth, (everywhere, everywhere))
    assert far.u.tolist() == [0.5, 4.5]


def test_a_still_pixel_matches_itself():
    valid = np.array([[True, False], [True, True]])
    found = Matches.still(valid)
    values = np.array([[1.0, np.nan], [3.0, 4.0]])
    for sampled in (found.here(values), found.nearest(values), found.bilinear(values)):
        assert sampled.tolist() == [1, 3, 4]


def test_between_pixels():
    values = np.array([[1.0, 3.0], [5.0, 9.0]])
    found = Matches(
        (2, 2), np.zeros(4, int), np.array([1.0, 0.75, 1.9, 0.1]), np.array([1.0, 0.5, 1.25, 1.9])
    )
    np.testing.assert_allclose(found.bilinear(values), [4.5, 1.5, 7.5, 5])
    assert found.nearest(values).tolist() == [9, 1, 9, 5]


# Along matches


def test_tau5_along_flow_takes_the_true_change_out():
    g0, g1 = np.full((8, 10), 2.0), np.full((8, 10), 3.0)
    still = Matches.still(EVERYWHERE)
    assert tau5_flow(still, (5 * g0, 5 * g1), (g0, g1)) == 1
    assert tau5_flow(still, (g0, g0), (g0, g1)) == 0
    assert tau5_flow(still, (-g0, -g1), (g0, g1)) == 0
    half = g1.copy()
    half[:4] = 0
    half[4] = np.nan
    assert tau5_flow(still, (g0, half), (g0, g1)) == pytest.approx(3 / 8)
    assert tau5_flow(still, (half, g0), (g1, g0)) == pytest.approx(3 / 8)


def sampled(values: np.ndarray, u: float, v: float) -> float:
    """Bilinear; pixels without weight may be anything."""
    u, v = min(max(u - 0.5, 0), values.shape[1] - 1), min(max(v - 0.5, 0), values.shape[0] - 1)
    total = 0.0
    for k, wk in ((math.floor(v), 1 - v % 1), (math.floor(v) + 1, v % 1)):
        for m, wl in ((math.floor(u), 1 - u % 1), (math.floor(u) + 1, u % 1)):
            if wk * wl > 0:
                total += wk * wl * float(values[k, m])
    return total


@given(SEEDS, st.sampled_from(["moved", "flowed"]))
@few
def test_figures_along_matches_equal_their_twins(seed: int, kind: str):
    a = Pair(seed)
    matches, rows = matches_of(a, kind)
    usable = lambda p: math.isfinite(p) and p > 0  # noqa: E731
    votes, changes, weighted = [], [], []
    for pixel, u, v in rows:
        at, back = divmod(pixel, 10), (math.floor(v), math.floor(u))
        p, q, g, h = a.p1[at], a.p0[back], a.g1[at], a.g0[back]
        both = usable(p) and usable(q)
        votes.append(both and agree(p / q, g / h))
        changes.append((abs(math.log(p / q)) if both else math.inf) - abs(math.log(g / h)))
        q = sampled(np.where(a.p0 > 0, a.p0, np.nan), u, v)
        if usable(p) and math.isfinite(q):
            change = sum(abs(float(a.i1[at][c]) - sampled(a.i0[..., c], u, v)) for c in range(3)) / 3 / 255
            weighted.append(math.exp(-50 * change) * abs(p - q))
    mean = lambda x: sum(x) / len(x) if x else math.nan  # noqa: E731
    assert tau5_flow(matches, (a.p0, a.p1), (a.g0, a.g1)) == pytest.approx(mean(votes), nan_ok=True)
    found = flicker(matches, (a.p0, a.p1), (a.g0, a.g1))
    assert found == pytest.approx(np.median(changes) if changes else math.nan, rel=1e-9, nan_ok=True)
    found = opw(matches, (a.p0, a.p1), (a.i0, a.i1))
    assert found == pytest.approx(mean(weighted), rel=1e-9, nan_ok=True)


def test_opw_weighs_by_the_picture():
    grey, darker = np.full((8, 10, 3), 151, np.uint8), np.full((8, 10, 3), 100, np.uint8)
    p0, p1 = np.full((8, 10), 2.0), np.full((8, 10), 2.3)
    still = Matches.still(EVERYWHERE)
    assert opw(still, (p0, p1), (grey, grey)) == pytest.approx(0.3)
    assert opw(still, (p0, p1), (grey, darker)) == pytest.approx(0.3 * math.exp(-50 * 51 / 255))
    p1[:4] = np.nan
    assert opw(still, (p0, p1), (grey, grey)) == pytest.approx(0.3)
    assert opw(still, (p1, p0), (grey, grey)) == pytest.approx(0.3)


def test_flicker_is_change_beyond_the_true_one():
    g0, g1 = np.full((8, 10), 2.0), np.full((8, 10), 3.0)
    still = Matches.still(EVERYWHERE)
    assert flicker(still, (g0, g1), (g0, g1)) == pytest.approx(0)
    assert flicker(still, (g0, g0), (g0, g1)) == pytest.approx(-math.log(1.5))
    assert flicker(still, (g0, 1.2 * g0), (g0, g0)) == pytest.approx(math.log(1.2))
    assert still_flicker((g0, 1.2 * g0)) == pytest.approx(math.log(1.2))
    assert still_flicker((g0, g0 / 1.2)) == pytest.approx(math.log(1.2))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0, -1])
def test_a_prediction_that_comes_and_goes_flickers(bad: float):
    p0, p1 = np.full((8, 10), 2.0), np.full((8, 10), 2.0)
    p1[:3] = bad
    assert still_flicker((p0, p1)) == 0  # under half of the pixels
    p1[:5] = bad
    assert still_flicker((p0, p1)) == still_flicker((p1, p0)) == still_flicker((p1, p1)) == math.inf
    assert flicker(Matches.still(EVERYWHERE), (p0, p1), (p0, p0)) == math.inf


def test_nothing_to_compare_is_nan():
    depth, picture = np.ones((8, 10)), np.zeros((8, 10, 3), np.uint8)
    none = Matches.still(~EVERYWHERE)
    found = [
        tau5(STILL, (depth, depth), ~EVERYWHERE),
        tau5(STILL, (np.full((8, 10), np.nan), depth), EVERYWHERE),
        tae(STILL, (depth, depth), (~EVERYWHERE, ~EVERYWHERE)),
        tau5_flow(none, (depth, depth), (depth, depth)),
        opw(none, (depth, depth), (picture, picture)),
        opw(Matches.still(EVERYWHERE), (0 * depth, depth), (picture, picture)),
        flicker(none, (depth, depth), (depth, depth)),
        still_flicker((depth[:0], depth[:0])),
    ]
    assert all(map(math.isnan, found))

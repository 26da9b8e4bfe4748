import builtins
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.cameras import Equirectangular, KannalaBrandt, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.eval.geometry import Downsizing, Grid, frame_geometry, neighbours, rays_auc

CAMERAS = [Pinhole(9, 8, 5.5, 4), KannalaBrandt(6, 6, 5, 4, k1=0.05, k2=-0.01), Equirectangular.whole(12, 6)]


# Grid


def test_points_of_a_pinhole():
    points = Grid(Pinhole(2, 4, 1, 0.5), 1, 2).points(np.array([[4.0, -1.0]], np.float32))
    np.testing.assert_array_equal(points, [[[-1, 0, 4], [np.nan] * 3]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0, -1])
def test_no_points_without_depth(bad: float):
    assert np.isnan(Grid(CAMERAS[0], 3, 4).points(np.full((3, 4), bad))).all()


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda c: c.model)
def test_points_lie_on_rays_and_project_back(camera):
    grid = Grid(camera, 6, 12)
    depth = np.random.default_rng(0).uniform(1, 5, (6, 12))
    points = grid.points(depth)
    for i in range(6):
        for j in range(12):
            ray = camera.unproject([j + 0.5, i + 0.5])
            np.testing.assert_allclose(grid.rays[i, j], ray)
            expected = ray / ray[2] * depth[i, j] if ray[2] > 0 else [np.nan] * 3
            np.testing.assert_allclose(points[i, j], expected, rtol=1e-9)
    front = np.isfinite(points[..., 0])
    assert front.sum() >= 36  # of the whole panorama the forward half
    v, u = np.nonzero(front)
    np.testing.assert_allclose(grid.project(*points[front].T), (u + 0.5, v + 0.5), atol=1e-6)


def test_behind_a_pinhole_is_no_pixel():
    u, v = Grid(CAMERAS[0], 6, 12).project(np.zeros(3), np.zeros(3), np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(u, [np.nan, np.nan, 5.5])
    np.testing.assert_array_equal(v, [np.nan, np.nan, 4])


# Downsizing


def test_small_maps_stay_as_they_are():
    values = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(Downsizing(np.ones((3, 4), bool))(values), values)


def test_downsizing_is_nearest_exact(monkeypatch):
    monkeypatch.setattr("velodepth.eval.geometry._MOST_POINTS", 6)
    shrink = Downsizing(np.ones((4, 6), bool))  # to 2 x 3: pixel i takes floor((i + 0.5) * 2)
    np.testing.assert_array_equal(shrink(np.arange(24).reshape(4, 6)), [[7, 9, 11], [19, 21, 23]])
    assert shrink(np.zeros((4, 6, 3))).shape == (2, 3, 3)


@pytest.mark.parametrize("size", [(480, 640), (768, 1024), (375, 1242)])
def test_at_most_75000_valid_points(size: tuple[int, int]):
    shrink = Downsizing(np.ones(size, bool))
    height, width = shrink(np.zeros(size)).shape
    assert 74_000 < height * width <= 75_000
    assert height / width == pytest.approx(size[0] / size[1], rel=0.02)


def test_only_valid_points_count_also_where_they_are_dense():
    valid = np.zeros((1000, 1000), bool)
    valid[::2, 1::2] = True  # picked twice as often as they are there, at some sizes
    assert np.count_nonzero(Downsizing(valid)(valid)) <= 75_000
    few = np.zeros((1000, 1000), bool)
    few[:50] = True
    assert Downsizing(few)(few).shape == (1000, 1000)


def test_points_of_a_downsized_map(monkeypatch):
    monkeypatch.setattr("velodepth.eval.geometry._MOST_POINTS", 20)
    depth = np.random.default_rng(0).uniform(-1, 5, (6, 12))
    shrink = Downsizing(np.ones((6, 12), bool))
    for camera in CAMERAS:
        grid = Grid(camera, 6, 12)
        np.testing.assert_array_equal(grid.points(depth, shrink), shrink(grid.points(depth)))


# Points


def clouds(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicted points, some not finite, true points and valid."""
    draw = np.random.default_rng(seed)
    true = draw.uniform((-1, -1, 1), (1, 1, 3), (5, 6, 3))
    points = true * draw.lognormal(0, 0.2, (5, 6, 1)) + draw.normal(0, 0.05, (5, 6, 3))
    points[draw.random((5, 6)) < 0.1] = np.nan
    valid = draw.random((5, 6)) < 0.8
    valid[2, 2] = True
    return points, true, valid


def pairs(
    points: np.ndarray, true: np.ndarray, valid: np.ndarray
) -> list[tuple[list[float] | None, list[float]]]:
    rows = zip(points.reshape(-1, 3).tolist(), true.reshape(-1, 3).tolist(), valid.flat, strict=True)
    return [(p if all(map(math.isfinite, p)) else None, g) for p, g, v in rows if v]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_frame_geometry_equals_its_twin(seed: int):
    cloud = clouds(seed)
    rows = [(p or [0.0] * 3, g) for p, g in pairs(*cloud)]
    zero = [0.0] * 3
    near = [
        max(math.dist(p, zero) / math.dist(g, zero), math.dist(g, zero) / (math.dist(p, zero) or 1e-99))
        < 1.25
        for p, g in rows
    ]
    assert frame_geometry(*cloud) == {
        "mse_3d": pytest.approx(sum(math.dist(p, g) for p, g in rows) / len(rows)),
        "arel_3d": pytest.approx(sum(math.dist(p, g) / math.dist(g, zero) for p, g in rows) / len(rows)),
        "tau_3d": pytest.approx(sum(near) / len(rows)),
    }


def test_geometry_of_three_points():
    true = np.array([[[0, 0, 2], [0, 3, 4], [0, 0, 1]]], float)
    points = np.array([[[0, 0, 2.2], [3, 0, 4], [np.nan, 0, 1]]])
    found = frame_geometry(points, true, np.ones((1, 3), bool))
    assert found["mse_3d"] == pytest.approx((0.2 + math.sqrt(18) + 1) / 3)
    assert found["arel_3d"] == pytest.approx((0.1 + math.sqrt(18) / 5 + 1) / 3)
    assert found["tau_3d"] == pytest.approx(2 / 3)


def neighbours_twin(points, true, valid, low: float, high: float) -> dict[str, float]:
    rows = pairs(points, true, valid)
    predicted, truth = [p for p, _ in rows if p], [g for _, g in rows]
    zero = [0.0] * 3
    to_true = [min(math.dist(p, g) for g in truth) if p else math.inf for p, _ in rows]
    to_predicted = [min(math.dist(g, p) for p in predicted) for g in truth]
    far = [math.dist(g, zero) if math.isinf(d) else d for d, (_, g) in zip(to_true, rows, strict=True)]

    def f1(power: int) -> float:
        values = []
        for k in range(100):
            limit = low * (high / 20 / low) ** (k / 99)
            precision, recall = (
                sum(d**power < limit for d in each) / len(each) for each in (to_true, to_predicted)
            )
            values.append(2 * precision * recall / (precision + recall) if precision + recall else 0)
        return sum((values[k] + values[k + 1]) / 2 for k in range(99)) / 100

    chamfer = (sum(far) / len(far) + sum(to_predicted) / len(to_predicted)) / 2
    return {"chamfer": chamfer, "f1": f1(1), "f1_published": f1(2)}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_neighbours_equal_their_twin(seed: int):
    pytest.importorskip("scipy")
    cloud = clouds(seed)
    expected = neighbours_twin(*cloud, 0.02, 10)
    assert neighbours(*cloud, 0.02, 10) == {n: pytest.approx(v, rel=1e-9) for n, v in expected.items()}


def test_neighbours_of_a_shifted_wall():
    pytest.importorskip("scipy")
    y, x = np.mgrid[:5, :5] * 1.0
    true, points = (np.stack([x, y, np.full((5, 5), z)], axis=-1) for z in (2.0, 2.1))
    found = neighbours(points, true, np.ones((5, 5), bool), 0.01, 20)
    # thresholds 0.01 to 1: 0.1 is passed from the 51st on, 0.01 = 0.1^2 from the second on
    assert found["chamfer"] == pytest.approx(0.1)
    assert found["f1"] == pytest.approx(49.5 / 100)
    assert found["f1_published"] == pytest.approx(98.5 / 100)


def test_perfect_points_reach_099():
    pytest.importorskip("scipy")
    true = clouds(1)[1]
    found = neighbours(true, true, np.ones((5, 6), bool), 0.01, 10)
    assert found == {"chamfer": 0, "f1": pytest.approx(0.99), "f1_published": pytest.approx(0.99)}


def test_no_usable_point_at_all():
    pytest.importorskip("scipy")
    true = np.array([[[0, 0, 2.0], [0, 0, 4.0]]])
    found = neighbours(np.full((1, 2, 3), np.nan), true, np.ones((1, 2), bool), 0.01, 10)
    assert found == {"chamfer": 3, "f1": 0, "f1_published": 0}


def test_nothing_valid_is_nan():
    pytest.importorskip("scipy")
    points, true, _ = clouds(0)
    nowhere = np.zeros((5, 6), bool)
    assert all(map(math.isnan, frame_geometry(points, true, nowhere).values()))
    assert all(map(math.isnan, neighbours(points, true, nowhere, 0.1, 10).values()))


def test_f1_needs_a_least_depth():
    pytest.importorskip("scipy")
    with pytest.raises(VeloDepthError, match=r"min_depth.* is 0; give one above 0"):
        neighbours(*clouds(0), 0, 10)


def test_without_scipy_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.startswith("scipy"):
            raise ImportError(name, name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(VeloDepthError, match=r"scipy.*velodepth\[eval\]"):
        neighbours(*clouds(0), 0.1, 10)


# Rays


def turned(rays: np.ndarray, degrees: float) -> np.ndarray:
    """About the vertical axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return rays @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T


def fan(widest: float) -> np.ndarray:
    """Rays (1, 2, 3) to the left and to the right, `widest` degrees apart."""
    return np.stack([turned(np.array([0, 0, 1.0]), side * widest / 2) for side in (-1, 1)])[None]


def test_right_rays_of_any_length():
    assert rays_auc(5 * fan(60), fan(60).astype(np.float32)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("widest", "limit"), [(60, 15), (99.9, 15), (100.1, 20), (189.9, 20), (190.1, 30), (360, 30)]
)
def test_the_limit_follows_the_widest_angle(widest: float, limit: float):
    angles = [0.5 + k * (limit - 0.5) / 99 for k in range(100)]
    area = sum(((angles[k] >= 7.1) + (angles[k + 1] >= 7.1)) / 2 for k in range(99)) / 99
    assert rays_auc(turned(fan(widest), 7.1), fan(widest)) == pytest.approx(area)


def test_odd_rays():
    rays = np.concatenate([fan(60), fan(60)], axis=1)
    bad = rays.copy()
    bad[0, 0] = np.nan
    assert rays_auc(bad, rays) == pytest.approx(0.75)
    assert rays_auc(rays, bad) == pytest.approx(1)
    assert rays_auc(-rays, rays) == 0
    assert math.isnan(rays_auc(rays, np.full_like(rays, np.nan)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_rays_auc_equals_its_twin(seed: int):
    draw = np.random.default_rng(seed)
    true = np.array([0, 0, 1]) + draw.normal(0, 0.1, (4, 5, 3))
    rays = true + draw.normal(0, 0.1, (4, 5, 3))
    angles = [
        math.degrees(math.acos(np.dot(a, b) / math.hypot(*a) / math.hypot(*b)))
        for a, b in zip(rays.reshape(-1, 3), true.reshape(-1, 3), strict=True)
    ]
    shares = [sum(a <= 0.5 + k * 14.5 / 99 for a in angles) / 20 for k in range(100)]
    expected = sum((shares[k] + shares[k + 1]) / 2 for k in range(99)) / 99
    assert rays_auc(rays, true) == pytest.approx(expected, rel=1e-9)

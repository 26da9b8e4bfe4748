import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.eval.metrics import ACCURACY, drift, edge_f1, frame_accuracy, kept_ratio, log_bias, valid_truth

NOWHERE = np.zeros((2, 2), bool)


def frame(seed: int, shape: tuple[int, int] = (7, 8)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prediction with pixels of all sorts, truth, valid."""
    draw = np.random.default_rng(seed)
    truth = draw.uniform(0.5, 9, shape).astype(np.float32)
    prediction = (truth * draw.lognormal(0, draw.choice([0.02, 0.2, 1]), shape)).astype(np.float32)
    odd = draw.random(shape) < 0.2
    prediction[odd] = draw.choice([np.nan, np.inf, -np.inf, 0, -1, 1e-5, 1e30], odd.sum())
    return prediction, truth, draw.random(shape) < 0.8


def twin(prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    """docs/evaluation.md, one pixel at a time."""
    pairs = [
        (float(p) if math.isfinite(p) else 0.0, float(g))
        for p, g, v in zip(prediction.flat, truth.flat, valid.flat, strict=True)
        if v
    ]
    n = len(pairs)
    ratios = [max(g / p, p / g) if p > 0 else math.inf for p, g in pairs]
    logs = [math.log(max(p, 1e-3)) - math.log(g) for p, g in pairs]
    mean = sum(logs) / n
    exponents = [0.01 + k * 4.99 / 99 for k in range(100)]
    shares = [sum(r < 1.25**e for r in ratios) / n for e in exponents]
    area = sum((shares[k] + shares[k + 1]) / 2 * 4.99 / 99 for k in range(99))
    return {
        **{f"delta{k}": sum(r < 1.25**k for r in ratios) / n for k in (1, 2, 3)},
        "absrel": sum(abs(g - p) / g for p, g in pairs) / n,
        "sqrel": sum((g - p) ** 2 / g for p, g in pairs) / n,
        "rmse": math.sqrt(sum((g - p) ** 2 for p, g in pairs) / n),
        "rmse_log": math.sqrt(sum(x * x for x in logs) / n),
        "log10": sum(abs(math.log10(max(p, 1e-3)) - math.log10(g)) for p, g in pairs) / n,
        "silog": 100 * math.sqrt(sum((x - mean) ** 2 for x in logs) / (n - 1)),
        "d_auc": area / 5,
        "tau": sum(r < 1.03 for r in ratios) / n,
    }


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_accuracy_equals_its_twin(seed: int):
    prediction, truth, valid = frame(seed)
    expected = twin(prediction, truth, valid)
    found = frame_accuracy(prediction, truth, valid)
    assert tuple(found) == ACCURACY
    assert found == {name: pytest.approx(value, rel=1e-10, abs=1e-12) for name, value in expected.items()}


def test_accuracy_of_three_pixels():
    truth = np.array([[1.0, 2.0], [4.0, 0.0]])
    prediction = np.array([[1.0, 3.0], [8.0, 5.0]])  # ratios 1, 1.5, 2
    found = frame_accuracy(prediction, truth, valid_truth(truth, 10))
    assert found["delta1"] == pytest.approx(1 / 3)
    assert found["delta2"] == pytest.approx(2 / 3)  # 1.5625
    assert found["delta3"] == pytest.approx(2 / 3)  # 1.953
    assert found["absrel"] == pytest.approx(1.5 / 3)
    assert found["sqrel"] == pytest.approx((1 / 2 + 16 / 4) / 3)
    assert found["rmse"] == pytest.approx(math.sqrt(17 / 3))
    assert found["rmse_log"] == pytest.approx(math.sqrt((math.log(1.5) ** 2 + math.log(2) ** 2) / 3))
    assert found["log10"] == pytest.approx(math.log10(3) / 3)
    assert found["silog"] == pytest.approx(100 * np.std([0, math.log(1.5), math.log(2)], ddof=1))
    assert found["tau"] == pytest.approx(1 / 3)


def test_a_perfect_prediction():
    truth = np.random.default_rng(0).uniform(0.1, 80, (5, 5))
    found = frame_accuracy(truth, truth, truth > 0)
    assert {n for n, v in found.items() if v == 1} == {"delta1", "delta2", "delta3", "tau"}
    assert found["d_auc"] == pytest.approx(0.998)  # from exponent 0.01 on
    assert all(found[n] == 0 for n in ("absrel", "sqrel", "rmse", "rmse_log", "log10", "silog"))


def test_a_factor_is_no_error_of_silog():
    truth = np.random.default_rng(0).uniform(0.1, 80, (5, 5))
    found = frame_accuracy(3 * truth, truth, truth > 0)
    assert found["silog"] == pytest.approx(0, abs=1e-6)
    assert found["rmse_log"] == pytest.approx(math.log(3))
    assert found["absrel"] == pytest.approx(2)
    # 3 = 1.25^4.923 is passed by the last two of the 100 exponents
    assert found["d_auc"] == pytest.approx(1.5 * 4.99 / 99 / 5)


def test_thresholds_are_strict():
    found = frame_accuracy(np.array([[1.25, 1.0]]), np.array([[1.0, 1.25]]), np.ones((1, 2), bool))
    assert (found["delta1"], found["delta2"]) == (0, 1)


@pytest.mark.parametrize(
    ("value", "absrel"), [(np.nan, 1), (np.inf, 1), (-np.inf, 1), (0, 1), (-2, 2), (1e30, 5e29)]
)
def test_a_bad_prediction_is_wrong_everywhere(value: float, absrel: float):
    found = frame_accuracy(np.full((2, 2), value, np.float32), np.full((2, 2), 2.0), ~NOWHERE)
    assert found["absrel"] == pytest.approx(absrel)
    assert {found[n] for n in ("delta1", "delta2", "delta3", "tau", "d_auc")} == {0}
    assert all(math.isfinite(v) for v in found.values())
    assert found["rmse_log"] > math.log(1000)


def test_nothing_valid_is_nan():
    empty = np.ones((2, 2)), np.ones((2, 2)), NOWHERE
    assert all(math.isnan(v) for v in frame_accuracy(*empty).values())
    assert math.isnan(log_bias(*empty))
    assert math.isnan(kept_ratio(empty[0], *empty))
    assert math.isnan(edge_f1(*empty))


def test_one_pixel_has_no_spread():
    found = frame_accuracy(np.array([[2.0]]), np.array([[1.0]]), np.array([[True]]))
    assert math.isnan(found["silog"])
    assert sum(map(math.isnan, found.values())) == 1


def test_valid_truth():
    truth = np.array([[0, -1, np.nan, np.inf], [1e-9, 10, 10.001, 65.535]])
    np.testing.assert_array_equal(valid_truth(truth, 10), [[False] * 4, [True, True, False, False]])


# Confidence


def test_kept_is_the_error_of_the_surer_half():
    truth = np.ones((1, 4))
    prediction = np.array([[1.1, 1.3, 1.2, 1.4]])
    sure = np.array([[0.9, np.nan, 0.8, 0.1]])
    assert kept_ratio(prediction, sure, truth, truth > 0) == pytest.approx(0.15 / 0.25)


def test_kept_of_constant_confidence_is_one():
    prediction, truth, valid = frame(3)
    assert kept_ratio(prediction, np.ones_like(truth), truth, valid) == 1


def test_kept_without_any_error_is_nan():
    assert math.isnan(kept_ratio(np.ones((2, 2)), np.eye(2), np.ones((2, 2)), ~NOWHERE))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_kept_equals_its_twin(seed: int):
    prediction, truth, valid = frame(seed)
    sure = np.random.default_rng(seed).random(truth.shape)
    rows = [
        (float(c), abs(g - (p if math.isfinite(p) else 0)) / g)
        for p, g, c, v in zip(prediction.flat, truth.flat, sure.flat, valid.flat, strict=True)
        if v
    ]
    rows.sort(reverse=True)
    half = [error for _, error in rows[: (len(rows) + 1) // 2]]
    expected = (sum(half) / len(half)) / (sum(error for _, error in rows) / len(rows))
    assert kept_ratio(prediction, sure, truth, valid) == pytest.approx(expected, rel=1e-6)


# Edges


def step_at(column: int) -> np.ndarray:
    depth = np.ones((9, 20))
    depth[:, column:] = 2
    return depth


@pytest.mark.parametrize(("shift", "f1"), [(0, 1), (1, 1), (2, 1), (3, 0), (-2, 1), (-3, 0)])
def test_edges_match_within_two_pixels(shift: int, f1: float):
    assert edge_f1(7 * step_at(10 + shift), step_at(10), np.ones((9, 20), bool)) == f1


def test_a_jump_of_ten_percent_is_an_edge():
    everywhere = np.ones((9, 20), bool)
    assert edge_f1(np.where(step_at(10) > 1, 1.11, 1), step_at(10), everywhere) == 1
    assert edge_f1(np.where(step_at(10) > 1, 1.09, 1), step_at(10), everywhere) == 0


def test_edges_on_one_side_only_are_wrong_and_on_neither_nan():
    flat, everywhere = np.ones((9, 20)), np.ones((9, 20), bool)
    assert edge_f1(flat, step_at(10), everywhere) == 0
    assert edge_f1(step_at(10), flat, everywhere) == 0
    assert math.isnan(edge_f1(flat, flat, everywhere))
    hidden = everywhere.copy()
    hidden[:, 9] = False  # one side of the edge is not known
    assert math.isnan(edge_f1(step_at(10), step_at(10), hidden))


def test_half_of_the_edges():
    truth, found = np.ones((9, 40)), np.ones((9, 40))
    truth[:, 10:30] = 2  # two edges
    found[:, 10:] = 2  # one of them
    assert edge_f1(found, truth, np.ones((9, 40), bool)) == pytest.approx(2 * 1 * 0.5 / 1.5)


def edge_twin(prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray) -> float:
    def edges(depth: np.ndarray) -> list[tuple[int, int]]:
        height, width = depth.shape
        at = set()
        for i in range(height):
            for j in range(width):
                for there in ((i, j + 1), (i + 1, j)):
                    if there[0] < height and there[1] < width and valid[i, j] and valid[there]:
                        both = [max(x, 0) if math.isfinite(x) else 0 for x in (depth[i, j], depth[there])]
                        if max(both) > 1.1 * min(both):
                            at.add((i, j))
        return sorted(at)

    def found(these: list[tuple[int, int]], those: list[tuple[int, int]]) -> float:
        near = sum(any(math.dist(a, b) <= 2 for b in those) for a in these)
        return near / len(these) if these else 0.0

    a, b = edges(prediction.astype(float)), edges(truth.astype(float))
    if not a and not b:
        return math.nan
    precision, recall = found(a, b), found(b, a)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.04]))
@settings(max_examples=40, deadline=None)
def test_edge_f1_equals_its_twin(seed: int, rough: float):
    draw = np.random.default_rng(seed)
    truth, prediction = (3 * draw.lognormal(0, rough, (2, 9, 10))).astype(np.float64)
    prediction[draw.random((9, 10)) < 0.01] = draw.choice([np.nan, np.inf, 0, -1])
    valid = draw.random((9, 10)) < 0.9
    assert edge_f1(prediction, truth, valid) == pytest.approx(
        edge_twin(prediction, truth, valid), nan_ok=True
    )


# Drift


def test_log_bias_is_the_median():
    truth = np.array([[1.0, 1.0, 1.0]])
    assert log_bias(np.array([[1.0, 2.0, np.nan]]), truth, truth > 0) == 0
    assert log_bias(np.array([[2.0, 2.0, np.nan]]), truth, truth > 0) == pytest.approx(math.log(2))


def test_drift_is_the_slope_per_second():
    times = np.array([10.0, 10.1, 10.2, 10.4, np.nan])
    biases = np.array([0.2, 0.25, np.nan, 0.4, 7])
    assert drift(times, biases) == pytest.approx(0.5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 30))
@settings(max_examples=20, deadline=None)
def test_drift_equals_a_fitted_line(seed: int, n: int):
    times, biases = np.random.default_rng(seed).random((2, n))
    assert drift(times, biases) == pytest.approx(np.polyfit(times, biases, 1)[0], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("biases", [[], [0.1], [np.nan, 0.1]])
def test_drift_needs_two_moments(biases: list[float]):
    assert math.isnan(drift(np.arange(len(biases)), np.array(biases)))
    assert math.isnan(drift(np.zeros(3), np.arange(3.0)))

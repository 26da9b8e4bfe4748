import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.errors import VeloDepthError
from velodepth.eval.alignment import KINDS, SequenceFit, fit

MAX = 10.0


def frame(seed: int, shape: tuple[int, int] = (6, 7)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prediction with unusable pixels, truth, valid."""
    draw = np.random.default_rng(seed)
    truth = draw.uniform(0.5, 9, shape).astype(np.float32)
    prediction = (truth * draw.lognormal(0.3, 0.3, shape)).astype(np.float32)
    prediction[draw.random(shape) < 0.15] = draw.choice([np.nan, np.inf, -np.inf, 0, -1])
    return prediction, truth, draw.random(shape) < 0.8


def listed(prediction: np.ndarray, truth: np.ndarray, valid: np.ndarray, positive: bool) -> list[list[float]]:
    """Pairs (p, g) of the pixels that a fit may use, one by one."""
    return [
        [float(p), float(g)]
        for p, g, v in zip(prediction.flat, truth.flat, valid.flat, strict=True)
        if v and np.isfinite(p) and (p > 0 or not positive)
    ]


def line(points: list[tuple[float, float]], ridge: float) -> tuple[float, float]:
    """Least squares y ~ s x + b by Cramer's rule, with the ridge on the diagonal."""
    a = sum(x * x for x, _ in points) + ridge
    b = sum(x for x, _ in points)
    d = len(points) + ridge
    e, f = sum(x * y for x, y in points), sum(y for _, y in points)
    return (e * d - b * f) / (a * d - b * b), (a * f - b * e) / (a * d - b * b)


def near(points: list[list[float]]) -> list[tuple[float, float]]:
    """What ssi fits on: |g - p| below its 95 % quantile."""
    errors = sorted(abs(g - p) for p, g in points)
    place = 0.95 * (len(errors) - 1)
    low = int(place)
    high = min(low + 1, len(errors) - 1)
    limit = errors[low] + (place - low) * (errors[high] - errors[low])
    return [(p, g) for p, g in points if abs(g - p) < limit]


def test_metric_changes_only_what_is_not_usable():
    prediction = np.array([[1.5, 0.0, -2.0], [np.nan, np.inf, 1e30]])
    depth = fit("metric", "metric", prediction, np.ones((2, 3)), np.ones((2, 3), bool), MAX).apply(prediction)
    assert depth.dtype == np.float64
    np.testing.assert_array_equal(depth, [[1.5, np.nan, np.nan], [np.nan, np.nan, 1e30]])


def test_si_is_the_ratio_of_medians():
    prediction, truth = np.array([[1.0, 2.0, 9.0]]), np.array([[3.0, 8.0, 5.0]])
    found = fit("scale", "si", prediction, truth, np.array([[True, True, True]]), MAX)
    assert found.scale == 5 / 2
    np.testing.assert_allclose(found.apply(prediction), [[2.5, 5, 22.5]])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_si_ignores_what_is_not_usable(seed: int):
    prediction, truth, valid = frame(seed)
    pairs = listed(prediction, truth, valid, positive=True)
    found = fit("metric", "si", prediction, truth, valid, MAX)
    p, g = (sorted(each)[len(pairs) // 2] for each in zip(*pairs, strict=True))
    if len(pairs) % 2:
        assert found.scale == pytest.approx(g / p, rel=1e-12)
    assert np.isnan(found.apply(prediction)).sum() == (~(np.isfinite(prediction) & (prediction > 0))).sum()


def test_ssi_finds_the_line_below_its_outliers():
    truth = np.linspace(1, 9, 100).reshape(10, 10)
    prediction = (truth - 0.5) / 0.9
    prediction[0, :5] = 100  # the largest 5 %
    found = fit("affine_depth", "ssi", prediction, truth, np.ones((10, 10), bool), MAX)
    assert (found.scale, found.shift) == (pytest.approx(0.9, abs=1e-5), pytest.approx(0.5, abs=1e-5))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["metric", "affine_depth"]))
@settings(max_examples=40, deadline=None)
def test_ssi_equals_its_twin(seed: int, claim: str):
    prediction, truth, valid = frame(seed)
    found = fit(claim, "ssi", prediction, truth, valid, MAX)
    scale, shift = line(near(listed(prediction, truth, valid, positive=claim == "metric")), 1e-4)
    assert [found.scale, found.shift] == pytest.approx([scale, shift], rel=1e-8, abs=1e-8)


def test_ssi_is_not_clipped_and_takes_negative_affine_depth():
    truth = np.linspace(1, 9, 50).reshape(5, 10)
    prediction = truth - 5
    depth = fit("affine_depth", "ssi", prediction, truth, np.ones((5, 10), bool), MAX).apply(prediction)
    np.testing.assert_allclose(depth, truth, atol=1e-4)  # all errors are equal: all pixels are fitted
    assert fit("affine_depth", "ssi", prediction, truth, truth > 0, MAX).apply(np.array([[-9.0]])) < 0


def test_ssi_of_a_constant_is_the_mean():
    truth = np.random.default_rng(0).uniform(1, 3, (20, 20))
    prediction = np.full_like(truth, 2.0)
    depth = fit("metric", "ssi", prediction, truth, np.ones_like(truth, bool), MAX).apply(prediction)
    kept = np.abs(truth - 2) < np.quantile(np.abs(truth - 2), 0.95)
    np.testing.assert_allclose(depth, truth[kept].mean(), rtol=1e-6)


@pytest.mark.parametrize("claim", ["metric", "scale"])
def test_disparity_of_depth(claim: str):
    truth = np.linspace(1, 9, 50).reshape(5, 10)
    prediction = 1 / ((1 / truth - 0.05) / 2)
    depth = fit(claim, "disparity", prediction, truth, np.ones((5, 10), bool), MAX).apply(prediction)
    np.testing.assert_allclose(depth, truth, rtol=1e-9)


@pytest.mark.parametrize("kind", ["ssi", "disparity"])
def test_affine_disparity_has_one_scale_and_shift_under_both_names(kind: str):
    truth = np.linspace(1, 9, 50).reshape(5, 10)
    disparity = 30 / truth - 20  # partly negative
    found = fit("affine_disparity", kind, disparity, truth, np.ones((5, 10), bool), MAX)
    np.testing.assert_allclose(found.apply(disparity), truth, rtol=1e-9)
    limits = found.apply(np.array([[-1e6, 1e6, np.nan]]))
    np.testing.assert_array_equal(limits, [[MAX, 1e-3, np.nan]])


def test_disparity_is_never_below_a_thousandth():
    found = fit(
        "affine_disparity", "ssi", np.array([[0.0, 1.0]]), np.array([[1e4, 1.0]]), np.ones((1, 2), bool), 1e5
    )
    np.testing.assert_allclose(found.apply(np.array([[0.0, -1.0, 1.0]])), [[1000, 1000, 1]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from(["metric", "affine_disparity"]))
@settings(max_examples=30, deadline=None)
def test_disparity_of_a_sequence_is_one_fit_over_all_its_pixels(seed: int, frames: int, claim: str):
    sequence, points = SequenceFit(claim, "disparity", MAX), []
    for t in range(frames):
        prediction, truth, valid = frame(seed + t)
        sequence.add(prediction, truth, valid)
        for p, g in listed(prediction, truth, valid, positive=claim == "metric"):
            points.append((p if claim == "affine_disparity" else 1 / p, 1 / g))
    scale, shift = line(points, 0)
    found = sequence.alignment()
    assert [found.scale, found.shift] == pytest.approx([scale, shift], rel=1e-7, abs=1e-8)


def test_disparity_of_a_constant_is_the_mean_disparity():
    truth = np.array([[1.0, 2.0, 4.0]])
    found = fit("metric", "disparity", np.full((1, 3), 3.0), truth, np.ones((1, 3), bool), MAX)
    np.testing.assert_allclose(found.apply(np.full((1, 3), 3.0)), 3 / (1 + 0.5 + 0.25))


def test_si_of_a_sequence_is_the_median_of_its_frames():
    sequence = SequenceFit("scale", "si", MAX)
    everything = np.ones((2, 2), bool)
    for scale in (2.0, 50.0, 3.0):
        sequence.add(np.ones((2, 2)), np.full((2, 2), scale), everything)
    sequence.add(np.full((2, 2), np.nan), np.ones((2, 2)), everything)  # adds nothing
    sequence.add(np.ones((2, 2)), np.ones((2, 2)), ~everything)  # nor does this
    assert sequence.alignment().scale == 3


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_ssi_of_a_sequence_fits_what_each_frame_picks(seed: int):
    sequence, points = SequenceFit("metric", "ssi", MAX), []
    for t in range(3):
        prediction, truth, valid = frame(seed + t)
        sequence.add(prediction, truth, valid)
        points += near(listed(prediction, truth, valid, positive=True))
    found = sequence.alignment()
    scale, shift = line(points, 1e-4)
    assert [found.scale, found.shift] == pytest.approx([scale, shift], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(("claim", "kind"), [(c, k) for c in KINDS for k in KINDS[c] if k != "metric"])
@pytest.mark.parametrize("hidden", ["truth", "prediction"])
def test_nothing_to_fit_on_is_nan(claim: str, kind: str, hidden: str):
    prediction = np.full((3, 3), np.nan if hidden == "prediction" else 2.0)
    found = fit(claim, kind, prediction, np.ones((3, 3)), np.full((3, 3), hidden == "prediction"), MAX)
    assert np.isnan(found.scale)
    assert np.isnan(found.apply(np.full((3, 3), 2.0))).all()


@pytest.mark.parametrize(
    ("claim", "kind", "words"),
    [
        ("affine_depth", "metric", "affine_depth.*'metric'.*use ssi"),
        ("affine_disparity", "si", "use ssi or disparity"),
        ("scale", "metric", "use si or ssi or disparity"),
        ("guess", "si", "'guess'.*metric, scale"),
    ],
)
def test_a_claim_is_not_measured_as_more_than_it_is(claim: str, kind: str, words: str):
    with pytest.raises(VeloDepthError, match=words):
        SequenceFit(claim, kind, MAX)

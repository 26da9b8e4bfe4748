"""From what a network says to depth: the fits, their robustness, and what cannot be fitted."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.adapters.alignment import FARTHEST, align

HEIGHT, WIDTH = 96, 128


def scene(seed: int = 0) -> np.ndarray:
    """Metres: a floor that recedes, and boxes before it."""
    random = np.random.default_rng(seed)
    depth = np.broadcast_to(1.5 / np.linspace(0.15, 1, HEIGHT)[:, None], (HEIGHT, WIDTH)).copy()
    for _ in range(6):
        top, left = random.integers(0, HEIGHT - 30), random.integers(0, WIDTH - 30)
        depth[top : top + 30, left : left + 30] = random.uniform(1.2, 5)
    return depth


def said(depth: np.ndarray, kind: str, scale: float, shift: float) -> np.ndarray:
    """What a perfect network of the kind says of it."""
    return {
        "metric": depth,
        "scale": depth * scale,
        "affine_depth": depth * scale + shift,
        "affine_disparity": scale / depth + shift,
    }[kind]


KINDS = ("metric", "scale", "affine_depth", "affine_disparity")
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (37.5, 4), (0.002, -0.3)])
def test_what_is_exact_is_found_exactly(kind, scale, shift):
    depth = scene()
    x = said(depth, kind, scale, shift)
    alignment = align(x, kind, depth, EVERYWHERE)
    assert alignment is not None
    np.testing.assert_allclose(alignment.apply(x), depth, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_third_of_the_picture_may_be_something_else(kind):
    """A thing that has moved in, and noise: the rest is still right."""
    depth, random = scene(), np.random.default_rng(1)
    x = said(depth * np.exp(random.normal(0, 0.05, depth.shape)), kind, 3.0, 0.7)
    x[:, : WIDTH // 3] = x.max()
    alignment = align(x, kind, depth, EVERYWHERE)
    rest = np.s_[:, WIDTH // 3 :]
    off = np.abs(np.log(alignment.apply(x) / depth))[rest]
    plain = np.abs(np.log(np.clip(_least_squares(x, kind, depth), 1e-3, None) / depth))[rest]
    assert np.median(off) < 0.05 < 3 * np.median(plain)


def _least_squares(x: np.ndarray, kind: str, depth: np.ndarray) -> np.ndarray:
    if kind == "scale":
        return x * (x * depth).sum() / (x * x).sum()
    y = 1 / depth if kind == "affine_disparity" else depth
    scale, shift = np.polyfit(x.ravel(), y.ravel(), 1)
    return 1 / np.maximum(scale * x + shift, 1e-3) if kind == "affine_disparity" else scale * x + shift


@pytest.mark.parametrize("kind", KINDS[1:])
def test_looks_that_follow_each_other_neither_flatten_nor_wander(kind):
    """A hundred looks with noise and a factor and shift of their own, each aligned to the one before."""
    random, depth = np.random.default_rng(2), scene()
    carried = depth
    for _ in range(100):
        noisy = depth * np.exp(random.normal(0, 0.05, depth.shape))
        x = said(noisy, kind, random.uniform(0.5, 2), random.uniform(-1, 1))
        alignment = align(x, kind, carried, EVERYWHERE)
        carried = np.clip(alignment.apply(x), 0.1, 100)
    ratio = np.log(carried / depth)
    near, far = depth < np.quantile(depth, 0.2), depth > np.quantile(depth, 0.8)
    assert abs(np.median(ratio[near])) < 0.04 and abs(np.median(ratio[far])) < 0.04


def test_only_valid_pixels_count():
    depth = scene()
    x = said(depth, "affine_disparity", 2.0, 0.5)
    x[:40] = np.nan
    x[40:50] = 1e9
    valid = EVERYWHERE.copy()
    valid[40:50] = False
    alignment = align(x, "affine_disparity", depth, valid)
    np.testing.assert_allclose(alignment.apply(x)[50:], depth[50:], rtol=1e-6)
    assert np.isnan(alignment.apply(x)[:40]).all()


@pytest.mark.parametrize("kind", KINDS[2:])
def test_what_says_nothing_cannot_be_aligned(kind):
    depth = scene()
    assert align(np.full_like(depth, 3.0), kind, depth, EVERYWHERE) is None  # the same everywhere
    few = np.zeros_like(EVERYWHERE)
    few[:16, :16] = True
    assert align(said(depth, kind, 1.0, 0.0), kind, depth, few) is None


@pytest.mark.parametrize("kind", KINDS[2:])
def test_what_contradicts_the_reference_gets_its_median_and_spread(kind):
    """Near stays near as the network says, though the reference, at a hard first scene, says the opposite."""
    depth = scene()
    x = said(depth, kind, 3.0, 2.0)
    reference = depth.max() + depth.min() - depth
    aligned = align(x, kind, reference, EVERYWHERE).apply(x)
    assert np.corrcoef(aligned.ravel(), depth.ravel())[0, 1] > 0.7
    assert np.median(aligned) == pytest.approx(np.median(reference), rel=0.3)


def test_disparity_at_or_below_zero_is_far_and_not_behind():
    depth = scene()
    x = said(depth, "affine_disparity", 1.0, 0.0)
    x[:8] = -1.0  # the sky of a network that goes below its own zero
    alignment = align(x, "affine_disparity", depth, EVERYWHERE)
    sky = alignment.apply(x)[:8]
    assert (sky > 2 * depth.max()).all()
    assert (sky <= FARTHEST * np.median(depth)).all()

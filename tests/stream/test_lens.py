"""The camera of a shot, from its first looks."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.cameras import Pinhole, fit_pinhole
from velodepth.stream.lens import MOST, LensEstimate

WIDTH, HEIGHT = 96, 64


def rays(focal):
    return Pinhole(focal, focal, WIDTH / 2, HEIGHT / 2).rays(WIDTH, HEIGHT)


def focal(estimate):
    return fit_pinhole(estimate.rays).fx


def test_one_look_is_taken_as_it_is():
    estimate = LensEstimate()
    look = rays(80)
    estimate.add(look, 0.7)
    assert estimate.rays is look
    estimate.add(rays(80), 0.7)
    np.testing.assert_allclose(estimate.rays, look, atol=1e-6)
    assert estimate.rays.dtype == np.float32


def test_looks_that_show_little_count_little():
    estimate = LensEstimate()
    for content in (0.0, 0.05, 0.1):
        estimate.add(rays(160), content)
    assert focal(estimate) == pytest.approx(160, rel=0.01)
    for _ in range(4):
        estimate.add(rays(80), 1.0)
    assert focal(estimate) == pytest.approx(80, rel=0.01)


def test_it_does_not_settle_while_the_picture_comes_up():
    estimate = LensEstimate()
    for content in np.linspace(0.05, 2, 18):
        estimate.add(rays(160 - 40 * content), float(content))
        assert not estimate.settled
    for _ in range(6):
        estimate.add(rays(80), 2.0)
    assert estimate.settled
    assert focal(estimate) == pytest.approx(80, rel=0.15)
    assert estimate.outshone(9.0) is False


def test_looks_that_show_as_much_count_as_much():
    estimate = LensEstimate()
    estimate.add(rays(80), 1.0)
    estimate.add(rays(160), 1.0)
    assert 95 < focal(estimate) < 140


def test_it_settles_by_what_was_seen():
    estimate = LensEstimate()
    for _ in range(6):
        assert not estimate.settled
        estimate.add(rays(80), 1.0)
    assert estimate.settled
    estimate = LensEstimate()
    for _ in range(23):
        estimate.add(rays(80), 0.5)
    assert not estimate.settled
    estimate.add(rays(80), 0.5)
    assert estimate.settled
    fog = LensEstimate()
    for _ in range(MOST):
        assert not fog.settled
        fog.add(rays(80), 0.02)
    assert fog.settled

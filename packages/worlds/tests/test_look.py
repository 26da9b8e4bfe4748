"""Radiance becomes a picture as a camera would make it, and the same one every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from velodepth_worlds import look
from velodepth_worlds.look import ImageFormation


@pytest.fixture(scope="module")
def radiance() -> np.ndarray:
    """A smooth scene of seven stops, (30, 41, 3)."""
    down, across = np.meshgrid(np.linspace(0, 1, 30), np.linspace(0, 1, 41), indexing="ij")
    grey = 2 ** (7 * across - 3 + np.sin(6 * down))
    return np.stack([grey, 0.8 * grey, 0.6 * grey], axis=-1).astype(np.float32)


def _developed(radiance, wanted: ImageFormation, time: float = 0.0, seed: int = 0) -> np.ndarray:
    return look.developed(radiance, wanted, look.key(radiance), time, np.random.default_rng(seed))


def test_the_meter_makes_up_for_the_light_of_a_scene(radiance):
    np.testing.assert_allclose(
        _developed(radiance, ImageFormation()).astype(int),
        _developed(50 * radiance, ImageFormation()),
        atol=1,
    )


@pytest.mark.parametrize("filmic", [False, True])
def test_brighter_is_brighter(radiance, filmic):
    grey = _developed(radiance, ImageFormation(filmic=filmic)).mean(axis=-1)
    assert (np.diff(grey, axis=1) >= 0).all() and np.ptp(grey) > 150


@pytest.mark.parametrize(
    "change, grows",
    [({"exposure": 2.0}, True), ({"gamma": 1.4}, False), ({"vignette": 0.5}, False)],
)
def test_what_makes_a_picture_brighter_or_darker(radiance, change, grows):
    plain, changed = (
        _developed(radiance, each).mean() for each in (ImageFormation(), ImageFormation(**change))
    )
    assert (changed > plain + 3) if grows else (changed < plain - 3)


def test_exposure_drifts_with_time_in_stops(radiance):
    drifting = ImageFormation(drift=1.0)
    np.testing.assert_array_equal(
        _developed(radiance, drifting, time=1.0), _developed(radiance, ImageFormation(exposure=2.0))
    )


def test_saturation_and_white_balance(radiance):
    grey = _developed(radiance, ImageFormation(saturation=0.0))
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1
    warm = _developed(radiance, ImageFormation(gains=(1.5, 1.0, 0.7))).astype(int)
    assert (warm[..., 0].mean() - warm[..., 2].mean()) > 20


def test_bands_run_along_the_rows_and_move(radiance):
    flat = np.full_like(radiance, 0.5)
    early, late = (_developed(flat, ImageFormation(bands=0.1), time).astype(int) for time in (0.0, 0.03))
    assert (np.ptp(early, axis=1) == 0).all() and np.ptp(early[:, 0, 0]) > 10
    assert (early != late).any()


def test_noise_has_the_strength_it_says_and_follows_the_generator(radiance):
    flat = np.full((100, 100, 3), 0.18, np.float32)
    noisy = ImageFormation(noise=0.01)
    first = _developed(flat, noisy, seed=1)
    assert first.std() / 255 == pytest.approx(0.01 * (2 - first.mean() / 255), rel=0.15)
    np.testing.assert_array_equal(first, _developed(flat, noisy, seed=1))
    assert (first != _developed(flat, noisy, seed=2)).any()


def test_photons_are_counted(radiance):
    """Of two flat fields the brighter has more noise, but less of itself, before any curve."""
    wanted = ImageFormation(photons=2e-3, gamma=2.2)  # gamma 2.2: linear
    dark, light = (np.full((120, 120, 3), value, np.float32) for value in (0.1, 0.4))
    spread = []
    for flat in (dark, light):
        picture = look.developed(flat, wanted, 0.18, 0.0, np.random.default_rng(0))
        assert picture.mean() / 255 == pytest.approx(flat[0, 0, 0], rel=0.02)
        spread.append(picture.std() / 255)
    assert spread[1] / spread[0] == pytest.approx(2.0, rel=0.15)


def test_what_is_in_focus_stays_sharp_and_the_rest_does_not():
    rng = np.random.default_rng(0)
    radiance = rng.uniform(0, 1, (40, 60, 3)).astype(np.float32)
    depth = np.full((40, 60), 0.5, np.float32)
    depth[:, 20:40], depth[:, 40:] = 2.0, 0  # near, far, sky
    seen = look.defocused(radiance, depth, 2.0, 4.0)
    sharp, blurred = ((seen - radiance)[5:-5, part] for part in (np.s_[27:33], np.s_[3:13]))
    assert np.abs(sharp).mean() < 0.02 and seen[5:-5, 3:13].std() < 0.3 * radiance.std()
    assert blurred.std() > 0.2 and seen[5:-5, 47:].std() < 0.3 * radiance.std()
    np.testing.assert_allclose(look.defocused(np.ones_like(radiance), depth, 2.0, 4.0), 1, atol=1e-5)
    np.testing.assert_allclose(
        look.defocused(radiance, np.full_like(depth, 2.0), 2.0, 4.0), radiance, atol=1e-6
    )


def test_motion_blur_is_as_long_as_the_motion():
    line = np.zeros((21, 41, 3), np.float32)
    line[:, 20] = 1.0
    moved = np.zeros((21, 41, 2))
    moved[..., 0] = 8.0
    seen = look.smeared(line, moved)[10, :, 0]
    lit = np.flatnonzero(seen > 0.02)
    assert (
        8 <= np.ptp(lit) <= 10 and (lit[0] + lit[-1]) / 2 == 20 and seen.sum() == pytest.approx(1, abs=0.05)
    )
    moved[...] = np.nan
    np.testing.assert_array_equal(look.smeared(line, moved), line)


@pytest.mark.parametrize("wanted", [ImageFormation(jpeg=70), ImageFormation(crf=24)])
def test_codecs_keep_size_and_number_and_do_the_same_every_time(radiance, wanted):
    """41 x 30 is odd: H.264 needs even sizes."""
    clip = [_developed(np.roll(radiance, shift, axis=1), ImageFormation()) for shift in range(5)]
    once, again = look.coded(clip, wanted), look.coded(clip, wanted)
    assert [p.shape for p in once] == [(30, 41, 3)] * 5
    for before, after, repeated in zip(clip, once, again, strict=True):
        difference = np.abs(before.astype(int) - after).mean()
        assert 0 < difference < 12
        np.testing.assert_array_equal(after, repeated)


def test_no_codec_changes_nothing_and_a_still_is_no_video(radiance):
    still = [_developed(radiance, ImageFormation())]
    assert look.coded(still, ImageFormation()) is still
    assert look.coded(still, ImageFormation(crf=24)) is still


def test_looks_are_mild_and_follow_the_seed(radiance):
    drawn = [look.drawn(np.random.default_rng(seed)) for seed in range(60)]
    assert drawn[3] == look.drawn(np.random.default_rng(3))
    means = [_developed(radiance, replace(each, noise=0.0)).mean() for each in drawn]
    assert np.percentile(means, 5) > 40 and np.percentile(means, 95) < 215

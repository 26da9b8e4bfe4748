"""The texture bank: shares, determinism, seams, colours, and materials drawn from it."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth_worlds import textures
from velodepth_worlds.textures import Palette


@pytest.fixture(scope="module")
def palette() -> Palette:
    return Palette(np.random.default_rng(1), layers=64, size=64)


def test_every_layer_belongs_to_one_kind(palette):
    layers = np.concatenate(list(palette.kinds.values()))
    assert palette.pictures.shape == (64, 64, 64, 4) and palette.pictures.dtype == np.uint8
    np.testing.assert_array_equal(np.sort(layers), np.arange(64))
    assert all(len(kind) >= 1 for kind in palette.kinds.values())


def test_shares_follow_the_table():
    palette = Palette(np.random.default_rng(2), layers=320, size=32)
    assert len(palette.kinds["poster"]) > 2 * len(palette.kinds["road"])
    assert sum(map(len, palette.kinds.values())) == 320


def test_the_generator_decides_everything(palette):
    again = Palette(np.random.default_rng(1), layers=64, size=64)
    other = Palette(np.random.default_rng(2), layers=64, size=64)
    np.testing.assert_array_equal(again.pictures, palette.pictures)
    assert (other.pictures != palette.pictures).mean() > 0.5
    draws = [again.material(np.random.default_rng(7)), palette.material(np.random.default_rng(7))]
    assert draws[0] == draws[1]


def test_too_few_layers():
    with pytest.raises(VeloDepthError, match="palette of 5 layers"):
        Palette(np.random.default_rng(0), layers=5)


@pytest.mark.parametrize("kind", ["leaf", "leaves", "blades"])
def test_only_foliage_has_holes(palette, kind):
    for layer in palette.kinds[kind]:
        alpha = palette.pictures[layer, ..., 3]
        assert 0.03 < (alpha > 102).mean() < 0.9
    solid = np.setdiff1d(
        np.arange(64), np.concatenate([palette.kinds[k] for k in ("leaf", "leaves", "blades")])
    )
    assert (palette.pictures[solid, ..., 3] == 255).all()


def test_noise_is_seamless_and_stretches_along_x():
    rng = np.random.default_rng(3)
    field = textures.noise(rng, 128, slope=2.0)
    inner = np.abs(np.diff(field, axis=1)).mean()
    assert np.abs(field[:, 0] - field[:, -1]).mean() < 2 * inner
    assert field.mean() == pytest.approx(0, abs=1e-5) and field.std() == pytest.approx(1, rel=1e-4)
    grain = textures.noise(rng, 128, slope=1.0, stretch=10.0)
    assert np.abs(np.diff(grain, axis=1)).mean() < 0.4 * np.abs(np.diff(grain, axis=0)).mean()


def test_colours_are_muted_as_in_rooms():
    rng = np.random.default_rng(4)
    colours = np.array([textures.common(rng) for _ in range(600)])
    assert (colours >= 0).all() and (colours <= 1).all()
    saturation = np.ptp(colours, axis=1) / colours.max(axis=1)
    assert np.median(saturation) < 0.2  # greys, whites, beige dominate
    assert 0.05 < (saturation > 0.5).mean() < 0.35  # and some are strong


def test_a_material_has_the_colour_it_was_asked_for(palette):
    colour = np.array([0.6, 0.5, 0.3])
    for contrast in (0.0, 0.3, 0.8):
        made = palette.coloured(int(palette.kinds["wood"][0]), colour, contrast)
        seen = palette.means[made.layer] * made.tint + made.base
        np.testing.assert_allclose(seen, colour, atol=0.02)
    flat = palette.coloured(0, colour, 0.0)
    assert flat.tint == (0, 0, 0)


MATERIALS = [
    "wood", "furniture", "metal", "plastic", "cloth", "leather", "wall", "floor", "ceiling", "worktop",
    "ceramic", "fruit", "skin", "foliage", "ground", "bark", "road", "facade", "poster", "screen",
    "outside", "light", "material",
]  # fmt: skip


@pytest.mark.parametrize("name", MATERIALS)
def test_materials_are_plausible(palette, name):
    rng = np.random.default_rng(5)
    for _ in range(20):
        made = getattr(palette, name)(rng)
        assert 0 <= made.layer < 64 and made.scale > 0 and 0 <= made.gloss <= 1
        albedo = palette.means[made.layer] * made.tint + made.base
        assert (albedo >= -1e-6).all() and (albedo < 1.3).all()
        assert (made.emission > 0) == (
            name in ("outside", "light") or (name == "screen" and made.emission > 0)
        )


def test_plain_materials_have_little_pattern(palette):
    rng = np.random.default_rng(6)

    def pattern(plain):
        made = [palette.material(rng, plain) for _ in range(60)]
        return np.mean([np.mean(palette.pictures[m.layer, ..., :3].std((0, 1)) / 255 * m.tint) for m in made])

    assert pattern(1.0) < 0.4 * pattern(0.0)


def test_screens_shine_or_are_dark(palette):
    rng = np.random.default_rng(8)
    assert all(palette.screen(rng, on=1.0).emission > 0 for _ in range(10))
    off = [palette.screen(rng, on=0.0) for _ in range(10)]
    assert all(m.emission == 0 and (palette.means[m.layer] * m.tint + m.base).max() < 0.1 for m in off)

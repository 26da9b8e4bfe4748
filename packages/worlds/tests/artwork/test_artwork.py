from __future__ import annotations

import os

import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds import artwork


def test_textures_are_opaque_surfaces(games):
    found = artwork.textures(games, np.random.default_rng(0), 10, 32)
    assert len(found) == 2, "the ground and the road; not what is half transparent"
    assert all(picture.shape == (32, 32, 4) and (picture[..., 3] == 255).all() for picture in found)


def test_models_are_normalised(games):
    found = artwork.models(games, np.random.default_rng(0), 10, 32)
    assert len(found) == 2, "a car and the tower"
    for mesh, pictures in found:
        low, high = mesh["position"].min(axis=0), mesh["position"].max(axis=0)
        assert (high - low).max() == pytest.approx(1)
        assert low[1] == pytest.approx(0, abs=1e-6)
        assert np.allclose((low + high)[[0, 2]], 0, atol=1e-6)
        assert mesh["layer"].max() < len(pictures)
        assert np.allclose(np.linalg.norm(mesh["normal"], axis=1), 1, atol=1e-5)


def test_same_seed_same_things(games):
    first, second = (artwork.models(games, np.random.default_rng(3), 10, 16) for _ in range(2))
    assert all(
        np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(first, second, strict=True)
    )


def test_tracks_by_name(games):
    assert artwork.track_names(games) == ["supertuxkart/loop", "torcs/road/ring"]
    assert artwork.track(games, "torcs/road/ring", 16).name == "road/ring"
    with pytest.raises(VeloDepthError, match="supertuxkart/loop"):
        artwork.track(games, "torcs/none", 16)


def test_folder_of_the_games_alone(games):
    assert artwork.track_names(games / "usr/share/games") == artwork.track_names(games)


def test_a_folder_without_games_is_named(tmp_path):
    with pytest.raises(VeloDepthError, match=str(tmp_path)):
        artwork.textures(tmp_path, np.random.default_rng(0), 1, 16)


def test_real_packages():
    if not os.environ.get("VELODEPTH_ARTWORK"):
        pytest.skip(
            "VELODEPTH_ARTWORK is not set: it names the folder of unpacked packages that this test reads"
        )
    folder = os.environ["VELODEPTH_ARTWORK"]
    assert len(artwork.textures(folder, np.random.default_rng(0), 20, 32)) == 20
    assert len(artwork.models(folder, np.random.default_rng(0), 10, 32)) == 10
    names = artwork.track_names(folder)
    for name in np.random.default_rng(0).permutation(names)[:4]:
        scenery = artwork.track(folder, str(name), 32)
        assert len(scenery.ground) > 3000
        assert len(scenery.line) > 20
        assert np.isfinite(scenery.ground["uv"]).all()
    for mesh, _ in artwork.cars(folder, np.random.default_rng(0), 3, 32):
        assert 3.5 < np.ptp(mesh["position"], axis=0)[2] < 5.2

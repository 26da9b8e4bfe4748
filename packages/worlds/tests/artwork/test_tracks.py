from __future__ import annotations

import os

import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds import tracks
from velodepth_worlds.textures import Palette


@pytest.fixture(scope="module")
def palette():
    return Palette(np.random.default_rng(0), layers=40, size=32)


@pytest.fixture(scope="module", params=["made", "real"])
def worlds(request, palette):
    """Three worlds, of the made packages and of real ones."""
    if request.param == "real":
        if not os.environ.get("VELODEPTH_ARTWORK"):
            pytest.skip("VELODEPTH_ARTWORK is not set: it names the folder of unpacked packages")
        palette.artwork = os.environ["VELODEPTH_ARTWORK"]
    else:
        palette.artwork = request.getfixturevalue("games")
    return [tracks.build(np.random.default_rng(seed), palette) for seed in range(3)]


def test_layers_count_on_from_the_palette(worlds, palette):
    for world in worlds:
        layers = np.concatenate([body.mesh["layer"] for body in world.bodies])
        assert layers.min() >= len(palette.pictures)
        assert layers.max() < len(palette.pictures) + len(world.pictures)
        assert world.pictures.shape[1:] == palette.pictures.shape[1:]


def test_views_are_clear_and_over_ground(worlds):
    for world in worlds:
        rng = np.random.default_rng(0)
        views = [view for view in (world.view(rng) for _ in range(40)) if view is not None]
        assert len(views) >= 5
        for eye, target in views:
            assert world.clear(np.asarray(eye))
            assert np.linalg.norm(np.subtract(target, eye)) >= 1.9


def test_cars_drive_along_the_road(worlds):
    moving = [body for world in worlds for body in world.bodies[1:]]
    assert moving
    for body in moving:
        poses = [body.motion(time) for time in (0.0, 0.5, 1.0)]
        for pose in poses:
            assert np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-6)
        step = poses[1][:3, 3] - poses[0][:3, 3]
        assert step @ poses[0][:3, 2] > 0.9 * np.linalg.norm(step), "forwards"
        assert np.linalg.norm(step) < 12


def test_same_seed_same_world(palette, games):
    palette.artwork = games
    first, second = (tracks.build(np.random.default_rng(1), palette) for _ in range(2))
    assert all(np.array_equal(a.mesh, b.mesh) for a, b in zip(first.bodies, second.bodies, strict=True))
    assert np.array_equal(first.pictures, second.pictures)


def test_without_artwork_there_is_none(palette):
    palette.artwork = None
    with pytest.raises(VeloDepthError, match="artwork"):
        tracks.build(np.random.default_rng(0), palette)

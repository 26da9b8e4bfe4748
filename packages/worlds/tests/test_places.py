"""Halls, corridors, streets and open country: what every world promises, on a few of each."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import corridors, halls, streets, terrain
from velodepth_worlds.textures import Palette

BUILDERS = {"hall": halls, "corridor": corridors, "street": streets, "terrain": terrain}
SEEDS = range(2)


@pytest.fixture(scope="module")
def palette():
    return Palette(np.random.default_rng(0), layers=48, size=32)


@pytest.fixture(scope="module", params=BUILDERS)
def worlds(request, palette):
    return [BUILDERS[request.param].build(np.random.default_rng(seed), palette) for seed in SEEDS]


def test_meshes_are_whole(worlds, palette):
    for world in worlds:
        mesh = np.concatenate([body.mesh for body in world.bodies])
        assert 500 < len(mesh) / 3 < 75_000
        assert len(mesh) % 3 == 0
        for field in mesh.dtype.names:
            assert np.isfinite(mesh[field]).all(), field
        assert np.allclose(np.linalg.norm(mesh["normal"], axis=1), 1, atol=1e-3)
        assert mesh["layer"].min() >= 0
        assert mesh["layer"].max() < len(palette.pictures)
        assert np.array_equal(mesh["layer"], np.round(mesh["layer"]))


def test_lights(worlds):
    for world in worlds:
        lights = world.lights
        assert np.linalg.norm(lights.sun) == pytest.approx(1)
        assert min(*lights.sun_colour, *lights.ambient, *lights.sky, lights.fog) >= 0
        assert len(lights.points) <= 6
        assert sum(lights.sun_colour) + sum(lights.ambient) + len(lights.points) > 0


def test_views_are_clear(worlds):
    for world in worlds:
        rng = np.random.default_rng(1)
        views = [view for view in (world.view(rng) for _ in range(80)) if view is not None]
        assert len(views) >= 10, world.kind
        for eye, target in views:
            assert world.clear(np.asarray(eye))
            assert np.linalg.norm(np.subtract(target, eye)) > 0.5


def test_what_is_far_away_or_in_the_ground_is_not_clear(worlds):
    for world in worlds:
        centre = np.asarray(world.centre)
        assert not world.clear(np.add(centre, (500, 0, 0)))
        assert not world.clear(np.add(centre, (0, -40, 0)))


def test_bodies_move_rigidly(worlds):
    for world in worlds:
        for body in world.bodies:
            if body.motion is not None:
                pose = body.motion(0.7)
                assert pose.shape == (4, 4)
                assert np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-6)


@pytest.mark.parametrize("kind", BUILDERS)
def test_same_seed_same_world(kind, palette, worlds):
    if worlds[0].kind != kind:
        return
    again = BUILDERS[kind].build(np.random.default_rng(SEEDS[0]), palette)
    assert again.lights == worlds[0].lights
    for a, b in zip(again.bodies, worlds[0].bodies, strict=True):
        assert np.array_equal(a.mesh, b.mesh)
    views = [world.view(np.random.default_rng(5)) for world in (again, worlds[0])]
    assert (views[0] is None) == (views[1] is None)
    assert views[0] is None or np.array_equal(views[0], views[1])

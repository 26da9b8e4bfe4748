"""What every world promises, on a few of each kind."""

from __future__ import annotations

import numpy as np
import pytest

KINDS = ("room", "tabletop", "hall", "corridor", "street", "terrain")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def worlds(kind, built):
    return [built(kind, seed) for seed in range(2)]


def test_meshes_are_whole(kind, worlds, palette):
    for world in worlds:
        assert world.kind == kind
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


def test_views_are_clear(kind, worlds, views):
    nearest = 0.14 if kind in ("room", "tabletop") else 0.5  # metres
    for world in worlds:
        found = views(world, 27)
        assert len(found) >= 10
        for eye, target in found:
            assert world.clear(np.asarray(eye))
            assert np.linalg.norm(np.subtract(target, eye)) > nearest


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


def test_same_seed_same_world(kind, build, worlds, views):
    again = build(kind, 0)
    assert again.lights == worlds[0].lights != worlds[1].lights
    for a, b in zip(again.bodies, worlds[0].bodies, strict=True):
        assert np.array_equal(a.mesh, b.mesh)
    assert not np.array_equal(worlds[0].bodies[0].mesh, worlds[1].bodies[0].mesh)
    assert np.array_equal(views(again, 5), views(worlds[0], 5))

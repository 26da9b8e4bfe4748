"""Rooms and table-tops: everything inside the walls, views clear, with something at the stated distance."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from velodepth_worlds import figures, furniture, rooms

SEEDS = range(4)
KINDS = ("room", "tabletop")


@pytest.mark.parametrize("style", rooms.STYLES)
def test_furniture_is_inside_the_walls_on_the_floor_and_apart(palette, style):
    room = rooms.Room(np.random.default_rng(8), palette, 4.2, 3.6, 2.5)
    room.enclose(doors=0.0)  # an open door may stand outside
    rooms.furnish(room, style)
    assert len(room.furniture) > 4
    half = np.array([room.width, 9, room.depth]) / 2
    for piece in [*room.furniture, *room.things]:
        assert (piece.low > -half - 0.08).all() and (piece.high < half + 0.08).all()
        assert piece.low[1] > -0.16 and piece.high[1] < room.height + 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_walls_close_the_room(built, kind, distance):
    """From its middle every level or rising ray meets something, except through a window or an open door."""
    rng = np.random.default_rng(2)
    for seed in SEEDS:
        world = built(kind, seed)
        mesh = world.bodies[0].mesh
        rays = rng.normal(size=(40, 3))
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        met = [distance(mesh, world.centre, ray) for ray in rays]
        assert np.isfinite(met).mean() > 0.75
        assert np.isfinite(distance(mesh, world.centre, (0, -1, 0)))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_touches_a_camera(built, views, kind):
    for seed in SEEDS:
        world = built(kind, seed)
        corners = world.bodies[0].mesh["position"].reshape(-1, 3, 3).astype(float)
        for eye, _ in views(world):
            nearest = trimesh.triangles.closest_point(corners, np.broadcast_to(eye, (len(corners), 3)))
            assert np.linalg.norm(nearest - eye, axis=1).min() > 0.05


def test_rooms_are_seen_from_near_and_from_far(built, views, distance):
    distances = []
    for seed in SEEDS:
        world = built("room", seed)
        mesh = world.bodies[0].mesh
        for eye, target in views(world, 20):
            way = np.subtract(target, eye)
            distances.append(distance(mesh, eye, way / np.linalg.norm(way)))
    near = np.mean(np.array(distances) < 0.9)
    assert 0.2 < near < 0.8
    assert np.percentile(distances, 95) > 1.8


def test_rooms_are_seen_from_low_down_and_from_above_and_people_from_near(palette):
    rng = np.random.default_rng(4)
    room = rooms.Room(rng, palette, 4.5, 4.0, 2.6)
    room.enclose()
    rooms.furnish(room, "living")
    while not room.people:
        someone = room.free(figures.person(rng, palette))
        room.people += [someone] if someone else []
    looks = [room.look(rng) for _ in range(600)]
    eyes, targets = (np.array(each) for each in zip(*looks, strict=True))
    steep = np.arctan2(eyes[:, 1] - targets[:, 1], np.linalg.norm((eyes - targets)[:, [0, 2]], axis=1))
    assert np.mean(eyes[:, 1] < 0.3) > 0.04 and np.mean(steep > 0.9) > 0.12
    low, high = room.people[0].low, room.people[0].high
    at_people = ((targets > low - 0.01) & (targets < high + 0.01)).all(axis=1)
    away = np.linalg.norm(eyes - targets, axis=1)[at_people]
    assert at_people.sum() > 20 and away.min() < 0.7 and away.max() > 2


def test_cameras_keep_out_of_furniture_and_walls(palette):
    room = rooms.Room(np.random.default_rng(0), palette, 4.0, 3.0, 2.5)
    room.enclose(windows=0.0, doors=0.0)
    there = room.free(furniture.cupboard(room.rng, palette))
    world = room.finished("room")
    assert not world.clear((there.low + there.high) / 2)
    assert not world.clear(np.array([1.95, 1.2, 0.0])) and not world.clear(np.array([0.0, 2.45, 0.0]))
    assert not world.clear(np.array([5.0, 1.0, 0.0]))
    above = np.array(
        [(there.low[0] + there.high[0]) / 2, there.high[1] + 0.2, (there.low[2] + there.high[2]) / 2]
    )
    assert world.clear(above) == (above[1] < 2.35)


def test_windows_open_the_wall(palette, distance):
    room = rooms.Room(np.random.default_rng(3), palette, 4.0, 3.0, 2.6)
    room.enclose(windows=1.0, doors=0.0)
    closed = [side for side in room.walls if not side.holes]
    opened = [side for side in room.walls if side.holes]
    assert opened
    for side in opened:
        left, _, right, high = side.holes[0]
        assert right - left > 0.5 and high < room.height
    for side in closed:
        out = side.place(0, 1.3, -1) - side.place(0, 1.3, 0)
        assert distance(room.site.mesh, side.place(0, 1.3, 1.0), out) == pytest.approx(1.0, abs=0.02)

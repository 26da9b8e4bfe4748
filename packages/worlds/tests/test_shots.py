"""What is filmed is worth it, and the lenses are those that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.cameras import KannalaBrandt, OpenCV, Pinhole
from velodepth_worlds import figures, movers, shots, truth
from velodepth_worlds.lenses import lens
from velodepth_worlds.scene import Body
from velodepth_worlds.shots import Film
from velodepth_worlds.textures import Palette

SIZE = (64, 48)


@pytest.fixture(scope="module")
def palette() -> Palette:
    return Palette(np.random.default_rng(0), layers=64, size=32)


def test_lenses_are_mostly_ordinary_some_wide_some_distorted():
    rng = np.random.default_rng(0)
    lenses = [lens(rng, 320, 240) for _ in range(200)]
    rims = [camera.unproject([[0, 120], [320, 120]]) for camera in lenses]
    angles = np.degrees([np.arccos(np.clip(a @ b, -1, 1)) for a, b in rims])
    ordinary = (angles > 38) & (angles < 78)
    assert 0.7 < ordinary.mean() < 0.95
    assert angles.min() > 30 and 100 < angles.max() < 130
    distorted = np.mean([not isinstance(camera, Pinhole) for camera in lenses])
    assert 0.1 < distorted < 0.25
    assert {type(camera) for camera in lenses} == {Pinhole, OpenCV, KannalaBrandt}
    off = [abs(camera.cx - 160) > 0.5 for camera in lenses]
    assert 0.2 < np.mean(off) < 0.4


def _box_room(world, quad, screen, **changes):
    """A room 4 m wide with a pillar, filmed from its middle."""
    sides = [
        quad([(-2, 0, -2), (2, 0, -2), (2, 0, 2), (-2, 0, 2)]),
        *(quad([(-2, 0, z), (2, 0, z), (2, 3, z), (-2, 3, z)]) for z in (-2, 2)),
        *(quad([(x, 0, -2), (x, 0, 2), (x, 3, 2), (x, 3, -2)]) for x in (-2, 2)),
        quad([(-0.2, 0, 1), (0.2, 0, 1), (0.2, 2.5, 1), (-0.2, 2.5, 1)]),
    ]

    def view(rng):
        return (rng.uniform(-0.5, 0.5), 1.4, -1.5), (rng.uniform(-0.5, 0.5), 1.2, 1.0)

    def clear(point):
        return bool((np.abs(point[[0, 2]]) < 1.9).all() and 0 < point[1] < 3)

    return world(*map(Body, sides), centre=(0.0, 1.5, 0.0), reach=4.0, view=view, clear=clear, **changes)


@pytest.mark.parametrize("length", [1, 5])
def test_a_shot_has_the_frames_asked_for_and_its_poses_are_clear(
    renderer, world, quad, screen, palette, length
):
    room = _box_room(world, quad, screen)
    film = Film(renderer, room, palette, np.random.default_rng(1), SIZE)
    for _ in range(4):
        clip = film.shot(length)
        assert clip is not None and len(clip) == length
        assert clip.picture.shape == (length, 48, 64, 3) and clip.flow.shape == (length, 2, 2, 48, 64)
        assert all(room.clear(pose[:3, 3]) for pose in clip.pose)
        assert [frame["time"] for frame in clip.frames] == pytest.approx([i / 30 for i in range(length)])
        assert clip.occluded[0, 0].all() and clip.occluded[-1, 1].all()


def test_flow_there_and_back_is_nothing(renderer, world, quad, screen, palette):
    """What goes to the next frame comes from where it was."""
    film = Film(renderer, _box_room(world, quad, screen), palette, np.random.default_rng(3), SIZE)
    clip = film.shot(4)
    assert clip is not None
    for index in range(3):
        forth = clip.flow[index, 1].astype(float)
        rows, columns = np.nonzero(~clip.occluded[index, 1])
        x = np.clip(np.floor(columns + 0.5 + forth[0, rows, columns]).astype(int), 0, 63)
        y = np.clip(np.floor(rows + 0.5 + forth[1, rows, columns]).astype(int), 0, 47)
        back = clip.flow[index + 1, 0].astype(float)
        residual = forth[:, rows, columns] + back[:, y, x]
        assert np.median(np.linalg.norm(residual, axis=0)) < 0.3


def test_nothing_is_filmed_from_within_things_or_of_nothing(renderer, world, screen, palette):
    def straight(rng):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)

    for bodies in ([Body(screen(0.05, 9.0))], [Body(screen(3.0, 0.01))]):
        film = Film(renderer, world(*bodies, view=straight), palette, np.random.default_rng(0), SIZE)
        assert film.shot(1) is None
    film = Film(renderer, world(Body(screen(2.0, 9.0)), clear=lambda p: False, view=straight), palette,
                np.random.default_rng(0), SIZE)  # fmt: skip
    assert film.shot(1) is None


def test_a_bare_wall_is_seldom_worth_a_frame(renderer, world, screen, palette, monkeypatch):
    def straight(rng):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)

    monkeypatch.setattr(shots, "TRIES", 1)
    film = Film(
        renderer, world(Body(screen(2.0, 9.0)), view=straight), palette, np.random.default_rng(0), SIZE
    )
    kept = np.mean([film.shot(1) is not None for _ in range(40)])
    assert 0.1 < kept < 0.6


def test_a_person_walks_upright_and_is_of_human_size(palette):
    velocity = np.array([0.0, 0.0, 1.2])
    rng = np.random.default_rng(2)
    someone = figures.figure(rng, palette, stride=0.0)
    bodies = movers.walking(rng, someone, np.array([1.0, 0.0, 2.0]), velocity, 0.5)
    for time in (0.3, 0.5, 0.9):
        points = np.concatenate(
            [b.mesh["position"] @ b.motion(time)[:3, :3].T + b.motion(time)[:3, 3] for b in bodies]
        )
        assert 1.4 < points[:, 1].max() < 2.1 and points[:, 1].min() > -0.15
        middle = (points.max(axis=0) + points.min(axis=0)) / 2
        np.testing.assert_allclose(middle[[0, 2]], (1.0, 2.0 + 1.2 * (time - 0.5)), atol=0.25)


def test_who_walks_is_who_stands(palette):
    """The bodies in their own axes are the parts of the figure, and its limbs swing about their joints."""
    someone = figures.figure(np.random.default_rng(4), palette, stride=0.0)
    place, velocity = np.array([1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.2])
    bodies = movers.walking(np.random.default_rng(5), someone, place, velocity, 0.0)
    assert sum(len(body.mesh) for body in bodies) == len(someone.piece().mesh)
    trunk = bodies[0].motion
    for limb, body in zip((*someone.legs, *someone.arms), bodies[1:], strict=True):
        joint, far = np.append(limb.joint, 1.0), np.append(limb.joint - (0, 0.5, 0), 1.0)
        swung = [body.motion(t) @ far - trunk(t) @ far for t in np.linspace(0, 1, 9)]
        for time in (0.1, 0.6):
            np.testing.assert_allclose(body.motion(time) @ joint, trunk(time) @ joint, atol=1e-9)
        assert np.ptp(swung, axis=0)[2] > 0.03


def test_a_ball_touches_where_it_rolls_and_what_flies_is_there_in_time(palette):
    rng = np.random.default_rng(0)
    place = np.array([0.3, 0.7, 2.0])
    ball = movers.rolling(rng, palette, place, 0.05, 0.5, time=2.0)
    np.testing.assert_allclose(ball.motion(2.0)[:3, 3], place + np.array([0, 0.05, 0]), atol=1e-9)
    for _ in range(5):
        thing = movers.flying(rng, palette, place, 0.1, 1.0, time=2.0)
        np.testing.assert_allclose(thing.motion(2.0)[:3, 3], place, atol=1e-9)


def test_motions_are_those_of_the_world_then_of_what_is_thrown_in(
    renderer, world, quad, screen, palette, monkeypatch
):
    """As the renderer numbers bodies: in another order flow would mix them up."""
    own = Body(screen(0.0, 0.1), lambda t: np.eye(4))
    room = _box_room(world, quad, screen)
    room.bodies.append(own)
    calls = []
    monkeypatch.setattr(truth, "flow", lambda *given, real=truth.flow: (calls.append(given), real(*given))[1])
    monkeypatch.setattr(shots, "MOVING_SHARE", 1.0)
    clip = Film(renderer, room, palette, np.random.default_rng(5), SIZE).shot(2)
    assert clip is not None
    _, here, _, motions = calls[0]
    assert motions[0] is own.motion and len(motions) >= 2
    assert here.body.max() <= len(motions)

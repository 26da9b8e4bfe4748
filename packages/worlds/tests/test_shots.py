"""What is filmed is worth it, and the lenses are those that were asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from velodepth.cameras import KannalaBrandt, OpenCV, Pinhole
from velodepth_worlds import figures, movers, shots, truth
from velodepth_worlds.lenses import lens, unit_depth
from velodepth_worlds.scene import Body
from velodepth_worlds.shots import Film

SIZE = (64, 48)


def test_lenses_are_of_all_focal_lengths_some_distorted():
    rng = np.random.default_rng(0)
    lenses = [lens(rng, 320, 240) for _ in range(400)]
    rims = [camera.unproject([[0, 120], [320, 120]]) for camera in lenses]
    angles = np.degrees([np.arccos(np.clip(a @ b, -1, 1)) for a, b in rims])
    ordinary = (angles > 43) & (angles < 78)
    assert 0.5 < ordinary.mean() < 0.85
    assert np.mean(angles < 45) > 0.05 and np.mean(angles > 90) > 0.08
    assert angles.min() > 30 and 100 < angles.max() < 130
    distorted = np.mean([not isinstance(camera, Pinhole) for camera in lenses])
    assert 0.1 < distorted < 0.25
    assert {type(camera) for camera in lenses} == {Pinhole, OpenCV, KannalaBrandt}
    off = [abs(camera.cx - 160) > 0.5 for camera in lenses]
    assert 0.2 < np.mean(off) < 0.4


@pytest.fixture(scope="module")
def filming(renderer, palette):
    return lambda place, seed: Film(renderer, place, palette, np.random.default_rng(seed), SIZE)


@pytest.fixture(scope="module")
def room(world, quad):
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

    return world(*map(Body, sides), centre=(0.0, 1.5, 0.0), reach=4.0, view=view, clear=clear)


@pytest.mark.parametrize("length", [1, 5])
def test_a_shot_has_the_frames_asked_for_and_its_poses_are_clear(filming, room, length):
    film = filming(room, 1)
    for _ in range(4):
        clip = film.shot(length)
        assert clip is not None and len(clip) == length
        assert clip.picture.shape == (length, 48, 64, 3) and clip.flow.shape == (length, 2, 2, 48, 64)
        assert all(room.clear(pose[:3, 3]) for pose in clip.pose)
        assert [frame["time"] for frame in clip.frames] == pytest.approx([i / 30 for i in range(length)])
        assert clip.occluded[0, 0].all() and clip.occluded[-1, 1].all()


def test_one_world_through_three_focal_lengths_has_one_size(filming, room, monkeypatch):
    """Truth is metric whatever the lens: points of all three lie on the same walls, and the same content
    fills more pixels in proportion to the focal length. So log depth less log focal length, which nano
    predicts (docs/conventions.md), falls by the logarithm of the zoom."""
    monkeypatch.setattr(shots.looks, "drawn", lambda rng: shots.looks.ImageFormation())
    heights, sizes = {}, {}
    for zoom in (1.0, 1.5, 2.5):
        camera = Pinhole(35 * zoom, 35 * zoom, 32, 24, size=SIZE)
        monkeypatch.setattr(shots, "lens", lambda rng, width, height, camera=camera: camera)
        film = filming(room, 6)
        monkeypatch.setattr(film, "world", replace(room, view=lambda rng: ((0, 1.4, -1.5), (0, 1.4, 1.0))))
        clip = film.shot(1)
        assert clip is not None
        assert clip.frames[0]["camera"] == camera.to_dict()
        depth = clip.depth[0].astype(float)
        points = unit_depth(camera) * depth[..., None] @ clip.pose[0, :3, :3].T + clip.pose[0, :3, 3]
        off = np.stack(
            [
                np.abs(np.abs(points[..., 0]) - 2), np.abs(np.abs(points[..., 2]) - 2),
                np.abs(points[..., 1]), np.abs(points[..., 2] - 1),  # floor, and the pillar at z = 1
            ]
        )[:, depth > 0].min(axis=0)  # fmt: skip
        assert np.percentile(off, 95) < 0.01  # metres
        pillar = (np.abs(points[..., 2] - 1) < 0.02) & (depth > 0)
        heights[zoom] = pillar[24].sum()  # pixels across, in the middle row
        sizes[zoom] = np.median(np.log(depth[pillar]) - np.log(camera.fx))
    for zoom in (1.5, 2.5):
        assert heights[zoom] / heights[1.0] == pytest.approx(zoom, rel=0.2)
        assert sizes[1.0] - sizes[zoom] == pytest.approx(np.log(zoom), abs=0.01)


def test_people_step_into_stills_at_all_distances(filming, room):
    film = filming(replace(room, clear=lambda point: True), 2)
    eye, target = np.array([0.0, 1.4, 0.0]), np.array([0.0, 1.2, 20.0])
    distances = [
        float(np.linalg.norm((bodies[0].motion(0.0)[:3, 3] - eye)[[0, 2]]))
        for bodies in (film._passer_by(target, eye, 0.0) for _ in range(60))
    ]
    assert min(distances) < 0.8 and max(distances) > 8 and 1.5 < np.median(distances) < 5


def test_a_moving_camera_smears_and_an_open_aperture_blurs_but_truth_stays(filming, room, monkeypatch):
    monkeypatch.setattr(shots.looks, "drawn", lambda rng: shots.looks.ImageFormation())
    monkeypatch.setattr(shots, "PASSER_SHARE", 0.0)

    def taken(blurred: float, shallow: float):
        monkeypatch.setattr(shots, "BLURRED_SHARE", blurred)
        monkeypatch.setattr(shots, "SHALLOW_SHARE", shallow)
        shot = [filming(room, s).shot(1) for s in range(5)]
        assert None not in shot
        return shot

    plain = taken(0.0, 0.0)
    for others in (taken(1.0, 0.0), taken(0.0, 9.0)):
        for before, after in zip(plain, others, strict=True):
            np.testing.assert_array_equal(before.depth, after.depth)
            np.testing.assert_array_equal(before.pose, after.pose)
        rough = [
            np.mean([np.abs(np.diff(clip.picture[0].astype(float), axis=1)).mean() for clip in clips])
            for clips in (plain, others)
        ]
        assert rough[1] < 0.95 * rough[0]


def test_flow_there_and_back_is_nothing(filming, room):
    """What goes to the next frame comes from where it was."""
    clip = filming(room, 3).shot(4)
    assert clip is not None
    for index in range(3):
        forth = clip.flow[index, 1].astype(float)
        rows, columns = np.nonzero(~clip.occluded[index, 1])
        x = np.clip(np.floor(columns + 0.5 + forth[0, rows, columns]).astype(int), 0, 63)
        y = np.clip(np.floor(rows + 0.5 + forth[1, rows, columns]).astype(int), 0, 47)
        back = clip.flow[index + 1, 0].astype(float)
        residual = forth[:, rows, columns] + back[:, y, x]
        assert np.median(np.linalg.norm(residual, axis=0)) < 0.3


def test_nothing_is_filmed_from_within_things_or_of_nothing(filming, world, screen):
    def straight(rng):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)

    for bodies in ([Body(screen(0.05, 9.0))], [Body(screen(3.0, 0.01))]):
        assert filming(world(*bodies, view=straight), 0).shot(1) is None
    nowhere = world(Body(screen(2.0, 9.0)), clear=lambda point: False, view=straight)
    assert filming(nowhere, 0).shot(1) is None


def test_a_bare_wall_is_seldom_worth_a_frame(filming, world, screen, monkeypatch):
    def straight(rng):
        return (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)

    monkeypatch.setattr(shots, "TRIES", 1)
    film = filming(world(Body(screen(2.0, 9.0)), view=straight), 0)
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


def test_motions_are_those_of_the_world_then_of_what_is_thrown_in(filming, room, screen, monkeypatch):
    """As the renderer numbers bodies: in another order flow would mix them up."""
    own = Body(screen(0.0, 0.1), lambda t: np.eye(4))
    room = replace(room, bodies=[*room.bodies, own])
    calls = []
    monkeypatch.setattr(truth, "flow", lambda *given, real=truth.flow: (calls.append(given), real(*given))[1])
    monkeypatch.setattr(shots, "MOVING_SHARE", 1.0)
    clip = filming(room, 5).shot(2)
    assert clip is not None
    _, here, _, motions = calls[0]
    assert motions[0] is own.motion and len(motions) >= 2
    assert here.body.max() <= len(motions)

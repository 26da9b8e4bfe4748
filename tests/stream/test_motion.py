"""The camera's own motion, from points whose distance is known and where they have gone."""

from __future__ import annotations

import numpy as np
import pytest

import velodepth
from velodepth.stream.evidence import Warp
from velodepth.stream.motion import rotation, solve_motion

WIDTH, HEIGHT = 224, 160


def scene(camera, turn, shift):
    """A bumpy wall seen from two places: its points in the last camera's axes for each pixel of this frame's
    picture, and this frame's rays and true radius."""
    rays = camera.rays(WIDTH, HEIGHT)
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    now = rays * (3 + np.sin(u / 20) + 0.5 * np.cos(v / 15)).astype(np.float32)[..., None]
    before = (now - shift) @ rotation(turn)  # now = R before + t
    return before.astype(np.float32), rays, np.linalg.norm(now, axis=2)


CAMERAS = {
    "pinhole": velodepth.Pinhole(200.0, 210.0, 112.0, 80.0),
    "fisheye": velodepth.KannalaBrandt(110.0, 110.0, 112.0, 80.0, 0.02, -0.01, 0.0, 0.0),
    "panorama": velodepth.Equirectangular.whole(WIDTH, WIDTH // 2).moved(1.0, HEIGHT / (WIDTH // 2)),
}


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_any_camera(camera):
    turn, shift = np.array([0.02, -0.05, 0.03]), np.array([0.1, -0.05, 0.2])
    points, rays, radius = scene(camera, turn, shift)
    motion = solve_motion(points, rays, np.ones(radius.shape, bool), 200.0)
    np.testing.assert_allclose(motion.matrix[:3, :3], rotation(turn), atol=1e-4)
    np.testing.assert_allclose(motion.matrix[:3, 3], shift, atol=1e-3)
    np.testing.assert_allclose(motion.radius, radius, rtol=1e-3)
    assert motion.follows.mean() > 0.99


def test_what_moves_by_itself_is_told_apart_and_does_not_mislead():
    turn, shift = np.array([0.0, 0.01, 0.0]), np.array([0.0, 0.0, 0.15])
    points, rays, _ = scene(CAMERAS["pinhole"], turn, shift)
    mover = np.zeros((HEIGHT, WIDTH), bool)
    mover[40:130, 90:170] = True  # a fifth of the picture, half a metre to the side
    points[mover] += np.float32((0.5, 0, 0))
    motion = solve_motion(points, rays, np.ones_like(mover), 200.0)
    np.testing.assert_allclose(motion.matrix[:3, 3], shift, atol=5e-3)
    assert motion.follows[mover].max() < 0.5 and motion.follows[~mover].mean() > 0.99


def test_unknown_where_nothing_agrees_or_too_little_is_known():
    points, rays, _ = scene(CAMERAS["pinhole"], np.zeros(3), np.zeros(3))
    noise = np.random.default_rng(0).normal(0, 1, points.shape).astype(np.float32)
    everywhere = np.ones(points.shape[:2], bool)
    assert solve_motion(points + noise, rays, everywhere, 200.0) is None
    assert solve_motion(points, rays, everywhere & False, 200.0) is None


def test_rotation_is_the_exponential():
    np.testing.assert_allclose(rotation(np.array([0, 0, np.pi / 2])) @ (1, 0, 0), (0, 1, 0), atol=1e-12)
    np.testing.assert_allclose(rotation(np.full(3, 1e-12)), np.eye(3), atol=1e-11)


def test_a_sharp_warp_keeps_a_step():
    """Moved by a third of a pixel thirty times, there and back: bilinear reading smears, this does not."""
    step = np.where(np.arange(40) < 20, 0.0, 1.0).astype(np.float32)[None].repeat(8, 0)
    widths = []
    for how in ("linear", "sharp"):
        map = step
        for i in range(30):
            flow = np.zeros((2, *map.shape), np.float32)
            flow[0] = 1 / 3 if i % 2 else -1 / 3
            map = getattr(Warp(flow), how)(map)
        widths.append(((map > 0.1) & (map < 0.9)).sum(1).mean())
        assert map.min() >= 0 and map.max() <= 1
    assert widths[1] < 0.6 * widths[0]

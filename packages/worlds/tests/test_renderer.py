"""Depth, bodies and pictures of worlds whose every pixel is known."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from velodepth.cameras import KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError
from velodepth_worlds import motion
from velodepth_worlds.lenses import unit_depth
from velodepth_worlds.scene import Body, Lights, pose

from .conftest import CAMERA, HEIGHT, HOLED, WHITE, WIDTH

AHEAD = motion.facing((0, 0, 0), 0.0, 0.0)


def test_depth_of_a_screen_is_its_distance_and_sky_has_none(renderer, world, screen):
    renderer.load(world(Body(screen(2.0, 0.4))))
    seen = renderer.draw(CAMERA, AHEAD, 0.0)
    inside = np.abs(unit_depth(CAMERA)[..., :2]).max(axis=-1) < 0.2
    assert seen.depth.shape == (HEIGHT, WIDTH) and 0.1 < inside.mean() < 0.5
    np.testing.assert_allclose(seen.depth[inside], 2.0, rtol=1e-5)
    assert (seen.body[inside] == 0).all()
    assert (seen.depth[~inside] == 0).all() and (seen.body[~inside] == -1).all()


@pytest.mark.parametrize(
    "camera",
    [
        CAMERA,
        Pinhole(50.0, 70.0, 20.3, 30.8, size=(WIDTH, HEIGHT)),
        OpenCV(50.0, 51.0, 33.0, 23.0, -0.25, 0.05, 0.001, -0.001, size=(WIDTH, HEIGHT)),
        KannalaBrandt(32.0, 32.0, 31.0, 25.0, 0.01, size=(WIDTH, HEIGHT)),
    ],
)
def test_depth_of_a_slope_is_where_the_ray_of_the_pixel_centre_meets_it(renderer, world, quad, camera):
    tilt = 0.5  # z = 2 + tilt * x
    corners = [(x, y, 2 + tilt * x) for x, y in ((-3, -9), (9, -9), (9, 9), (-3, 9))]
    renderer.load(world(Body(quad(corners))))
    seen = renderer.draw(camera, AHEAD, 0.0)
    plane = unit_depth(camera)
    x = -plane[..., 0]  # the picture's x is to the right, the world's to the left
    known = np.isfinite(plane[..., 0]) & (np.linalg.norm(plane[..., :2], axis=-1) < 2.1)
    known &= (x > -1.1) & (2 / (1 - tilt * x) < 5)
    assert known.mean() > 0.6
    expected = (2 / (1 - tilt * x))[known]
    np.testing.assert_allclose(seen.depth[known], expected, rtol=2e-4)


def test_what_a_fisheye_cannot_see_is_unknown(renderer, world, screen):
    camera = KannalaBrandt(20.0, 20.0, WIDTH / 2, HEIGHT / 2, size=(WIDTH, HEIGHT))
    renderer.load(world(Body(screen(1.0, 50.0))))
    seen = renderer.draw(camera, AHEAD, 0.0)
    across = np.linalg.norm(np.indices((HEIGHT, WIDTH)).T - (HEIGHT / 2 - 0.5, WIDTH / 2 - 0.5), axis=-1).T
    beyond = across / 20 > np.radians(67)
    assert beyond.any() and (seen.depth[beyond] == 0).all() and (seen.radiance[beyond] == 0).all()
    assert (seen.depth[across / 20 < np.radians(63)] > 0).all()


def test_the_picture_is_not_shifted_against_the_depth(renderer, world, screen):
    """A screen symmetric about the axis: its picture is its own mirror image, to the last weight."""
    renderer.load(world(Body(screen(2.0, 0.437, WHITE, emission=1.0)), lights=_dark()))
    seen = renderer.draw(CAMERA, AHEAD, 0.0)
    for turned in (seen.radiance[:, ::-1], seen.radiance[::-1]):
        np.testing.assert_allclose(seen.radiance, turned, atol=1e-3)
    grey = seen.radiance[HEIGHT // 2, :, 0]
    assert ((grey > 0.1) & (grey < 0.9)).sum() == 2  # edges are smooth, one pixel wide
    half_width = 60 * 0.437 / 2
    assert grey.sum() == pytest.approx(2 * half_width, abs=0.5)


def test_holes_in_a_texture_show_what_is_behind(renderer, world, screen):
    renderer.load(world(Body(screen(1.0, 2.0, HOLED)), Body(screen(3.0, 6.0))))
    depth = renderer.draw(CAMERA, AHEAD, 0.0).depth
    # u runs along the world's x, which is to the left in the picture.
    np.testing.assert_allclose(depth[:, : WIDTH // 2 - 2], 1.0, rtol=1e-4)
    np.testing.assert_allclose(depth[:, WIDTH // 2 + 2 :], 3.0, rtol=1e-4)


def test_a_moving_body_is_where_its_motion_says_and_so_is_what_is_thrown_in(renderer, world, screen):
    moving = Body(screen(0.0, 0.2), lambda t: pose(0.0, (0.0, 0.0, 1.0 + t)))
    thrown = Body(screen(0.0, 0.1), lambda t: pose(0.0, (0.0, 0.0, 0.5 + t)))
    renderer.load(world(Body(screen(5.0, 9.0)), moving))
    middle = HEIGHT // 2, WIDTH // 2
    for time in (0.0, 1.5):
        seen = renderer.draw(CAMERA, AHEAD, time)
        assert (seen.body[middle], seen.depth[middle]) == (1, pytest.approx(1 + time))
    renderer.throw_in([thrown])
    seen = renderer.draw(CAMERA, AHEAD, 0.0)
    assert (seen.body[middle], seen.depth[middle]) == (2, pytest.approx(0.5))
    renderer.throw_in([])
    assert renderer.draw(CAMERA, AHEAD, 0.0).body[middle] == 1


def _floor_with_lid(quad, lid_height: float = 1.0):
    floor = quad([(-4, 0, -4), (4, 0, -4), (4, 0, 4), (-4, 0, 4)], WHITE)
    lid = quad(
        [(-0.5, lid_height, -0.5), (0.5, lid_height, -0.5), (0.5, lid_height, 0.5), (-0.5, lid_height, 0.5)]
    )
    return floor, lid


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("lamp", [False, True])
def test_shadows_of_the_sun_and_of_the_first_lamp(renderer, world, quad, moving, lamp):
    floor, lid = _floor_with_lid(quad)
    sun = ((0.0, 1.0, 0.0), (0.0, 0.0, 0.0) if lamp else (1.0, 1.0, 1.0))
    points = [((0.0, 2.5, 0.0), (4.0, 4.0, 4.0))] if lamp else []
    lights = Lights(*sun, (0.1, 0.1, 0.1), (0.0, 0.0, 0.0), points)
    body = Body(lid, (lambda t: pose(0.0, (t, 0.0, 0.0))) if moving else None)
    renderer.load(world(Body(floor), body, lights=lights))
    from_the_side = motion.facing((0.0, 0.5, -3.0), 0.0, np.arctan(-0.5 / 3))  # the origin is in the middle
    middle = HEIGHT // 2, WIDTH // 2
    dark = renderer.draw(CAMERA, from_the_side, 0.0).radiance[middle].mean()
    assert dark == pytest.approx(0.1 * (0.8 + 0.2), rel=0.35)  # ambient alone, less some occlusion
    if moving:
        assert renderer.draw(CAMERA, from_the_side, 2.0).radiance[middle].mean() > 4 * dark


def test_a_plain_lit_floor_has_no_acne(renderer, world, quad):
    floor, _ = _floor_with_lid(quad)
    for sun in ((0.0, 1.0, 0.0), (0.8, 0.6, 0.0), (0.95, 0.3122499, 0.0)):
        lights = Lights(sun, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
        renderer.load(world(Body(floor), lights=lights))
        seen = renderer.draw(CAMERA, motion.facing((0.0, 1.0, -2.0), 0.0, -0.7), 0.0)
        on_floor = seen.radiance[seen.depth > 0]
        assert on_floor.std() < 0.02 * on_floor.mean() and on_floor.mean() == pytest.approx(sun[1], rel=0.03)


def test_corners_are_darker_than_open_floor(renderer, world, quad):
    floor = quad([(-4, 0, -4), (4, 0, -4), (4, 0, 2), (-4, 0, 2)], WHITE)
    wall = quad([(-4, 0, 2), (4, 0, 2), (4, 4, 2), (-4, 4, 2)], WHITE)
    lights = Lights((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
    renderer.load(world(Body(floor), Body(wall), lights=lights))
    where = motion.facing((0.0, 1.0, 0.0), 0.0, -0.5)
    seen = renderer.draw(CAMERA, where, 0.0)
    points = unit_depth(CAMERA) * seen.depth[..., None] @ where[:3, :3].T + where[:3, 3]
    y, z = points[..., 1], points[..., 2]
    on_floor = y < 0.01
    corner, open_floor = (seen.radiance[on_floor & part].mean() for part in (z > 1.9, z < 1.4))
    assert corner < 0.85 * open_floor


def test_many_triangles_are_culled_without_a_trace(renderer, world, screen):
    """A wall of 3200 small screens behind and beside each other: each pixel's depth is the nearest one's."""
    rng = np.random.default_rng(0)
    places = rng.uniform((-4, -4, 1), (4, 4, 9), (1600, 3))
    meshes = []
    for x, y, z in places:
        mesh = screen(z, 0.15, x=x)
        mesh["position"][:, 1] += y
        meshes.append(mesh)
    renderer.load(world(*map(Body, meshes)))
    plane = unit_depth(CAMERA)
    expected = np.full((HEIGHT, WIDTH), np.inf)
    for x, y, z in places:
        hit = (np.abs(-plane[..., 0] * z - x) < 0.15) & (np.abs(-plane[..., 1] * z - y) < 0.15)
        expected[hit] = np.minimum(expected[hit], z)
    expected[np.isinf(expected)] = 0
    wrong = np.abs(renderer.draw(CAMERA, AHEAD, 0.0).depth - expected) > 1e-3
    assert wrong.mean() < 0.002  # an edge may pass through a pixel centre


def test_a_camera_without_a_size_and_a_renderer_without_a_world_are_refused(
    renderer, world, screen, pictures
):
    renderer.load(world(Body(screen(2.0, 1.0))))
    with pytest.raises(VeloDepthError, match="no size"):
        renderer.draw(Pinhole(60.0, 60.0, 32.0, 24.0), AHEAD, 0.0)
    with pytest.raises(VeloDepthError, match="no world"):
        type(renderer)(pictures).draw(CAMERA, AHEAD, 0.0)


def test_without_moderngl_one_sentence_says_what_to_install():
    code = """
import sys
sys.modules["moderngl"] = None
import numpy as np
from velodepth.errors import VeloDepthError
from velodepth_worlds.renderer import Renderer
try:
    Renderer(np.zeros((1, 8, 8, 4), np.uint8))
except VeloDepthError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install moderngl" in done.stdout and done.stderr == ""


def _dark() -> Lights:
    return Lights((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))

"""Flow and occlusion against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.cameras import KannalaBrandt, Pinhole
from velodepth_worlds import motion, truth
from velodepth_worlds.lenses import pixel_centres, unit_depth
from velodepth_worlds.scene import Body, pose

from .conftest import CAMERA, HEIGHT, WIDTH

FOCAL = 60.0


@pytest.fixture
def look(renderer):
    def look(camera, path, time) -> truth.FrameTruth:
        seen = renderer.draw(camera, path(time), time)
        return truth.FrameTruth(seen.depth, seen.body, path(time), time)

    return look


def test_a_camera_that_moves_along_a_screen(renderer, world, screen, look):
    """To the right by 0.1 m a second, 2 m away: content moves left by 60 * 0.1 / 2 = 3 pixels a second."""
    renderer.load(world(Body(screen(2.0, 9.0))))
    path = motion.path((0, 0, 0), (0, 0, 0), velocity=(-0.1, 0.0, 0.0))  # world x is to the left
    flow, occluded = truth.flow(CAMERA, look(CAMERA, path, 1.0), look(CAMERA, path, 0.0), [])
    np.testing.assert_allclose(flow[0], 3.0, atol=1e-4)
    np.testing.assert_allclose(flow[1], 0.0, atol=1e-4)
    np.testing.assert_array_equal(occluded, np.arange(WIDTH) + 0.5 + 3 > WIDTH + np.zeros((HEIGHT, 1)))


@pytest.mark.parametrize(
    "camera", [CAMERA, KannalaBrandt(40.0, 40.0, 32.0, 24.0, 0.02, size=(WIDTH, HEIGHT))]
)
def test_a_camera_that_turns_moves_pixels_as_its_rays(renderer, world, screen, look, camera):
    """A turn on the spot: a ray goes where the rotation takes it, at any depth."""
    renderer.load(world(Body(screen(2.0, 9.0)), Body(screen(1.0, 0.2))))
    path = motion.path((0, 0, 0), (0, 0, 0), turn=(0.1, 0.05, 0.2))
    flow, occluded = truth.flow(camera, look(camera, path, 0.0), look(camera, path, 1.0), [])
    turned = unit_depth(camera) @ path(0.0)[:3, :3].T @ path(1.0)[:3, :3]
    expected = camera.project(turned) - pixel_centres(camera)
    seen = ~occluded
    assert seen.mean() > 0.7
    np.testing.assert_allclose(np.moveaxis(flow, 0, -1)[seen], expected[seen], atol=1e-3)


def test_a_body_that_moves_hides_and_uncovers(renderer, world, screen, look):
    """A screen 1 m away moves to the left at 0.5 m/s before a wall 3 m away; the camera stands still."""
    moving = Body(screen(0.0, 0.2), lambda t: pose(0.0, (0.5 * t, 0.0, 1.0)))
    renderer.load(world(Body(screen(3.0, 9.0)), moving))
    path = motion.path((0, 0, 0), (0, 0, 0))
    early, late = look(CAMERA, path, 0.0), look(CAMERA, path, 0.2)
    shift = FOCAL * 0.5 * 0.2  # pixels: 6
    forward, hidden = truth.flow(CAMERA, early, late, [moving.motion])
    of_body = early.body == 1
    np.testing.assert_allclose(forward[0][of_body], -shift, atol=1e-3)
    assert not hidden[of_body].any()
    np.testing.assert_allclose(forward[:, ~of_body], 0, atol=1e-9)
    # Hidden later: the wall just to the left of the body, over the width it moves and the body's height.
    expected = (late.body == 1) & ~of_body
    assert expected.sum() == pytest.approx(shift * 2 * FOCAL * 0.2, rel=0.1)
    np.testing.assert_array_equal(hidden, expected)
    _, uncovered = truth.flow(CAMERA, late, early, [moving.motion])
    np.testing.assert_array_equal(uncovered, of_body & (late.body == 0))


def test_parallax_hides_the_wall_behind_an_edge(renderer, world, screen, look):
    renderer.load(world(Body(screen(4.0, 9.0)), Body(screen(1.0, 0.2))))
    path = motion.path((0, 0, 0), (0, 0, 0), velocity=(-0.2, 0.0, 0.0))
    here, there = look(CAMERA, path, 0.0), look(CAMERA, path, 1.0)
    flow, hidden = truth.flow(CAMERA, here, there, [])
    near = here.depth < 2
    np.testing.assert_allclose(flow[0][near], -FOCAL * 0.2, atol=1e-3)
    np.testing.assert_allclose(flow[0][~near], -FOCAL * 0.2 / 4, atol=1e-3)
    inside = np.arange(WIDTH) + 0.5 + flow[0] > 0
    # The near square gains 12 - 3 = 9 pixels on the wall: as many columns of it are hidden.
    columns = (hidden & inside)[HEIGHT // 2].sum()
    assert columns == pytest.approx(FOCAL * 0.2 * (1 - 1 / 4), abs=1)


def test_sky_and_what_is_behind_have_no_partner(renderer, world, screen, look):
    renderer.load(world(Body(screen(1.0, 0.3))))
    path = motion.path((0, 0, 0), (0, 0, 0), velocity=(0.0, 0.0, 2.0))  # through the screen
    here, there = look(CAMERA, path, 0.0), look(CAMERA, path, 1.0)
    flow, hidden = truth.flow(CAMERA, here, there, [])
    assert hidden.all() and (flow == 0).all()


def test_a_camera_needs_a_size(renderer, world, screen, look):
    with pytest.raises(ValueError, match="no size"):
        unit_depth(Pinhole(60.0, 60.0, 32.0, 24.0))

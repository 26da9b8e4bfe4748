"""The right eye sees what a camera beside the left one would see."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type

from velodepth.cameras import Pinhole
from velodepth.media.stereo import BEFORE, BEHIND, parallax, right_eye
from velodepth.media.writing import Options, open_writer
from velodepth.stream.frame import DepthFrame

BACK, FRONT = (200, 60, 20), (10, 90, 250)


def box(height=20, width=60, left=20, right=40, behind=4.0, before=-2.0):
    """A plain box before a plain wall: picture and parallax of both."""
    picture = np.full((height, width, 3), BACK, np.uint8)
    picture[5:15, left:right] = FRONT
    shift = np.full((height, width), behind, np.float32)
    shift[5:15, left:right] = before
    return picture, shift


def test_every_pixel_moves_by_its_parallax():
    picture = np.random.default_rng(0).integers(0, 256, (12, 40, 3), np.uint8)
    seen = right_eye(picture, np.full((12, 40), 3, np.float32))
    np.testing.assert_array_equal(seen[:, 3:], picture[:, :-3])
    seen = right_eye(picture, np.full((12, 40), -3, np.float32))
    np.testing.assert_array_equal(seen[:, :-3], picture[:, 3:])


def test_half_a_pixel_is_between_two():
    picture = np.zeros((4, 30, 3), np.uint8)
    picture[:, 10:] = 200
    seen = right_eye(picture, np.full((4, 30), 0.5, np.float32))
    assert (seen[:, 10] == 100).all() and (seen[:, :10] == 0).all() and (seen[:, 11:] == 200).all()


def test_what_is_near_hides_and_what_comes_into_view_is_background():
    picture, shift = box()
    seen = right_eye(picture, shift)
    assert (seen[5:15, 18:38] == FRONT).all()
    assert (seen[5:15, 38:] == BACK).all()  # 6 pixels of it nobody has seen
    assert (seen[5:15, :18] == BACK).all()
    assert (seen[:5] == BACK).all()


def test_the_hole_is_the_background_mirrored():
    picture, shift = box()
    picture[:, 40:, 0] = np.arange(0, 100, 5)  # the wall right of the box
    seen = right_eye(picture, shift)
    np.testing.assert_array_equal(seen[10, 44:60, 0], np.arange(0, 80, 5))
    np.testing.assert_array_equal(seen[10, 38:44, 0], np.arange(30, 0, -5))


def test_a_slope_is_stretched_without_seams():
    """A wall that turns away: its parallax grows, so the right eye sees it wider."""
    x = np.arange(100)
    picture = np.repeat(np.repeat(2 * x.astype(np.uint8)[None, :, None], 3, 2), 8, 0)
    shift = np.broadcast_to(0.4 * x, (8, 100)).astype(np.float32)
    seen = right_eye(picture, shift)[4, :, 0].astype(int)
    np.testing.assert_allclose(seen[2:-2], 2 * np.arange(100)[2:-2] / 1.4, atol=1.01)


def test_parallax_is_that_of_two_cameras():
    depth = np.array([[1.0, 2.0, 4.0, 0.5, 50.0, np.inf, 0.0, np.nan] * 10], np.float32)
    near, middle, far, *beyond = parallax(depth, (1.0, 4.0))[0, :8] / depth.shape[1]
    assert near == pytest.approx(-BEFORE) and far == pytest.approx(BEHIND)
    assert (middle - far) / (near - far) == pytest.approx((1 / 2 - 1 / 4) / (1 - 1 / 4))
    assert beyond == pytest.approx([-BEFORE, BEHIND, BEHIND, BEHIND, BEHIND])
    assert (parallax(depth, None) > 0).all()


def test_the_video_says_that_it_is_side_by_side(tmp_path):
    width, height = 160, 96
    camera = Pinhole(150.0, 150.0, 80.0, 48.0)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    waves = (127 + 100 * np.sin(x / 6), 127 + 100 * np.cos(y / 7), 0.5 * (x + y))
    picture = np.stack(waves, axis=2).astype(np.uint8)
    depth = np.where((x > 60) & (x < 100), 1.0, 4.0)
    frames = [DepthFrame.of(depth, camera, picture, index=i, time=i / 25) for i in range(4)]
    path = tmp_path / "clip-stereo.mp4"
    with open_writer(path, "stereo", Options(near=1.0, far=4.0)) as writer:
        for frame in frames:
            writer.write(frame)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        decoded = list(container.decode(video=0))
    assert len(decoded) == 4
    told = bytes(decoded[0].side_data[Type.STEREO3D])
    assert told[:4] == (1).to_bytes(4, "little")  # AV_STEREO3D_SIDEBYSIDE
    seen = decoded[2].to_ndarray(format="rgb24").astype(int)
    assert seen.shape == (height, 2 * width, 3)
    assert np.abs(seen[:, :width] - picture).mean() < 4
    expected = right_eye(picture, parallax(frames[2].depth, (1.0, 4.0)))
    assert np.abs(seen[:, width:] - expected).mean() < 6
    assert np.abs(seen[:, width:] - picture).mean() > 10

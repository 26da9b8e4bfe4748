"""A frame of any depth map: its maps agree, it saves itself by ending, and it shows itself."""

from __future__ import annotations

import cv2
import numpy as np
import OpenEXR
import pytest
import trimesh

import velodepth
from velodepth import DepthFrame, KannalaBrandt, Pinhole, VeloDepthError

WIDTH, HEIGHT = 40, 30
CAMERA = Pinhole(35.0, 36.0, 20.5, 14.0)
RANDOM = np.random.default_rng(0)
DEPTH = (np.geomspace(9, 1, HEIGHT)[:, None] * RANDOM.uniform(1, 1.02, (HEIGHT, WIDTH))).astype(np.float32)
PICTURE = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def frame() -> DepthFrame:
    return DepthFrame.of(DEPTH, CAMERA, PICTURE, index=3, time=0.5, reason="start")


@pytest.mark.parametrize("camera", [CAMERA, KannalaBrandt(20.0, 20.0, 20.0, 15.0, 0.01, 0.0, 0.0, 0.0)])
def test_depth_points_distance_and_rays_agree(camera):
    frame = DepthFrame.of(DEPTH, camera, PICTURE)
    np.testing.assert_array_equal(frame.depth, DEPTH)
    np.testing.assert_allclose(frame.points[..., 2], DEPTH, rtol=1e-5)
    np.testing.assert_allclose(frame.points, frame.distance[..., None] * frame.rays, rtol=1e-5)
    np.testing.assert_allclose(frame.rays, camera.rays(WIDTH, HEIGHT), atol=1e-6)
    assert frame.camera == camera and frame.confidence.min() == 1
    assert frame.index == 0 and not frame.is_keyframe


def test_a_camera_of_another_size_is_scaled():
    twice = Pinhole(70.0, 72.0, 41.0, 28.0, size=(2 * WIDTH, 2 * HEIGHT))
    assert DepthFrame.of(DEPTH, twice, PICTURE).camera.fx == 35


def test_unknown_depth_has_no_point():
    depth = DEPTH.copy()
    depth[0, :2] = np.nan, np.inf
    points = DepthFrame.of(depth, CAMERA, PICTURE).points
    assert np.isnan(points[0, :2]).all() and np.isfinite(points[1:]).all()


def test_sizes_that_do_not_go_together_are_refused():
    with pytest.raises(VeloDepthError, match=r"depth \(30, 40\).*do not go together"):
        DepthFrame.of(DEPTH, CAMERA, PICTURE[:-1])
    with pytest.raises(VeloDepthError, match="confidence"):
        DepthFrame.of(DEPTH, CAMERA, PICTURE, confidence=np.ones((3, 3)))


def test_each_ending_is_saved_as_what_it_says(frame, tmp_path):
    def saved(name):
        frame.save(tmp_path / name)
        return str(tmp_path / name)

    np.testing.assert_array_equal(
        cv2.imread(saved("a.png"), cv2.IMREAD_UNCHANGED), np.rint(DEPTH * 1000).astype(np.uint16)
    )
    np.testing.assert_array_equal(np.load(saved("a.npy")), DEPTH)
    np.testing.assert_array_equal(cv2.imread(saved("a.tiff"), cv2.IMREAD_UNCHANGED), DEPTH)
    arrays = np.load(saved("a.NPZ"))
    np.testing.assert_array_equal(arrays["depth"], DEPTH[None])
    assert arrays["intrinsics"].tolist() == [[35, 36, 20.5, 14]] and arrays["time"].tolist() == [0.5]
    np.testing.assert_array_equal(OpenEXR.File(saved("a.exr")).channels()["Z"].pixels, DEPTH)
    assert len(trimesh.load(saved("a.ply")).vertices) == DEPTH.size
    (points,) = trimesh.load(saved("a.glb")).geometry.values()
    assert len(points.vertices) == DEPTH.size
    assert cv2.imread(saved("a.jpg")).shape == (HEIGHT, WIDTH, 3)
    assert all(not path.name.startswith(".") for path in tmp_path.iterdir())


def test_saving_replaces_makes_folders_and_names_the_endings(frame, tmp_path):
    path = tmp_path / "deep" / "depth.npy"
    path.parent.mkdir()
    path.write_text("old")
    frame.save(path)
    assert np.load(path).shape == DEPTH.shape
    frame.save(str(tmp_path / "deeper" / "depth.png"))
    with pytest.raises(VeloDepthError, match=r"depth\.mp4 does not tell what to write: .*\.npz, \.png"):
        frame.save(tmp_path / "depth.mp4")
    path.unlink()
    path.mkdir()
    with pytest.raises(VeloDepthError, match="it is a folder"):
        frame.save(path)


def test_a_notebook_shows_picture_beside_depth(frame):
    shown = cv2.imdecode(np.frombuffer(frame._repr_png_(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(shown[:, :WIDTH], PICTURE)
    np.testing.assert_array_equal(shown[:, WIDTH:], velodepth.colourise(DEPTH, scale=True))


def test_show_opens_a_png_or_says_that_nothing_can(frame, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda uri: opened.append(uri) or True)
    frame.show()
    (path,) = tmp_path.glob("velodepth-*/000003.png")
    assert opened == [path.as_uri()] and path.read_bytes() == frame._repr_png_()
    monkeypatch.setattr("webbrowser.open", lambda uri: False)
    with pytest.raises(VeloDepthError, match=r"no program to show .*png"):
        frame.show()

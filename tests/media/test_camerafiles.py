"""Camera files of others, against the libraries that they come from."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from velodepth.cameras import MEI, KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media.camerafiles import load_camera

SIZE = (640, 480)
K = np.array([[510.0, 0, 319.2], [0, 505.5, 241.7], [0, 0, 1]])
D = np.array([-0.21, 0.05, 0.001, -0.0005, 0.01])

CALIBRATED = """image_width: 640
image_height: 480
camera_name: head_camera
camera_matrix:
  rows: 3
  cols: 3
  data: [510.0, 0.0, 319.2, 0.0, 505.5, 241.7, 0.0, 0.0, 1.0]
distortion_model: {model}
distortion_coefficients:
  rows: 1
  cols: {count}
  data: [{values}]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
projection_matrix:
  rows: 3
  cols: 4
  data: [490.0, 0.0, 318.0, 0.0, 0.0, 488.0, 242.0, 0.0, 0.0, 0.0, 1.0, 0.0]
"""
ECHOED = """header:
  seq: 7
  frame_id: optical
height: 480
width: 640
distortion_model: plumb_bob
{d}: [-0.21, 0.05, 1e-3, -5e-4, 0.01]
{k}:
- 510.0
- 0.0
- 319.2
- 0.0
- 505.5
- 241.7
- 0.0
- 0.0
- 1.0
{p}: [490.0, 0.0, 318.0, 0.0, 0.0, 488.0, 242.0, 0.0, 0.0, 0.0, 1.0, 0.0]
binning_x: 0
binning_y: 0
roi:
  x_offset: 0
  y_offset: 0
  height: 0
  width: 0
  do_rectify: false
---
header: {{}}
"""
KALIBR = """cam0:
  cam_overlaps: [1]
  camera_model: {model}
  distortion_coeffs: [{values}]
  distortion_model: {distortion}
  intrinsics: [{intrinsics}]
  resolution: [640, 480]
  rostopic: /cam0/image_raw
  T_cam_imu:
  - [1.0, 0.0, 0.0, 0.1]
  - [0.0, 1.0, 0.0, 0.2]
  - [0.0, 0.0, 1.0, 0.3]
  - [0.0, 0.0, 0.0, 1.0]
"""
COLMAP = """# Camera list with one line of data per camera:
#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
# Number of cameras: 1
1 {}
"""


def ros(model="plumb_bob", values="0, 0, 0, 0, 0"):
    return CALIBRATED.format(model=model, count=values.count(",") + 1, values=values)


def load(tmp_path, text, name="camera.yaml", chosen=""):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return load_camera(f"{tmp_path / name}{chosen}")


def points():
    rng = np.random.default_rng(0)
    return rng.uniform((-1, -0.7, 1.5), (1, 0.7, 4), (50, 3))


def assert_projects(camera, pixels):
    """`pixels` count from the centre of the first one, as OpenCV does."""
    np.testing.assert_allclose(camera.project(points()), pixels.reshape(-1, 2) + 0.5, atol=1e-6)
    assert camera.size == SIZE


NO_TURN = np.zeros(3)


def test_ros_calibration(tmp_path):
    text = ros(values=", ".join(map(str, D)))
    camera = load(tmp_path, text)
    assert isinstance(camera, OpenCV)
    assert_projects(camera, cv2.projectPoints(points(), NO_TURN, NO_TURN, K, D)[0])
    fisheye = load(tmp_path, ros("equidistant", "0.01, -2e-3, 3e-4, 0.0"))
    assert isinstance(fisheye, KannalaBrandt)
    coefficients = np.array([0.01, -2e-3, 3e-4, 0.0])
    assert_projects(fisheye, cv2.fisheye.projectPoints(points()[None], NO_TURN, NO_TURN, K, coefficients)[0])
    plain = load(tmp_path, ros())
    assert plain == Pinhole(510, 505.5, 319.7, 242.2, size=SIZE)


@pytest.mark.parametrize("names", [{"d": "D", "k": "K", "p": "P"}, {"d": "d", "k": "k", "p": "p"}])
def test_a_message_that_was_echoed(tmp_path, names):
    camera = load(tmp_path, ECHOED.format(**names))
    assert_projects(camera, cv2.projectPoints(points(), NO_TURN, NO_TURN, K, D)[0])


def test_kalibr(tmp_path):
    def kalibr(model, distortion, intrinsics, values):
        text = KALIBR.format(model=model, distortion=distortion, intrinsics=intrinsics, values=values)
        return load(tmp_path, text)

    in_k = "510.0, 505.5, 319.2, 241.7"
    camera = kalibr("pinhole", "radtan", in_k, "-0.21, 0.05, 0.001, -0.0005")
    assert_projects(camera, cv2.projectPoints(points(), NO_TURN, NO_TURN, K, D[:4])[0])
    coefficients = np.array([0.01, -2e-3, 3e-4, -1e-5])
    camera = kalibr("pinhole", "equidistant", in_k, "0.01, -2e-3, 3e-4, -1e-5")
    assert_projects(camera, cv2.fisheye.projectPoints(points()[None], NO_TURN, NO_TURN, K, coefficients)[0])
    camera = kalibr("omni", "radtan", f"1.7, {in_k}", "-0.2, 0.3, 0.001, 0.002")
    assert camera == MEI(510, 505.5, 319.7, 242.2, 1.7, -0.2, 0.3, 0.001, 0.002, size=SIZE)
    for model, distortion in (("ds", "none"), ("pinhole", "fov")):
        with pytest.raises(VeloDepthError, match=f"Kalibr's {model}-{distortion} is not known"):
            kalibr(model, distortion, in_k, "0.9")


def test_one_of_several_is_named(tmp_path):
    first = KALIBR.format(
        model="pinhole", distortion="radtan", intrinsics="500, 500, 319.5, 239.5", values="0, 0, 0, 0"
    )
    text = first + first.replace("cam0:", "cam1:").replace("500, 500", "600, 600")
    with pytest.raises(VeloDepthError, match=r"several cameras, cam0, cam1; name one as FILE#cam0"):
        load(tmp_path, text)
    assert load(tmp_path, text, chosen="#cam1").fx == 600
    with pytest.raises(VeloDepthError, match="no camera cam2; choose of cam0, cam1"):
        load(tmp_path, text, chosen="#cam2")
    with pytest.raises(VeloDepthError, match="leave #cam0 out"):
        load(tmp_path, ros(), chosen="#cam0")
    lines = COLMAP.format("PINHOLE 640 480 500 500 320 240") + "2 SIMPLE_PINHOLE 320 240 250 160 120\n"
    with pytest.raises(VeloDepthError, match="several cameras, 1, 2"):
        load(tmp_path, lines, "cameras.txt")
    assert load(tmp_path, lines, "cameras.txt", "#2") == Pinhole(250, 250, 160, 120, size=(320, 240))


@pytest.mark.parametrize(
    ("line", "camera"),
    [
        ("SIMPLE_PINHOLE 640 480 500 320 240", Pinhole(500, 500, 320, 240)),
        ("PINHOLE 640 480 500 510 320 240", Pinhole(500, 510, 320, 240)),
        ("SIMPLE_RADIAL 640 480 500 320 240 -0.1", OpenCV(500, 500, 320, 240, -0.1)),
        ("RADIAL 640 480 500 320 240 -0.1 0.02", OpenCV(500, 500, 320, 240, -0.1, 0.02)),
        (
            "OPENCV 640 480 500 510 320 240 -0.1 0.02 1e-3 2e-3",
            OpenCV(500, 510, 320, 240, -0.1, 0.02, 1e-3, 2e-3),
        ),
        (
            "FULL_OPENCV 640 480 500 510 320 240 .1 .2 .01 .02 .3 .4 .5 .6",
            OpenCV(500, 510, 320, 240, 0.1, 0.2, 0.01, 0.02, 0.3, 0.4, 0.5, 0.6),
        ),
        ("OPENCV_FISHEYE 640 480 500 510 320 240 1 2 3 4", KannalaBrandt(500, 510, 320, 240, 1, 2, 3, 4)),
        ("SIMPLE_RADIAL_FISHEYE 640 480 500 320 240 1", KannalaBrandt(500, 500, 320, 240, 1)),
        ("RADIAL_FISHEYE 640 480 500 320 240 1 2", KannalaBrandt(500, 500, 320, 240, 1, 2)),
    ],
)
def test_colmap(tmp_path, line, camera):
    assert load(tmp_path, COLMAP.format(line), "cameras.txt") == dataclasses.replace(camera, size=SIZE)


@pytest.mark.parametrize("matrix", ["camera_matrix", "cameraMatrix", "K", "M1"])
def test_opencv_writes_what_we_read(tmp_path, matrix):
    """By OpenCV itself."""
    path = tmp_path / "out_camera_data.yml"
    coefficients = {"camera_matrix": "distortion_coefficients", "cameraMatrix": "distCoeffs", "M1": "D1"}
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Mon 1 Jan 2024 10:00:00 AM")
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write(matrix, K)
    storage.write(coefficients.get(matrix, "D"), D[:, None])
    storage.release()
    lines = path.read_text().splitlines(keepends=True)
    for begin in ("%YAML:1.0\n", "%YAML 1.2\n"):
        path.write_text("".join([begin, *lines[1:]]))
        assert_projects(load_camera(path), cv2.projectPoints(points(), NO_TURN, NO_TURN, K, D)[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "neither YAML nor JSON"),
        ("just words", "holds no camera"),
        ("a: 1\nb: 2\n", "holds no camera that we know"),
        (ros(values="0, x, 0, 0, 0"), "distortion_coefficients is .*numbers"),
        (ros("thin_prism", "0.1, 0.2"), "'thin_prism' of 2 numbers is not known"),
        (ros().replace("510.0, 0.0,", "0.0, 0.0,"), "not calibrated"),
        (ros().replace(", 0.0, 0.0, 1.0]\ndist", "]\ndist"), "camera_matrix has 6 numbers; give 9"),
        (COLMAP.format("FOV 640 480 500 500 320 240 0.9"), "COLMAP's model FOV is not known"),
        (COLMAP.format("PINHOLE 640 480 500 320 240"), "PINHOLE has 3 numbers; give 4"),
        ("camera_matrix: [[500, 3, 320], [0, 500, 240], [0, 0, 1]]", "skew of 3"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path, text, said):
    with pytest.raises(VeloDepthError, match=rf"camera file .*camera\.yaml: .*{said}") as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)

"""Messages as pictures and cameras, and back; what OpenCV says of them is the reference."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from velodepth.cameras import MEI, Equirectangular, KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media import ros

WIDTH, HEIGHT = 32, 24


def rgb():
    """Smooth and without symmetry, so that a Bayer mosaic of it can be interpolated."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return np.stack([40 + 160 * x, 30 + 90 * y, 200 - 80 * x * y], axis=2).astype(np.uint8)


def image(encoding, values, big=0, padding=0):
    values = np.ascontiguousarray(values)
    rows = values.reshape(values.shape[0], -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    height, width = values.shape[:2]
    data = {"is_bigendian": big, "step": rows.shape[1], "data": rows.reshape(-1)}
    return SimpleNamespace(height=height, width=width, encoding=encoding, **data)


def mosaic(pattern):
    """What a sensor with this pattern of its first two rows sees of `rgb`."""
    seen = np.empty((HEIGHT, WIDTH), np.uint8)
    for i, colour in enumerate(pattern):
        seen[i // 2 :: 2, i % 2 :: 2] = rgb()[i // 2 :: 2, i % 2 :: 2, "rgb".index(colour)]
    return seen


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize(
    ("encoding", "values"),
    [
        ("rgb8", rgb()),
        ("bgr8", rgb()[..., ::-1]),
        ("8UC3", rgb()[..., ::-1]),
        ("rgba8", np.dstack([rgb(), np.full((HEIGHT, WIDTH), 9, np.uint8)])),
        ("bgra8", np.dstack([rgb()[..., ::-1], np.full((HEIGHT, WIDTH), 9, np.uint8)])),
    ],
)
def test_colours_are_exact_also_with_padded_rows(encoding, values, padding):
    np.testing.assert_array_equal(ros.picture_of(image(encoding, values, padding=padding)), rgb())


@pytest.mark.parametrize("big", [0, 1])
def test_sixteen_bits_of_either_byte_order_become_eight(big):
    wide = (rgb().astype(np.uint16) * 257).astype(">u2" if big else "<u2")
    np.testing.assert_array_equal(ros.picture_of(image("rgb16", wide, big)), rgb())
    np.testing.assert_array_equal(ros.picture_of(image("bgr16", wide[..., ::-1], big)), rgb())


@pytest.mark.parametrize("encoding", ["mono8", "8UC1", "mono16"])
def test_grey_is_three_times_the_same(encoding):
    grey = rgb()[..., 0]
    values = (grey.astype("<u2") * 257).astype("<u2") if encoding == "mono16" else grey
    np.testing.assert_array_equal(ros.picture_of(image(encoding, values)), np.dstack([grey] * 3))


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
def test_bayer_mosaics_are_interpolated(pattern, bits):
    values = mosaic(pattern) if bits == 8 else (mosaic(pattern).astype("<u2") * 257).astype("<u2")
    picture = ros.picture_of(image(f"bayer_{pattern}{bits}", values)).astype(int)
    assert np.abs(picture - rgb())[2:-2, 2:-2].max() <= 6


@pytest.mark.parametrize(
    ("encoding", "order"), [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")]
)
def test_yuv422(encoding, order):
    r, g, b = np.moveaxis(rgb().astype(float), 2, 0)
    y = 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255  # BT.601, as cameras have it
    u = 128 + (-37.797 * r - 74.203 * g + 112 * b) / 255
    v = 128 + (112 * r - 93.786 * g - 18.214 * b) / 255
    planes = {"u": u[:, ::2], "v": v[:, ::2]}
    values = np.empty((HEIGHT, WIDTH, 2))
    values[..., order.index("y")] = y
    chroma = 1 - order.index("y")
    values[:, ::2, chroma], values[:, 1::2, chroma] = planes["u"], planes["v"]
    picture = ros.picture_of(image(encoding, values.round().astype(np.uint8))).astype(int)
    assert np.abs(picture - rgb()).max() <= 8


@pytest.mark.parametrize(
    ("format", "ending", "off"), [("jpeg", ".jpg", 6), ("rgb8; png compressed bgr8", ".png", 0)]
)
def test_compressed_images(format, ending, off):
    _, code = cv2.imencode(ending, rgb()[..., ::-1])
    picture = ros.picture_of(SimpleNamespace(format=format, data=code.reshape(-1)))
    assert np.abs(picture.astype(int) - rgb()).max() <= off


def test_an_encoding_that_is_no_picture_is_named():
    with pytest.raises(VeloDepthError, match="'32FC1', which is no picture: give one of rgb8,") as caught:
        ros.picture_of(image("32FC1", np.ones((HEIGHT, WIDTH), np.float32)))
    assert not isinstance(caught.value, ros.Damaged)


@pytest.mark.parametrize(
    "broken",
    [
        {"data": rgb().reshape(-1)[:-1]},
        {"step": 3 * WIDTH - 1},
        {"height": 0},
        {"width": 2**31},
        {"encoding": "yuv422", "width": WIDTH - 1},
    ],
)
def test_a_damaged_image_says_so(broken):
    message = image("rgb8", rgb())
    vars(message).update(broken)
    with pytest.raises(ros.Damaged, match=r"image of \d+ x \d+"):
        ros.picture_of(message)
    with pytest.raises(ros.Damaged, match="jpeg"):
        ros.picture_of(SimpleNamespace(format="jpeg", data=np.arange(99, dtype=np.uint8)))


# Cameras

K = np.array([[300.0, 0, 161.5], [0, 310.0, 118.25], [0, 0, 1]])
POINTS = np.random.default_rng(0).uniform((-1, -1, 2), (1, 1, 5), (50, 3))


def info(model="plumb_bob", d=(), **others):
    facts = {
        "width": 320,
        "height": 240,
        "distortion_model": model,
        "d": np.array(d, float),
        "k": K.reshape(-1),
        "p": np.hstack([K * [[0.9], [0.9], [1]], np.zeros((3, 1))]).reshape(-1),
        "binning_x": 0,
        "binning_y": 0,
        "roi": SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0),
    }
    return SimpleNamespace(**{**facts, **others})


@pytest.mark.parametrize(
    ("model", "d", "kind"),
    [
        ("plumb_bob", (0, 0, 0, 0, 0), Pinhole),
        ("", (), Pinhole),
        ("plumb_bob", (-0.28, 0.07, 1e-3, -2e-3, 0.01), OpenCV),
        ("plumb_bob", (-0.28, 0.07, 1e-3, -2e-3), OpenCV),
        ("rational_polynomial", (0.3, 0.02, 1e-3, 2e-3, 0.01, 0.5, 0.03, 0.002), OpenCV),
        (
            "rational_polynomial",
            (*[0.3, 0.02, 1e-3, 2e-3, 0.01, 0.5, 0.03, 0.002], 1e-3, 1e-4, 2e-3, 2e-4),
            OpenCV,
        ),
        ("rational_polynomial", (0.3, *[0.01] * 4, *[0.0] * 9), OpenCV),
    ],
)
def test_a_camera_projects_as_opencv_half_a_pixel_on(model, d, kind):
    camera = ros.camera_of(info(model, d))
    assert type(camera) is kind and camera.size == (320, 240)
    expected, _ = cv2.projectPoints(POINTS, np.zeros(3), np.zeros(3), K, np.array(d, float))
    np.testing.assert_allclose(camera.project(POINTS), expected[:, 0] + 0.5, atol=1e-6)


def test_equidistant_is_opencv_fisheye():
    d = np.array([0.01, -0.002, 3e-4, 1e-5])
    camera = ros.camera_of(info("equidistant", d))
    assert isinstance(camera, KannalaBrandt)
    expected, _ = cv2.fisheye.projectPoints(POINTS[:, None], np.zeros(3), np.zeros(3), K, d)
    np.testing.assert_allclose(camera.project(POINTS), expected[:, 0] + 0.5, atol=1e-6)
    assert isinstance(ros.camera_of(info("equidistant", np.zeros(4))), KannalaBrandt)


def test_ros_1_writes_capitals():
    ours = info("plumb_bob", (-0.28, 0.07, 0, 0, 0))
    theirs = {name.upper() if name in "kdp" else name: value for name, value in vars(ours).items()}
    assert ros.camera_of(SimpleNamespace(**theirs)) == ros.camera_of(ours)


def test_a_rectified_picture_has_the_projection_and_no_distortion():
    camera = ros.camera_of(info("plumb_bob", (-0.28, 0.07, 0, 0, 0)), rectified=True)
    assert camera == Pinhole(270, 279, 161.5 * 0.9 + 0.5, 118.25 * 0.9 + 0.5, size=(320, 240))


def test_region_of_interest_and_binning_move_the_camera():
    roi = SimpleNamespace(x_offset=40, y_offset=20, width=200, height=100)
    camera = ros.camera_of(info("plumb_bob", binning_x=2, binning_y=4, roi=roi))
    whole = ros.camera_of(info("plumb_bob"))
    expected = (whole.project(POINTS) - (40, 20)) / (2, 4)
    np.testing.assert_allclose(camera.project(POINTS), expected, atol=1e-9)


def test_zeros_are_no_camera():
    assert ros.camera_of(info(k=np.zeros(9))) is None


@pytest.mark.parametrize(("model", "d"), [("omnidirectional", (1.0, 2.0)), ("plumb_bob", [0.1] * 14)])
def test_another_distortion_is_refused(model, d):
    with pytest.raises(VeloDepthError, match=f"'{model}' of {len(d)} numbers is not known: give the camera"):
        ros.camera_of(info(model, d))


@pytest.mark.parametrize(
    "camera",
    [
        Pinhole(300, 310, 160, 120),
        OpenCV(300, 310, 160, 120, -0.28, 0.07, 1e-3, -2e-3, 0.01),
        OpenCV(300, 310, 160, 120, 0.3, 0.02, 1e-3, 2e-3, 0.01, 0.5, 0.03, 0.002),
        OpenCV(300, 310, 160, 120, k1=0.1, s1=1e-3, s4=2e-3),
        KannalaBrandt(300, 310, 160, 120, 0.01, -0.002, 3e-4, 1e-5),
    ],
)
def test_a_camera_written_is_the_camera_read(camera):
    written = SimpleNamespace(**vars(info()) | ros.camera_info_fields(camera, 320, 240))
    back = ros.camera_of(written)
    assert type(back) is type(camera) and back.size == (320, 240)
    np.testing.assert_allclose(back.project(POINTS), camera.project(POINTS), atol=1e-9)
    assert written.k[2] == written.p[2] == 159.5 and written.r.tolist() == np.eye(3).reshape(-1).tolist()


@pytest.mark.parametrize("camera", [MEI(300, 300, 160, 120, 0.9), Equirectangular.whole(320, 160)])
def test_a_camera_ros_has_no_model_for_is_not_calibrated(camera):
    fields = ros.camera_info_fields(camera, 320, 240)
    assert fields["distortion_model"] == "" and not any(fields[name].any() for name in "dkrp")


# Depth

DEPTH = np.array([[1.0, 0.0006, 65.535, 65.536], [0.0, -1.0, np.inf, np.nan]], np.float32)


def test_depth_images_and_what_they_cannot_say():
    metres, millimetres = ros.depth_fields(DEPTH), ros.millimetre_fields(DEPTH)
    assert (metres["encoding"], metres["step"], metres["height"], metres["width"]) == ("32FC1", 16, 2, 4)
    assert (millimetres["encoding"], millimetres["step"], millimetres["is_bigendian"]) == ("16UC1", 8, 0)
    unknown = [np.nan] * 4
    np.testing.assert_array_equal(metres["data"].view("<f4").reshape(2, 4), [DEPTH[0], unknown])
    assert millimetres["data"].view("<u2").tolist() == [1000, 1, 65535, 0, 0, 0, 0, 0]


def test_a_cloud_keeps_the_order_of_pixels_and_packs_colours():
    points = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    points[1, 2, 0] = np.inf
    colours = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 10
    fields = ros.cloud_fields(points, colours)
    assert (fields["height"], fields["width"], fields["point_step"], fields["row_step"]) == (2, 3, 16, 48)
    assert fields["is_dense"] is False and ros.cloud_fields(points[:1], colours[:1])["is_dense"] is True
    values = fields["data"].view("<f4").reshape(2, 3, 4)
    np.testing.assert_array_equal(values[..., :3].reshape(6, 3)[:5], points.reshape(6, 3)[:5])
    assert np.isnan(values[1, 2, :3]).all()
    packed = fields["data"].view("<u4").reshape(2, 3, 4)[..., 3]
    assert packed[0, 1] == 30 << 16 | 40 << 8 | 50
    places = {name: offset for name, offset, *_ in ros.POINT_FIELDS}
    assert places == {"x": 0, "y": 4, "z": 8, "rgb": 12}

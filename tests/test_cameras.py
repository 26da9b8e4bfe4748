"""Camera models against OpenCV, against Project Aria's own numbers, against themselves, and their files."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velodepth.cameras import (
    MEI,
    Camera,
    Equirectangular,
    Fisheye624,
    KannalaBrandt,
    OpenCV,
    Pinhole,
    fit_pinhole,
)
from velodepth.errors import VeloDepthError
from velodepth.media.camerafiles import load_camera

# (camera, width, height, degrees from the axis up to which it sees in every direction)
CAMERAS = {
    "pinhole": (Pinhole(500, 510, 320.5, 240.2), 640, 480, 89),
    "radial-tangential": (OpenCV(500, 510, 320, 240, -0.28, 0.07, 0.001, -0.002, 0.01), 640, 480, 80),
    "rational": (OpenCV(500, 510, 320, 240, 5.1, 2.3, 5e-4, -3e-4, 0.1, 5.4, 3.9, 0.6), 640, 480, 80),
    "thin prism": (OpenCV(500, 510, 320, 240, 0, 0, 0, 0, 0, 0, 0, 0, 1e-2, 2e-3, 1e-3, 2e-2), 640, 480, 55),
    "kannala_brandt": (KannalaBrandt(190, 191, 255, 257, 3e-3, 7e-4, -2e-4, 1e-5), 512, 512, 175),
    "fisheye624": (
        Fisheye624(
            122, 122, 143, 141, 0.4, -0.49, 0.17, 0.11, -0.11, 0.026, 6e-4, -2e-4, 4e-4, -1e-4, 8e-4, -2e-4
        ),
        282,
        282,
        100,
    ),
    "mei, fisheye": (MEI(500, 502, 320, 240, 1.9, -0.2, 0.5, 0.001, -5e-4), 640, 480, 115),
    "mei, parabolic mirror": (MEI(150, 150, 320, 240, 1.0, 0.01), 640, 480, 170),
    "mei, hyperbolic mirror": (MEI(150, 150, 320, 240, 0.7, 0.01, 0.0, 1e-4, 1e-4), 640, 480, 130),
    "equirectangular": (Equirectangular.whole(512, 256), 512, 256, 179.9),
}
each_camera = pytest.mark.parametrize(
    ("camera", "width", "height", "degrees"), CAMERAS.values(), ids=CAMERAS.keys()
)
distorted = pytest.mark.parametrize(
    "camera",
    [camera for camera, *_ in CAMERAS.values() if not isinstance(camera, (Pinhole, Equirectangular))],
    ids=lambda camera: camera.model,
)
NO_TURN = np.zeros(3)


def cone(degrees: float, count: int = 3000) -> np.ndarray:
    """Unit rays up to so many degrees from the axis, denser in angle towards it; the axis is among them."""
    random = np.random.default_rng(0)
    theta = np.radians(degrees) * random.random(count)
    theta[0] = 0
    phi = 2 * np.pi * random.random(count)
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)


def centres(width: int, height: int) -> np.ndarray:
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.stack([u, v], axis=-1)


def opencv_matrix(camera: Camera) -> np.ndarray:
    """OpenCV counts from the centre of the first pixel, we from its corner."""
    return np.array([[camera.fx, 0, camera.cx - 0.5], [0, camera.fy, camera.cy - 0.5], [0, 0, 1]])


def opencv_distortion(camera: OpenCV) -> np.ndarray:
    names = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6", "s1", "s2", "s3", "s4")
    return np.array([getattr(camera, name) for name in names])


# There and back


@each_camera
def test_pixels_of_the_picture_come_back(camera, width, height, degrees):
    pixels = centres(width, height)[::3, ::3]
    rays = camera.unproject(pixels)
    seen = np.isfinite(rays).all(axis=-1)
    assert seen.mean() > 0.75
    np.testing.assert_allclose(np.linalg.norm(rays[seen], axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(camera.project(rays[seen] * 7.5), pixels[seen], atol=1e-6)


@each_camera
def test_rays_come_back_over_the_whole_field_of_view(camera, width, height, degrees):
    rays = cone(degrees)
    pixels = camera.project(rays)
    assert np.isfinite(pixels).all()
    again = camera.unproject(pixels)
    np.testing.assert_allclose(again, rays, atol=1e-7)
    np.testing.assert_allclose(camera.project(again), pixels, rtol=1e-10, atol=1e-6)


small = st.floats(-1, 1)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([OpenCV, KannalaBrandt, Fisheye624, MEI]), st.lists(small, min_size=12, max_size=12))
def test_any_sane_distortion_comes_back_wherever_it_sees(kind, c):
    scales = {
        OpenCV: (0.4, 0.2, 0.005, 0.005, 0.1, 0.3, 0.2, 0.1, 0.005, 0.005, 0.005, 0.005),
        KannalaBrandt: (0.1, 0.05, 0.02, 0.01),
        Fisheye624: (0.4, 0.4, 0.2, 0.1, 0.05, 0.02, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002),
        MEI: (0.4, 0.4, 0.005, 0.005),
    }[kind]
    xi = [1 + c[11]] if kind is MEI else []
    camera = kind(300, 310, 250, 240, *xi, *(scale * x for scale, x in zip(scales, c, strict=False)))
    rays = cone(120, 500)
    pixels = camera.project(rays)
    seen = (np.abs(pixels) < 1e5).all(axis=-1)  # so not NaN, nor next to a pole of the rational model
    again = camera.unproject(pixels[seen])
    np.testing.assert_allclose(camera.project(again), pixels[seen], rtol=1e-9, atol=1e-6)
    # One to one: the same ray, not another that falls on the same pixel; at a fold it is known less well.
    np.testing.assert_allclose(again, rays[seen], atol=1e-4)
    assert seen[0]


@distorted
def test_jacobian_is_the_derivative(camera):
    plane, step = np.random.default_rng(0).uniform(-0.8, 0.8, (200, 2)), 1e-6
    jacobian = camera._distortion(plane)[1]
    for column in range(2):
        offset = step * np.eye(2)[column]
        numeric = camera._distortion(plane + offset)[0] - camera._distortion(plane - offset)[0]
        np.testing.assert_allclose(jacobian[..., column], numeric / (2 * step), atol=1e-8)


# Against others


@pytest.mark.parametrize("name", ["radial-tangential", "rational", "thin prism"])
def test_opencv_is_opencv(name):
    camera, _, _, degrees = CAMERAS[name]
    rays = cone(min(degrees, 45))
    matrix, distortion = opencv_matrix(camera), opencv_distortion(camera)
    theirs = cv2.projectPoints(rays, NO_TURN, NO_TURN, matrix, distortion)[0].reshape(-1, 2) + 0.5
    np.testing.assert_allclose(camera.project(rays), theirs, atol=1e-8)
    # Its undistortPoints takes a few fixed-point steps, hence the tolerance and the narrower cone.
    near = camera.project(cone(20))
    back = cv2.undistortPoints((near - 0.5)[:, None], matrix, distortion).reshape(-1, 2)
    ours = camera.unproject(near)
    np.testing.assert_allclose(ours[:, :2] / ours[:, 2:], back, atol=1e-4)


def test_opencv_takes_the_coefficients_as_opencv_returns_them():
    distortion = np.array([-0.28, 0.07, 0.001, -0.002, 0.01])
    assert OpenCV(500, 510, 320, 240, *distortion) == CAMERAS["radial-tangential"][0]


def test_kannala_brandt_is_opencv_fisheye():
    camera, *_ = CAMERAS["kannala_brandt"]
    rays = cone(85)
    distortion = np.array([camera.k1, camera.k2, camera.k3, camera.k4])
    matrix = opencv_matrix(camera)
    theirs = cv2.fisheye.projectPoints(rays[:, None], NO_TURN, NO_TURN, matrix, distortion)[0]
    np.testing.assert_allclose(camera.project(rays), theirs.reshape(-1, 2) + 0.5, atol=1e-8)


def mei_by_the_book(camera: MEI, point: np.ndarray) -> tuple[float, float]:
    """Mei and Rives 2007, section II, one point at a time."""
    x, y, z = point / np.linalg.norm(point)
    x, y = x / (z + camera.xi), y / (z + camera.xi)
    square = x**2 + y**2
    radial = 1 + camera.k1 * square + camera.k2 * square**2
    x_lens = x * radial + 2 * camera.p1 * x * y + camera.p2 * (square + 2 * x**2)
    y_lens = y * radial + camera.p1 * (square + 2 * y**2) + 2 * camera.p2 * x * y
    return camera.fx * x_lens + camera.cx, camera.fy * y_lens + camera.cy


@pytest.mark.parametrize("name", ["mei, fisheye", "mei, parabolic mirror", "mei, hyperbolic mirror"])
def test_mei_is_the_unified_model(name):
    camera, _, _, degrees = CAMERAS[name]
    rays = cone(degrees, 300)
    pixels = camera.project(3 * rays)
    np.testing.assert_allclose(pixels, [mei_by_the_book(camera, ray) for ray in rays], rtol=1e-11, atol=1e-8)
    if hasattr(cv2, "omnidir"):  # only in contrib builds of OpenCV
        distortion = np.array([[camera.k1, camera.k2, camera.p1, camera.p2]])
        theirs = cv2.omnidir.projectPoints(
            rays[:, None], NO_TURN, NO_TURN, opencv_matrix(camera), camera.xi, distortion
        )[0]
        np.testing.assert_allclose(pixels, theirs.reshape(-1, 2) + 0.5, rtol=1e-11, atol=1e-8)


def test_mei_without_xi_is_opencv():
    rays = cone(60)
    mei, opencv = (
        MEI(500, 510, 320, 240, 0, -0.2, 0.1, 1e-3, -2e-3),
        OpenCV(500, 510, 320, 240, -0.2, 0.1, 1e-3, -2e-3),
    )
    np.testing.assert_allclose(mei.project(rays), opencv.project(rays), atol=1e-9)


def test_fisheye624_is_arias():
    """Pixels of projectaria-tools 2.3.0, CameraProjection(FISHEYE624), plus 0.5: its first centre is at 0."""
    coefficients = (0.4, -0.49, 0.17, 0.11, -0.11, 0.026, 6e-4, -2e-4, 4e-4, -1e-4, 8e-4, -2e-4)
    camera = Fisheye624(610, 610, 713.5 + 0.5, 702.5 + 0.5, *coefficients)
    points = [(0.3, -0.2, 1.0), (2.0, 1.0, 1.0), (-1.0, 0.5, 0.1)]
    arias = [
        (897.0284755220487, 581.0785789687745),
        (1403.2791049924983, 1047.5055266874162),
        (-229.71561913632922, 1175.4951038247848),
    ]
    np.testing.assert_allclose(camera.project(points), arias, atol=1e-9)


def test_fisheye624_without_decentering_is_kannala_brandt():
    rays = cone(150)
    radial = (0.01, -0.002, 0.0003, -0.00002)
    aria, kannala_brandt = Fisheye624(200, 201, 255, 256, *radial), KannalaBrandt(200, 201, 255, 256, *radial)
    np.testing.assert_allclose(aria.project(rays), kannala_brandt.project(rays), atol=1e-9)


def test_equirectangular_is_longitude_and_latitude():
    camera = Equirectangular.whole(400, 200)
    points = [(0, 0, 2), (3, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 1, 1), (1e-9, 0, -1)]
    pixels = [(200, 100), (300, 100), (100, 100), (200, 200), (200, 0), (200, 150), (400, 100)]
    np.testing.assert_allclose(camera.project(points), pixels, atol=1e-6)


def test_the_axis_meets_the_principal_point():
    for camera, *_ in CAMERAS.values():
        np.testing.assert_allclose(camera.project([0, 0, 5.0]), (camera.cx, camera.cy), atol=1e-9)
        np.testing.assert_allclose(camera.unproject([camera.cx, camera.cy]), (0, 0, 1), atol=1e-12)


# Where a model ends


def test_behind_a_pinhole_is_nan():
    assert np.isnan(Pinhole(500, 500, 320, 240).project([[0, 0, -1], [1, 0, 0], [0, 0, 0]])).all()


@each_camera
def test_no_direction_is_nan(camera, width, height, degrees):
    for nothing in ([0, 0, 0], [np.nan, 0, 1], [0, np.nan, 1], [0, 0, np.nan]):
        assert np.isnan(camera.project(nothing)).all()
    assert np.isnan(camera.unproject([np.nan, 3])).all()


def test_barrel_distortion_ends_at_its_fold():
    """r (1 - 0.3 r^2) rises until r^2 = 1 / 0.9; beyond, OpenCV shows ghosts inside the picture."""
    camera = OpenCV(500, 500, 320, 240, -0.3)
    fold = math.sqrt(1 / 0.9)
    edge = 500 * fold * (1 - 0.3 * fold**2)
    inside, outside = camera.project([[0.9999 * fold, 0, 1], [1.0001 * fold, 0, 1]])
    assert inside[0] == pytest.approx(320 + edge, abs=1e-3)
    assert np.isnan(outside).all()
    rays = camera.unproject([[320 + edge - 1e-3, 240], [320 + edge + 1e-3, 240]])
    assert rays[0, 0] / rays[0, 2] == pytest.approx(fold, rel=1e-2)
    assert np.isnan(rays[1]).all()


def test_fisheye_polynomial_ends_at_its_fold():
    """theta (1 - 0.1 theta^2) rises until theta^2 = 1 / 0.3."""
    camera = KannalaBrandt(200, 200, 300, 300, -0.1)
    fold = math.sqrt(1 / 0.3)
    theta = np.array([0.999 * fold, 1.001 * fold])
    pixels = camera.project(np.stack([np.zeros(2), np.sin(theta), np.cos(theta)], axis=-1))
    assert np.isfinite(pixels[0]).all()
    assert np.isnan(pixels[1]).all()
    assert np.isnan(camera.unproject([300 + 200 * 1.3, 300])).all()  # the image circle has radius 1.217 f


def test_fisheye_ends_straight_behind():
    camera = KannalaBrandt(100, 100, 0, 0)
    np.testing.assert_allclose(camera.unproject([99.9 * math.pi, 0])[2], -1, atol=1e-4)
    assert np.isnan(camera.unproject([100.1 * math.pi, 0])).all()


def test_rational_model_ends_at_its_pole():
    """1 + k4 r^2 is 0 at r = 3.08; the lens plane reaches infinity there."""
    camera = OpenCV(300, 310, 250, 240, -0.0902579540742396, 0.15238250028910377, k4=-0.10514685173848812)
    rays = cone(69)
    np.testing.assert_allclose(camera.unproject(camera.project(rays)), rays, atol=1e-7)
    assert np.isnan(camera.project([3.1, 0, 1])).all()


def test_rational_model_ends_at_a_narrow_pole():
    """(1 - r^2 / 4.001) / (1 - r^2 / 4) is all but 1 on either side of r = 2, and infinite there."""
    camera = OpenCV(300, 300, 0, 0, k1=-1 / 4.001, k4=-1 / 4)
    assert np.isfinite(camera.project([1.9, 0, 1])).all()
    assert np.isnan(camera.project([2.1, 0, 1])).all()


def test_pixels_just_inside_a_fold_come_back():
    """Plain Newton steps leap over the fold here."""
    radial = (0.38107308517455496, 0.0, -0.15762875758490577, -0.08002183997473473, 0.01602380133108825)
    camera = Fisheye624(300, 310, 250, 240, *radial, 0.010524455826446583, s1=0.0006688017470526617)
    pixel = (578.90456924, 91.24218149)
    np.testing.assert_allclose(camera.project(camera.unproject(pixel)), pixel, atol=1e-6)


def test_strong_decentering_ends_where_it_folds():
    """x + 0.1 (3 x^2 + y^2) falls for x < -5/3; there the model would show the other side a second time."""
    camera = OpenCV(100, 100, 0, 0, p2=0.1)
    assert np.isfinite(camera.project([-1.6, 0, 1])).all()
    assert np.isnan(camera.project([-1.7, 0, 1])).all()


def test_unified_sphere_ends_where_it_folds():
    """For xi > 1 at cos(theta) = -1/xi, which falls at 1 / sqrt(xi^2 - 1) of the plane."""
    camera = MEI(100, 100, 0, 0, 2.0)
    theta = np.array([0.999, 1.001]) * math.acos(-0.5)
    pixels = camera.project(np.stack([np.sin(theta), np.zeros(2), np.cos(theta)], axis=-1))
    assert pixels[0, 0] == pytest.approx(100 / math.sqrt(3), rel=1e-5)
    assert np.isnan(pixels[1]).all()
    assert np.isnan(camera.unproject([100 / math.sqrt(3) + 0.01, 0])).all()


def test_a_panorama_ends_at_its_seam_and_poles():
    camera = Equirectangular.whole(400, 200)
    assert np.isnan(camera.unproject([[-0.01, 100], [400.01, 100], [200, -0.01], [200, 200.01]])).all()
    assert np.isfinite(camera.unproject([[0, 0], [400, 200]])).all()


# Ray maps


@each_camera
def test_ray_map_goes_through_pixel_centres(camera, width, height, degrees):
    camera, width, height = camera.moved(0.25, 0.25), width // 4, height // 4
    rays = camera.rays(width, height)
    assert rays.shape == (height, width, 3)
    assert rays.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, atol=1e-6)
    exact = camera.unproject(centres(width, height))
    seen = np.isfinite(exact).all(axis=-1)
    np.testing.assert_allclose(rays[seen], exact[seen], atol=1e-7)


def test_ray_map_outside_the_image_circle_takes_the_nearest_ray():
    camera = KannalaBrandt(30, 30, 40, 30, -0.1)
    rays, pixels = camera.rays(80, 60), centres(80, 60)
    seen = np.isfinite(camera.unproject(pixels)).all(axis=-1)
    assert 0.5 < seen.mean() < 0.9
    shown = camera.project(rays[~seen])  # where the ray that was taken belongs
    taken = np.linalg.norm(shown - pixels[~seen], axis=-1)
    differences = pixels[~seen][:, None] - pixels[seen][None]
    nearest = np.linalg.norm(differences, axis=-1).min(axis=1)
    np.testing.assert_allclose(taken, nearest, rtol=0.03, atol=0.05)


def test_ray_map_above_the_pole_of_a_padded_panorama():
    camera = Equirectangular.whole(64, 32)
    padded = camera.moved(1, 1, 0, 5).rays(64, 42)
    inside = camera.rays(64, 32)
    np.testing.assert_allclose(padded[5:37], inside, atol=1e-7)
    np.testing.assert_allclose(padded[:5], np.broadcast_to(inside[0], (5, 64, 3)), atol=1e-7)
    np.testing.assert_allclose(padded[37:], np.broadcast_to(inside[-1], (5, 64, 3)), atol=1e-7)


@pytest.mark.parametrize(
    "camera",
    [OpenCV(60, 60, 32, 24, k3=1e99), OpenCV(60, 60, 32, 24, s1=1e90), Equirectangular(60, 1e50, 32, 24)],
)
def test_a_lens_that_leaves_nothing_of_the_picture_is_refused(camera):
    with pytest.raises(VeloDepthError, match=rf"{camera.model} camera sees 0 degrees in .*64x48"):
        camera.for_picture(64, 48)


def test_ray_map_of_a_camera_that_sees_nothing_is_refused():
    with pytest.raises(VeloDepthError, match="sees nothing in a picture of 20x10"):
        KannalaBrandt(10, 10, -500, 0, -0.1).rays(20, 10)


# Moving with the picture


@each_camera
def test_moved_is_the_same_lens(camera, width, height, degrees):
    scale, shift = np.array([0.37, 1.9]), np.array([12.25, -40.0])
    moved = camera.moved(*scale, *shift)
    rays = cone(degrees)
    np.testing.assert_allclose(
        moved.project(rays), scale * (camera.project(rays) + shift), rtol=1e-12, atol=1e-9
    )
    pixels = centres(width, height)[::7, ::7]
    np.testing.assert_allclose(moved.unproject(scale * (pixels + shift)), camera.unproject(pixels), atol=1e-9)
    assert type(moved) is type(camera)
    assert moved.size is None


def test_moved_by_nothing_is_itself():
    for camera, *_ in CAMERAS.values():
        assert camera.moved(1, 1) == dataclasses.replace(camera, size=None)


@pytest.mark.parametrize("scale", [0, -1, math.nan, math.inf])
def test_moved_refuses_a_senseless_scale(scale):
    with pytest.raises(VeloDepthError, match="fx"):
        Pinhole(500, 500, 320, 240).moved(scale, 1)


def test_for_picture_scales_within_the_aspect():
    camera = Pinhole(1000, 1010, 960, 540, size=(1920, 1080))
    assert camera.for_picture(1920, 1080) is camera
    assert camera.for_picture(960, 540) == Pinhole(500, 505, 480, 270, size=(960, 540))
    odd = camera.for_picture(854, 480)  # 853.33 rounded by whoever scaled the video
    assert odd.fx == pytest.approx(1000 * 854 / 1920)
    assert odd.size == (854, 480)


@pytest.mark.parametrize("size", [(1080, 1920), (1440, 1080), (1920, 1088), (857, 480)])
def test_for_picture_refuses_another_aspect(size):
    camera = Pinhole(1000, 1010, 960, 540, size=(1920, 1080))
    with pytest.raises(VeloDepthError, match=f"1920x1080.*{size[0]}x{size[1]}"):
        camera.for_picture(*size)


def test_for_picture_takes_a_camera_without_size_as_given():
    camera = Pinhole(1000, 1010, 960, 540)
    assert camera.for_picture(1333, 777) is camera


# Constructors


@pytest.mark.parametrize("value", [math.nan, -math.inf, "500", None, True, 10**400, 1e200, 1j])
def test_a_parameter_must_be_a_finite_number(value):
    with pytest.raises(VeloDepthError, match="cx of a pinhole camera"):
        Pinhole(500, 500, value, 240)


@pytest.mark.parametrize("value", [0, -500])
def test_a_focal_length_must_be_positive(value):
    with pytest.raises(VeloDepthError, match="fy of a kannala_brandt camera"):
        KannalaBrandt(500, value, 320, 240)


@pytest.mark.parametrize("size", [(640,), (640, 0), (640.5, 480), ("640", "480"), 640, (True, 480)])
def test_a_size_must_be_two_positive_integers(size):
    with pytest.raises(VeloDepthError, match="width and height of a pinhole camera"):
        Pinhole(500, 500, 320, 240, size=size)


def test_a_mirror_parameter_must_not_be_negative():
    with pytest.raises(VeloDepthError, match="xi of a mei camera"):
        MEI(500, 500, 320, 240, -0.1)


def test_numpy_numbers_are_numbers(tmp_path):
    matrix = np.array([[500, 0, 320], [0, 510, 240], [0, 0, 1]], np.float32)
    camera = Pinhole(matrix[0, 0], matrix[1, 1], np.int64(320), 240, size=(np.int64(640), 480))
    assert camera == Pinhole(500, 510, 320, 240, size=(640, 480))
    camera.save(tmp_path / "camera.json")
    assert load_camera(tmp_path / "camera.json") == camera


def test_points_and_pixels_must_have_their_shape():
    camera = Pinhole(500, 500, 320, 240)
    with pytest.raises(VeloDepthError, match="points have shape"):
        camera.project([[1.0, 2.0]])
    with pytest.raises(VeloDepthError, match="pixels have shape"):
        camera.unproject(3.0)


# Files


@each_camera
def test_files_come_back_exactly(camera, width, height, degrees, tmp_path):
    path = tmp_path / "camera.json"
    for each in (camera.moved(1 / 3, 1 / 7), dataclasses.replace(camera, size=(width, height))):
        each.save(path)
        assert load_camera(path) == each
        assert Camera.from_dict(each.to_dict()) == each
    assert [file.name for file in tmp_path.iterdir()] == ["camera.json"]


def test_a_file_by_hand_may_leave_out_coefficients_and_size(tmp_path):
    path = tmp_path / "camera.json"
    path.write_bytes(
        b'\xef\xbb\xbf{"model": "opencv", "fx": 500, "fy": 500, "cx": 320, "cy": 240, "k1": -0.1}'
    )
    assert load_camera(str(path)) == OpenCV(500, 500, 320, 240, -0.1)


GOOD = {"model": "pinhole", "fx": 500, "fy": 500, "cx": 320, "cy": 240, "width": 640, "height": 480}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("", "holds no camera"),
        (b"\xff\xfe\x00", "not text"),
        ("[" * 100_000, "neither YAML nor JSON"),
        ("[1, 2]", "holds no camera"),
        ("null", "holds no camera"),
        ({**GOOD, "model": "fisheye"}, "model is 'fisheye'.*kannala_brandt"),
        ({**GOOD, "model": ["pinhole"]}, "model is"),
        ({k: v for k, v in GOOD.items() if k != "model"}, "model is None"),
        ({k: v for k, v in GOOD.items() if k != "cy"}, "cy of model pinhole is missing"),
        ({**GOOD, "model": "mei"}, "xi of model mei is missing"),
        ({**GOOD, "k1": 0.1}, "k1 is no parameter of model pinhole"),
        ({**GOOD, "size": [640, 480]}, "size is no parameter"),
        ({**GOOD, "fx": "500"}, "fx of a pinhole camera is '500'"),
        ({**GOOD, "cx": math.nan}, "cx of a pinhole camera is nan"),
        ({**GOOD, "height": 0}, "width and height"),
        ({k: v for k, v in GOOD.items() if k != "width"}, "only one of width and height"),
    ],
)
def test_a_bad_file_is_named_with_its_field(content, said, tmp_path):
    path = tmp_path / "bad_camera.json"
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(VeloDepthError, match=f"bad_camera.json.*{said}") as raised:
        load_camera(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(VeloDepthError, match=r"nothing.json.*No such file"):
        load_camera(tmp_path / "nothing.json")
    with pytest.raises(VeloDepthError, match="cannot read camera file"):
        load_camera(tmp_path)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(VeloDepthError, match="cannot write camera file"):
        Pinhole(500, 500, 320, 240).save(tmp_path / "nowhere" / "camera.json")


# Against the picture


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (Pinhole(0.84, 1.5, 0.5, 0.5), "shares of the picture"),
        (Pinhole(0.84, 1.5, 320, 180), r"17\d\.\d degrees wide; these look like shares"),
        (Pinhole(540, 540, 320, 400), "of 640x360 put its centre outside; .*another size"),
        (Pinhole(540, 540, 900, 180), "centre outside"),
        (Pinhole(540, 540, -1, 180), "centre outside"),
        (Pinhole(12_000, 12_000, 320, 180), r"3\.1 degrees wide; .*another size"),
        (OpenCV(10, 10, 320, 180, -0.1), r"17\d\.\d degrees wide; .*another size"),
        (KannalaBrandt(200, 200, 700, 180), "centre outside"),
        (Pinhole(540, 540, 1920, 1080, size=(1280, 720)), "centre outside"),
    ],
)
def test_numbers_that_cannot_be_meant_are_named(camera, said):
    with pytest.raises(VeloDepthError, match=said):
        camera.for_picture(640, 360)


def test_unusual_cameras_are_taken():
    for camera in (
        Pinhole(7000, 7000, 320, 180),  # 5.2 degrees
        Pinhole(16, 16, 320, 180),  # 174
        Pinhole(540, 540, 640, 0),  # the centre in a corner
        KannalaBrandt(100, 100, 320, 180),  # wider than a half-space
        Equirectangular(500, 500, 900, -100),  # a part of a panorama
    ):
        assert camera.for_picture(640, 360) == camera


# Fitting a pinhole


def test_fit_is_exact_on_a_pinhole():
    camera = Pinhole(310, 290, 170.25, 95.5, size=(320, 180))
    fitted = fit_pinhole(camera.rays(320, 180))
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(fitted, name) == pytest.approx(getattr(camera, name), rel=1e-5)
    assert fitted.size == (320, 180)


def test_fit_ignores_what_no_pinhole_sees():
    camera = Pinhole(100, 100, 160, 90)
    rays = camera.rays(320, 180)
    rays[:, :40] = (0, 0, -1)
    rays[:, 300:] = np.nan
    rays[:20] = (1, 0, 0.04)
    fitted = fit_pinhole(rays)
    assert (fitted.fx, fitted.fy, fitted.cx, fitted.cy) == pytest.approx((100, 100, 160, 90), rel=1e-5)


def test_fit_is_not_biased_by_noise_at_wide_angles():
    """Rays at 80 degrees are 33 times as noisy in x/z as on the axis: without weights fx is off by far."""
    camera = Pinhole(30, 30, 160, 90)
    rays = camera.rays(320, 180) + np.random.default_rng(0).normal(0, 0.01, (180, 320, 3))
    fitted = fit_pinhole(rays / np.linalg.norm(rays, axis=-1, keepdims=True))
    assert (fitted.fx, fitted.fy, fitted.cx, fitted.cy) == pytest.approx((30, 30, 160, 90), rel=0.01)


def test_fit_of_a_panorama_looks_along_its_axis():
    fitted = fit_pinhole(Equirectangular.whole(128, 64).rays(128, 64))
    assert fitted.cx == pytest.approx(64, abs=0.01)
    assert fitted.cy == pytest.approx(32, abs=0.01)


@pytest.mark.parametrize(
    "rays",
    [
        np.full((4, 4, 3), np.nan),
        np.broadcast_to((0.0, 0.0, -1.0), (4, 4, 3)),
        np.broadcast_to((0.0, 0.0, 1.0), (4, 4, 3)),
        Pinhole(5, 5, 2, 2).rays(4, 4)[:, ::-1],
        Pinhole(5, 5, 2, 2).rays(4, 1),
        np.zeros((0, 0, 3)),
    ],
    ids=["nan", "backwards", "parallel", "mirrored", "one row", "empty"],
)
def test_fit_refuses_rays_of_no_pinhole(rays):
    with pytest.raises(VeloDepthError, match="no pinhole fits"):
        fit_pinhole(rays)


@pytest.mark.parametrize("shape", [(4, 3), (4, 4, 2)])
def test_fit_refuses_another_shape(shape):
    with pytest.raises(VeloDepthError, match="rays have shape"):
        fit_pinhole(np.zeros(shape))


# The documentation


def test_every_file_in_the_documentation_loads(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "cameras.md").read_text(encoding="utf-8")
    examples = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    for example in examples:
        (tmp_path / "camera.json").write_text(example)
        camera = load_camera(tmp_path / "camera.json")
        assert camera.to_dict().items() >= json.loads(example).items()
    assert len(examples) == 6

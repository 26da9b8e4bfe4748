"""The canvas: its size, what is on it, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth.stream.canvas import IMAGENET_MEAN, IMAGENET_STD, Canvas, CanvasSpec, to_uint8

LARGE = CanvasSpec(200_000, 600_000, 14)
NANO = CanvasSpec(49_152, 49_152, 32, rounding="nearest")


def picture(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "level", "expected"),
    [
        ((640, 360), 0, (644, 364)),  # inside level 0's 200 000 to 240 000 pixels: only rounded up
        ((320, 180), 0, (602, 336)),  # enlarged to 200 000 pixels: 596.3 x 335.4
        ((1920, 1080), 0, (658, 378)),  # shrunk to 240 000: 653.2 x 367.4
        ((1920, 1080), 9, (1036, 588)),  # to 600 000: 1032.8 x 580.9
        ((1920, 1080), None, (1036, 588)),  # the whole budget ends there, too
        ((320, 180), None, (602, 336)),
    ],
)
def test_large_canvas(size, level, expected):
    canvas = Canvas.of(*size, CanvasSpec(200_000, 600_000, 14, level=level))
    assert (canvas.width, canvas.height) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [((640, 480), (256, 192)), ((480, 640), (192, 256)), ((1920, 1080), (288, 160))]
)
def test_nano_canvas_has_one_size(size, expected):
    canvas = Canvas.of(*size, NANO)
    assert (canvas.width, canvas.height) == expected


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([LARGE, NANO]))
def test_any_picture_gets_a_canvas(width, height, spec):
    canvas = Canvas.of(width, height, spec)
    assert canvas.width % spec.multiple == canvas.height % spec.multiple == 0
    assert canvas.width > 0 and canvas.height > 0
    assert min(canvas.left, canvas.top, canvas.right, canvas.bottom) >= 0
    assert canvas.right - canvas.left in (0, 1) and canvas.bottom - canvas.top in (0, 1)


def test_wide_pictures_are_padded_above_and_below():
    canvas = Canvas.of(400, 125, LARGE)
    assert (canvas.left, canvas.top, canvas.right, canvas.bottom) == (0, 17, 0, 18)
    assert canvas.padded_width / canvas.padded_height == 2.5
    filled = canvas.fill(np.full((125, 400, 3), 255, np.uint8))
    scale = canvas.height / canvas.padded_height
    assert (filled[:, : int(17 * scale) - 1] == 0).all() and (filled[:, -int(18 * scale) + 1 :] == 0).all()
    assert (filled[:, canvas.height // 2] > 1).all()


def test_tall_pictures_are_padded_left_and_right():
    canvas = Canvas.of(110, 260, LARGE)
    assert (canvas.left, canvas.top, canvas.right, canvas.bottom) == (10, 0, 10, 0)


def test_normalisation():
    canvas = Canvas.of(640, 480, NANO)
    grey = np.full((480, 640, 3), (10, 100, 250), np.uint8)
    filled = canvas.fill(grey)
    assert filled.dtype == np.float32 and filled.shape == (3, 192, 256) and filled.flags.c_contiguous
    expected = (np.array((10, 100, 250)) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    np.testing.assert_allclose(filled, np.broadcast_to(expected[:, None, None], filled.shape), rtol=1e-5)


@pytest.mark.parametrize("size", [(320, 180), (641, 333), (400, 125), (110, 260), (1500, 1000)])
def test_resizing_is_that_of_pytorch_to_the_bit(size):
    torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
    canvas, pixels = Canvas.of(*size, CanvasSpec(20_000, 60_000, 14)), picture(*size)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
    mean, std = (torch.from_numpy(each)[:, None, None] for each in (IMAGENET_MEAN, IMAGENET_STD))
    tensor = (tensor - mean) / std
    padded = torch.nn.functional.pad(tensor, (canvas.left, canvas.right, canvas.top, canvas.bottom))
    size = canvas.height, canvas.width
    (expected,) = torch.nn.functional.interpolate(padded[None], size, mode="bilinear")
    np.testing.assert_allclose(canvas.fill(pixels), expected.numpy(), rtol=0, atol=1e-6)


def test_smooth_averages_what_shrinks():
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    spec = CanvasSpec(3072, 3072, 32, rounding="nearest", smooth=True)
    canvas = Canvas.of(640, 480, spec)
    assert (canvas.width, canvas.height) == (64, 64) or canvas.width * canvas.height <= 4096
    assert np.ptp(to_uint8(canvas.fill(stripes))) < 30


def test_to_uint8_undoes_the_normalisation():
    canvas = Canvas.of(256, 192, NANO)  # the picture's own size: nothing is resized
    pixels = picture(256, 192)
    back = to_uint8(canvas.fill(pixels))
    assert back.dtype == np.uint8 and back.shape == pixels.shape
    assert np.abs(back.astype(int) - pixels).max() <= 1  # truncated, as published


@pytest.mark.parametrize("size", [(640, 480), (400, 125), (110, 260)])
def test_camera_sees_the_same_ray_at_the_same_content(size):
    canvas = Canvas.of(*size, LARGE)
    camera = Pinhole(300.0, 310.0, size[0] / 2 + 3, size[1] / 2 - 5)
    point = np.array([0.1, -0.05, 1.0])
    u, v = camera.project(point)
    on_canvas = canvas.camera(camera).project(point)
    np.testing.assert_allclose(
        on_canvas,
        [
            (u + canvas.left) * canvas.width / canvas.padded_width,
            (v + canvas.top) * canvas.height / canvas.padded_height,
        ],
    )


@pytest.mark.parametrize("size", [(640, 360), (400, 125), (110, 260)])
def test_restore_puts_every_pixel_back(size):
    """A map of canvas positions, restored, says where each picture pixel's centre lies on the canvas."""
    canvas = Canvas.of(*size, LARGE)
    x, y = np.meshgrid(np.arange(canvas.width) + 0.5, np.arange(canvas.height) + 0.5)
    restored = canvas.restore(np.stack([x, y, x * 0 + 7], -1).astype(np.float32))
    assert restored.shape == (size[1], size[0], 3) and restored.dtype == np.float32
    u, v = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    inner = (slice(3, -3), slice(3, -3))  # at the rim, bilinear resizing repeats the last cell
    expected_x = (u + canvas.left) * canvas.width / canvas.padded_width
    expected_y = (v + canvas.top) * canvas.height / canvas.padded_height
    np.testing.assert_allclose(restored[..., 0][inner], expected_x[inner], atol=0.02)
    np.testing.assert_allclose(restored[..., 1][inner], expected_y[inner], atol=0.02)
    assert (restored[..., 2] == 7).all()
    assert canvas.restore(np.ones((canvas.height, canvas.width), np.float32)).shape == (size[1], size[0])


def test_another_picture_is_refused():
    canvas = Canvas.of(64, 48, NANO)
    with pytest.raises(VeloDepthError, match=r"uint8 \(48, 65, 3\): give uint8 \(48, 64, 3\)"):
        canvas.fill(picture(65, 48))
    with pytest.raises(VeloDepthError, match="float32"):
        canvas.fill(np.zeros((48, 64, 3), np.float32))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"min_pixels": 2, "max_pixels": 1}, "budget"),
        ({"multiple": 0}, "multiple"),
        ({"min_ratio": 1.5}, "ratio"),
        ({"level": 10}, "0 to 9"),
        ({"rounding": "down"}, "'down'"),
    ],
)
def test_a_wrong_spec_is_refused(fields, words):
    with pytest.raises(VeloDepthError, match=words):
        CanvasSpec(**{"min_pixels": 1000, "max_pixels": 2000, "multiple": 14, **fields})


def test_an_empty_picture_is_refused():
    with pytest.raises(VeloDepthError, match="0 x 5"):
        Canvas.of(0, 5, NANO)

"""What `open_source` takes, what it refuses, and pictures that are arrays already."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import weakref
from pathlib import Path

import cv2
import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media.arrays import as_picture, as_time
from velodepth.media.reading import SourceFrame, open_source


def pictures(count, size=(24, 20)):
    return list(np.random.default_rng(0).integers(0, 256, (count, size[1], size[0], 3), np.uint8))


# ---- iterables -----------------------------------------------------------------------------------------


def test_a_generator_is_read_lazily_with_times_from_the_rate():
    asked = []

    def generate():
        for index, picture in enumerate(pictures(4)):
            asked.append(index)
            yield picture

    source = open_source(generate(), frame_rate=10)
    assert (source.frame_rate, source.length, source.live) == (10, None, False)
    assert asked == []
    for frame, expected in zip(source, pictures(4), strict=True):
        assert isinstance(frame, SourceFrame)
        assert asked[-1] == frame.index
        assert frame.time == pytest.approx(frame.index / 10)
        np.testing.assert_array_equal(frame.picture, expected)


@pytest.mark.parametrize("make", [list, tuple, np.stack])
def test_a_list_and_an_array_of_pictures_know_their_length(make):
    source = open_source(make(pictures(5)))
    assert source.length == 5
    assert source.frame_rate == 30
    np.testing.assert_array_equal([frame.picture for frame in source], pictures(5))


def test_a_buffer_that_is_filled_again_does_not_change_earlier_frames():
    buffer = np.zeros((16, 16, 3), np.uint8)

    def generate():
        for value in (10, 20):
            buffer[:] = value
            yield buffer

    assert [int(frame.picture[0, 0, 0]) for frame in list(open_source(generate()))] == [10, 20]


def test_nothing_is_held_back():
    held = []
    for frame in open_source(picture for picture in pictures(6)):
        held.append(weakref.ref(frame.picture))
        gc.collect()
        alive = sum(picture() is not None for picture in held)
        assert alive <= 2  # this one and, until it is bound, the last


def test_a_source_is_read_once():
    source = open_source(pictures(2))
    assert len(list(source)) == 2
    with pytest.raises(VeloDepthError, match="open it again"):
        next(iter(source))


def test_closing_ends_a_loop():
    source = open_source(pictures(3))
    seen = []
    for frame in source:
        seen.append(frame.index)
        source.close()
    assert seen == [0]


def test_a_source_is_a_source():
    source = open_source(pictures(1))
    assert open_source(source) is source


# ---- what is refused, in one sentence --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ([], "list of pictures holds no frames"),
        ((picture for picture in ()), "generator of pictures holds no frames"),
        ([np.zeros((20, 20, 3), np.uint8), np.zeros((20, 8, 3), np.uint8)], "frame 1 .* 8 x 20 .* 16 x 16"),
        ([np.zeros((20, 20, 3), np.int32)], r"frame 0 .*\(20, 20, 3\) and dtype int32"),
        ([None], "frame 0 .*object"),
        (["a.png", np.zeros((20, 20, 3), np.uint8)], "frame 0 .* is not a picture"),
        (np.zeros((20, 20, 3), np.uint8), r"\(20, 20, 3\) is not a video"),
        (None, "a NoneType is not a source"),
        (1.5, "a float is not a source"),
        (True, "a bool is not a source"),
        (b"street.mp4", "a bytes is not a source"),
        ({"a": 1}, "a dict is not a source"),
        ("no/such/street.mp4", "there is no .*street.mp4"),
        (Path("no/such/street.mp4"), "there is no .*street.mp4"),
        (r"C:\videos\street.mp4", r"there is no .*street.mp4"),
        ("", "there is no"),
        ("no/such/*.png", r"no images in .*\*.png"),
        (["no/such/a.png"], "no image file .*a.png"),
        ("7", "camera 7 is not there"),
        (7, "camera 7 is not there"),
        (-1, "no camera -1"),
        ("nosuch://host/x", "nosuch://host/x cannot be read"),
    ],
)
def test_bad_sources_are_refused(source, says):
    with pytest.raises(VeloDepthError, match=says) as caught:
        list(open_source(source))
    assert "\n" not in str(caught.value)


def test_pictures_of_another_size_end_it_with_a_warning():
    sizes = [np.zeros((20, 20, 3), np.uint8), np.zeros((20, 30, 3), np.uint8)]
    with pytest.warns(MediaWarning, match="frame 1 of list of pictures is 30 x 20 .* 20 x 20"):
        assert len(list(open_source(sizes))) == 1


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_frame_rate_is_above_zero(rate):
    with pytest.raises(VeloDepthError, match="frame_rate"):
        open_source([], frame_rate=rate)


@pytest.mark.parametrize(
    ("source", "size"), [("street.mp4", (64, 48)), ("-", (64,)), ("-", (64, 0)), ([], (1, 1))]
)
def test_a_raw_size_is_for_standard_input(source, size):
    with pytest.raises(VeloDepthError, match="raw_size"):
        open_source(source, raw_size=size)


def test_a_path_object_is_never_a_camera():
    with pytest.raises(VeloDepthError, match="there is no '7'"):
        open_source(Path("7"))


def test_a_camera_gives_frames_until_it_stops(tmp_path):
    # OpenCV reads a file through the same calls as a camera, and its end is a camera that was unplugged.
    from velodepth.media.capture import CameraDevice

    path = str(tmp_path / "camera.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), (250, 120, 10), np.uint8))  # BGR
    writer.release()
    source = CameraDevice(path)
    assert source.live and source.length is None
    with pytest.warns(MediaWarning, match="stopped after 3 frames"):
        frames = list(source)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].time == 0 < frames[1].time < frames[2].time
    np.testing.assert_allclose(frames[0].picture[24, 32], (10, 120, 250), atol=4)
    assert not source._capture.isOpened()


# ---- as_picture ------------------------------------------------------------------------------------------

FEW = settings(max_examples=40, deadline=None)
SIDES = some.integers(16, 20)
SHAPES = some.tuples(SIDES, SIDES) | some.tuples(SIDES, SIDES, some.sampled_from([1, 3, 4]))


def colours(array):
    """(H, W, 3) of what the array means, in its own values."""
    array = array[..., None] if array.ndim == 2 else array
    return np.broadcast_to(array[..., :3], (*array.shape[:2], 3))


@FEW
@given(arrays_of.arrays(np.uint8, SHAPES), some.booleans(), some.booleans())
def test_uint8_stays_as_it_is(array, strided, flipped):
    array = np.repeat(array, 2, axis=1)[:, ::2] if strided else array
    array = array[::-1] if flipped else array
    picture = as_picture(array)
    assert picture.dtype == np.uint8 and picture.flags.c_contiguous and picture.flags.writeable
    assert not np.shares_memory(picture, array)
    np.testing.assert_array_equal(picture, colours(array))


@FEW
@given(arrays_of.arrays(np.uint8, SHAPES), some.sampled_from(["<f2", "<f4", "<f8", ">f4"]))
def test_floats_in_0_1_are_rounded(array, dtype):
    np.testing.assert_array_equal(as_picture((array / 255).astype(dtype)), colours(array))


@FEW
@given(arrays_of.arrays(np.uint16, SHAPES), some.sampled_from(["<u2", ">u2"]))
def test_uint16_is_scaled_and_rounded(array, dtype):
    np.testing.assert_array_equal(as_picture(array.astype(dtype)), np.rint(colours(array) / 257))


@FEW
@given(
    arrays_of.arrays(
        arrays_of.scalar_dtypes(), arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=18)
    )
)
def test_any_array_is_a_picture_or_refused_in_a_sentence(array):
    try:
        picture = as_picture(array)
    except VeloDepthError as error:
        assert "\n" not in str(error)
    else:
        assert picture.shape == (*array.shape[:2], 3) and picture.dtype == np.uint8


@FEW
@given(arrays_of.arrays(np.float32, (16, 16, 3), elements=some.floats(0, 1, width=32)), some.floats(width=32))
def test_a_float_out_of_range_is_refused(array, value):
    assume(not -0.5 / 255 <= value <= 1 + 0.5 / 255)
    array[3, 4, 1] = value
    with pytest.raises(VeloDepthError, match=r"0\.\.1"):
        as_picture(array)


def test_what_rounding_leaves_outside_0_1_is_taken():
    array = np.full((16, 16), -1e-4, np.float32)
    array[0] = 1 + 1e-4
    picture = as_picture(array)
    assert picture[1:].max() == 0 and picture[0].min() == 255


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 64, 64), np.uint8), r"\(3, 64, 64\) and dtype uint8 .* \(H, W, 3\)"),
        (np.zeros((64, 64, 2), np.uint8), r"\(64, 64, 2\)"),
        (np.zeros((64, 64, 3), bool), "dtype bool"),
        (np.zeros((64, 64, 3), np.int64), "dtype int64"),
        (np.zeros((15, 64, 3), np.uint8), "64 x 15 pixels.* 16 x 16"),
        (np.full((64, 64, 3), 255.0), "from 255 to 255.*scale them to 0..1 or pass uint8"),
        (np.full((64, 64, 3), np.nan), "NaN or infinite"),
        (np.full((64, 64, 3), -np.inf), "NaN or infinite"),
    ],
)
def test_what_is_no_picture_says_so(array, says):
    with pytest.raises(VeloDepthError, match=says):
        as_picture(array)


def test_pictures_need_no_decoder():
    code = "import sys, velodepth.media.arrays, velodepth.media.reading; print('av' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


class Refusing:
    def __array__(self, *arguments, **more):
        raise RuntimeError("no")


def tensors():
    torch = pytest.importorskip("torch")
    picture = torch.rand(32, 32, 3)
    return [
        picture.clone().requires_grad_(), picture.bfloat16(), picture.to_sparse(), picture.to("meta")
    ]  # fmt: skip


@pytest.mark.parametrize("make", [lambda: [[[1, 2], [3]], Refusing()], tensors])
def test_what_numpy_makes_no_array_of_is_no_picture(make):
    for thing in make():
        with pytest.raises(VeloDepthError, match="is not a picture, as NumPy makes no array of it: give"):
            as_picture(thing)


@pytest.mark.parametrize("shape", [(16, 257, 3), (32_000, 16, 3), (16, 70_000), (40_000, 40_000, 3)])
def test_thin_and_huge_pictures_are_refused_before_anything_is_made_of_them(shape):
    with pytest.raises(VeloDepthError, match=f"{shape[1]} x {shape[0]} pixels: give pictures"):
        as_picture(np.broadcast_to(np.uint8(0), shape))


@pytest.mark.parametrize("time", [math.nan, -math.inf, "1.0", True, 1j, [1], 10**400, object()])
def test_what_is_no_time_is_refused(time):
    with pytest.raises(VeloDepthError, match=r"the time of a picture is .*: give seconds, a finite number"):
        as_time(time)


def test_numbers_of_numpy_are_times():
    assert [as_time(time) for time in (np.float32(0.5), np.int64(-3), 7)] == [0.5, -3.0, 7.0]

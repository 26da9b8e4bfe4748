"""The loop: what is handed out, that streams do not touch each other, and what a camera does."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import velodepth
from velodepth.presets import DEMO_CLIP
from velodepth.stream.canvas import CanvasSpec

from .test_foreign import Dark


def depths(frames) -> list[np.ndarray]:
    return [f.depth for f in frames]


def test_a_frame_for_every_picture(nano, clip):
    frames = list(nano.run(clip[:8]))
    assert [f.index for f in frames] == list(range(8))
    assert frames[0].keyframe_reason == "start"
    for frame, picture in zip(frames, clip, strict=False):
        assert frame.depth.shape == picture.shape[:2] and frame.depth.dtype == np.float32
        assert np.isfinite(frame.depth).all() and (frame.depth > 0).all()
        assert (frame.picture == picture).all()
        assert ((frame.confidence > 0) & (frame.confidence < 1)).all()
        np.testing.assert_allclose(frame.distance, np.linalg.norm(frame.points, axis=2), rtol=1e-5)
        np.testing.assert_allclose(frame.depth, frame.points[..., 2], rtol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(frame.rays, axis=2), 1, rtol=1e-5)


def test_pushing_and_running_a_file_agree_to_the_bit(nano):
    stream = nano.stream()
    with velodepth.open_source(DEMO_CLIP) as source:
        for pushed, run in zip(
            (stream.push(f.picture, f.time) for f in source), nano.run(DEMO_CLIP), strict=True
        ):
            assert (pushed.depth == run.depth).all() and pushed.time == run.time
            assert pushed.keyframe_reason == run.keyframe_reason
            if run.index == 40:
                break


def test_streams_that_share_a_model_are_independent(nano, clip):
    alone = depths(nano.run(clip[:6]))
    a, b = nano.stream(), nano.stream()
    mixed = []
    for first, second in zip(clip[:6], clip[20:26], strict=True):
        mixed.append(a.push(first).depth)
        b.push(second[::2, ::2])
    assert all((x == y).all() for x, y in zip(alone, mixed, strict=True))


def test_reset_forgets_everything(nano, clip):
    stream = nano.stream()
    first = depths(stream.push(p) for p in clip[:4])
    stream.push(clip[40])
    stream.reset()
    assert stream.push(clip[0][::2]).index == 0  # another size is welcome
    stream.reset()
    again = depths(stream.push(p) for p in clip[:4])
    assert all((x == y).all() for x, y in zip(first, again, strict=True))


def test_a_picture_of_another_size_is_refused_by_name(nano, clip):
    stream = nano.stream()
    stream.push(clip[0])
    with pytest.raises(
        velodepth.VeloDepthError, match=r"picture 1 is 160 x 120.*began with 320 x 240.*reset"
    ):
        stream.push(clip[1][::2, ::2])
    assert stream.push(clip[1]).index == 1  # the stream is as it was


def test_the_policy_per_frame_is_the_network_alone(nano, clip):
    for frame, picture in zip(nano.run(clip[::10], policy="per-frame"), clip[::10], strict=True):
        alone = nano.stream().push(picture)
        assert frame.is_keyframe and frame.motion is None
        assert (frame.depth == alone.depth).all()


def test_the_stream_stays_near_the_network_and_is_steadier(nano, clip):
    """Against the network's own answer for each frame: near it, and changing less from frame to frame."""
    rng, here = np.random.default_rng(0), clip[10]
    noisy = (np.clip(here + rng.normal(0, 6, here.shape), 0, 255).astype(np.uint8) for _ in range(12))
    still = [*[here] * 4, *noisy]
    stream, alone = (depths(nano.run(still, policy=p)) for p in ("adaptive", "per-frame"))
    change = [np.median([np.abs(np.log(b / a)).mean() for a, b in pairwise(d)]) for d in (stream, alone)]
    assert change[0] < 0.5 * change[1]
    assert np.median(np.abs(np.log(stream[-1] / alone[-1]))) < 0.15


def test_a_still_picture_keeps_its_answer(nano, clip):
    stream = nano.stream()
    first = stream.push(clip[5]).depth
    for _ in range(100):
        last = stream.push(clip[5])
    np.testing.assert_allclose(last.depth, first, rtol=1e-3)


def test_what_enters_is_seen_at_once_and_what_leaves_is_gone(clip):
    scene = np.maximum(clip[5], 90)
    camera = velodepth.Pinhole(280.0, 280.0, 160.0, 120.0)
    stream = velodepth.DepthStream(Dark(), CanvasSpec(36_864, 36_864, 32), velodepth.Adaptive(), camera)
    for i in range(30):
        picture, column = scene.copy(), 20 + 12 * (i - 8)
        there = 8 <= i < 22
        if there:
            picture[70:190, column : column + 40] = 10
        frame = stream.push(picture)
        depth = np.linalg.norm(frame.points, axis=2)
        if there:
            assert np.median(depth[90:170, column + 10 : column + 30]) == pytest.approx(1, rel=0.1), i
        if i == 8 + 3 or i >= 22 + 2:  # where it was, the wall is again
            assert np.median(depth[90:170, 24:40]) == pytest.approx(3, rel=0.1), i


def test_motion_is_that_of_the_camera(nano, clip):
    """A picture moved sideways: a camera that turned, or went."""
    focal = 280.0
    stream = nano.stream(camera=velodepth.Pinhole(focal, focal, 148.0, 110.0))
    first = stream.push(clip[20][10:230, 10:306])
    moved = stream.push(clip[20][10:230, 14:310])
    assert first.motion is None
    direction = moved.motion[:3, :3] @ (0.0, 0.0, 1.0)
    turned = direction[0] / direction[2] + moved.motion[0, 3] / np.median(moved.depth)
    assert turned == pytest.approx(-4 / focal, rel=0.15)
    np.testing.assert_allclose(moved.motion[:3, :3] @ moved.motion[:3, :3].T, np.eye(3), atol=1e-9)


def test_a_shaking_camera_does_not_drift(nano, clip):
    """120 frames round one place, with noise: within what a policy without knobs allows."""
    rng, wide = np.random.default_rng(0), clip[20]
    stream = nano.stream()
    for i in range(120):
        x, y = 6 + np.rint(5 * np.sin([i * 0.37, i * 0.23])).astype(int)
        noisy = wide[y : y + 220, x : x + 300] + rng.normal(0, 2, (220, 300, 3))
        shaken = np.clip(noisy, 0, 255).astype(np.uint8)
        frame = stream.push(shaken)
    alone = nano.stream().push(shaken)
    assert abs(np.log(np.median(frame.depth) / np.median(alone.depth))) < 0.3


def test_a_given_camera_is_on_every_frame(nano, clip):
    camera = velodepth.Pinhole(300.0, 300.0, 160.0, 120.0)
    for frame in nano.run(clip[:40:4], camera=camera):
        assert frame.camera is camera
        u = np.arange(320) + 0.5
        np.testing.assert_allclose((frame.rays[..., 0] / frame.rays[..., 2])[120], (u - 160) / 300, atol=2e-2)


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_a_wrong_focal_length_scales_depth_as_geometry_says(nano, clip, factor):
    """A picture taken with twice the focal length shows the same things twice as far."""
    right, wrong = (
        depths(nano.run(clip[:12:4], camera=velodepth.Pinhole(f, f, 160.0, 120.0)))
        for f in (280.0, 280.0 * factor)
    )
    for a, b in zip(right, wrong, strict=True):
        assert np.median(b / a) == pytest.approx(factor, rel=0.12)


def test_an_estimated_camera_settles_and_then_stays(nano, clip):
    frames = list(nano.run(clip, policy=velodepth.Adaptive(age=5)))
    settled = [f.camera_is_settled for f in frames]
    begin = settled.index(True)
    assert 3 < begin < 40 and all(settled[begin:])
    assert len({f.camera for f in frames[:begin]}) > 1
    assert len({f.camera for f in frames[begin:]}) == 1
    each = [nano.stream().push(f.picture).camera.fx for f in frames[: begin + 1] if f.is_keyframe]
    assert min(each) <= frames[-1].camera.fx <= max(each)


# Pictures that real video has, against what is shown without them. Medians, since edges differ.


def ratio(frame, other):
    """Of two frames' depths, and of their focal lengths."""
    return float(np.nanmedian(frame.depth / other.depth)), frame.camera.fx / other.camera.fx


@pytest.mark.parametrize("sides", [(40, 40, 0, 0), (0, 0, 24, 24)])
def test_bars_are_left_out(nano, clip, sides):
    plain = list(nano.run(clip[:12]))
    top, _, left, _ = sides
    boxed = [cv2.copyMakeBorder(p, *sides, cv2.BORDER_CONSTANT) for p in clip[:12]]
    for frame, other in zip(nano.run(boxed), plain, strict=True):
        inside = np.zeros(frame.picture.shape[:2], bool)
        inside[top : top + 240, left : left + 320] = True
        assert (frame.mask == inside).all()
        for map in (frame.depth, frame.distance, frame.points[..., 0]):
            assert (np.isnan(map) == ~inside).all()
        np.testing.assert_allclose(frame.depth[inside].reshape(240, 320), other.depth, rtol=1e-3)
        assert (frame.confidence[~inside] == 0).all()
        assert np.isfinite(frame.rays).all() and frame.depth.shape == frame.picture.shape[:2]
        assert frame.camera.cx == pytest.approx(other.camera.cx + left, rel=1e-3)
        assert frame.camera.cy == pytest.approx(other.camera.cy + top, rel=1e-3)


def test_a_camera_that_is_given_is_that_of_the_frame_with_its_bars(nano, clip):
    camera = velodepth.Pinhole(300, 300, 160, 120)
    boxed = [cv2.copyMakeBorder(p, 40, 40, 0, 0, cv2.BORDER_CONSTANT) for p in clip[:3]]
    with_bars = velodepth.Pinhole(300, 300, 160, 160)
    for frame, other in zip(nano.run(boxed, with_bars), nano.run(clip[:3], camera), strict=True):
        np.testing.assert_allclose(frame.depth[40:-40], other.depth, rtol=1e-4)
        np.testing.assert_allclose(frame.rays, with_bars.rays(320, 320), atol=2e-2)


def test_bars_that_come_and_go_begin_anew(nano, clip):
    bars = [cv2.copyMakeBorder(p[30:-30], 30, 30, 0, 0, cv2.BORDER_CONSTANT) for p in clip]
    frames = list(nano.run([*clip[:6], *bars[6:14], *clip[14:20]]))
    assert [not f.mask.all() for f in frames] == [False] * 8 + [True] * 8 + [False] * 4
    assert all(frames[index].keyframe_reason == "cut" for index in (8, 16))


def test_a_fade_in_ends_as_if_there_had_been_none(nano, clip):
    """Of a camera that stands still, since in a walk the network sees another camera at each step."""
    alone = next(nano.run(clip[10:11]))
    faded = list(nano.run([(clip[10] * min(1, i / 20)).astype(np.uint8) for i in range(50)]))
    assert ratio(faded[0], alone)[1] > 1.3  # of black, which was kept once
    assert not any(frame.camera_is_settled for frame in faded[:22]) and faded[49].camera_is_settled
    for frame in faded[22:]:
        assert ratio(frame, alone) == pytest.approx((1, 1), abs=0.1)


@pytest.mark.parametrize(("level", "count"), [(255, 1), (0, 3)])
def test_a_flash_is_passed_over(nano, clip, level, count):
    plain = list(nano.run(clip[:40]))
    pictures = [p.copy() for p in clip[:40]]
    for picture in pictures[20 : 20 + count]:
        picture[:] = level
    frames = list(nano.run(pictures))
    for frame in frames[20 : 20 + count]:
        assert ratio(frame, frames[19]) == pytest.approx((1, 1), abs=1e-6)
        assert not frame.is_keyframe and (frame.motion == np.eye(4)).all()
    for frame, other in zip(frames[20 + count :], plain[20 + count :], strict=True):
        assert ratio(frame, other) == pytest.approx((1, 1), abs=0.05)
        assert frame.keyframe_reason not in ("start", "cut")


def test_what_comes_after_black_may_be_another_scene(nano, clip):
    black = [np.zeros_like(clip[0])] * 12
    upside_down = [np.ascontiguousarray(p[::-1, ::-1]) for p in clip[40:44]]
    frames = list(nano.run([*clip[:8], *black, *upside_down]))
    assert [f.keyframe_reason for f in frames[8:14]] == [None] * 6  # carried
    assert [f.keyframe_reason for f in frames[14:20]] == ["age"] * 6  # looked at, whatever it is
    assert frames[20].keyframe_reason == "cut"
    back = list(nano.run([*clip[:8], *black, *clip[8:12]]))
    assert all(f.keyframe_reason != "cut" for f in back)


def test_after_a_dissolve_it_is_as_if_the_shot_had_begun(nano, clip):
    other = np.ascontiguousarray(255 - clip[40][::-1, ::-1])
    mix = [np.rint(clip[20] * (1 - t) + other * t).astype(np.uint8) for t in np.linspace(0.08, 0.92, 12)]
    frames = list(nano.run([*clip[:20], *mix, *[other] * 20]))
    alone = next(nano.run([other]))
    assert "cut" in [frame.keyframe_reason for frame in frames[30:38]]
    for frame in frames[38:]:
        assert ratio(frame, alone) == pytest.approx((1, 1), abs=0.1)


def test_times_are_kept_or_made(nano, clip):
    stream = nano.stream()
    assert stream.push(clip[0], 12.5).time == 12.5
    assert stream.push(clip[1]).time == pytest.approx(1 / 30)


pictures = st.one_of(
    arrays.arrays(np.uint8, st.tuples(st.integers(16, 61), st.integers(16, 61), st.sampled_from([1, 3, 4]))),
    arrays.arrays(np.uint16, st.tuples(st.integers(16, 61), st.integers(16, 61))),
    arrays.arrays(np.uint8, st.tuples(st.integers(32, 61), st.integers(32, 61), st.just(3))).map(
        lambda a: a[::2, ::-2]
    ),
    st.tuples(st.integers(16, 17), st.integers(100, 256)).map(lambda s: np.zeros((*s, 3), np.uint8)),
)


@given(picture=pictures)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_picture_that_is_one_gets_a_depth(nano, picture):
    stream = nano.stream()
    for _ in range(2):
        frame = stream.push(picture)
        assert frame.depth.shape == picture.shape[:2]
        assert np.isfinite(frame.depth).all() and (frame.depth > 0).all()


def test_what_is_no_picture_is_refused_in_a_sentence(nano):
    """All that is none: tests/media/test_reading.py."""
    with pytest.raises(velodepth.VeloDepthError, match="NaN"):
        nano.stream().push(np.full((20, 20, 3), np.nan, np.float32))

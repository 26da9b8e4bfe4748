"""Several streams together: what each says alone, in batches, and looks spread fairly."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import velodepth
from velodepth.runtime.protocol import State
from velodepth.stream.canvas import CanvasSpec
from velodepth.stream.streams import DepthStreams

CAMERA = velodepth.Pinhole(280.0, 280.0, 160.0, 120.0)
SPEC = CanvasSpec(9_216, 9_216, 32)


def videos(clip, count: int, frames: int) -> list[list[np.ndarray]]:
    """Different pieces of the clip; the last one begins with a cut and is smaller."""
    pieces = [clip[10 * i : 10 * i + frames] for i in range(count)]
    pieces[-1] = [p[::2, ::2] for p in (clip[60], *pieces[-1][1:])]
    return pieces


def alone(model, video, camera=None, policy="adaptive"):
    stream = model.stream(camera, policy)
    return [stream.push(picture) for picture in video]


def test_nano_answers_each_as_alone_to_the_bit(nano, clip):
    cameras, policies = [None, CAMERA, None], ["adaptive", "every:3", "per-frame"]
    pieces = videos(clip, 3, 9)
    streams = nano.streams(3, cameras, policies, looks=3)
    together = [streams.push(pictures) for pictures in zip(*pieces, strict=True)]
    for i, piece in enumerate(pieces):
        for frame, expected in zip(
            (t[i] for t in together), alone(nano, piece, cameras[i], policies[i]), strict=True
        ):
            assert frame.index == expected.index and frame.keyframe_reason == expected.keyframe_reason
            assert (frame.depth == expected.depth).all() and (frame.confidence == expected.confidence).all()
            assert (frame.rays == expected.rays).all() and frame.time == expected.time


def test_cameras_without_a_new_picture_are_left_as_they_are(nano, clip):
    """Two cameras, one at half the rate of the other, with times of their own."""
    streams, slow = nano.streams(2, looks=2), [None, None]
    for i, picture in enumerate(clip[:8]):
        odd = i % 2
        frames = streams.push([picture, clip[30 + i] if odd else None], [i / 30, i / 30])
        assert (frames[1] is not None) == bool(odd)
        slow = frames if odd else slow
    expected = [nano.stream()]
    last = [expected[0].push(clip[30 + i], i / 30) for i in range(1, 8, 2)][-1]
    assert slow[1].index == 3 and slow[1].time == 7 / 30
    assert (slow[1].depth == last.depth).all()
    assert streams.push([None, None]) == [None, None]


@pytest.mark.parametrize("policy", ["adaptive", "every:2", "published"])
def test_large_in_batches_answers_as_alone(tiny_large, clip, policy):
    torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
    from velodepth.nets.large import LargeNet
    from velodepth.presets import Model
    from velodepth.runtime.torch import TorchRuntime

    torch.manual_seed(0)
    runtime = TorchRuntime(LargeNet(tiny_large), "cpu")
    batches, propagate = [], runtime.net.propagate

    def counted(last, canvas, flow):
        batches.append(len(canvas))
        return propagate(last, canvas, flow)

    runtime.net.propagate = counted
    model = Model("large", runtime, CanvasSpec(6_000, 8_000, 14))
    # of the time before anybody walks in, so that several carry at once
    cameras, pieces = [None, CAMERA, None, CAMERA], [clip[4 * i : 4 * i + 6] for i in range(4)]
    streams = model.streams(4, cameras, policy, looks=4)
    together = [streams.push(pictures) for pictures in zip(*pieces, strict=True)]
    assert max(batches) > 1
    for i, piece in enumerate(pieces):
        for frames, expected in zip(together, alone(model, piece, cameras[i], policy), strict=True):
            assert frames[i].keyframe_reason == expected.keyframe_reason
            np.testing.assert_allclose(frames[i].distance, expected.distance, rtol=1e-4)
            np.testing.assert_allclose(frames[i].confidence, expected.confidence, rtol=1e-4)


class Counting:
    """Says everything is two metres away, and counts its looks."""

    name, device, carries, estimates = "counting", "cpu", False, False

    def __init__(self) -> None:
        self.looks = 0

    def look(self, canvas, rays=None, original=None):
        self.looks += 1
        radius = np.full(canvas.shape[1:], 2, np.float32)
        return State(radius, rays, np.full_like(radius, 0.5))


def counted(count: int, looks: int, policy: velodepth.Policy, beside: bool = False):
    runtime = Counting()
    streams = [velodepth.DepthStream(runtime, SPEC, policy, CAMERA, beside=beside) for _ in range(count)]
    return runtime, DepthStreams(streams, looks)


def test_looks_are_spread_and_nobody_starves(clip):
    """Five streams that want to look on every picture, of which two may."""
    runtime, streams = counted(5, 2, velodepth.Every(1))
    streams.push([clip[0]] * 5)
    assert runtime.looks == 5  # first looks do not wait
    looked = np.array([[f.is_keyframe for f in streams.push([p] * 5)] for p in clip[1:16]])
    assert (looked.sum(1) == 2).all()
    assert (looked.sum(0) == 6).all()
    gaps = [np.diff(np.flatnonzero(column)).max() for column in looked.T]
    assert max(gaps) <= 3  # five streams, two at a time


def test_streams_that_begin_together_do_not_look_together_for_ever(clip):
    """Every fourth picture, two of four a tick: what waited once is out of step with the rest."""
    _, streams = counted(4, 2, velodepth.Every(4))
    looked = np.array([[f.is_keyframe for f in streams.push([p] * 4)] for p in clip[:26]])[1:]
    assert looked.sum(1).max() == 2
    assert (looked.sum(0) >= 5).all()


def test_a_look_that_is_no_longer_wanted_is_no_longer_waited_for(clip):
    class Once(velodepth.Policy):
        def decide(self, evidence):
            return "motion" if evidence.frames == 1 else None

    runtime, streams = counted(3, 1, Once())
    for picture in clip[:6]:
        streams.push([picture] * 3)
    assert runtime.looks == 3 + 1 + 4  # one at the second picture; the same stream, a picture after each look


def test_looks_beside_the_streams_run_one_batch_at_a_time(clip):
    class Slow(Counting):
        def __init__(self):
            super().__init__()
            self.go, self.at_once, self.most, self.lock = threading.Event(), 0, 0, threading.Lock()

        def look(self, canvas, rays=None, original=None):
            with self.lock:
                self.at_once += 1
                self.most = max(self.most, self.at_once)
            if self.looks >= 3:
                assert self.go.wait(60)
            with self.lock:
                self.at_once -= 1
            return super().look(canvas, rays, original)

    runtime = Slow()
    streams = DepthStreams(
        (velodepth.DepthStream(runtime, SPEC, velodepth.Every(1), CAMERA, beside=True) for _ in range(3)), 2
    )
    streams.push([clip[0]] * 3)
    for picture in clip[1:5]:  # the first batch holds all the time, and nobody waits for it
        assert not any(frame.is_keyframe for frame in streams.push([picture] * 3))
    runtime.go.set()
    streams._looking.result(60)
    arrived = [frame.is_keyframe for frame in streams.push([clip[5]] * 3)]
    assert arrived == [True, True, False]
    streams._looking.result(60)
    assert [frame.is_keyframe for frame in streams.push([clip[6]] * 3)][2]
    assert runtime.most == 1


@pytest.mark.filterwarnings("ignore::velodepth.MediaWarning")
def test_one_stream_that_fails_does_not_stop_the_others(nano, clip):
    streams = nano.streams(2)
    streams.push([clip[0], clip[0]])
    with pytest.raises(velodepth.VeloDepthError, match="picture 1 is 160 x 120"):
        streams.push([clip[1][::2, ::2], clip[1]])
    good = streams.push([clip[1], clip[2]])
    assert [frame.index for frame in good] == [1, 2]
    streams.streams[0].reset()
    assert [f.index for f in streams.push([clip[0][::2, ::2], clip[3]])] == [0, 3]


def test_what_does_not_fit_is_named(nano, clip):
    with pytest.raises(velodepth.VeloDepthError, match="1 pictures and 2 times for 2 streams"):
        nano.streams(2).push([clip[0]])
    with pytest.raises(velodepth.VeloDepthError, match="1 cameras and 2 policies for 2 streams"):
        nano.streams(2, [CAMERA])
    for n, looks in ((0, 1), (2, 0)):
        with pytest.raises(velodepth.VeloDepthError, match="give 1 or more of each"):
            nano.streams(n, looks=looks)

"""Looks beside the stream: no frame waits, and what comes late is brought to where things are now."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import velodepth
from velodepth.runtime.protocol import State
from velodepth.stream.canvas import CanvasSpec
from velodepth.stream.stream import PATIENCE

SPEC = CanvasSpec(36_864, 36_864, 32, rounding="nearest", smooth=True)
CAMERA = velodepth.Pinhole(280.0, 280.0, 160.0, 120.0)


class Slow:
    """Bright things are near. Every look but the first waits until it is let go, and says 10 % farther."""

    name, device, carries = "slow", "cpu", False
    estimates = False

    def __init__(self) -> None:
        self.begun, self.go, self.looks, self.fails = threading.Event(), threading.Event(), 0, False

    def look(self, canvas, rays=None, original=None):
        self.looks += 1
        if self.looks > 1:
            self.begun.set()
            assert self.go.wait(60)
            if self.fails:
                raise velodepth.LookError("slow: out of memory")
        radius = np.where(canvas.mean(0) > 0, 1.5, 3).astype(np.float32) * (1.1 if self.looks > 1 else 1)
        return State(radius, rays, np.full_like(radius, 0.5))


def pictures(count: int) -> list[np.ndarray]:
    """A bright square that goes 3 pixels to the right each time, before a dark wall with some texture."""
    random = np.random.default_rng(0)
    wall = np.repeat(np.repeat(random.integers(20, 60, (30, 40, 3)), 8, 0), 8, 1).astype(np.uint8)
    thing = np.repeat(np.repeat(random.integers(200, 250, (10, 10, 3)), 8, 0), 8, 1).astype(np.uint8)
    scenes = []
    for i in range(count):
        scene = wall.copy()
        scene[80:160, 60 + 3 * i : 140 + 3 * i] = thing
        scenes.append(scene)
    return scenes


def arrive(stream) -> None:
    """Waits until the look that is under way has ended."""
    stream._beside._pending.exception(60)


def test_no_frame_waits_and_a_late_look_is_carried_to_now():
    network, scenes = Slow(), pictures(14)
    stream = velodepth.DepthStream(network, SPEC, velodepth.Every(1), CAMERA, beside=True)
    first = stream.push(scenes[0])
    assert first.is_keyframe
    frames = [stream.push(scene) for scene in scenes[1:8]]  # the second look is under way all the time
    assert network.begun.wait(60) and network.looks == 2
    assert not any(frame.is_keyframe for frame in frames)
    wall = np.median(frames[-1].depth[:60])
    assert wall == pytest.approx(np.median(first.depth[:60]), rel=0.02)
    network.go.set()
    arrive(stream)
    shown = stream.push(scenes[8])
    assert shown.keyframe_reason == "every"
    # What it said of the second picture stands where the thing is in the ninth, seven frames further on.
    distance = np.linalg.norm(shown.points, axis=2)
    left = 60 + 3 * 8
    assert np.median(distance[90:150, left + 10 : left + 70]) < 1.8
    assert np.median(distance[90:150, left + 90 : left + 130]) > 2.7
    assert np.median(distance[90:150, 10:55]) > 2.7
    assert np.median(distance[:60]) > np.median(np.linalg.norm(first.points, axis=2)[:60]) * 1.003


def test_a_look_of_another_scene_is_forgotten():
    network, scenes = Slow(), pictures(4)
    stream = velodepth.DepthStream(network, SPEC, velodepth.Every(1), CAMERA, beside=True)
    for scene in scenes:
        stream.push(scene)
    assert network.begun.wait(60)
    network.go.set()
    arrive(stream)
    other = np.random.default_rng(1).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    cut = stream.push(other)
    assert cut.keyframe_reason == "cut"
    after = stream.push(other)
    assert not after.is_keyframe  # what had arrived was of the scene before
    stream.reset()
    assert stream.push(scenes[0]).keyframe_reason == "start"


@pytest.mark.filterwarnings("ignore::velodepth.MediaWarning")
def test_a_look_that_fails_beside_is_told_up_to_a_limit():
    network, scenes = Slow(), pictures(3)
    network.fails = True
    network.go.set()
    stream = velodepth.DepthStream(network, SPEC, velodepth.Every(1), CAMERA, beside=True)
    stream.push(scenes[0])
    with pytest.raises(velodepth.VeloDepthError, match="out of memory"):
        for _ in range(PATIENCE**2):
            stream.push(scenes[1])
            if stream._beside.busy:
                arrive(stream)
    assert network.looks == PATIENCE + 2  # the first one, and those that failed


def test_warps_compose(clip):
    """Two steps in one: what lay 3 to the left and then 2 above lies there, and what was outside stays so."""
    from velodepth.stream.evidence import Warp

    size = (40, 60)
    first = Warp(np.broadcast_to(np.float32([-3, 0])[:, None, None], (2, *size)).copy())
    second = Warp(np.broadcast_to(np.float32([0, -2])[:, None, None], (2, *size)).copy())
    both, map = second.after(first), np.random.default_rng(0).random(size).astype(np.float32)
    expected = second.linear(first.linear(map))
    assert (both.inside == (second.nearest(first.inside.astype(np.uint8)) & second.inside)).all()
    assert not both.inside[:2].any() and not both.inside[:, :3].any() and both.inside[2:, 3:].all()
    np.testing.assert_allclose(both.linear(map)[2:, 3:], expected[2:, 3:], atol=1e-5)

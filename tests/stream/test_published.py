"""The published code's decision, step by step (network.md, section 7)."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.runtime.protocol import State
from velodepth.stream.canvas import CanvasSpec
from velodepth.stream.published import PublishedStream, Thresholds, longest


class Counting:
    """A network that propagates: its radius and confidence say which call of its they came from."""

    name, device, carries = "counting", "cpu", True
    estimates = False

    def __init__(self, uncovered: float = 0.0) -> None:
        self.calls, self.uncovered = "", uncovered

    def _state(self, canvas: np.ndarray, letter: str, uncovered: float) -> State:
        self.calls += letter
        shape = canvas.shape[1:]
        rays = np.zeros((*shape, 3), np.float32) + np.float32((0, 0, 1))
        value = np.full(shape, len(self.calls), np.float32)
        return State(value, rays, value, uncovered, letter)

    def look(self, canvas, rays=None, original=None):
        return self._state(canvas, "K", 0.0)

    def carry(self, state, canvas, flow):
        return self._state(canvas, "f", self.uncovered)


def stream(network: Counting, step: float) -> PublishedStream:
    """Every step moves the whole picture by a share of its width."""

    def flow(previous, current):
        flow = np.zeros((2, *current.shape[:2]), np.float32)
        flow[0] = step * (current.shape[1] - 1)
        return flow

    return PublishedStream(network, CanvasSpec(4096, 4096, 16), Thresholds(), flow=flow)


def reasons(network: Counting, step: float, frames: int) -> list[str | None]:
    pushed = stream(network, step)
    return [pushed.push(np.zeros((64, 64, 3), np.uint8)).keyframe_reason for _ in range(frames)]


def test_motion_gathers_and_patience_falls():
    """Sums of 0.12, halved each frame: 0.12, 0.18, 0.21, 0.225, 0.2325 against 0.1 + 0.15 * 0.9^(n - 1)."""
    assert reasons(Counting(), 0.12, 6) == ["start", None, None, None, "motion", None]


def test_what_is_uncovered_gathers_likewise():
    assert reasons(Counting(uncovered=0.3), 0.0, 2)[1] == "uncovered"


def test_a_late_keyframe_shows_what_was_propagated_and_holds_its_confidence():
    network = Counting(uncovered=0.3)
    pushed = stream(network, 0.0)
    frames = [pushed.push(np.zeros((64, 64, 3), np.uint8)) for _ in range(3)]
    assert network.calls == "KfKfK"
    assert [f.depth[0, 0] for f in frames] == [1, 2, 4]
    assert [f.confidence[0, 0] for f in frames] == [1, 2, 2]


def test_longest_is_a_percentile_in_picture_sizes():
    flow = np.zeros((2, 11, 21), np.float32)
    flow[0, :, :2], flow[1] = 10, 5
    assert longest(flow) == pytest.approx(np.hypot(0.5, 0.5))

"""The torch runtime around the large network: the protocol, and streams through it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.cameras import Pinhole  # noqa: E402
from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.runtime.torch import TorchRuntime, best_device  # noqa: E402
from velodepth.stream.canvas import Canvas, CanvasSpec  # noqa: E402
from velodepth.stream.keyframes import Every  # noqa: E402
from velodepth.stream.published import PublishedStream, Thresholds  # noqa: E402
from velodepth.stream.stream import DepthStream  # noqa: E402

SPEC = CanvasSpec(6_000, 8_000, 14)
SHAPE = (70, 98)


@pytest.fixture(scope="module")
def runtime(tiny_large) -> TorchRuntime:
    torch.manual_seed(0)
    return TorchRuntime(LargeNet(tiny_large), "cpu")


def canvas(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((3, *SHAPE)).astype(np.float32)


def flow(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((2, *SHAPE)).astype(np.float32)


def test_states_are_what_the_protocol_says(runtime):
    first = runtime.look(canvas(0))
    second = runtime.carry(first, canvas(1), flow(2))
    for state in (first, second):
        assert state.radius.shape == state.confidence.shape == SHAPE
        assert state.rays.shape == (*SHAPE, 3)
        assert all(a.dtype == np.float32 for a in (state.radius, state.rays, state.confidence))
    np.testing.assert_allclose(np.linalg.norm(first.rays, axis=2), 1, rtol=1e-5)
    assert first.uncovered == 0 and 0 < second.uncovered < 1
    assert second.rays is first.rays
    assert first.published_confidence is None and second.published_confidence.shape == SHAPE


def test_same_arguments_same_state(runtime):
    first = runtime.look(canvas(0))
    once = runtime.carry(first, canvas(1), flow(2))
    runtime.carry(first, canvas(3), flow(4))
    again = runtime.carry(first, canvas(1), flow(2))
    np.testing.assert_array_equal(once.radius, again.radius)
    np.testing.assert_array_equal(once.confidence, again.confidence)


def test_what_is_carried_starts_from_the_radius_that_was_shown(runtime):
    first = runtime.look(canvas(0))
    shown = replace(first, radius=first.radius * np.float32(1.5))
    on = [runtime.carry(state, canvas(3), flow(4)).radius for state in (first, shown)]
    assert not np.allclose(on[0], on[1], rtol=1e-3)
    np.testing.assert_array_equal(runtime.carry(first, canvas(3), flow(4)).radius, on[0])


@pytest.mark.parametrize(
    "make",
    [
        lambda runtime, spec, camera: PublishedStream(runtime, spec, Thresholds(), camera),
        lambda runtime, spec, camera: DepthStream(runtime, spec, Every(2), camera),
    ],
    ids=["published", "every:2"],
)
def test_the_large_network_honours_a_camera_on_every_frame(runtime, make):
    """The published code fails here from the second frame on (network.md, section 4)."""
    camera = Pinhole(90.0, 95.0, 47.0, 36.0)
    stream = make(runtime, SPEC, camera)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 70, 98, 3), dtype=np.uint8)
    c = Canvas.of(98, 70, SPEC)
    expected = c.restore(c.camera(camera).rays(c.width, c.height))
    expected /= np.linalg.norm(expected, axis=2, keepdims=True)
    for picture in pictures:
        frame = stream.push(picture)
        assert frame.camera == camera
        np.testing.assert_allclose(frame.rays, expected, atol=1e-6)


def test_a_device_that_is_not_there_is_named(tiny_large):
    missing = "mps" if best_device() != "mps" else "cuda"
    with pytest.raises(VeloDepthError, match=f"device '{missing}' cannot be used"):
        TorchRuntime(LargeNet(tiny_large), missing)
    with pytest.raises(VeloDepthError, match="device 'teapot' cannot be used"):
        TorchRuntime(LargeNet(tiny_large), "teapot")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_cpu(runtime, tiny_large):
    torch.manual_seed(0)
    on_gpu = TorchRuntime(LargeNet(tiny_large), "cuda")
    states = [r.carry(r.look(canvas(0)), canvas(1), flow(2)) for r in (runtime, on_gpu)]
    np.testing.assert_allclose(states[1].radius, states[0].radius, rtol=1e-3)
    assert on_gpu.look(canvas(0)).memory.radius.is_cuda

"""What `fast` does, all but the capturing itself, which needs a card."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

import velodepth  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.presets import Model  # noqa: E402
from velodepth.runtime.capture import Captured, each  # noqa: E402
from velodepth.runtime.torch import TorchRuntime  # noqa: E402
from velodepth.stream.canvas import CanvasSpec  # noqa: E402

SPEC = CanvasSpec(6_000, 8_000, 14)


class Recorder:
    """Stands for CUDA graphs: a replay computes anew from the same inputs into the same outputs."""

    def __init__(self) -> None:
        self.captures = self.replays = 0

    def __call__(self, call):
        outputs = call()
        self.captures += 1

        def replay():
            self.replays += 1
            each(torch.Tensor.copy_, outputs, call())

        return replay, outputs


def runtime_of(tiny_large) -> TorchRuntime:
    torch.manual_seed(0)
    return TorchRuntime(LargeNet(tiny_large), "cpu")


def pieces(clip, streams: int) -> list[list[np.ndarray]]:
    return [clip[10 * i : 10 * i + 5] for i in range(streams)]


@pytest.mark.parametrize("streams", [1, 3])
def test_a_captured_stream_answers_as_one_that_is_not(tiny_large, clip, streams):
    """One capture for each call and size, whatever the number of frames; encoder in float16 in both."""
    plain, fast, recorder = runtime_of(tiny_large), runtime_of(tiny_large), Recorder()
    fast.hasten(recorder)
    plain.net.encoder = fast.net.encoder
    answers = []
    for runtime in (plain, fast):
        many = Model("large", runtime, SPEC).streams(streams, policies="every:2", looks=streams)
        answers.append([many.push(pictures) for pictures in zip(*pieces(clip, streams), strict=True)])
    for expected, mine in zip(*answers, strict=True):
        for a, b in zip(expected, mine, strict=True):
            assert a.keyframe_reason == b.keyframe_reason
            np.testing.assert_allclose(b.distance, a.distance, rtol=1e-5)
    assert recorder.replays > recorder.captures
    assert recorder.captures <= 3  # a look without rays, one with the shot's, and carrying


def test_the_encoder_in_half_precision_stays_within_a_hundredth(tiny_large):
    plain, fast = runtime_of(tiny_large), runtime_of(tiny_large)
    fast.hasten(Recorder())
    canvas = np.random.default_rng(0).standard_normal((3, 70, 98)).astype(np.float32)
    expected, mine = plain.look(canvas), fast.look(canvas)
    assert mine.radius.dtype == np.float32
    apart = np.abs(mine.radius / expected.radius - 1)
    assert 0 < apart.max() < 1e-2


def test_outputs_of_an_earlier_call_are_not_overwritten():
    captured = Captured(lambda x, pair: (x + pair[0], None), Recorder())
    first, _ = captured(torch.ones(2), [torch.ones(2), None])
    second, none = captured(torch.zeros(2), [torch.ones(2), None])
    assert first.tolist() == [2, 2] and second.tolist() == [1, 1] and none is None


def test_what_cannot_be_captured_runs_call_by_call(tiny_large):
    def refuses(call):
        raise RuntimeError("operation not permitted when stream is capturing\nCUDA_LAUNCH_BLOCKING")

    runtime = runtime_of(tiny_large)
    runtime.hasten(refuses)
    canvas = np.zeros((3, 70, 98), np.float32)
    with pytest.warns(
        RuntimeWarning, match=r"^keyframe cannot be captured \(operation not permitted .*by call$"
    ):
        first = runtime.look(canvas)
    again = runtime.look(canvas)  # without another warning
    assert (again.radius == first.radius).all()


def test_on_a_cpu_fast_says_why_not_and_goes_on(nano, clip):
    with pytest.warns(RuntimeWarning, match="fast needs a CUDA device and this is cpu: .* without it"):
        model = velodepth.load("nano", runtime="torch", device="cpu", fast=True)
    expected = velodepth.load("nano", runtime="torch", device="cpu").stream().push(clip[0])
    assert (model.stream().push(clip[0]).depth == expected.depth).all()
    with pytest.raises(velodepth.VeloDepthError, match=r"fast is for networks that PyTorch runs.*torch"):
        velodepth.load("nano", fast=True)


class Transfers(TorchDispatchMode):
    """Counts what is copied to the device, and read from it, inside a network."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        outputs = function(*args, **(kwargs or {}))
        devices = {x.device.type for x in (*args, outputs) if isinstance(x, torch.Tensor)}
        if "cpu" in devices or "local_scalar" in str(function):
            self.seen.append(str(function))
        return outputs


@pytest.mark.parametrize("given", [False, True])
def test_large_moves_nothing_between_host_and_device_on_its_way(tiny_large, given):
    """Which a CUDA graph cannot hold, and for which all else would wait. On a device without values."""
    with torch.device("meta"):
        net, canvas = LargeNet(tiny_large).eval(), torch.empty(1, 3, 70, 98)
        rays, flow = torch.empty(1, 3, 70, 98) if given else None, torch.empty(1, 2, 70, 98)
    with torch.inference_mode():
        net.propagate(net.keyframe(canvas, rays), canvas, flow)  # makes the constants
        with Transfers() as transfers:
            net.propagate(net.keyframe(canvas, rays), canvas, flow)
            assert transfers.seen == []
            canvas.new_tensor([1.0, 2.0]), torch.ones(1).to(canvas)
            assert transfers.seen


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_graphs_answer_as_call_by_call(tiny_large, clip):
    answers = []
    for fast in (False, True):
        torch.manual_seed(0)
        runtime = TorchRuntime(LargeNet(tiny_large), "cuda")
        if fast:
            runtime.hasten()
        many = Model("large", runtime, SPEC).streams(3, policies="every:2", looks=3)
        answers.append([many.push(pictures) for pictures in zip(*pieces(clip, 3), strict=True)])
    for expected, mine in zip(*answers, strict=True):
        for a, b in zip(expected, mine, strict=True):
            np.testing.assert_allclose(b.distance, a.distance, rtol=1e-2)

"""Replays of the published network's recorded outputs: stand-in weights, every recorded quantity."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.nets.estimate import Estimate  # noqa: E402
from velodepth.nets.large import SMALL, VITL, LargeCarried, LargeNet  # noqa: E402
from velodepth.nets.published import IGNORED, from_published, published_name  # noqa: E402
from velodepth.nets.winograd import quicken  # noqa: E402
from velodepth.presets.large import LargeSettings  # noqa: E402
from velodepth.runtime.capture import HalfPrecision  # noqa: E402
from velodepth.runtime.protocol import Runtime, State  # noqa: E402
from velodepth.runtime.torch import TorchRuntime  # noqa: E402
from velodepth.stream.canvas import Canvas  # noqa: E402
from velodepth.stream.flow import GivenFlow  # noqa: E402
from velodepth.stream.published import PublishedStream, Thresholds  # noqa: E402

pytestmark = pytest.mark.parity

TOLERANCE = 1e-4  # relative L2
SETTINGS = {"small": LargeSettings(min_pixels=20_000, max_pixels=60_000), "vitl": LargeSettings()}


def goldens() -> list[Any]:
    """Every recording there is; where there are none the `parity` fixture says what to set."""
    found = sorted(Path(os.environ.get("VELODEPTH_PARITY") or "/nowhere").glob("golden/*.npz"))
    marks = {"vitl": [pytest.mark.full]}
    return [pytest.param(p, id=p.stem, marks=marks.get(size_of(p), [])) for p in found] or ["none"]


def size_of(golden: Path) -> str:
    return golden.stem.split("_")[0]


def names_and_shapes(parity: Path, size: str) -> dict[str, list[int]]:
    return json.loads((parity / f"{size}_tensors.json").read_text())


@functools.cache
def network(parity: Path, size: str, quick: bool) -> LargeNet:
    """Filled by name; quick: with Winograd's convolutions, as `velodepth.load("large")` runs it on a CPU."""
    spec = importlib.util.spec_from_file_location("fill", parity / "fill.py")
    filler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(filler)
    tensors = names_and_shapes(parity, size).items()
    net = from_published({name: torch.from_numpy(filler.fill(name, tuple(s))) for name, s in tensors}).eval()
    if quick:
        quicken(net, least_width=64)
    return net


def canvas_of(golden: Any, size: str) -> tuple[Canvas, Any]:
    spec = SETTINGS[size].canvas_spec(int(golden["resolution_level"]))
    height, width = golden["frames"].shape[1:3]
    return Canvas.of(width, height, spec), spec


def errors(got: dict[str, Any], golden: Any) -> dict[str, float]:
    """Relative L2 of each quantity that is too far off."""
    far = {}
    for name, value in got.items():
        value, recorded = np.asarray(value, np.float64), np.asarray(golden[name], np.float64)
        assert value.shape == recorded.shape, name
        error = float(np.linalg.norm(value - recorded) / np.linalg.norm(recorded))
        if not error < TOLERANCE:
            far[name] = error
    return far


@pytest.mark.parametrize(("size", "config"), [("small", SMALL), ("vitl", VITL)])
def test_names_and_shapes_are_the_published_ones(parity, size, config):
    with torch.device("meta"):
        ours = {published_name(k): list(v.shape) for k, v in LargeNet(config).state_dict().items()}
    published = names_and_shapes(parity, size)
    assert ours == {name: shape for name, shape in published.items() if not IGNORED.match(name)}


@pytest.mark.parametrize("path", goldens())
def test_each_step(parity, path):
    """The canvas to the bit; the rest step by step, for the first keyframe and the first propagated frame."""
    golden, size = np.load(path), size_of(path)
    net = network(parity, size, quick=size == "vitl")  # one of that size is enough for the memory
    canvas, _ = canvas_of(golden, size)
    canvases = np.stack([canvas.fill(picture) for picture in golden["frames"]])
    np.testing.assert_array_equal(canvases[..., ::2, ::2], golden["canvas"])

    got: dict[str, Any] = {}
    with torch.inference_mode():
        first, second = torch.from_numpy(canvases[:2, None])
        maps, tokens = net.encoder(first)
        rays = net.estimate_rays(tokens, first)
        features = net.condition(maps, rays)
        radius, confidence = net.decode_keyframe(features, first)
        for i in range(4):
            got[f"encoder_{i}"] = maps[i][0, ::3, ::3, :8]
            got[f"token_{i}"] = tokens[i][0, 0, :16]
            got[f"keyframe_feature_{i}"] = features[i][0, :8, ::3, ::3]
        got["keyframe_rays"] = rays[0, :, ::4, ::4]
        got["keyframe_radius"] = radius[0, :, ::4, ::4]
        got["keyframe_confidence"] = confidence[0, :, ::4, ::4]

        flow = torch.from_numpy(golden["flow"][0])[None]
        in_pictures = flow / torch.tensor([canvas.width - 1.0, canvas.height - 1.0])[:, None, None]
        evidence = net.observer(second, in_pictures, first, radius)
        keyframe = Estimate(radius, confidence, rays, torch.zeros(1), LargeCarried(features, first))
        propagated = net.propagate(keyframe, second, flow)
        for i in range(4):
            got[f"residual_{i}"] = evidence.maps[i][0, :8, ::3, ::3]
            got[f"fast_feature_{i}"] = propagated.carried.features[i][0, :8, ::3, ::3]
        got["flow_feature"] = evidence.flow_feature[0, :8, ::3, ::3]
        got["flow_refined"] = evidence.flow[0, :, ::4, ::4]
        got["fast_radius"] = propagated.radius[0, :, ::4, ::4]
    assert errors(got, golden) == {}


class Recorder:
    """A runtime that writes down its calls."""

    estimates = carries = True

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.name, self.device, self.calls = runtime, runtime.name, runtime.device, ""

    def look(self, canvas: Any, rays: Any = None, original: Any = None) -> State:
        self.calls += "K"
        return self.runtime.look(canvas, rays, original)

    def carry(self, state: State, canvas: Any, flow: Any) -> State:
        self.calls += "f"
        return self.runtime.carry(state, canvas, flow)


@pytest.mark.parametrize("path", goldens())
def test_a_stream_with_the_published_policy(parity, path):
    golden, size = np.load(path), size_of(path)
    runtime = Recorder(TorchRuntime(network(parity, size, quick=True), "cpu"))
    _, spec = canvas_of(golden, size)
    stream = PublishedStream(runtime, spec, Thresholds(), flow=GivenFlow(golden["flow"]))
    frames = [stream.push(picture) for picture in golden["frames"]]
    assert runtime.calls == str(golden["calls"])
    got = {
        "out_depth": [f.depth[None, ::4, ::4] for f in frames],
        "out_distance": [f.distance[None, ::4, ::4] for f in frames],
        "out_confidence": [f.confidence[None, ::4, ::4] for f in frames],
        "out_points": [f.points[::4, ::4].transpose(2, 0, 1) for f in frames],
        "out_rays": [f.rays[::4, ::4].transpose(2, 0, 1) for f in frames],
    }
    assert errors(got, golden) == {}


def test_an_encoder_in_half_precision_stays_within_a_hundredth(parity):
    """What `fast` does on a card; one look and one carried frame, of the small network."""
    golden = np.load(parity / "golden" / "small_creep.npz")
    runtime, fast = (TorchRuntime(network.__wrapped__(parity, "small", False), "cpu") for _ in range(2))
    fast.net.encoder = HalfPrecision(fast.net.encoder)
    canvas, _ = canvas_of(golden, "small")
    first, second = (canvas.fill(frame) for frame in golden["frames"][:2])
    flow = np.zeros((2, canvas.height, canvas.width), np.float32)
    looked = [each.look(first) for each in (runtime, fast)]
    carried = [each.carry(state, second, flow) for each, state in zip((runtime, fast), looked, strict=True)]
    for exact, half in (looked, carried):
        assert np.linalg.norm(half.radius - exact.radius) < 1e-2 * np.linalg.norm(exact.radius)

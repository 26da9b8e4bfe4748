"""The exported graphs, run by ONNX Runtime alone, against the networks in PyTorch."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
onnx = pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")

import onnxruntime  # noqa: E402

import velodepth  # noqa: E402
from velodepth import export as exporting  # noqa: E402
from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.export import WEIGHTS, export  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.nets.nano import Nano  # noqa: E402
from velodepth.runtime.note import NOTE  # noqa: E402
from velodepth.runtime.onnx import OnnxRuntime  # noqa: E402
from velodepth.runtime.torch import TorchRuntime  # noqa: E402
from velodepth.stream.canvas import CanvasSpec  # noqa: E402
from velodepth.stream.stream import DepthStream  # noqa: E402

SPECS = {
    "nano": CanvasSpec(36_864, 36_864, 32, rounding="nearest", smooth=True),
    "large": CanvasSpec(6_000, 8_000, 14),
}


def make_net(kind: str, tiny_large) -> torch.nn.Module:
    torch.manual_seed(0)
    net = Nano(carries=True) if kind == "nano" else LargeNet(tiny_large)
    with torch.no_grad():  # no parameter at a value that hides it, but some that are equal
        for name, parameter in net.named_parameters():
            if "encoder" not in name or "norm" not in name:
                parameter.add_((0.02 if kind == "nano" else 0.1) * torch.randn_like(parameter))
    return net.eval()


@pytest.fixture(scope="module", params=["nano", "large"])
def exported(request, tmp_path_factory, tiny_large) -> tuple[torch.nn.Module, CanvasSpec, Path]:
    """A network, its canvases, and its graphs for any of them."""
    net = make_net(request.param, tiny_large)
    folder = tmp_path_factory.mktemp("exported") / request.param
    errors = export(net, folder, SPECS[request.param], facts={"preset": request.param})
    assert set(errors) == {"look", "carry", "fuse"} and max(errors.values()) < 5e-4
    return net, SPECS[request.param], folder


@pytest.mark.parametrize("given", [False, True])
def test_a_stream_through_the_graphs_on_another_canvas_than_the_traced_one(exported, given):
    net, spec, folder = exported
    height, width = 7 * spec.multiple, 5 * spec.multiple
    random = np.random.default_rng(3)
    canvases = random.standard_normal((3, 3, height, width)).astype(np.float32)
    flows = (4 * random.standard_normal((2, 2, height, width))).astype(np.float32)
    rays = random.standard_normal((height, width, 3)).astype(np.float32) * 0.05 + np.float32((0, 0, 1))
    rays = rays / np.linalg.norm(rays, axis=2, keepdims=True) if given else None
    runtimes = TorchRuntime(net, "cpu"), OnnxRuntime(folder)
    assert all(runtime.carries for runtime in runtimes)
    states = [runtime.look(canvases[0], rays) for runtime in runtimes]
    for i in range(3):
        if i:
            states = [
                runtime.carry(state, canvases[i], flows[i - 1])
                for runtime, state in zip(runtimes, states, strict=True)
            ]
            assert states[1].uncovered == pytest.approx(states[0].uncovered, abs=2e-3)
        expected, mine = states
        np.testing.assert_allclose(mine.rays, expected.rays, atol=1e-4)
        np.testing.assert_allclose(mine.radius, expected.radius, rtol=1e-3)
        np.testing.assert_allclose(mine.confidence, expected.confidence, rtol=1e-3)


def test_what_only_the_next_frame_needs_stays_where_the_graphs_run(exported):
    """Bound by name and never an array, and the same numbers as a plain run of the session."""
    _, spec, folder = exported
    runtime, (height, width) = OnnxRuntime(folder), (4 * spec.multiple, 5 * spec.multiple)
    random = np.random.default_rng(5)
    canvases = random.standard_normal((2, 3, height, width)).astype(np.float32)
    flow = random.standard_normal((2, height, width)).astype(np.float32)
    first = runtime.look(canvases[0])
    second = runtime.carry(first, canvases[1], flow)
    assert set(second.memory) == set(runtime.note["state"])
    assert all(isinstance(each, onnxruntime.OrtValue) for each in second.memory.values())
    known = {f"last_{name}": each.numpy() for name, each in first.memory.items()}
    known |= {"canvas": canvases[1:], "flow": flow[None], "last_radius": first.radius[None, None]}
    known["rays"] = np.ascontiguousarray(first.rays.transpose(2, 0, 1))[None]
    session = onnxruntime.InferenceSession(str(folder / "carry.onnx"))
    names = [each.name for each in session.get_outputs()]
    inputs = {each.name: known[each.name] for each in session.get_inputs()}
    plain = dict(zip(names, session.run(None, inputs), strict=True))
    np.testing.assert_allclose(second.radius, plain["radius"][0, 0], rtol=1e-5)
    for name in set(names) & set(second.memory) - {"radius"}:
        np.testing.assert_allclose(second.memory[name].numpy(), plain[name], rtol=1e-4, atol=1e-5)


def test_an_exported_folder_is_a_preset(exported):
    net, spec, folder = exported
    model = velodepth.load(str(folder))
    assert model.spec == spec and model.name == folder.name
    pictures = np.random.default_rng(0).integers(0, 256, (3, 70, 98, 3), dtype=np.uint8)
    expected = DepthStream(TorchRuntime(net, "cpu"), spec, velodepth.Every(2))
    for picture, frame in zip(pictures, model.run(pictures, policy="every:2"), strict=True):
        np.testing.assert_allclose(frame.depth, expected.push(picture).depth, rtol=2e-3)


def test_the_note_says_what_the_graphs_take_and_give(exported):
    _, spec, folder = exported
    note = json.loads((folder / NOTE).read_text())
    assert note["canvas"] == asdict(spec) and {"canvas", "radius"} < set(note["state"])
    for graph in note["graphs"].values():
        session = onnxruntime.InferenceSession(str(folder / graph["file"]))
        for told, real in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            ports = graph[told]
            assert [port["name"] for port in ports] == [value.name for value in real]
            assert all(value.type == "tensor(float)" for value in real)
            if told == "inputs":
                assert [port["shape"] for port in ports] == [value.shape for value in real]
            assert all(port["dtype"] == "float32" and port["meaning"] for port in ports)


def test_weights_are_there_once(exported):
    net, _, folder = exported
    parameters = 4 * sum(p.numel() for p in net.parameters())
    assert parameters < (folder / WEIGHTS).stat().st_size < 1.05 * parameters + 1e5
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["look.onnx", "carry.onnx", "fuse.onnx", NOTE, WEIGHTS]
    )
    for path in folder.glob("*.onnx"):
        model = onnx.load(str(path), load_external_data=False)
        assert all(len(tensor.external_data) == 3 for tensor in model.graph.initializer)
        assert bool(model.graph.initializer) == (path.name != "fuse.onnx")
        onnx.checker.check_model(str(path))


def test_graphs_of_one_size(tmp_path, tiny_large):
    net, spec = make_net("large", tiny_large), replace(SPECS["large"], size=(98, 70))
    export(net, tmp_path / "fixed", spec)
    model = velodepth.load(str(tmp_path / "fixed"))
    assert model.spec == spec
    (look, carry, _) = model.runtime.note["graphs"].values()
    shapes = {port["name"]: port["shape"] for port in (*look["inputs"], *carry["inputs"])}
    assert shapes["canvas"] == [1, 3, 70, 98] and shapes["last_features_0"] == [1, 32, 5, 7]
    canvas = np.random.default_rng(0).standard_normal((3, 70, 98)).astype(np.float32)
    expected = TorchRuntime(net, "cpu").look(canvas)
    np.testing.assert_allclose(model.runtime.look(canvas).radius, expected.radius, rtol=1e-3)
    assert next(model.run([np.zeros((200, 333, 3), np.uint8)])).depth.shape == (200, 333)


def test_half_weights_take_half_the_room_and_are_those_of_the_rounded_network(tmp_path):
    net = make_net("nano", None)
    parameters = sum(p.numel() for p in net.parameters())
    errors = export(net, tmp_path / "half", SPECS["nano"], half=True)
    assert max(errors.values()) < 1e-4
    assert (tmp_path / "half" / WEIGHTS).stat().st_size < 2.2 * parameters


def test_graphs_that_differ_are_not_handed_out(tmp_path, monkeypatch, tiny_large):
    monkeypatch.setattr(exporting, "TOLERANCE", 1e-12)
    with pytest.raises(VeloDepthError, match=r"differ from PyTorch \(look by .*nothing was written"):
        export(make_net("large", tiny_large), tmp_path / "out", SPECS["large"])
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be(tmp_path, exported):
    net, spec, folder = exported
    with pytest.raises(VeloDepthError, match=f"canvas of 100x50 .* multiples of {spec.multiple}"):
        replace(spec, size=(100, 50))
    with pytest.raises(VeloDepthError, match="is there already: add --overwrite"):
        export(net, folder, spec)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("keep")
    with pytest.raises(VeloDepthError, match="is there already: delete it"):
        export(net, tmp_path / "mine", spec, overwrite=True)
    (tmp_path / "empty").mkdir()
    export(net, tmp_path / "empty", spec)  # what is empty is not in the way
    assert (tmp_path / "empty" / "look.onnx").is_file()
    (tmp_path / "file").write_text("")
    with pytest.raises(VeloDepthError, match="part of this path is a file"):
        export(net, tmp_path / "file" / "out", spec)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "mine"]

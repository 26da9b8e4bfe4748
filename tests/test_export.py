"""The exported graphs, run by ONNX Runtime alone, against the networks in PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
onnx = pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")

import onnxruntime  # noqa: E402

from velodepth import export as exporting  # noqa: E402
from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.export import NOTE, WEIGHTS, export  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.nets.nano import Nano  # noqa: E402
from velodepth.runtime.torch import TorchRuntime  # noqa: E402

MULTIPLES = {"nano": 32, "large": 14}


def make_net(kind: str, tiny_large) -> torch.nn.Module:
    torch.manual_seed(0)
    net = Nano() if kind == "nano" else LargeNet(tiny_large)
    with torch.no_grad():  # no parameter at a value that hides it, but some that are equal
        for name, parameter in net.named_parameters():
            if "encoder" not in name or "norm" not in name:
                parameter.add_((0.02 if kind == "nano" else 0.1) * torch.randn_like(parameter))
    return net.eval()


@pytest.fixture(scope="module", params=["nano", "large"])
def exported(request, tmp_path_factory, tiny_large) -> tuple[torch.nn.Module, int, Path]:
    """A network, what its canvas is a multiple of, and its graphs for any canvas."""
    net = make_net(request.param, tiny_large)
    folder = tmp_path_factory.mktemp("exported") / request.param
    errors = export(net, folder, MULTIPLES[request.param], facts={"preset": request.param})
    assert set(errors) == {"encode", "keyframe", "propagate"} and max(errors.values()) < 1e-4
    return net, MULTIPLES[request.param], folder


class Graphs:
    """What a user writes around the graphs, in any language."""

    def __init__(self, folder: Path) -> None:
        self.note = json.loads((folder / NOTE).read_text())
        self.sessions = {
            name: onnxruntime.InferenceSession(
                str(folder / graph["file"]), providers=["CPUExecutionProvider"]
            )
            for name, graph in self.note["graphs"].items()
        }

    def run(self, name: str, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        graph = self.note["graphs"][name]
        outputs = self.sessions[name].run(
            None, {port["name"]: known[port["name"]] for port in graph["inputs"]}
        )
        return {port["name"]: output for port, output in zip(graph["outputs"], outputs, strict=True)}

    def keyframe(self, canvas: np.ndarray, rays: np.ndarray | None = None) -> dict[str, np.ndarray]:
        known = {"canvas": canvas[None], **self.run("encode", {"canvas": canvas[None]})}
        if rays is not None:
            known["rays"] = rays[None]
        return known | self.run("keyframe", known)

    def propagate(self, state: dict, canvas: np.ndarray, flow: np.ndarray) -> dict[str, np.ndarray]:
        known = {f"last_{name}": value for name, value in state.items()}
        known |= {"rays": state["rays"], "canvas": canvas[None], "flow": flow[None]}
        return known | self.run("propagate", known)


@pytest.mark.parametrize("given", [False, True])
def test_a_stream_through_the_graphs_on_another_canvas_than_the_traced_one(exported, given):
    net, multiple, folder = exported
    height, width = 7 * multiple, 5 * multiple
    random = np.random.default_rng(3)
    canvases = random.standard_normal((3, 3, height, width)).astype(np.float32)
    flows = (4 * random.standard_normal((2, 2, height, width))).astype(np.float32)
    rays = random.standard_normal((height, width, 3)).astype(np.float32) * 0.05 + np.float32((0, 0, 1))
    rays = rays / np.linalg.norm(rays, axis=2, keepdims=True) if given else None
    runtime, graphs = TorchRuntime(net, "cpu"), Graphs(folder)
    state = runtime.keyframe(canvases[0], rays)
    mine = graphs.keyframe(canvases[0], None if rays is None else rays.transpose(2, 0, 1))
    for i in range(3):
        if i:
            state = runtime.propagate(state, canvases[i], flows[i - 1])
            mine = graphs.propagate(mine, canvases[i], flows[i - 1])
            assert mine["uncovered"][0] == pytest.approx(state.uncovered, abs=2e-3)
        np.testing.assert_allclose(mine["rays"][0].transpose(1, 2, 0), state.rays, atol=1e-4)
        np.testing.assert_allclose(mine["radius"][0, 0], state.radius, rtol=1e-3)
        np.testing.assert_allclose(mine["confidence"][0, 0], state.confidence, rtol=1e-3)


def test_the_note_says_what_the_graphs_take_and_give(exported):
    _, multiple, folder = exported
    graphs = Graphs(folder)
    assert graphs.note["canvas"] == {"width": None, "height": None, "multiple": multiple}
    for name, session in graphs.sessions.items():
        for told, real in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            ports = graphs.note["graphs"][name][told]
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
        ["encode.onnx", "keyframe.onnx", "propagate.onnx", NOTE, WEIGHTS]
    )
    for path in folder.glob("*.onnx"):
        model = onnx.load(str(path), load_external_data=False)
        assert model.graph.initializer and all(len(t.external_data) == 3 for t in model.graph.initializer)
        onnx.checker.check_model(str(path))


def test_graphs_of_one_size(tmp_path, tiny_large):
    net = make_net("large", tiny_large)
    export(net, tmp_path / "fixed", 14, (98, 70))
    graphs = Graphs(tmp_path / "fixed")
    assert graphs.note["canvas"] == {"width": 98, "height": 70, "multiple": 14}
    shapes = {value.name: value.shape for s in graphs.sessions.values() for value in s.get_inputs()}
    assert shapes["canvas"] == [1, 3, 70, 98] and shapes["pyramid_2"] == [1, 5, 7, 32]
    assert {port["name"]: port["shape"] for port in graphs.note["graphs"]["propagate"]["inputs"]}[
        "last_features_0"
    ] == [1, 32, 5, 7]
    canvas = np.random.default_rng(0).standard_normal((3, 70, 98)).astype(np.float32)
    expected = TorchRuntime(net, "cpu").keyframe(canvas)
    np.testing.assert_allclose(graphs.keyframe(canvas)["radius"][0, 0], expected.radius, rtol=1e-3)


def test_graphs_that_differ_are_not_handed_out(tmp_path, monkeypatch, tiny_large):
    monkeypatch.setattr(exporting, "TOLERANCE", 1e-12)
    with pytest.raises(VeloDepthError, match=r"differ from PyTorch \(encode by .*nothing was written"):
        export(make_net("large", tiny_large), tmp_path / "out", 14, (98, 70))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be(tmp_path, exported):
    net, multiple, folder = exported
    with pytest.raises(VeloDepthError, match=f"canvas of 100x50 does not fit .* multiples of {multiple}"):
        export(net, tmp_path / "out", multiple, (100, 50))
    with pytest.raises(VeloDepthError, match="is there already: add --overwrite"):
        export(net, folder, multiple)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("keep")
    with pytest.raises(VeloDepthError, match="is there already: delete it"):
        export(net, tmp_path / "mine", multiple, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(VeloDepthError, match="part of this path is a file"):
        export(net, tmp_path / "file" / "out", multiple)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine"]

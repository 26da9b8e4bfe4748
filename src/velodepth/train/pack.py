"""Put trained weights into the package: python -m velodepth.train.pack CHECKPOINT

Writes presets/nano/nano.safetensors and the five ONNX graphs that read their weights from it, so that
every tensor is stored once, for both runtimes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..nets.efficientnet import CHANNELS
from ..nets.nano import STRIDES, WIDTHS, Nano
from ..presets.catalogue import NANO_WEIGHTS

WEIGHTS = "nano.safetensors"
OPSET = 17


class Graph(nn.Module):
    """One method of Nano as a module of its own, with the same parameter names."""

    def __init__(self, net: Nano, method: Callable[..., object]):
        super().__init__()
        self.net, self.method = net, method

    def forward(self, *inputs: Tensor) -> object:
        return self.method(*inputs)


def pack(checkpoint: Path, folder: Path) -> None:
    """checkpoint: as train.loop writes it; its averaged weights are packed."""
    net = Nano()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    net.eval()
    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v.contiguous() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    save_file(state, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # it is written for its owner alone
    h, w = 64, 96  # any size: all axes of space are dynamic
    pyramid = [torch.zeros(1, c, h // s, w // s) for c, s in zip(CHANNELS[::-1], STRIDES, strict=True)]
    levels = [torch.zeros(1, c, h // s, w // s) for c, s in zip(WIDTHS, STRIDES, strict=True)]
    quarter, gates = torch.zeros(1, 3, h // 4, w // 4), torch.zeros(1, len(WIDTHS), h // 8, w // 8)
    names = [f"at{s}" for s in STRIDES]

    def correct_and_decode(*x: Tensor) -> tuple[list[Tensor], tuple[Tensor, Tensor]]:
        """In one graph, which spares a propagated frame a trip between them."""
        features = net.correct(list(x[:4]), x[4], list(x[5:]))
        return features, net.decode(features)

    graphs: dict[str, tuple[Callable[..., object], list[Tensor], list[str], list[str]]] = {
        "encode": (net.encode, [torch.zeros(1, 3, h, w)], ["canvas"], [*names, "camera"]),
        "condition": (lambda *x: net.condition(list(x[:4]), x[4]), [*pyramid, quarter], [*names, "rays"],
                      [f"features_{n}" for n in names]),
        "observe": (net.observe, [torch.zeros(1, 7, h // 2, w // 2), quarter[:, :2]], ["clues", "flow"],
                    [*names, "gates", "refined"]),
        "correct": (correct_and_decode, [*levels, gates, *levels],
                    [*names, "gates", *(f"warped_{n}" for n in names)],
                    [*(f"features_{n}" for n in names), "size", "confidence"]),
        "decode": (lambda *x: net.decode(list(x)), levels, names, ["size", "confidence"]),
    }  # fmt: skip
    header, start = safetensors_header(folder / WEIGHTS)
    for name, (method, inputs, ins, outs) in graphs.items():
        path = folder / f"{name}.onnx"
        # A name of its own for every axis: ONNX Runtime plans one size for axes of one name.
        space = {i: {2: f"{i}_height", 3: f"{i}_width"} for i in (*ins, *outs) if i != "camera"}
        torch.onnx.export(
            Graph(net, method), tuple(inputs), str(path), input_names=ins, output_names=outs,
            dynamic_axes=space, opset_version=OPSET, dynamo=False, do_constant_folding=False,
        )  # fmt: skip
        graph = onnx.load(str(path))
        for tensor in graph.graph.initializer:
            entry = header.get(tensor.name.removeprefix("net."))
            if entry is not None:
                point_at(tensor, *(start + offset for offset in entry["data_offsets"]))
        onnx.save(graph, str(path))


def safetensors_header(path: Path) -> tuple[dict, int]:
    """The tensors a safetensors file lists, and where its data begins."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length


def point_at(tensor: onnx.TensorProto, begin: int, end: int) -> None:
    """Let an initialiser read its bytes from the weights file."""
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", WEIGHTS), ("offset", begin), ("length", end - begin)):
        tensor.external_data.add(key=key, value=str(value))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    pack(parser.parse_args().checkpoint, NANO_WEIGHTS)

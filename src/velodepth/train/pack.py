"""Put trained weights into the package: python -m velodepth.train.pack CHECKPOINT

Writes presets/nano/nano.safetensors and the five ONNX graphs that read their weights from it, so that
every tensor is stored once, for both runtimes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..export import Graph, Port, write_graph, write_weights
from ..nets.efficientnet import CHANNELS
from ..nets.nano import STRIDES, WIDTHS, Nano
from ..presets.catalogue import NANO_WEIGHTS

WEIGHTS = "nano.safetensors"


def pack(checkpoint: Path, folder: Path) -> None:
    """checkpoint: as train.loop writes it; its averaged weights are packed."""
    net = Nano()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["average"])
    net.eval().requires_grad_(False)
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(net, folder / WEIGHTS)
    for graph in graphs_of(net):
        write_graph(graph, net, folder / WEIGHTS, height=64, width=96)


def graphs_of(net: Nano) -> list[Graph]:
    """The five graphs of `runtime.onnx`, which warps between them."""

    def levels(prefix: str, widths: tuple[int, ...]) -> list[Port]:
        return [_map(f"{prefix}at{s}", width, s) for s, width in zip(STRIDES, widths, strict=True)]

    def correct_and_decode(*x: Tensor) -> Any:
        """In one graph, which spares a propagated frame a trip between them."""
        features = net.correct(list(x[:4]), x[4], list(x[5:9]))
        return features, net.decode(features, x[9])

    canvas, gates = _map("canvas", 3), _map("gates", len(WIDTHS), 8)
    answer = [_map("size", 1), _map("confidence", 1)]
    pyramid, evidence = levels("", CHANNELS[::-1]), levels("", WIDTHS)
    features = levels("features_", WIDTHS)
    return [
        Graph("encode", net.encode, [canvas], [*pyramid, Port("camera", (1, 3))]),
        Graph(
            "condition",
            lambda *x: net.condition(list(x[:4]), x[4]),
            [*pyramid, _map("rays", 3, 4)],
            features,
        ),
        Graph(
            "observe",
            net.observe,
            [_map("clues", 7, 2), _map("flow", 2, 4)],
            [*evidence, gates, _map("refined", 2, 4)],
        ),
        Graph(
            "correct",
            correct_and_decode,
            [*evidence, gates, *levels("warped_", WIDTHS), canvas],
            [*features, *answer],
        ),
        Graph("decode", lambda *x: net.decode(list(x[:4]), x[4]), [*evidence, canvas], answer),
    ]


def _map(name: str, channels: int, stride: int = 1) -> Port:
    """A map whose axes have names of their own: ONNX Runtime plans one size for axes of one name."""
    part = f"/{stride}" if stride > 1 else ""
    return Port(name, (1, channels, f"H{part}", f"W{part}"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    pack(parser.parse_args().checkpoint, NANO_WEIGHTS)

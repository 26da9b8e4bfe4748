"""A model of transformers as an ONNX file that `OnnxNetwork` runs without torch, described beside it."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import VeloDepthError
from .onnx_file import OnnxNetwork, note_of
from .preparation import Preparation
from .reading import Reading
from .transformers_hub import TransformersNetwork

NAME = "network.onnx"
OPSET = 17
TOLERANCE = 1e-3
"""Largest difference to PyTorch, of an output's largest value, with which a graph is handed out."""


class _Answer(nn.Module):
    """The outputs that are read, as a tuple."""

    def __init__(self, network: TransformersNetwork) -> None:
        super().__init__()
        self.model, self.names = network.model, network.reading.outputs

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, ...]:
        answer = self.model(pixel_values=pixel_values)
        return tuple(answer[name] for name in self.names)


def write_network(
    network: TransformersNetwork, folder: Path, facts: dict[str, Any], width: int, height: int
) -> float:
    """Write network.onnx, network.json and velodepth.json into a folder that is there.

    The graph is made for the input that pictures of width x height pixels give; others are stretched to it.
    facts: for the notes, e.g. the licence. Returns the largest relative difference to PyTorch on a picture of
    noise. Raises VeloDepthError where that is not small, or the model cannot be written.
    """
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    values, _ = network.preparation(picture)
    path, module = folder / NAME, _Answer(network).cpu().eval()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes that become constants, which is meant
            torch.onnx.export(
                module,
                (torch.from_numpy(values),),
                str(path),
                input_names=["pixel_values"],
                output_names=network.reading.outputs,
                opset_version=OPSET,
                dynamo=False,
            )
    except (torch.onnx.errors.OnnxExporterError, RuntimeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise VeloDepthError(f"this model cannot be written as an ONNX graph ({reason})") from error
    told = {**_changed(network.preparation), **_changed(network.reading), **facts}
    note_of(path).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    note = {"network": NAME, **facts}
    (folder / "velodepth.json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    off = _difference(OnnxNetwork(path), module, values)
    if not off < TOLERANCE:
        raise VeloDepthError(f"the graph differs from PyTorch by {off:.2g}: nothing was written")
    return off


def _changed(part: Preparation | Reading) -> dict[str, Any]:
    """The fields of a description that are not those a note leaves out."""
    usual = {field.name: field.default for field in fields(part)}
    return {name: value for name, value in asdict(part).items() if value != usual[name]}


def _difference(written: OnnxNetwork, module: nn.Module, values: np.ndarray) -> float:
    with torch.inference_mode():
        expected = [output.numpy() for output in module(torch.from_numpy(values))]
    answers = written.run({"pixel_values": values})
    return max(
        float(np.abs(answer - right).max() / max(np.abs(right).max(), 1e-6))
        for answer, right in zip(answers, expected, strict=True)
    )

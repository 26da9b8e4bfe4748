"""The example of a learned flow, with a small network that matches as RAFT does, but for the learning."""

from __future__ import annotations

import importlib.util
import itertools
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

import velodepth

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")

EXAMPLE = Path(__file__).parents[2] / "examples" / "learned_flow.py"
REACH = 4


class Matching(torch.nn.Module):
    """Of all shifts up to REACH pixels, the one at which 7 x 7 pixels of the pictures differ least."""

    def forward(self, first, second):
        padded = torch.nn.functional.pad(second / 255, [REACH] * 4, mode="replicate")
        height, width = first.shape[2:]
        costs, shifts = [], list(itertools.product(range(-REACH, REACH + 1), repeat=2))
        for down, across in shifts:
            there = padded[
                :, :, REACH + down : REACH + down + height, REACH + across : REACH + across + width
            ]
            costs.append(torch.nn.functional.avg_pool2d((first / 255 - there).abs().mean(1, True), 7, 1, 3))
        share = torch.softmax(-400 * torch.cat(costs, 1), 1)
        means = [(share * torch.tensor(axis).view(1, -1, 1, 1)).sum(1) for axis in zip(*shifts, strict=True)]
        return torch.stack(means[::-1], 1)


def exported(path, height=64, width=96, free=False):
    pictures = (torch.zeros(1, 3, height, width),) * 2
    names = ["first", "second"]
    axes = {name: {2: "h", 3: "w"} for name in names} if free else None
    with warnings.catch_warnings():  # of PyTorch's own exporter, about itself
        warnings.simplefilter("ignore")
        torch.onnx.export(Matching(), pictures, str(path), input_names=names, dynamo=False, dynamic_axes=axes)
    return str(path)


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("learned_flow", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fixed(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("flow") / "fixed.onnx")


def shifted(across, down, size=(96, 64)):
    """Two pictures, the content of the second that far right and down of where it was in the first."""
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (height + 40, width + 40, 3), dtype=np.uint8)
    large = cv2.GaussianBlur(noise, (0, 0), 2)
    return (
        large[20 : 20 + height, 20 : 20 + width],
        large[20 - down : 20 - down + height, 20 - across : 20 - across + width],
    )


@pytest.mark.parametrize(("across", "down"), [(0, 0), (3, -2), (-4, 1)])
def test_it_says_where_each_pixel_was(example, fixed, across, down):
    before, now = shifted(across, down)
    field = example.OnnxFlow(fixed)(before, now)
    assert field.shape == (2, 64, 96) and field.dtype == np.float32
    inner = field[:, 10:-10, 10:-10]
    assert np.abs(inner - np.reshape([-across, -down], (2, 1, 1))).max() < 0.5
    searched = velodepth.DisFlow()(before, now)[:, 10:-10, 10:-10]
    assert np.median(np.abs(inner - searched)) < 0.3


def test_vectors_are_of_the_canvas_whatever_the_graph_was_made_for(example, fixed, tmp_path):
    before, now = shifted(6, -4, (192, 128))  # the graph sees half of it
    inner = example.OnnxFlow(fixed)(before, now)[:, 20:-20, 20:-20]
    assert np.abs(np.median(inner, (1, 2)) - (-6, 4)).max() < 0.5
    before, now = shifted(2, 1, (90, 61))  # sides that are no multiples of 8
    free = example.OnnxFlow(exported(tmp_path / "free.onnx", free=True))
    field = free(before, now)
    assert field.shape == (2, 61, 90)
    assert np.abs(np.median(field, (1, 2)) - (-2, -1)).max() < 0.3


def test_a_stream_goes_by_it(example, fixed):
    with velodepth.open_source(velodepth.demo_clip()) as source:
        clip = [frame.picture for frame, _ in zip(source, range(5), strict=False)]
    model = velodepth.load()
    depths = {
        name: [frame.depth for frame in model.run(clip, policy="every:4", flow=flow)]
        for name, flow in (("learned", example.OnnxFlow(fixed)), ("still", velodepth.NoFlow()))
    }
    assert all(np.isfinite(depth).all() for depth in depths["learned"])
    assert np.array_equal(depths["learned"][0], depths["still"][0])
    assert not np.array_equal(depths["learned"][1], depths["still"][1])

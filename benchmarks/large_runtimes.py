"""Is `large` faster on a CPU through PyTorch or through its exported graphs on ONNX Runtime?

    python benchmarks/large_runtimes.py [--repeats 5] [--folder FOLDER]

The network has the published size and random weights: time does not depend on their values. Both run as
`velodepth.load` runs them, PyTorch with its Winograd convolutions; keyframe and propagated frame on the
canvas of a 640 x 360 picture at level 0, in turns, so that a busy machine slows both alike. Medians by the
clock and of the CPU's time, which other programs disturb less; the ratio within each turn; how far radius is
apart. --folder: where graphs are written (1.6 GB), or lie from the last time; else in one that is deleted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from velodepth.cores import cores
from velodepth.export import export
from velodepth.nets.large import VITL, LargeNet
from velodepth.nets.winograd import quicken
from velodepth.presets.large import LargeSettings
from velodepth.runtime.note import NOTE
from velodepth.runtime.onnx import OnnxRuntime
from velodepth.runtime.protocol import State
from velodepth.runtime.torch import TorchRuntime
from velodepth.stream.canvas import Canvas

PICTURE = (640, 360)


def timed(call: Callable[[], State]) -> tuple[State, np.ndarray]:
    """What it returns, and its seconds by the clock and of the CPU."""
    start = np.array((time.perf_counter(), time.process_time()))
    state = call()
    return state, np.array((time.perf_counter(), time.process_time())) - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(__doc__)
    torch.manual_seed(0)
    torch.set_num_threads(len(cores()))
    net, spec = LargeNet(VITL).eval(), LargeSettings().canvas_spec(level=0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "large"
        if not (folder / NOTE).is_file():
            print("error of the graphs:", export(net, folder, spec), flush=True)
        compare(net, OnnxRuntime(folder, "cpu"), Canvas.of(*PICTURE, spec), options.repeats)


def compare(net: LargeNet, graphs: OnnxRuntime, canvas: Canvas, repeats: int) -> None:
    quicken(net)
    runtimes = {"torch": TorchRuntime(net, "cpu"), "onnx": graphs}
    random = np.random.default_rng(0)
    first, second = (
        canvas.fill(random.integers(0, 256, (PICTURE[1], PICTURE[0], 3), dtype=np.uint8)) for _ in range(2)
    )
    flow = random.normal(0, 3, (2, canvas.height, canvas.width)).astype(np.float32)
    seconds = np.empty((repeats + 1, 2, 2, 2))  # turn, runtime, keyframe or propagated, clock or CPU
    states: dict[str, State] = {}
    for turn in seconds:  # the first warms up
        for mine, (name, runtime) in zip(turn, runtimes.items(), strict=True):
            looked, mine[0] = timed(lambda r=runtime: r.look(first))  # type: ignore[misc]
            states[name], mine[1] = timed(lambda r=runtime, s=looked: r.carry(s, second, flow))  # type: ignore[misc]
        print(f"  load {os.getloadavg()[0]:.1f}: {turn.round(1).tolist()} s", flush=True)
    apart = np.abs(states["onnx"].radius / states["torch"].radius - 1)
    print(f"canvas {canvas.width} x {canvas.height}, {len(cores())} cores, PyTorch {torch.__version__}")
    print(f"radius of the propagated frame apart: median {np.median(apart):.1e}, most {apart.max():.1e}")
    median = np.median(seconds[1:], 0)
    ratio = np.median(seconds[1:, 1] / seconds[1:, 0], 0)
    for i, name in enumerate(("keyframe", "propagated")):
        torch_, onnx = median[:, i]
        print(
            f"{name}: torch {torch_[0]:.2f} s ({torch_[1]:.2f} s of CPU), onnx {onnx[0]:.2f} s "
            f"({onnx[1]:.2f} s of CPU); onnx / torch {ratio[i, 0]:.2f} by the clock, {ratio[i, 1]:.2f} of CPU"
        )


if __name__ == "__main__":
    main()

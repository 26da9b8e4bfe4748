"""How much cheaper is a propagated frame of `large` than a keyframe?

    python benchmarks/large_ratio.py [--threads 2] [--repeats 5]

The network has the published size and random weights: time does not depend on their values.
The target is a ratio of at most 0.28; the published code takes 2.6 s against 9.1 s (0.286).
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch

from velodepth.nets.large import VITL, LargeNet
from velodepth.nets.winograd import quicken
from velodepth.presets.large import LargeSettings
from velodepth.runtime.torch import TorchRuntime
from velodepth.stream.canvas import Canvas

PICTURE = (640, 360)


def processor() -> str:
    """Model name of the CPU, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} logical cores" if names else platform.processor()


def clocks() -> np.ndarray:
    """Seconds by the clock and of CPU time."""
    return np.array((time.perf_counter(), time.process_time()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    canvas = Canvas.of(*PICTURE, LargeSettings().canvas_spec(level=0))
    net = LargeNet(VITL)
    quicken(net)  # as velodepth.load("large") does on a CPU
    runtime = TorchRuntime(net, "cpu")
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (2, PICTURE[1], PICTURE[0], 3), dtype=np.uint8)
    first, second = (canvas.fill(picture) for picture in pictures)
    flow = random.normal(0, 3, (2, canvas.height, canvas.width)).astype(np.float32)

    state = runtime.look(first)  # warm-up
    runtime.carry(state, second, flow)
    seconds = np.empty((options.repeats, 2, 2))  # run, keyframe or propagated, clock or CPU
    for run in seconds:  # in turns, so that a busy machine slows both alike
        before = clocks()
        state = runtime.look(first)
        between = clocks()
        runtime.carry(state, second, flow)
        run[:] = between - before, clocks() - between

    print(f"machine    {processor()}; {platform.platform()}")
    print(f"software   Python {platform.python_version()}, PyTorch {torch.__version__}, float32")
    print(
        f"protocol   published size, random weights, canvas {canvas.width} x {canvas.height} "
        f"({canvas.width * canvas.height} pixels), {options.threads} threads, one warm-up, "
        f"median of {options.repeats} in turns; flow not included"
    )
    print("           by the clock, and by CPU time over all threads, which other programs disturb less")
    keyframe, propagated = np.median(seconds, 0)
    ratio = np.median(seconds[:, 1] / seconds[:, 0], 0)
    print(f"keyframe   {keyframe[0]:6.2f} s   {keyframe[1]:6.2f} s")
    print(f"propagated {propagated[0]:6.2f} s   {propagated[1]:6.2f} s")
    print(f"ratio      {ratio[0]:6.3f}     {ratio[1]:6.3f}     published code: 0.286")


if __name__ == "__main__":
    main()

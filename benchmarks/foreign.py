"""How fast and how late is live depth when the network that looks takes seconds?

    python benchmarks/foreign.py [--takes 2] [--seconds 60] [--rate 30]

The camera and the threads of benchmarks/latency.py. The network that looks is somebody's that takes so many
seconds a picture: it sleeps, and then answers with depth of its own. Its looks run beside the stream, which
nano carries in between. Sleeping takes no core: a network that computes shares them with the stream.
Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

import numpy as np

import velodepth
from latency import watch
from velodepth.presets import Model
from velodepth.presets.catalogue import NANO_CANVAS
from velodepth.stream.foreign import ForeignRuntime


class Sleeper:
    """Takes its time, and says that everything below the middle of the picture is near."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def look(self, picture: np.ndarray, camera: velodepth.Camera | None) -> velodepth.Look:
        time.sleep(self.seconds)
        height, width = picture.shape[:2]
        ramp = np.broadcast_to(np.linspace(0.2, 1, height, dtype=np.float32)[:, None], (height, width))
        return velodepth.Look(ramp, "affine_disparity")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--takes", type=float, default=2.0, help="seconds a look")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=30.0)
    options = parser.parse_args()
    print(__doc__)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"velodepth {velodepth.__version__}, {machine}, {options.rate:g} frames/s in")
    carried = ForeignRuntime(Sleeper(options.takes), "the sleeper", velodepth.load().runtime, NANO_CANVAS)
    print(f"a network that takes {options.takes:g} s a picture, looks beside the stream:")
    watch(Model("sleeper", carried, NANO_CANVAS).streams(1, beside=True), options.rate, options.seconds)


if __name__ == "__main__":
    main()

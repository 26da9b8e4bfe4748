"""How late is live depth, and does the lag grow?

    python benchmarks/latency.py [--preset nano] [--seconds 60] [--rate 30]

A synthetic camera gives the pictures of the packaged demo clip (640 x 480, to and fro) at a fixed rate, each
when it is due, whatever the rest does. They go through what `velodepth live` uses: capture, network and
output in threads of their own, queues of one. Latency is from a picture's coming to its depth's being painted
beside it; the first two seconds do not count. The lag grows if the last third is later than the first. Once
with looks beside the stream, as `live` has them, and once in line, as for a file.
Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from itertools import chain

import numpy as np

import velodepth
from velodepth.live.feed import Feed
from velodepth.live.pipeline import Pipeline
from velodepth.media.colour import Colouring
from velodepth.media.source import Source
from velodepth.presets import DEMO_CLIP

WARM = 2.0  # seconds


class Metronome(Source):
    """A camera: each picture when it is due."""

    def __init__(self, pictures: list[np.ndarray], rate: float, seconds: float) -> None:
        super().__init__("the synthetic camera", frame_rate=rate, live=True)
        self._pictures_shown, self._rate, self._count = pictures, rate, round(rate * seconds)
        self.start = 0.0

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        self.start = time.perf_counter()
        for i in range(self._count):
            time.sleep(max(0.0, self.start + i / self._rate - time.perf_counter()))
            yield i / self._rate, self._pictures_shown[i % len(self._pictures_shown)].copy()


def watch(streams: velodepth.DepthStreams, rate: float, seconds: float) -> None:
    """Runs the camera through the stream and prints how late its pictures were shown."""
    pictures = [f.picture for f in velodepth.open_source(DEMO_CLIP)]
    camera = Metronome(pictures + pictures[-2:0:-1], rate, seconds)
    feed = Feed(lambda: camera, lambda reason, wait: feed.stop())
    colouring = Colouring()
    moments, latencies, looks = [], [], 0
    with Pipeline([feed], streams) as pipeline:
        for answer in chain.from_iterable(pipeline):
            np.hstack([answer.frame.picture, colouring.paint(answer.frame)])
            pipeline.shown(answer)
            moments.append(time.perf_counter() - camera.start)
            latencies.append(time.perf_counter() - answer.at)
            looks += answer.frame.is_keyframe
    late = np.array(latencies)[np.array(moments) > WARM] * 1000
    shown = len(late)
    came = round(rate * (seconds - WARM))
    first, last = (np.median(part) for part in (late[: shown // 3], late[-(shown // 3) :]))
    share = looks / max(len(latencies), 1)
    speed = shown / (seconds - WARM)
    print(f"shown {shown} of {came} ({speed:.1f} of {rate:g} frames/s), dropped {pipeline.dropped}")
    print(f"latency: median {np.median(late):.1f} ms, 99th percentile {np.percentile(late, 99):.1f} ms")
    print(f"median of the first third {first:.1f} ms, of the last third {last:.1f} ms; looks {share:.0%}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=30.0)
    options = parser.parse_args()
    print(__doc__)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(
        f"velodepth {velodepth.__version__}, preset {options.preset}, {machine}, {options.rate:g} frames/s in"
    )
    model = velodepth.load(options.preset)
    for beside in (True, False):
        print("looks beside the stream, as live does:" if beside else "looks in line:")
        watch(model.streams(1, beside=beside), options.rate, options.seconds)


if __name__ == "__main__":
    main()

"""Do several streams share a machine well, and does none wait long?

    python benchmarks/streams.py [--streams 4] [--frames 120] [--repeats 3] [--pace 8]

`nano` on pieces of the packaged demo clip (640 x 480, decoded before), depth at full size included. In turn,
`repeats` times: one stream; that many through `model.streams`, a picture of each at one push; the same pushed
one after the other in one thread; and one process for each core, as `velodepth batch` has them (without their
start). Frames a second in all, and the ratio to one stream in the same repeat; medians over repeats. Spread:
how long a push of `model.streams` takes, with `looks` at half of the streams (the default) and at all.
Last, live at `pace` frames a second each, looks beside the streams: from a picture's coming to its depth.
Nothing else should run on the machine; the load that did is printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import numpy as np

import velodepth
from velodepth.cores import cores, keep_to, shares

Videos = list[list[np.ndarray]]


def together(model: velodepth.Model, videos: Videos, looks: int | None = None) -> list[float]:
    """Seconds of each push."""
    streams, seconds = model.streams(len(videos), looks=looks), []
    for pictures in zip(*videos, strict=True):
        start = time.perf_counter()
        for frame in streams.push(pictures):
            assert frame is not None and frame.depth.size
        seconds.append(time.perf_counter() - start)
    return seconds


def in_turn(model: velodepth.Model, videos: Videos) -> list[float]:
    streams, seconds = [model.stream() for _ in videos], []
    for pictures in zip(*videos, strict=True):
        start = time.perf_counter()
        for stream, picture in zip(streams, pictures, strict=True):
            assert stream.push(picture).depth.size
        seconds.append(time.perf_counter() - start)
    return seconds


def worker(share: list[int], videos: Videos, ready: Barrier, times: Queue[float]) -> None:
    keep_to(share)
    model = velodepth.load()
    model.stream().push(videos[0][0])
    ready.wait()
    start = time.perf_counter()
    in_turn(model, videos)
    times.put(time.perf_counter() - start)


def processes(videos: Videos) -> float:
    """Seconds until all are done."""
    context, count = get_context("spawn"), min(len(cores()), len(videos))
    ready, times = context.Barrier(count), context.Queue()
    crew = [
        context.Process(target=worker, args=(share, videos[i::count], ready, times))
        for i, share in enumerate(shares(count))
    ]
    for process in crew:
        process.start()
    took = [times.get() for _ in crew]
    for process in crew:
        process.join()
    return max(took)


def live(model: velodepth.Model, videos: Videos, pace: float) -> np.ndarray:
    """Seconds from the time at which a picture is due to its depth."""
    streams, late, start = model.streams(len(videos), beside=True), [], time.perf_counter()
    for i, pictures in enumerate(zip(*videos, strict=True)):
        due = start + i / pace
        time.sleep(max(0.0, due - time.perf_counter()))
        for frame in streams.push(pictures):
            assert frame is not None and frame.depth.size
        late.append(time.perf_counter() - due)
    return np.array(late[len(late) // 10 :])


def spread(seconds: np.ndarray | list[float]) -> str:
    median, high, worst = (1000 * float(np.percentile(seconds, q)) for q in (50, 99, 100))
    return f"median {median:.0f} ms, 99 of 100 within {high:.0f} ms, worst {worst:.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pace", type=float, default=8.0)
    options = parser.parse_args()
    print(__doc__)
    print(f"velodepth {velodepth.__version__}, {platform.machine()}, {len(cores())} cores")
    pictures = [f.picture for f in velodepth.open_source(velodepth.demo_clip())]
    n, there = options.streams, pictures + pictures[::-1]
    videos = [
        [there[(17 * i + j) % len(there)] for j in range(options.frames)] for i in range(n)
    ]  # each begins elsewhere
    model = velodepth.load()
    in_turn(model, [videos[0][:20]])  # warm
    rates: dict[str, list[float]] = {}
    ticks: dict[str, list[float]] = {}
    for _ in range(options.repeats):
        took = {"one stream": sum(in_turn(model, videos[:1])) * n}
        half = together(model, videos)
        ticks.setdefault("looks at most half", []).extend(half[1:])
        took[f"{n} streams together"] = sum(half)
        free = together(model, videos, n)
        ticks.setdefault("looks not bounded", []).extend(free[1:])
        took[f"{n} streams together, looks not bounded"] = sum(free)
        took[f"{n} streams in turn"] = sum(in_turn(model, videos))
        took[f"{n} streams in processes"] = processes(videos)
        for name, seconds in took.items():
            rates.setdefault(name, []).append(n * options.frames / seconds)
        print(f"  load {os.getloadavg()[0]:.1f}", flush=True)
    one = np.array(rates["one stream"])
    for name, each in rates.items():
        print(f"{name}: {np.median(each):.1f} frames/s in all, {np.median(np.array(each) / one):.2f} of one")
    for name, seconds in ticks.items():
        print(f"a push, {name}: {spread(seconds)}")
    print(f"live, {n} at {options.pace:g} frames/s each: {spread(live(model, videos, options.pace))}")


if __name__ == "__main__":
    main()

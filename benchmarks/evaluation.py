"""What does measuring a frame cost, apart from the model?

    python benchmarks/evaluation.py [--size 640x480] [--pairs 12] [--neighbours]

One process; set OMP_NUM_THREADS=1 for one thread. A made world of smooth hills seen by a pinhole camera that
moves sideways, a fifth of its truth unknown, and a prediction with 3 % of smooth error. CPU time a frame,
median over the pairs, by group of measures as the protocol `full` needs them. --neighbours adds chamfer and
F1 (needs scipy).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

import velodepth
from velodepth.eval.alignment import fit
from velodepth.eval.consistency import Matches, TrueMotion, flicker, opw, steady, still_flicker, tae, tau5
from velodepth.eval.geometry import Downsizing, Grid, frame_geometry, neighbours, rays_auc
from velodepth.eval.memory import keep_freed_memory
from velodepth.eval.metrics import edge_f1, frame_accuracy, kept_ratio, log_bias, valid_truth

MAX_DEPTH = 10.0
NEIGHBOURS = "chamfer, F1"


class Frame(NamedTuple):
    truth: np.ndarray
    valid: np.ndarray
    depth: np.ndarray
    confidence: np.ndarray
    picture: np.ndarray
    pose: np.ndarray


def scene(width: int, height: int, step: int) -> Frame:
    draw = np.random.default_rng(step)
    v, u = np.mgrid[:height, :width] / height
    truth = (3 + np.sin(5 * u + 0.01 * step) + np.cos(7 * v)).astype(np.float32)
    depth = (truth * (1 + 0.03 * np.sin(20 * u + step))).astype(np.float32)
    truth[draw.random(truth.shape) < 0.2] = 0
    picture = draw.integers(0, 255, (height, width, 3), dtype=np.uint8)
    pose = np.eye(4)
    pose[0, 3] = 0.02 * step
    return Frame(truth, valid_truth(truth, MAX_DEPTH), depth, draw.random(truth.shape), picture, pose)


class Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def __call__(self, group: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.seconds.setdefault(group, []).append(time.process_time() - start)


def measure(clock: Clock, grid: Grid, shrink: Downsizing, last: Frame, now: Frame, slow: bool) -> None:
    aligned = {}
    for kind in ("si", "ssi", "disparity"):
        with clock(f"align: {kind}"):
            found = fit("metric", kind, now.depth, now.truth, now.valid, MAX_DEPTH)
            aligned[kind] = found.apply(now.depth)
    with clock("accuracy: metric, si, ssi"):
        for depth in (now.depth, aligned["si"], aligned["ssi"]):
            frame_accuracy(depth, now.truth, now.valid)
    with clock("confidence: kept"):
        kept_ratio(aligned["si"], now.confidence, now.truth, now.valid)
    with clock("edge F1"):
        edge_f1(now.depth, now.truth, now.valid)
    with clock("log bias (drift)"):
        log_bias(now.depth, now.truth, now.valid)
    with clock("points"):
        points, true_points = grid.points(now.depth, shrink), grid.points(now.truth, shrink)
    with clock("geometry"):
        frame_geometry(points, true_points, shrink(now.valid))
    with clock("rays"):
        rays_auc(points, true_points)
    if slow:
        with clock(NEIGHBOURS):
            neighbours(points, true_points, shrink(now.valid), 0.1, MAX_DEPTH)
    motion = TrueMotion(grid, last.pose, now.pose)
    with clock("steady pixels"):
        mask = steady(motion, (last.truth, now.truth), (last.valid, now.valid))
    with clock("tau5, tau5_ssi"):
        for depth in (now.depth, aligned["ssi"]):
            tau5(motion, (last.depth, depth), mask)
    with clock("TAE"):
        tae(motion, (last.depth, aligned["disparity"]), (last.valid, now.valid))
    with clock("matches"):
        matches = Matches.moved(motion, (last.truth, now.truth), (last.valid, now.valid))
    with clock("OPW"):
        opw(matches, (last.depth, now.depth), (last.picture, now.picture))
    with clock("flicker"):
        flicker(matches, (last.depth, now.depth), (last.truth, now.truth))
    with clock("still flicker"):
        still_flicker((last.depth, now.depth))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--neighbours", action="store_true", help="also chamfer and F1")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    print(__doc__)
    print(f"velodepth {velodepth.__version__}, numpy {np.__version__}, {width}x{height}\n")

    keep_freed_memory()
    clock = Clock()
    grid = Grid(velodepth.Pinhole(0.8 * width, 0.8 * width, width / 2, height / 2), height, width)
    last = scene(width, height, 0)
    shrink = Downsizing(last.valid)
    for step in range(1, options.pairs + 1):
        now = scene(width, height, step)
        measure(clock, grid, shrink, last, now, options.neighbours)
        last = now
    medians = {group: 1000 * statistics.median(times) for group, times in clock.seconds.items()}
    medians["all but chamfer and F1"] = sum(ms for group, ms in medians.items() if group != NEIGHBOURS)
    for group, ms in medians.items():
        print(f"{group:28s}{ms:8.1f} ms")


if __name__ == "__main__":
    main()

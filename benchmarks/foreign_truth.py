"""What carrying makes of a network of others: truth itself, made noisy, as the network that looks.

python benchmarks/foreign_truth.py --data ../shared/data/rgbd

Every look is true depth with 5 % noise from pixel to pixel. `metric`: times a factor that differs by 10 %
from look to look, and called metric all the same. `disparity`: as 1 / depth, times a random factor plus a
random shift; what is carried is measured as disparity, too, since its metres are those of nano.
Measured by figures of `velodepth eval --protocol full`: each look by itself, and carried at every Nth frame.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import velodepth
from velodepth.eval.datasets import open_dataset
from velodepth.eval.evaluate import Run, evaluate
from velodepth.eval.predictor import ClipInfo, Prediction
from velodepth.eval.protocols import Aligned, Protocol
from velodepth.presets.catalogue import NANO_CANVAS
from velodepth.presets.model import Model
from velodepth.stream.foreign import ForeignRuntime
from velodepth.stream.keyframes import Every

NOISE, FLICKER = 0.05, 0.1
BRIEF = Protocol(
    "full",
    (
        Aligned("metric", "sequence", "metric", ("absrel", "delta1")),
        Aligned("si", "frame", "si_frame", ("absrel", "delta1")),
        Aligned("ssi", "frame", "ssi_frame", ("absrel", "delta1")),
    ),
    frozenset(("tau5", "tae", "flicker", "moving_delta1", "edge_f1")),
)
FIGURES = (
    *("absrel_metric", "delta1_metric", "absrel_si_frame", "delta1_si_frame", "delta1_ssi_frame"),
    *("tau5", "tae", "flicker", "moving_delta1", "edge_f1"),
)


class Truth:
    """True depth of the pictures it was told, made noisy, as a network."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.known: dict[bytes, tuple[np.ndarray, int]] = {}

    def learn(self, sequence: Any, frames: int | None) -> None:
        self.known = {}
        for index in range(len(sequence))[:frames]:
            truth = sequence[index]
            self.known[hashlib.md5(truth.picture.tobytes()).digest()] = truth.depth, index

    def look(self, picture: np.ndarray, camera: Any) -> velodepth.Look:
        depth, index = self.known[hashlib.md5(np.ascontiguousarray(picture).tobytes()).digest()]
        random = np.random.default_rng(index)
        noisy = filled(depth) * np.exp(random.normal(0, NOISE, depth.shape))
        if self.how == "metric":
            return velodepth.Look(noisy * np.exp(random.normal(0, FLICKER)), "metric")
        scale, shift = random.uniform(0.5, 2), random.uniform(-0.3, 0.3)
        return velodepth.Look(scale / noisy + shift, "affine_disparity")


def filled(depth: np.ndarray) -> np.ndarray:
    """Depth (H, W) whose holes, 0, say what the nearest pixel says: networks have none."""
    holes = (depth <= 0).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(holes, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.zeros(labels.max() + 1, depth.dtype)
    nearest[labels[holes == 0]] = depth[holes == 0]
    return nearest[labels]


class Predictor:
    """A stream that looks with the truth at every Nth frame; n = 0: the truth's looks themselves."""

    def __init__(self, truth: Truth, n: int, model: Model | None) -> None:
        self.truth, self.n, self.model = truth, n, model
        self.claim = "metric" if truth.how == "metric" else "affine_disparity"
        self.name = f"{truth.how}, {f'every {n}' if n else 'each look'}"

    def identity(self) -> str:
        return self.name

    def start(self, clip: ClipInfo) -> None:
        self.index, self.camera = -1, clip.camera
        self.stream = self.model.stream(clip.camera, Every(self.n)) if self.model else None

    def push(self, picture: np.ndarray) -> Prediction:
        self.index += 1
        if self.stream is None:
            look = self.truth.look(picture, self.camera)
            return Prediction(self.index, look.depth.astype(np.float32))
        depth = self.stream.push(picture).depth
        return Prediction(self.index, depth if self.claim == "metric" else 1 / depth)


def row(name: str, found: list[dict[str, float]]) -> str:
    """One line of the table: means over those that have the figure."""
    known = ([each[figure] for each in found if np.isfinite(each.get(figure, np.nan))] for figure in FIGURES)
    return f"{name:45}" + "".join(f"{np.mean(values):18.4f}" if values else f"{'-':>18}" for values in known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--frames", type=int, help="of each sequence, for a trial")
    parser.add_argument("--only", default="", help="part of a sequence's name")
    parser.add_argument("--every", default="0,1,4,8,16")
    parser.add_argument("--how", default="metric,disparity")
    arguments = parser.parse_args()
    print(f"{'':45}" + "".join(f"{figure:>18}" for figure in FIGURES))
    sequences = [each for each in open_dataset(arguments.data) if arguments.only in each.name]
    base = velodepth.load().runtime
    for how in arguments.how.split(","):
        truth = Truth(how)
        model = Model("truth", ForeignRuntime(truth, "truth", base, NANO_CANVAS), NANO_CANVAS)
        figures: dict[int, list[dict[str, float]]] = {}
        for sequence in sequences:
            truth.learn(sequence, arguments.frames)
            for n in map(int, arguments.every.split(",")):
                predictor: Any = Predictor(truth, n, model if n else None)
                run = Run(predictor, BRIEF, limit=arguments.frames)
                figures.setdefault(n, []).append(evaluate(run, [sequence]).mean)
                print(row(f"{sequence.name}, {predictor.name}", figures[n][-1:]), flush=True)
        for n, found in figures.items():
            print(row(f"mean, {Predictor(truth, n, None).name}", found), flush=True)


if __name__ == "__main__":
    main()

"""A made recording with exact truth, held in memory, and predictors of known quality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth.eval.evaluate import Run, evaluate
from velodepth.eval.predictor import ClipInfo, Prediction
from velodepth.eval.protocols import PROTOCOLS
from velodepth.eval.results import RunResult
from velodepth.eval.truth import TruthFrame

from ..recordings import write_recording

WIDTH, HEIGHT = 48, 36
CAMERA = Pinhole(40.0, 40.0, 24.0, 18.0, size=(WIDTH, HEIGHT))
STEP = 0.01  # metres that the camera goes to the right in a frame


def depth_at(index: int) -> np.ndarray:
    """A plane that is farther at the top, and a box in front of it: metres, seen from frame `index`."""
    v = np.arange(HEIGHT)[:, None] + 0.5
    plane = np.broadcast_to(2 / (0.3 + 0.5 * v / HEIGHT), (HEIGHT, WIDTH)).copy()
    left = round(10 - index * STEP * CAMERA.fx / 1.2)
    plane[12:30, max(left, 0) : left + 16] = 1.2
    return plane.astype(np.float32)


@dataclass
class Recording:
    """Stands for a `Sequence`: what is measured asks for no more."""

    name: str = "made"
    length: int = 6
    dataset: str = "rgbd"
    min_depth: float = 0.01
    max_depth: float = 10.0
    frame_rate: float | None = 10.0
    still: bool = False
    posed: bool = True
    broken: int | None = None  # this frame cannot be read
    reads: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> TruthFrame:
        if index == self.broken:
            raise VeloDepthError(f"sequence {self.name}, frame {index}: its depth cannot be read")
        self.reads.append(index)
        seen = 0 if self.still else index
        depth = depth_at(seen)
        depth[:3, :3] = 0  # unknown
        picture = cv2.cvtColor((40 * depth).astype(np.uint8), cv2.COLOR_GRAY2RGB)
        pose = np.eye(4)
        pose[0, 3] = STEP * seen
        time = None if self.frame_rate is None else index / self.frame_rate
        return TruthFrame(index, time, picture, depth, CAMERA, pose if self.posed else None, None, None)

    def identity(self) -> str:
        return f"{self.name} {self.length} {self.still} {self.posed}"


class Made:
    """Predicts what a function of the frame's index says; knows nothing of pictures."""

    def __init__(
        self,
        depth: Callable[[int], np.ndarray] = depth_at,
        claim: Any = "metric",
        name: str = "made",
        **maps: Any,
    ) -> None:
        self.depth, self.claim, self.name, self.maps = depth, claim, name, maps
        self.clips: list[ClipInfo] = []

    def identity(self) -> str:
        return f"{self.name} {self.claim}"

    def start(self, clip: ClipInfo) -> None:
        self.clips.append(clip)
        self.next = 0

    def push(self, picture: np.ndarray) -> Prediction | None:
        t = self.next
        self.next += 1
        depth = self.depth(self.clips[-1].first + t).astype(np.float32)
        return Prediction(t, depth, is_keyframe=t % 3 == 0, seconds=0.02, **self.maps)


def wrong_at(index: int) -> np.ndarray:
    """Off by a factor that changes from frame to frame, with noise."""
    noise = np.random.default_rng(index).normal(0, 0.04, (HEIGHT, WIDTH))
    return depth_at(index) * (1.4 + 0.05 * (-1) ** index) * np.exp(noise)


@pytest.fixture(scope="session")
def recording() -> type[Recording]:
    return Recording


@pytest.fixture(scope="session")
def made() -> type[Made]:
    return Made


@pytest.fixture(scope="session")
def wrong() -> Callable[[int], np.ndarray]:
    return wrong_at


@pytest.fixture(scope="session")
def true_depth() -> Callable[[int], np.ndarray]:
    return depth_at


@pytest.fixture(scope="session")
def run() -> Callable[..., RunResult]:
    """run(predictor, protocol, *recordings, ...): the rest as in `Run` and `evaluate`."""

    def start(predictor: Any, protocol: str, *recordings: Any, **options: Any) -> RunResult:
        how = {name: options.pop(name) for name in ("processes", "keep_going", "advance") if name in options}
        return evaluate(Run(predictor, PROTOCOLS[protocol], **options), recordings or [Recording()], **how)

    return start


@pytest.fixture
def rgbd(tmp_path: Path) -> Callable[..., Path]:
    """Writes made recordings in the layout of the development data: rgbd("a", "b", length=4) -> folder."""

    def write(*names: str, length: int = 4, folder: str = "rgbd") -> Path:
        root = tmp_path / folder
        for name in names:
            frames = [Recording(name, length)[i] for i in range(length)]
            pictures, depths, poses = zip(*((f.picture, f.depth, f.pose) for f in frames), strict=True)
            write_recording(root / name, pictures, depths, CAMERA, poses, fps=10)
        return root

    return write

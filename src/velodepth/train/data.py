"""Footage with depth as training batches.

Which examples a step sees, and how they are augmented, depends on (seed, rank, step) and on what is in the
pool: with footage on disk a run that goes on after a stop sees what it would have seen without one.
"""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np

from ..errors import VeloDepthError
from ..stream.canvas import IMAGENET_MEAN, IMAGENET_STD
from ..stream.flow import DisFlow
from .augment import Crop, PhotometricAugmentation, pinhole_parameters
from .config import Config
from .folders import open_recordings
from .shards import Shard, divided, held_out, open_shards

MAX_DEPTH = 200.0
"""Depth beyond this many metres is left unknown."""
NEAR = 0.8
"""A frame with a median depth below this many metres is near."""
LOOK = 20.0
"""Seconds between looks into folders that grow."""
STEEPEST = 0.05
"""Rays whose z is less than this (87 degrees from the axis) have no depth worth learning."""


class Footage(Protocol):
    """What examples are drawn from: `shards.Shard`, or a `folders.Recording`. Rows are frames."""

    folder: Path
    frames: list[dict[str, Any]]  # "clip", "index", "length", "camera", "median_depth", "kind"
    picture: Any  # [row] -> (H, W, 3) uint8; .shape is (N, H, W, 3)
    depth: Any  # [row] -> (H, W) metres, 0 = unknown
    flow: Any  # [row] -> (2, 2, H, W) pixels, to the previous frame and to the next; or None
    pose: Any  # [row] -> (4, 4) camera-to-world; or None

    def occluded(self, row: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Batch:
    """T frames of B examples (T = 1 for single frames), as NumPy arrays, or with `to` as tensors. Of pairs of
    frames (t, t + 1), [0] is for playing forward, on the pixels of t + 1, and [1] for playing backward, on
    those of t. An example has no axis B."""

    picture: Any  # (T, B, H, W, 3) uint8 RGB
    radius: Any  # (T, B, 1, H, W) float32 metres, 0 where unknown
    rays: Any  # (B, 3, H, W) float32
    camera: Any  # (B, 3) float32, as nets.nano.pinhole_of reads it
    flow: Any  # (2, T - 1, B, 2, H, W) float32 canvas pixels, DIS: where the content came from;
    # 0 for pairs that are not played in that direction
    true_flow: Any  # (2, T - 1, B, 2, H, W) float16, true
    visible: Any  # (2, T - 1, B, 1, H, W) bool: where the true flow has a partner
    pose: Any  # (T, B, 4, 4) float32, camera to the first frame's camera
    own_camera: Any  # (B,) bool: whether the example sees its own guess of the camera
    age: int = 0  # frames to propagate before those that teach

    def to(self, device: Any) -> Batch:
        """The same as tensors on a torch device, float32 but for `picture` and `own_camera`."""
        import torch

        def moved(name: str) -> Any:
            tensor = torch.from_numpy(np.ascontiguousarray(getattr(self, name))).to(device)
            return tensor if name in ("picture", "own_camera") else tensor.float()

        return replace(self, **{name: moved(name) for name in AXES})

    @cached_property
    def canvas(self) -> Any:
        """(T, B, 3, H, W) float32: the pictures, of tensors, as the network sees them."""
        import torch

        device = self.picture.device
        mean, std = (torch.from_numpy(255 * x).to(device) for x in (IMAGENET_MEAN, IMAGENET_STD))
        return ((self.picture - mean) / std).movedim(-1, 2)


AXES = {
    "picture": 1, "radius": 1, "rays": 0, "camera": 0, "flow": 2, "true_flow": 2, "visible": 2, "pose": 1,
    "own_camera": 0,
}  # fmt: skip
"""The axis of each of `Batch`'s arrays that examples are stacked along: time stays in front."""


def open_footage(folders: Sequence[str | Path]) -> tuple[list[Footage], list[Footage]]:
    """Footage to train on, and held-out footage for checks: shards, or a user's own sequences.

    Of sequences the last is held out when there are at least two, of shards those that `shards.divided`
    says. Raises VeloDepthError where a folder holds neither.
    """
    train: list[Footage] = []
    held: list[Footage] = []
    for folder in folders:
        recordings = open_recordings(Path(folder))
        if recordings:
            last = [recordings.pop()] if len(recordings) > 1 else []
            train, held = [*train, *recordings], [*held, *last]
        else:
            taught, kept = divided(open_shards(folder))
            train += map(_whole, taught)
            held += map(_whole, kept)
    if not train:
        raise VeloDepthError(f"{', '.join(map(str, folders))}: every shard is held out; render more")
    return train, held


def picture_size(footage: Footage) -> tuple[int, int]:
    """(width, height) of its pictures."""
    height, width = footage.picture.shape[1:3]
    return width, height


def _whole(shard: Shard) -> Any:
    for name in ("picture", "depth"):
        if getattr(shard, name) is None:
            raise VeloDepthError(f"{shard.folder} has no {name}.npy: render it anew")
    return shard


def clip_of(
    footage: Footage,
    rows: Sequence[int],
    view: Crop,
    look: Callable[[np.ndarray], np.ndarray],
    path: Sequence[int] = (),
) -> Batch:
    """One example without batch axis: consecutive frames through the same crop, in the same colours.

    path: the order, of indices into `rows`, in which the frames are played: steps of 1 or -1.
    """
    rays = view.rays(footage.frames[rows[0]]["camera"], picture_size(footage))
    known = rays[2] > STEEPEST
    stretch = np.where(known, 1 / np.maximum(rays[2], STEEPEST), 0).astype(np.float32)
    pictures, radii = [], []
    for row in rows:
        pictures.append(look(view.picture(footage.picture[row])))
        depth = view.nearest(footage.depth[row]).astype(np.float32)
        radii.append((np.where(depth < MAX_DEPTH, depth, 0) * stretch)[None])
    shape = (2, len(rows) - 1, 2, view.height, view.width)
    flow, true_flow = np.zeros(shape, np.float32), np.zeros(shape, np.float16)
    visible = np.zeros((2, len(rows) - 1, 1, view.height, view.width), bool)
    search = DisFlow()
    for t, to in set(itertools.pairwise(path)):
        flow[way_of(t, to), min(t, to)] = search(pictures[t], pictures[to])
    for t, to in itertools.pairwise(range(len(rows))):
        # A clip may be played backwards: rows then fall.
        forward = 0 if rows[to] > rows[t] else 1
        for way, (here, side) in enumerate(((to, forward), (t, 1 - forward))):
            if footage.flow is not None:
                moved = view.flow(footage.flow[rows[here]][side])
                seen = ~view.nearest(footage.occluded(rows[here])[side]) & _inside(moved)
                visible[way, t, 0] = seen
                true_flow[way, t] = np.where(seen, moved, 0)  # hidden points may move without bounds
    return Batch(
        np.stack(pictures), np.stack(radii), rays, pinhole_parameters(rays), flow, true_flow, visible,
        _relative(footage, rows, view), np.zeros((), bool),
    )  # fmt: skip


def to_and_fro(frames: int, length: int) -> list[int]:
    """The first `length` of 0, 1, ..., frames - 1, frames - 2, ..., 0, 1, ..."""
    last = frames - 1
    return [last - abs(last - i % (2 * last)) for i in range(length)]


def way_of(t: int, to: int) -> int:
    """Which of the two directions in `Batch` a step from frame t to its neighbour is."""
    return 0 if to > t else 1


def _inside(flow: np.ndarray) -> np.ndarray:
    height, width = flow.shape[1:]
    u, v = np.arange(width) + flow[0], np.arange(height)[:, None] + flow[1]
    return (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)


def _relative(footage: Footage, rows: Sequence[int], view: Crop) -> np.ndarray:
    """Camera to the first row's camera, (T, 4, 4) float32; NaN where poses are not known."""
    if footage.pose is None:
        return np.full((len(rows), 4, 4), np.nan, np.float32)
    poses = np.stack([footage.pose[row] for row in rows])
    return view.pose(np.linalg.inv(poses[0]) @ poses).astype(np.float32)


def cut(first: Batch, second: Batch, at: int) -> Batch:
    """`first` that jumps to `second` after its first `at` frames. Its rays stay, as in a stream that did not
    notice, and the second scene is as large as it looks through them. After the cut, true motion is unknown.
    """
    picture = np.concatenate([first.picture[:at], second.picture[at:]])
    zoom = np.exp(first.camera[0] - second.camera[0])
    flow, visible = first.flow.copy(), first.visible.copy()
    flow[:, at:], visible[:, at - 1 :] = second.flow[:, at:], 0
    search = DisFlow()
    flow[0, at - 1] = search(picture[at - 1], picture[at])
    flow[1, at - 1] = search(picture[at], picture[at - 1])
    radius = np.concatenate([first.radius[:at], second.radius[at:] * zoom])
    return replace(first, picture=picture, radius=radius, flow=flow, visible=visible)


def collate(examples: Sequence[Batch]) -> Batch:
    """Examples -> a batch."""
    arrays = {name: np.stack([getattr(x, name) for x in examples], axis) for name, axis in AXES.items()}
    return Batch(**arrays, age=examples[0].age)


class Pool:
    """Footage to train on and held-out footage for checks. It may grow while it is used."""

    def __init__(self, train: list[Footage], held: list[Footage]):
        self.train, self.held = train, held
        self.seen = 0  # shards that were rendered

    @classmethod
    def open(cls, folders: Sequence[str | Path]) -> Pool:
        """Raises VeloDepthError as `open_footage` does."""
        return cls(*open_footage(folders))

    def grown(self) -> bool:
        """Whether `train` is another list than at the last call; quick, for every batch."""
        return False

    def wait(self, length: int) -> None:
        """Until there is a clip of so many frames, where there will be one."""

    def close(self) -> None:
        """Free what it holds."""


class WatchedPool(Pool):
    """A pool of folders into which shards are rendered meanwhile."""

    def __init__(self, train: list[Footage], held: list[Footage]):
        super().__init__(train, held)
        shards = [each.folder for each in (*train, *held) if isinstance(each, Shard)]
        self._known, self._folders = set(shards), {each.parent for each in shards}
        self._looked = time.monotonic()

    def grown(self) -> bool:
        now = time.monotonic()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        found = [path.parent for each in self._folders for path in each.glob("[!.]*/frames.json")]
        new = [_whole(Shard.open(folder)) for folder in sorted(found) if folder not in self._known]
        self._known |= {shard.folder for shard in new}
        taught = [shard for shard in new if not held_out(shard)]
        self.train = [*self.train, *taught]  # replaced, not changed: others may read it
        self.held = [*self.held, *(shard for shard in new if held_out(shard))]
        return bool(taught)


class SamplingTable(NamedTuple):
    """What can be drawn from some footage."""

    footage: list[Footage]
    parts: list[np.ndarray]  # of each footage: its rows, see `_part` of Stills and Clips
    rows: np.ndarray  # (n, 2) int: footage, row
    chance: np.ndarray  # (n,) cumulative


class _Examples(ABC):
    """Draws examples from the footage of a pool, and takes up what it grows by."""

    def __init__(self, pool: Pool, config: Config):
        self.pool, self.config = pool, config
        self._growing = Lock()
        self.table = self._tabled([])

    def current(self) -> SamplingTable:
        """Of the footage as it is now. Threads that make batches at the same time do not wait here."""
        if self._growing.acquire(blocking=False):
            try:
                if self.pool.grown():
                    self.table = self._tabled(list(zip(self.table.footage, self.table.parts, strict=True)))
            finally:
                self._growing.release()
        return self.table

    def _tabled(self, known: list[tuple[Footage, np.ndarray]]) -> SamplingTable:
        parts_of = {id(footage): part for footage, part in known}
        footage = list(self.pool.train)
        parts = [parts_of[id(each)] if id(each) in parts_of else self._part(each) for each in footage]
        index = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        drawn = np.concatenate([*parts, np.empty((0, 3))])
        chance = np.cumsum(self._chance(drawn[:, 1], drawn[:, 2] > 0))
        rows = np.stack([index, drawn[:, 0].astype(int)], 1)
        return SamplingTable(footage, parts, rows, chance / chance[-1] if len(chance) else chance)

    @abstractmethod
    def _part(self, footage: Footage) -> np.ndarray:
        """(n, 3): row, weight, whether it is near."""

    @abstractmethod
    def _chance(self, weight: np.ndarray, near: np.ndarray) -> np.ndarray:
        """(n,): how often each row is drawn, up to a factor."""


class Stills(_Examples):
    """Single frames. Near ones make up the share `config.near`, frames of clips are drawn less often."""

    def _part(self, footage: Footage) -> np.ndarray:
        rows = []
        for row, frame in enumerate(footage.frames):
            median = frame["median_depth"]
            if median is None or median > 0:
                weight = 1.0 if frame["length"] == 1 else self.config.clip_weight
                rows.append((row, weight, median is not None and median < NEAR))
        return np.array(rows, float).reshape(-1, 3)

    def _chance(self, weight: np.ndarray, near: np.ndarray) -> np.ndarray:
        chance = weight.copy()
        if self.config.near and near.any() and not near.all():
            for which, share in ((near, self.config.near), (~near, 1 - self.config.near)):
                chance[which] *= share / chance[which].sum()
        return chance

    def __call__(self, rng: np.random.Generator, size: tuple[int, int]) -> Batch:
        table = self.current()
        examples = []
        for i, row in table.rows[np.searchsorted(table.chance, rng.random(self.config.batch))]:
            footage = table.footage[i]
            view = Crop.draw(picture_size(footage), size, rng)
            example = clip_of(footage, [row], view, PhotometricAugmentation(rng))
            examples.append(replace(example, own_camera=np.asarray(rng.random() < self.config.own_camera)))
        return collate(examples)


class Clips(_Examples):
    """Consecutive frames of clips, also backwards; a few jump to another scene."""

    def __init__(self, pool: Pool, config: Config):
        super().__init__(pool, config)
        if not len(self.table.rows):
            raise VeloDepthError(
                f"no clip has {config.frames} frames: give other data, or set frames to what there is"
            )

    def _part(self, footage: Footage) -> np.ndarray:
        starts = clip_starts([footage], self.config.frames)[:, 1]
        return np.stack([starts, np.ones_like(starts), np.zeros_like(starts)], 1).astype(float)

    def _chance(self, weight: np.ndarray, near: np.ndarray) -> np.ndarray:
        return weight

    def __call__(self, rng: np.random.Generator, size: tuple[int, int]) -> Batch:
        table = self.current()
        age = int(rng.choice(self.config.ages))
        path = to_and_fro(self.config.frames, age + self.config.rollout + 1)
        examples = []
        for _ in range(self.config.batch):
            example = self._draw(table, rng, size, path)
            if rng.random() < self.config.cuts:
                other = self._draw(table, rng, size, path)
                example = cut(example, other, int(rng.integers(1, max(path) + 1)))
            examples.append(replace(example, age=age))
        return collate(examples)

    def _draw(
        self, table: SamplingTable, rng: np.random.Generator, size: tuple[int, int], path: Sequence[int]
    ) -> Batch:
        i, start = table.rows[rng.integers(len(table.rows))]
        rows = range(start, start + self.config.frames)
        view = Crop.draw(picture_size(table.footage[i]), size, rng)
        ordered = rows[::-1] if rng.random() < 0.5 else rows
        return clip_of(table.footage[i], ordered[: max(path) + 1], view, PhotometricAugmentation(rng), path)


def clip_starts(footage: Sequence[Footage], frames: int) -> np.ndarray:
    """(n, 2) int: footage and row where `frames` consecutive frames of one clip begin."""
    starts = [
        (i, row)
        for i, each in enumerate(footage)
        for row, frame in enumerate(each.frames)
        if frame["index"] + frames <= frame["length"]
    ]
    return np.array(starts, int).reshape(-1, 2)


def batches(make: Stills | Clips, config: Config, rank: int, start: int) -> Iterator[Batch]:
    """The batches of steps start, start + 1, ..., made by threads a few ahead until this is closed.

    All processes of a step share the size of the canvas, so that none waits for another.
    """

    def one(step: int) -> Batch:
        width, height = config.sizes[np.random.default_rng([config.seed, step]).integers(len(config.sizes))]
        return make(np.random.default_rng([config.seed, rank, step]), (width, height))

    cv2.setNumThreads(1)  # the cores belong to the network
    steps = itertools.count(start)
    with ThreadPoolExecutor(config.threads) as pool:
        waiting = deque(pool.submit(one, next(steps)) for _ in range(3 + config.threads))
        try:
            while True:
                yield waiting.popleft().result()
                waiting.append(pool.submit(one, next(steps)))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

"""Rendered video as training batches.

A shard is four NumPy files with one row a frame, PREFIX_rgb.npy (N, h, w, 3) uint8, PREFIX_dep.npy
(N, h, w) float16 metres along z (0 = sky), PREFIX_met.npy (N, 4) float32 (focal length in pixels, kind,
median depth, index within the clip; kind 3 = clip frame) and PREFIX_pose.npy (N, 4, 4) float32
camera-to-world, with PREFIX_n.npy the number of rows written. Principal points are central.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from ..stream.canvas import IMAGENET_MEAN, IMAGENET_STD, to_uint8
from ..stream.flow import DisFlow

SIZES = ((256, 192), (256, 192), (256, 192), (288, 160), (192, 224))
"""Canvases (width, height) a batch is drawn for: mostly 4:3, some wide, some tall."""
CLIP = 3
"""The `kind` of frames that belong to a clip."""
MAX_DEPTH = 200.0


class Batch(NamedTuple):
    """T frames of B pictures (T = 1 for the keyframe stage)."""

    canvas: np.ndarray  # (T, B, 3, H, W) float32 normalised
    radius: np.ndarray  # (T, B, 1, H, W) float32 metres, 0 where unknown
    rays: np.ndarray  # (B, 3, H, W) float32
    camera: np.ndarray  # (B, 3) float32, as nets.nano.pinhole_of reads it
    forward: (
        np.ndarray
    )  # (T - 1, B, 2, H, W) float32 canvas pixels, DIS: where frame t + 1's content was in t
    backward: np.ndarray  # the same from t to t + 1, for playing the clip in reverse


@dataclass
class Shard:
    """One rendered file set; `rows` are the ones of this split."""

    rgb: np.ndarray
    depth: np.ndarray
    meta: np.ndarray
    rows: np.ndarray

    @classmethod
    def open(cls, prefix: str, split: str, held_out: float = 0.03) -> Shard:
        """`split` is "train" or "held-out": the last rows, so that no world is in both."""
        count = int(np.load(f"{prefix}_n.npy"))
        meta = np.load(f"{prefix}_met.npy", mmap_mode="r")[:count]
        cut = int(count * (1 - held_out))
        while 0 < cut < count and meta[cut, 3] > 0:
            cut += 1
        rows = np.arange(cut) if split == "train" else np.arange(cut, count)
        rgb, depth = (np.load(f"{prefix}_{kind}.npy", mmap_mode="r") for kind in ("rgb", "dep"))
        return cls(rgb, depth, meta, rows)


def open_shards(folder: str | Path, split: str) -> list[Shard]:
    """Every shard of a folder."""
    prefixes = sorted(str(p)[: -len("_n.npy")] for p in Path(folder).glob("*_n.npy"))
    if not prefixes:
        raise FileNotFoundError(
            f"{folder} holds no shard (PREFIX_n.npy and its siblings): render some first."
        )
    return [Shard.open(prefix, split) for prefix in prefixes]


def colour_jitter(rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    """One camera's look, the same for every frame of a clip: exposure, gamma, white balance, saturation,
    blur, noise, JPEG."""
    gain = np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.06, 3))
    gamma, saturation = np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(-0.1, 0.3))
    haze = rng.uniform(0, 0.12) if rng.random() < 0.3 else 0.0
    blur = rng.uniform(0.3, 1.3) if rng.random() < 0.35 else 0.0
    noise = rng.uniform(0, 0.04) if rng.random() < 0.5 else 0.0
    quality = int(rng.integers(25, 90)) if rng.random() < 0.4 else None

    def apply(picture: np.ndarray) -> np.ndarray:
        x = np.clip(picture.astype(np.float32) / 255, 0, 1) ** gamma * gain.astype(np.float32)
        grey = x.mean(2, keepdims=True)
        x = (grey + (x - grey) * saturation) * (1 - haze) + haze
        if blur:
            x = cv2.GaussianBlur(x, (0, 0), blur)
        if noise:
            x = x + rng.normal(0, noise, x.shape).astype(np.float32)
        y = (np.clip(x, 0, 1) * 255).astype(np.uint8)
        if quality is not None:
            y = cv2.imdecode(
                cv2.imencode(".jpg", y, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR
            )
        return y

    return apply


def draw(
    shard: Shard, rows: np.ndarray, size: tuple[int, int], rng: np.random.Generator, plain: bool
) -> Batch:
    """One example: `rows` are consecutive frames seen through the same crop, flip and look.

    With `plain` the whole picture is taken as it is.
    """
    width, height = size
    full_h, full_w = shard.rgb.shape[1:3]
    focal = float(shard.meta[rows[0], 0])
    scale = 1.0 if plain else float(np.exp(rng.uniform(np.log(0.6), 0)))
    crop_w = min(full_w, full_h * width / height) * scale
    crop_h = crop_w * height / width
    left, top = (full_w - crop_w) / 2, (full_h - crop_h) / 2
    if not plain:
        left, top = left * (1 + rng.uniform(-0.6, 0.6)), top * (1 + rng.uniform(-0.6, 0.6))
    zoom = width / crop_w
    flip = not plain and rng.random() < 0.5
    half = (zoom - 1) / 2
    matrix = np.array([[zoom, 0, half - left * zoom], [0, zoom, half - top * zoom]], np.float32)
    look = (lambda x: x) if plain else colour_jitter(rng)

    f, cx, cy = focal * zoom, (full_w / 2 - left) * zoom, (full_h / 2 - top) * zoom
    if flip:
        cx = width - cx
    u, v = np.meshgrid((np.arange(width) + 0.5 - cx) / f, (np.arange(height) + 0.5 - cy) / f)
    rays = np.stack([u, v, np.ones_like(u)]).astype(np.float32)
    stretch = np.linalg.norm(rays, axis=0)

    canvases, radii, smalls = [], [], []
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    for row in rows:
        picture = cv2.warpAffine(shard.rgb[row], matrix, size, flags=smooth, borderMode=cv2.BORDER_REPLICATE)
        depth = cv2.warpAffine(shard.depth[row].astype(np.float32), matrix, size, flags=cv2.INTER_NEAREST)
        if flip:
            picture, depth = picture[:, ::-1], depth[:, ::-1]
        picture = look(picture)
        canvas = ((picture.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD).transpose(2, 0, 1)
        smalls.append(to_uint8(canvas))
        canvases.append(canvas)
        radii.append((np.where(depth < MAX_DEPTH, depth, 0) * stretch)[None])
    camera = np.array([np.log(f / np.sqrt(width * height)), cx / width - 0.5, cy / height - 0.5], np.float32)
    search, none = DisFlow(), np.zeros((0, 2, height, width), np.float32)
    forward = [search(a, b)[None] for a, b in itertools.pairwise(smalls)]
    backward = [search(b, a)[None] for a, b in itertools.pairwise(smalls)]
    there, back = (np.concatenate([none, *f]) for f in (forward, backward))
    return Batch(np.stack(canvases), np.stack(radii), rays / stretch, camera, there, back)


def collate(items: list[Batch]) -> Batch:
    """Examples -> a batch."""
    along = (1, 1, 0, 0, 1, 1)  # time stays in front of what has it
    return Batch(*(np.stack(part, axis) for part, axis in zip(zip(*items, strict=True), along, strict=True)))


class Stills:
    """Single frames; clip frames, which resemble each other, are drawn less often."""

    def __init__(self, shards: list[Shard]):
        self.shards = shards
        self.table = np.concatenate(
            [np.stack([np.full(len(s.rows), i), s.rows], 1) for i, s in enumerate(shards)]
        )
        weight = np.concatenate([np.where(s.meta[s.rows, 1] == CLIP, 0.35, 1.0) for s in shards])
        self.chance = np.cumsum(weight) / weight.sum()

    def __call__(self, rng: np.random.Generator, batch: int) -> Batch:
        size = SIZES[rng.integers(len(SIZES))]
        picks = self.table[np.searchsorted(self.chance, rng.random(batch))]
        return collate([draw(self.shards[i], np.array([row]), size, rng, False) for i, row in picks])


class Clips:
    """Whole clips, also backwards."""

    def __init__(self, shards: list[Shard]):
        self.shards = shards
        self.length = 1 + int(max(s.meta[:, 3].max() for s in shards))
        starts = []
        for i, shard in enumerate(shards):
            meta = shard.meta[shard.rows]
            first = shard.rows[(meta[:, 1] == CLIP) & (meta[:, 3] == 0)]
            starts.append(np.stack([np.full(len(first), i), first], 1))
        self.starts = np.concatenate(starts)

    def __call__(self, rng: np.random.Generator, batch: int) -> Batch:
        size = SIZES[rng.integers(len(SIZES))]
        items = []
        for i, start in self.starts[rng.integers(len(self.starts), size=batch)]:
            rows = start + np.arange(self.length)
            items.append(draw(self.shards[i], rows[::-1] if rng.random() < 0.5 else rows, size, rng, False))
        return collate(items)


T = TypeVar("T")


def ahead(make: Callable[[], T], depth: int = 4) -> Iterator[T]:
    """What `make` gives, made in a thread a few items ahead."""
    line: queue.Queue[T] = queue.Queue(depth)

    def fill() -> None:
        while True:
            line.put(make())

    threading.Thread(target=fill, daemon=True).start()
    while True:
        yield line.get()

"""A tiny rendered set, as `velodepth worlds render` would write it, with exact truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from velodepth.cameras import Camera, OpenCV, Pinhole
from velodepth.train.shards import shard_name, write_shard

from .. import recordings

WIDTH, HEIGHT, FRAMES = 96, 72, 6
WALL, CARD = 3.0, 1.2
"""Metres: z of a textured wall, and of a card that hangs before it."""


def texture(rng: np.random.Generator) -> np.ndarray:
    """Smooth blotches, (256, 256, 3) uint8, so that optical flow has something to hold on to."""
    return cv2.resize(rng.integers(0, 255, (40, 40, 3), np.uint8), (256, 256), interpolation=cv2.INTER_CUBIC)


def clip(seed: int, length: int, camera: Camera | None = None, scale: float = 1.0) -> SimpleNamespace:
    """A camera that moves sideways and turns a little before a card and a wall; `scale` shrinks the world."""
    rng = np.random.default_rng(seed)
    camera = camera or Pinhole(90, 90, WIDTH / 2, HEIGHT / 2, size=(WIDTH, HEIGHT))
    rays = camera.rays(WIDTH, HEIGHT).astype(float)
    surfaces = [(WALL, 3.0, texture(rng)), (CARD, 0.25, texture(rng))]
    across, turn = rng.uniform(0.02, 0.05), rng.uniform(-0.02, 0.02)
    poses, pictures, depths = [], [], []
    for t in range(length):
        pose = np.eye(4)
        pose[:3, :3] = cv2.Rodrigues(np.array([0.0, turn * t, 0.0]))[0]
        pose[:3, 3] = scale * across * t, 0, 0
        ways = rays @ pose[:3, :3].T
        picture, depth = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.zeros((HEIGHT, WIDTH))
        for z, half, colours in surfaces:
            distance = scale * z / ways[..., 2]
            hit = (pose[:3, 3] + ways * distance[..., None])[..., :2] / scale
            place = ((hit / half + 1) * 127.5).astype(np.float32)
            seen = cv2.remap(colours, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
            inside = (np.abs(hit) < half).all(-1)
            picture[inside], depth[inside] = seen[inside], (distance * rays[..., 2])[inside]
        poses.append(pose)
        pictures.append(picture)
        depths.append(depth)
    flow = np.zeros((length, 2, 2, HEIGHT, WIDTH), np.float16)
    occluded = np.ones((length, 2, HEIGHT, WIDTH), bool)
    for t in range(length):
        for side, other in enumerate((t - 1, t + 1)):
            if 0 <= other < length:
                there = np.linalg.inv(poses[other]) @ poses[t]
                flow[t, side], occluded[t, side] = motion(camera, rays, depths[t], depths[other], there)
    common = {"world": seed, "kind": "room", "clip": seed, "length": length, "camera": camera.to_dict()}
    frames = [
        {**common, "index": t, "time": t / 30, "median_depth": float(np.median(depth))}
        for t, depth in enumerate(depths)
    ]
    seen = {"picture": np.stack(pictures), "depth": np.stack(depths).astype(np.float16)}
    return SimpleNamespace(**seen, flow=flow, occluded=occluded, pose=np.stack(poses), frames=frames)


def motion(
    camera: Camera, rays: np.ndarray, depth: np.ndarray, other: np.ndarray, pose: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Flow of a still world, and where it has no partner."""
    points = rays / rays[..., 2:] * depth[..., None] @ pose[:3, :3].T + pose[:3, 3]
    goal = np.nan_to_num(camera.project(points), nan=-1e6)
    i, j = np.floor(goal[..., 0]).astype(int), np.floor(goal[..., 1]).astype(int)
    inside = (i >= 0) & (i < WIDTH) & (j >= 0) & (j < HEIGHT)
    found = other[j.clip(0, HEIGHT - 1), i.clip(0, WIDTH - 1)]
    seen = inside & (np.abs(found - points[..., 2]) < 0.02 * found)
    pixels = np.stack(np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5), -1)
    return np.where(seen, (goal - pixels).transpose(2, 0, 1), 0), ~seen


BENT = OpenCV(90, 90, WIDTH / 2 + 3, HEIGHT / 2 - 2, -0.15, 0.02, 0, 0, size=(WIDTH, HEIGHT))


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two shards and a held-out one: clips of six frames, near and far, one through a bent lens; stills."""
    folder: Path = tmp_path_factory.mktemp("shards")
    contents = {
        0: [clip(0, FRAMES), clip(1, FRAMES, scale=0.2), *(clip(10 + i, 1) for i in range(4))],
        1: [clip(2, FRAMES, BENT), *(clip(20 + i, 1, scale=0.2) for i in range(4))],
        15: [clip(3, FRAMES), clip(4, FRAMES, scale=0.2)],
    }
    for index, clips in contents.items():
        write_shard(folder / shard_name(index), clips, 0, index)
    return str(folder)


@pytest.fixture(scope="session")
def write_recording() -> Callable[..., SimpleNamespace]:
    """Writes a clip as a user's own recording: (folder, seed, poses) -> the clip."""

    def write(folder: Path, seed: int = 1, poses: bool = True) -> SimpleNamespace:
        made = clip(seed, FRAMES)
        camera = Camera.from_dict(made.frames[0]["camera"])
        recordings.write_recording(folder, made.picture, made.depth, camera, made.pose if poses else None)
        return made

    return write

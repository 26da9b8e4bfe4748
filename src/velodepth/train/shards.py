"""The files that rendered video is kept in: what training reads and velodepth_worlds writes.

A shard is a folder of .npy arrays with one row a frame, and frames.json:

    picture.npy   (N, H, W, 3) uint8, RGB
    depth.npy     (N, H, W) float16, metres along z; 0: sky, or no ray through this pixel
    flow.npy      (N, 2, 2, H, W) float16, (dx, dy) in pixels: [:, 0] where the content of a pixel was in the
                  previous frame of the clip, [:, 1] where it will be in the next; 0 where there is none
    occluded.npy  (N, 2, H, ceil(W / 8)) uint8, np.packbits(mask, axis=-1): True where that flow has no
                  partner (hidden there, outside the picture, sky, no such frame)
    pose.npy      (N, 4, 4) float64, camera-to-world; camera axes x right, y down, z forward, world y up
    frames.json   {"version": 1, "seed": s, "shard": i, "frames": [{"world", "kind", "clip", "index",
                  "length", "time" (s), "camera" (Camera.to_dict), "median_depth" (m)}, ...]}

The frames of a clip are rows in a row. A world never straddles two shards, so that shards can be held out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import VeloDepthError
from ..jsontext import parse_json
from ..media.atomic import explained
from ..media.locks import hidden_beside

VERSION = 1
HELD_OUT_EVERY = 16
_ARRAYS = ("picture", "depth", "flow", "pose", "occluded")


@dataclass
class Clip:
    """T consecutive frames as one camera saw them, T = 1 for a still.

    Arrays and frames are as in the files, but `occluded` (T, 2, H, W) is bool, and whoever makes the clip
    may leave the numbers of world and clip in `frames` to whoever writes it.
    """

    picture: NDArray[np.uint8]
    depth: NDArray[np.float16]
    flow: NDArray[np.float16]
    occluded: NDArray[np.bool_]
    pose: NDArray[np.float64]
    frames: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True)
class Shard:
    """An open shard: arrays mapped from disk as the module describes them, None where the file is absent."""

    folder: Path
    frames: list[dict[str, Any]]
    picture: NDArray[np.uint8] | None
    depth: NDArray[np.float16] | None
    flow: NDArray[np.float16] | None
    pose: NDArray[np.float64] | None
    _occluded: NDArray[np.uint8] | None

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Shard:
        """Raises VeloDepthError, naming the file, where it is not a shard of this version, or not whole."""
        folder = Path(folder)
        index = folder / "frames.json"
        try:
            described = parse_json(index.read_text(encoding="utf-8"))
            version, frames = described["version"], described["frames"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VeloDepthError(
                f"{folder} is no shard ({index.name} cannot be read: {error}); "
                "give a folder that `velodepth worlds render` wrote"
            ) from error
        if version != VERSION:
            raise VeloDepthError(f"{index} has version {version!r}, not {VERSION}; render the shard anew")
        arrays: dict[str, Any] = {}
        for name in _ARRAYS:
            path = folder / f"{name}.npy"
            arrays[name] = None
            if not path.exists():
                continue
            try:
                arrays[name] = np.load(path, mmap_mode="r")
            except (OSError, ValueError) as error:
                raise VeloDepthError(f"{path} cannot be read ({error}); render the shard anew") from error
            if len(arrays[name]) != len(frames):
                raise VeloDepthError(
                    f"{path} has {len(arrays[name])} rows for {len(frames)} frames; render the shard anew"
                )
        return cls(folder, frames, *(arrays[name] for name in _ARRAYS))

    def __len__(self) -> int:
        return len(self.frames)

    def occluded(self, row: int) -> NDArray[np.bool_]:
        """(2, H, W): where the flow of this frame to the previous, and to the next, has no partner.

        Raises VeloDepthError where the shard has no flow.
        """
        if self._occluded is None or self.flow is None:
            raise VeloDepthError(f"{self.folder} has no flow; render it with `velodepth worlds render`")
        width = self.flow.shape[-1]
        return np.unpackbits(self._occluded[row], axis=-1, count=width).astype(bool)


def open_shards(folder: str | os.PathLike[str]) -> list[Shard]:
    """The shards in a folder, or the shard that it is itself, by name.

    Raises VeloDepthError where there is none, or one cannot be read.
    """
    folder = Path(folder)
    if (folder / "frames.json").exists():
        return [Shard.open(folder)]
    names = sorted(path.parent for path in folder.glob("[!.]*/frames.json"))
    if not names:
        raise VeloDepthError(f"{folder} holds no shard; write some with `velodepth worlds render`")
    return [Shard.open(name) for name in names]


def shard_name(index: int) -> str:
    """The folder of the shard with this number: shard-00012."""
    return f"shard-{index:05d}"


def held_out(shard: Shard) -> bool:
    """Whether a shard is never trained on: those whose number is 15 modulo 16.

    The number is the last one in the folder's name.
    """
    numbers = re.findall(r"\d+", shard.folder.resolve().name)
    return bool(numbers) and int(numbers[-1]) % HELD_OUT_EVERY == HELD_OUT_EVERY - 1


def divided(shards: Sequence[Shard]) -> tuple[list[Shard], list[Shard]]:
    """Shards to train on, and held-out ones: see `held_out`, and where there is none, the last of several."""
    train = [shard for shard in shards if not held_out(shard)]
    held = [shard for shard in shards if held_out(shard)]
    if not held and len(train) > 1:
        held = [train.pop()]
    return train, held


def write_shard(folder: str | os.PathLike[str], clips: Sequence[Clip], seed: int, index: int) -> None:
    """Write clips as a shard, under a temporary name, and give it its own when it is whole.

    Raises VeloDepthError where the disk refuses, or there are no clips.
    """
    folder = Path(folder)
    frames = [frame for clip in clips for frame in clip.frames]
    if not frames:
        raise VeloDepthError(f"there is no frame to write to {folder}; render some first")
    partial = hidden_beside(folder)
    described = {"version": VERSION, "seed": seed, "shard": index, "frames": frames}
    with explained(folder):
        try:
            partial.mkdir(parents=True)
            for name in ("picture", "depth", "pose"):
                np.save(partial / f"{name}.npy", np.concatenate([getattr(clip, name) for clip in clips]))
            np.save(
                partial / "occluded.npy",
                np.packbits(np.concatenate([clip.occluded for clip in clips]), axis=-1),
            )
            _save_sparse(partial / "flow.npy", [clip.flow for clip in clips])
            (partial / "frames.json").write_text(json.dumps(described) + "\n", encoding="utf-8")
            os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _save_sparse(path: Path, pieces: Sequence[NDArray[Any]]) -> None:
    """As np.save of them all in a row, but what is all zeros, as the flow of stills, takes no disk space."""
    shape = (sum(len(piece) for piece in pieces), *pieces[0].shape[1:])
    whole = np.lib.format.open_memmap(path, "w+", pieces[0].dtype, shape)
    row = 0
    for piece in pieces:
        if piece.any():
            whole[row : row + len(piece)] = piece
        row += len(piece)
    whole.flush()

"""One recording with what is truly known of each frame, read from disk frame by frame."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from ..cameras import Camera
from ..errors import VeloDepthError
from .identity import code, fingerprint

READERS = code(
    *(f"eval/{name}.py" for name in ("truth", "datasets", "decode", "calibration", "hdf5")), "cameras.py"
)


@dataclass(frozen=True, eq=False)
class TruthFrame:
    """One picture and what is known of it. Depth and flow may have another size (h, w) than the picture."""

    index: int  # in the sequence
    time: float | None  # seconds
    picture: np.ndarray  # (H, W, 3) uint8 RGB
    depth: np.ndarray  # (h, w) float32 metres along z, 0 = unknown
    camera: Camera | None  # of the picture; its size is the picture's: camera.for_picture(w, h) is depth's
    pose: np.ndarray | None  # (4, 4) float64 camera-to-world
    flow: np.ndarray | None  # (2, h, w) float32 (dx, dy), pixels of this map: to the NEXT frame
    flow_valid: np.ndarray | None  # (h, w) bool: flow known and its target not hidden


class Storage(Protocol):
    """Where bytes are kept. str() names it in messages; picklable."""

    def read_bytes(self) -> bytes: ...

    def stamp(self) -> str:
        """Text that changes when the bytes do."""
        ...


@dataclass(frozen=True)
class File:
    path: Path

    def read_bytes(self) -> bytes:
        return self.path.read_bytes()

    def stamp(self) -> str:
        return stamp(self.path)

    def __str__(self) -> str:
        return str(self.path)


def stamp(path: Path) -> str:
    """Name, size and time of last change of a file."""
    found = path.stat()
    return f"{path.name} {found.st_size} {found.st_mtime_ns}"


@dataclass(frozen=True)
class Stored:
    """An array on disk: where, and how its bytes become an array."""

    source: Storage
    decode: Callable[[bytes], Any]

    def read(self) -> Any:
        """Raises VeloDepthError, naming the file, if it is missing or not what it should be."""
        try:
            return self.decode(self.source.read_bytes())
        except OSError as error:
            raise VeloDepthError(f"{self.source} cannot be opened ({error.strerror or error})") from error
        except (ValueError, struct.error, cv2.error) as error:
            raise VeloDepthError(f"{self.source} cannot be read ({error}): replace it") from error


@dataclass(frozen=True, eq=False)
class Entry:
    """A frame that has not been read: where its arrays are, and what is small enough to be known already."""

    picture: Stored  # (H, W, 3) uint8
    depth: Stored | None  # (h, w) float32 metres; None: not measured for this frame
    time: float | None = None  # seconds
    camera: Camera | None = None  # of the picture, under our pixel convention
    pose: np.ndarray | None = None
    flow: Stored | None = None  # ((2, h, w) float32 forward flow, (h, w) bool known)
    hidden: tuple[Stored, ...] = field(default=())  # (h, w) bool: flow does not lead to the same point

    def facts(self) -> str:
        stored = (self.picture, self.depth, self.flow, *self.hidden)
        camera = self.camera and self.camera.to_dict()
        pose = None if self.pose is None else self.pose.tolist()
        return json.dumps([[s and s.source.stamp() for s in stored], self.time, camera, pose])


class Sequence:
    """One recording, read from disk frame by frame. Nothing is read before it is asked for; picklable.

    len(sequence) lists the frames; sequence[i] reads frame i (0 <= i < len), IndexError beyond.
    Both raise VeloDepthError, with the name of the sequence, for what cannot be read.

    name: path below the folder that was opened, e.g. "Scene01/clone". dataset: a key of datasets.DATASETS.
    min_depth, max_depth: metres, of the data set; a protocol may have its own.
    listing: gives the entries, in order. rate: frames a second where entries have no times.
    """

    def __init__(
        self,
        name: str,
        dataset: str,
        min_depth: float,
        max_depth: float,
        listing: Callable[[], list[Entry]],
        rate: float | None = None,
    ) -> None:
        self.name, self.dataset = name, dataset
        self.min_depth, self.max_depth = min_depth, max_depth
        self._listing, self._rate = listing, rate

    @cached_property
    def _entries(self) -> list[Entry]:
        try:
            entries = self._listing()
        except OSError as error:
            raise VeloDepthError(
                f"sequence {self.name}: {error.filename} cannot be opened ({error.strerror})"
            ) from error
        except ValueError as error:  # VeloDepthError included
            raise VeloDepthError(f"sequence {self.name}: {error}") from error
        if not entries:
            raise VeloDepthError(f"sequence {self.name} has no frame with depth: complete or remove it")
        return entries

    @property
    def frame_rate(self) -> float | None:
        """Frames a second, from the median step of the times; None where nothing tells."""
        times = [entry.time for entry in self._entries if entry.time is not None]
        if len(times) < 2:
            return self._rate
        return float(1 / np.median(np.diff(times)))

    @property
    def still(self) -> bool:
        """Whether the camera does not move: all poses are known and equal."""
        poses = [entry.pose for entry in self._entries if entry.pose is not None]
        return len(poses) == len(self) and all(np.allclose(pose, poses[0]) for pose in poses)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> TruthFrame:
        if not 0 <= index < len(self):
            raise IndexError(f"sequence {self.name} has {len(self)} frames, and no frame {index}")
        try:
            return _read(self._entries[index], index)
        except VeloDepthError as error:
            raise VeloDepthError(f"sequence {self.name}, frame {index}: {error}") from error

    def identity(self) -> str:
        """Hash of the names, sizes and times of the files, of cameras and poses, and of the readers' code."""
        head = f"{self.name} {self.dataset} {self.min_depth} {self.max_depth}"
        return fingerprint([head, *(entry.facts() for entry in self._entries), *READERS])

    def __repr__(self) -> str:
        return f"Sequence({self.name!r}, {self.dataset})"


def _read(entry: Entry, index: int) -> TruthFrame:
    picture = entry.picture.read()
    height, width = picture.shape[:2]
    depth = np.zeros((height, width), np.float32) if entry.depth is None else entry.depth.read()
    depth = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0))
    camera = entry.camera and replace(entry.camera.for_picture(width, height), size=(width, height))
    flow, valid = entry.flow.read() if entry.flow else (None, None)
    for mask in entry.hidden if entry.flow else ():
        valid = valid & ~mask.read()
    return TruthFrame(index, entry.time, picture, depth, camera, entry.pose, flow, valid)

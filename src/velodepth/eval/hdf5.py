"""The published evaluation sets: one HDF5 file each (layout in docs/evaluation.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..cameras import Camera, Pinhole
from ..errors import VeloDepthError, needed
from ..jsontext import parse_json
from . import decode
from .truth import Entry, Sequence, Stored, stamp


@dataclass(frozen=True)
class Published:
    """What tells one published file from another."""

    file: str  # its name without .hdf5
    split: str  # byte data set with a "name count" line a sequence
    index: str  # byte data set with JSON
    per_metre: float  # units of depth
    near: float  # metres
    far: float


PUBLISHED = {
    "scannet": Published("ScanNet", "val.txt", "sequences_.json", 1000, 0.005, 10),
    "vkitti2": Published("VKITTI2", "training.txt", "sequences.json", 256, 0.05, 255),
    "bonn": Published("Bonn", "val.txt", "sequences.json", 1000, 0.005, 10),
    "tum": Published("TUM", "val.txt", "sequences.json", 1000, 0.005, 10),
    "sintel": Published("Sintel", "training.txt", "sequences.json", 1000, 0.005, 1000),
}


@dataclass(frozen=True)
class Node:
    """A 1-D uint8 array in an HDF5 file: an encoded image."""

    file: Path
    name: str

    def read_bytes(self) -> bytes:
        with _open(self.file) as archive:
            return _bytes(archive, self.name)

    def stamp(self) -> str:
        return f"{stamp(self.file)} {self.name}"

    def __str__(self) -> str:
        return f"{self.name} of {self.file}"


def published_sequences(path: Path, kind: str | None, prefix: str = "") -> list[Sequence]:
    """The sequences that the split of a file lists, in its order; their names follow `prefix`.

    kind: a key of PUBLISHED; None: told from the file's name.
    Raises VeloDepthError if the file is none of the published ones or cannot be read.
    """
    if kind is None:
        kind = next((k for k, each in PUBLISHED.items() if each.file.lower() == path.stem.lower()), None)
    if kind not in PUBLISHED:
        raise VeloDepthError(f"{path} is no published set: give a kind of {', '.join(PUBLISHED)}")
    told = PUBLISHED[kind]
    with _open(path) as archive:
        try:
            lines = _bytes(archive, told.split).decode().strip("\0\n ").splitlines()
            index = parse_json(_bytes(archive, told.index).decode().strip("\0\n "))
        except (OSError, ValueError) as error:
            raise VeloDepthError(f"{path} is not like the published {told.file}.hdf5 ({error})") from error
    names = [line.split()[0] for line in lines if line.strip()]
    return [
        Sequence(
            prefix + name, kind, told.near, told.far, partial(_entries, path, told, name, index.get(name))
        )
        for name in names
    ]


def _entries(path: Path, told: Published, name: str, record: Mapping[str, Any] | None) -> list[Entry]:
    if record is None:
        raise ValueError(f"{told.index} of {path} does not list it: get the file anew")
    try:
        return _frames(path, told.per_metre, record)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{told.index} of {path} describes it in another way ({error!r})") from error


def _frames(path: Path, per_metre: float, record: Mapping[str, Any]) -> list[Entry]:
    pictures, depths = record["image"], record["depth"]
    if len(pictures) != len(depths):
        raise ValueError(f"{path} lists {len(pictures)} images and {len(depths)} depth maps: get it anew")
    flows, masks = record.get("flow_fwd") or [], record.get("flow_fwd_mask") or []
    poses = record.get("cam2w") or [None] * len(pictures)

    def stored(names: list[str | None], i: int, how: Any) -> Stored | None:
        node = names[i] if i < len(names) else None  # the last frame has no flow to a next one
        return Stored(Node(path, node), how) if node else None

    entries = []
    for i, picture in enumerate(pictures):
        mask = stored(masks, i, _hidden)
        pose = None if poses[i] is None else np.array(poses[i], float).reshape(4, 4)
        entries.append(
            Entry(
                Stored(Node(path, picture), decode.picture),
                Stored(Node(path, depths[i]), partial(decode.packed_depth, per_metre=per_metre)),
                camera=_camera(record, i),
                pose=pose,
                flow=stored(flows, i, decode.packed_flow),
                hidden=(mask,) if mask else (),
            )
        )
    return entries


def _camera(record: Mapping[str, Any], i: int) -> Camera:
    """The pinhole of frame i; principal points are taken as the published evaluation takes them."""
    if record.get("K") is not None:
        k = np.array(record["K"], float)
        k = k if k.ndim == 2 else k[i]
        return Pinhole(k[0, 0], k[1, 1], k[0, 2], k[1, 2])
    model = record.get("camera_model")
    model = model[i] if isinstance(model, list) else model
    if model != "Pinhole":
        raise ValueError(f"its cameras are of class {model}, which is not known here")
    parameters = np.array(record["camera_params"], float)
    return Pinhole(*(parameters if parameters.ndim == 1 else parameters[i])[:4])


def _hidden(data: bytes) -> np.ndarray:
    return ~decode.mask(data)


def _open(path: Path) -> Any:
    with needed(str(path), "eval"):
        import h5py
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise VeloDepthError(f"{path} cannot be opened as HDF5: get the file anew") from error


def _bytes(archive: Any, name: str) -> bytes:
    if name not in archive:
        raise ValueError(f"it has no {name}")
    return np.asarray(archive[name]).tobytes()

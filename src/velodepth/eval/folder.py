"""Predictions that another program has written to files."""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from ..errors import VeloDepthError
from ..jsontext import parse_json
from ..media.source import MAX_PIXELS
from .alignment import CLAIMS, Claim
from .identity import code, fingerprint
from .predictor import ClipInfo, Prediction
from .spool import motions_in

FACTS = 1 << 26  # bytes of an array with a value a frame
UNREADABLE = (  # what NumPy and zipfile raise for files that are damaged or of others' making
    *(OSError, ValueError, KeyError, EOFError, RuntimeError, TypeError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
DEPTH = ("depth", "depths")  # names of the array in an NPZ; the second is Video Depth Anything's
MAPS = ("confidence", "points", "rays")  # what else may be there, a row a frame
FILES = ("", "_depths")  # what follows a sequence's name, before .npz
FOLDERS = ("", "-png", "-exr", "_depths_exr")  # likewise, with a file a frame within


class FolderPredictor:
    """Files that another program wrote: for each sequence one NPZ, or a folder with a file a frame.

    folder/NAME.npz or folder/NAME_depths.npz: `depth` (T, h, w), or Video Depth Anything's `depths`. With
    `index` (T,), as velodepth writes it, row i is frame index[i] of the sequence, else frame i. `keyframe`
    and `seconds` (T,), `confidence` (T, h, w), `points` and `rays` (T, h, w, 3) are taken where they are.
    folder/NAME/, NAME-png/, NAME-exr/ or NAME_depths_exr/: .npz with `depth` (h, w), 16-bit .png, or .exr
    with channel Z; the last number in a file's name is the frame. A / in NAME may be a _ in the file's.

    claim: one of CLAIMS; None: metric, and refused for `depths`, which does not say what it is.
    scale: metres per unit of PNGs; None: "depth_scale" of a meta.json beside them or in `folder`, else 0.001.
    In PNGs that claim metric depth or depth up to scale, 0 is no depth (NaN).
    Raises VeloDepthError where the folder or the claim is none; `start` and `push` where the predictions of
    a sequence or a frame are missing, ambiguous or unreadable.
    """

    def __init__(self, folder: str | Path, claim: str | None = None, scale: float | None = None) -> None:
        self.folder, self.scale = Path(folder), scale
        if not self.folder.is_dir():
            raise VeloDepthError(f"there is no folder of predictions {folder}: check the path")
        self.claim = checked_claim(claim or "metric")
        self._claimed = claim is not None
        self.name = self.folder.resolve().name
        self._count = 0

    def identity(self) -> str:
        """Hash of the names, sizes and times of all files, of claim, scale, and this reader."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        told = [
            f"{path.relative_to(self.folder)} {path.stat()[6]} {path.stat().st_mtime_ns}" for path in files
        ]
        return f"{self.name} {fingerprint([*told, f'{self.claim} {self.scale}', *code('eval/folder.py')])}"

    def start(self, clip: ClipInfo) -> None:
        self._clip, self._count = clip, 0
        self._read = self._open(clip.name)

    def push(self, picture: np.ndarray) -> Prediction:
        index = self._clip.first + self._count
        prediction = Prediction(self._count, **self._read(index))
        self._count += 1
        return prediction

    def _open(self, name: str) -> Callable[[int], dict[str, Any]]:
        """How to read the frames of a sequence."""
        stems = dict.fromkeys((name, name.replace("/", "_")))
        files = [self.folder / f"{stem}{tail}.npz" for stem in stems for tail in FILES]
        folders = [self.folder / f"{stem}{tail}" for stem in stems for tail in FOLDERS]
        found = [path for path in files if path.is_file()]
        found += [path for path in folders if path.is_dir() and _frames(path)]
        if len(found) != 1:
            there = " and ".join(map(str, found)) or f"no {files[0].name} and no folder {name} with frames"
            raise VeloDepthError(f"sequence {name}: {self.folder} has {there}; give one of them")
        if found[0].is_file():
            clip = _NpzClip(found[0], self.claim if self._claimed else None)
            return lambda index: clip.read(index, name)
        frames = _frames(found[0])
        return lambda index: {"depth": self._frame(frames, index, name, found[0])}

    def _frame(self, frames: dict[int, Path], index: int, name: str, folder: Path) -> np.ndarray:
        if index not in frames:
            raise VeloDepthError(f"sequence {name}: {folder} has no prediction for frame {index}; add it")
        path = frames[index]
        try:
            if path.suffix == ".npz":
                with np.load(path) as arrays:
                    if "depth" not in arrays:
                        raise ValueError(f"it has {', '.join(arrays) or 'no array'}, and no array depth")
                    depth = arrays["depth"]
            elif path.suffix == ".exr":
                depth = _exr(path)
            else:
                depth = self._png(path)
            if depth.ndim != 2:
                raise ValueError(f"its depth has shape {depth.shape}, not (h, w)")
            return depth.astype(np.float32)
        except UNREADABLE as error:
            raise VeloDepthError(
                f"sequence {name}, frame {index}: {path} cannot be read ({_why(error)}); replace it"
            ) from error

    def _png(self, path: Path) -> np.ndarray:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        if image is None or image.dtype != np.uint16 or image.ndim != 2:
            raise ValueError("not a 16-bit grey PNG")
        depth = image * np.float32(self._scale(path.parent))
        return np.where(image > 0, depth, np.nan) if self.claim in ("metric", "scale") else depth

    def _scale(self, folder: Path) -> float:
        if self.scale is not None:
            return self.scale
        sidecar = next((p for p in (folder / "meta.json", self.folder / "meta.json") if p.is_file()), None)
        return parse_json(sidecar.read_text(encoding="utf-8")).get("depth_scale", 0.001) if sidecar else 0.001


class _NpzClip:
    """The NPZ of one sequence, read frame by frame: uncompressed it may be larger than memory."""

    def __init__(self, path: Path, claim: Claim | None) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
            with np.load(path) as arrays:
                self._key = next((key for key in DEPTH if key in arrays), "")
                if not self._key:
                    raise ValueError(f"it has {', '.join(arrays) or 'no array'}, and no array depth")
                self._maps = {key: _Rows(self._archive, key) for key in (self._key, *MAPS) if key in arrays}
                facts = {
                    key: arrays[key]
                    for key in ("index", "keyframe", "seconds", "claim", "motion")
                    if key in arrays and _is_short(self._archive, key)
                }
        except UNREADABLE as error:
            raise VeloDepthError(
                f"{path} cannot be read as predictions ({_why(error)}); replace it"
            ) from error
        if claim is None and self._key == "depths":
            raise VeloDepthError(
                f"{path} does not say what it predicts: give its claim, affine_disparity for Video Depth "
                "Anything or metric for its metric model"
            )
        if "claim" in facts and str(facts["claim"]) != (claim or "metric"):
            raise VeloDepthError(f"{path} claims {facts['claim']}: give that claim")
        rows = len(self._maps[self._key])
        if not rows:
            raise VeloDepthError(f"{path} holds no predictions: replace it")
        for key in facts.keys() - {"claim"}:
            if facts[key].shape != ((rows, 4, 4) if key == "motion" else (rows,)):
                raise VeloDepthError(f"{path} has {rows} rows, but {facts[key].shape} of {key}: replace it")
        index = facts.get("index", np.arange(rows))
        if index.dtype.kind not in "iu":
            raise VeloDepthError(f"{path} has an index of {index.dtype}: give whole numbers")
        self._row = {int(frame): row for row, frame in enumerate(index)}
        self._keyframe, self._seconds = facts.get("keyframe"), facts.get("seconds")
        self._motions = motions_in(facts.get("motion"), rows)

    def read(self, index: int, name: str) -> dict[str, Any]:
        row = self._row.get(index)
        if row is None:
            raise VeloDepthError(f"sequence {name}: {self.path} has no prediction for frame {index}; add it")
        try:
            maps = {key: rows[row] for key, rows in self._maps.items()}
        except UNREADABLE as error:
            raise VeloDepthError(
                f"sequence {name}, frame {index}: {self.path} cannot be read ({_why(error)}); replace it"
            ) from error
        return {
            "depth": maps.pop(self._key),
            **maps,
            "is_keyframe": None if self._keyframe is None else bool(self._keyframe[row]),
            "seconds": None if self._seconds is None else float(self._seconds[row]),
            "motion": self._motions[row],
        }


class _Rows:
    """Rows of one array in an NPZ, as float32."""

    def __init__(self, archive: zipfile.ZipFile, key: str) -> None:
        self._file = archive.open(f"{key}.npy")
        self._shape, turned, self._dtype = _header(self._file)
        self._start = self._file.tell()
        if turned or self._dtype.kind not in "fui" or len(self._shape) not in (3, 4):
            raise ValueError(f"its {key} is {self._dtype} {self._shape}, not numbers (T, h, w) in C order")
        if math.prod(self._shape[1:3]) > MAX_PIXELS or self._shape[3:] not in ((), (3,)):
            raise ValueError(f"its {key} is {self._shape}, beyond {MAX_PIXELS} pixels a frame")
        held = archive.getinfo(f"{key}.npy").file_size - self._start
        if held != math.prod(self._shape) * self._dtype.itemsize:
            raise ValueError(f"its {key} says it is {self._dtype} {self._shape}, and holds {held} bytes")

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, row: int) -> np.ndarray:
        size = int(np.prod(self._shape[1:])) * self._dtype.itemsize
        self._file.seek(self._start + row * size)
        values = np.frombuffer(self._file.read(size), self._dtype)
        return values.reshape(self._shape[1:]).astype(np.float32)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in Fortran's order, and type of an .npy, which is left where its values begin."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    return read(file)


def _is_short(archive: zipfile.ZipFile, key: str) -> bool:
    """Whether an array has at most a value a frame of the longest clip; ValueError for a longer one."""
    with archive.open(f"{key}.npy") as file:
        shape, _, dtype = _header(file)
    if math.prod(shape) * dtype.itemsize > FACTS:
        raise ValueError(f"its {key} is {shape}, too long for a value a frame")
    return True


def _why(error: Exception) -> str:
    """What is wrong, in one line of what can be printed."""
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in words)


def checked_claim(claim: str) -> Claim:
    for known in CLAIMS:
        if claim == known:
            return known
    raise VeloDepthError(f"a prediction cannot claim {claim!r}: choose one of {', '.join(CLAIMS)}")


def _frames(folder: Path) -> dict[int, Path]:
    """Files of predictions by the last number in their names; VeloDepthError where that is ambiguous."""
    frames: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        numbers = re.findall("[0-9]+", path.stem)
        if path.suffix in (".npz", ".png", ".exr") and numbers and not path.name.startswith("."):
            other = frames.setdefault(int(numbers[-1]), path)
            if other != path:
                raise VeloDepthError(f"{other} and {path.name} are both for frame {numbers[-1]}: keep one")
    return frames


def _exr(path: Path) -> np.ndarray:
    import OpenEXR

    try:
        channels = OpenEXR.File(str(path)).channels()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if "Z" not in channels:
        raise ValueError(f"it has channels {', '.join(channels)}, and no Z")
    return channels["Z"].pixels

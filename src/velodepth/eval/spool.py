"""Predictions of one sequence on disk: measures that need two passes read them twice, in constant memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import VeloDepthError
from ..media.atomic import explained, whole
from .predictor import Prediction

MAPS = ("depth", "confidence", "points", "rays")


class Spool:
    """A folder of .npy arrays with one row a frame; `save` and `load` make an .npz of it and back.

    depth       (T, h, w) float32, what `claim` says
    confidence  (T, h, w) float32, points and rays (T, h, w, 3) float32: where the predictor gives them
    index       (T,) int64, frame in the sequence
    keyframe    (T,) bool, seconds (T,) float64 that the answer took: where the predictor gives them
    motion      (T, 4, 4) float64 of the camera, NaN where not known: where the predictor gives any
    claim       () str
    identity    () str, of model and data

    folder: an empty one. frames: which of the sequence are predicted. A context manager: `add` every frame in
    its block, then read.
    """

    def __init__(self, folder: Path, frames: range) -> None:
        self.folder, self.frames = folder, frames
        self._files: dict[str, BinaryIO] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._maps: dict[str, np.ndarray] = {}
        self._keyframe: list[bool | None] = []
        self._seconds: list[float | None] = []
        self.motions: list[np.ndarray | None] = []

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *exception: object) -> None:
        for file in self._files.values():
            with suppress(OSError):  # on a full disk even closing fails, and that was told
                file.close()

    def add(self, prediction: Prediction) -> None:
        """The next frame's prediction.

        Raises VeloDepthError if it is none or of another frame, its maps have another size or set than the
        first's, or there is no room on the disk.
        """
        t = len(self._keyframe)
        if not isinstance(prediction, Prediction):
            raise VeloDepthError(
                f"picture {t} was answered with {type(prediction).__name__}: answer each with a Prediction"
            )
        if prediction.index != t:
            raise VeloDepthError(
                f"the predictor answered for picture {prediction.index} where picture {t} of "
                f"{len(self.frames)} was next: answer each picture once, in order"
            )
        maps = {name: values for name in MAPS if (values := getattr(prediction, name)) is not None}
        shapes = {name: np.shape(values) for name, values in maps.items()}
        if t == 0:
            self._shapes = shapes
            if len(shapes["depth"]) != 2:
                raise VeloDepthError(
                    f"picture 0 was answered with depth of shape {shapes['depth']}: give (h, w)"
                )
        if shapes != self._shapes:
            raise VeloDepthError(
                f"picture {t} was answered with {shapes}, unlike the first: keep them the same"
            )
        with explained(self.folder / "depth.npy"):
            for name, values in maps.items():
                if t == 0:
                    self._files[name] = self._begin(name)
                self._files[name].write(np.ascontiguousarray(values, np.float32).data)
        self._keyframe.append(prediction.is_keyframe)
        self._seconds.append(prediction.seconds)
        self.motions.append(prediction.motion)

    def _begin(self, name: str) -> BinaryIO:
        """An .npy file with its head, to which frames are appended."""
        file = (self.folder / f"{name}.npy").open("wb")
        shape = len(self.frames), *self._shapes[name]
        head = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, head)
        return file

    def finish(self) -> None:
        """After the last frame."""
        with explained(self.folder / "depth.npy"):
            for file in self._files.values():
                file.close()
        self._maps = {name: self._map(name) for name in self._files}

    def _map(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    @property
    def keyframes(self) -> np.ndarray | None:
        """(T,) bool, None where the predictor does not say."""
        known = [each for each in self._keyframe if each is not None]
        return np.array(known, bool) if len(known) == len(self.frames) else None

    @property
    def seconds(self) -> np.ndarray | None:
        """(T,) float64, None where the predictor does not say."""
        known = [each for each in self._seconds if each is not None]
        return np.array(known, np.float64) if len(known) == len(self.frames) else None

    def __iter__(self) -> Iterator[Prediction]:
        for t in range(len(self.frames)):
            maps = {name: np.array(array[t]) for name, array in self._maps.items()}
            keyframe, seconds, motion = self._keyframe[t], self._seconds[t], self.motions[t]
            yield Prediction(t, **maps, is_keyframe=keyframe, seconds=seconds, motion=motion)

    def save(self, path: Path, claim: str, identity: str) -> None:
        """Writes the .npz, not compressed; whole or not at all."""
        facts: dict[str, np.ndarray | None] = {
            "index": np.array(self.frames, np.int64),
            "keyframe": self.keyframes,
            "seconds": self.seconds,
            "motion": rows_of(self.motions),
            "claim": np.array(claim),
            "identity": np.array(identity),
        }
        with whole(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for name in self._maps:
                archive.write(self.folder / f"{name}.npy", f"{name}.npy")
            for name, values in facts.items():
                if values is not None:
                    with archive.open(f"{name}.npy", "w") as member:
                        np.lib.format.write_array(member, values, allow_pickle=False)

    @classmethod
    def load(cls, path: Path, identity: str, folder: Path, frames: range) -> Spool | None:
        """What `save` wrote, unpacked into `folder`; None if there is nothing, or of another identity."""
        if not saved(path, identity):
            return None
        spool = cls(folder, frames)
        with explained(folder / "depth.npy"), zipfile.ZipFile(path) as archive, np.load(path) as facts:
            for name in MAPS:
                if f"{name}.npy" in archive.namelist():
                    archive.extract(f"{name}.npy", folder)
                    spool._maps[name] = spool._map(name)
            for name, column in (("keyframe", spool._keyframe), ("seconds", spool._seconds)):
                column += facts[name].tolist() if name in facts else [None] * len(frames)
            spool.motions += motions_in(facts.get("motion"), len(frames))
        return spool


def rows_of(motions: list[np.ndarray | None]) -> np.ndarray | None:
    """Motions as one array (T, 4, 4) float64, NaN where not known; None where none is."""
    if all(motion is None for motion in motions):
        return None
    return np.stack([np.full((4, 4), np.nan) if motion is None else motion for motion in motions])


def motions_in(rows: np.ndarray | None, count: int) -> list[np.ndarray | None]:
    """What `rows_of` made into an array, of so many frames."""
    if rows is None:
        return [None] * count
    return [row if np.isfinite(row).all() else None for row in rows]


def saved(path: Path, identity: str) -> bool:
    """Whether `path` holds the predictions of that identity."""
    try:
        with np.load(path) as facts:
            return str(facts["identity"]) == identity
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return False

"""What a batch works through: files, folders, globs and lists, as clips with names of their own."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import VeloDepthError
from ..media.images import SUFFIXES as IMAGES
from ..media.images import images_in

VIDEOS = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv",
    ".3gp", ".ogv", ".y4m", ".mcap", ".db3", ".bag",
)  # fmt: skip
"""What is taken from a folder; a file that is named is taken whatever its ending."""
LIST = ".txt"
BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class BatchInput:
    """One input: a video or bag, or a folder of images."""

    path: Path  # absolute
    name: str  # of its outputs, below the output folder: "walk", or "monday/walk" from a folder

    def stamp(self) -> str:
        """Changes when the files do: sizes and times of all, without reading them."""
        told = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self._files()]
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def content(self) -> str:
        """SHA-256 of what the files hold, wherever they lie and whatever the clip's name."""
        digest = hashlib.sha256()
        for path in self._files():
            if self.path.is_dir():
                digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    digest.update(block)
        return digest.hexdigest()

    def _files(self) -> list[Path]:
        return images_in(self.path) if self.path.is_dir() else [self.path]


def find_clips(inputs: Iterable[str], written: Collection[Path] = ()) -> list[BatchInput]:
    """The clips of a command line, each path once, in the order given and sorted within a folder or glob.

    An input is a file; a folder, which is searched to its depths for videos and, where it holds none, for
    folders of images; a glob; or a .txt file with an input in each line (# starts a comment; relative to the
    list). Clips whose names would be the same get the name of their folder, too, and a number where that does
    not help.
    written: absolute paths of files and folders that are passed over in folders and globs, as are the outputs
    of an earlier run.
    Raises VeloDepthError for an input that is not there or holds nothing.
    """
    clips = {clip.path: clip for name in inputs for clip in _clips(name, written)}
    return list(_named_apart(clips.values()))


def _clips(name: str, written: Collection[Path], base: Path = Path()) -> Iterator[BatchInput]:
    path = Path(os.path.abspath(base / name))
    if path.is_dir():
        yield from _in_folder(path, written)
    elif path.suffix.lower() == LIST and path.is_file():
        yield from _in_list(path, written)
    elif path.is_file():
        yield BatchInput(path, path.stem)
    elif glob.has_magic(name):
        matches = sorted(glob.glob(str(path), recursive=True))
        found = [match for match in matches if Path(match) not in written]
        if not found:
            raise VeloDepthError(
                f"nothing matches {name}: give files, folders, globs or a list in a .txt file"
            )
        for match in found:
            yield from _clips(match, written)
    else:
        raise VeloDepthError(f"there is no {name}: give files, folders, globs or a list in a .txt file")


def _in_folder(folder: Path, written: Collection[Path]) -> Iterator[BatchInput]:
    videos, pictures = [], []
    for root, folders, names in os.walk(folder):
        folders[:], shown = (
            sorted(name for name in several if not name.startswith(".") and Path(root, name) not in written)
            for several in (folders, names)
        )
        here = [Path(root, name) for name in shown if Path(name).suffix.lower() in VIDEOS]
        videos += [BatchInput(path, path.relative_to(folder).with_suffix("").as_posix()) for path in here]
        if not here and any(Path(name).suffix.lower() in IMAGES for name in shown):
            inside = Path(root) != folder
            pictures.append(
                BatchInput(Path(root), Path(root).relative_to(folder).as_posix() if inside else folder.name)
            )
    if not videos and not pictures:
        raise VeloDepthError(f"{folder} holds neither videos nor images: give another folder")
    yield from videos or pictures


def _in_list(path: Path, written: Collection[Path]) -> Iterator[BatchInput]:
    text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")  # names may be any bytes
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()]
    if not any(lines):
        raise VeloDepthError(f"{path} names no inputs: write one in each line")
    for line in filter(None, lines):
        if Path(line).suffix.lower() == LIST:
            raise VeloDepthError(f"{path} names another list, {line}: name that one on the command line, too")
        try:
            yield from _clips(line, written, path.parent)
        except VeloDepthError as error:
            raise VeloDepthError(f"{path}: {error}") from None


def _named_apart(clips: Iterable[BatchInput]) -> Iterator[BatchInput]:
    clips = list(clips)
    taken = Counter(clip.name for clip in clips)
    clips = [
        replace(clip, name=f"{clip.path.parent.name}/{clip.name}") if taken[clip.name] > 1 else clip
        for clip in clips
    ]
    seen: Counter[str] = Counter()
    for clip in clips:
        seen[clip.name] += 1
        yield replace(clip, name=f"{clip.name}-{seen[clip.name]}") if seen[clip.name] > 1 else clip

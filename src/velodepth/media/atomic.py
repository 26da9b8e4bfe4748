"""Files that appear whole or not at all, and the base of everything that writes frames.

A file grows under a hidden temporary name in its own folder and gets its own name when it is whole, so that
nothing half-written is ever found under a final name, however the run ends. Two runs never write one file.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Protocol

from velodepth.errors import VeloDepthError
from velodepth.interrupts import uninterrupted
from velodepth.media.locks import PATIENCE, claim, hidden_beside

if TYPE_CHECKING:
    from typing_extensions import Self

    from velodepth.stream.frame import DepthFrame


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A temporary path to write to: renamed to `path` when the block ends well, else removed.

    Missing parent folders are made. Raises VeloDepthError where the disk refuses (see `explained`).
    """
    path = Path(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = claim(path, PATIENCE)
        try:
            with _renamed(path) as temporary:
                yield temporary
        finally:
            lock.release()


@contextmanager
def _renamed(path: Path) -> Iterator[Path]:
    """`whole`, for who has claimed the path or its folder already."""
    temporary = _temporary_beside(path)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _temporary_beside(path: Path) -> Path:
    """Makes an empty file with a hidden name in the folder of `path`."""
    temporary = hidden_beside(path)
    temporary.touch(exist_ok=False)
    return temporary


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Raises VeloDepthError where an output is a file that the run reads, or a folder that holds one.

    inputs: files, and folders of which the files directly within are read. Links are followed, so that no
    other name of an input is taken for something else; what is not there yet is harmless.
    """
    read: dict[tuple[int, int], Path] = {}
    for path in inputs:
        for each in (path, *(path.iterdir() if path.is_dir() else (path.parent,))):
            if (identity := _identity(each)) is not None:
                read.setdefault(identity, path)
    for output in outputs:
        source = read.get(_identity(output) or (0, 0))
        if source is not None:
            raise VeloDepthError(
                f"the output {output} would replace the input {source}: choose another output"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file or folder that a path leads to, the same for all its names; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def refuse_existing(
    paths: Iterable[Path | None], overwrite: bool, other: str = "choose another name"
) -> None:
    """VeloDepthError for the first of the outputs that is there, unless it may be overwritten.

    other: what to do instead of adding --overwrite.
    """
    there = next((path for path in paths if path and path.exists()), None)
    if there and not overwrite:
        raise VeloDepthError(f"{there} is there already: add --overwrite, or {other}")


@contextmanager
def claimed_folder(first: Path) -> Iterator[None]:
    """No other run writes into the folder of `first`, a file of it, meanwhile.

    The folder is made where it is not there, and then goes again if it stays empty.
    Raises VeloDepthError where another run has it, or it cannot be made.
    """
    folder = first.parent
    was_there = folder.exists()
    with explained(first):
        folder.mkdir(parents=True, exist_ok=True)
        lock = claim(folder)
    try:
        yield
    finally:
        lock.release()
        if not was_there:
            with suppress(OSError):  # only an empty folder can go this way
                folder.rmdir()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an operating system's refusal to write `path` into a VeloDepthError of one sentence."""
    try:
        yield
    except VeloDepthError:
        raise
    except OSError as error:
        raise VeloDepthError(_sentence(path, error)) from error


def _sentence(path: Path, error: OSError) -> str:
    folder = path.absolute().parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder} is full: free some space or choose another output folder"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"cannot write {path}: part of this path is a file; choose another output folder"
    if error.errno == errno.EISDIR:
        return f"cannot write {path}: it is a folder; choose another name"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"cannot write into {folder} ({error.strerror}): choose an output folder you may write to"
    return f"cannot write {path} ({error.strerror or error}): choose another output path"


class Writer(Protocol):
    """Takes frames as they come and makes an output of them; a context manager.

    Leaving the `with` block commits, also after Ctrl-C: what was computed until then is kept and whole.
    Leaving it with any other exception discards.
    """

    path: Path
    """The file, or the folder of a format with one file a frame."""

    def write(self, frame: DepthFrame) -> None:
        """Adds one frame; raises VeloDepthError where it cannot (full disk, other picture size, closed)."""

    def close(self) -> None:
        """Finishes the output under its final name; nothing is left where no frame came. May be repeated."""

    def discard(self) -> None:
        """Gives the output up: no unfinished file remains. Nothing happens after close()."""

    @property
    def written(self) -> int:
        """Bytes that are on the disk so far; what is still in memory is not counted."""
        return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.close()
        else:
            self.discard()


class FileWriter(Writer):
    """Base of the formats with one file a run: an earlier file of that name is replaced, at close().

    Raises VeloDepthError at once where `path` is a folder, cannot be written, or another run writes it.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with explained(self.path):
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = claim(self.path)
            self._temporary = _temporary_beside(self.path)
        self._size: tuple[int, ...] | None = None
        self._open = True

    def write(self, frame: DepthFrame) -> None:
        if not self._open:
            raise VeloDepthError(f"{self.path} is closed: open a new writer for more frames")
        size = frame.depth.shape
        if self._size not in (None, size):
            was, now = (f"{s[1]}x{s[0]}" for s in (self._size, size))
            raise VeloDepthError(
                f"the picture size changed from {was} to {now} at frame {frame.index}: "
                f"{self.path.name} holds one size, write each size to a file of its own"
            )
        with self._or_discard():
            if self._size is None:
                self._begin(frame)
                self._size = size
            self._add(frame)

    def close(self) -> None:
        if self._open and self._size is None:
            self.discard()
        elif self._open:
            with self._or_discard():
                self._finish()
                os.replace(self._temporary, self.path)
                self._open = False
                self._lock.release()

    def discard(self) -> None:
        if self._open:
            self._open = False
            with uninterrupted():
                with suppress(Exception):  # on a full disk even closing fails, and it all goes anyway
                    self._abandon()
                self._temporary.unlink(missing_ok=True)
                self._lock.release()

    @property
    def written(self) -> int:
        growing = self._growing() if self._open else self.path
        return growing.stat().st_size if growing.is_file() else 0

    def _growing(self) -> Path:
        """The file that is written to."""
        return self._temporary

    @contextmanager
    def _or_discard(self) -> Iterator[None]:
        """Ctrl-C waits; an error gives the file up."""
        with uninterrupted():
            try:
                with explained(self.path):
                    yield
            except Exception:
                self.discard()
                raise

    def _begin(self, frame: DepthFrame) -> None:
        """Opens the temporary file, now that the first frame tells the size."""
        raise NotImplementedError

    def _add(self, frame: DepthFrame) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """Completes and closes the temporary file."""
        raise NotImplementedError

    def _abandon(self) -> None:
        """Closes the temporary file if it is open."""
        raise NotImplementedError


class FolderWriter(Writer):
    """Base of the formats with one file a frame, named by its index: 000000.png, 000001.png, ...

    Each file appears whole, as soon as its frame is written, straight in the folder; discard() leaves the
    files that are there, since each is right by itself. A folder that holds frames of an earlier run is
    refused, so that two runs never mix; with `overwrite` they are deleted first. Raises VeloDepthError for
    that, and at once where the folder cannot be written or another run writes into it.
    """

    suffix: ClassVar[str]

    def __init__(self, folder: str | Path, overwrite: bool = False) -> None:
        self.path = Path(folder)
        first = self.path / f"000000{self.suffix}"
        with explained(first):
            self._made = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = claim(self.path)
            earlier = [p for p in self.path.iterdir() if re.fullmatch(rf"\d{{6,}}\{self.suffix}", p.name)]
            if earlier and not overwrite:
                self._lock.release()
                raise VeloDepthError(
                    f"{self.path} holds {len(earlier)} frames of an earlier run: "
                    "delete them, allow overwriting (--overwrite), or choose another output folder"
                )
            for path in earlier:
                path.unlink()
        self._written = 0

    @property
    def written(self) -> int:
        return self._written

    def write(self, frame: DepthFrame) -> None:
        path = self.path / f"{frame.index:06d}{self.suffix}"
        with uninterrupted(), explained(path), _renamed(path) as temporary:
            self._save(temporary, frame)
            self._written += temporary.stat().st_size

    def close(self) -> None:
        self._lock.release()
        if self._made:
            with suppress(OSError):  # only an empty folder can go this way
                self.path.rmdir()

    def discard(self) -> None:
        self.close()

    def _save(self, path: Path, frame: DepthFrame) -> None:
        self.save(path, frame)

    @staticmethod
    def save(path: Path, frame: DepthFrame) -> None:
        """Writes one frame to `path`, whatever its suffix."""
        raise NotImplementedError

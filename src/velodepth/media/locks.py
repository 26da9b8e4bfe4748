"""One writer a place: locks that end with their process, and the sweeping of what a dead one left.

What is being written has a hidden temporary name, `.NAME.01234567.part`, file or folder. Whoever writes it
holds a lock: `.NAME.lock` beside it, `.lock` in the folder that it lies in, or `.lock` within it. A process
loses its locks however it ends, so what nobody holds is left over from a run that was killed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from velodepth.errors import VeloDepthError

LEFT = re.compile(r"\.(.+)\.[0-9a-f]{8}\.part")
WITHIN = ".lock"  # of a folder
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)  # of a file system that knows none
PATIENCE = 60.0  # seconds to wait for another process that is only about to rename a file


class Taken(Exception):
    """Another process, or another writer of this one, holds the lock."""


class Lock:
    """Held from its making to `release`; the file is gone then. Raises Taken, and OSError as `open` does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = _locked(path)

    def release(self) -> None:
        """Twice is as good as once."""
        if self._file:
            with suppress(OSError):  # on Windows it goes as it is closed
                self.path.unlink()
            self._file.close()
            self._file = None


def _locked(path: Path) -> IO[bytes]:
    if sys.platform == "win32":  # exclusive, and deleted by the system with the process
        try:
            return open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY), "r+b")
        except FileExistsError:
            raise Taken from None
    import fcntl

    while True:
        file = open(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o666), "r+b")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Taken from None
        except OSError as error:
            if error.errno not in NO_LOCKS:
                file.close()
                raise
        try:  # whoever held it may have removed the file since we opened it
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        file.close()


def claim(path: Path, patience: float = 0.0) -> Lock:
    """The sole right to write `path`, a file or a folder that is there, and what dead runs left is swept.

    patience: seconds to wait for another one. Raises VeloDepthError where another run writes it, and OSError
    where no file can be made there.
    """
    folder = path.is_dir()
    lock = path / WITHIN if folder else path.with_name(f".{path.name}.lock")
    until = time.monotonic() + patience
    while True:
        try:
            held = Lock(lock)
            break
        except Taken:
            if time.monotonic() >= until:
                raise VeloDepthError(
                    f"another run is writing {path}: wait until it has ended, or choose another output"
                ) from None
            time.sleep(0.02)
    if folder:
        _sweep(path)
    else:
        for left in path.parent.glob("." + _escaped(path.name) + ".*.part"):
            if LEFT.fullmatch(left.name):
                _remove(left)
        sweep(path.parent)
    return held


def sweep(folder: Path) -> None:
    """Removes what dead runs left in a folder, unless another run holds all of it."""
    with suppress(Taken, OSError):
        lock = Lock(folder / WITHIN) if (folder / WITHIN).exists() else None
        _sweep(folder)
        if lock:
            lock.release()


def _sweep(folder: Path) -> None:
    with suppress(OSError):
        for left in list(os.scandir(folder)):
            match = LEFT.fullmatch(left.name)
            if match and not left.is_symlink():
                path = Path(left.path)
                own = path / WITHIN
                with suppress(Taken, OSError):
                    lock = Lock(own if own.exists() else folder / f".{match[1]}.lock")
                    _remove(path)
                    lock.release()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def hidden_beside(path: Path) -> Path:
    """A new hidden name in the folder of `path` for what becomes it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A new hidden folder beside `beside`, for this user alone, which goes with the block.

    What other blocks of dead processes left in that place goes as it begins. Missing parents are made; raises
    OSError where that cannot be.
    """
    beside.parent.mkdir(parents=True, exist_ok=True)
    sweep(beside.parent)
    while True:
        folder = hidden_beside(beside)
        folder.mkdir(mode=0o700)
        try:
            lock = Lock(folder / WITHIN)
            break
        except (FileNotFoundError, Taken):  # swept by another process before it was locked
            continue
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)

"""Worlds rendered while training goes on, by processes of their own, into memory that all share.

What they write are shards (shards.py) on the memory file system: the same bytes as `velodepth worlds render`
with the same seed writes to disk, mapped by whoever reads them. The pool grows shard by shard; where it is
full, the oldest shard goes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import VeloDepthError
from .config import Config
from .data import Footage, Pool, clip_starts, open_footage
from .shards import HELD_OUT_EVERY, Shard, shard_name

SHARDS = 4096  # of each process: a million frames
LOOK = 0.3  # seconds between looks into the folder


class RenderedPool(Pool):
    """What `config.data` holds, and what `config.render` processes add to it.

    rank, ranks: of this process of training and how many there are, each with renderers of its own; the first
    begins with the shard that is held out. first: how many shards earlier runs have seen, which are passed
    over. `close` stops the processes and frees the memory.

    Raises VeloDepthError where velodepth_worlds is not installed or cannot render here.
    """

    def __init__(self, config: Config, rank: int = 0, ranks: int = 1, first: int = 0):
        super().__init__(*(open_footage(config.data) if config.data else ([], [])))
        try:
            from velodepth_worlds.generate import Workers, write_one
        except ImportError as error:
            raise VeloDepthError(
                f"rendering needs {error.name}: run  pip install packages/worlds  in a clone of VeloDepth"
            ) from error
        self.seen, self._limit = first, config.pool * 1e9
        self._rendered: list[tuple[Any, int]] = []  # and bytes
        self._names: set[str] = set()
        self._looked, self._grown = 0.0, False
        self.folder = _memory()
        numbers = [
            _numbers(rank * config.render + k, ranks * config.render, first) for k in range(config.render)
        ]
        if rank == 0:
            numbers[0] = [HELD_OUT_EVERY - 1, *numbers[0]]
        job = partial(write_one, self.folder, config.render_seed, recipe=worlds_of(config))
        self._workers = Workers(job, numbers)
        try:
            self._workers.__enter__()
        except BaseException:
            self.close()
            raise

    def grown(self) -> bool:
        """Raises VeloDepthError where a rendering process has failed."""
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            for _ in self._workers.reports(timeout=0.001):
                pass
            self._take_up()
        grown, self._grown = self._grown, False
        return grown

    def _take_up(self) -> None:
        """Open what is new; drop what is too much. Lists are replaced, not changed: others may read them."""
        for name in sorted(os.listdir(self.folder)):
            if name.startswith(".") or name in self._names:
                continue
            self._names.add(name)
            shard: Any = Shard.open(self.folder / name)
            if name == shard_name(HELD_OUT_EVERY - 1):
                self.held = [*self.held, shard]
                continue
            self._rendered.append((shard, _bytes(shard)))
            self.train = [*self.train, shard]
            self.seen += 1
            self._grown = True
        while len(self._rendered) > 1 and sum(size for _, size in self._rendered) > self._limit:
            oldest, _ = self._rendered.pop(0)
            self.train = [each for each in self.train if each is not oldest]
            shutil.rmtree(oldest.folder)  # what is mapped stays readable until nobody reads it

    def wait(self, length: int) -> None:
        """Until a clip of so many frames can be trained on."""
        while not any(len(clip_starts([each], length)) for each in self.train):
            time.sleep(LOOK)
            self._grown |= self.grown()

    def close(self) -> None:
        self._workers.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)


def worlds_of(config: Config) -> Any:
    """The worlds that are rendered, a velodepth_worlds.generate.RenderSettings."""
    from velodepth_worlds.generate import RenderSettings

    width, height = config.render_size
    return RenderSettings(size=(width, height))


def _numbers(worker: int, workers: int, first: int) -> list[int]:
    """The shards of one of all rendering processes, those that are held out left out."""
    taught = HELD_OUT_EVERY - 1  # of each HELD_OUT_EVERY
    counts = range(first + worker, first + worker + SHARDS * workers, workers)
    return [count + count // taught for count in counts]


def _memory() -> Path:
    """A new folder on the memory file system, or where there is none, among temporary files.

    Folders of processes that are gone, because they were killed, are removed first.
    """
    there = Path("/dev/shm")
    if not os.access(there, os.W_OK):
        there = Path(tempfile.gettempdir())
    is_told = Path("/proc/self").exists()  # elsewhere than on Linux nothing says which processes there are
    for old in there.glob("velodepth-*-*"):
        process = old.name.split("-")[1]
        if process.isdecimal() and is_told and not Path("/proc", process).exists():
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"velodepth-{os.getpid()}-", dir=there))


def _bytes(shard: Footage) -> int:
    """What a shard takes of memory: zeros in flow take none."""
    return sum(path.stat().st_blocks * 512 for path in shard.folder.glob("*.npy"))

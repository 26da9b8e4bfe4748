"""Rendering worlds into shards, on many processes.

All of a shard follows from the seed and its number alone: its textures, worlds, shots. Where moderngl finds a
GPU's EGL device, it renders there; nothing here depends on which it is.
"""

from __future__ import annotations

import importlib
import itertools
import multiprocessing
import os
import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.interrupts import obeying_parent
from velodepth.media.atomic import explained
from velodepth.media.locks import claim
from velodepth.train import shards
from velodepth.train.shards import Clip

from .renderer import Renderer
from .scene import World
from .shots import Film
from .textures import Palette

STILLS = 6  # of each world

Builder = Callable[[np.random.Generator, Palette], World]


@dataclass(frozen=True)
class WorldKind:
    """A kind of world: `build` of a module of this package, and its weight among the kinds."""

    module: str
    weight: float


KINDS = {
    "room": WorldKind("rooms", 0.38),
    "tabletop": WorldKind("tabletop", 0.30),
    "hall": WorldKind("halls", 0.06),
    "corridor": WorldKind("corridors", 0.06),
    "street": WorldKind("streets", 0.08),
    "terrain": WorldKind("terrain", 0.06),
}


@dataclass(frozen=True)
class RenderSettings:
    """What the frames are made from, besides seed and shard.

    size: (width, height). clip_length: frames of a clip. kinds: those to draw from, by their shares.
    shard: frames of a shard, about: its last world is finished. clip_share: of the worlds give a clip before
    their stills.

    Raises VeloDepthError for a size, length or kind that cannot be.
    """

    size: tuple[int, int] = (320, 240)
    clip_length: int = 8
    kinds: tuple[str, ...] = tuple(KINDS)
    shard: int = 256
    clip_share: float = 0.35

    def __post_init__(self) -> None:
        if min(self.size) < 32 or max(self.size) > 4096:
            raise VeloDepthError(
                f"pictures of {self.size[0]}x{self.size[1]} are not made; give 32 to 4096 pixels"
            )
        if self.clip_length < 1:
            raise VeloDepthError(f"a clip of {self.clip_length} frames is none; give 1 or more")
        for name in self.kinds:
            if name not in KINDS:
                raise VeloDepthError(f"{name!r} is no kind of world; choose from {', '.join(KINDS)}")


def shard_clips(seed: int, index: int, recipe: RenderSettings) -> Iterator[Clip]:
    """The clips and stills of one shard, in order, about `recipe.shard` frames, rendered when asked.

    Their `frames` have "world" and "clip" numbers of the shard. Raises VeloDepthError where nothing can be
    rendered here (no moderngl, no EGL).
    """
    rng = np.random.default_rng([seed, index])
    palette = Palette(rng)
    shares = np.array([KINDS[name].weight for name in recipe.kinds])
    frames = clips = 0
    with Renderer(palette.pictures) as renderer:
        for number in itertools.count():
            if frames >= recipe.shard:
                return
            build = _builder(str(rng.choice(recipe.kinds, p=shares / shares.sum())))
            film = Film(renderer, build(rng, palette), palette, rng, recipe.size)
            first = (recipe.clip_length,) if rng.random() < recipe.clip_share else ()
            for length in first + (1,) * STILLS:
                clip = film.shot(length)
                if clip is None:
                    continue
                for frame in clip.frames:
                    frame.update(world=number, clip=clips)
                clips += 1
                frames += len(clip)
                yield clip


def _builder(kind: str) -> Builder:
    return importlib.import_module(f".{KINDS[kind].module}", __package__).build


def write_one(
    folder: Path, seed: int, index: int, recipe: RenderSettings, count: Callable[[int], None]
) -> None:
    """Render one shard into `folder`. count: called with the number of frames of each clip."""
    clips = []
    for clip in shard_clips(seed, index, recipe):
        clips.append(clip)
        count(len(clip))
    shards.write_shard(folder / shards.shard_name(index), clips, seed, index)


def render(
    folder: str | os.PathLike[str],
    frames: int,
    seed: int,
    recipe: RenderSettings,
    processes: int = 1,
    count: Callable[[int], None] = lambda frames: None,
) -> list[Path]:
    """Render at least `frames` frames into shards in a folder; those that exist are kept. Returns all.

    count: called with numbers of frames as they are done, those of existing shards first. Ctrl-C leaves only
    whole shards. Raises VeloDepthError where nothing can be rendered, another run renders into the folder, a
    process fails, or at the end a shard is missing.
    """
    folder = Path(folder)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = claim(folder)
    try:
        return _rendered(folder, frames, seed, recipe, processes, count)
    finally:
        lock.release()


def _rendered(
    folder: Path, frames: int, seed: int, recipe: RenderSettings, processes: int, count: Callable[[int], None]
) -> list[Path]:
    numbers = range(-(-frames // recipe.shard))
    paths = [folder / shards.shard_name(index) for index in numbers]
    missing = [index for index in numbers if not (paths[index] / "frames.json").exists()]
    for index in numbers:
        if index not in missing:
            count(len(shards.Shard.open(paths[index])))
    job = partial(write_one, folder, seed, recipe=recipe)
    if processes == 1:
        for index in missing:
            job(index=index, count=count)
    else:
        with Workers(job, [missing[k::processes] for k in range(min(processes, len(missing)))]) as workers:
            while workers.busy:
                for done in workers.reports(timeout=0.2):
                    count(done)
    for path in paths:
        _confirm(path)
    return paths


def _confirm(path: Path) -> None:
    """Raise VeloDepthError unless the shard is there and opens: another program may have taken it away."""
    try:
        shards.Shard.open(path)
    except VeloDepthError as error:
        raise VeloDepthError(
            f"{path} was rendered but cannot be read back ({error}); "
            "remove it if it is there, and run the same command again"
        ) from error


class Workers:
    """Processes that each call job(index=..., count=...) for the numbers given to them, one after the other.

    A context manager: they start with the block, and are stopped at its end.
    """

    def __init__(self, job: Callable[..., None], numbers: Sequence[Sequence[int]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._reports: Any = context.Queue()
        self._processes = [
            context.Process(target=_work, args=(job, each, self._reports), daemon=True) for each in numbers
        ]

    def __enter__(self) -> Workers:
        with _one_thread_each():
            for process in self._processes:
                process.start()
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self._processes:
            if process.is_alive():
                process.terminate()
        for process in self._processes:
            if process.pid is not None:
                process.join()

    def reports(self, timeout: float) -> Iterator[int]:
        """Numbers of frames as they are done, until none came for `timeout` seconds, or all have ended.

        Raises VeloDepthError that one of them raised, or where one ended early.
        """
        while True:
            try:
                report = self._reports.get(timeout=timeout)
            except queue.Empty:
                break
            if isinstance(report, VeloDepthError):
                raise report
            yield report
        failed = [process.exitcode for process in self._processes if process.exitcode]
        if failed:
            raise VeloDepthError(
                f"{len(failed)} of {len(self._processes)} rendering processes ended early (status "
                f"{failed[0]}); what they print stands above, and running the command again goes on from here"
            )

    @property
    def busy(self) -> bool:
        return any(process.is_alive() for process in self._processes) or not self._reports.empty()


def _work(job: Callable[..., None], numbers: Sequence[int], reports: Any) -> None:
    """What a process does."""
    with obeying_parent():
        try:
            for index in numbers:
                job(index=index, count=reports.put)
        except VeloDepthError as error:
            reports.put(error)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that start in this block use one thread each: there is one for every core."""
    names = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    earlier = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in earlier.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

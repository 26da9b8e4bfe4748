"""What `run` and `demo` do: a source through a model into writers."""

from __future__ import annotations

import math
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep

import typer

from ..cameras import Camera
from ..errors import MediaWarning
from ..interrupts import Interrupt, uninterrupted
from ..media.reading import Source
from ..media.writing import Writers
from ..presets import Model
from ..stream.frame import DepthFrame
from .failure import INTERRUPTED
from .progress import Tally, bar

ENOUGH = 30
"""Frames after which the size of an output can be told: writers hold back some."""
UNITS = ("bytes", "kB", "MB", "GB", "TB")
CameraForSize = Callable[[int, int], Camera]
"""The camera of pictures of a width and height in pixels."""


def process(
    source: Source,
    model: Model,
    writers: Writers,
    lens: CameraForSize | None = None,
    policy: str = "adaptive",
    max_frames: int | None = None,
    quiet: bool = False,
    realtime: bool = False,
) -> None:
    """Writes the depth of each frame, shows how far it is, and says at the end what was written.

    lens: None to estimate the camera. realtime: not faster than the source's pace, looks beside the stream.
    After Ctrl-C or SIGTERM what was written is finished, then typer.Exit(130) raised.
    """
    total = min((limit for limit in (source.length, max_frames) if limit), default=None)
    tally = Tally()
    sizes = OutputSizes(writers, total)
    with (
        Interrupt() as interrupt,
        suppress(KeyboardInterrupt),
        source,
        writers,
        bar(source.name, total, quiet, lambda: f"{tally.keyframe_share()}  {sizes}") as advance,
    ):
        for frame in islice(_depth(source, model, lens, policy, realtime), max_frames):
            with uninterrupted():
                writers.write(frame)
                tally.count(frame)
                sizes.count()
            advance()
            if interrupt.came:
                break
    if not tally.frames:
        raise KeyboardInterrupt
    if not quiet:
        paths = [f"{path}{os.sep * path.is_dir()}" for path in (writer.path for writer in writers.writers)]
        listed = "".join(f"\n  {path}" for path in paths) if sys.stdout.isatty() else " " + ", ".join(paths)
        typer.echo(f"{'Interrupted after ' * interrupt.came}{tally}, written to{listed}")
    if interrupt.came:
        raise typer.Exit(INTERRUPTED)


class OutputSizes:
    """How large the outputs are, and will be. Warns once where the disk has not so much room.

    total: how many frames will be written, None if not known.
    """

    def __init__(self, writers: Writers, total: int | None) -> None:
        self._writers, self._total = writers, total
        self._frames = 0

    def count(self) -> None:
        """One more frame has been written."""
        self._frames += 1
        if self._frames == ENOUGH and self.expected:
            free = shutil.disk_usage(existing(self._writers.path)).free
            if self.expected - self._writers.written > free:
                warnings.warn(
                    f"about {in_bytes(self.expected)} will be written to {self._writers.path}, and its disk "
                    f"has {in_bytes(free)} left: choose another --out, or see --resize and --stride",
                    MediaWarning,
                    stacklevel=2,
                )

    @property
    def expected(self) -> float:
        """Bytes at the end; 0 where nothing tells."""
        if self._total is None or self._frames < ENOUGH:
            return 0.0
        return self._writers.written * max(self._total, self._frames) / self._frames

    def __str__(self) -> str:
        """1.2 of about 15 GB"""
        if not self.expected:
            return in_bytes(self._writers.written)
        number, unit = in_bytes(self.expected).split()
        return f"{in_bytes(self._writers.written, unit)} of about {number} {unit}"


def in_bytes(count: float, unit: str = "") -> str:
    """The number and its unit, or the number alone in a unit that is given: "1.2 GB"."""
    exponent = UNITS.index(unit) if unit else min(len(UNITS) - 1, int(math.log(max(count, 1), 1000)))
    number = count / 1000**exponent
    text = f"{number:.1f}" if number < 10 and exponent else f"{number:.0f}"
    return text if unit else f"{text} {UNITS[exponent]}"


def existing(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def _depth(
    source: Source, model: Model, lens: CameraForSize | None, policy: str, realtime: bool
) -> Iterator[DepthFrame]:
    """`model.run`, with a camera that may depend on the size of the pictures; realtime: as it would live."""
    stream, start = None, 0.0
    for frame in source:
        if stream is None:
            height, width = frame.picture.shape[:2]
            stream = model.stream(lens(width, height) if lens else None, policy, beside=realtime)
            start = perf_counter() - frame.time
        if realtime and not source.live:
            sleep(max(0.0, start + frame.time - perf_counter()))
        yield stream.push(frame.picture, frame.time)

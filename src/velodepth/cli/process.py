"""What `run` and `demo` do: a source through a model into writers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

import typer

from ..cameras import Camera
from ..interrupts import Interrupt, uninterrupted
from ..media.reading import Source
from ..media.writing import Writers
from ..presets import Model
from ..stream.frame import DepthFrame
from .failure import INTERRUPTED
from .progress import Tally, bar

Lens = Callable[[int, int], Camera]
"""The camera of pictures of a width and height in pixels."""


def process(
    source: Source,
    model: Model,
    writers: Writers,
    lens: Lens | None = None,
    policy: str = "adaptive",
    max_frames: int | None = None,
    quiet: bool = False,
) -> None:
    """Writes the depth of each frame, shows how far it is, and says at the end what was written.

    lens: None to estimate the camera. After Ctrl-C or SIGTERM what was written is finished, then
    typer.Exit(130) raised.
    """
    total = min((limit for limit in (source.length, max_frames) if limit), default=None)
    tally = Tally()
    with (
        Interrupt() as interrupt,
        suppress(KeyboardInterrupt),
        source,
        writers,
        bar(source.name, total, quiet, tally.keyframe_share) as advance,
    ):
        for frame in islice(_depth(source, model, lens, policy), max_frames):
            with uninterrupted():
                writers.write(frame)
                tally.count(frame)
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


def _depth(source: Source, model: Model, lens: Lens | None, policy: str) -> Iterator[DepthFrame]:
    """`model.run`, with a camera that may depend on the size of the pictures."""
    stream = None
    for frame in source:
        if stream is None:
            height, width = frame.picture.shape[:2]
            stream = model.stream(lens(width, height) if lens else None, policy)
        yield stream.push(frame.picture, frame.time)

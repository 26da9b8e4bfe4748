"""How far a command is: one line on stderr while it works, figures when it has ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from ..stream.frame import DepthFrame


class Tally:
    """What a run has done so far."""

    def __init__(self) -> None:
        self.frames = self.keyframes = 0
        self._started = time.perf_counter()

    def count(self, frame: DepthFrame) -> None:
        self.frames += 1
        self.keyframes += frame.is_keyframe

    @property
    def keyframe_share(self) -> str:
        return f"{100 * self.keyframes / max(self.frames, 1):.0f} % keyframes"

    def __str__(self) -> str:
        """450 frames in 14.4 s (31.2 frames/s, 4 % keyframes)"""
        seconds = time.perf_counter() - self._started
        frames = f"{self.frames} frame{'s' * (self.frames != 1)}"
        return f"{frames} in {seconds:.1f} s ({self.frames / seconds:.1f} frames/s, {self.keyframe_share})"


@contextmanager
def bar(
    name: str, total: int | None, quiet: bool = False, note: Callable[[], str] | None = None
) -> Iterator[Callable[[], None]]:
    """Shows a bar while the block runs and yields what to call after each frame.

    total: frames, None if not known. note: more words for the line. Nothing is shown unless stderr is a
    terminal, and nothing stays.
    """
    console = Console(stderr=True)
    width = max(12, console.width // 4)
    columns: list[ProgressColumn] = [
        TextColumn(
            "{task.description}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", max_width=width),
        ),
        _Figures(note),
    ]
    if total is not None:
        columns.insert(1, BarColumn(bar_width=None))
        columns += [TimeRemainingColumn(compact=True), TextColumn("left")]
    shown = console.is_interactive and sys.stderr.isatty() and not quiet
    with Progress(
        *columns,
        console=console,
        refresh_per_second=5,
        transient=True,
        expand=total is not None,
        disable=not shown,
    ) as progress:
        task = progress.add_task(Path(name).name, total=total)
        yield lambda: progress.advance(task)


class _Figures(ProgressColumn):
    """123/450   31.2 frames/s   4 % keyframes"""

    def __init__(self, note: Callable[[], str] | None) -> None:
        super().__init__(Column(no_wrap=True))
        self._note = note

    def render(self, task: Task) -> Text:
        done, total = int(task.completed), task.total
        figures = [f"{done} frames" if total is None else f"{done}/{max(done, int(total))}"]
        figures.append(f"{task.speed or 0:.1f} frames/s")
        if self._note:
            figures.append(self._note())
        return Text("   ".join(figures))

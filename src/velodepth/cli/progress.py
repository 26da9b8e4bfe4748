"""How far a command is: one line on stderr while it works, figures when it has ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from .failure import stderr

if TYPE_CHECKING:
    from ..stream.frame import DepthFrame


class Tally:
    """What a run has done so far, in units called `unit`: frames, or photos, of which all are keyframes."""

    def __init__(self, unit: str = "frame") -> None:
        self.unit = unit
        self.frames = self.keyframes = 0
        self._started = time.perf_counter()

    def count(self, frame: DepthFrame) -> None:
        self.frames += 1
        self.keyframes += frame.is_keyframe

    def keyframe_share(self) -> str:
        return f"{100 * self.keyframes / max(self.frames, 1):.0f} % keyframes"

    def __str__(self) -> str:
        """450 frames in 14.4 s (31.2 frames/s, 4 % keyframes)"""
        seconds = time.perf_counter() - self._started
        count = f"{self.frames} {self.unit}{'s' * (self.frames != 1)}"
        rate = f"{self.frames / seconds:.1f} {self.unit}s/s"
        share = f", {self.keyframe_share()}" if self.unit == "frame" else ""
        return f"{count} in {seconds:.1f} s ({rate}{share})"


@contextmanager
def bar(
    name: str, total: int | None, quiet: bool = False, note: Callable[[], str] | None = None
) -> Iterator[Callable[[], None]]:
    """Shows a bar while the block runs and yields what to call after each frame.

    total: frames, None if not known. note: more words for the line. Nothing is shown unless stderr is a
    terminal, and nothing stays.
    """
    console = stderr()
    if quiet or not (sys.stderr.isatty() and console.is_interactive):
        yield lambda: None
        return
    name_column = Column(no_wrap=True, overflow="ellipsis", max_width=max(12, console.width // 4))
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False, table_column=name_column),
        _Figures(note),
    ]
    if total is not None:
        columns.insert(1, BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan"))
    with Progress(
        *columns, console=console, refresh_per_second=5, transient=True, expand=total is not None
    ) as progress:
        task = progress.add_task(Path(name).name, total=total)
        yield lambda: progress.advance(task)


class _Figures(ProgressColumn):
    """123/450    31.2 frames/s    4 % keyframes   0:10 left"""

    def __init__(self, note: Callable[[], str] | None) -> None:
        super().__init__(Column(no_wrap=True))
        self._note = note

    def render(self, task: Task) -> Text:
        figures = [f"{int(task.completed)} frames"]
        if task.total is not None:
            total = str(max(int(task.total), int(task.completed)))  # a file may hold more than it says
            figures = [f"{int(task.completed):{len(total)}}/{total}"]
        figures.append(f"{task.speed or 0:5.1f} frames/s")
        if self._note:
            figures.append(f"{self._note():>15}")
        if task.time_remaining is not None:
            minutes, seconds = divmod(round(task.time_remaining), 60)
            figures.append(f"{minutes:2}:{seconds:02} left")
        return Text("  ".join(figures))

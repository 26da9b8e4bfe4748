"""What goes wrong, told in one line on stderr."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import typer

from ..errors import MediaWarning, VeloDepthError
from ..interrupts import Interrupt

if TYPE_CHECKING:
    from rich.console import Console

BAD_INPUT, INTERRUPTED = 2, 130


@contextmanager
def report_errors() -> Iterator[None]:
    """Turns a VeloDepthError, a MediaWarning and Ctrl-C into a line on stderr and an exit status.

    SIGTERM is Ctrl-C here, in all that the block does.
    """
    with Interrupt() as interrupt, warnings.catch_warnings():
        warnings.simplefilter("always", MediaWarning)
        show_other: Callable[..., None] = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if issubclass(category, MediaWarning):
                _say("Warning", message)
            else:
                show_other(message, category, *where)

        warnings.showwarning = cast(Any, show)
        try:
            yield
        except VeloDepthError as error:
            _say("Error", error)
            raise typer.Exit(BAD_INPUT) from error
        except typer.Exit:
            raise
        except (Exception, KeyboardInterrupt) as error:
            # A library that is being imported makes something else of a KeyboardInterrupt.
            if not (interrupt.came or isinstance(error, KeyboardInterrupt)):
                raise
            _say("Interrupted", "nothing was written")
            raise typer.Exit(INTERRUPTED) from error


@cache
def stderr() -> Console:
    """One for bars and messages, so that a message goes above a bar and not into it."""
    from rich.console import Console

    return Console(stderr=True)


def _say(what: str, text: object) -> None:
    """A line on stderr, folded by words on a terminal only."""
    from rich.text import Text

    style = "bold red" if what == "Error" else "bold yellow"
    line = Text.assemble((f"{what}: ", style), str(text))
    stderr().print(line, soft_wrap=not stderr().is_terminal)


@contextmanager
def kept(what: str) -> Iterator[None]:
    """Says after Ctrl-C in the block what is left of its work."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        _say("Interrupted", what)
        raise typer.Exit(INTERRUPTED) from interrupt

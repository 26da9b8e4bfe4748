"""What goes wrong through no fault of the code, said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class VeloDepthError(ValueError):
    """Bad input or a missing resource: the message names it and says what to do.

    The command line prints the message alone and exits with status 2.
    """


class LookError(VeloDepthError):
    """A network had nothing to say of one picture; a stream that has something to carry goes on without."""


class MediaWarning(UserWarning):
    """The result is usable but not whole, e.g. a truncated file was read up to its break."""


@contextmanager
def needed(what: str, extra: str) -> Iterator[None]:
    """VeloDepthError where an import in the block fails, which `what` needs and this extra installs."""
    try:
        yield
    except ImportError as error:
        raise VeloDepthError(f"{what} needs {error.name}: run  pip install 'velodepth[{extra}]'") from error

"""Being asked to stop: Ctrl-C, and SIGTERM, by which systemd and Docker ask, mean the same."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ASKING = (signal.SIGINT, signal.SIGTERM)
GRACE = 10.0  # seconds that a worker whose parent has died may take to unwind


class Interrupt:
    """In its `with` block both signals raise KeyboardInterrupt, and `came` remembers that one did: PyAV may
    swallow the exception while it reads.

    A signal that is ignored, as Ctrl-C under nohup, or that somebody else handles, stays as it is. Outside
    the main thread nothing changes.
    """

    came = False

    def __enter__(self) -> Interrupt:
        self._earlier: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for asking in ASKING:
                handler = signal.getsignal(asking)
                ours = isinstance(getattr(handler, "__self__", None), Interrupt)
                if ours or handler in (signal.default_int_handler, signal.SIG_DFL):
                    self._earlier[asking] = signal.signal(asking, self._remember)
        return self

    def __exit__(self, *exception: object) -> None:
        for asking, handler in self._earlier.items():
            signal.signal(asking, handler)

    def _remember(self, *signal_and_frame: object) -> None:
        self.came = True
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[list[Any]]:
    """Holds both signals back until the block has ended, so that no frame is cut in half.

    Yields a list that is empty as long as none came.
    """
    held: list[Any] = []
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    earlier = {asking: handler for asking in ASKING if callable(handler := signal.getsignal(asking))}
    for asking in earlier:
        signal.signal(asking, lambda *arguments: held.append(arguments))
    try:
        yield held
    finally:
        for asking, handler in earlier.items():
            signal.signal(asking, handler)
        if held:
            earlier[signal.Signals(held[0][0])](*held[0])


@contextmanager
def own_handlers() -> Iterator[None]:
    """Whatever a library does to both signals in the block is undone at its end; in the main thread."""
    earlier = {asking: signal.getsignal(asking) for asking in ASKING}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for asking, handler in earlier.items():
                signal.signal(asking, handler)


@contextmanager
def obeying_parent() -> Iterator[None]:
    """For a worker process: Ctrl-C is its parent's; SIGTERM unwinds it, as does the end of its parent."""
    asked = False

    def unwind(*signal_and_frame: object) -> None:
        nonlocal asked
        asked = True
        sys.exit(1)  # through the `with` blocks, which clean up

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, unwind)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), name="velodepth parent", daemon=True).start()
    try:
        yield
    except Exception:
        if asked:  # a library that is being imported makes something else of it
            sys.exit(1)
        raise


def _end_after(parent: Any) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)

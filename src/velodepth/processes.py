"""Worker processes of this machine, each on its share of the cores; one that dies is started anew."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from .cores import keep_to, shares
from .errors import VeloDepthError
from .interrupts import obeying_parent


@dataclass(frozen=True)
class Ready:
    """A worker has begun, and waits for its first job."""


@dataclass(frozen=True)
class Unfit:
    """A worker cannot begin, and no other could."""

    reason: str


@dataclass(frozen=True)
class Lost:
    """A worker died, with the job it had, and a new one is on its way."""

    reason: str


class Processes:
    """`count` workers, numbered from 0. Each is Ready first, and then does one job at a time.

    begin: a function of a module, called once in each worker with `tell` and the arguments; what it returns
    answers a job. What `tell` is given meanwhile is an event like the answer. A VeloDepthError of `begin`
    makes the worker Unfit; any other exception, there or in a job, ends its process.
    """

    def __init__(self, count: int, begin: Callable[..., Callable[[Any], Any]], *arguments: Any) -> None:
        self._context = multiprocessing.get_context("spawn")  # a forked ONNX Runtime or CUDA hangs
        self._started_with = begin, arguments
        self._shares = shares(count)
        self._workers = [self._start(share) for share in self._shares]

    def _start(self, share: list[int]) -> tuple[multiprocessing.process.BaseProcess, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, share, *self._started_with), daemon=True)
        process.start()
        theirs.close()  # so that we see the end when the process does not live any more
        return process, ours

    def give(self, worker: int, job: Any) -> None:
        """Hands a job to a worker that is Ready, or has answered."""
        with suppress(OSError):  # it has just died: `events` will say so
            self._workers[worker][1].send(job)

    def events(self) -> Iterator[tuple[int, Any]]:
        """What happened next, by worker: waits for at least one thing."""
        ready = wait([connection for _, connection in self._workers])
        for worker, (process, connection) in enumerate(self._workers):
            if connection in ready:
                try:
                    yield worker, connection.recv()
                except (EOFError, OSError):
                    process.join()
                    self._workers[worker] = self._start(self._shares[worker])
                    yield worker, Lost(_how_it_died(process.exitcode))

    def close(self) -> None:
        """Ends all workers at once; what they were at is left half-done."""
        for process, connection in self._workers:
            process.terminate()
            connection.close()
        for process, _ in self._workers:
            process.join()


def _how_it_died(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"its process was ended by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
    return f"its process ended with status {code}"


def _serve(
    connection: Connection, share: list[int], begin: Callable[..., Any], arguments: tuple[Any, ...]
) -> None:
    """The life of a worker process."""
    with obeying_parent():
        keep_to(share)
        try:
            answer = begin(connection.send, *arguments)
        except VeloDepthError as error:
            connection.send(Unfit(str(error)))
            return
        with suppress(EOFError, OSError):  # the parent has ended
            connection.send(Ready())
            while True:
                connection.send(answer(connection.recv()))

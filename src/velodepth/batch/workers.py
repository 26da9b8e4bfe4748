"""Workers: processes of this machine, each with a model of its own."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Protocol

from ..cores import keep_to, shares
from ..errors import VeloDepthError
from ..interrupts import obeying_parent
from .job import Failure, Job, Receipt, Settings, Worker


@dataclass(frozen=True)
class Ready:
    """A worker has loaded its model."""


@dataclass(frozen=True)
class Unfit:
    """A worker cannot load its model, and no other could."""

    reason: str


@dataclass(frozen=True)
class Lost:
    """A worker died, with the job it had, and a new one is on its way."""

    reason: str


Event = Ready | Unfit | Lost | Receipt | Failure


class WorkerPool(Protocol):
    """Some workers, numbered from 0. Each is Ready first, and then does one job at a time."""

    def give(self, worker: int, job: Job) -> None:
        """Hands a job to a worker that is Ready, or has answered."""

    def events(self) -> Iterator[tuple[int, Event]]:
        """What happened next: waits for at least one."""

    def close(self) -> None:
        """Ends all workers at once; what they were at is left half-done."""


class Processes:
    """A `WorkerPool` of `count` processes of this machine, on their shares of the cores.

    They write below `out`.
    """

    def __init__(self, count: int, settings: Settings, out: str) -> None:
        self._context = multiprocessing.get_context("spawn")  # a forked ONNX Runtime or CUDA hangs
        self._started_with = settings, out
        self._shares = shares(count)
        self._workers = [self._start(share) for share in self._shares]

    def _start(self, share: list[int]) -> tuple[multiprocessing.process.BaseProcess, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, share, *self._started_with), daemon=True)
        process.start()
        theirs.close()  # so that we see the end when the process does not live any more
        return process, ours

    def give(self, worker: int, job: Job) -> None:
        with suppress(OSError):  # it has just died: `events` will say so
            self._workers[worker][1].send(job)

    def events(self) -> Iterator[tuple[int, Event]]:
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


def _serve(connection: Connection, share: list[int], settings: Settings, out: str) -> None:
    """The life of a worker process."""
    with obeying_parent():
        keep_to(share)
        try:
            worker = Worker(settings, out)
        except VeloDepthError as error:
            connection.send(Unfit(str(error)))
            return
        with suppress(EOFError, OSError):  # the parent has ended
            connection.send(Ready())
            while True:
                connection.send(worker.work(connection.recv()))

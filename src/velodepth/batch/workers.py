"""Who does the jobs of a batch: processes of this machine here, a Ray cluster in cluster.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..processes import Lost, Processes, Ready, Unfit
from .job import Failure, Job, Receipt, Settings, Worker

Event = Ready | Unfit | Lost | Receipt | Failure


class WorkerPool(Protocol):
    """Some workers, numbered from 0. Each is Ready first, and then does one job at a time."""

    def give(self, worker: int, job: Job) -> None:
        """Hands a job to a worker that is Ready, or has answered."""

    def events(self) -> Iterator[tuple[int, Event]]:
        """What happened next: waits for at least one."""

    def close(self) -> None:
        """Ends all workers at once; what they were at is left half-done."""


def local_workers(count: int, settings: Settings, out: str) -> WorkerPool:
    """Processes of this machine, each with a model of its own, which write below `out`."""
    return Processes(count, _begin, settings, out)


def _begin(tell: Callable[[Any], None], settings: Settings, out: str) -> Callable[[Job], Receipt | Failure]:
    return Worker(settings, out).work

"""Workers: actors of a Ray cluster, each with a model of its own."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

from ..errors import VeloDepthError, needed
from ..interrupts import own_handlers
from ..processes import Lost, Ready, Unfit
from .job import Failure, Job, Receipt, Settings, Worker
from .workers import Event

CONNECT_TIMEOUT = 10.0  # seconds


class Actors:
    """A `WorkerPool` of `count` Ray actors with one CPU each (one GPU where the device is CUDA), spread out.

    All machines of the cluster have this version of velodepth, and see the inputs and `out` under the same
    paths. address: as of `ray.init`, e.g. "auto" or "head:6379". count: None for half as many as there are
    CPUs, or one a GPU; never more than there are jobs.
    Raises VeloDepthError where Ray is missing, the cluster does not answer or has too little.
    """

    def __init__(self, address: str, count: int | None, jobs: int, settings: Settings, out: str) -> None:
        with needed("--ray", "ray"):
            import ray
        self._ray = ray
        try:
            _check_reachable(address)
            with own_handlers():  # Ray would make SIGTERM another end than Ctrl-C
                ray.init(address, logging_level=logging.ERROR, log_to_driver=False, ignore_reinit_error=True)
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise VeloDepthError(
                f"Ray cannot be reached at {address} ({reason}): start it with  ray start --head"
            ) from error
        gpus = 1 if (settings.device or "").startswith("cuda") else 0
        there = ray.cluster_resources()
        most = int(there.get("GPU", 0) if gpus else there.get("CPU", 0))
        if most < (count or 1):
            self.close()
            raise VeloDepthError(
                f"Ray at {address} has {most} {'GPUs' if gpus else 'CPUs'}, and {count or 1} workers want "
                "one each: ask for fewer with --workers"
            )
        count = min(jobs, count or (most if gpus else max(1, most // 2)))
        self._actor = ray.remote(num_cpus=1, num_gpus=gpus, scheduling_strategy="SPREAD")(_Actor)
        self._started_with = settings, out
        self._waiting: dict[Any, int] = {}  # reference of what is under way -> worker
        self._actors: list[Any] = [None] * count
        for worker in range(count):
            self._start(worker)

    def _start(self, worker: int) -> None:
        self._actors[worker] = self._actor.remote()
        self._waiting[self._actors[worker].load.remote(*self._started_with)] = worker

    def give(self, worker: int, job: Job) -> None:
        self._waiting[self._actors[worker].work.remote(job)] = worker

    def events(self) -> Iterator[tuple[int, Event]]:
        ready, _ = self._ray.wait(list(self._waiting), num_returns=1)
        for reference in ready:
            worker = self._waiting.pop(reference)
            try:
                yield worker, self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                self._ray.kill(self._actors[worker])  # it may live on, cut off
                self._start(worker)
                yield worker, Lost(f"its Ray worker died ({type(error).__name__})")

    def close(self) -> None:
        self._ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raises OSError where nobody listens at a host:port; Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()


class _Actor:
    """What runs on the cluster."""

    def load(self, settings: Settings, out: str) -> Ready | Unfit:
        try:
            self._worker = Worker(settings, out)
        except VeloDepthError as error:
            return Unfit(str(error))
        return Ready()

    def work(self, job: Job) -> Receipt | Failure:
        return self._worker.work(job)

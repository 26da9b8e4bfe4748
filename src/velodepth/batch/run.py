"""A batch: which clips are to be done, by whom, and what came of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..errors import VeloDepthError
from ..processes import Lost, Ready, Unfit
from .inputs import BatchInput
from .job import Failure, Job, Receipt, Receipts, Settings
from .workers import WorkerPool


class JobResult(NamedTuple):
    """What came of a job."""

    outcome: Receipt | Failure
    tries: int  # by this run


@dataclass(frozen=True)
class Row:
    """What came of a clip; a line of the manifest."""

    clip: BatchInput
    key: str
    outcome: Receipt | Failure
    fresh: bool  # done by this run; False also for a clip of the same content as another one
    tries: int  # by this run


@dataclass(frozen=True)
class Plan:
    """The clips of a run by what is to be done with them."""

    keys: dict[BatchInput, str]  # of all
    done: dict[str, Receipt]  # by earlier runs
    jobs: list[Job]  # one for each key that is left


def plan(
    clips: Iterable[BatchInput],
    settings: Settings,
    receipts: Receipts,
    looked: Callable[[], None] = lambda: None,
) -> Plan:
    """Finds out what is done. Reads each file that was not read before, or changed; `looked` is called after
    each clip. A clip that is gone meanwhile is a job, which will say so.

    Outputs that a job is going to replace count as done no more: their receipts are removed, and those that
    this run wants, of a clip that has another name by now, are jobs as well.
    """
    keys: dict[BatchInput, str] = {}
    wanted: dict[str, Job] = {}
    done: dict[str, Receipt] = {}
    jobs: dict[str, Job] = {}
    known = receipts.contents()
    for clip in clips:
        try:
            stamp = clip.stamp()
            content = known.get((str(clip.path), stamp)) or clip.content()
        except OSError:
            stamp = content = f"not to be read: {clip.path}"
        key = keys[clip] = settings.key(content)
        looked()
        if key in wanted:
            continue
        wanted[key] = Job(key, str(clip.path), clip.name, content, stamp)
        receipt = receipts.done(key)
        if receipt:
            done[key] = receipt
    replaced: set[str] = set()
    while lost := [key for key in wanted if key not in done and key not in jobs]:
        jobs |= {key: wanted[key] for key in lost}
        replaced.update(*(settings.outputs(wanted[key].name) for key in lost))
        done = {key: receipt for key, receipt in done.items() if not replaced & receipt.outputs.keys()}
    receipts.forget(replaced)
    return Plan(keys, done, list(jobs.values()))


def work_off(
    jobs: Sequence[Job],
    pool: WorkerPool,
    retries: int,
    told: Callable[[Job, Receipt | Failure], None] = lambda *_: None,
) -> dict[str, JobResult]:
    """Lets a pool do jobs; one whose worker dies, or that fails for no reason of its own, is tried up to
    `retries` times more. `told` is called as each comes to its end. Returns what came of each, by key.

    Raises VeloDepthError where no worker can load the model, or workers die again and again as they start.
    """
    waiting = deque(jobs)
    at_work: dict[int, Job] = {}
    idle: set[int] = set()
    tries: Counter[str] = Counter()
    died_at_start = 0
    results: dict[str, JobResult] = {}
    while len(results) < len(jobs):
        while waiting and idle:
            worker = idle.pop()
            at_work[worker] = job = waiting.popleft()
            tries[job.key] += 1
            pool.give(worker, job)
        for worker, event in pool.events():
            had = at_work.pop(worker, None)
            if isinstance(event, Unfit):
                raise VeloDepthError(event.reason)
            if isinstance(event, Lost):
                idle.discard(worker)
                died_at_start += had is None
                if died_at_start > retries + 1:
                    raise VeloDepthError(f"workers die before they begin: {event.reason}")
                event = Failure(event.reason, permanent=False)
            else:
                idle.add(worker)
            if had is None or isinstance(event, Ready):
                continue
            if isinstance(event, Failure) and not event.permanent and tries[had.key] <= retries:
                waiting.append(had)  # behind the others: what it fell over may be gone by then
            else:
                results[had.key] = JobResult(event, tries[had.key])
                told(had, event)
    return results


def rows_of(plan: Plan, results: Mapping[str, JobResult]) -> list[Row]:
    """A row for each clip of a plan, in its order."""
    sources = {job.key: job.source for job in plan.jobs}
    rows = []
    for clip, key in plan.keys.items():
        outcome, tries = results.get(key) or JobResult(plan.done[key], 0)
        fresh = sources.get(key) == str(clip.path) and isinstance(outcome, Receipt)
        rows.append(Row(clip, key, outcome, fresh, tries))
    return rows

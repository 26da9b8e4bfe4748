"""Several streams through one model: networks in batches, and looks spread so that no tick is much longer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ..cores import cores
from ..errors import VeloDepthError
from ..runtime.protocol import ManyRuntime, State
from .frame import DepthFrame
from .steps import CarryRequest, LeaveRequest, LookRequest, Request, Steps
from .stream import DepthStream

NetworkRequest = LookRequest | CarryRequest
Answer = State | Future[State] | Exception | bool


class DepthStreams:
    """Depth of several videos, a picture of each at a time. `model.streams(n)` makes one.

    streams: one for each video; each may be reset, and none pushed to but here. looks: at most so many within
    shots at one push; of streams whose policies want one, those that have waited longest come first, and the
    others carry on and are asked again at their next picture. First looks of a scene, and those of a policy
    that remembers nothing, do not wait. Where `looks` is the number of streams none does, and each answers as
    it would alone.

    Networks run in batches where the runtime can, the rest side by side on the cores. Looks beside the
    streams (see `DepthStream`) run in one thread, one batch after another.

    Raises VeloDepthError where looks is below 1.
    """

    def __init__(self, streams: Iterable[DepthStream], looks: int) -> None:
        self.streams = tuple(streams)
        if not self.streams or looks < 1:
            raise VeloDepthError(
                f"{len(self.streams)} streams with {looks} looks at most: give 1 or more of each"
            )
        self._looks = looks
        self._pool = ThreadPoolExecutor(min(len(self.streams), len(cores())), "velodepth stream")
        self._beside = ThreadPoolExecutor(1, "velodepth look")
        self._looking: Future[None] | None = None  # the last batch beside the streams
        self._tick = 0
        # Stream -> the tick at which it first wanted the look it waits for.
        self._waiting: dict[int, int] = {}
        self._granted = [0] * len(self.streams)  # how often

    def push(
        self, pictures: Sequence[Any], times: Sequence[float | None] | None = None
    ) -> list[DepthFrame | None]:
        """Depth of the next picture of each stream, None where there is none.

        pictures: as for `DepthStream.push`, one for each stream in order, None where a camera has no new one.
        They may differ in size from stream to stream. times: seconds, one for each.
        Raises VeloDepthError where they are not as many as the streams; and what a stream raises, once the
        others have had their pictures.
        """
        count = len(self.streams)
        times = [None] * count if times is None else times
        if len(pictures) != count or len(times) != count:
            raise VeloDepthError(
                f"{len(pictures)} pictures and {len(times)} times for {count} streams: give one for each, "
                "None for a camera without a new picture"
            )
        self._tick += 1
        steps = {
            i: stream.steps(picture, time)
            for i, (stream, picture, time) in enumerate(zip(self.streams, pictures, times, strict=True))
            if picture is not None
        }
        frames: list[DepthFrame | None] = [None] * count
        failure: Exception | None = None
        waiting, self._waiting = self._waiting, {i: t for i, t in self._waiting.items() if i not in steps}
        left = self._looks
        answers: dict[int, Answer | None] = dict.fromkeys(steps)  # None: has not begun
        while answers:
            asked: dict[int, Request] = {}
            outcomes = self._pool.map(_advance, (steps[i] for i in answers), answers.values())
            for i, outcome in zip(answers, outcomes, strict=True):
                if isinstance(outcome, DepthFrame):
                    frames[i] = outcome
                elif isinstance(outcome, Exception):
                    failure = failure or outcome
                else:
                    asked[i] = outcome
            leave = self._leave(
                {i: a for i, a in asked.items() if isinstance(a, LeaveRequest)}, waiting, left
            )
            left -= sum(leave.values())
            rest = {i: a for i, a in asked.items() if not isinstance(a, LeaveRequest)}
            answers = {**leave, **self._answer(rest)}
        if failure is not None:
            raise failure
        return frames

    def _leave(
        self, asked: Mapping[int, LeaveRequest], waiting: Mapping[int, int], left: int
    ) -> dict[int, bool]:
        """Who may look: those that have waited longest; of these, those that were let least often."""
        busy = self._looking is not None and not self._looking.done()
        since = {i: waiting.get(i, self._tick) for i in asked}
        leave = {}
        for i in sorted(asked, key=lambda i: (since[i], self._granted[i], i)):
            leave[i] = left > 0 and not (asked[i].beside and busy)
            if leave[i]:
                left -= 1
                self._granted[i] += 1
            else:
                self._waiting[i] = since[i]
        return leave

    def _answer(self, asked: Mapping[int, NetworkRequest]) -> dict[int, Answer]:
        """What the networks say, or, of looks beside the streams, will say."""
        now = {i: each for i, each in asked.items() if not (isinstance(each, LookRequest) and each.beside)}
        answers: dict[int, Answer] = dict(zip(now, answered(list(now.values())), strict=True))
        later = {i: each for i, each in asked.items() if i not in now}
        if later:
            futures: dict[int, Future[State]] = {i: Future() for i in later}
            self._looking = self._beside.submit(_fulfil, list(futures.values()), list(later.values()))
            answers |= futures
        return answers


def _advance(steps: Steps[DepthFrame], answer: Answer | None) -> Request | DepthFrame | Exception:
    """What a stream asks next, its frame, or what it raises."""
    try:
        if answer is None:
            return next(steps)
        return steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
    except StopIteration as end:
        return end.value
    except Exception as error:
        return error


def _fulfil(futures: Sequence[Future[State]], asked: Sequence[NetworkRequest]) -> None:
    for future, answer in zip(futures, answered(asked), strict=True):
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def answered(asked: Sequence[NetworkRequest]) -> list[State | Exception]:
    """The answers in order, or what was raised instead; requests of one kind and size in one batch."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for i, each in enumerate(asked):
        alike.setdefault((type(each), id(each.runtime), each.canvas.shape), []).append(i)
    answers: dict[int, State | Exception] = {}
    for these in alike.values():
        answers |= zip(these, _batch([asked[i] for i in these]), strict=True)
    return [answers[i] for i in range(len(asked))]


def _batch(asked: Sequence[NetworkRequest]) -> Sequence[State | Exception]:
    """Of requests of one kind, size and runtime."""
    runtime = asked[0].runtime
    try:
        if len(asked) == 1:
            return [asked[0].answer()]
        if isinstance(runtime, ManyRuntime):
            looks = [each for each in asked if isinstance(each, LookRequest)]
            if looks:
                return runtime.look_many([each.canvas for each in looks], [each.rays for each in looks])
            carries = [each for each in asked if isinstance(each, CarryRequest)]
            return runtime.carry_many(
                [each.last for each in carries],
                [each.canvas for each in carries],
                [each.flow for each in carries],
            )
    except Exception as error:
        return [error] * len(asked)
    return [answer for each in asked for answer in _batch([each])]

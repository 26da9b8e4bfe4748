"""What a stream asks on the way from a picture to its frame, and who answers.

The work on a picture is a generator: it yields a request and is sent the answer, or thrown what the answer
raised. `drive` answers one stream at once; `stream/streams.py` answers many together.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ..runtime.protocol import Original, Runtime, State
from .keyframes import Reason

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class LookRequest:
    """Answered by the State of `Runtime.look`, or, `beside` the stream, at once by its Future."""

    runtime: Runtime
    canvas: np.ndarray
    rays: np.ndarray | None
    original: Original
    beside: bool = False

    def answer(self) -> State:
        return self.runtime.look(self.canvas, self.rays, self.original)


@dataclass(frozen=True, eq=False)
class CarryRequest:
    """Answered by the State of `Runtime.carry`."""

    runtime: Runtime
    last: State
    canvas: np.ndarray
    flow: np.ndarray

    def answer(self) -> State:
        return self.runtime.carry(self.last, self.canvas, self.flow)


@dataclass(frozen=True)
class LeaveRequest:
    """Whether the stream may look at this picture, which its policy wants to; answered by True or False.

    beside: whether that look would run beside the stream.
    """

    reason: Reason
    beside: bool = False


Request = LookRequest | CarryRequest | LeaveRequest
Steps = Generator[Request, Any, Result]


def drive(steps: Steps[Result], pool: Executor | None = None) -> Result:
    """What the steps return. pool: where looks beside the stream run."""

    def answer(request: Request) -> Any:
        if isinstance(request, LeaveRequest):
            return True
        if isinstance(request, LookRequest) and request.beside:
            assert pool is not None
            return pool.submit(request.answer)
        return request.answer()

    try:
        request = next(steps)
        while True:
            request = resume(steps, lambda: answer(request))  # noqa: B023  called at once
    except StopIteration as end:
        return end.value


def resume(steps: Steps[Any], answer: Callable[[], Any]) -> Request:
    """Answers a request; the next one. Raises StopIteration, with the result, where there is none."""
    try:
        answered = answer()
    except Exception as error:
        return steps.throw(error)
    return steps.send(answered)

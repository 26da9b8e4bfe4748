"""The decision alone: does the network look at this frame, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ..errors import VeloDepthError
from .evidence import Evidence

Reason = Literal["start", "cut", "motion", "uncovered", "drift", "moving", "age", "every"]
ANEW: frozenset[str] = frozenset({"start", "cut"})
"""Reasons for which nothing of the frames before may remain."""


@dataclass(frozen=True)
class Policy:
    """When to look. A policy holds knobs and no state; streams may share one. Override `decide`."""

    remembers: ClassVar[bool] = True
    """False: every frame is looked at by itself, and nothing is carried."""

    def decide(self, evidence: Evidence) -> Reason | None:
        """Why the network looks at this frame, or None. "cut" forgets what is carried."""
        return None


@dataclass(frozen=True)
class Adaptive(Policy):
    """The default: look as often as something moves, less often where only the camera does or nothing.

    `inf` turns a knob off.
    """

    cut: float = 0.55  # unexplained above this: another scene, nothing of the old one is kept
    drift: float = 0.3  # unexplained above this: the warp has lost the picture
    motion: float = 0.16  # one step's motion above this, in picture sizes: flow cannot be trusted
    uncovered: float = 0.05  # share of the picture that no look has seen above this
    moving: float = 0.01  # share that moves by itself above this, while the camera moves: look at once
    moving_still: float = 0.002  # the same before a camera that stands
    still: float = 0.002  # motion below this, in picture sizes: the camera stands
    age: float = 3  # frames from look to look at most, while the camera moves
    age_still: float = 6  # the same for one that stands

    def decide(self, evidence: Evidence) -> Reason | None:
        """See `Policy.decide`."""
        if evidence.unexplained > self.cut:
            return "cut"
        if evidence.moved > self.motion:
            return "motion"
        if evidence.uncovered > self.uncovered:
            return "uncovered"
        if evidence.unexplained > self.drift:
            return "drift"
        still = evidence.moved < self.still
        if evidence.moving > (self.moving_still if still else self.moving):
            return "moving"
        return "age" if evidence.frames >= (self.age_still if still else self.age) else None


@dataclass(frozen=True)
class Every(Policy):
    """Look at every n-th frame, whatever it shows, and at cuts.

    Raises VeloDepthError where n is below 1.
    """

    n: int = 1
    cut: float = 0.55  # as in Adaptive

    def __post_init__(self) -> None:
        if self.n < 1:
            raise VeloDepthError(f"every {self.n} frames is not a distance: give a whole number from 1 up")

    def decide(self, evidence: Evidence) -> Reason | None:
        """See `Policy.decide`."""
        if evidence.unexplained > self.cut:
            return "cut"
        return "every" if evidence.frames >= self.n else None


@dataclass(frozen=True)
class PerFrame(Policy):
    """The network alone on every frame, nothing carried: for unrelated pictures, and to compare with."""

    remembers: ClassVar[bool] = False

    def decide(self, evidence: Evidence) -> Reason | None:
        """See `Policy.decide`."""
        return "every"


POLICIES = ("adaptive", "every", "every:N", "per-frame", "published")


def parse_policy(text: str) -> Policy | Literal["published"]:
    """A policy by name: "adaptive", "every" (a look on every frame), "every:4", "per-frame" (the network
    alone, nothing carried), "published" (what the published code does: a stream of its own,
    stream/published.py).

    Raises VeloDepthError for any other name.
    """
    if text == "published":
        return "published"
    if text in ("adaptive", "every", "per-frame"):
        return {"adaptive": Adaptive, "every": Every, "per-frame": PerFrame}[text]()
    name, _, count = text.partition(":")
    if name == "every" and count.isascii() and count.isdecimal() and len(count) < 10 and int(count):
        return Every(int(count))
    raise VeloDepthError(f"there is no keyframe policy {text!r}: choose one of {', '.join(POLICIES)}")

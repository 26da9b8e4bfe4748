"""The decision alone: is this frame a keyframe, and why.

A policy sees one step's `Evidence` before any network runs (`before`); one that needs the network's own
flow decides after propagation (`after`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from .evidence import Evidence

Reason = Literal["start", "cut", "motion", "uncovered", "drift", "age", "every"]
FRESH: frozenset[str] = frozenset({"start", "cut"})
"""Reasons for which nothing of the frames before may remain."""


@dataclass
class Since:
    """What has gathered since the last keyframe; the frame being decided is not counted yet."""

    frames: int = 1  # 1 for the first frame after a keyframe
    moved: float = 0.0  # halved each frame, then the step's added (published policy)
    uncovered: float = 0.0  # likewise
    wandered: float = 0.0  # median |log ratio| of the last radius to the keyframe's, carried along the flow


class Policy(Protocol):
    """When to look anew. A policy holds knobs and no state; streams may share one."""

    @property
    def uses_evidence(self) -> bool:
        """False: every frame is a keyframe, so that neither flow nor the last picture is needed."""
        ...

    @property
    def blend(self) -> int:
        """Frames over which a keyframe other than start and cut replaces what was shown; 0: at once."""
        ...

    @property
    def keeps_shown(self) -> bool:
        """True: a keyframe shows the propagated radius and holds its confidence (published policy)."""
        ...

    def before(self, since: Since, evidence: Evidence | None) -> Reason | None:
        """Decide without a network."""
        ...

    def after(self, since: Since, evidence: Evidence, uncovered: float) -> Reason | None:
        """Decide once the frame was propagated; `uncovered` is of this step, by the refined flow."""
        ...


@dataclass(frozen=True)
class Adaptive:
    """The default: look when propagation has too little to go on. `inf` turns a knob off."""

    cut: float = 0.55  # unexplained above this: another scene, nothing of the old one is kept
    drift: float = 0.3  # unexplained above this: the warp has lost the picture
    wander: float = 0.2  # median |log ratio| to what the keyframe saw above this: also called drift
    motion: float = 0.16  # one step's motion above this, in picture sizes: flow cannot be trusted
    uncovered: float = 0.22  # share of the picture not seen by the last keyframe above this
    age: float = 30  # frames since the last keyframe at most: what came into a steady picture is then seen
    blend: int = 8
    uses_evidence: ClassVar[bool] = True
    keeps_shown: ClassVar[bool] = False

    def before(self, since: Since, evidence: Evidence | None) -> Reason | None:
        assert evidence is not None
        if evidence.unexplained > self.cut:
            return "cut"
        if evidence.moved(every=4) > self.motion:
            return "motion"
        if evidence.uncovered > self.uncovered:
            return "uncovered"
        if evidence.unexplained > self.drift or since.wandered > self.wander:
            return "drift"
        return "age" if since.frames >= self.age else None

    def after(self, since: Since, evidence: Evidence, uncovered: float) -> Reason | None:
        return None


@dataclass(frozen=True)
class Every:
    """A keyframe each frame: the per-frame model, to compare with."""

    blend: ClassVar[int] = 0
    uses_evidence: ClassVar[bool] = False
    keeps_shown: ClassVar[bool] = False

    def before(self, since: Since, evidence: Evidence | None) -> Reason | None:
        return "every"

    def after(self, since: Since, evidence: Evidence, uncovered: float) -> Reason | None:
        return None


@dataclass(frozen=True)
class Published:
    """The published code's policy with its quirks (network.md, section 7): decides after propagating,
    shows the propagated radius on keyframes, and lets a hard cut pass unnoticed."""

    motion: tuple[float, float] = field(default=(0.1, 0.15))  # alpha, beta of alpha + beta * 0.9^(n - 1)
    uncovered: tuple[float, float] = field(default=(0.1, 0.15))
    blend: ClassVar[int] = 0
    uses_evidence: ClassVar[bool] = True
    keeps_shown: ClassVar[bool] = True

    def before(self, since: Since, evidence: Evidence | None) -> Reason | None:
        return None

    def after(self, since: Since, evidence: Evidence, uncovered: float) -> Reason | None:
        since.moved = since.moved / 2 + evidence.moved()
        since.uncovered = since.uncovered / 2 + uncovered
        patience = 0.9 ** (since.frames - 1)
        if since.moved > self.motion[0] + self.motion[1] * patience:
            return "motion"
        if since.uncovered > self.uncovered[0] + self.uncovered[1] * patience:
            return "uncovered"
        return None

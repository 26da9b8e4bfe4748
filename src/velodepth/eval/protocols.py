"""The protocols by which figures are made: which frames, which alignment, which depths, which measures.

Source: docs/evaluation.md. A figure means nothing without its protocol, so every report carries one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..errors import VeloDepthError
from .alignment import KINDS, AlignmentKind, Claim
from .metrics import ACCURACY

Scope = Literal["frame", "sequence", "first"]
"""On what an alignment is fitted: each frame by itself, the sequence, its first frame."""

Extra = Literal[
    "scale", "kept", "edge_f1", "geometry", "rays", "tau5", "tae", "opw", "flicker", "drift",
    "moving_delta1", "still_range", "still_step", "fresh", "jumps", "path", "known_share",
]  # fmt: skip
"""What may be measured beside accuracy; docs/evaluation.md has the names of the figures."""


class Aligned(NamedTuple):
    """One alignment and the accuracy measured after it; figures are named MEASURE_SUFFIX."""

    kind: AlignmentKind
    scope: Scope
    suffix: str
    measures: tuple[str, ...] = ACCURACY

    def words(self, claim: Claim) -> str:
        """For the head of a report."""
        kind: AlignmentKind = "disparity" if claim == "affine_disparity" else self.kind
        how = {
            "metric": "as it is",
            "si": "one factor",
            "ssi": "scale and shift",
            "disparity": "scale and shift in disparity",
        }[kind]
        where = {"frame": "per frame", "sequence": "per sequence", "first": "fitted on the first frame only"}
        return f"{self.suffix}: {how}" + f" {where[self.scope]}" * (kind != "metric")


@dataclass(frozen=True)
class Protocol:
    """One row of the table of protocols."""

    name: str
    aligned: tuple[Aligned, ...]
    extras: frozenset[Extra]
    first: int | None = None  # at most so many frames from the start; None: all
    last: int | None = None  # at most so many frames before the end
    whole: frozenset[str] = frozenset()  # data sets of which all frames count nevertheless
    max_depths: Mapping[str, float] = field(default_factory=dict)  # metres by data set; others: the set's own
    mean_over: Literal["frames", "sequences"] = "sequences"
    only_known: bool = False  # pixels count only where the prediction is finite; else these are wrong

    def frames(self, length: int, dataset: str, limit: int | None = None) -> range:
        """The frames to measure of a sequence with so many; `limit`: only the first so many of these."""
        start, stop = 0, length
        if dataset not in self.whole:
            start = max(0, length - self.last) if self.last else 0
            stop = min(length, self.first) if self.first else length
        return range(start, stop)[:limit]

    def max_depth(self, dataset: str, own: float) -> float:
        """Largest true depth that counts, metres; `own`: of the set where the protocol has none."""
        return self.max_depths.get(dataset, own)

    @property
    def frames_in_words(self) -> str:
        """Which frames of each sequence."""
        if self.last:
            return f"last {self.last} of each sequence"
        if self.first:
            exceptions = f" (all of {', '.join(sorted(self.whole))})" if self.whole else ""
            return f"first {self.first} of each sequence{exceptions}"
        return "all"

    def alignments(self, claim: Claim) -> tuple[Aligned, ...]:
        """Those that a prediction with this claim may be measured with.

        Raises VeloDepthError if there is none.
        """
        allowed = tuple(each for each in self.aligned if each.kind in KINDS[claim])
        if not allowed:
            needed = " or ".join(dict.fromkeys(each.kind for each in self.aligned))
            raise VeloDepthError(
                f"protocol {self.name} aligns by {needed}, which a prediction that claims {claim} does not "
                "allow: choose another --protocol"
            )
        return allowed


_SHORT = ("absrel", "delta1")
_DISPARITY = Aligned("disparity", "sequence", "disparity", _SHORT)
_FIRST = Aligned("ssi", "first", "first", _SHORT)
_FAR = {"kitti": 80.0, "vkitti2": 80.0, "sintel": 70.0}

PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "velodepth",
            (
                Aligned("metric", "frame", "metric"),
                Aligned("si", "frame", "si"),
                Aligned("ssi", "frame", "ssi"),
            ),
            frozenset({"scale", "kept", "geometry", "rays", "tau5"}),
            last=32,
            max_depths={"scannet": 10.0, "vkitti2": 255.0, "bonn": 10.0, "tum": 10.0, "sintel": 1000.0},
            mean_over="frames",
        ),
        Protocol(
            "vda", (_DISPARITY,), frozenset({"tae"}), first=500, whole=frozenset({"sintel"}), max_depths=_FAR
        ),
        Protocol("online", (_FIRST,), frozenset({"drift"}), max_depths=_FAR),
        Protocol(
            "full",
            (
                Aligned("metric", "sequence", "metric"),
                Aligned("si", "sequence", "si"),
                Aligned("ssi", "sequence", "ssi"),
                Aligned("si", "frame", "si_frame"),
                Aligned("ssi", "frame", "ssi_frame"),
                _DISPARITY,
                _FIRST,
            ),
            frozenset(Extra.__args__) - {"known_share"},  # type: ignore[attr-defined]
            max_depths=_FAR,
        ),
    )
}


def protocol_named(name: str) -> Protocol:
    """A protocol by name; VeloDepthError for an unknown one."""
    if name not in PROTOCOLS:
        raise VeloDepthError(f"there is no protocol {name!r}: choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]

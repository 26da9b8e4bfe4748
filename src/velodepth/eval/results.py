"""What measuring gives: one sequence's figures and what to look at, and those of a run."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..jsontext import parse_json
from ..media.atomic import whole

MEDIANS = ("flicker", "still_flicker")
"""Figures of a sequence that are the median over its pairs; the others are means over frames or pairs."""


class Worst(NamedTuple):
    """A frame to look at, made small. Depth in metres, 0 = unknown; the prediction is aligned."""

    frame: int  # of the sequence
    absrel: float
    picture: np.ndarray  # (h, w, 3) uint8
    truth: np.ndarray  # (h, w) float32
    prediction: np.ndarray  # (h, w) float32


class Column(NamedTuple):
    """The middle column of every picture, side by side. Depth in metres, 0 = unknown."""

    picture: np.ndarray  # (h, T, 3) uint8
    truth: np.ndarray  # (h, T) float32
    prediction: np.ndarray  # (h, T) float32, with the least alignment its claim allows


@dataclass
class Measured:
    """One sequence, measured."""

    name: str
    dataset: str
    index: np.ndarray  # (T,) int64, frames of the sequence
    time: np.ndarray  # (T,) float64 seconds, NaN where not known
    keyframe: np.ndarray | None  # (T,) bool
    series: dict[str, np.ndarray]  # (T,) float64 by name, NaN where not defined; pairs at their later frame
    values: dict[str, float]  # figures of the sequence by name; only what is defined
    looked_at: str  # name of the AbsRel by which the worst frames were picked
    worst: list[Worst]
    column: Column

    def save(self, path: Path) -> None:
        """One .npz, whole or not at all."""
        facts: dict[str, Any] = {"name": self.name, "dataset": self.dataset, "values": self.values}
        facts |= {"looked_at": self.looked_at, "worst": [[each.frame, each.absrel] for each in self.worst]}
        arrays: dict[str, Any] = {"facts": json.dumps(facts), "index": self.index, "time": self.time}
        if self.keyframe is not None:
            arrays["keyframe"] = self.keyframe
        arrays |= {f"series/{name}": values for name, values in self.series.items()}
        arrays |= {f"column/{name}": values for name, values in self.column._asdict().items()}
        for i, each in enumerate(self.worst):
            arrays |= {f"worst/{i}/{name}": getattr(each, name) for name in Worst._fields[2:]}
        with whole(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Measured:
        """Raises OSError, ValueError, KeyError or BadZipFile if the file is not one that `save` wrote."""
        with np.load(path) as arrays:
            facts = parse_json(str(arrays["facts"]))
            return cls(
                facts["name"],
                facts["dataset"],
                arrays["index"],
                arrays["time"],
                arrays.get("keyframe"),
                {n.removeprefix("series/"): arrays[n] for n in arrays.files if n.startswith("series/")},
                facts["values"],
                facts["looked_at"],
                [
                    Worst(frame, absrel, *(arrays[f"worst/{i}/{name}"] for name in Worst._fields[2:]))
                    for i, (frame, absrel) in enumerate(facts["worst"])
                ],
                Column(*(arrays[f"column/{name}"] for name in Column._fields)),
            )


def summarise(name: str, series: np.ndarray) -> float:
    """The figure of a sequence (or of several) from one figure a frame or pair (n,), NaN left out."""
    known = series[np.isfinite(series)]
    if not known.size:
        return math.nan
    return float(np.median(known) if name.startswith(MEDIANS) else known.mean())


def file_name(name: str) -> str:
    """A sequence's or a run's name without what a file's may not have."""
    return re.sub(r"[^\w.-]+", "-", name)


@dataclass
class RunResult:
    """One run: a model over sequences under a protocol.

    protocol, model, machine: what the head of a report says, as in its JSON. failed: reason by sequence.
    """

    protocol: dict[str, Any]
    model: dict[str, Any]
    machine: dict[str, Any]
    sequences: dict[str, Measured]
    failed: dict[str, str]
    cached: int = 0  # how many sequences were measured earlier

    @property
    def mean(self) -> dict[str, float]:
        """By figure: over sequences, or, under a protocol that says so, over the frames of all sequences."""
        if self.protocol["mean_over"] == "sequences":
            return {name: float(np.mean(values)) for name, values in self._by_name().items()}
        mean = {}
        for name, values in self._by_name().items():
            series = [each.series[name] for each in self.sequences.values() if name in each.series]
            mean[name] = summarise(name, np.concatenate(series)) if series else float(np.mean(values))
        return mean

    @property
    def median(self) -> dict[str, float]:
        """By figure: over sequences."""
        return {name: float(np.median(values)) for name, values in self._by_name().items()}

    def _by_name(self) -> dict[str, list[float]]:
        names = dict.fromkeys(name for each in self.sequences.values() for name in each.values)
        return {
            name: [each.values[name] for each in self.sequences.values() if name in each.values]
            for name in names
        }

    def document(self) -> dict[str, Any]:
        """What a JSON report holds; docs/evaluation.md says what is where."""
        return {
            "protocol": self.protocol,
            "model": self.model,
            "machine": self.machine,
            "sequences": {name: each.values for name, each in self.sequences.items()},
            "mean": self.mean,
            "median": self.median,
            "frames": {name: len(each.index) for name, each in self.sequences.items()},
            "failed": self.failed,
        }

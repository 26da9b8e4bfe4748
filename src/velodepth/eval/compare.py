"""Two runs side by side: differences over the same sequences, and how sure they are."""

from __future__ import annotations

import numpy as np

from ..errors import VeloDepthError
from .report import ARROWS, FIGURES, TABLES, Document, Report, Table, base, shown

RESAMPLES = 10_000
LEVEL = 95  # per cent
SEED = 0  # the same runs give the same interval


def bootstrap(differences: np.ndarray) -> tuple[float, float]:
    """Percentile interval of the mean of differences (n,), one a sequence: 95 % of the means of n drawn with
    replacement lie in it (Efron 1979). Too narrow for a handful of sequences.
    """
    draws = np.random.default_rng(SEED).integers(differences.size, size=(RESAMPLES, differences.size))
    low, high = np.percentile(differences[draws].mean(axis=1), [50 - LEVEL / 2, 50 + LEVEL / 2])
    return float(low), float(high)


def compare(a: Document, b: Document, names: tuple[str, str] = ("A", "B")) -> Report:
    """B against A over the sequences that both have, figure by figure, mean over sequences.

    Raises VeloDepthError if they were measured by different protocols or data sets, or share no sequence.
    """
    for what in ("name", "frames", "limit", "depth", "camera"):
        ours, theirs = (each["protocol"][what] for each in (a, b))
        if ours != theirs:
            raise VeloDepthError(
                f"{names[0]} and {names[1]} were measured differently ({what}: {ours} and {theirs}): run "
                "both with the same protocol over the same data"
            )
    both = [name for name in a["sequences"] if name in b["sequences"]]
    if not both:
        raise VeloDepthError(
            f"{names[0]} and {names[1]} have no sequence in common: run both over the same data"
        )
    rows = []
    names_there = dict.fromkeys(name for each in both for name in a["sequences"][each])
    for figure in (
        name for _, bases in TABLES for each in bases for name in names_there if base(name) == each
    ):
        pairs = [
            (a["sequences"][each][figure], b["sequences"][each][figure])
            for each in both
            if figure in a["sequences"][each] and figure in b["sequences"][each]
        ]
        if pairs:
            rows.append(_row(figure, np.array(pairs)))
    alone = {name for each in (a, b) for name in each["sequences"]} - {*both}
    protocol = a["protocol"]
    head = [
        ("protocol", f"{protocol['name']}: {protocol['frames']}"),
        ("A", f"{names[0]}: {a['model']['name']}"),
        ("B", f"{names[1]}: {b['model']['name']}"),
        (
            "sequences",
            f"{len(both)} in both" + (f"; only in one: {', '.join(sorted(alone))}" if alone else ""),
        ),
    ]
    title = f"B - A, mean over sequences, {LEVEL} % bootstrap interval over sequences"
    return Report(head, [Table(title, ["figure", "A", "B", "B - A", "from", "to", "", "n"], rows)], [])


def _row(figure: str, pairs: np.ndarray) -> list[str]:
    """pairs: (n, 2), of A and B."""
    difference = pairs[:, 1] - pairs[:, 0]
    better = FIGURES[base(figure)].better
    values: list[float | None] = [*pairs.mean(axis=0), difference.mean(), None, None]
    verdict = ""
    if len(pairs) > 1:
        values[3:] = low, high = bootstrap(difference)
        if better and (low > 0 or high < 0):
            verdict = "better" if better * difference.mean() > 0 else "worse"
    return [figure + ARROWS[better], *(shown(figure, value) for value in values), verdict, str(len(pairs))]

"""Figures for people and programs: terminal, Markdown, CSV, JSON. Every report is headed by its protocol.

All are made of one document a run, as `Result.document` builds and JSON holds it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import VeloDepthError
from ..jsontext import parse_json
from ..media.atomic import whole

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]


class Figure(NamedTuple):
    """How a figure is printed, and which way is better: 1 up, -1 down, 0 neither."""

    digits: int
    better: int


FIGURES = {
    name: Figure(digits, better)
    for digits, better, names in (
        (1, -1, "fresh"),
        (1, 1, "frames_per_second"),
        (2, -1, "silog tae"),
        (3, -1, "absrel sqrel rmse rmse_log log10 mse_3d arel_3d chamfer ate_se3 ate_sim3 rpe_turn kept"),
        (3, 0, "scale keyframe_share"),
        (3, 1, "delta1 delta2 delta3 d_auc tau tau_3d f1 f1_published rays tau5 moving_delta1"),
        (3, 1, "motion_share known_share edge_f1"),
        (4, -1, "opw flicker still_flicker still_range still_step rpe"),
        (4, 0, "jumps drift"),
    )
    for name in names.split()
}
"""By name without the suffix of an alignment; docs/evaluation.md says what each is."""

TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("delta1 ↑  share of pixels within 25 % of truth, after alignment", ("delta1",)),
    ("AbsRel ↓  mean |g - p| / g, after alignment", ("absrel",)),
    (
        "Steady and fresh",
        (
            *("tau5", "tae", "opw", "flicker", "still_flicker", "still_range", "still_step", "drift"),
            *("moving_delta1", "fresh"),
        ),
    ),
    ("The camera's path", ("ate_se3", "ate_sim3", "rpe", "rpe_turn", "motion_share")),
    ("Geometry", ("f1", "f1_published", "chamfer", "arel_3d", "tau_3d", "rays")),
    (
        "Scale, confidence, edges, speed",
        ("scale", "kept", "edge_f1", "jumps", "keyframe_share", "frames_per_second"),
    ),
)
"""What people read, table by table; JSON and CSV have every figure."""

POLICIES = (
    "delta1_metric",
    "delta1_si delta1_disparity delta1_first",
    "absrel_si absrel_disparity absrel_first",
    *("tau5", "tau5_ssi", "tae", "flicker", "still_flicker", "still_range", "still_step", "moving_delta1"),
    *("fresh", "drift", "edge_f1", "jumps", "keyframe_share", "frames_per_second"),
)
"""What the trade between keyframe policies is read from, in one table; of each entry the first there is."""

CARRIED = (
    *("delta1_metric", "absrel_metric", "tau5", "known_share", "ate_se3", "ate_sim3", "rpe", "rpe_turn"),
    *("motion_share", "keyframe_share"),
)
"""What is read from the table of what is carried."""

LABELS = {"keyframe_share": "keyframes", "frames_per_second": "frames/s"}
ARROWS = {1: "\N{NO-BREAK SPACE}↑", -1: "\N{NO-BREAK SPACE}↓", 0: ""}


class Table(NamedTuple):
    """Title, heads of the columns (the first is that of the rows' names), rows of cells."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    summaries: int = 0  # so many of the last rows sum up the others


class Report(NamedTuple):
    """What a command has to say."""

    head: list[tuple[str, str]]  # a word and what it is
    tables: list[Table]
    notes: list[str]


def base(figure: str) -> str:
    """Its name without the alignment's suffix: "delta1_si_frame" -> "delta1"."""
    return max((each for each in FIGURES if f"{figure}_".startswith(f"{each}_")), key=len)


def shown(figure: str, value: float | None) -> str:
    """A value as people read it; nothing where there is none."""
    return "" if value is None else f"{value:.{FIGURES[base(figure)].digits}f}"


def run_report(document: Document) -> Report:
    """Of one run: a row a sequence, then mean and median."""
    sequences, failed = document["sequences"], document["failed"]
    among = f"{len(sequences)} of {len(sequences) + len(failed)} " if failed else ""
    over = f"{among}sequences"
    if document["protocol"]["mean_over"] == "frames":
        over = f"frames of {over}" if failed else "frames"
    rows: dict[str, Mapping[str, float] | None] = {**sequences, **dict.fromkeys(failed)}
    rows |= {f"mean over {over}": document["mean"], f"median over {among}sequences": document["median"]}
    names = _names(rows)
    tables = []
    for title, bases in TABLES:
        columns = [name for each in bases for name in names if base(name) == each]
        if columns:
            tables.append(_table(title, columns, len(bases) == 1, "sequence", rows)._replace(summaries=2))
    return Report(_head(document), tables, _failures(document))


def policies_report(documents: Mapping[str, Document]) -> Report:
    """Of runs under several keyframe policies: a row a policy."""
    first = next(iter(documents.values()))
    head = [line for line in _head(first) if line[0] != "model"]
    model = ("model", f"{first['model']['name'].partition(',')[0]}, one keyframe policy a row")
    rows = {policy: document["mean"] for policy, document in documents.items()}
    title = f"Keyframe policies, mean over {first['protocol']['mean_over']}"
    notes = [f"{policy}: {line}" for policy, document in documents.items() for line in _failures(document)]
    there = _names(rows)
    columns = [name for each in POLICIES if (name := next((n for n in each.split() if n in there), None))]
    return Report([*head, model], [_table(title, columns, False, "policy", rows)], notes)


def carried_report(documents: Mapping[str, Document]) -> Report:
    """Of what the loop loses by carrying (`eval.carried`): a row for what looks and how often."""
    first = next(iter(documents.values()))
    head = [line for line in _head(first) if line[0] != "model"]
    model = ("model", f"true depth in the network's place, {first['model']['name'].partition(', ')[2]}")
    rows = {label: document["mean"] for label, document in documents.items()}
    notes = [f"{label}: {line}" for label, document in documents.items() for line in _failures(document)]
    columns = [name for name in CARRIED if name in _names(rows)]
    title = "Carried, mean over sequences: frames that were not looked at, where depth is known"
    return Report([*head, model], [_table(title, columns, False, "looks", rows)], notes)


Rows = Mapping[str, Mapping[str, float] | None]
"""Figures by name of a row, which is a sequence or a run; None: it failed."""


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows.values() for name in row or {}))


def _table(title: str, figures: list[str], titled: bool, what: str, rows: Rows) -> Table:
    """titled: the title says the figure, the heads only its alignment. what: a row is."""
    heads = [what] + [_label(name, titled) for name in figures]
    cells = [
        [label] + (["failed"] * len(figures) if row is None else [shown(n, row.get(n)) for n in figures])
        for label, row in rows.items()
    ]
    return Table(title, heads, cells)


def _label(name: str, titled: bool) -> str:
    figure = base(name)
    if titled:
        return name.removeprefix(f"{figure}_").replace("_", " ")
    return LABELS.get(name, name).replace("_", " ") + ARROWS[FIGURES[figure].better]


def _head(document: Document) -> list[tuple[str, str]]:
    protocol, model, machine = document["protocol"], document["model"], document["machine"]
    frames, sequences = sum(document["frames"].values()), len(document["sequences"])
    limit = f", of these the first {protocol['limit']}" if protocol["limit"] else ""
    processes = machine["processes"]
    return [
        ("protocol", protocol["name"]),
        ("frames", protocol["frames"] + limit),
        ("alignment", "\n".join(protocol["alignment"])),
        (
            "true depth",
            ", ".join(
                f"{name}: up to {most:g} m" if most else f"{name}: not known"
                for name, (_, most) in protocol["depth"].items()
            ),
        ),
        ("camera", {"true": "true, given", "estimated": "not given"}[protocol["camera"]]),
        *([("left out", ", ".join(protocol["skipped"]))] if protocol["skipped"] else []),
        ("data", f"{document['data']}: {sequences} sequence{'s' * (sequences != 1)}, {frames} frames"),
        ("model", f"{model['name']}; claims to be {model['claim']}; velodepth {model['velodepth']}"),
        (
            "machine",
            f"{machine['cpu']}, {machine['cores']} cores, {processes} process{'es' * (processes > 1)}",
        ),
    ]


def _failures(document: Document) -> list[str]:
    return [f"{name} failed: {reason}" for name, reason in document["failed"].items()]


def print_report(report: Report, console: Console) -> None:
    """To a terminal, or as plain text."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    head = RichTable.grid(padding=(0, 2))
    for word, text in report.head:
        head.add_row(Text(word, "dim"), Text(text))
    console.print(head)
    for table in report.tables:
        for part in _split(table, console.width):
            if part.title:
                console.print(Text(f"\n{part.title}", "bold"))
            grid = RichTable(box=SIMPLE_HEAD, pad_edge=False)
            for i, label in enumerate(part.heads):
                grid.add_column(label, justify="right" if i else "left", min_width=_width(part, i))
            sums = len(part.rows) - part.summaries
            for i, row in enumerate(part.rows):
                grid.add_row(*map(Text, row), style="bold" if i >= sums else None, end_section=i == sums - 1)
            console.print(grid)
    for note in report.notes:
        console.print(Text(note, "bold red"), soft_wrap=True)


def _width(table: Table, column: int) -> int:
    """Characters that a column needs: its cells and the words of its head are not broken."""
    return max(map(len, (*table.heads[column].split(" "), *(row[column] for row in table.rows))))


def _split(table: Table, width: int) -> Iterator[Table]:
    """The table in parts that fit into a line, each with the rows' names; only the first has the title."""
    columns: list[int] = []
    for i in range(1, len(table.heads)):
        if columns and sum(_width(table, each) + 3 for each in (0, *columns, i)) + 1 > width:
            yield _part(table, columns)
            table, columns = table._replace(title=""), []
        columns.append(i)
    yield _part(table, columns)


def _part(table: Table, columns: list[int]) -> Table:
    heads, *rows = [[row[0], *(row[i] for i in columns)] for row in (table.heads, *table.rows)]
    return table._replace(heads=heads, rows=rows)


def markdown(report: Report) -> str:
    """The same as Markdown."""
    lines = [f"- {word}: {text.replace(chr(10), '; ')}" for word, text in report.head]
    for table in report.tables:
        lines += ["", f"**{table.title}**", ""]
        rows = [table.heads, ["---"] + ["---:"] * (len(table.heads) - 1), *table.rows]
        lines += [f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |" for row in rows]
    lines += [f"\n{note}" for note in report.notes]
    return "\n".join(lines) + "\n"


def csv_text(*documents: Document) -> str:
    """A row a sequence, then mean and median, of each run; every figure, not rounded."""
    runs = [
        {**document["sequences"], "mean": document["mean"], "median": document["median"]}
        for document in documents
    ]
    names = dict.fromkeys(name for rows in runs for row in rows.values() for name in row)
    text = io.StringIO()
    writer = csv.DictWriter(text, ["protocol", "model", "sequence", "frames", *names], lineterminator="\n")
    writer.writeheader()
    for document, rows in zip(documents, runs, strict=True):
        facts = {"protocol": document["protocol"]["name"], "model": document["model"]["name"]}
        for label, row in rows.items():
            writer.writerow({**facts, "sequence": label, "frames": document["frames"].get(label), **row})
        for label in document["failed"]:
            writer.writerow({**facts, "sequence": f"{label} (failed)"})
    return text.getvalue()


def json_text(document: Document) -> str:
    """JSON without NaN: a figure that is not defined is not there."""
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def write(path: Path, text: str) -> None:
    """A file, whole or not at all. Raises VeloDepthError where it cannot be written."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_documents(path: Path) -> dict[str, Document]:
    """The runs in a JSON file by label: one run, by the file's name, or those of several policies.

    Raises VeloDepthError if it holds none.
    """
    try:
        held = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VeloDepthError(f"cannot read {path} ({error.strerror}): check the path") from error
    except ValueError as error:
        raise VeloDepthError(
            f"{path} is not JSON ({error}): give a file of  velodepth eval --json"
        ) from error
    runs = held.get("policies", {path.stem: held}) if isinstance(held, dict) else None
    if not isinstance(runs, dict) or not all(
        isinstance(run, dict) and {"protocol", "model", "sequences", "mean"} <= run.keys()
        for run in runs.values()
    ):
        raise VeloDepthError(f"{path} holds no run: give a file of  velodepth eval --json")
    return runs

"""Reports: what stands in them, in every form; and two runs compared."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from rich.console import Console

from velodepth.errors import VeloDepthError
from velodepth.eval import report
from velodepth.eval.compare import bootstrap, compare
from velodepth.eval.metrics import ACCURACY
from velodepth.eval.protocols import PROTOCOLS


@pytest.fixture(scope="module")
def document(run, made, recording, wrong):
    """Of two sequences under `full`."""
    return run(made(wrong), "full", recording("a", 4), recording("b", 5)).document() | {"data": "made"}


def printed(shown, width=160):
    console = Console(width=width, file=io.StringIO(), highlight=False)
    report.print_report(shown, console)
    return console.file.getvalue()


def test_the_head_says_the_protocol(document):
    head = dict(report.run_report(document).head)
    assert head["protocol"] == "full"
    assert head["frames"] == "all"
    assert "si: one factor per sequence\n" in head["alignment"]
    assert head["true depth"] == "rgbd: up to 10 m"
    assert head["camera"] == "true, given"
    assert head["data"] == "made: 2 sequences, 9 frames"
    assert head["model"].startswith("made; claims to be metric")
    for text in (printed(report.run_report(document)), report.markdown(report.run_report(document))):
        assert text.index("per sequence") < text.index("delta1")


def test_the_head_says_what_was_limited_and_left_out(run, made):
    result = run(made(), "velodepth", limit=3, skip=frozenset({"f1"}), camera=False)
    head = dict(report.run_report(result.document() | {"data": "made"}).head)
    assert head["frames"] == "last 32 of each sequence, of these the first 3"
    assert head["left out"] == "f1"
    assert head["camera"] == "not given"


def test_a_row_a_sequence_then_mean_and_median(document):
    tables = report.run_report(document).tables
    assert len(tables) == len(report.TABLES) - 1  # nobody says how the camera moved
    for table in tables:
        names = [row[0] for row in table.rows]
        assert names == ["a", "b", "mean over sequences", "median over sequences"]
    delta1 = tables[0]
    assert delta1.heads[1:] == ["metric", "si", "ssi", "si frame", "ssi frame", "disparity", "first"]
    assert delta1.rows[0][1] == f"{document['sequences']['a']['delta1_metric']:.3f}"
    assert delta1.rows[2][2] == f"{document['mean']['delta1_si']:.3f}"


def test_every_figure_that_can_be_measured_can_be_printed(document):
    for figures in document["sequences"].values():
        assert all(report.base(name) in report.FIGURES for name in figures)
    suffixes = {a.suffix for protocol in PROTOCOLS.values() for a in protocol.aligned}
    for measure in ACCURACY:
        assert {report.base(f"{measure}_{suffix}") for suffix in suffixes} == {measure}
    assert report.base("f1_published_si") == "f1_published"
    assert report.base("still_flicker_ssi") == "still_flicker"
    assert report.base("tau_3d_si") == "tau_3d"


def test_sequences_that_failed_are_in_the_table(run, made, recording):
    result = run(made(), "velodepth", recording("good"), recording("bad", broken=0), keep_going=True)
    shown = report.run_report(result.document() | {"data": "made"})
    table = shown.tables[0]
    assert [row[0] for row in table.rows][1:3] == ["bad", "mean over frames of 1 of 2 sequences"]
    assert {*table.rows[1][1:]} == {"failed"}
    for text in (printed(shown), report.markdown(shown)):
        assert "bad failed: sequence bad, frame 0" in text


@pytest.mark.parametrize("width", [60, 80, 160])
def test_tables_are_split_where_a_line_is_too_short(document, width):
    text = printed(report.run_report(document), width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text
    for figures in (document["sequences"]["a"], document["mean"]):
        for name in ("delta1_first", "tae", "frames_per_second", "chamfer"):
            assert report.shown(name, figures[name]) in text


def test_markdown_tables_are_whole(document):
    lines = [
        line for line in report.markdown(report.run_report(document)).splitlines() if line.startswith("|")
    ]
    heads = [i for i, line in enumerate(lines) if line.startswith("| ---")]
    assert len(heads) == len(report.TABLES) - 1
    for start, end in zip(heads, [*heads[1:], len(lines) + 1], strict=True):
        assert len({line.count("|") for line in lines[start - 1 : end - 1]}) == 1


def test_csv_has_every_figure_of_every_sequence(document):
    other = document | {"model": document["model"] | {"name": "other"}, "failed": {"c": "gone"}}
    rows = list(csv.DictReader(io.StringIO(report.csv_text(document, other))))
    assert [row["sequence"] for row in rows[:4]] == ["a", "b", "mean", "median"]
    assert rows[8]["sequence"] == "c (failed)"
    assert [row["model"] for row in rows] == ["made"] * 4 + ["other"] * 5
    assert {row["protocol"] for row in rows} == {"full"}
    assert (rows[0]["frames"], rows[1]["frames"]) == ("4", "5")
    for name, value in document["sequences"]["b"].items():
        assert float(rows[1][name]) == value


def test_json_has_the_form_of_the_issue(document):
    held = json.loads(report.json_text(document))
    assert {"protocol", "model", "sequences", "mean", "median"} <= {*held}
    assert held["protocol"]["name"] == "full"
    assert held["protocol"]["depth"] == {"rgbd": [0.01, 10.0]}
    needed = "delta1_metric delta1_si delta1_ssi absrel_si f1 tau5 tau5_ssi tae opw flicker drift"
    assert {*needed.split(), "keyframe_share", "frames_per_second"} <= {*held["sequences"]["a"]}
    figures = [*held["sequences"].values(), held["mean"], held["median"]]
    assert all(math.isfinite(value) for each in figures for value in each.values())


def test_policies_stand_in_one_table(run, made, wrong, true_depth):
    runs = {"every": run(made(wrong), "full"), "still": run(made(true_depth), "full")}
    documents = {name: result.document() | {"data": "made"} for name, result in runs.items()}
    shown = report.policies_report(documents)
    (table,) = shown.tables
    assert [row[0] for row in table.rows] == ["every", "still"]
    heads = [head.replace("\N{NO-BREAK SPACE}", " ") for head in table.heads]
    assert {"delta1 si ↑", "tau5 ↑", "tae ↓", "keyframes", "frames/s ↑"} <= {*heads}
    assert table.rows[1][heads.index("tau5 ↑")] == "1.000"


def test_documents_are_read_back(document, tmp_path):
    report.write(tmp_path / "nano.json", report.json_text(document))
    assert report.read_documents(tmp_path / "nano.json") == {"nano": document}
    report.write(tmp_path / "two.json", report.json_text({"policies": {"a": document, "b": document}}))
    assert [*report.read_documents(tmp_path / "two.json")] == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"protocol": {}}', '{"policies": [1]}', '{"policies": {"a": 1}}']
)
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(VeloDepthError, match=r"x\.json .*velodepth eval --json"):
        report.read_documents(tmp_path / "x.json")


# Compared


def test_bootstrap_covers_the_mean():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        low, high = bootstrap(rng.normal(0.3, 1.0, 40))
        held += low < 0.3 < high
    assert 50 <= held <= 60  # 95 % of 60 is 57
    assert bootstrap(np.full(5, 0.2)) == pytest.approx((0.2, 0.2))


def test_comparison_is_paired(document):
    """Sequences differ much, the runs little but always: the interval of the difference is narrow."""
    names = [f"s{i}" for i in range(8)]
    level = {name: i / 10 for i, name in enumerate(names)}
    a, b = (
        document | {"sequences": {n: {"delta1_si": level[n] + up, "absrel_si": 0.5} for n in names}}
        for up in (0.0, 0.01)
    )
    rows = {row[0].split("\N{NO-BREAK SPACE}")[0]: row[1:] for row in compare(a, b).tables[0].rows}
    assert rows["delta1_si"] == ["0.350", "0.360", "0.010", "0.010", "0.010", "better", "8"]
    assert rows["absrel_si"][2:6] == ["0.000", "0.000", "0.000", ""]
    back = {row[0].split("\N{NO-BREAK SPACE}")[0]: row[1:] for row in compare(b, a).tables[0].rows}
    assert back["delta1_si"][5] == "worse"


def test_sequences_of_one_run_alone_are_named(document):
    b = document | {"sequences": {"b": document["sequences"]["b"], "c": {}}}
    shown = compare(document, b, ("first", "second"))
    assert dict(shown.head)["sequences"] == "1 in both; only in one: a, c"
    assert {row[-1] for row in shown.tables[0].rows} == {"1"}
    assert {row[4] for row in shown.tables[0].rows} == {""}  # one difference has no interval


def test_runs_that_were_measured_differently_are_not_compared(document, run, made):
    other = run(made(), "velodepth").document()
    with pytest.raises(VeloDepthError, match="A and B were measured differently"):
        compare(document, other)
    with pytest.raises(VeloDepthError, match="no sequence in common"):
        compare(document, document | {"sequences": {}})

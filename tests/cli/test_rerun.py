"""`velodepth run --rerun`: the viewer, or the file whose name follows."""

from __future__ import annotations

import pytest
from rerun.chunk import RrdReader

from velodepth.media import rerun_log

FAST = ("--preset", "nano", "--max-frames", "2")


def count(path):
    return sum(chunk.num_rows for chunk in RrdReader(path).stream() if chunk.entity_path == "/camera/depth")


@pytest.mark.parametrize("words", [("CLIP", "--rerun", "log.rrd"), ("--rerun", "log.rrd", "CLIP")])
def test_the_name_of_a_file_may_follow(call, street, folder, words):
    outcome = call("run", *(street if word == "CLIP" else word for word in words), *FAST)
    assert outcome.status == 0, outcome.err
    assert outcome.out.endswith("written to log.rrd\n")
    assert [path.name for path in folder.iterdir()] == ["log.rrd"]
    assert count(folder / "log.rrd") == 2
    again = call("run", street, "--rerun", "log.rrd", *FAST)
    assert again.status == 2 and "log.rrd is there already" in again.err


def test_it_goes_with_other_outputs(call, street, folder):
    outcome = call("run", street, "--rerun", "log.rrd", "--save", "jsonl", *FAST)
    assert outcome.status == 0, outcome.err
    assert sorted(path.name for path in folder.iterdir()) == ["log.rrd", "street.jsonl"]


def test_alone_it_opens_the_viewer_and_writes_nothing(call, street, folder, monkeypatch):
    """The viewer itself is tested in tests/media/test_rerun_log.py; here is only what is sent there."""
    sent = []
    monkeypatch.setattr(rerun_log.ViewerWriter, "__init__", lambda self: None)
    monkeypatch.setattr(rerun_log.ViewerWriter, "write", lambda self, frame: sent.append(frame.index))
    monkeypatch.setattr(rerun_log.ViewerWriter, "close", lambda self: sent.append("closed"))
    outcome = call("run", street, "--rerun", *FAST)
    assert outcome.status == 0 and outcome.out.endswith("written to the Rerun viewer\n")
    assert sent == [0, 1, "closed"] and not [*folder.iterdir()]


def test_a_refused_output_leaves_nothing(call, street, folder, monkeypatch):
    monkeypatch.setattr(rerun_log.ViewerWriter, "__init__", lambda self: pytest.fail("not before the others"))
    (folder / "street.jsonl").touch()
    outcome = call("run", street, "--rerun", "--save", "jsonl", *FAST)
    assert outcome.status == 2 and "street.jsonl is there already" in outcome.err


def test_a_file_of_another_ending_is_told(call, street, folder):
    outcome = call("run", street, "--rerun", "log.rd", *FAST)
    assert outcome.status == 2 and "log.rd: let that name end in .rrd" in outcome.err
    assert not [*folder.iterdir()]

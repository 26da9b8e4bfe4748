"""`velodepth run --rerun`: the viewer, which takes nothing else of the command line."""

from __future__ import annotations

import pytest

from velodepth.media import rerun_log

FEW = ("--max-frames", "2")


def test_alone_it_opens_the_viewer_and_writes_nothing(call, street, folder, monkeypatch):
    """The viewer itself is tested in tests/media/test_rerun_log.py; here is only what is sent there."""
    sent = []
    monkeypatch.setattr(rerun_log.ViewerWriter, "__init__", lambda self, *told: None)
    monkeypatch.setattr(rerun_log.ViewerWriter, "write", lambda self, frame: sent.append(frame.index))
    monkeypatch.setattr(rerun_log.ViewerWriter, "close", lambda self: sent.append("closed"))
    outcome = call("run", "--rerun", street, *FEW)  # the source is not taken for its value
    assert outcome.out.endswith("written to the Rerun viewer\n")
    assert sent == [0, 1, "closed"] and not [*folder.iterdir()]
    outcome = call("run", street, "--rerun", "--save", "jsonl", *FEW)
    assert [path.name for path in folder.iterdir()] == ["street.jsonl"]
    assert sent == [0, 1, "closed"] * 2


def test_a_refused_output_leaves_nothing(refused, street, folder, monkeypatch):
    monkeypatch.setattr(
        rerun_log.ViewerWriter, "__init__", lambda self, *told: pytest.fail("not before the others")
    )
    (folder / "street.jsonl").touch()
    assert "street.jsonl is there already" in refused("run", street, "--rerun", "--save", "jsonl", *FEW)

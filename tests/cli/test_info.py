"""`velodepth info`: what is printed is what there is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnxruntime
import pytest

import velodepth
import velodepth.runtime
from velodepth.media.writing import KINDS
from velodepth.presets import PRESETS


def test_json_tells_presets_runtimes_and_outputs(call):
    outcome = call("info", "--json")
    found = json.loads(outcome.out)
    assert outcome.err == ""
    assert found["versions"]["velodepth"] == velodepth.__version__
    assert [(p["name"], p["licence"], p["runtimes"]) for p in found["presets"]] == [
        (p.name, p.licence, list(p.runtimes)) for p in PRESETS.values()
    ]
    assert "NC" in next(p["licence"] for p in found["presets"] if p["name"] == "large")
    assert [(o["name"], o["content"]) for o in found["outputs"]] == [
        (k.name, k.summary) for k in KINDS.values()
    ]
    onnx = found["runtimes"][0]
    assert (onnx["name"], onnx["version"]) == ("onnx", onnxruntime.__version__)
    assert "cpu" in onnx["devices"]


def test_piped_text_has_a_line_for_each_and_folds_none(call):
    outcome = call("info")
    assert "\x1b" not in outcome.out
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if line}
    for name in PRESETS:
        assert PRESETS[name].summary in lines[name] and PRESETS[name].licence in outcome.out
    for name, kind in KINDS.items():
        assert kind.summary in lines[name]
    assert velodepth.__version__ in lines["velodepth"] and "cpu" in lines["onnx"]


def test_without_torch_it_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "velodepth.runtime.torch", None)
    monkeypatch.delattr(velodepth.runtime, "torch", raising=False)
    assert json.loads(call("info", "--json").out)["runtimes"][1] == {
        "name": "torch",
        "version": None,
        "devices": [],
    }
    assert "pip install 'velodepth[torch]'" in call("info").out


def test_what_a_run_did(call, folder, street):
    call("run", street, "--save", "jsonl")
    name = f"{Path(street).stem}.jsonl"
    told = json.loads(call("info", name, "--json").out)
    lines = [json.loads(line) for line in (folder / name).read_text().splitlines()[1:-1]]
    reasons = [line["reason"] for line in lines if line["reason"]]
    assert (told["frames"], told["looks"]) == (len(lines), len(reasons))
    assert sum(told["reasons"].values()) == len(reasons) and told["reasons"]["start"] == 1
    assert call("info", name).out.startswith(f"{len(lines)} frames, {len(reasons)} looks (")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"summary": 3}', "not json"])
def test_a_file_without_a_summary_is_named(refused, folder, text):
    (folder / "clip.jsonl").write_text(text)
    assert "clip.jsonl has no summary" in refused("info", "clip.jsonl")
    assert "nothere.jsonl" in refused("info", "nothere.jsonl")

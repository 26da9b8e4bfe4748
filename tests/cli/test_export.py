"""`velodepth export` as a shell calls it."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")


def test_a_preset_for_pictures_of_a_size(call, folder):
    outcome = call("export", "--preset", "nano", "--size", "640x360", "--out", "graphs")
    note = json.loads((folder / "graphs/velodepth.json").read_text())
    assert note["preset"] == "nano" and note["licence"] == "Apache-2.0"
    assert (note["canvas"]["size"], note["canvas"]["multiple"]) == ([256, 160], 32)
    assert note["picture"] == {
        "width": 640, "height": 360, "padding": {"left": 0, "top": 0, "right": 0, "bottom": 0}
    }  # fmt: skip
    assert outcome.out.startswith("nano for a canvas of 256x160; relative difference to PyTorch: look ")
    assert all(graph["error"] < 1e-3 for graph in note["graphs"].values())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "640x480", "--canvas", "64x64"], "--size and --canvas are both given: choose one"),
        (["--size", "big"], "--size big is not understood: give WIDTHxHEIGHT"),
        (["--canvas", "100x64"], "a canvas of 100x64 does not fit this network: give multiples of 32"),
        (["--preset", "giant"], "there is no preset 'giant'"),
    ],
)
def test_bad_input(refused, folder, arguments, told):
    assert told in refused("export", *arguments, "--out", "graphs")
    assert list(folder.iterdir()) == []


SIX = ("--max-frames", "6")


def test_a_model_of_transformers_becomes_a_folder_that_runs(call, saved, street, folder):
    call("export", "--preset", saved("depth_anything"), "--size", "160x120", "--out", "graph")
    call("run", street, "--preset", "graph", "--policy", "every:4", "--save", "npz", *SIX)
    assert np.load(folder / "street.npz")["keyframe"].tolist() == [True, False, False, False, True, False]


@pytest.mark.parametrize(
    ("more", "words"), [((), ["--size"]), (("--preset", "own.py:Own", "--size", "160x120"), ["own.py:Own"])]
)
def test_what_cannot_be_exported_is_one_sentence(call, saved, folder, more, words):
    (folder / "own.py").write_text("class Own:\n    def look(self, picture, camera): ...\n")
    outcome = call("export", "--preset", saved("depth_anything"), "--out", "graph", *more, status=2)
    assert outcome.err.count("\n") == 1 + outcome.err.count("licence")
    assert all(word in outcome.err for word in words)
    assert not (folder / "graph").exists()

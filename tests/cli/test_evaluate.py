"""`velodepth eval` and `velodepth compare`, as a shell would call them."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from velodepth.cameras import Pinhole

from ..recordings import write_recording

TRUTH = 1.5 + np.add.outer(np.linspace(0, 1, 48), np.linspace(0, 1, 64))  # metres


@pytest.fixture
def rgbd(tmp_path: Path) -> Path:
    """Two recordings of a leaning plane, three frames each, a camera that stands still."""
    picture = np.repeat((80 * TRUTH)[..., None] % 256, 3, axis=2).astype(np.uint8)
    for name in ("a", "b"):
        camera, poses = Pinhole(60, 60, 32, 24), [np.eye(4)] * 3
        write_recording(tmp_path / "rgbd" / name, [picture] * 3, [TRUTH] * 3, camera, poses, fps=10)
    return tmp_path / "rgbd"


@pytest.fixture
def measure(call, rgbd, tmp_path):
    """velodepth eval on the recordings, with a cache of its own."""
    return partial(call, "eval", "--data", rgbd, "--cache", tmp_path / "cache")


def constant(folder: Path, **changes: float) -> Path:
    """Predictions of another program: the truth, scaled by sequence."""
    folder.mkdir()
    for name in ("a", "b"):
        depth = np.repeat(TRUTH[None] * changes.get(name, 1), 3, axis=0).astype(np.float32)
        np.savez(folder / f"{name}.npz", depth=depth)
    return folder


def test_a_preset_is_measured_and_every_form_written(measure, folder):
    outcome = measure(
        "--json", "r.json", "--csv", "r.csv", "--markdown", "r.md", "--plots", "p", "--save", "s"
    )
    assert "protocol" in outcome.out and "si: one factor per sequence" in outcome.out
    assert "nano, adaptive; claims to be metric" in outcome.out
    held = json.loads((folder / "r.json").read_text())
    assert [*held["sequences"]] == ["a", "b"]
    assert held["protocol"]["name"] == "full"
    assert f"{held['mean']['delta1_si']:.3f}" in outcome.out
    assert held["mean"]["keyframe_share"] == pytest.approx(1 / 3)
    rows = list(csv.DictReader((folder / "r.csv").open()))
    assert float(rows[0]["delta1_si"]) == held["sequences"]["a"]["delta1_si"]
    assert "| a |" in (folder / "r.md").read_text()
    assert (folder / "p" / "tradeoff.png").is_file() and (folder / "p" / "slice-a.png").is_file()
    with np.load(folder / "s" / "a.npz") as written:
        assert written["depth"].shape == (3, 48, 64)
    assert "written to r.json, r.csv, r.md, p, s" in outcome.out


def test_policies_stand_side_by_side(measure, folder):
    outcome = measure("--policies", "every,every:2", "--json", "p.json", "--protocol", "online", "--quiet")
    assert outcome.out == ""
    held = json.loads((folder / "p.json").read_text())["policies"]
    shares = {name: run["mean"]["keyframe_share"] for name, run in held.items()}
    assert shares == pytest.approx({"every": 1, "every:2": 2 / 3})
    again = measure("--policies", "every,every:2", "--protocol", "online")
    table = again.out.split("Keyframe policies")[1]
    assert "every:2" in table and "0.667" in table


def test_predictions_of_another_program_are_measured_and_compared(call, measure, folder):
    constant(folder / "good")
    constant(folder / "bad", a=1.5, b=2.0)
    for name in ("good", "bad"):
        outcome = measure("--predictions", name, "--claim", "metric", "--json", f"{name}.json", "--quiet")
    outcome = call("compare", "bad.json", "good.json", "--markdown", "c.md", "--plot", "t.png")
    (row,) = [line.split() for line in outcome.out.splitlines() if line.strip().startswith("delta1_metric")]
    assert row[-6:] == ["1.000", "1.000", "1.000", "1.000", "better", "2"]
    assert "delta1_metric" in (folder / "c.md").read_text()
    assert cv2.imread("t.png") is not None


def test_a_class_is_measured(measure, folder):
    (folder / "rival.py").write_text(
        "import numpy as np\nfrom velodepth import Look\n"
        "class Rival:\n    def look(self, picture, camera):\n"
        "        return Look(picture[..., 0].astype(np.float32), 'affine_depth')\n"
    )
    outcome = measure("--predictor", "rival.py:Rival", "--protocol", "velodepth")
    assert "claims to be affine_depth" in outcome.out and "si: one factor" not in outcome.out


def test_a_sequence_that_cannot_be_read_stops_the_run_or_is_listed(measure, refused, rgbd, folder):
    constant(folder / "good")
    (rgbd / "a" / "depth" / "000001.png").write_bytes(b"no picture")
    stopped = refused("eval", "--data", rgbd, "--predictions", "good", "--json", "r.json")
    assert stopped.startswith("Error: sequence a, frame 1")
    assert not (folder / "r.json").exists()
    listed = measure("--predictions", "good", "--json", "r.json", "--keep-going", status=2)
    assert "failed" in listed.out and "a failed: sequence a, frame 1" in listed.out
    assert [*json.loads((folder / "r.json").read_text())["failed"]] == ["a"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--protocol", "kitti"], ["kitti", "velodepth, vda, online, full"]),
        (["--policy", "often"], ["often"]),
        (["--policies", "every,often"], ["often"]),
        (["--preset", "giant"], ["giant"]),
        (["--predictions", "nowhere"], ["nowhere"]),
        (["--predictor", "nowhere.py:Rival"], ["nowhere.py"]),
        (["--kind", "imagenet"], ["imagenet"]),
        (["--policy", "every", "--policies", "every"], ["--policy", "--policies"]),
        (["--claim", "metric"], ["--claim", "--predictions"]),
        (["--json", "there.json"], ["there.json", "--overwrite"]),
    ],
)
def test_bad_input_is_one_sentence(refused, rgbd, folder, arguments, words):
    (folder / "there.json").write_text("mine")
    said = refused("eval", "--data", rgbd, *arguments)
    assert all(word in said for word in words), said
    assert (folder / "there.json").read_text() == "mine"


def test_compare_wants_two_runs(refused, folder):
    (folder / "x.json").write_text("{}")
    assert "x.json" in refused("compare", "x.json")
    assert "gone.json" in refused("compare", "gone.json")


def test_ctrl_c_keeps_what_was_measured(measure, folder, monkeypatch, tmp_path):
    from velodepth.eval import evaluate

    constant(folder / "good")
    start = evaluate.Measuring.__call__
    seen = []

    def interrupted(self, *arguments):
        if seen:
            raise KeyboardInterrupt
        seen.append(1)
        return start(self, *arguments)

    monkeypatch.setattr(evaluate.Measuring, "__call__", interrupted)
    measure("--predictions", "good", status=130)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_plain_videos_are_measured_without_truth(call, street, folder):
    outcome = call(
        *("eval", "--data", street, "--policies", "per-frame,adaptive"),
        *("--cache", "cache", "--plots", "p", "--json", "r.json"),
    )
    assert "clips: not known" in outcome.out and "true, given" not in outcome.out
    runs = json.loads((folder / "r.json").read_text())["policies"]
    alone, stream = (run["mean"]["keyframe_share"] for run in runs.values())
    assert alone == 1 and 1 / 12 <= stream < 0.6
    assert (folder / "p" / "slice-street.png").is_file()


def test_what_is_lost_by_carrying_has_a_table(call, refused, rgbd, folder):
    outcome = call(*("eval", "--data", rgbd, "--carried", "--cache", "cache", "--json", "c.json"))
    assert "true depth in the network's place" in outcome.out and "flicker, every 16" in outcome.out
    assert len(json.loads((folder / "c.json").read_text())["policies"]) == 12
    assert "--carried" in refused("eval", "--data", rgbd, "--carried", "--policy", "every")

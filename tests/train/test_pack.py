"""What is packed runs as what was trained."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[train]'")

from velodepth.nets.nano import Nano  # noqa: E402
from velodepth.runtime.onnx import OnnxRuntime  # noqa: E402
from velodepth.runtime.torch import TorchRuntime  # noqa: E402
from velodepth.train.pack import pack  # noqa: E402


def test_a_packed_checkpoint_runs_like_the_network(tmp_path):
    torch.manual_seed(0)
    net = Nano()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    torch.save({"average": net.state_dict()}, tmp_path / "run.pt")
    pack(tmp_path / "run.pt", tmp_path / "packed")
    assert {path.name for path in (tmp_path / "packed").iterdir()} == {
        "fuse.onnx",
        "look.onnx",
        "velodepth.json",
        "weights.safetensors",
    }
    canvas = np.random.default_rng(0).standard_normal((3, 96, 64)).astype(np.float32)
    runtimes = OnnxRuntime(tmp_path / "packed"), TorchRuntime(net, "cpu")
    packed, trained = (runtime.look(canvas) for runtime in runtimes)
    np.testing.assert_allclose(packed.radius, trained.radius, rtol=1e-2)  # weights are in half precision
    np.testing.assert_allclose(packed.rays, trained.rays, atol=2e-3)
    np.testing.assert_allclose(packed.confidence, trained.confidence, rtol=1e-2)

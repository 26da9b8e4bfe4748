"""Winograd's convolution equals its plain twin."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
from torch import nn  # noqa: E402

from velodepth.nets import winograd  # noqa: E402
from velodepth.nets.winograd import WinogradConv, quicken  # noqa: E402


@pytest.mark.parametrize("size", [(1, 1), (4, 8), (13, 7), (30, 41)])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_twin(size, batch, bias, monkeypatch):
    monkeypatch.setattr(winograd, "TILES", 20)  # several rounds, the last one shorter
    torch.manual_seed(0)
    plain = nn.Conv2d(12, 20, 3, padding=1, bias=bias)
    x = torch.randn(batch, 12, *size).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(WinogradConv(plain)(x), plain(x), rtol=1e-4, atol=1e-5)


def test_only_wide_plain_convolutions_are_replaced():
    net = nn.Sequential(
        nn.Conv2d(16, 16, 3, padding=1),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.Conv2d(16, 16, 3),
        nn.Conv2d(16, 16, 3, padding=1, stride=2),
        nn.Conv2d(16, 16, 3, padding=1, groups=2),
        nn.Conv2d(16, 16, 3, padding=1, padding_mode="reflect"),
        nn.Sequential(nn.Conv2d(16, 16, 3, padding=1)),
    )
    quicken(net, least_width=16)
    replaced = [name for name, module in net.named_modules() if isinstance(module, WinogradConv)]
    assert replaced == ["0", "6.0"]

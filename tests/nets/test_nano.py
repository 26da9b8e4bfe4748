"""The nano networks in PyTorch: sizes, geometry, and what propagation is at its start."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.nets.nano import (  # noqa: E402
    STRIDES,
    WIDTHS,
    Nano,
    bilinear_shares,
    enlarge,
    enlarge_by,
    focal_of,
    pinhole_rays,
    warp,
)


@pytest.fixture(scope="module")
def net() -> Nano:
    torch.manual_seed(0)
    return Nano(carries=True).eval()


def canvas(height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_about_six_million_parameters(net):
    assert 5.5e6 < sum(p.numel() for p in net.parameters()) < 6.5e6


def test_shapes(net):
    with torch.inference_mode():
        first = net.keyframe(canvas())
        second = net.propagate(first, canvas(), torch.zeros(1, 2, 64, 96))
    for estimate in (first, second):
        assert estimate.radius.shape == estimate.confidence.shape == (1, 1, 64, 96)
        assert estimate.rays.shape == (1, 3, 64, 96)
        for feature, stride, width in zip(estimate.carried.features, STRIDES, WIDTHS, strict=True):
            assert feature.shape == (1, width, 64 // stride, 96 // stride)
    assert second.carried.flow.shape == (1, 2, 16, 24)


def test_untrained_propagation_only_warps(net):
    """Nothing is corrected at first, so a still picture keeps its answer."""
    with torch.inference_mode():
        first = net.keyframe(canvas())
        second = net.propagate(first, canvas(), torch.zeros(1, 2, 64, 96))
    torch.testing.assert_close(second.radius, first.radius, rtol=1e-4, atol=0)


def test_twice_the_focal_length_is_twice_the_radius_for_the_same_features(net):
    from velodepth.nets.nano import radius_of

    size = torch.zeros(1, 1, 96, 128)
    narrow, wide = (torch.tensor([[np.log(k), 0.0, 0.0]], dtype=torch.float32) for k in (6.0, 3.0))
    ratio = radius_of(size, pinhole_rays(narrow, 96, 128)) / radius_of(size, pinhole_rays(wide, 96, 128))
    assert float(ratio.mean()) == pytest.approx(2, rel=0.02)
    assert focal_of(pinhole_rays(narrow, 96, 128)).shape == (1, 1, 1, 1)


def test_warp_reads_where_the_content_was():
    picture = torch.arange(48.0).view(1, 1, 6, 8)
    flow = torch.zeros(1, 2, 6, 8)
    flow[:, 0] = -1.0
    moved = warp(picture, flow)
    torch.testing.assert_close(moved[..., 1:], picture[..., :-1], rtol=1e-5, atol=1e-4)
    assert (moved[..., 0].abs() < 1e-4).all()
    flow[:, 0] = 0.5
    assert float(warp(picture, flow)[0, 0, 2, 3]) == pytest.approx(19.5, rel=1e-5)


def test_flow_gets_a_gradient_through_the_rounding():
    flow = torch.full((1, 2, 6, 8), 0.3, requires_grad=True)
    warp(torch.randn(1, 2, 6, 8), flow).square().sum().backward()
    assert flow.grad.abs().sum() > 0


def test_enlarging_starts_bilinear_and_can_choose_one_side_of_an_edge():
    coarse = torch.rand(1, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    logits = torch.log(bilinear_shares() + 1e-9).reshape(1, 144, 1, 1).expand(1, 144, 5, 7)
    torch.testing.assert_close(enlarge_by(coarse, logits), enlarge(coarse, 4), rtol=1e-4, atol=1e-4)
    left = torch.full((1, 9, 16, 5, 7), -12.0)
    left[:, 3] = 12.0  # the middle row's left cell
    chosen = enlarge_by(coarse, left.reshape(1, 144, 5, 7))
    assert (chosen[..., 4:8] - coarse[..., :1].repeat_interleave(4, 2)).abs().max() < 1e-6


def test_the_camera_head_stays_alive():
    """Its answer depends on the picture however large the pooled features are."""
    net = Nano(carries=True).eval()
    torch.nn.init.normal_(net.camera[3].weight)
    with torch.inference_mode():
        a, b = (net.camera(scale * torch.randn(2, 352)) for scale in (1.0, 1e4))
    assert (a[0] - a[1]).abs().min() > 1e-3 and (b[0] - b[1]).abs().min() > 1e-3

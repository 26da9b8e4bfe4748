"""The large network's parts against what they are by definition, at a tiny size and without recordings."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.nets.angles import embed_rays, harmonics, pinhole_directions  # noqa: E402
from velodepth.nets.convnext import ConvNeXtBlock  # noqa: E402
from velodepth.nets.depth_decoder import MapHead, run_heads  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.nets.propagation import flow_picture  # noqa: E402
from velodepth.nets.warp import published_warp, uncovered  # noqa: E402

SIZE = (70, 98)


@pytest.fixture(scope="module")
def net(tiny_large) -> LargeNet:
    torch.manual_seed(0)
    net = LargeNet(tiny_large).eval()
    with torch.no_grad():  # no parameter at a value that hides it
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net.requires_grad_(False)


def canvas(batch: int = 1, seed: int = 1) -> torch.Tensor:
    return torch.randn(batch, 3, *SIZE, generator=torch.Generator().manual_seed(seed))


def test_shapes(net):
    first = net.keyframe(canvas())
    second = net.propagate(first, canvas(seed=2), torch.zeros(1, 2, *SIZE))
    for estimate in (first, second):
        assert estimate.radius.shape == estimate.confidence.shape == (1, 1, *SIZE)
        assert (estimate.radius > 0).all() and (estimate.confidence > 0).all()
        assert estimate.rays.shape == (1, 3, *SIZE)
        assert [f.shape for f in estimate.carried.features] == [(1, 32, 5, 7)] * 4
        assert estimate.uncovered.shape == (1,)
    torch.testing.assert_close(first.rays.norm(dim=1), torch.ones(1, *SIZE))
    assert second.rays is first.rays


def test_examples_of_a_batch_do_not_meet(net):
    flow = 3 * torch.randn(2, 2, *SIZE, generator=torch.Generator().manual_seed(3))
    both = net.propagate(net.keyframe(canvas(2)), canvas(2, seed=2), flow)
    for i in range(2):
        one = slice(i, i + 1)
        alone = net.propagate(net.keyframe(canvas(2)[one]), canvas(2, seed=2)[one], flow[one])
        torch.testing.assert_close(both.radius[one], alone.radius, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(both.uncovered[one], alone.uncovered)


def test_given_rays_replace_the_estimated_ones(net):
    rays = torch.nn.functional.normalize(torch.randn(1, 3, *SIZE), dim=1)
    given, estimated = net.keyframe(canvas(), rays), net.keyframe(canvas())
    assert given.rays is rays
    assert not torch.allclose(given.carried.features[0], estimated.carried.features[0])
    carried = net.propagate(given, canvas(seed=2), torch.zeros(1, 2, *SIZE))
    assert carried.rays is rays


def test_published_confidence_is_the_radius_again(net):
    first = net.keyframe(canvas())
    second = net.propagate(first, canvas(seed=2), torch.zeros(1, 2, *SIZE))
    assert first.published_confidence is None
    torch.testing.assert_close(second.published_confidence, second.radius / math.exp(2))
    assert not torch.allclose(second.confidence, second.published_confidence)


def test_heads_run_together_equal_heads_run_alone():
    torch.manual_seed(0)
    heads = [MapHead(16), MapHead(16)]
    for head in heads:
        torch.nn.init.normal_(head.norm.weight)
        torch.nn.init.normal_(head.norm.bias)
    x, size = torch.randn(2, 16, 9, 11), (17, 21)
    for together, head in zip(run_heads(heads, x, size), heads, strict=True):
        torch.testing.assert_close(together, head(x, size), rtol=1e-4, atol=1e-5)


def test_convnext_block_as_written():
    """x + reduce(GRN(GELU(expand(LN(depthwise(x)))))), with GRN spelt out."""
    torch.manual_seed(0)
    block, x = ConvNeXtBlock(6), torch.randn(2, 6, 9, 8)
    torch.nn.init.normal_(block.response.gamma)
    torch.nn.init.normal_(block.response.beta)
    y = torch.nn.functional.gelu(block.expand(block.norm(block.depthwise(x).permute(0, 2, 3, 1))))
    g = y.norm(dim=(1, 2), keepdim=True)
    y = block.response.gamma * (y * g / (g.mean(-1, keepdim=True) + 1e-6)) + block.response.beta + y
    torch.testing.assert_close(block(x), x + block.reduce(y).permute(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def whole_pixels(dx: int, dy: int, height: int, width: int) -> torch.Tensor:
    """Flow (1, 2, H, W) in picture units that says: the content came from (x + dx, y + dy)."""
    flow = torch.tensor([dx / (width - 1), dy / (height - 1)])
    return flow[None, :, None, None].expand(1, 2, height, width)


def test_warp_by_whole_cells():
    maps = torch.rand(1, 2, 6, 8) + 1
    warped = published_warp(maps, whole_pixels(2, -1, 6, 8), align_corners=True)
    torch.testing.assert_close(warped[..., 1:, :6], maps[..., :5, 2:], rtol=1e-4, atol=1e-5)
    assert (warped[..., 1:, 6:] == 0).all()
    assert (warped[..., 0, 1:] == 0).all()


def test_the_top_left_cell_reads_inside_when_its_source_is_outside():
    maps = torch.arange(81.0).view(1, 1, 9, 9)
    warped = published_warp(maps, whole_pixels(20, 0, 9, 9), align_corners=True)
    assert warped[0, 0, 0, 0] == maps[0, 0, 6, 6]  # three quarters across and down
    assert (warped.flatten()[1:] == 0).all()


def test_uncovered_is_the_share_that_comes_from_outside():
    rim = 1 - 9 * 19 / 200  # the last row and column count as uncovered, as published
    assert uncovered(whole_pixels(0, 0, 10, 20)).item() == pytest.approx(rim)
    assert uncovered(whole_pixels(5, 0, 10, 20)).item() == pytest.approx(1 - 9 * 14 / 200, abs=0.05)
    assert uncovered(whole_pixels(100, 0, 10, 20)).tolist() == [1.0]


def test_harmonics_are_orthonormal_on_the_sphere():
    polar = (np.arange(400) + 0.5) / 400 * np.pi
    azimuth = (np.arange(400) + 0.5) / 400 * 2 * np.pi
    theta, phi = np.meshgrid(polar, azimuth, indexing="ij")
    directions = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    values = harmonics(torch.from_numpy(directions)).numpy().reshape(-1, 15)
    area = (np.sin(theta) * (np.pi / 400) * (2 * np.pi / 400)).reshape(-1, 1)
    np.testing.assert_allclose(values.T @ (values * area), np.eye(15), atol=1e-4)


def test_pinhole_directions():
    """a = 1.1 - log 3 is a quarter of a turn; b = c = 0 is the middle."""
    parameters = torch.tensor([[1.1 - math.log(3), 0.0, 0.0]], dtype=torch.float64)
    directions = pinhole_directions(parameters, 100, 200)
    assert directions.shape == (1, 100, 200, 3)
    centre = directions[0, 49:51, 99:101].mean((0, 1))
    torch.testing.assert_close(centre, torch.tensor([0.0, 0, 1], dtype=torch.float64), atol=1e-3, rtol=0)
    left, right = directions[0, 50, 0], directions[0, 50, -1]
    angle = math.degrees(math.acos(float(left @ right)))
    assert angle == pytest.approx(90 * 199 / 200, abs=0.1)
    assert left[0] < 0 < right[0]
    assert directions[0, 0, 100, 1] > 0 > directions[0, -1, 100, 1]  # y up before the harmonics


def test_ray_embedding_of_one_direction():
    """Straight along x: polar angle pi/2, azimuth 0."""
    rays = torch.tensor([1.0, 0, 0])[None, :, None, None].expand(1, 3, 28, 56)
    embedding = embed_rays(rays, (2, 4), 8)
    assert embedding.shape == (1, 8, 8)
    frequencies = torch.tensor([2.0 ** (i / 3) for i in range(4)])  # from 1 to floor(4 / 2)
    torch.testing.assert_close(embedding[0, 5, :4], torch.sin(math.pi * math.pi / 2 * frequencies))
    assert (embedding[0, 5, 4:] == 0).all()


def test_hsv_flow_picture_is_that_of_colorsys():
    generator = torch.Generator().manual_seed(0)
    flow = 0.1 * torch.randn(1, 2, 4, 5, generator=generator)
    residual = torch.randn(1, 1, 4, 5, generator=generator)
    surprise = flow_picture(flow, residual, hsv=False)[0, 2] / 4 + 0.5
    picture = flow_picture(flow, residual, hsv=True)
    for y in range(4):
        for x in range(5):
            dx, dy = flow[0, :, y, x].tolist()
            hue, value = math.atan2(dy, dx) / (2 * math.pi) + 0.5, 10 * min(math.hypot(dx, dy), 0.1)
            rgb = colorsys.hsv_to_rgb(hue, float(surprise[y, x]), value)
            np.testing.assert_allclose(picture[0, :, y, x], (np.array(rgb) - 0.5) * 4, atol=1e-4)


def test_plain_flow_picture():
    flow, residual = torch.full((1, 2, 2, 2), 0.3), torch.zeros(1, 1, 2, 2)
    picture = flow_picture(flow, residual, hsv=False)
    torch.testing.assert_close(picture[:, :2], 10 * flow)
    grey = 0.299 * 0.485 + 0.587 * 0.456 + 0.114 * 0.406  # no residual: the ImageNet mean's luma
    torch.testing.assert_close(picture[:, 2:], torch.full((1, 1, 2, 2), (grey - 0.5) * 4))

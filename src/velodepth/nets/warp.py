"""Warping along flow, as the published network does it. Source: network.md, section 2.

Flow here is in units of the picture: pixels over (W - 1) and (H - 1). Two conventions coexist and both
matter: features are sampled with align_corners=True, radius and luma with align_corners=False.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import size_of


def last_pixel(maps: Tensor) -> Tensor:
    """(W - 1, H - 1) of maps (B, C, H, W)."""
    return size_of(maps).flip(0) - 1


def _centres(flow: Tensor) -> Tensor:
    """Cell centres (i + 0.5, j + 0.5) of a flow (B, 2, H, W) -> (H, W, 2)."""
    height, width = flow.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + 0.5
    y = torch.arange(height, device=flow.device, dtype=flow.dtype) + 0.5
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def sources(flow: Tensor) -> Tensor:
    """Flow (B, 2, H, W) -> where each cell comes from, (B, H, W, 2) in grid_sample coordinates."""
    steps = last_pixel(flow)
    positions = _centres(flow) + flow.permute(0, 2, 3, 1) * steps
    return 2 * (positions - 0.5) / steps - 1


def published_warp(maps: Tensor, flow: Tensor, align_corners: bool) -> Tensor:
    """Bring maps (B, C, H, W) along flow (B, 2, H, W); cells whose source is outside read zero.

    Except the top-left one: the published code overwrites an outside position with the cell's centre in
    pixels, which for the top-left cell, (0.5, 0.5), is a place inside.
    """
    grid = sources(flow)
    outside = (grid.abs() > 1).any(-1, keepdim=True)
    grid = torch.where(outside, _centres(flow), grid)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="zeros", align_corners=align_corners)


def uncovered(flow: Tensor) -> Tensor:
    """Share of cells whose source reads nothing, (B,). Source: network.md, section 7.

    Without motion the last row and column of an even size count, too: published positions reach from rim to
    rim of the map, where "nearest" falls outside.
    """
    ones = flow.new_ones(len(flow), 1, *flow.shape[-2:])
    read = F.grid_sample(ones, sources(flow), mode="nearest", padding_mode="zeros", align_corners=False)
    return (read < 0.5).float().mean((1, 2, 3))

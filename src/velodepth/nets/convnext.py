"""ConvNeXt V2 stages. Source: network.md, section 6.3; arXiv 2301.00808."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .channels import ChannelNorm

EPS = 1e-6


class ResponseNorm(nn.Module):
    """Global response normalisation of (B, H, W, C), as a scale and a shift for each channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, width))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, width))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """-> scale (B, 1, 1, C), shift (1, 1, 1, C): the normalised map is x * scale + shift."""
        response = x.square().sum((1, 2), keepdim=True).sqrt()  # vector_norm is 3 times slower here
        response = response / (response.mean(-1, keepdim=True) + 1e-6)
        return 1 + self.gamma * response, self.beta


class ConvNeXtBlock(nn.Module):
    """Depthwise 7x7, LayerNorm, MLP with global response normalisation; residual. (B, C, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.expand = nn.Linear(width, 4 * width)
        self.response = ResponseNorm(4 * width)
        self.reduce = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = F.gelu(self.expand(y))
        scale, shift = self.response(y)
        # reduce(y * scale + shift), with both put into reduce's weights: one pass less over a large map.
        weight = self.reduce.weight * scale.flatten(1, 2)
        bias = self.reduce(shift).flatten(1, 2)
        y = torch.baddbmm(bias, y.flatten(1, 2), weight.transpose(1, 2)).view_as(x.permute(0, 2, 3, 1))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXtStage(nn.Module):
    """Downsampling, then blocks: (B, C, H, W) -> (B, width, H/factor, W/factor), the remainder dropped.

    The first stage is a stem, by 4: convolution, then norm; the others norm first and go by 2.
    """

    def __init__(self, channels: int, width: int, depth: int, first: bool) -> None:
        super().__init__()
        if first:
            self.down = nn.Sequential(nn.Conv2d(channels, width, 4, 4), ChannelNorm(width, eps=EPS))
        else:
            self.down = nn.Sequential(ChannelNorm(channels, eps=EPS), nn.Conv2d(channels, width, 2, 2))
        self.blocks = nn.Sequential(*(ConvNeXtBlock(width) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.down(x))


def convnext(widths: tuple[int, ...], depths: tuple[int, ...]) -> nn.ModuleList:
    """The stages of a ConvNeXt V2 on three channels, at strides 4, 8, 16, ..."""
    channels = (3, *widths)
    return nn.ModuleList(
        ConvNeXtStage(channels[i], width, depth, first=i == 0)
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True))
    )

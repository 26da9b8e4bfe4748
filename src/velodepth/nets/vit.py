"""A plain DINOv2 vision transformer: the keyframe encoder of `large`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH = 14
GRID = 37  # the position embedding was learnt for 37 x 37 patches


class Attention(nn.Module):
    """Multi-head self-attention, (B, N, C) -> (B, N, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class ViTBlock(nn.Module):
    """Pre-norm transformer block with a learnt scale on each branch, (B, N, C) -> (B, N, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.scale1 = nn.Parameter(torch.ones(width))
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.scale2 = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale1 * self.attention(self.norm1(x))
        return x + self.scale2 * self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """DINOv2 with layer scale and without register tokens. Source: network.md, section 3.

    picks: the blocks, counted from 1, whose outputs are handed out.
    """

    def __init__(self, width: int, depth: int, heads: int, picks: tuple[int, ...]) -> None:
        super().__init__()
        self.picks = picks
        self.patches = nn.Conv2d(3, width, PATCH, PATCH)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + GRID * GRID, width))
        self.blocks = nn.ModuleList(ViTBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, canvas: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """canvas (B, 3, H, W), sides multiples of 14 -> per pick a map (B, H/14, W/14, C) and a class token
        (B, 1, C), shallowest first."""
        patches = self.patches(canvas)
        height, width = patches.shape[-2:]
        x = torch.cat([self.class_token.expand(len(canvas), -1, -1), patches.flatten(2).transpose(1, 2)], 1)
        x = x + self._positions(height, width)
        maps, tokens = [], []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.picks:
                out = self.norm(x)
                tokens.append(out[:, :1])
                maps.append(out[:, 1:].unflatten(1, (height, width)))
        return maps, tokens

    def _positions(self, height: int, width: int) -> Tensor:
        """The position embedding resized to height x width patches, the class token's first."""
        grid = self.positions[:, 1:].unflatten(1, (GRID, GRID)).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, (height, width), mode="bicubic")
        return torch.cat([self.positions[:, :1], grid.flatten(2).transpose(1, 2)], 1)

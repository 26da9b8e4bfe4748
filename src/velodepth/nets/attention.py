"""The attention block of the large decoder and of nano's layout tokens."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Mlp(nn.Module):
    """LayerNorm, Linear, GELU, Linear over the last axis."""

    def __init__(self, width: int, hidden: int, out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.reduce = nn.Linear(hidden, out)

    def forward(self, x: Tensor) -> Tensor:
        return self.reduce(F.gelu(self.expand(self.norm(x))))


class AttentionBlock(nn.Module):
    """Attention from x to a context (x itself when there is none), then an MLP; both residual.

    scaled: whether each branch has a learnt scale. Source: network.md, section 3.
    """

    def __init__(self, width: int, heads: int, expansion: int, scaled: bool) -> None:
        super().__init__()
        self.heads = heads
        self.norm_x = nn.LayerNorm(width)
        self.norm_context = nn.LayerNorm(width)
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.mlp = Mlp(width, expansion * width, width)
        self.scale1 = nn.Parameter(torch.ones(width)) if scaled else None
        self.scale2 = nn.Parameter(torch.ones(width)) if scaled else None

    def forward(self, x: Tensor, context: Tensor | None = None, positions: Tensor | None = None) -> Tensor:
        """x (B, N, C), context (B, M, C), positions (1, N, C), added to the queries alone -> (B, N, C)."""
        q = self.q(self.norm_x(x))
        if positions is not None:
            q = q + positions
        k, v = self.kv(self.norm_context(x if context is None else context)).chunk(2, -1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q, k, v))
        attended = self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        x = x + (attended if self.scale1 is None else self.scale1 * attended)
        mixed = self.mlp(x)
        return x + (mixed if self.scale2 is None else self.scale2 * mixed)

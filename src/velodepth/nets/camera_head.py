"""From the encoder's class tokens to a ray for every pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .angles import harmonics, pinhole_directions
from .attention import AttentionBlock, Mlp

GROUPS = (3, 3, 5, 7)  # tokens: pinhole parameters, then harmonics of degree 1, 2, 3


class CameraHead(nn.Module):
    """A pinhole camera bent by spherical harmonics. Source: network.md, section 4."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.split = nn.ModuleList(nn.Linear(width, count * width, bias=False) for count in GROUPS)
        self.positions = nn.Parameter(torch.zeros(1, sum(GROUPS), width))
        self.mix = nn.ModuleList(AttentionBlock(width, heads, expansion, scaled=True) for _ in range(2))
        self.pinhole = Mlp(width, width, 1)
        self.bends = nn.ModuleList(Mlp(width, width, 3) for _ in GROUPS[1:])

    def forward(self, tokens: list[Tensor], height: int, width: int) -> Tensor:
        """Four tokens (B, 1, D), shallowest first -> unit rays (B, 3, height, width), camera axes."""
        x = torch.cat(
            [
                split(t).unflatten(-1, (count, -1)).flatten(1, 2)
                for split, t, count in zip(self.split, tokens, GROUPS, strict=True)
            ],
            1,
        )
        for block in self.mix:
            x = block(x, positions=self.positions)
        pinhole, *bends = x.split(GROUPS, 1)
        directions = pinhole_directions(self.pinhole(pinhole).squeeze(-1), height, width)
        coefficients = torch.cat([bend(t) for bend, t in zip(self.bends, bends, strict=True)], 1)
        rays = torch.einsum("bhwk,bkc->bchw", harmonics(directions), coefficients)
        return F.normalize(rays, dim=1, eps=1e-5)

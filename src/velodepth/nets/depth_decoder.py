"""From conditioned features to radius and confidence at full canvas size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .channels import ChannelLinear, ChannelNorm


class ResidualUnit(nn.Module):
    """x + gamma * conv(leaky(conv(leaky(x)))), 3x3, (B, C, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.gamma = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(x, self.gamma, self.second(F.leaky_relu(self.first(F.leaky_relu(x)))))


class UpsamplingBlock(nn.Sequential):
    """Two residual units, a 1x1 convolution and bilinear x2: (B, C, H, W) -> (B, out, 2H, 2W)."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__(
            ResidualUnit(width),
            ResidualUnit(width),
            nn.Conv2d(width, out, 1),
            nn.Upsample(scale_factor=2, mode="bilinear"),
        )


class MapHead(nn.Module):
    """Latents (B, C, h, w) -> one number a pixel, (B, 1, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.project = ChannelLinear(width, width)
        self.coarse = nn.Conv2d(width, width // 2, 3, padding=1, padding_mode="reflect")
        self.fine = nn.Conv2d(width // 2, 32, 3, padding=1, padding_mode="reflect")
        self.last = nn.Conv2d(32, 1, 1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.finish(self.coarse(self.project(self.norm(x))), size)

    def finish(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """From the output of the coarse convolution, (B, C/2, h, w)."""
        x = F.interpolate(x, size, mode="bilinear", align_corners=True)
        return self.last(F.leaky_relu(self.fine(x)))

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of one convolution that does norm's scale and shift, project and coarse."""
        assert self.coarse.bias is not None
        weight = self.project.weight * self.norm.weight
        bias = self.project.weight @ self.norm.bias + self.project.bias
        return (
            torch.einsum("omyx,mi->oiyx", self.coarse.weight, weight),
            self.coarse.weight.sum((2, 3)) @ bias + self.coarse.bias,
        )


def run_heads(heads: list[MapHead], x: Tensor, size: tuple[int, int]) -> list[Tensor]:
    """`[head(x, size) for head in heads]`, faster: one normalisation and one convolution for all.

    The latents are large here, and a fifth of a propagated frame went into these layers one by one.
    """
    weights, biases = zip(*(head.folded() for head in heads), strict=True)
    norm = heads[0].norm
    x = F.layer_norm(x.permute(0, 2, 3, 1), norm.normalized_shape, eps=norm.eps).permute(0, 3, 1, 2)
    x = F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), torch.cat(weights), torch.cat(biases))
    return [head.finish(half, size) for head, half in zip(heads, x.chunk(len(heads), 1), strict=True)]


class DepthDecoder(nn.Module):
    """Features to radius and confidence. Source: network.md, section 5.

    width: channels of the features; out_width: least channels of the last latents.
    """

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        widths = (width, width, width // 2)
        last = max(width // 4, out_width)
        self.start = ChannelLinear(width, width)
        self.process = nn.ModuleList(
            nn.ConvTranspose2d(width, out, 2**i, 2**i) for i, out in enumerate(widths)
        )
        self.ups = nn.ModuleList(
            UpsamplingBlock(here, out) for here, out in zip(widths, (*widths[1:], last), strict=True)
        )
        self.log_radius = MapHead(last)
        self.log_confidence = MapHead(last)

    def forward(
        self, latents: Tensor, features: list[Tensor], size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """latents (B, D, h, w) to start from, features F_1..F_3 (B, D, h, w), canvas size (H, W)
        -> log radius (0 is e^2 metres) and log confidence, unclipped, both (B, 1, H, W)."""
        for feature, process, up in zip(features, self.process, self.ups, strict=True):
            latents = up(latents + process(feature))
        log_radius, log_confidence = run_heads([self.log_radius, self.log_confidence], latents, size)
        return log_radius, log_confidence


def radius_of(log_radius: Tensor) -> Tensor:
    """The decoder's log radius -> metres."""
    return torch.exp(log_radius.clip(-8, 8) + 2)


def confidence_of(log_confidence: Tensor) -> Tensor:
    """The decoder's log confidence -> confidence, above 0."""
    return torch.exp(log_confidence.clip(-8, 10))

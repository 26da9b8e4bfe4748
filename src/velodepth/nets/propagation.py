"""What changed since the last frame, and how it corrects the features carried along the flow.

Source: network.md, section 6. Flow here is in units of the picture: pixels over (W - 1) and (H - 1).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .channels import ChannelLinear, ChannelNorm
from .constants import constant
from .convnext import convnext
from .warp import published_warp

FLOW_WIDTH = 64
LUMA = (0.299, 0.587, 0.114)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def published_luma(picture: Tensor) -> Tensor:
    """(B, 3, H, W) RGB -> (B, 1, H, W)."""
    return (picture * constant(LUMA, picture)[:, None, None]).sum(1, keepdim=True)


def flow_picture(flow: Tensor, residual: Tensor, hsv: bool) -> Tensor:
    """Flow (B, 2, H, W) and luma residual (B, 1, H, W), as the picture (B, 3, H, W) the flow encoder sees.

    hsv: direction as hue, residual as saturation and length as value, instead of three plain channels.
    Source: network.md, section 6.2 and the checkpoint's own settings.
    """
    mean, std = constant(IMAGENET_MEAN, residual), constant(IMAGENET_STD, residual)
    surprise = published_luma(residual.abs() * std[:, None, None] + mean[:, None, None])
    if not hsv:
        return torch.cat([10 * flow, (surprise - 0.5) * 4], 1)
    dx, dy = flow.split(1, 1)
    hue = torch.atan2(dy, dx) / (2 * math.pi) + 0.5
    value = 10 * flow.norm(dim=1, keepdim=True).clip(max=0.1)
    sector = (hue * 6 + constant((5.0, 3.0, 1.0), flow)[:, None, None]) % 6
    rgb = value - value * surprise * torch.minimum(sector, 4 - sector).clip(0, 1)
    return (rgb - 0.5) * 4


class Observation(NamedTuple):
    """What a frame says about the change since the last one."""

    maps: list[Tensor]  # at stride 4, 8, 16, 32
    flow_feature: Tensor  # (B, 64, H/8, W/8)
    flow: Tensor  # (B, 2, H, W) refined, picture units


class Observer(nn.Module):
    """Compares a frame with what the last one leads to expect. Source: network.md, sections 6.1 to 6.6."""

    def __init__(
        self,
        widths: tuple[int, ...],
        depths: tuple[int, ...],
        flow_widths: tuple[int, int],
        flow_depths: tuple[int, int],
        hsv_flow: bool,
    ) -> None:
        super().__init__()
        self.hsv_flow = hsv_flow
        self.picture_stages = convnext(widths, depths)
        self.flow_stages = convnext(flow_widths, flow_depths)
        self.depth_stages = convnext(widths[:1], depths[:1])
        self.flow_feature = nn.Sequential(
            ChannelNorm(flow_widths[1]), ChannelLinear(flow_widths[1], FLOW_WIDTH)
        )
        self.refine = nn.Sequential(
            nn.Conv2d(FLOW_WIDTH, FLOW_WIDTH, 3, padding=1),
            nn.GroupNorm(1, FLOW_WIDTH),
            nn.LeakyReLU(),
            nn.Conv2d(FLOW_WIDTH, FLOW_WIDTH // 2, 3, padding=1),
            nn.LeakyReLU(),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            nn.Conv2d(FLOW_WIDTH // 2, 3, 3, padding=1),
        )
        self.flow_project = nn.Sequential(
            ChannelNorm(flow_widths[0]), ChannelLinear(flow_widths[0], widths[0])
        )

    def forward(self, canvas: Tensor, flow: Tensor, last_canvas: Tensor, last_radius: Tensor) -> Observation:
        """Canvases (B, 3, H, W), initial flow (B, 2, H, W) in picture units, radius (B, 1, H, W) metres."""
        size = canvas.shape[-2:]
        before = published_warp(published_luma(last_canvas), flow, align_corners=False)
        residual = published_luma(canvas) - before
        early_flow = self.flow_stages[0](flow_picture(flow, residual, self.hsv_flow))
        flow_feature = self.flow_feature(self.flow_stages[1](early_flow))
        change, gate = F.interpolate(self.refine(flow_feature), size, mode="bilinear").split((2, 1), 1)
        flow = change / 100 + flow

        expected = published_warp(last_radius, flow, align_corners=False)
        expected = (expected.clip(min=0.01).log() - 2) / 3
        expected = self.depth_stages[0](expected.expand(-1, 3, -1, -1))
        fused = self.picture_stages[0](canvas)
        gate = torch.sigmoid(F.interpolate(gate, fused.shape[-2:], mode="bilinear"))
        maps = [fused + expected * gate + self.flow_project(early_flow)]
        for stage in self.picture_stages[1:]:
            maps.append(stage(maps[-1]))
        return Observation(maps, flow_feature, flow)


class Correction(nn.Module):
    """Corrects one warped feature by what was observed. Source: network.md, section 6.7.

    width: channels of the features; seen: channels of the map it looks at.
    """

    def __init__(self, width: int, seen: int) -> None:
        super().__init__()
        narrow = width // 4
        self.look = nn.Sequential(ChannelNorm(seen), ChannelLinear(seen, seen))
        self.gate = nn.Sequential(
            ChannelNorm(FLOW_WIDTH),
            ChannelLinear(FLOW_WIDTH, FLOW_WIDTH),
            nn.LeakyReLU(),
            ChannelLinear(FLOW_WIDTH, narrow),
        )
        self.enter = nn.Conv2d(seen + width, narrow, 1)
        self.enter_norm = nn.GroupNorm(width // 16, narrow)
        self.mix = nn.Conv2d(narrow, narrow, 3, padding=1, padding_mode="reflect")
        self.mix_norm = nn.GroupNorm(width // 16, narrow)
        self.leave = nn.Conv2d(narrow, width, 1)

    def forward(self, warped: Tensor, last: Tensor, seen: Tensor, flow_feature: Tensor) -> Tensor:
        """warped and last features (B, D, h, w), map seen (B, C, any), flow feature (B, 64, h, w)
        -> corrected feature (B, D, h, w)."""
        look = F.interpolate(self.look(seen), warped.shape[-2:], mode="bilinear")
        x = self.enter_norm(self.enter(torch.cat([look, last - warped], 1)))
        x = F.leaky_relu(x) * torch.sigmoid(self.gate(flow_feature))
        x = F.leaky_relu(self.mix_norm(self.mix(x)))
        return warped + self.leave(x)

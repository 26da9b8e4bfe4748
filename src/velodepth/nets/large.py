"""The published network: a large keyframe network, and a small one that propagates its features.

Written from network.md alone; weights come from the published checkpoint by `velodepth.nets.published`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .angles import embed_rays
from .attention import AttentionBlock
from .camera_head import CameraHead
from .depth_decoder import DepthDecoder, confidence_of, radius_of
from .estimate import Estimate
from .propagation import Correction, Observation, Observer
from .vit import PATCH, VisionTransformer
from .warp import last_pixel, published_warp, uncovered

LEVELS = 4


@dataclass(frozen=True)
class LargeConfig:
    """Sizes of the network."""

    encoder_width: int
    encoder_depth: int
    encoder_heads: int
    picks: tuple[int, int, int, int]  # encoder blocks, counted from 1, whose outputs are used
    width: int  # of the decoder and the features
    out_width: int  # least width of the decoder's last latents
    observer_widths: tuple[int, int, int, int]
    observer_depths: tuple[int, int, int, int]
    flow_widths: tuple[int, int] = (80, 160)
    flow_depths: tuple[int, int] = (2, 2)
    heads: int = 8  # of the decoder's attention
    expansion: int = 4  # of the decoder's MLPs
    hsv_flow: bool = False  # the flow picture in colours of HSV


VITL = LargeConfig(
    encoder_width=1024,
    encoder_depth=24,
    encoder_heads=16,
    picks=(6, 12, 18, 24),
    width=512,
    out_width=64,
    observer_widths=(96, 192, 384, 768),
    observer_depths=(3, 3, 9, 3),
)
"""The published size, 390 M parameters."""

SMALL = LargeConfig(
    encoder_width=384,
    encoder_depth=12,
    encoder_heads=6,
    picks=(3, 6, 9, 12),
    width=128,
    out_width=32,
    observer_widths=(80, 160, 320, 640),
    observer_depths=(2, 2, 8, 2),
)
"""A 42 M stand-in for fast tests; no weights were published for it."""


class LargeCarried(NamedTuple):
    """What propagation starts from, beside the shown radius."""

    features: list[Tensor]  # F_0..F_3, (B, D, H/14, W/14)
    canvas: Tensor  # (B, 3, H, W)


class LargeNet(nn.Module):
    """Keyframe and propagation networks; a `velodepth.nets.estimate.DepthNet`.

    `keyframe` and `propagate` are made of the pure steps below them, in order.
    """

    carries = True

    def __init__(self, config: LargeConfig = VITL) -> None:
        super().__init__()
        self.config = config
        width, heads, expansion = config.width, config.heads, config.expansion
        encoder_width = config.encoder_width
        self.encoder = VisionTransformer(
            encoder_width, config.encoder_depth, config.encoder_heads, config.picks
        )
        self.adapt_maps = nn.ModuleList(nn.Linear(encoder_width, width) for _ in range(LEVELS))
        self.adapt_tokens = nn.ModuleList(nn.Linear(encoder_width, width) for _ in range(LEVELS))
        self.camera = CameraHead(width, heads, expansion)
        self.prompts = nn.ModuleList(
            AttentionBlock(width, heads, expansion, scaled=False) for _ in range(LEVELS)
        )
        self.decoder = DepthDecoder(width, config.out_width)
        self.observer = Observer(
            config.observer_widths,
            config.observer_depths,
            config.flow_widths,
            config.flow_depths,
            config.hsv_flow,
        )
        self.corrections = nn.ModuleList(Correction(width, seen) for seen in config.observer_widths[::-1])

    def keyframe(self, canvas: Tensor, rays: Tensor | None = None) -> Estimate:
        """Look anew at canvas (B, 3, H, W), H and W multiples of 14; see `DepthNet.keyframe`."""
        maps, tokens = self.encoder(canvas)
        if rays is None:
            rays = self.estimate_rays(tokens, canvas)
        features = self.condition(maps, rays)
        radius, confidence = self.decode_keyframe(features, canvas)
        return Estimate(
            radius, confidence, rays, canvas.new_zeros(len(canvas)), LargeCarried(features, canvas)
        )

    def propagate(self, last: Estimate, canvas: Tensor, flow: Tensor) -> Estimate:
        """Carry last to canvas (B, 3, H, W) along flow (B, 2, H, W); see `DepthNet.propagate`."""
        flow = flow / last_pixel(flow)[:, None, None]
        evidence = self.observer(canvas, flow, last.carried.canvas, last.radius)
        features = self.correct(last.carried.features, evidence)
        log_radius, log_confidence = self.decoder(features[0], features[1:], canvas.shape[-2:])
        return Estimate(
            radius_of(log_radius),
            confidence_of(log_confidence),
            last.rays,
            uncovered(evidence.flow),
            LargeCarried(features, canvas),
            published_confidence=confidence_of(log_radius),
        )

    def estimate_rays(self, tokens: list[Tensor], canvas: Tensor) -> Tensor:
        """The encoder's class tokens -> unit rays (B, 3, H, W) for canvas (B, 3, H, W)."""
        tokens = [adapt(token) for adapt, token in zip(self.adapt_tokens, tokens, strict=True)]
        return self.camera(tokens, *canvas.shape[-2:])

    def condition(self, maps: list[Tensor], rays: Tensor) -> list[Tensor]:
        """The encoder's maps (B, h, w, C) told the rays (B, 3, H, W) -> features F_0..F_3 (B, D, h, w)."""
        size = (rays.shape[2] // PATCH, rays.shape[3] // PATCH)
        embedding = embed_rays(rays, size, self.config.width)
        features = []
        for adapt, prompt, level in zip(self.adapt_maps, self.prompts, maps, strict=True):
            feature = prompt(adapt(level).flatten(1, 2), embedding)
            features.append(feature.unflatten(1, size).permute(0, 3, 1, 2))
        return features

    def decode_keyframe(self, features: list[Tensor], canvas: Tensor) -> tuple[Tensor, Tensor]:
        """Features of a keyframe -> radius and confidence (B, 1, H, W)."""
        log_radius, log_confidence = self.decoder(
            self.decoder.start(features[0]), features[1:], canvas.shape[-2:]
        )
        return radius_of(log_radius), confidence_of(log_confidence)

    def correct(self, last: list[Tensor], evidence: Observation) -> list[Tensor]:
        """Last frame's features (B, D, h, w), warped along the refined flow and corrected."""
        size = last[0].shape[-2:]
        flow = F.interpolate(evidence.flow, size, mode="bilinear", align_corners=True)
        flow_feature = F.interpolate(evidence.flow_feature, size, mode="bilinear")
        warped = published_warp(torch.cat(last, 1), flow, align_corners=True).chunk(LEVELS, 1)
        return [
            correction(moved, feature, seen, flow_feature)
            for correction, moved, feature, seen in zip(
                self.corrections, warped, last, evidence.maps[::-1], strict=True
            )
        ]

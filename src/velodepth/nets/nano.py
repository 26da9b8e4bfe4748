"""The `nano` networks: one that looks at a picture, one that carries what was seen to the next.

The idea of "Video Depth Propagation" (arXiv 2512.10725) at a size for two CPU cores, as five
small networks:

    encode     canvas                          -> pyramid, camera           (keyframe)
    condition  pyramid, rays                   -> features                  (keyframe)
    observe    clues, flow                     -> evidence, gates, flow     (propagated frame)
    correct    evidence, gates, warped         -> features                  (propagated frame)
    decode     features, canvas                -> log size, confidence      (both)

`features` are what propagation carries. Lists of maps run from stride 32 to stride 4. Flow is in
canvas pixels, current -> previous. Radius is metres along the ray: log size plus the logarithm of
the camera's focal length in canvas pixels (`focal_of`), since a picture only shows how large things
look and only the focal length turns that into metres.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import AttentionBlock
from .constants import constant
from .efficientnet import CHANNELS, EfficientNetLite2
from .estimate import Estimate

STRIDES = (32, 16, 8, 4)
WIDTHS = (96, 64, 48, 32)
"""Channels of the features at `STRIDES`."""
SPREADS = (2.0, 8.0, 8.0, 8.0)
"""What the encoder's maps at `STRIDES` are divided by: about their deviation, with ImageNet weights."""
LAYOUT = 192
"""Channels of the tokens, at stride 32, that see the whole picture at once (keyframe)."""
CONTEXT = 32
"""Channels of the motion context, at stride 8."""
NEED_MOVED, NEED_CHANGED = 2.0, 8.0
"""How fast gates open with motion (per canvas pixel) and with photometric residual (per unit of luma)."""
FOCAL_UNIT = 200.0
"""Focal length in canvas pixels at which log size is log metres."""


class Carried(NamedTuple):
    """What the next frame needs besides radius and rays."""

    features: list[Tensor]  # (B, WIDTHS[i], H / STRIDES[i], W / STRIDES[i])
    canvas: Tensor  # (B, 3, H, W) normalised
    flow: Tensor | None  # (B, 2, H/4, W/4) refined flow in canvas pixels; None on keyframes


def conv(inp: int, out: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """Padded by replication: padding with zeros leaves a rim of wrong depth around the picture."""
    return nn.Conv2d(
        inp, out, kernel, stride, kernel // 2, padding_mode="replicate" if kernel > 1 else "zeros"
    )


class Residual(nn.Module):
    """x + conv(relu(conv(relu(x))))."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(F.relu(x))))


def enlarge(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)


def bilinear_shares() -> Tensor:
    """(9, 16): what bilinear enlarging by 4 takes of each of 3 x 3 cells, for each of 4 x 4 pixels."""
    offset = (torch.arange(4) + 0.5) / 4 - 0.5
    line = torch.stack([(-offset).clamp_min(0), 1 - offset.abs(), offset.clamp_min(0)])  # (3, 4)
    return (line[:, None, :, None] * line[None, :, None, :]).reshape(9, 16)


def enlarge_by(x: Tensor, shares: Tensor) -> Tensor:
    """(B, 1, h, w) and logits (B, 9 * 16, h, w) -> (B, 1, 4 h, 4 w), convex means of the 3 x 3 cells around.

    The convex upsampling of RAFT (arXiv 2003.12039, section 3.3) for one channel.
    """
    h, w = x.shape[-2:]
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    near = [padded[:, :, i : i + h, j : j + w] for i in range(3) for j in range(3)]
    weights = [torch.exp(logits) for logits in shares.clamp(-12, 12).split(16, 1)]
    total = sum(weights[1:], weights[0])
    mixed = sum((a * b for a, b in zip(weights[1:], near[1:], strict=True)), weights[0] * near[0])
    return F.pixel_shuffle(mixed / total, 4)


class Nano(nn.Module):
    """The network that looks and, where it `carries`, the one that propagates.

    Every method is pure: tensors in, tensors out.

    Canvases are (B, 3, H, W), ImageNet-normalised, H and W multiples of 32.
    """

    def __init__(self, carries: bool = False) -> None:
        super().__init__()
        self.carries = carries
        pairs = list(itertools.pairwise(WIDTHS))
        # Keyframe.
        self.encoder = EfficientNetLite2()
        # Normalised, and leaky: pooled features are large, and plain hidden units died of them.
        self.camera = nn.Sequential(
            nn.LayerNorm(CHANNELS[-1]), nn.Linear(CHANNELS[-1], 64), nn.LeakyReLU(0.1), nn.Linear(64, 3)
        )
        self.lateral = nn.ModuleList(conv(c + 3, w, 1) for c, w in zip(CHANNELS[::-1], WIDTHS, strict=True))
        self.scene = nn.Linear(WIDTHS[0], WIDTHS[0])
        self.layout = nn.Sequential(
            nn.Linear(CHANNELS[-1] + 3, LAYOUT), *(AttentionBlock(LAYOUT, 6, 2, False) for _ in range(2)),
            nn.LayerNorm(LAYOUT), nn.Linear(LAYOUT, WIDTHS[0]),
        )  # fmt: skip
        self.descend = nn.ModuleList(conv(a, b, 1) for a, b in pairs)
        self.refine = nn.ModuleList(nn.Sequential(Residual(w), Residual(w)) for w in WIDTHS[1:])
        # Decoder, shared by keyframes and propagated frames.
        self.mix = nn.ModuleList(Residual(w) for w in WIDTHS[:-1])
        self.narrow = nn.ModuleList(conv(a, b, 1) for a, b in pairs)
        self.doubt = nn.Sequential(conv(WIDTHS[-2], 24), nn.ReLU(), conv(24, 1, 1))
        self.coarse = conv(WIDTHS[-1], 1, 1)
        self.shares = nn.Sequential(conv(WIDTHS[-1] + 48, 32), nn.ReLU(), conv(32, 9 * 16, 1))
        if carries:
            self._add_propagation(pairs)
        self._start_small()

    def _add_propagation(self, pairs: list[tuple[int, int]]) -> None:
        self.stem = conv(7, WIDTHS[-1], stride=2)
        self.down = nn.ModuleList(conv(b, a, stride=2) for a, b in pairs)
        self.motion = nn.ModuleList(conv(w, CONTEXT, 1) for w in WIDTHS[:-1])
        self.motion_mix = conv(CONTEXT, CONTEXT)
        self.flow_change = conv(CONTEXT, 2)
        self.gate = conv(CONTEXT, len(WIDTHS), 1)
        self.meet = nn.ModuleList(conv(2 * w, w // 2, 1) for w in WIDTHS)
        self.change = nn.ModuleList(conv(w // 2, w) for w in WIDTHS)

    def _start_small(self) -> None:
        """At first: a centred camera of 60 degrees, about one depth for all, residuals that add little,
        bilinear enlarging, and propagation that only warps. With larger ones training from ImageNet weights
        may end where one depth for all is all that it says."""
        propagation = (self.flow_change, *self.change) if self.carries else ()
        for layer in (self.camera[3], self.layout[-1], self.shares[2], *propagation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        refined = [each.second for each in self.modules() if isinstance(each, Residual)]
        with torch.no_grad():
            for layer in (self.coarse, self.doubt[2], *refined):
                cast(Tensor, layer.weight).mul_(0.1)
        starts = {
            self.coarse: torch.tensor([0.5]),
            self.doubt[2]: torch.tensor([-1.0]),
            self.shares[2]: torch.log(bilinear_shares() + 1e-3).flatten(),
        }
        with torch.no_grad():
            for layer, start in starts.items():
                cast(Tensor, layer.bias).copy_(start)

    # ---- the five graphs

    def encode(self, canvas: Tensor) -> tuple[list[Tensor], Tensor]:
        """Canvas -> pyramid of `CHANNELS` (reversed) and camera (B, 3), read by `pinhole_of`."""
        pyramid = self.encoder(canvas)[::-1]
        return pyramid, self.camera(pyramid[0].mean((2, 3)))

    def condition(self, pyramid: list[Tensor], rays: Tensor) -> list[Tensor]:
        """Pyramid, and rays (B, 3, H/4, W/4) averaged over 4 x 4 pixels -> features."""
        seen = [
            torch.cat([level / spread, F.avg_pool2d(rays, stride // 4)], 1)
            for stride, spread, level in zip(STRIDES, SPREADS, pyramid, strict=True)
        ]
        features = [lateral(x) for x, lateral in zip(seen, self.lateral, strict=True)]
        scene = self.scene(F.relu(features[0]).mean((2, 3)))
        # Rays tell the tokens where they look, so attention needs no other positions.
        layout = self.layout(seen[0].flatten(2).transpose(1, 2)).transpose(1, 2).reshape(features[0].shape)
        x = features[0] + scene[:, :, None, None] + layout
        refined = [x]
        # Costly once here rather than in the decoder, which every propagated frame runs.
        for feature, descend, refine in zip(features[1:], self.descend, self.refine, strict=True):
            x = refine(feature + enlarge(descend(x), 2))
            refined.append(x)
        return refined

    def decode(self, features: list[Tensor], canvas: Tensor) -> tuple[Tensor, Tensor]:
        """Features and canvas -> log size and confidence, both (B, 1, H, W).

        Every pixel is a mean of the 3 x 3 cells of stride 4 around it, in shares read off the features and
        the picture's own pixels: edges stay sharp, and on propagated frames lie where the picture has them.
        """
        x = features[0]
        for feature, mix, narrow in zip(features[1:], self.mix, self.narrow, strict=True):
            mixed = mix(x)
            x = feature + enlarge(narrow(mixed), 2)
        x, error = F.relu(x), self.doubt(F.relu(mixed))
        shares = self.shares(torch.cat([x, F.pixel_unshuffle(canvas, 4)], 1))
        # With expected error softplus(e), exp(-error) is sigmoid(-e).
        return enlarge_by(self.coarse(x), shares), torch.sigmoid(-enlarge(error, 8))

    def observe(self, clues: Tensor, flow: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """Clues (B, 7, H/2, W/2) and flow (B, 2, H/4, W/4) -> evidence of `WIDTHS`, gates, refined flow.

        Gates (B, 4, H/8, W/8), one for each stride, say how far to correct. They close where the picture
        neither moved nor changed: a still picture keeps its answer, however long it stands.
        """
        evidence = [self.stem(clues)]
        for down in reversed(self.down):
            evidence.insert(0, down(F.relu(evidence[0])))
        context = self.motion[0](F.relu(evidence[0]))
        for motion, level in zip(self.motion[1:], evidence[1:-1], strict=True):
            context = enlarge(context, 2) + motion(F.relu(level))
        context = F.relu(self.motion_mix(F.relu(context)))
        moved = F.avg_pool2d(flow, 2).square().sum(1, keepdim=True).sqrt()
        changed = F.avg_pool2d(clues[:, 5:6].abs(), 4)
        needed = 1 - torch.exp(-NEED_MOVED * moved - NEED_CHANGED * changed)
        refined = flow + enlarge(self.flow_change(context) * needed, 2)
        return evidence, torch.sigmoid(self.gate(context)) * needed, refined

    def correct(self, evidence: list[Tensor], gates: Tensor, warped: list[Tensor]) -> list[Tensor]:
        """Evidence, gates (B, 4, H/8, W/8) and warped features -> features of the new frame."""
        features = []
        for i, (stride, gate) in enumerate(zip(STRIDES, gates.split(1, 1), strict=True)):
            gate = F.avg_pool2d(gate, stride // 8) if stride >= 8 else enlarge(gate, 2)
            both = F.relu(self.meet[i](torch.cat([F.relu(evidence[i]), warped[i]], 1)))
            features.append(warped[i] + gate * self.change[i](both))
        return features

    # ---- a frame, start to end

    def keyframe(self, canvas: Tensor, rays: Tensor | None = None) -> Estimate:
        """Look anew. `rays` (B, 3, H, W) of a known camera, else estimated."""
        pyramid, camera = self.encode(canvas)
        if rays is None:
            rays = pinhole_rays(camera, *canvas.shape[-2:])
        features = self.condition(pyramid, F.avg_pool2d(rays, 4))
        size, confidence = self.decode(features, canvas)
        radius = radius_of(size, rays)
        nothing = canvas.new_zeros(len(canvas))
        return Estimate(radius, confidence, rays, nothing, Carried(features, canvas, None))

    def propagate(self, last: Estimate, canvas: Tensor, flow: Tensor) -> Estimate:
        """Carry `last` to `canvas` along `flow` (B, 2, H, W)."""
        evidence, gates, refined = self.observe(clues(last, canvas, flow), F.avg_pool2d(flow, 4))
        warped = [
            warp(feature, F.avg_pool2d(refined, stride // 4) / stride)
            for stride, feature in zip(STRIDES, last.carried.features, strict=True)
        ]
        features = self.correct(evidence, gates, warped)
        size, confidence = self.decode(features, canvas)
        carried = Carried(features, canvas, refined)
        return Estimate(radius_of(size, last.rays), confidence, last.rays, outside(refined), carried)


# ---- geometry around the networks


def warp(x: Tensor, flow: Tensor) -> Tensor:
    """Bilinear read of (B, C, h, w) at pixel + flow (B, 2, h, w), in pixels of x; zero outside.

    Positions are rounded to 1/32 pixel, OpenCV's grain, so that both runtimes read the same; the gradient
    ignores the rounding.
    """
    h, w = x.shape[-2:]
    flow = flow + (torch.round(flow * 32) / 32 - flow).detach()
    u = torch.arange(w, device=x.device, dtype=x.dtype) + 0.5
    v = torch.arange(h, device=x.device, dtype=x.dtype)[:, None] + 0.5
    grid = torch.stack([(u + flow[:, 0]) * (2 / w) - 1, (v + flow[:, 1]) * (2 / h) - 1], -1)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def outside(refined: Tensor) -> Tensor:
    """Share (B,) of cells whose source under the refined flow (B, 2, H/4, W/4) lies outside."""
    h, w = refined.shape[-2:]
    u = refined[:, 0] / 4 + torch.arange(w, device=refined.device)
    v = refined[:, 1] / 4 + torch.arange(h, device=refined.device)[:, None]
    away = (u < -0.5) | (u > w - 0.5) | (v < -0.5) | (v > h - 0.5)
    return away.float().mean((1, 2))


def luma(canvas: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W), Rec. 601 weights."""
    return 0.299 * canvas[:, :1] + 0.587 * canvas[:, 1:2] + 0.114 * canvas[:, 2:]


def clues(last: Estimate, canvas: Tensor, flow: Tensor) -> Tensor:
    """What propagation sees, (B, 7, H/2, W/2): picture, flow / 10, photometric residual, warped size."""
    now, before = F.avg_pool2d(canvas, 2), F.avg_pool2d(last.carried.canvas, 2)
    flow = F.avg_pool2d(flow, 2) / 2
    size = F.avg_pool2d(torch.log(last.radius), 2) - torch.log(focal_of(last.rays) / FOCAL_UNIT)
    warped = warp(torch.cat([luma(before), size], 1), flow)
    return torch.cat([now, flow / 10, luma(now) - warped[:, :1], warped[:, 1:]], 1)


def radius_of(size: Tensor, rays: Tensor) -> Tensor:
    """Log size -> metres along the ray; clipped to about 3 mm .. 3 km at the focal unit."""
    return torch.exp(size.clamp(-6, 8)) * (focal_of(rays) / FOCAL_UNIT)


def focal_of(rays: Tensor) -> Tensor:
    """Effective focal length of any camera in canvas pixels, (B, 1, 1, 1): that of a sphere on which
    the picture's pixels cover the solid angle they really cover, sqrt(pixels / solid angle)."""
    right, below = rays[:, :, :-1, 1:] - rays[:, :, :-1, :-1], rays[:, :, 1:, :-1] - rays[:, :, :-1, :-1]
    angle = torch.linalg.cross(right, below, dim=1).square().sum(1).sqrt()
    return angle.mean((1, 2)).rsqrt().view(-1, 1, 1, 1)


def pinhole_of(camera: Tensor, height: int, width: int) -> Tensor:
    """Camera head (B, 3) -> focal length, cx, cy in canvas pixels (B, 3): 60 degrees and centred at zero."""
    unit = constant((1.0, float(width), float(height)), camera)
    focal = math.sqrt(width * height) * torch.exp(camera[:, :1].clamp(-2, 2))
    return torch.cat([focal, 0.5 + camera[:, 1:].clamp(-0.5, 0.5)], 1) * unit


def pinhole_rays(camera: Tensor, height: int, width: int) -> Tensor:
    """Camera head (B, 3) -> unit rays through pixel centres, (B, 3, H, W)."""
    focal, cx, cy = pinhole_of(camera, height, width)[:, :, None, None].unbind(1)
    u = torch.arange(width, device=camera.device, dtype=camera.dtype) + 0.5
    v = torch.arange(height, device=camera.device, dtype=camera.dtype)[:, None] + 0.5
    x, y = torch.broadcast_tensors((u - cx) / focal, (v - cy) / focal)
    return torch.stack([x, y, torch.ones_like(x)], 1) / torch.sqrt(x * x + y * y + 1)[:, None]

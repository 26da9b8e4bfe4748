"""Rays from camera parameters and spherical harmonics, and their embedding.

Source: network.md, sections 4 and 5.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .constants import size_of


def pinhole_directions(parameters: Tensor, height: int, width: int) -> Tensor:
    """(a, b, c) of shape (B, 3) -> unit directions (B, H, W, 3) through the pixel centres.

    a sets the field of view, b and c the principal point. Axes: x right, y up, z forward.
    """
    a, b, c = parameters[:, :, None, None].unbind(1)
    horizontal = 2 * math.pi * torch.sigmoid(a - 1.1)
    vertical = horizontal * height / width
    u = torch.arange(width, device=parameters.device, dtype=parameters.dtype) + 0.5
    v = torch.arange(height, device=parameters.device, dtype=parameters.dtype)[:, None] + 0.5
    longitude = (u - width * torch.sigmoid(b)) / width * horizontal
    latitude = (v - height * torch.sigmoid(c)) / height * vertical
    x = torch.cos(latitude) * torch.sin(longitude)
    y = -torch.sin(latitude).expand_as(x)
    z = torch.cos(latitude) * torch.cos(longitude)
    return F.normalize(torch.stack([x, y, z], -1), dim=-1)


def harmonics(directions: Tensor) -> Tensor:
    """Real spherical harmonics of degrees 1 to 3: (..., 3) unit directions -> (..., 15)."""
    x, y, z = directions.unbind(-1)
    xx, yy, zz = x * x, y * y, z * z
    return torch.stack(
        [
            -0.48860251190292 * y,
            0.48860251190292 * z,
            -0.48860251190292 * x,
            1.09254843059208 * x * y,
            -1.09254843059208 * y * z,
            0.94617469575756 * zz - 0.31539156525252,
            -1.09254843059208 * x * z,
            0.54627421529604 * (xx - yy),
            -0.590043589926644 * y * (3 * xx - yy),
            2.89061144264055 * x * y * z,
            0.304697199642977 * y * (1.5 - 7.5 * zz),
            1.24392110863372 * z * (1.5 * zz - 0.5) - 0.497568443453487 * z,
            0.304697199642977 * x * (1.5 - 7.5 * zz),
            1.44530572132028 * z * (xx - yy),
            -0.590043589926644 * x * (xx - 3 * yy),
        ],
        -1,
    )


def embed_rays(rays: Tensor, size: tuple[int, int], channels: int) -> Tensor:
    """Rays (B, 3, H, W), averaged to size (h, w) -> sines of their two angles, (B, h * w, channels)."""
    rays = F.interpolate(rays, size, mode="bilinear", antialias=True)
    x, y, z = (rays / rays.norm(dim=1, keepdim=True).clip(min=1e-4)).unbind(1)
    polar = torch.acos(z.clip(-1, 1))
    azimuth = torch.atan2(y, torch.where(x < 0, x.clip(max=-1e-3), x.clip(min=1e-3)))
    highest = size_of(rays).max().div(2, rounding_mode="floor")
    frequencies = highest ** torch.linspace(0, 1, channels // 2, device=rays.device, dtype=rays.dtype)
    angles = torch.stack([polar, azimuth], -1).flatten(1, 2)
    return torch.sin(math.pi * angles[..., None] * frequencies).flatten(2)

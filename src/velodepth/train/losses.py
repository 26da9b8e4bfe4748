"""What the networks are taught with. Maps are (B, 1, H, W); `known` is 1 where there is truth.

All depth losses act on the error of log size, which is the error of log radius for the true camera.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..nets.nano import FOCAL_UNIT, focal_of


def masked_mean(x: Tensor, known: Tensor) -> Tensor:
    return (x * known).sum() / known.sum().clamp_min(1)


def true_size(radius: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """True radius in metres, 0 where unknown -> log size and the mask of where it is known."""
    known = (radius > 0).to(radius.dtype)
    return torch.log(radius.clamp_min(1e-3)) - torch.log(focal_of(rays) / FOCAL_UNIT), known


def scale_of(error: Tensor, known: Tensor) -> Tensor:
    """Median error of each picture, (B, 1, 1, 1): the part that one scale factor explains."""
    hidden = error.detach().masked_fill(known == 0, float("nan")).flatten(1)
    return hidden.nanmedian(1).values.nan_to_num().view(-1, 1, 1, 1)


def depth_loss(size: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """L1 of log size as it is and without each picture's scale, plus `edge_loss`."""
    error = size - truth
    shape = masked_mean((error - scale_of(error, known)).abs(), known)
    return 0.5 * masked_mean(error.abs(), known) + shape + 0.5 * edge_loss(error, known)


def edge_loss(error: Tensor, known: Tensor, scales: int = 4) -> Tensor:
    """Differences of the error between pixels 1, 2, 4 and 8 apart: edges where and as they are in truth."""
    total = error.new_zeros(())
    for step in (2**i for i in range(scales)):
        for axis in (2, 3):
            n = error.shape[axis] - step
            a, b = error.narrow(axis, 0, n), error.narrow(axis, step, n)
            both = known.narrow(axis, 0, n) * known.narrow(axis, step, n)
            total = total + masked_mean((a - b).abs(), both)
    return total / scales


def temporal_loss(size: Tensor, last: Tensor, truth: Tensor, last_truth: Tensor, known: Tensor) -> Tensor:
    """Change of log size since the frame before, in place, against the true change."""
    change, true_change = size - last, truth - last_truth
    return masked_mean((change - true_change).abs(), known * (true_change.abs() < 0.1))


def confidence_loss(confidence: Tensor, size: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """The error that confidence promises, -log confidence, against the one made."""
    made = (size - truth).abs().detach().clamp_max(3)
    return masked_mean((-torch.log(confidence.clamp_min(1e-6)) - made).abs(), known)


def camera_loss(camera: Tensor, truth: Tensor) -> Tensor:
    """Log focal length and principal point (in canvas sizes), L1."""
    return F.l1_loss(camera[:, 0], truth[:, 0]) + F.l1_loss(camera[:, 1:], truth[:, 1:])


def feature_loss(features: list[Tensor], teacher: list[Tensor]) -> Tensor:
    """Each level against the keyframe network's own features of the same frame, relative to their spread."""
    return sum(
        ((a - b).abs().mean() / b.std().clamp_min(1e-3) for a, b in zip(features, teacher, strict=True)),
        torch.zeros((), device=features[0].device),
    ) / len(features)

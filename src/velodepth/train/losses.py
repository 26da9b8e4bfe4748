"""What the networks are taught with.

Maps are (B, 1, H, W) float32; `known` is 1 where there is truth, else 0. All depth losses act on the error
of log size, which is the error of log radius for the true camera.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..nets.nano import luma, warp
from .config import Weights

CONTOUR = math.log(1.1)
"""Neighbours of truth that differ by more in log size have an occluding contour between them."""
CONSISTENT = 0.02
"""Truth agrees with a warped point within this share of its distance where nothing moved by itself."""


def masked_mean(x: Tensor, known: Tensor) -> Tensor:
    return (x * known).sum() / known.sum().clamp_min(1)


def scale_of(error: Tensor, known: Tensor) -> Tensor:
    """Median error of each picture, (B, 1, 1, 1): the part that one scale factor explains."""
    hidden = error.detach().masked_fill(known == 0, float("nan")).flatten(1)
    return hidden.nanmedian(1).values.nan_to_num().view(-1, 1, 1, 1)


def depth_loss(
    size: Tensor, truth: Tensor, known: Tensor, weights: Weights, weight: Tensor | None = None
) -> Tensor:
    """L1 of log size as it is and without each picture's scale, in metres, and at edges.

    weight: of the differences between pixels, see `edge_loss`.
    """
    error = size - truth
    return (
        weights.metric * masked_mean(error.abs(), known)
        + weights.shape * masked_mean((error - scale_of(error, known)).abs(), known)
        + weights.linear * linear_loss(error, truth, known)
        + weights.edges * edge_loss(error, truth, known, weights.contour, weight)
    )


def linear_loss(error: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """|p - g| / median(g) after median scaling, at most 1: what is far counts in metres, too."""
    true_size = torch.exp((truth - scale_of(truth, known)).clamp(-4, 3))
    change = torch.exp((error - scale_of(error, known)).clamp(-2, 2)) - 1
    return masked_mean((true_size * change).abs().clamp_max(1), known)


def edge_loss(
    error: Tensor,
    truth: Tensor,
    known: Tensor,
    contour: float = 0.0,
    weight: Tensor | None = None,
    scales: int = 4,
) -> Tensor:
    """Gradient matching: differences of the error between pixels 1, 2, 4 and 8 apart, so that edges are where
    and as they are in truth.

    contour: how much more a pair of pixels counts that has an occluding contour of truth between them.
    weight: 1 or above, how much a pixel counts beside that.
    """
    total = error.new_zeros(())
    for axis in (2, 3):
        jump = _differences(truth, axis, 1).abs() > CONTOUR
        jump &= (known.narrow(axis, 0, jump.shape[axis]) * known.narrow(axis, 1, jump.shape[axis])) > 0
        for step in (2**i for i in range(scales)):
            n = error.shape[axis] - step
            both = known.narrow(axis, 0, n) * known.narrow(axis, step, n)
            window = (step, 1) if axis == 2 else (1, step)
            crossed = F.max_pool2d(jump.to(error.dtype), window, stride=1)
            change = _differences(error, axis, step).abs() * (1 + contour * crossed)
            if weight is not None:
                change = change * weight.narrow(axis, 0, n)
            total = total + masked_mean(change, both)
    return total / scales


def _differences(x: Tensor, axis: int, step: int) -> Tensor:
    n = x.shape[axis] - step
    return x.narrow(axis, 0, n) - x.narrow(axis, step, n)


def temporal_loss(error: Tensor, last_error: Tensor, known: Tensor, weight: Tensor) -> Tensor:
    """Edges in time: change of log size since the frame before, in place, against the true change."""
    return masked_mean((error - last_error).abs().clamp_max(1) * weight, known)


def surprise(canvas: Tensor, last: Tensor, flow: Tensor, strength: float) -> Tensor:
    """Weight of edges, (B, 1, H, W): 1 where the flow explains the canvas (B, 3, H, W), and `strength` more
    for each unit of photometric residual (of normalised luma, at most 1)."""
    residual = (luma(canvas) - warp(luma(last), flow)).abs()
    return 1 + strength * residual.clamp_max(1)


def confidence_loss(confidence: Tensor, error: Tensor, known: Tensor) -> Tensor:
    """The relative error that confidence promises, -log confidence, against the one made after scaling.

    Squared, so that what is learnt is the mean: many small errors with a few large ones are no sure thing.
    """
    made = (torch.exp((error - scale_of(error, known)).detach()) - 1).abs().clamp_max(2)
    return masked_mean((-torch.log(confidence.clamp_min(1e-6)) - made).square(), known)


def camera_loss(camera: Tensor, truth: Tensor) -> Tensor:
    """Log focal length and principal point (in canvas sizes) of nano's camera head (B, 3), L1."""
    return F.l1_loss(camera[:, 0], truth[:, 0]) + F.l1_loss(camera[:, 1:], truth[:, 1:])


def ray_loss(rays: Tensor, truth: Tensor) -> Tensor:
    """Mean distance of unit rays (B, 3, H, W): for small errors the angle in radians."""
    return (rays - truth).square().sum(1).add(1e-12).sqrt().mean()


def feature_loss(features: list[Tensor], teacher: list[Tensor]) -> Tensor:
    """Each level against the keyframe network's own features of the same frame, relative to their spread."""
    return sum(
        ((a - b).abs().mean() / b.std().clamp_min(1e-3) for a, b in zip(features, teacher, strict=True)),
        torch.zeros((), device=features[0].device),
    ) / len(features)


def flow_loss(refined: Tensor, truth: Tensor, visible: Tensor) -> Tensor:
    """Refined flow (B, 2, h, w) in canvas pixels against the mean of true flow (B, 2, H, W) over each cell
    that is visible as a whole; errors count up to 8 pixels."""
    if refined.shape[-2:] != truth.shape[-2:]:
        factor = truth.shape[-1] // refined.shape[-1]
        truth, visible = F.avg_pool2d(truth, factor), (F.avg_pool2d(visible, factor) > 0.999).float()
    error = (refined - truth).abs().sum(1, keepdim=True).clamp_max(8)
    return masked_mean(error, visible)


def consistency_loss(
    radius: Tensor, last: Tensor, truth: Tensor, last_truth: Tensor, rays: Tensor,
    flow: Tensor, visible: Tensor, pose: Tensor,
) -> Tensor:  # fmt: skip
    """Points of another frame, brought here along the true flow and moved by the true pose, against the
    points here: their distance as a share of the true radius, at most 1.

    radius, last: predicted here and there; truth, last_truth: true ones, 0 where unknown; rays (B, 3, H, W);
    flow, visible: true, from here to there; pose (B, 4, 4): there to here, NaN where unknown. Pixels count
    where truth agrees with itself.
    """

    def apart(here: Tensor, there: Tensor) -> Tensor:
        points = warp(there * rays, flow)
        moved = torch.einsum("bij,bjhw->bihw", turn, points) + shift
        return (moved - here * rays).square().sum(1, keepdim=True).add(1e-12).sqrt()

    known = visible * torch.isfinite(pose).all((1, 2)).view(-1, 1, 1, 1) * (truth > 0)
    turn, shift = pose.nan_to_num()[:, :3, :3], pose.nan_to_num()[:, :3, 3, None, None]
    distance = truth.clamp_min(1e-3)
    still = known * (apart(truth, last_truth) < CONSISTENT * distance)
    return masked_mean((apart(radius, last) / distance).clamp_max(1), still)

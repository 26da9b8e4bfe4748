"""The step of `stream/fuse.py` on tensors, exported beside the networks: what was just observed is
fused with what is carried along the flow. That module says what each line is for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.onnx.operators import shape_as_tensor


def fuse(
    settings: Mapping[str, float],
    log_radius: Tensor,
    precision: Tensor,
    confidence: Tensor,
    observed_radius: Tensor,
    observed_confidence: Tensor,
    residual: Tensor,
    independent: Tensor,
    looks: Tensor,
    moved: Tensor,
    travelled: Tensor,
    rest: Tensor,
    frames: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Carried and observed -> log radius, precision and confidence, (1, 1, H, W) each.

    settings: the constants of `stream/fuse.py` by their names. log_radius, precision, confidence: what is
    carried; observed_...: of a look that says something of every pixel; residual, independent: of `Evidence`;
    all (1, 1, H, W). looks: of the shot so far; moved, travelled, rest, frames: of `Evidence`; all (1,).
    """
    s = settings

    def mixed(moving: Tensor | float, standing: Tensor | float) -> Tensor:
        return (1 - rest) * moving + rest * standing

    observed = torch.log(observed_radius)
    difference = observed - log_radius
    changed = (2 * residual / s["CHANGED"] - 1).clamp(0, 1)
    comparable = precision.clamp(max=1) * (1 - independent) * (1 - changed)
    overall = _median(difference, comparable > 0.5)
    comparable = comparable * (2.5 - 2 / s["SPAN"] * (difference - overall).abs()).clamp(0, 1)
    scale = _smooth(difference, comparable, s["CELL"])
    drifted = (s["DRIFT"] * moved * frames).clamp(max=s["MOST_DRIFT"])
    standing = _alike(looks) + s["DRIFT"] * travelled * frames
    settling = mixed(torch.maximum(1 / (looks + 1), drifted).clamp(min=s["SETTLED"]), standing)
    followed = mixed(drifted.clamp(min=s["SLOW"]), standing) * (scale - overall) + settling * overall
    detail = difference - scale
    surprise = _blurred(detail, s["BLUR"]).abs() / s["SURPRISE"]
    hinted = (residual / s["HINT"] - 1).clamp(0, 1)
    news = mixed(surprise - 1, (2 * surprise - 1).clamp(0, 1) * hinted)
    doubt = torch.maximum(torch.maximum(news, _blurred(independent, 1.5)), changed).clamp(0, 1)
    sure = precision * (1 - doubt)
    gain = mixed(torch.maximum(1 / (1 + sure), _edges(observed, s["EDGE"])), _alike(sure))
    beside = F.max_pool2d(doubt, 2 * int(s["BESIDE"]) + 1, 1, int(s["BESIDE"]))
    surer = sure + 1 - rest * beside * sure.clamp(max=1)
    change = followed + gain * detail
    young = (1 - sure / looks.clamp(max=s["MOST"])).clamp(0, 1)
    steady = torch.minimum(torch.maximum(change, -s["RATE"] * frames), s["RATE"] * frames)
    return (
        log_radius + mixed(change, steady + young * (change - steady)),
        torch.minimum(surer, mixed(s["MOST"], s["MOST_STILL"])),
        confidence + gain * (observed_confidence - confidence),
    )


def _alike(looks: Tensor) -> Tensor:
    return (2 / (1 + looks) ** 2).clamp(max=1)


def _median(x: Tensor, counts: Tensor) -> Tensor:
    """Of every 7th pixel, where it counts; 0 where none does."""
    some, told = x.flatten()[::7], counts.flatten()[::7]
    ordered = torch.where(told, some, 1e4).sort().values
    count = told.sum()
    middle = ordered[((count - 1) // 2).clamp(min=0)] + ordered[count // 2]
    return torch.where(count > 0, middle / 2, 0)


def _smooth(difference: Tensor, counts: Tensor, cell: float) -> Tensor:
    height, width = shape_as_tensor(difference)[2:].unbind()
    down, across = (_cells(length, int(cell)) for length in (height, width))
    total, share = (down @ x @ across.T for x in (difference * counts, counts))
    means = (total + 0.01 * total.sum() / share.sum().clamp(min=1e-6)) / (share + 0.01)
    return F.interpolate(means, size=difference.shape[2:], mode="bilinear", align_corners=False)


def _cells(length: Tensor, cell: int) -> Tensor:
    """(cells, length): the share of each pixel in the mean of each cell, as cv2.INTER_AREA has it."""
    count = (length // cell).clamp(min=1)
    side = length.float() / count
    # Tensors, not numbers: so that the graph reads the canvas's size.
    start = torch.arange(count)[:, None] * side  # type: ignore[call-overload]
    pixel = torch.arange(length)[None].float()  # type: ignore[call-overload]
    overlap = torch.minimum(start + side, pixel + 1) - torch.maximum(start, pixel)
    return overlap.clamp(min=0) / side


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """cv2.GaussianBlur of float32, its width chosen by sigma."""
    radius = round(4 * sigma)
    offset = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-offset * offset / (2 * sigma * sigma))
    kernel = kernel / kernel.sum()
    x = F.pad(x, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))


def _edges(log_radius: Tensor, edge: float) -> Tensor:
    jump = F.max_pool2d(log_radius, 3, 1, 1) + F.max_pool2d(-log_radius, 3, 1, 1)
    return F.max_pool2d((jump / edge - 1).clamp(0, 1), 3, 1, 1)

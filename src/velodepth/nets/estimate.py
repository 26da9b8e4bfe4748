"""What a network hands back for a frame, and the shape all networks share."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from torch import Tensor


class Estimate(NamedTuple):
    """The network's answer for a frame; also what it needs to go on from there."""

    radius: Tensor  # (B, 1, H, W) metres along the ray
    confidence: Tensor  # (B, 1, H, W)
    rays: Tensor  # (B, 3, H, W) unit rays, camera axes
    uncovered: Tensor  # (B,) share of pixels whose source under the refined flow is outside; 0 at keyframes
    carried: Any  # the network's own tensors (features, canvas, ...): opaque to the caller
    published_confidence: Tensor | None = None  # (B, 1, H, W), see `State.published_confidence`


class DepthNet(Protocol):
    """A network the torch runtime can run. Pure: tensors in, tensors out."""

    carries: bool  # whether it has `propagate`

    def keyframe(self, canvas: Tensor, rays: Tensor | None = None) -> Estimate:
        """Look anew at canvas (B, 3, H, W). rays (B, 3, H, W) of a known camera, or None to estimate them."""
        ...

    def propagate(self, last: Estimate, canvas: Tensor, flow: Tensor) -> Estimate:
        """Carry last to canvas (B, 3, H, W) along flow (B, 2, H, W), (dx, dy) in canvas pixels."""
        ...

"""The seam between the stream and whatever multiplies matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class State:
    """What a runtime knows after one frame. All maps have the canvas's size (H, W)."""

    radius: np.ndarray  # (H, W) float32, metres along the ray from the camera centre
    rays: np.ndarray  # (H, W, 3) float32 unit rays, camera axes: those given or those of the last keyframe
    confidence: np.ndarray  # (H, W) float32, above 0, higher is surer
    uncovered: float  # 0..1: share of pixels whose source under the refined flow is outside; 0 at keyframes
    memory: Any  # the runtime's own, opaque; stays on its device
    published_confidence: np.ndarray | None = None
    """(H, W) float32: what the published code shows as confidence on propagated frames, which is the radius
    again (network.md, section 6.8). None at keyframes and for networks that were not published."""


class Runtime(Protocol):
    """Runs one network. Stateless: the same arguments give the same State."""

    name: str  # "torch", "onnx"
    device: str  # "cpu", "cuda", ...

    def keyframe(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, keep: State | None = None
    ) -> State:
        """Look at a frame anew.

        canvas: (3, H, W) float32, normalised. rays: (H, W, 3) float32 unit rays of a known camera, or None to
        estimate them. With keep, features and rays are new but radius and confidence are keep's (the
        one-frame cross-fade of network.md, section 7) and the decoder does not run.
        """
        ...

    def propagate(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """Carry state to the next frame.

        canvas: (3, H, W) float32 of the new frame. flow: (2, H, W) float32, (dx, dy) canvas pixels: where the
        content of a pixel of the new frame was in the state's frame. The last keyframe's rays stay.
        """
        ...

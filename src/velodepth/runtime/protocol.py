"""The seam between the stream and whatever multiplies matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from ..cameras import Camera


@dataclass(frozen=True)
class State:
    """What a runtime says of one frame. All maps have the canvas's size (H, W)."""

    radius: np.ndarray  # (H, W) float32, metres along the ray from the camera centre
    rays: np.ndarray  # (H, W, 3) float32 unit rays, camera axes: those given or those of the last look
    confidence: np.ndarray  # (H, W) float32, above 0, higher is surer
    uncovered: float = 0.0  # 0..1: share of pixels whose source under the refined flow is outside; 0 at looks
    memory: Any = None  # the runtime's own, opaque; stays on its device
    known: np.ndarray | None = None  # (H, W) bool: where radius means something; None: everywhere
    guess: bool = False  # somebody else's, in place of a network that has not looked: any look outweighs it
    relative: bool = False  # radius is in a unit of the network's own, not in metres
    published_confidence: np.ndarray | None = None
    """(H, W) float32: what the published code shows as confidence on propagated frames, which is the radius
    again (network.md, section 6.8). None at looks and for networks that were not published."""

    def without_memory(self) -> State:
        """To be shown, which needs no more."""
        return replace(self, memory=None)


class Original(NamedTuple):
    """What a canvas was made of, for networks that see pictures as they are."""

    picture: np.ndarray  # (h, w, 3) uint8 RGB, at its own size
    camera: Camera | None  # of the picture, None where it is not known
    carried: State | None = None  # what is carried to this frame, known where it is sure; None at a new scene


class Runtime(Protocol):
    """Runs one network. Stateless: the same arguments give the same State."""

    name: str  # "torch", "onnx"
    device: str  # "cpu", "cuda", ...

    @property
    def estimates(self) -> bool:
        """Whether a look without rays says the camera by itself, in whose metres it is."""
        ...

    @property
    def carries(self) -> bool:
        """Whether `carry` may be called: the network has a part for it."""
        ...

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """Look at a frame anew. Raises LookError where there is nothing to be said of it.

        canvas: (3, H, W) float32, normalised. rays: (H, W, 3) float32 unit rays of a known camera, or None to
        estimate them.
        """
        ...

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """Carry a state to the next frame.

        state: the last one, with its radius as it was shown. canvas: of the new frame, as in `look`.
        flow: (2, H, W) float32, (dx, dy) canvas pixels: where the content of a pixel of the new frame was in
        the last one. The rays of the last look stay.
        """
        ...


@runtime_checkable
class ManyRuntime(Protocol):
    """A `Runtime` that answers several streams, whose canvases have one size, sooner at once than in turn."""

    def look_many(self, canvases: Sequence[np.ndarray], rays: Sequence[np.ndarray | None]) -> list[State]:
        """`Runtime.look` for each."""
        ...

    def carry_many(
        self, states: Sequence[State], canvases: Sequence[np.ndarray], flows: Sequence[np.ndarray]
    ) -> list[State]:
        """`Runtime.carry` for each."""
        ...

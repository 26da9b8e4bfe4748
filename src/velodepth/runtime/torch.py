"""Runs a network with PyTorch: the CPU, CUDA or MPS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import VeloDepthError
from ..nets.estimate import DepthNet, Estimate
from .protocol import Original, State


def best_device() -> str:
    """Name of the best device there is: cuda, else mps, else cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class TorchRuntime:
    """A network on a device, as a `Runtime`. float32 throughout, no autocast.

    net: an nn.Module with the two calls of `velodepth.nets.estimate.DepthNet`,
    `keyframe(canvas, rays) -> Estimate` and `propagate(last, canvas, flow) -> Estimate`, tensors with
    a batch axis; it is moved to the device and set to eval mode. device: "cpu", "cuda", "cuda:1", "mps", or
    None for the best there is. Raises VeloDepthError when the device is not there.
    State.memory is the last Estimate and stays on the device.
    """

    name = "torch"
    estimates = True

    def __init__(self, net: nn.Module, device: str | None = None) -> None:
        self.device = device or best_device()
        try:
            net = net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise VeloDepthError(
                f"device {self.device!r} cannot be used ({reason}): choose another, for example 'cpu'"
            ) from error
        self.net = cast(DepthNet, net.eval())

    @property
    def carries(self) -> bool:
        """See `Runtime.carries`."""
        return self.net.carries

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """See `Runtime.look`."""
        known = None if rays is None else self._tensor(rays.transpose(2, 0, 1))
        with _inference():
            estimate = self.net.keyframe(self._tensor(canvas), known)
        if rays is None:
            rays = estimate.rays[0].permute(1, 2, 0).contiguous().cpu().numpy()
        return _state(estimate, rays)

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.carry`."""
        with _inference():
            last = state.memory._replace(radius=self._tensor(state.radius[None]))
            estimate = self.net.propagate(last, self._tensor(canvas), self._tensor(flow))
        return _state(estimate, state.rays)

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(self.device)[None]


@contextmanager
def _inference() -> Iterator[None]:
    """No gradients, and true float32: by default CUDA convolutions round their inputs to 10 bits (TF32)."""
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def _state(estimate: Estimate, rays: np.ndarray) -> State:
    published = estimate.published_confidence
    return State(
        radius=estimate.radius[0, 0].cpu().numpy(),
        rays=rays,
        confidence=estimate.confidence[0, 0].cpu().numpy(),
        uncovered=float(estimate.uncovered[0]),
        memory=estimate,
        published_confidence=None if published is None else published[0, 0].cpu().numpy(),
    )

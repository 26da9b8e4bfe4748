"""Runs a network with PyTorch: the CPU, CUDA or MPS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

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
        return self.look_many([canvas], [rays])[0]

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.carry`."""
        return self.carry_many([state], [canvas], [flow])[0]

    def look_many(self, canvases: Sequence[np.ndarray], rays: Sequence[np.ndarray | None]) -> list[State]:
        """See `ManyRuntime.look_many`: those of a known camera in one batch, the others in another."""
        states: dict[int, State] = {}
        for known in (True, False):
            these = [i for i, each in enumerate(rays) if (each is not None) is known]
            if not these:
                continue
            given = [each.transpose(2, 0, 1) for i in these if (each := rays[i]) is not None]
            with _inference():
                estimate = self.net.keyframe(
                    self._tensor([canvases[i] for i in these]), self._tensor(given) if known else None
                )
            for i, own in zip(these, _apart(estimate, len(these)), strict=True):
                used = rays[i]
                if used is None:
                    used = own.rays[0].permute(1, 2, 0).contiguous().cpu().numpy()
                states[i] = _state(own, used)
        return [states[i] for i in range(len(canvases))]

    def carry_many(
        self, states: Sequence[State], canvases: Sequence[np.ndarray], flows: Sequence[np.ndarray]
    ) -> list[State]:
        """See `ManyRuntime.carry_many`: all in one batch."""
        with _inference():
            last = _together([state.memory for state in states])
            last = last._replace(radius=self._tensor([state.radius[None] for state in states]))
            estimate = self.net.propagate(last, self._tensor(canvases), self._tensor(flows))
        apart = _apart(estimate, len(states))
        return [_state(own, state.rays) for own, state in zip(apart, states, strict=True)]

    def _tensor(self, arrays: Sequence[np.ndarray]) -> Tensor:
        """Arrays of one shape, in a batch on the device."""
        return torch.from_numpy(np.stack(arrays, dtype=np.float32)).to(self.device)


def _together(parts: Sequence[Any]) -> Any:
    """Tensors with a batch axis, nested alike, as one batch; None where one has none."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Tensor):
        return torch.cat(list(parts))
    if any(part is None for part in parts):
        return None
    joined = [_together(items) for items in zip(*parts, strict=True)]
    return type(first)(*joined) if hasattr(first, "_fields") else type(first)(joined)


def _apart(whole: Any, count: int) -> list[Any]:
    """The parts of a batch, each with memory of its own: a stream keeps its own state and no other's."""
    if count == 1 or whole is None:
        return [whole] * count
    if isinstance(whole, Tensor):
        return [part.clone() for part in whole.split(1)]
    parts = zip(*(_apart(item, count) for item in whole), strict=True)
    return [type(whole)(*part) if hasattr(whole, "_fields") else type(whole)(part) for part in parts]


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

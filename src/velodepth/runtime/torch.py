"""Runs a network with PyTorch: the CPU, CUDA or MPS."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import VeloDepthError
from ..nets.estimate import DepthNet, Estimate
from .capture import Capture, Captured, HalfPrecision, each, on_cuda
from .protocol import Original, State


def best_device() -> str:
    """Name of the best device there is: cuda, else mps, else cpu."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class TorchRuntime:
    """A network on a device, as a `Runtime`. float32 throughout, no autocast, until `hasten` is called.

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
        self._is_cuda = torch.device(self.device).type == "cuda"
        self._captured: dict[str, Captured] = {}

    def hasten(self, capture: Capture | None = None) -> None:
        """From now on the encoder runs in float16, all else in float32, and both calls are captured.

        capture: as for `Captured`; None: CUDA graphs, and where the device is another, a warning says so and
        nothing changes. What cannot be captured runs call by call, after a warning.
        """
        if capture is None and not self._is_cuda:
            warnings.warn(
                f"fast needs a CUDA device and this is {self.device}: the network runs as without it",
                RuntimeWarning,
                stacklevel=3,
            )
            return
        net = cast(Any, self.net)
        net.encoder = HalfPrecision(net.encoder)
        self._captured = {
            name: Captured(getattr(net, name), capture or on_cuda)
            for name in ("keyframe", "propagate")[: 1 + net.carries]
        }

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
                canvas = self._tensor([canvases[i] for i in these])
                estimate = self._call("keyframe", canvas, self._tensor(given) if known else None)
            states |= zip(these, self._states(estimate, [rays[i] for i in these]), strict=True)
        return [states[i] for i in range(len(canvases))]

    def carry_many(
        self, states: Sequence[State], canvases: Sequence[np.ndarray], flows: Sequence[np.ndarray]
    ) -> list[State]:
        """See `ManyRuntime.carry_many`: all in one batch."""
        with _inference():
            memories = [state.memory for state in states]
            last = each(lambda *t: torch.cat(t), *memories) if len(memories) > 1 else memories[0]
            last = last._replace(radius=self._tensor([state.radius[None] for state in states]))
            estimate = self._call("propagate", last, self._tensor(canvases), self._tensor(flows))
        return self._states(estimate, [state.rays for state in states])

    def _call(self, name: str, *inputs: Any) -> Estimate:
        """One of the network's two calls, captured where it can be."""
        captured = self._captured.get(name)
        if captured is not None:
            try:
                return captured(*inputs)
            except RuntimeError as error:
                del self._captured[name]
                reason = str(error).splitlines()[0]
                warnings.warn(
                    f"{name} cannot be captured ({reason}): it runs call by call",
                    RuntimeWarning,
                    stacklevel=4,
                )
        return getattr(self.net, name)(*inputs)

    def _tensor(self, arrays: Sequence[np.ndarray]) -> Tensor:
        """Arrays of one shape, in a batch on the device."""
        batch = torch.from_numpy(np.stack(arrays, dtype=np.float32))
        if self._is_cuda:
            batch = batch.pin_memory()  # or the computation would wait for the copy
        return batch.to(self.device, non_blocking=self._is_cuda)

    def _arrays(self, tensors: Sequence[Tensor]) -> list[np.ndarray]:
        """Tensors on the host: the one place where it waits for the device."""
        if not self._is_cuda:
            return [tensor.contiguous().cpu().numpy() for tensor in tensors]
        host = [torch.empty(t.shape, dtype=t.dtype, pin_memory=True) for t in tensors]
        for mine, tensor in zip(host, tensors, strict=True):
            mine.copy_(tensor, non_blocking=True)
        torch.cuda.current_stream(self.device).synchronize()
        return [mine.numpy() for mine in host]

    def _states(self, estimate: Estimate, rays: Sequence[np.ndarray | None]) -> list[State]:
        """Of each in the batch. rays: (H, W, 3) as far as they are known."""
        shown = [estimate.radius[:, 0], estimate.confidence[:, 0], estimate.uncovered]
        if estimate.published_confidence is not None:
            shown.append(estimate.published_confidence[:, 0])
        if rays[0] is None:
            shown.append(estimate.rays.permute(0, 2, 3, 1))
        radius, confidence, uncovered, *more = self._arrays(shown)
        return [
            State(
                radius=radius[i],
                rays=more[-1][i] if given is None else given,
                confidence=confidence[i],
                uncovered=float(uncovered[i]),
                memory=own,
                published_confidence=None if estimate.published_confidence is None else more[0][i],
            )
            for i, (own, given) in enumerate(zip(_apart(estimate, len(rays)), rays, strict=True))
        ]


def _apart(estimate: Estimate, count: int) -> list[Estimate]:
    """Those of a batch, each with memory of its own: a stream keeps its own state and no other's."""
    if count == 1:
        return [estimate]

    def part(i: int) -> Callable[[Tensor], Tensor]:
        return lambda tensor: tensor[i : i + 1].clone()

    return [each(part(i), estimate) for i in range(count)]


@contextmanager
def _inference() -> Iterator[None]:
    """No gradients, and true float32: by default CUDA convolutions round their inputs to 10 bits (TF32)."""
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield

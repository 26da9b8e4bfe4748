"""What makes a network fast on a card: captured kernels, and half precision where it is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Capture = Callable[[Callable[[], Any]], tuple[Callable[[], None], Any]]


def each(function: Callable[..., Tensor], *trees: Any) -> Any:
    """A function of the tensors that stand at the same place in tuples and lists nested alike; None where one
    has none."""
    if any(tree is None for tree in trees):
        return None
    first = trees[0]
    if isinstance(first, Tensor):
        return function(*trees)
    items = [each(function, *parts) for parts in zip(*trees, strict=True)]
    return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)


def shapes(tree: Any) -> tuple[Any, ...] | None:
    """Of all tensors, nested as they are; can be compared and hashed."""
    if tree is None:
        return None
    return tuple(tree.shape) if isinstance(tree, Tensor) else tuple(shapes(item) for item in tree)


def on_cuda(call: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
    """A call as a CUDA graph: what replays it, and its outputs, which each replay overwrites."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            call()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = call()
    return graph.replay, outputs


class Captured:
    """A function of tensors, captured once for each shape of its inputs and replayed from then on.

    capture: `on_cuda`, or another that records a call. Outputs belong to the caller. Raises RuntimeError
    where the function holds something that cannot be captured.
    """

    def __init__(self, function: Callable[..., Any], capture: Capture = on_cuda) -> None:
        self._function, self._capture = function, capture
        self._graphs: dict[Any, tuple[Any, Callable[[], None], Any]] = {}

    def __call__(self, *inputs: Any) -> Any:
        key = shapes(inputs)
        if key not in self._graphs:
            own = each(torch.clone, inputs)
            self._graphs[key] = (own, *self._capture(lambda: self._function(*own)))
        own, replay, outputs = self._graphs[key]
        each(Tensor.copy_, own, inputs)
        replay()
        return each(torch.clone, outputs)


class HalfPrecision(nn.Module):
    """A module in float16 where that is customary (autocast), between float32 inputs and outputs.

    Of as many bits as bfloat16, which with an encoder of stand-in weights puts radius off by 2 %, float16 by
    0.3 % (tests/nets/test_parity.py).
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        # Without its cache of cast weights, which a captured graph would read after it is gone.
        with torch.autocast(inputs[0].device.type, torch.float16, cache_enabled=False):
            outputs = self.module(*inputs)
        return each(Tensor.float, outputs)

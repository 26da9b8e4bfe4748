"""Small tensors made once: each made on the way would be a copy to the device that all else waits for."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.onnx.operators import shape_as_tensor


@lru_cache(256)
def _made(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    with torch.inference_mode(False):  # else no gradient could pass by it later
        return torch.tensor(values, device=device, dtype=dtype)


def constant(values: tuple[float, ...], like: Tensor) -> Tensor:
    """A vector of these values, with the device and type of `like`; not to be written to."""
    return _made(values, like.device, like.dtype)


def size_of(maps: Tensor) -> Tensor:
    """(H, W) of maps (B, C, H, W) as a tensor of theirs. A graph of the network reads it, and so takes any
    size."""
    if torch.jit.is_tracing():
        return shape_as_tensor(maps)[2:].to(maps)
    height, width = maps.shape[2:]
    return constant((float(height), float(width)), maps)

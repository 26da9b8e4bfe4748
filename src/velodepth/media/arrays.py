"""Pictures that are in memory already: one array, or any iterable of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sized
from typing import Any

import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.media.source import Source, check_size

HALF_STEP = 0.5 / 255  # half a step of an 8-bit value: what rounding makes of 0 and 1 may lie so far outside

DTYPES = {("u", 1), ("u", 2), ("f", 2), ("f", 4), ("f", 8)}  # kind and size in bytes, any byte order


def as_picture(array: Any) -> np.ndarray:
    """Turn an array into a picture: a new contiguous (H, W, 3) uint8 RGB array.

    Args:
        array: (H, W), (H, W, 1) grey, (H, W, 3) RGB or (H, W, 4) RGBA (the alpha is dropped, not
            blended), at least 16 x 16; uint8, uint16 (0..65535, reduced to 8 bits by rounding) or
            float in 0..1. Anything `numpy.asarray` understands will do, strided views included.

    Returns:
        Always a copy, so that a caller may fill the same buffer with the next picture.

    Raises:
        VeloDepthError: what NumPy makes no array of, another shape or dtype, a picture that `check_size`
            refuses, or a float that is NaN, infinite or outside 0..1 by more than half an 8-bit step.
    """
    try:
        array = np.asarray(array)
    except Exception as error:  # ragged lists; sparse tensors, and those with gradients
        raise VeloDepthError(
            f"a {type(array).__name__} is not a picture, as NumPy makes no array of it: give an array; of a "
            "torch tensor, tensor.detach().float().cpu().numpy()"
        ) from error
    kind, itemsize = array.dtype.kind, array.dtype.itemsize
    channels = array.shape[2] if array.ndim == 3 else 1 if array.ndim == 2 else 0
    if channels not in (1, 3, 4) or (kind, itemsize) not in DTYPES:
        raise VeloDepthError(
            f"an array of shape {array.shape} and dtype {array.dtype} is not a picture: give (H, W, 3) RGB, "
            "(H, W, 4) RGBA or (H, W) grey, as uint8, uint16 or float in 0..1"
        )
    check_size(array, "a picture")
    array = array.reshape(*array.shape[:2], 1) if channels == 1 else array[..., :3]
    if kind == "f":
        low, high = array.min(), array.max()  # NaN if any value is
        if not np.isfinite(low) or not np.isfinite(high):
            raise VeloDepthError("a float picture has NaN or infinite values: give finite ones in 0..1")
        if low < -HALF_STEP or high > 1 + HALF_STEP:
            raise VeloDepthError(
                f"a float picture has values from {low:.4g} to {high:.4g}: scale them to 0..1 or pass uint8"
            )
        array = np.rint(array.astype(np.float32).clip(0, 1) * 255).astype(np.uint8)
    elif itemsize == 2:
        array = ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)  # 65535 = 255 x 257
    return np.array(np.broadcast_to(array, (*array.shape[:2], 3)), order="C")


def as_time(time: Any) -> float:
    """The time of a picture, in seconds. VeloDepthError for what is no finite real number."""
    if isinstance(time, (int, float, np.integer, np.floating)) and not isinstance(time, bool):
        try:
            seconds = float(time)
        except OverflowError:
            seconds = math.inf
        if math.isfinite(seconds):
            return seconds
    raise VeloDepthError(f"the time of a picture is {str(time)[:40]!r}: give seconds, a finite number")


class Arrays(Source):
    """An iterable of arrays that `as_picture` accepts, one every 1 / `frame_rate` seconds.

    A NumPy array must be (T, H, W, C). `length` is known if `len` of the iterable is.
    Items are asked for one by one, and their errors name their index.
    """

    frame_rate: float

    def __init__(self, arrays: Iterable[Any], frame_rate: float) -> None:
        name = f"{type(arrays).__name__} of pictures"
        length = len(arrays) if isinstance(arrays, Sized) else None
        super().__init__(name, frame_rate=frame_rate, length=length)
        if isinstance(arrays, np.ndarray) and arrays.ndim != 4:
            raise VeloDepthError(
                f"an array of shape {arrays.shape} is not a video: give (T, H, W, 3), a picture as [picture]"
            )
        self._arrays = arrays

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        for index, array in enumerate(self._arrays):
            try:
                picture = as_picture(array)
            except VeloDepthError as error:
                raise VeloDepthError(f"{self._frame_name(index)} of {self.name}: {error}") from None
            yield index / self.frame_rate, picture

    def close(self) -> None:
        super().close()
        self._arrays = ()

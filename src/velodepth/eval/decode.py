"""The encodings in which data sets keep pictures, depth and flow: bytes in, arrays out.

Depth is float32 metres, 0 where unknown. Flow is ((2, H, W) float32 pixels, (H, W) bool known).
All raise ValueError for bytes that are something else.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..media.arrays import as_picture
from ..media.images import decode_image

MIDDLEBURY_TAG = np.float32(202021.25)  # first number of .flo, .dpt and .cam files ("PIEH")


def picture(data: bytes) -> np.ndarray:
    """(H, W, 3) uint8 RGB of any image file."""
    rgb = decode_image(np.frombuffer(data, np.uint8))
    if rgb is None:
        raise ValueError("not an image")
    return as_picture(rgb)


def mask(data: bytes) -> np.ndarray:
    """(H, W) bool, True where an image is not black."""
    image = _image(data, cv2.IMREAD_UNCHANGED)
    return np.logical_or.reduce(image.reshape(*image.shape[:2], -1)[..., :3] > 0, axis=2)


def png_depth(data: bytes, per_metre: float, unknown: int = 0) -> np.ndarray:
    """16-bit grey PNG of `per_metre` units a metre; besides 0, `unknown` stands for no depth."""
    image = _image(data, cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint16 or image.ndim != 2:
        raise ValueError(f"not a 16-bit grey PNG, but {image.dtype} {image.shape}")
    return np.where(image == unknown, 0, image).astype(np.float32) / np.float32(per_metre)


def packed_depth(data: bytes, per_metre: float) -> np.ndarray:
    """16-bit grey PNG, or an 8-bit RGB one that holds 24-bit integers, R lowest (evaluation.md)."""
    image = _image(data, cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return png_depth(data, per_metre)
    blue, green, red = np.moveaxis(image.astype(np.float64), 2, 0)
    return ((red + 256 * green + 65536 * blue) / per_metre).astype(np.float32)


def dpt_depth(data: bytes) -> np.ndarray:
    """MPI Sintel .dpt: tag, int32 width and height, float32 metres."""
    return _middlebury(data, 1)[0]


def distance_text(data: bytes, fx: float, fy: float, cx: float, cy: float, width: int) -> np.ndarray:
    """POV-Ray's distances from the camera centre as text, row by row, in metres.

    fx, fy, cx, cy: of the pinhole, (0, 0) the centre of the first pixel; the sign of fy does not matter.
    """
    distance = np.array(data.split(), np.float64).reshape(-1, width)
    v, u = np.indices(distance.shape)
    return (distance / np.sqrt(((u - cx) / fx) ** 2 + ((v - cy) / fy) ** 2 + 1)).astype(np.float32)


def flo_flow(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Middlebury .flo: tag, int32 width and height, float32 (dx, dy); beyond 1e9 is unknown."""
    flow = _middlebury(data, 2)
    known = (np.abs(flow) < 1e9).all(axis=0)
    return np.where(known, flow, np.float32(0)), known


def vkitti_flow(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Virtual KITTI 2: 16-bit RGB PNG; R, G = (d / (size - 1) + 1) / 2 * 65535, B = 0 where unknown."""
    image = _image(data, cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint16 or image.ndim != 3:
        raise ValueError(f"not a 16-bit RGB PNG, but {image.dtype} {image.shape}")
    height, width = image.shape[:2]
    flow = np.stack([image[..., 2] * (width - 1.0), image[..., 1] * (height - 1.0)]) * (2 / 65535)
    flow -= np.array([width - 1, height - 1]).reshape(2, 1, 1)
    known = image[..., 0] > 0
    return np.where(known, flow, 0).astype(np.float32), known


def packed_flow(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """8-bit RGB PNG with two 12-bit numbers a pixel, of -1..1 picture sizes (evaluation.md)."""
    image = _image(data, cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint8 or image.ndim != 3:
        raise ValueError(f"not an 8-bit RGB PNG, but {image.dtype} {image.shape}")
    blue, green, red = np.moveaxis(image.astype(np.int32), 2, 0)
    steps = np.stack([red | (green & 15) << 8, green >> 4 | blue << 4])
    height, width = image.shape[:2]
    flow = ((0.5 + steps) / 4095 * 2 - 1) * np.array([width, height]).reshape(2, 1, 1)
    return flow.astype(np.float32), np.ones((height, width), bool)


def _image(data: bytes, flags: int) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if image is None:
        raise ValueError("not an image")
    return image


def _middlebury(data: bytes, channels: int) -> np.ndarray:
    """(channels, height, width) float32."""
    if len(data) < 12 or np.frombuffer(data, "<f4", 1)[0] != MIDDLEBURY_TAG:
        raise ValueError("its first number is not 202021.25")
    width, height = np.frombuffer(data, "<i4", 2, offset=4)
    values = np.frombuffer(data, "<f4", offset=12)
    if values.size != int(width) * int(height) * channels:
        raise ValueError(f"{values.size} numbers do not fill {width} x {height} x {channels}")
    return np.ascontiguousarray(values.reshape(height, width, channels).transpose(2, 0, 1))

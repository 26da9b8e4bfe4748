"""A picture as the input of somebody's network: resized, padded, normalised; and which part of the answer is
the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from ..errors import VeloDepthError
from ..jsontext import parse_json

Fit = Literal["stretch", "aspect", "letterbox", "own"]
"""How a picture gets its size: exactly height x width; scaled as little as possible so that one side is the
wanted one, both sides multiples of `multiple`; the largest of its aspect within height x width, with bars of
`rest` beside it; its own size, each side down to a multiple."""

BICUBIC = 3  # Pillow's number for it

TRIPLE = tuple[float, float, float]
IMAGENET_MEAN: TRIPLE = (0.485, 0.456, 0.406)
IMAGENET_STD: TRIPLE = (0.229, 0.224, 0.225)


class Window(NamedTuple):
    """The part of an input that the picture fills, in pixels of the input, borders and not centres."""

    left: float
    top: float
    width: float
    height: float


class Prepared(NamedTuple):
    values: np.ndarray  # (1, 3, h, w) float32
    window: Window


@dataclass(frozen=True)
class Preparation:
    """(H, W, 3) uint8 RGB -> (1, 3, h, w) float32: (picture * unit - mean) / std at the wanted size.

    height, width: wanted, in pixels. reflected: rim of 3 sqrt(side / 2) pixels mirrored around the picture
    before it is resized, ZoeDepth's own (its answer is cut again by `crop`).
    """

    height: int
    width: int
    fit: Fit = "stretch"
    multiple: int = 1  # of both sides, for fits "aspect" and "own"
    cubic: bool = True  # how it grows: bicubic or bilinear; where it shrinks, pixels are averaged
    unit: float = 1 / 255
    mean: TRIPLE = IMAGENET_MEAN
    std: TRIPLE = IMAGENET_STD
    rest: TRIPLE = (0.0, 0.0, 0.0)  # of a letterbox's bars, as the input holds it
    reflected: bool = False

    def __call__(self, picture: np.ndarray) -> Prepared:
        height, width = picture.shape[:2]
        rim_x = rim_y = 0
        if self.reflected:
            rim_x, rim_y = int(math.sqrt(width / 2) * 3), int(math.sqrt(height / 2) * 3)
            picture = cv2.copyMakeBorder(picture, rim_y, rim_y, rim_x, rim_x, cv2.BORDER_REFLECT_101)
        inner = self._size(*picture.shape[:2])
        shrinks = inner[0] * inner[1] < picture.shape[0] * picture.shape[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC if self.cubic else cv2.INTER_LINEAR
        small = cv2.resize(picture, (inner[1], inner[0]), interpolation=how)
        mean, std = (np.array(each, np.float32) for each in (self.mean, self.std))
        values = (small * np.float32(self.unit) - mean) / std
        window = Window(0, 0, inner[1], inner[0])
        if self.fit == "letterbox":
            left, top = (self.width - inner[1]) // 2, (self.height - inner[0]) // 2
            whole = np.full((self.height, self.width, 3), self.rest, np.float32)
            whole[top : top + inner[0], left : left + inner[1]] = values
            values, window = whole, Window(left, top, inner[1], inner[0])
        if self.reflected:
            right, down = inner[1] / (width + 2 * rim_x), inner[0] / (height + 2 * rim_y)
            window = Window(rim_x * right, rim_y * down, width * right, height * down)
        return Prepared(np.ascontiguousarray(values.transpose(2, 0, 1)[None]), window)

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that a picture of that size gets, without the rest of a letterbox."""
        if self.fit == "stretch":
            return self.height, self.width
        if self.fit == "own":
            height, width = (max(1, side // self.multiple) * self.multiple for side in (height, width))
            return height, width
        by_height, by_width = self.height / height, self.width / width
        if self.fit == "letterbox":
            scale = min(by_height, by_width)
            return max(1, round(height * scale)), max(1, round(width * scale))
        scale = by_width if abs(1 - by_width) < abs(1 - by_height) else by_height

        def side(pixels: int) -> int:
            return max(1, round(scale * pixels / self.multiple)) * self.multiple

        return side(height), side(width)


def crop(map: np.ndarray, window: Window, input_size: tuple[int, int]) -> np.ndarray:
    """The picture's part of an output (h', w') whose input was of size (h, w): bilinear between pixels."""
    down, right = map.shape[0] / input_size[0], map.shape[1] / input_size[1]
    left, width = window.left * right, window.width * right
    top, height = window.top * down, window.height * down
    if (left, top, width, height) == (0, 0, map.shape[1], map.shape[0]):
        return map
    columns, rows = max(1, round(width)), max(1, round(height))
    u = (left + (np.arange(columns) + 0.5) * (width / columns) - 0.5).astype(np.float32)
    v = (top + (np.arange(rows) + 0.5) * (height / rows) - 0.5).astype(np.float32)
    x, y = np.meshgrid(u, v)
    return cv2.remap(map.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def read_processor(path: Path) -> Preparation:
    """What a preprocessor_config.json of transformers' image processors asks for.

    Raises VeloDepthError where it is no such file or asks for something else.
    """
    try:
        told = parse_json(path.read_text(encoding="utf-8"))
        return _from_processor(told.get("image_processor", told))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VeloDepthError(
            f"{path} does not say how pictures are prepared ({type(error).__name__}: {error}): get it anew"
        ) from error


def _from_processor(told: Mapping[str, Any]) -> Preparation:
    normal = told.get("do_normalize", "image_mean" in told)
    mean, std = told["image_mean"] if normal else (0, 0, 0), told["image_std"] if normal else (1, 1, 1)
    if len(mean) != 3 or len(std) != 3 or not all(std):
        raise ValueError(f"image_mean {mean} and image_std {std} are no numbers of three colours")
    common: dict[str, Any] = {
        "unit": float(told.get("rescale_factor", 1 / 255)) if told.get("do_rescale", True) else 1.0,
        "mean": tuple(map(float, mean)),
        "std": tuple(map(float, std)),
        "cubic": told.get("resample", BICUBIC) == BICUBIC,
    }
    if "size_divisor" in told and not told.get("do_pad"):
        return Preparation(0, 0, "own", int(told["size_divisor"]), **common)
    size = told["size"]
    height, width = (size, size) if isinstance(size, int) else (int(size["height"]), int(size["width"]))
    multiple = told.get("ensure_multiple_of") or 1
    return Preparation(
        height,
        width,
        "aspect" if told.get("keep_aspect_ratio") else "stretch",
        round(1 / multiple if multiple < 1 else multiple),  # ZoeDepth's files say 1 / 32 for 32
        reflected=told.get("image_processor_type", "").startswith("ZoeDepth") and told.get("do_pad", True),
        **common,
    )

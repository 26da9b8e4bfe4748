"""The canvas: the picture as the network sees it (padded, resized, normalised), and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from ..errors import VeloDepthError
from .bars import WHOLE, Area

if TYPE_CHECKING:
    from ..cameras import Camera

IMAGENET_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
IMAGENET_STD = np.array((0.229, 0.224, 0.225), np.float32)
NORMALISED = ((np.arange(256, dtype=np.float32)[:, None] / 255 - IMAGENET_MEAN) / IMAGENET_STD)[None]
LEVELS = 10


@dataclass(frozen=True)
class CanvasSpec:
    """How a preset turns a picture into a canvas.

    The canvas keeps the aspect of the (padded) picture, has a pixel count clamped to the budget, and sides
    that are multiples of `multiple`.
    """

    min_pixels: int  # the pixel budget; equal to max_pixels for a canvas of one size
    max_pixels: int
    multiple: int  # both sides of the canvas are multiples of this
    min_ratio: float = 0.5  # a picture with width/height below this is padded left and right
    max_ratio: float = 2.5  # a picture with width/height above this is padded at top and bottom
    level: int | None = None  # 0..9: which tenth of the budget to use; None: all of it
    rounding: Literal["up", "nearest"] = "up"  # how each side becomes a multiple
    smooth: bool = False  # average the pixels that shrink into one (antialiasing); else plain bilinear
    size: tuple[int, int] | None = None  # (width, height) of every canvas, for networks made for one alone

    def __post_init__(self) -> None:
        if self.size is not None and any(side <= 0 or side % self.multiple for side in self.size):
            raise VeloDepthError(
                f"a canvas of {self.size[0]}x{self.size[1]} does not fit this network: give multiples of "
                f"{self.multiple}"
            )
        if not 0 < self.min_pixels <= self.max_pixels:
            raise VeloDepthError(
                f"the pixel budget is ({self.min_pixels}, {self.max_pixels}): give 0 < min <= max"
            )
        if self.multiple < 1:
            raise VeloDepthError(f"multiple is {self.multiple}: give a whole number of pixels, at least 1")
        if not 0 < self.min_ratio <= 1 <= self.max_ratio:
            raise VeloDepthError(
                f"the ratio bounds are ({self.min_ratio}, {self.max_ratio}): give 0 < min <= 1 <= max"
            )
        if self.level is not None and not 0 <= self.level < LEVELS:
            raise VeloDepthError(f"the resolution level is {self.level}: give 0 to {LEVELS - 1}")
        if self.rounding not in ("up", "nearest"):
            raise VeloDepthError(f"rounding is {self.rounding!r}: give 'up' or 'nearest'")

    @property
    def pixel_range(self) -> tuple[float, float]:
        """Smallest and largest pixel count aimed at, before the sides are rounded."""
        if self.level is None:
            return self.min_pixels, self.max_pixels
        step = (self.max_pixels - self.min_pixels) / LEVELS
        return self.min_pixels + self.level * step, self.min_pixels + (self.level + 1) * step

    def round(self, side: float) -> int:
        """A canvas side in pixels -> the multiple used for it."""
        if self.rounding == "up":
            return self.multiple * max(1, math.ceil(math.floor(side) / self.multiple))
        return self.multiple * max(1, math.floor(side / self.multiple + 0.5))


@dataclass(frozen=True)
class Canvas:
    """The geometry between pictures of one size and their canvas. All in pixels.

    Bars are left out first, so what is called the picture here is what lies within them.
    """

    picture_width: int
    picture_height: int
    left: int  # padding, in picture pixels
    top: int
    right: int
    bottom: int
    width: int  # of the canvas
    height: int
    smooth: bool  # see CanvasSpec
    area: Area = WHOLE  # where the picture lies in its frame

    @classmethod
    def of(cls, width: int, height: int, spec: CanvasSpec, area: Area = WHOLE) -> Canvas:
        """The canvas of frames of width x height pixels, bars included. Source: network.md, section 1."""
        width, height = width - area.left - area.right, height - area.top - area.bottom
        if width < 1 or height < 1:
            raise VeloDepthError(f"the picture is {width} x {height} pixels: give at least 1 x 1")
        pad_x = pad_y = 0
        if width / height > spec.max_ratio:
            pad_y = math.floor(width / spec.max_ratio) - height
        elif width / height < spec.min_ratio:
            pad_x = math.floor(height * spec.min_ratio) - width
        left, top = pad_x // 2, pad_y // 2
        padded_width, padded_height = width + pad_x, height + pad_y
        lowest, highest = spec.pixel_range
        pixels = padded_width * padded_height
        scale = math.sqrt(min(max(pixels, lowest), highest) / pixels)
        canvas_width, canvas_height = spec.size or (
            spec.round(padded_width * scale),
            spec.round(padded_height * scale),
        )
        return cls(
            picture_width=width,
            picture_height=height,
            left=left,
            top=top,
            right=pad_x - left,
            bottom=pad_y - top,
            width=canvas_width,
            height=canvas_height,
            smooth=spec.smooth,
            area=area,
        )

    @property
    def frame_width(self) -> int:
        return self.area.left + self.picture_width + self.area.right

    @property
    def frame_height(self) -> int:
        return self.area.top + self.picture_height + self.area.bottom

    @property
    def padded_width(self) -> int:
        return self.left + self.picture_width + self.right

    @property
    def padded_height(self) -> int:
        return self.top + self.picture_height + self.bottom

    def fill(self, picture: np.ndarray) -> np.ndarray:
        """Put a picture on the canvas.

        picture: uint8 (H, W, 3) RGB of this canvas's frame size. Returns float32 (3, height, width),
        normalised with the ImageNet mean and deviation; padding is 0. Without `smooth`: bilinear, no
        antialiasing, as in network.md, section 1. Raises VeloDepthError for another size or type.
        """
        if picture.dtype != np.uint8 or picture.shape != (self.frame_height, self.frame_width, 3):
            raise VeloDepthError(
                f"the picture is {picture.dtype} {picture.shape}: "
                f"give uint8 ({self.frame_height}, {self.frame_width}, 3) RGB"
            )
        picture = self.area.cut(picture)
        if self.smooth:
            return self._fill_smooth(picture)
        above, below, down = _neighbours(self.height, self.padded_height)
        before, after, right = _neighbours(self.width, self.padded_width)
        right, down = right[:, None], down[:, None, None]
        upper = _blend(self._pixels(picture, above, before), self._pixels(picture, above, after), right)
        lower = _blend(self._pixels(picture, below, before), self._pixels(picture, below, after), right)
        return np.ascontiguousarray(_blend(upper, lower, down).transpose(2, 0, 1))

    def _fill_smooth(self, picture: np.ndarray) -> np.ndarray:
        """Antialiased where it shrinks; in 8 bits, since this is on the way of every frame."""
        if self.left or self.top or self.right or self.bottom:
            grey = tuple(float(round(255 * mean)) for mean in IMAGENET_MEAN)
            sides = (self.top, self.bottom, self.left, self.right)
            picture = cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=grey)
        shrinks = self.width * self.height < picture.shape[0] * picture.shape[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = cv2.resize(picture, (self.width, self.height), interpolation=how)
        return np.ascontiguousarray(cv2.LUT(small, NORMALISED).transpose(2, 0, 1))

    def _pixels(self, picture: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Those rows and columns of the normalised, padded picture."""
        rows, columns = rows - self.top, columns - self.left
        last_row, last_column = self.picture_height - 1, self.picture_width - 1
        pixels = cv2.LUT(picture[rows.clip(0, last_row)][:, columns.clip(0, last_column)], NORMALISED)
        pixels[(rows < 0) | (rows > last_row)] = 0
        pixels[:, (columns < 0) | (columns > last_column)] = 0
        return pixels

    def camera(self, camera: Camera) -> Camera:
        """The picture's camera -> the same camera for canvas pixels. Source: network.md, section 4."""
        return camera.moved(
            self.width / self.padded_width,
            self.height / self.padded_height,
            self.left - self.area.left,
            self.top - self.area.top,
        )

    def restore(self, map: np.ndarray, bars: float = np.nan) -> np.ndarray:
        """Take a map of the canvas back to the frame.

        map: float32 (height, width) or (height, width, C). Returns float32 of the frame's size: resized
        bilinear to the padded size, padding cut off; bars: the value within them. Source: network.md,
        section 8.
        """
        padded = cv2.resize(map, (self.padded_width, self.padded_height), interpolation=cv2.INTER_LINEAR)
        inner = padded[self.top : self.top + self.picture_height, self.left : self.left + self.picture_width]
        if self.area == WHOLE:
            return inner
        whole = np.full((self.frame_height, self.frame_width, *map.shape[2:]), bars, map.dtype)
        self.area.cut(whole)[:] = inner
        return whole


def to_uint8(canvas: np.ndarray) -> np.ndarray:
    """Canvas float32 (3, H, W) -> RGB uint8 (H, W, 3), for optical flow. Source: network.md, section 1."""
    planes = canvas * IMAGENET_STD[:, None, None]
    planes += IMAGENET_MEAN[:, None, None]
    np.clip(planes, 0, 1, out=planes)
    planes *= 255
    return cv2.merge(list(planes.astype(np.uint8)))


def luma_of(canvas: np.ndarray) -> np.ndarray:
    """Canvas (3, H, W) -> uint8 (H, W)."""
    return cv2.cvtColor(to_uint8(canvas), cv2.COLOR_RGB2GRAY)


# Bilinear resizing with the rounding of PyTorch's `interpolate`, which fuses multiply and add. Optical flow
# sees the canvas truncated to 8 bits, where one bit more or less changes it: so the canvas is the published
# one to the last bit.


def _neighbours(cells: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of `cells` samples of an axis: the two pixels (of `size`) around it, the second's weight."""
    centre = np.arange(cells, dtype=np.float32) + np.float32(0.5)
    position = (centre.astype(np.float64) * (np.float32(size) / np.float32(cells)) - 0.5).astype(np.float32)
    position = np.maximum(position, 0)
    first = np.minimum(position.astype(np.intp), size - 1)
    return first, np.minimum(first + 1, size - 1), np.clip(position - first.astype(np.float32), 0, 1)


def _blend(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (first.astype(np.float64) * (1 - weight) + second * weight).astype(np.float32)

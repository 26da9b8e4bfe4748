"""What a camera could have seen instead: another crop of the picture, mirrored, in other colours."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..cameras import Camera, fit_pinhole

LENS_STEP = 4
"""Rays are computed for every 4th pixel and interpolated: undoing a distortion takes long."""


@dataclass(frozen=True)
class Crop:
    """A crop of the picture, resized to width x height and perhaps mirrored. All in pixels."""

    left: int
    top: int
    crop_width: int
    crop_height: int
    width: int
    height: int
    flip: bool

    @classmethod
    def whole(cls, picture: tuple[int, int], size: tuple[int, int]) -> Crop:
        """The largest centred crop of a picture (width, height) with the aspect of the canvas `size`."""
        return cls._cropped(picture, size, 1.0, 0.5, 0.5, False)

    @classmethod
    def draw(cls, picture: tuple[int, int], size: tuple[int, int], rng: np.random.Generator) -> Crop:
        """A crop with 0.6 to 1 of the largest one's width, more often near the middle, mirrored or not.

        Half of them have more than 0.88: narrower crops alone teach the camera head too long a lens.
        """
        scale = float(0.6 ** (rng.random() ** 2))
        return cls._cropped(
            picture, size, scale, rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.random() < 0.5
        )

    @classmethod
    def _cropped(
        cls, picture: tuple[int, int], size: tuple[int, int], scale: float, x: float, y: float, flip: bool
    ) -> Crop:
        aspect = size[0] / size[1]
        width = scale * min(picture[0], picture[1] * aspect)
        crop = max(1, round(width)), max(1, round(width / aspect))
        left, top = round((picture[0] - crop[0]) * x), round((picture[1] - crop[1]) * y)
        return cls(left, top, min(crop[0], picture[0]), min(crop[1], picture[1]), *size, flip)

    @property
    def zoom(self) -> tuple[float, float]:
        """Canvas pixels in a picture's pixel, along x and y."""
        return self.width / self.crop_width, self.height / self.crop_height

    def camera(self, camera: dict[str, Any], picture: tuple[int, int]) -> Camera:
        """The camera (Camera.to_dict) of pictures (width, height) as that of the canvas, not mirrored."""
        assert not self.flip
        return Camera.from_dict(camera).for_picture(*picture).moved(*self.zoom, -self.left, -self.top)

    def picture(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (height, width, 3) uint8."""
        crop = picture[self.top : self.top + self.crop_height, self.left : self.left + self.crop_width]
        smooth = cv2.INTER_AREA if self.width < self.crop_width else cv2.INTER_LINEAR
        seen = cv2.resize(crop, (self.width, self.height), interpolation=smooth)
        return cv2.flip(seen, 1) if self.flip else seen

    def nearest(self, map: np.ndarray) -> np.ndarray:
        """(..., H, W) -> (..., height, width) of the same dtype: the values of the nearest pixels."""
        x = self.left + ((np.arange(self.width) + 0.5) / self.zoom[0]).astype(np.intp)
        y = self.top + ((np.arange(self.height) + 0.5) / self.zoom[1]).astype(np.intp)
        return map[..., y[:, None], x[::-1] if self.flip else x]

    def flow(self, flow: np.ndarray) -> np.ndarray:
        """(..., 2, H, W) in pixels of the picture -> (..., 2, height, width) float32 in canvas pixels."""
        scale = np.array([-self.zoom[0] if self.flip else self.zoom[0], self.zoom[1]], np.float32)
        return self.nearest(flow).astype(np.float32) * scale[:, None, None]

    def pose(self, pose: np.ndarray) -> np.ndarray:
        """(..., 4, 4) camera-to-world -> the same, of the mirrored camera in the mirrored world."""
        if not self.flip:
            return pose
        mirror = np.diag([-1.0, 1, 1, 1])
        return mirror @ pose @ mirror

    def rays(self, camera: dict[str, Any], picture: tuple[int, int]) -> np.ndarray:
        """Unit rays (3, height, width) float32 of a camera (Camera.to_dict) of pictures (width, height)."""
        coarse = _lens(tuple(sorted(camera.items())), *picture)
        u = (self.left + (np.arange(self.width) + 0.5) / self.zoom[0]) / LENS_STEP
        v = (self.top + (np.arange(self.height) + 0.5) / self.zoom[1]) / LENS_STEP
        rays = np.matmul(_between(v, coarse.shape[1]), np.matmul(coarse, _between(u, coarse.shape[2]).T))
        rays /= np.sqrt((rays * rays).sum(0))
        if self.flip:
            rays = rays[:, :, ::-1] * np.array([-1, 1, 1], np.float32)[:, None, None]
        return np.ascontiguousarray(rays)


@functools.lru_cache(512)
def _lens(camera: tuple[tuple[str, Any], ...], width: int, height: int) -> np.ndarray:
    """Unit rays (3, h, w) float32 at the corners between pixels 0, 4, 8, ... of a picture."""
    lens = Camera.from_dict(dict(camera)).for_picture(width, height)
    coarse = lens.moved(1 / LENS_STEP, 1 / LENS_STEP, LENS_STEP / 2, LENS_STEP / 2)
    rays = coarse.rays(-(-width // LENS_STEP) + 1, -(-height // LENS_STEP) + 1)
    return np.ascontiguousarray(rays.transpose(2, 0, 1))


def _between(positions: np.ndarray, cells: int) -> np.ndarray:
    """(n, cells) float32: the weights of linear interpolation at n positions among cells 0, 1, 2, ..."""
    return np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(cells))).astype(np.float32)


def pinhole_parameters(rays: np.ndarray) -> np.ndarray:
    """Rays (3, H, W) -> (3,) float32 as nets.nano.pinhole_of reads it, of the pinhole nearest to them."""
    height, width = rays.shape[1:]
    step = 8
    fit = fit_pinhole(rays[:, ::step, ::step].transpose(1, 2, 0))  # pixel i of it is pixel 8 i of the canvas
    focal = np.sqrt(fit.fx * fit.fy) * step / np.sqrt(width * height)
    cx, cy = ((c - 0.5) * step + 0.5 for c in (fit.cx, fit.cy))
    return np.array([np.log(focal), cx / width - 0.5, cy / height - 0.5], np.float32)


class PhotometricAugmentation:
    """One camera's colours, drawn once and the same for every frame of a clip: exposure, gamma, white
    balance, hue, saturation, haze, uneven light, motion blur, blur, noise, JPEG."""

    def __init__(self, rng: np.random.Generator):
        self._rng = rng
        gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.06, 3))
        curve = (np.arange(256)[:, None] / 255) ** np.exp(rng.normal(0, 0.2)) * gain
        self._table = (255 * curve).astype(np.float32)[None]
        saturation = np.exp(rng.normal(-0.1, 0.3))
        haze = rng.uniform(0, 0.12) if rng.random() < 0.3 else 0.0
        hue = _hue(rng.normal(0, 0.5)) if rng.random() < 0.5 else np.eye(3)
        mixing = (saturation * hue + (1 - saturation) / 3) * (1 - haze)
        self._mixing = np.hstack([mixing, np.full((3, 1), 255 * haze)]).astype(np.float32)
        # Brighter and darker regions, so that brightness alone is no sign of depth.
        self._light = np.exp(rng.normal(0, 0.3, (3, 4))).astype(np.float32) if rng.random() < 0.4 else None
        self._streak = _streak(rng) if rng.random() < 0.12 else None
        self._blur = rng.uniform(0.3, 1.3) if rng.random() < 0.35 else 0.0
        self._noise = 255 * rng.uniform(0, 0.04) if rng.random() < 0.5 else 0.0
        self._quality = int(rng.integers(25, 90)) if rng.random() < 0.4 else None

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> the same in these colours."""
        x: Any = cv2.transform(cv2.LUT(picture, self._table), self._mixing)
        if self._light is not None:
            x *= cv2.resize(self._light, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_CUBIC)[..., None]
        if self._streak is not None:
            x = cv2.filter2D(x, -1, self._streak, borderType=cv2.BORDER_REPLICATE)
        if self._blur:
            x = cv2.GaussianBlur(x, (0, 0), self._blur)
        if self._noise:
            x += self._noise * self._rng.standard_normal(x.shape, np.float32)
        seen: Any = np.clip(x, 0, 255).astype(np.uint8)
        if self._quality is not None:
            data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
            seen = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return seen


def _hue(angle: float) -> np.ndarray:
    """(3, 3): colours turned by an angle in radians about the axis of grey."""
    return np.asarray(cv2.Rodrigues(np.full(3, angle / np.sqrt(3)))[0])


def _streak(rng: np.random.Generator) -> np.ndarray:
    """Kernel of a motion blur of 3 to 7 pixels in any direction."""
    length, angle = rng.uniform(3, 7), rng.uniform(0, np.pi)
    kernel = np.zeros((9, 9), np.float32)
    for along in np.linspace(-length / 2, length / 2, 33):
        kernel[round(4 + along * np.sin(angle)), round(4 + along * np.cos(angle))] += 1
    return kernel / kernel.sum()

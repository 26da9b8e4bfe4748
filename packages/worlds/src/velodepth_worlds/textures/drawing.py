"""What pictures are drawn with: seamless noise, and text and shapes on a canvas of twice the size."""

from __future__ import annotations

import string
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..draws import one_of
from .colours import Colour

Picture = NDArray[np.uint8]
Grey = NDArray[np.floating]
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
_LETTERS = np.array(list(string.ascii_lowercase * 3 + string.ascii_uppercase + string.digits))


@lru_cache
def _frequencies(size: int) -> tuple[Grey, Grey]:
    fy, fx = np.meshgrid(np.fft.fftfreq(size, 1 / size), np.fft.rfftfreq(size, 1 / size), indexing="ij")
    return fx.astype(np.float32), fy.astype(np.float32)


def noise(rng: Generator, size: int, slope: float = 1.5, stretch: float = 1.0, lowest: float = 1.0) -> Grey:
    """Seamless noise (size, size), mean 0, deviation 1: amplitude falls as frequency**-slope from `lowest`
    cycles per picture on. stretch > 1 draws it out along x (grain)."""
    fx, fy = _frequencies(size)
    radius = np.hypot(fx * stretch, fy)
    amplitude = np.maximum(radius, lowest) ** -slope
    amplitude[0, 0] = 0
    phase = rng.random(fx.shape, dtype=np.float32) * np.float32(2 * np.pi)
    spectrum = amplitude * (np.cos(phase) + 1j * np.sin(phase))
    field = np.fft.irfft2(spectrum, (size, size)).astype(np.float32)
    return (field - field.mean()) / max(float(field.std()), 1e-9)


@lru_cache
def coordinates(size: int) -> tuple[Grey, Grey]:
    """x and y in 0..1 of texel centres."""
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return x, y


def smooth(t: Grey) -> Grey:
    """Noise (deviation 1) to 0..1."""
    return np.clip(t * 0.25 + 0.5, 0, 1)


def between(low: Colour, high: Colour, t: Grey) -> Picture:
    """Colours 0..1 mixed by t (size, size): 0 gives low, 1 gives high."""
    low, high = np.float32(low) * 255, np.float32(high) * 255
    return np.clip(low + (high - low) * t[..., None], 0, 255).astype(np.uint8)


def byte(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in np.clip(colour * 255, 0, 255))
    return r, g, b


def canvas_of(size: int, colour: Colour) -> Picture:
    return np.full((2 * size, 2 * size, 3), byte(colour), np.uint8)


def finished(canvas: Picture) -> Picture:
    size = canvas.shape[0] // 2
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def scaled(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height)), np.uint8)


def word_of(rng: Generator, longest: int = 9) -> str:
    return "".join(rng.choice(_LETTERS, rng.integers(1, longest + 1)))


def line_of(rng: Generator, letters: int) -> str:
    text = "".join(rng.choice(_LETTERS, letters))
    return " ".join(text[i : i + int(rng.integers(2, 9))] for i in range(0, letters, 6))


def write_text(
    canvas: Picture, text: str, x: float, y: float, height: float, colour: Colour, font: int, bold: int = 1
):
    """Text whose capitals are `height` pixels of the canvas tall; y is its base line."""
    cv2.putText(canvas, text, (int(x), int(y)), font, height / 21, byte(colour), bold, cv2.LINE_AA)


def headline(
    rng: Generator,
    canvas: Picture,
    text: str,
    x: float,
    y: float,
    heights: tuple[float, float],
    colour: Colour,
) -> None:
    """Text in any font, more or less bold; its capitals are `heights` (least, most) pixels tall."""
    font, bold = int(rng.choice(FONTS)), int(rng.integers(2, 7))
    write_text(canvas, text, x, y, rng.uniform(*heights), colour, font, bold)


def paragraph(
    rng: Generator, canvas: Picture, box: tuple[int, int, int, int], height: float, colour: Colour
) -> None:
    """Lines of text in (left, top, right, bottom) of the canvas."""
    left, top, right, bottom = box
    font = int(rng.choice(FONTS))
    letters = max(3, int((right - left) / (height * 0.95)))
    step = height * rng.uniform(1.6, 2.2)
    y = top + height
    while y < bottom:
        count = letters if rng.random() < 0.8 else max(2, int(letters * rng.uniform(0.2, 0.9)))
        write_text(canvas, line_of(rng, count)[:count], left, y, height, colour, font)
        y += step * (2 if rng.random() < 0.08 else 1)
    canvas[:, right:] = canvas[:, -1:]  # what ran over the margin


def scattered_shapes(
    rng: Generator, canvas: Picture, count: int, colours: list[Colour], largest: float = 0.4
) -> None:
    """Discs, boxes, polygons and lines thrown on the canvas."""
    n = canvas.shape[0]
    for _ in range(count):
        colour = byte(one_of(rng, colours))
        x, y = (int(v) for v in rng.uniform(0, n, 2))
        reach = int(n * rng.uniform(0.03, largest)) + 1
        kind = rng.integers(4)
        if kind == 0:
            axes = (reach, int(reach * rng.uniform(0.4, 1)) + 1)
            cv2.ellipse(canvas, (x, y), axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(canvas, (x, y), (x + reach, y + int(reach * rng.uniform(0.1, 1.5))), colour, -1)
        elif kind == 2:
            corners = np.array([x, y]) + rng.uniform(-reach, reach, (rng.integers(3, 7), 2))
            cv2.fillPoly(canvas, [corners.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            end = (x + int(rng.uniform(-2, 2) * reach), y + int(rng.uniform(-2, 2) * reach))
            cv2.line(canvas, (x, y), end, colour, int(rng.integers(1, 8)), cv2.LINE_AA)

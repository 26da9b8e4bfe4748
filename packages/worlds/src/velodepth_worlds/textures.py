"""The texture bank of a shard, and how materials are drawn from it.

Each maker below draws one square picture from a random generator: (size, size, 3 or 4) uint8, row 0 on top,
seamless where it is meant to repeat. Colours keep to what homes, offices and streets have: greys, whites,
beige and wood dominate, strong colours are rare and small.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from .scene import Material, Mesh

Picture = NDArray[np.uint8]
Grey = NDArray[np.floating]
Colour = NDArray[np.float64]  # (3,) in 0..1, as in a picture file

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
_LETTERS = np.array(list(string.ascii_lowercase * 3 + string.ascii_uppercase + string.digits))


# ---- numbers


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
def _coordinates(size: int) -> tuple[Grey, Grey]:
    """x and y in 0..1 of texel centres."""
    axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return x, y


def _smooth(t: Grey) -> Grey:
    """Noise (deviation 1) to 0..1."""
    return np.clip(t * 0.25 + 0.5, 0, 1)


def _between(low: Colour, high: Colour, t: Grey) -> Picture:
    """Colours 0..1 mixed by t (size, size): 0 gives low, 1 gives high."""
    low, high = np.float32(low) * 255, np.float32(high) * 255
    return np.clip(low + (high - low) * t[..., None], 0, 255).astype(np.uint8)


def _byte(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (int(v) for v in np.clip(colour * 255, 0, 255))
    return r, g, b


# ---- colours


def muted(rng: Generator, low: float = 0.08, high: float = 0.95) -> Colour:
    """A grey with a slight, mostly warm cast."""
    warm = rng.normal(0.03, 0.05)
    return np.clip(
        rng.uniform(low, high) * np.array([1 + warm, 1 + rng.normal(0, 0.02), 1 - warm]), 0.02, 0.97
    )


def vivid(rng: Generator) -> Colour:
    """Any hue, fairly saturated, not neon."""
    hue, saturation, value = rng.uniform(0, 6), rng.uniform(0.3, 0.75), rng.uniform(0.2, 0.8)
    wheel = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return value * (1 - saturation + saturation * wheel)


def wooden(rng: Generator) -> Colour:
    """Birch to walnut."""
    pale, dark = np.array([0.86, 0.74, 0.56]), np.array([0.30, 0.19, 0.11])
    t = rng.beta(1.1, 1.6)
    return np.clip(
        (pale + (dark - pale) * t) * rng.uniform(0.85, 1.1) * (1 + rng.normal(0, 0.04, 3)), 0.03, 0.95
    )


def common(rng: Generator) -> Colour:
    """What things in rooms have: whites, blacks, greys, beige and wood, now and then a colour."""
    choice = rng.random()
    if choice < 0.26:
        return muted(rng, 0.72, 0.95)
    if choice < 0.42:
        return muted(rng, 0.04, 0.2)
    if choice < 0.62:
        return muted(rng, 0.2, 0.72)
    if choice < 0.76:
        return wooden(rng)
    if choice < 0.88:
        colour = vivid(rng)
        return 0.5 * colour + 0.5 * colour.mean()
    return vivid(rng)


# ---- drawing on a canvas of twice the size


def _canvas(size: int, colour: Colour) -> Picture:
    return np.full((2 * size, 2 * size, 3), _byte(colour), np.uint8)


def _done(canvas: Picture) -> Picture:
    size = canvas.shape[0] // 2
    return np.asarray(cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _scaled(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height)), np.uint8)


def _word(rng: Generator, longest: int = 9) -> str:
    return "".join(rng.choice(_LETTERS, rng.integers(1, longest + 1)))


def _line(rng: Generator, letters: int) -> str:
    text = "".join(rng.choice(_LETTERS, letters))
    return " ".join(text[i : i + int(rng.integers(2, 9))] for i in range(0, letters, 6))


def _write(
    canvas: Picture, text: str, x: float, y: float, height: float, colour: Colour, font: int, bold: int = 1
):
    """Text whose capitals are `height` pixels of the canvas tall; y is its base line."""
    cv2.putText(canvas, text, (int(x), int(y)), font, height / 21, _byte(colour), bold, cv2.LINE_AA)


def _headline(
    rng: Generator,
    canvas: Picture,
    text: str,
    x: float,
    y: float,
    heights: tuple[float, float],
    colour: Colour,
) -> None:
    """Text in any font, more or less bold; its capitals are `heights` (least, most) pixels tall."""
    font, bold = int(rng.choice(_FONTS)), int(rng.integers(2, 7))
    _write(canvas, text, x, y, rng.uniform(*heights), colour, font, bold)


def _paragraph(
    rng: Generator, canvas: Picture, box: tuple[int, int, int, int], height: float, colour: Colour
) -> None:
    """Lines of text in (left, top, right, bottom) of the canvas."""
    left, top, right, bottom = box
    font = int(rng.choice(_FONTS))
    letters = max(3, int((right - left) / (height * 0.95)))
    step = height * rng.uniform(1.6, 2.2)
    y = top + height
    while y < bottom:
        count = letters if rng.random() < 0.8 else max(2, int(letters * rng.uniform(0.2, 0.9)))
        _write(canvas, _line(rng, count)[:count], left, y, height, colour, font)
        y += step * (2 if rng.random() < 0.08 else 1)
    canvas[:, right:] = canvas[:, -1:]  # what ran over the margin


def _shapes(rng: Generator, canvas: Picture, count: int, colours: list[Colour], largest: float = 0.4) -> None:
    """Discs, boxes, polygons and lines thrown on the canvas."""
    n = canvas.shape[0]
    for _ in range(count):
        colour = _byte(colours[rng.integers(len(colours))])
        x, y = (int(v) for v in rng.uniform(0, n, 2))
        reach = int(n * rng.uniform(0.03, largest)) + 1
        kind = rng.integers(4)
        if kind == 0:
            cv2.ellipse(
                canvas,
                (x, y),
                (reach, int(reach * rng.uniform(0.4, 1)) + 1),
                rng.uniform(0, 180),
                0,
                360,
                colour,
                -1,
                cv2.LINE_AA,
            )
        elif kind == 1:
            cv2.rectangle(canvas, (x, y), (x + reach, y + int(reach * rng.uniform(0.1, 1.5))), colour, -1)
        elif kind == 2:
            corners = np.array([x, y]) + rng.uniform(-reach, reach, (rng.integers(3, 7), 2))
            cv2.fillPoly(canvas, [corners.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            end = (x + int(rng.uniform(-2, 2) * reach), y + int(rng.uniform(-2, 2) * reach))
            cv2.line(canvas, (x, y), end, colour, int(rng.integers(1, 8)), cv2.LINE_AA)


# ---- surfaces that repeat


def wood(rng: Generator, size: int) -> Picture:
    """Grain along x; at times planks or a parquet with joints."""
    x, y = _coordinates(size)
    rings = rng.integers(2, 8)
    warp = noise(rng, size, 2.2, rng.uniform(4, 9)) * rng.uniform(0.3, 1.2)
    grain = 0.6 * np.sin(2 * np.pi * rings * y + warp * 2) + 0.5 * noise(rng, size, 0.7, rng.uniform(12, 30))
    colour = wooden(rng)
    tone = _smooth(grain * rng.uniform(0.5, 1.2))
    if rng.random() < 0.4:
        rows = int(rng.integers(3, 9))
        row = np.floor(y * rows).astype(int)
        across = int(rng.integers(1, 3))
        column = np.floor((x + rng.random(rows)[row]) * across).astype(int) % across
        board = rng.normal(0, rng.uniform(0.05, 0.25), (rows, across))[row, column]
        u, v = (x * across + rng.random(rows)[row] * across) % 1, (y * rows) % 1
        joint = (np.minimum(v, 1 - v) * size / rows < 0.7) | (np.minimum(u, 1 - u) * size / across < 0.5)
        tone = np.where(joint, -rng.uniform(0, 0.6), tone + board)
    return _between(colour * rng.uniform(0.45, 0.75), colour * rng.uniform(1.0, 1.15), tone)


def plaster(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.45, 0.95)
    t = 0.7 * noise(rng, size, rng.uniform(0.2, 1.2)) + 0.3 * noise(rng, size, 2.2)
    return _between(colour * rng.uniform(0.8, 0.95), colour * 1.04, _smooth(t))


def concrete(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.3, 0.7)
    t = 0.6 * noise(rng, size, 1.6) + 0.4 * noise(rng, size, 0.3) - 1.5 * (noise(rng, size, 0.4) > 2.4)
    return _between(colour * 0.6, colour * 1.2, _smooth(t))


def marble(rng: Generator, size: int) -> Picture:
    """Veins, or the speckle of granite and terrazzo."""
    ground, vein = muted(rng), common(rng)
    if rng.random() < 0.5:
        t = np.abs(noise(rng, size, 1.9)) ** rng.uniform(0.3, 0.8)
        return _between(vein * 0.6 + ground * 0.4, ground, np.clip(t, 0, 1))
    t = np.round(_smooth(1.3 * noise(rng, size, rng.uniform(0.1, 0.8))) * rng.integers(2, 7)) / 4
    return _between(vein * 0.5 + ground * 0.5, ground, t)


def fabric(rng: Generator, size: int) -> Picture:
    """A weave, plain or with stripes, checks, or flowers."""
    x, y = _coordinates(size)
    first, second = common(rng), common(rng)
    threads = int(rng.integers(16, 52))
    weave = 0.5 + 0.25 * np.sin(2 * np.pi * threads * x) * np.sin(2 * np.pi * threads * y)
    kind = rng.integers(5)
    pattern = np.zeros_like(x)
    bars = int(rng.integers(1, 7))
    if kind == 1:
        pattern = (np.sin(2 * np.pi * bars * x) > rng.uniform(-0.6, 0.8)).astype(np.float32)
    elif kind == 2:
        pattern = 0.5 * (np.sin(2 * np.pi * bars * x) > 0.2) + 0.5 * (np.sin(2 * np.pi * bars * y) > 0.2)
    elif kind == 3:
        blobs = np.sin(2 * np.pi * bars * x + noise(rng, size, 2) * 0.6) * np.sin(2 * np.pi * bars * y)
        pattern = (blobs > rng.uniform(0.2, 0.7)).astype(np.float32)
    tone = pattern + 0.35 * (weave - 0.5) + 0.1 * noise(rng, size, 1.0)
    if kind in (0, 4):
        second = first * rng.uniform(1.15, 1.6)
        tone = 0.5 + (weave - 0.5) * rng.uniform(0.3, 1.2) + 0.12 * noise(rng, size, 1.2)
    return _between(first, second, tone)


def carpet(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.12, 0.7) if rng.random() < 0.7 else 0.7 * vivid(rng) + 0.1
    t = noise(rng, size, rng.uniform(0, 0.5)) * 0.8 + 0.4 * noise(rng, size, 1.8)
    return _between(colour * 0.6, np.clip(colour * 1.35, 0, 1), _smooth(t))


def rug(rng: Generator, size: int) -> Picture:
    """One whole rug: frames and a pattern mirrored about its middle."""
    colours = [common(rng) for _ in range(4)]
    canvas = _canvas(size, colours[0])
    n = 2 * size
    _shapes(rng, canvas, int(rng.integers(4, 24)), colours, 0.25)
    half = canvas[:size, :size]
    canvas = (
        np.block([[[half], [half[:, ::-1]]], [[half[::-1]], [half[::-1, ::-1]]]])
        if rng.random() < 0.6
        else canvas
    )
    canvas = np.ascontiguousarray(canvas)
    inset = 0
    for _ in range(rng.integers(0, 4)):
        thick = int(rng.integers(4, 22))
        cv2.rectangle(
            canvas, (inset, inset), (n - 1 - inset, n - 1 - inset), _byte(colours[rng.integers(4)]), thick
        )
        inset += thick
    return _rubbed(rng, _done(canvas), 0.12)


def _rubbed(rng: Generator, picture: Picture, strength: float) -> Picture:
    """Slight wear: noise on the lightness."""
    size = picture.shape[0]
    wear = 1 + strength * (0.6 * noise(rng, size, 0.3) + 0.6 * noise(rng, size, 1.8))
    return np.clip(picture * wear[..., None], 0, 255).astype(np.uint8)


def tile(rng: Generator, size: int) -> Picture:
    x, y = _coordinates(size)
    columns, rows = (int(v) for v in rng.integers(1, 7, 2))
    rows = columns if rng.random() < 0.6 else rows
    shift = 0.5 * (np.floor(y * rows) % 2) if rng.random() < 0.25 else 0.0
    u, v = x * columns + shift, y * rows
    cell = rng.normal(0, rng.uniform(0, 0.2), (rows, columns))[
        np.floor(v).astype(int) % rows, np.floor(u).astype(int) % columns
    ]
    grout = (np.minimum(u % 1, 1 - u % 1) * size / columns < rng.uniform(0.5, 2)) | (
        np.minimum(v % 1, 1 - v % 1) * size / rows < rng.uniform(0.5, 2)
    )
    colour = common(rng) if rng.random() < 0.5 else muted(rng, 0.5, 0.92)
    other = common(rng) if rng.random() < 0.25 else colour
    odd = ((np.floor(u) + np.floor(v)) % 2)[..., None]
    face = np.float32(colour) * (1 - odd) + np.float32(other) * odd
    face = face * (1 + cell + 0.06 * noise(rng, size, 1.4))[..., None]
    line = np.float32(muted(rng, 0.2, 0.8))
    return np.clip(np.where(grout[..., None], line, face) * 255, 0, 255).astype(np.uint8)


def brick(rng: Generator, size: int) -> Picture:
    x, y = _coordinates(size)
    rows, columns = 2 * int(rng.integers(3, 7)), int(rng.integers(2, 5))
    row = np.floor(y * rows).astype(int)
    u = x * columns + 0.5 * (row % 2)
    cell = rng.normal(0, 0.15, (rows, columns))[row, np.floor(u).astype(int) % columns]
    mortar = (np.minimum(u % 1, 1 - u % 1) * size / columns < 1.2) | (
        np.minimum((y * rows) % 1, 1 - (y * rows) % 1) * size / rows < 1.2
    )
    colour = (
        np.array([0.55, 0.3, 0.22]) * rng.uniform(0.7, 1.4) if rng.random() < 0.6 else muted(rng, 0.3, 0.9)
    )
    tone = np.where(mortar, rng.choice([-0.6, 1.4]), 0.5 + cell + 0.12 * noise(rng, size, 0.8))
    return _between(colour * 0.7, colour * 1.2, tone)


def metal(rng: Generator, size: int) -> Picture:
    """Brushed, galvanised or painted sheet."""
    colour = muted(rng, 0.3, 0.8)
    t = noise(rng, size, 0.4, rng.uniform(8, 40)) if rng.random() < 0.6 else noise(rng, size, 1.3)
    return _between(colour * 0.82, colour * 1.12, _smooth(t))


def leather(rng: Generator, size: int) -> Picture:
    colour = common(rng) * 0.7
    t = -np.abs(noise(rng, size, 0.9, lowest=8)) + 0.3 * noise(rng, size, 2)
    return _between(colour * 0.7, np.clip(colour * 1.25, 0, 1), _smooth(1.5 * t + 0.8))


def speckle(rng: Generator, size: int) -> Picture:
    """Moulded plastic, paint, skin of fruit: almost plain."""
    colour = common(rng)
    t = noise(rng, size, rng.uniform(0, 2)) * rng.uniform(0.3, 1)
    return _between(colour * 0.88, np.clip(colour * 1.1, 0, 1), _smooth(t))


def blotches(rng: Generator, size: int) -> Picture:
    """Strong pattern at one scale: stones, camouflage, dirt."""
    t = noise(rng, size, rng.uniform(1.5, 3), lowest=rng.uniform(2, 10))
    return _between(common(rng), common(rng), np.clip(t * rng.uniform(0.5, 3) + 0.5, 0, 1))


# ---- printed things, shown once


def page(rng: Generator, size: int) -> Picture:
    """A4: text, a form, a table, a chart, handwriting, a news page."""
    paper = muted(rng, 0.82, 0.97) if rng.random() < 0.9 else 0.5 + 0.5 * vivid(rng)
    ink = muted(rng, 0.05, 0.35) if rng.random() < 0.85 else vivid(rng) * 0.7
    canvas = _canvas(size, paper)
    n = 2 * size
    margin = int(n * rng.uniform(0.06, 0.14))
    top = margin
    if rng.random() < 0.5:
        _write(canvas, _line(rng, 10), margin, top + 16, rng.uniform(10, 18), ink, int(rng.choice(_FONTS)), 2)
        top += 34
    kind = rng.integers(6)
    small = rng.uniform(4.5, 9)
    if kind <= 1:
        _paragraph(rng, canvas, (margin, top, n - margin, n - margin), small, ink)
    elif kind == 2:
        columns = int(rng.integers(2, 4))
        width = (n - 2 * margin) // columns
        for i in reversed(range(columns)):
            left = margin + i * width
            _paragraph(rng, canvas, (left, top, left + width - 6, n - margin), small, ink)
        if rng.random() < 0.6:
            a, b = rng.integers(margin, size, 2)
            cv2.rectangle(
                canvas,
                (a, b),
                (a + int(rng.integers(30, 110)), b + int(rng.integers(20, 90))),
                _byte(common(rng)),
                -1,
            )
    elif kind == 3:
        rows, columns = int(rng.integers(4, 18)), int(rng.integers(2, 7))
        for y in np.linspace(top, n - margin, rows).astype(int):
            cv2.line(canvas, (margin, y), (n - margin, y), _byte(ink), 1)
        for x in np.linspace(margin, n - margin, columns).astype(int):
            cv2.line(canvas, (x, top), (x, n - margin), _byte(ink), 1)
        _paragraph(rng, canvas, (margin + 4, top + 4, n - margin, n - margin), small, ink)
    elif kind == 4:
        bars = int(rng.integers(3, 9))
        width = (n - 2 * margin) // bars
        colour = vivid(rng)
        for i in range(bars):
            high = int(rng.uniform(0.1, 0.9) * (n * 0.5))
            cv2.rectangle(
                canvas,
                (margin + i * width, n - margin - high),
                (margin + i * width + width - 6, n - margin),
                _byte(colour),
                -1,
            )
        _paragraph(rng, canvas, (margin, top, n - margin, top + n // 4), small, ink)
    else:
        for y in range(top, n - margin, int(rng.integers(14, 26))):
            x = np.arange(margin, n - margin if rng.random() < 0.8 else size, 3)
            wave = y + np.cumsum(rng.normal(0, 2.0, len(x))) * 0.5 + 5 * np.sin(x * rng.uniform(0.3, 0.7))
            cv2.polylines(
                canvas, [np.stack([x, wave], -1).astype(np.int32)], False, _byte(ink), 1, cv2.LINE_AA
            )
    return _done(canvas)


def cover(rng: Generator, size: int) -> Picture:
    """Book, magazine, folder, game: a ground, blocks, a title."""
    ground = common(rng) if rng.random() < 0.6 else vivid(rng)
    canvas = _canvas(size, ground)
    n = 2 * size
    colours = [common(rng), vivid(rng), muted(rng), ground * 0.6]
    if rng.random() < 0.4:
        inner = _scaled(photo(rng, size), n, n)
        a, b = sorted(int(v) for v in rng.uniform(0, n, 2))
        canvas[a:b] = inner[a:b]
    _shapes(rng, canvas, int(rng.integers(0, 7)), colours, 0.35)
    for _ in range(rng.integers(1, 4)):
        ink = muted(rng, 0.8, 0.97) if rng.random() < 0.6 else common(rng) * 0.5
        x, y = rng.uniform(6, 60), rng.uniform(30, n - 8)
        _headline(rng, canvas, _word(rng, 8), x, y, (12, 40), ink)
    return _done(canvas)


def spine(rng: Generator, size: int) -> Picture:
    """The back of a book or binder: its title runs down."""
    ground = common(rng) if rng.random() < 0.65 else vivid(rng)
    canvas = _canvas(size, ground)
    n = 2 * size
    ink = muted(rng, 0.75, 0.97) if ground.mean() < 0.5 else muted(rng, 0.03, 0.3)
    for y in rng.uniform(0, n, rng.integers(0, 4)).astype(int):
        canvas[y : y + int(rng.integers(4, 40))] = _byte(common(rng))
    if rng.random() < 0.25:
        left, top = int(n * 0.15), int(rng.uniform(0.1, 0.5) * n)
        cv2.rectangle(canvas, (left, top), (n - left, top + n // 3), _byte(muted(rng, 0.8, 0.95)), -1)
        ink = muted(rng, 0.03, 0.3)
    turned = np.ascontiguousarray(np.rot90(canvas))
    title = _line(rng, int(rng.integers(6, 16)))
    _headline(rng, turned, title, rng.uniform(10, 60), rng.uniform(0.6, 0.75) * n, (30, 80), ink)
    return _done(np.ascontiguousarray(np.rot90(turned, -1)))


def label(rng: Generator, size: int) -> Picture:
    """What is printed on cans, jars, cartons and packets; wraps around in x."""
    colours = [common(rng), vivid(rng), muted(rng, 0.8, 0.97), vivid(rng)]
    canvas = _canvas(size, colours[rng.integers(3)])
    n = 2 * size
    for _ in range(rng.integers(0, 4)):
        y = int(rng.uniform(0, n))
        canvas[y : y + int(rng.uniform(6, 90))] = _byte(colours[rng.integers(4)])
    _shapes(rng, canvas, int(rng.integers(0, 5)), colours, 0.3)
    for x in (0.06, 0.56):
        ink = colours[rng.integers(4)] * rng.choice([0.3, 1.0])
        _headline(rng, canvas, _word(rng, 6), x * n, rng.uniform(0.3, 0.8) * n, (20, 44), ink)
        top = int(rng.uniform(0.55, 0.85) * n)
        if rng.random() < 0.6:
            small = np.ascontiguousarray(canvas[:, int(x * n) : int(x * n) + n // 3])
            _paragraph(rng, small, (0, top, n // 3 - 8, n - 8), rng.uniform(5, 9), muted(rng, 0.05, 0.3))
            canvas[:, int(x * n) : int(x * n) + n // 3] = small
    if rng.random() < 0.4:
        left = int(rng.uniform(0.3, 0.45) * n)
        for x in range(left, left + 40, 3):
            canvas[n - 60 : n - 20, x : x + int(rng.integers(1, 3))] = 20
    return _done(canvas)


def cardboard(rng: Generator, size: int) -> Picture:
    """Brown board, at times with tape, marks and a label."""
    colour = np.array([0.68, 0.52, 0.36]) * rng.uniform(0.75, 1.2)
    flutes = 0.3 * np.sin(2 * np.pi * rng.integers(20, 50) * _coordinates(size)[0])
    picture = _between(colour * 0.85, colour * 1.08, _smooth(noise(rng, size, 1.2) + flutes))
    canvas = _scaled(picture, 2 * size, 2 * size)
    n = 2 * size
    if rng.random() < 0.5:
        x = int(rng.uniform(0.35, 0.55) * n)
        tape = canvas[:, x : x + int(rng.uniform(0.08, 0.14) * n)]
        tape[:] = np.clip(tape * rng.uniform(0.75, 1.15), 0, 255)
    if rng.random() < 0.5:
        x, y = (int(v) for v in rng.uniform(0.05, 0.6, 2) * n)
        cv2.rectangle(canvas, (x, y), (x + 90, y + 60), _byte(muted(rng, 0.85, 0.95)), -1)
        for row in range(y + 12, y + 54, 11):
            _write(canvas, _line(rng, 8), x + 5, row, 6, muted(rng, 0.05, 0.2), _FONTS[0])
    if rng.random() < 0.5:
        _write(
            canvas,
            _word(rng, 7),
            rng.uniform(5, 60),
            rng.uniform(0.3, 0.95) * n,
            rng.uniform(14, 40),
            colour * 0.3,
            _FONTS[1],
            3,
        )
    return _done(canvas)


def photo(rng: Generator, size: int) -> Picture:
    """Photograph-like: a landscape, a portrait, a still life; light falls off, colours are muted."""
    _, y = _coordinates(size)
    horizon = rng.uniform(0.3, 0.75)
    sky = _between(common(rng), muted(rng, 0.6, 0.95), np.clip(y / horizon, 0, 1))
    ground_colour = np.array([0.3, 0.38, 0.2]) * rng.uniform(0.5, 1.5) if rng.random() < 0.5 else common(rng)
    ground = _between(ground_colour * 0.6, ground_colour * 1.2, _smooth(noise(rng, size, 1.3, 2.0)))
    ridge = horizon + 0.08 * noise(rng, size, 1.8)[:1] * rng.uniform(0, 1.5)
    picture = np.where((y < ridge)[..., None], sky, ground)
    canvas = _scaled(picture.astype(np.uint8), 2 * size, 2 * size)
    colours = [common(rng) for _ in range(3)] + [vivid(rng)]
    kind = rng.integers(3)
    if kind == 0:
        n = 2 * size
        cx, cy, r = rng.uniform(0.3, 0.7) * n, rng.uniform(0.3, 0.5) * n, rng.uniform(0.08, 0.2) * n
        skin = np.array([0.85, 0.65, 0.52]) * rng.uniform(0.35, 1.1)
        hair = muted(rng, 0.05, 0.4)
        for down, wide, high, colour in (
            (3.2, 2.0, 2.3, colours[0]),
            (-0.15, 1.1, 1.3, hair),
            (0.15, 0.85, 1.1, skin),
        ):
            middle, axes = (int(cx), int(cy + down * r)), (int(wide * r), int(high * r))
            cv2.ellipse(canvas, middle, axes, 0, 0, 360, _byte(colour), -1, cv2.LINE_AA)
    else:
        _shapes(rng, canvas, int(rng.integers(2, 14)), colours, 0.3)
    light = 1 + 0.25 * noise(rng, size, 2.6)
    return np.clip(_done(canvas) * light[..., None], 0, 255).astype(np.uint8)


def poster(rng: Generator, size: int) -> Picture:
    """Photograph, print, map or notice, often with a frame of its own and text."""
    n = 2 * size
    kind = rng.integers(4)
    if kind <= 1:
        canvas = _scaled(photo(rng, size), n, n)
    else:
        ground = muted(rng, 0.6, 0.97) if rng.random() < 0.6 else common(rng)
        canvas = _canvas(size, ground)
        _shapes(
            rng, canvas, int(rng.integers(3, 30)), [common(rng), vivid(rng), muted(rng), ground * 0.7], 0.35
        )
        if kind == 3:
            for _ in range(rng.integers(2, 14)):
                line = rng.uniform(0, n, 2) + np.cumsum(rng.normal(0, 18, (14, 2)), axis=0)
                cv2.polylines(
                    canvas,
                    [line.astype(np.int32)],
                    False,
                    _byte(common(rng)),
                    int(rng.integers(1, 5)),
                    cv2.LINE_AA,
                )
    if rng.random() < 0.6:
        ink = muted(rng, 0.85, 0.97) if rng.random() < 0.5 else muted(rng, 0.03, 0.3)
        x, y = rng.uniform(8, 60), rng.uniform(0.2, 0.9) * n
        _headline(rng, canvas, _word(rng, 7), x, y, (18, 50), ink)
        _paragraph(rng, canvas, (20, int(0.8 * n), n - 20, n - 12), rng.uniform(5, 10), ink)
    if rng.random() < 0.5:
        thick = int(rng.integers(4, 40))
        cv2.rectangle(canvas, (0, 0), (n - 1, n - 1), _byte(muted(rng, 0.7, 0.97)), thick)
    return _done(canvas)


def screen(rng: Generator, size: int) -> Picture:
    """A desktop: windows with text or code, a browser, a wallpaper, a video, a plot, a terminal."""
    n = 2 * size
    dark = rng.random() < 0.45
    canvas = _scaled(photo(rng, size), n, n) if rng.random() < 0.5 else _canvas(size, vivid(rng) * 0.5)
    for _ in range(rng.integers(0, 4)):
        left, top = (int(v) for v in rng.uniform(-0.05, 0.45, 2) * n)
        left, top = max(left, 0), max(top, 0)
        right, bottom = (
            min(n, int(v)) for v in (left + rng.uniform(0.4, 1) * n, top + rng.uniform(0.4, 1) * n)
        )
        paper = muted(rng, 0.05, 0.16) if dark else muted(rng, 0.88, 0.97)
        cv2.rectangle(canvas, (left, top), (right, bottom), _byte(paper), -1)
        cv2.rectangle(canvas, (left, top), (right, top + 11), _byte(paper * 0.8 + 0.06), -1)
        window = np.ascontiguousarray(canvas[top + 14 : bottom, left + 5 : right])
        inks = [
            muted(rng, 0.6, 0.95) if dark else muted(rng, 0.05, 0.35),
            0.3 + 0.7 * vivid(rng) if dark else vivid(rng) * 0.8,
        ]
        y, height = 8, rng.uniform(4.5, 7)
        while y < window.shape[0] - 4:
            indent = int(rng.integers(0, 4)) * 10
            letters = int(rng.integers(3, max(4, int((window.shape[1] - indent) / height / 1.2))))
            _write(
                window,
                _line(rng, letters)[:letters],
                indent,
                y,
                height,
                inks[int(rng.random() < 0.4)],
                _FONTS[0],
            )
            y += int(height * 1.9)
        canvas[top + 14 : bottom, left + 5 : right] = window
        if rng.random() < 0.3 and right - left > 60 and bottom - top > 60:
            inner = _scaled(photo(rng, size), (right - left) // 2, (bottom - top) // 2)
            canvas[top + 20 : top + 20 + inner.shape[0], left + 10 : left + 10 + inner.shape[1]][
                : bottom - top - 20, : right - left - 10
            ] = inner[: bottom - top - 20, : right - left - 10]
    if rng.random() < 0.6:
        cv2.rectangle(canvas, (0, n - 14), (n, n), _byte(muted(rng, 0.05, 0.9)), -1)
        for x in range(6, int(rng.uniform(40, n)), 16):
            cv2.rectangle(canvas, (x, n - 11), (x + 8, n - 4), _byte(vivid(rng)), -1)
    return _done(canvas)


def keyboard(rng: Generator, size: int) -> Picture:
    """A keyboard from above: as flat as keys look from afar."""
    n = 2 * size
    dark = rng.random() < 0.65
    body, key = (
        (muted(rng, 0.03, 0.14), muted(rng, 0.06, 0.22))
        if dark
        else (muted(rng, 0.55, 0.85), muted(rng, 0.8, 0.96))
    )
    ink = muted(rng, 0.7, 0.95) if dark else muted(rng, 0.1, 0.4)
    canvas = _canvas(size, body)
    columns = int(rng.integers(12, 19))
    step = (n - 12) / columns
    high = (n - 16) / 6
    for row in range(6):
        x = 6 + (row % 3) * step * 0.25
        while x < n - 6 - step * 0.5:
            width = step * (rng.choice([1, 1.5, 2]) if x < 10 or x > n - 3 * step else 1)
            if row == 5 and columns * 0.25 < (x / step) < columns * 0.3:
                width = step * 5
            right = min(x + width, n - 6)
            y = int(8 + row * high)
            cv2.rectangle(canvas, (int(x), y), (int(right - 3), int(y + high - 4)), _byte(key), -1)
            cv2.circle(canvas, (int(x + 5), y + 7), 2, _byte(ink), -1)
            x += width
    return _done(canvas)


def outside(rng: Generator, size: int) -> Picture:
    """What is seen through a window: sky, trees, buildings, ground; bright."""
    _, y = _coordinates(size)
    sky = _between(
        np.array([0.55, 0.7, 0.9]),
        np.array([0.95, 0.96, 0.97]),
        np.clip(y * 1.5 + 0.2 * noise(rng, size, 2.0), 0, 1),
    )
    picture = np.array(sky)
    n = size
    for _ in range(rng.integers(0, 4)):
        left, top = int(rng.uniform(-0.1, 0.9) * n), int(rng.uniform(0.15, 0.6) * n)
        width = int(rng.uniform(0.15, 0.6) * n)
        house = _scaled(facade(rng, size), width, n - top)
        part = picture[top:, max(left, 0) : left + width]
        part[:] = (0.75 * house[:, : part.shape[1]] + 60).clip(0, 255)
    level = rng.uniform(0.35, 0.95)
    tree = y + 0.12 * noise(rng, size, 1.2) > level
    leaf = np.array([0.35, 0.45, 0.22]) * rng.uniform(0.6, 1.5)
    picture = np.where(
        tree[..., None], _between(leaf * 0.6, leaf * 1.3, _smooth(noise(rng, size, 0.8))), picture
    )
    return picture.astype(np.uint8)


# ---- nature and street


def leaf(rng: Generator, size: int) -> Picture:
    """One leaf, stalk at the lower edge, tip at the upper; transparent around it."""
    x, y = _coordinates(size)
    along = 1 - y
    belly = rng.uniform(0.5, 1.6)
    half = rng.uniform(0.22, 0.48) * np.sin(np.pi * along**belly) ** rng.uniform(0.6, 1.2)
    if rng.random() < 0.25:
        half = half * (0.8 + 0.2 * np.abs(np.sin(np.pi * along * rng.integers(4, 9))))
    off = np.abs(x - 0.5)
    colour = leafy(rng)
    tone = _smooth(noise(rng, size, 1.0) * 0.6) - 0.35 * (off < 0.012) + 0.15 * np.sin(40 * (along + off * 2))
    rgb = _between(colour * 0.75, np.clip(colour * 1.25, 0, 1), tone)
    alpha = np.where((off < half) | ((off < 0.015) & (along < 0.2)), 255, 0).astype(np.uint8)
    return np.dstack([rgb, alpha])


def leafy(rng: Generator) -> Colour:
    """Greens, at times autumn."""
    if rng.random() < 0.12:
        return np.array([0.6, 0.4, 0.15]) * rng.uniform(0.6, 1.3) * (1 + rng.normal(0, 0.1, 3))
    return np.clip(
        np.array([0.27, 0.4, 0.16]) * rng.uniform(0.55, 1.5) * (1 + rng.normal(0, 0.12, 3)), 0.03, 0.9
    )


def leaves(rng: Generator, size: int) -> Picture:
    """A spray of many leaves or needles, transparent between them."""
    n = 2 * size
    colour = leafy(rng)
    canvas = _canvas(size, colour * 0.8)
    mask = np.zeros((n, n), np.uint8)
    slender = rng.uniform(0.1, 0.55)
    count = int(rng.integers(50, 130))
    reach = rng.uniform(10, 26, count)
    centre = n / 2 + np.clip(rng.normal(0, 0.19, (count, 2)), -0.42, 0.42) * n
    turn = rng.uniform(0, 180, count)
    shade = rng.uniform(0.55, 1.4, count)
    for i in range(count):
        where, axes = (int(centre[i, 0]), int(centre[i, 1])), (int(reach[i]), max(2, int(reach[i] * slender)))
        cv2.ellipse(canvas, where, axes, turn[i], 0, 360, _byte(colour * shade[i]), -1)
        cv2.ellipse(mask, where, axes, turn[i], 0, 360, 255, -1)
    return np.dstack([_done(canvas), cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)])


def blades(rng: Generator, size: int) -> Picture:
    """Grass or reeds that grow from the lower edge; transparent between them."""
    n = 2 * size
    colour = leafy(rng)
    canvas = _canvas(size, colour)
    mask = np.zeros((n, n), np.uint8)
    for _ in range(rng.integers(18, 50)):
        foot, tip = rng.uniform(0.1, 0.9) * n, rng.uniform(0.0, 0.7) * n
        lean = rng.normal(0, 0.2) * n
        t = np.linspace(0, 1, 7)
        line = np.stack([foot + lean * t**2, n - (n - tip) * t], -1)
        half = rng.uniform(2, 7) * (1 - t)[:, None] * (1, 0)
        blade = np.concatenate([line - half, (line + half)[::-1]]).astype(np.int32)
        cv2.fillPoly(canvas, [blade], _byte(colour * rng.uniform(0.6, 1.5)), cv2.LINE_AA)
        cv2.fillPoly(mask, [blade], 255)
    return np.dstack([_done(canvas), cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)])


def bark(rng: Generator, size: int) -> Picture:
    colour = np.array([0.36, 0.29, 0.22]) * rng.uniform(0.6, 1.6)
    t = -np.abs(noise(rng, size, 1.0, 5.0, lowest=3)) + 0.4 * noise(rng, size, 0.5)
    return _between(colour * 0.5, colour * 1.3, _smooth(1.4 * t + 1).T)


def grass(rng: Generator, size: int) -> Picture:
    colour = leafy(rng)
    earth = np.array([0.4, 0.32, 0.22]) * rng.uniform(0.7, 1.3)
    blade = _between(colour * 0.6, np.clip(colour * 1.4, 0, 1), _smooth(noise(rng, size, 0.35)))
    bare = np.clip(noise(rng, size, 2.0) * 0.5 - rng.uniform(0, 1), 0, 1)[..., None]
    return (blade * (1 - bare) + np.float32(earth) * 255 * bare).astype(np.uint8)


def soil(rng: Generator, size: int) -> Picture:
    """Earth, sand, gravel, rock, snow."""
    colour = np.array(
        [[0.4, 0.31, 0.22], [0.75, 0.66, 0.5], [0.5, 0.48, 0.46], [0.45, 0.42, 0.38], [0.9, 0.92, 0.95]]
    )
    chosen = colour[rng.choice(5, p=[0.3, 0.2, 0.25, 0.2, 0.05])] * rng.uniform(0.75, 1.2)
    t = noise(rng, size, rng.uniform(0.3, 1.5)) + 0.5 * noise(rng, size, rng.uniform(0, 0.6))
    return _between(chosen * 0.65, np.clip(chosen * 1.25, 0, 1), _smooth(t))


def asphalt(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.18, 0.5)
    t = (
        0.8 * noise(rng, size, 0.1)
        + 0.6 * noise(rng, size, 1.8)
        - 2 * (np.abs(noise(rng, size, 1.6)) < 0.015)
    )
    return _between(colour * 0.7, colour * 1.25, _smooth(t))


def road(rng: Generator, size: int) -> Picture:
    """A road seen from above, from kerb to kerb along x (fit it across), its direction along y."""
    picture = asphalt(rng, size)
    x, y = _coordinates(size)
    paint = np.float32(muted(rng, 0.7, 0.95) if rng.random() < 0.8 else np.array([0.85, 0.65, 0.15])) * 255
    lanes = int(rng.integers(1, 4))
    mark = np.zeros_like(x, bool)
    for i in range(1, lanes + 1):
        solid = rng.random() < 0.2
        mark |= (np.abs(x - i / (lanes + 1)) < 0.009) & (solid | ((y * 2) % 1 < 0.45))
    if rng.random() < 0.7:
        mark |= (np.abs(x - 0.04) < 0.008) | (np.abs(x - 0.96) < 0.008)
    worn = _smooth(noise(rng, size, 0.7))[..., None] * 0.5 + 0.5
    return np.where(mark[..., None], picture * (1 - worn) + paint * worn, picture).astype(np.uint8)


def facade(rng: Generator, size: int) -> Picture:
    """A house front: floors of windows; repeats."""
    wall = brick(rng, size) if rng.random() < 0.3 else plaster(rng, size)
    if rng.random() < 0.35:
        wall = np.clip(wall * (0.4 + 0.8 * vivid(rng)), 0, 255).astype(np.uint8)
    canvas = _scaled(wall, 2 * size, 2 * size)
    n = 2 * size
    columns, rows = (int(v) for v in rng.integers(1, 6, 2))
    wide, high = rng.uniform(0.3, 0.85) * n / columns, rng.uniform(0.4, 0.75) * n / rows
    frame, glass = _byte(muted(rng)), muted(rng, 0.08, 0.4) * np.array([0.9, 1.0, 1.15])
    panes = int(rng.integers(1, 4))
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * n / columns - wide / 2, (row + 0.5) * n / rows - high / 2
            a, b = (int(x), int(y)), (int(x + wide), int(y + high))
            cv2.rectangle(canvas, a, b, _byte(glass * rng.uniform(0.6, 1.8)), -1)
            if rng.random() < 0.3:
                cv2.rectangle(
                    canvas, a, (b[0], int(y + high * rng.uniform(0.2, 1))), _byte(muted(rng, 0.5, 0.9)), -1
                )
            for pane in range(panes + 1):
                px = int(x + wide * pane / panes)
                cv2.line(canvas, (px, a[1]), (px, b[1]), frame, 2)
            cv2.rectangle(canvas, a, b, frame, 3)
            cv2.rectangle(canvas, (a[0] - 3, b[1]), (b[0] + 3, b[1] + 4), frame, -1)
        if rng.random() < 0.3:
            y = int((row + 1) * n / rows) - 3
            cv2.rectangle(canvas, (0, y - 4), (n, y), frame, -1)
    return _done(canvas)


# ---- the bank

Maker = Callable[[Generator, int], Picture]

_BANK: dict[str, tuple[Maker, float]] = {  # kind: its maker, its share of the layers
    "wood": (wood, 28),
    "plaster": (plaster, 12),
    "concrete": (concrete, 8),
    "marble": (marble, 14),
    "fabric": (fabric, 28),
    "carpet": (carpet, 10),
    "rug": (rug, 7),
    "tile": (tile, 14),
    "brick": (brick, 6),
    "metal": (metal, 10),
    "leather": (leather, 7),
    "speckle": (speckle, 14),
    "blotches": (blotches, 8),
    "page": (page, 24),
    "cover": (cover, 26),
    "spine": (spine, 20),
    "label": (label, 24),
    "cardboard": (cardboard, 9),
    "poster": (poster, 30),
    "screen": (screen, 16),
    "keyboard": (keyboard, 6),
    "outside": (outside, 8),
    "leaf": (leaf, 6),
    "leaves": (leaves, 7),
    "blades": (blades, 4),
    "bark": (bark, 4),
    "grass": (grass, 6),
    "soil": (soil, 8),
    "asphalt": (asphalt, 4),
    "road": (road, 5),
    "facade": (facade, 12),
}
_CUT_OUT = ("leaf", "leaves", "blades")
_ARTWORK_SHARE = 0.3
_SURFACES = {  # kinds that may cover any object, with their share and repeats per metre
    "wood": (4, 0.8, 2.0),
    "fabric": (3, 2.0, 8.0),
    "speckle": (3, 1.0, 4.0),
    "plaster": (2, 0.5, 2.0),
    "marble": (1.5, 0.8, 2.5),
    "metal": (2, 1.0, 3.0),
    "leather": (1, 2.0, 6.0),
    "tile": (0.7, 0.8, 3.0),
    "carpet": (0.7, 1.0, 3.0),
    "concrete": (0.7, 0.5, 2.0),
    "blotches": (0.7, 0.7, 4.0),
    "label": (0.7, 2.0, 6.0),
    "poster": (0.5, 1.0, 4.0),
    "artwork": (3, 0.5, 3.0),
}


class Palette:
    """The textures of a shard and the materials drawn from them.

    pictures: (layers, size, size, 4) uint8 RGBA, size 32 or more. kinds: kind of picture -> its layers.
    models: artist-made meshes of unit largest extent with their base at y = 0, empty without artwork. means:
    (layers, 3) mean colours in 0..1. artwork: a folder with unpacked Debian packages (supertuxkart-data,
    torcs-data). Everything follows from `rng`. Raises VeloDepthError if there are fewer layers than kinds of
    picture, or the artwork cannot be read.
    """

    def __init__(
        self, rng: Generator, layers: int = 320, size: int = 128, artwork: Path | None = None
    ) -> None:
        if layers < len(_BANK):
            raise VeloDepthError(f"a palette of {layers} layers is too small; give at least {len(_BANK)}")
        self.pictures = np.full((layers, size, size, 4), 255, np.uint8)
        self.kinds: dict[str, NDArray[np.intp]] = {}
        self.models: list[Mesh] = []
        self.artwork = artwork
        used = self._hang_artwork(rng, artwork, int(_ARTWORK_SHARE * layers)) if artwork else 0
        left = layers - used
        shares = np.array([share for _, share in _BANK.values()])
        spare = left - len(_BANK)
        ends = np.round(np.cumsum(shares) / shares.sum() * spare).astype(int)
        counts = np.diff(np.concatenate([[0], ends])) + 1
        for (kind, (maker, _)), count in zip(_BANK.items(), counts, strict=True):
            for layer in range(used, used + count):
                picture = maker(rng, size)
                self.pictures[layer, ..., : picture.shape[2]] = picture
            self.kinds[kind] = np.arange(used, used + count)
            used += count
        weight = (self.pictures[..., 3:] > 100).astype(np.float32)
        total = np.maximum(weight.sum((1, 2)), 1)
        self.means = (
            (self.pictures[..., :3] * weight).sum((1, 2)) / total / 255
        )  # (layers, 3), visible texels

    def _hang_artwork(self, rng: Generator, folder: Path, most: int) -> int:
        """Fills the first layers with artist-made pictures; returns how many."""
        from . import artwork  # needed only by those who have such a folder

        size = self.pictures.shape[1]
        pictures = artwork.textures(folder, rng, most * 2 // 3, size)
        self.kinds["artwork"] = np.arange(len(pictures))
        models = artwork.models(folder, rng, most - len(pictures), size)
        for model, own in models:
            if len(pictures) + len(own) > most:
                break
            moved = model.copy()
            moved["layer"] += len(pictures)
            self.models.append(moved)
            pictures = [*pictures, *own]
        if pictures:
            self.pictures[: len(pictures)] = np.stack(pictures)
        return len(pictures)

    # ---- drawing materials

    def layer(self, rng: Generator, kind: str) -> int:
        """Any layer of a kind."""
        return int(rng.choice(self.kinds[kind]))

    def coloured(
        self, layer: int, colour: Colour, contrast: float, gloss: float = 0.0, scale: float = 1.0
    ) -> Material:
        """The picture of a layer in another mean colour; contrast 0 leaves it plain, 1 leaves all of it."""
        tint = np.minimum(colour / np.maximum(self.means[layer], 0.08), 4.0)
        base = tint * self.means[layer] * (1 - contrast)
        return Material(layer, _triple(tint * contrast), _triple(base), gloss, 0.0, scale)

    def of(
        self,
        rng: Generator,
        kind: str,
        colour: Colour | None = None,
        contrast: float | None = None,
        gloss: float = 0.0,
        scale: float | None = None,
    ) -> Material:
        """A material of a kind: its own colours, or a given mean colour."""
        layer = self.layer(rng, kind)
        if scale is None:
            _, low, high = _SURFACES.get(kind, (1, 1.0, 1.0))
            scale = rng.uniform(low, high)
        contrast = rng.uniform(0.4, 1.0) if contrast is None else contrast
        mean = self.means[layer] if colour is None else colour
        return self.coloured(layer, mean, contrast, gloss, scale)

    def material(
        self, rng: Generator, plain: float = 0.45, gloss: float | None = None, emission: float = 0.0
    ) -> Material:
        """Any surface that a thing may have; `plain` is the chance that its pattern is all but gone."""
        kinds = [kind for kind in _SURFACES if len(self.kinds.get(kind, ()))]
        shares = np.array([_SURFACES[kind][0] for kind in kinds])
        kind = kinds[rng.choice(len(kinds), p=shares / shares.sum())]
        contrast = rng.uniform(0, 0.15) if rng.random() < plain else rng.uniform(0.4, 1.0)
        if gloss is None:
            gloss = rng.uniform(0, 0.6) if rng.random() < 0.45 else 0.0
        own = rng.random() < 0.4
        made = self.of(rng, kind, None if own else common(rng), contrast, gloss)
        return replace(made, emission=emission)

    def wood(self, rng: Generator) -> Material:
        """Furniture wood, varnished or raw, at times painted white or dark."""
        gloss = rng.uniform(0, 0.4)
        if rng.random() < 0.25:
            colour = muted(rng, 0.7, 0.93) if rng.random() < 0.7 else muted(rng, 0.04, 0.25)
            return self.of(rng, "wood", colour, rng.uniform(0.03, 0.3), gloss)
        return self.of(rng, "wood", wooden(rng), rng.uniform(0.3, 1.0), gloss)

    def furniture(self, rng: Generator) -> Material:
        """What cupboards and tables are made of: wood, laminate, painted metal, now and then a colour."""
        choice = rng.random()
        if choice < 0.5:
            return self.wood(rng)
        kind = ("speckle", "metal", "plaster")[rng.integers(3)]
        if choice < 0.78:
            return self.of(rng, kind, muted(rng, 0.68, 0.94), rng.uniform(0, 0.3), rng.uniform(0, 0.5))
        if choice < 0.9:
            return self.of(rng, kind, muted(rng, 0.05, 0.6), rng.uniform(0, 0.4), rng.uniform(0, 0.5))
        colour = 0.6 * vivid(rng) + 0.4 * muted(rng)
        return self.of(rng, kind, colour, rng.uniform(0, 0.3), rng.uniform(0, 0.5))

    def metal(self, rng: Generator) -> Material:
        """Steel, chrome, black or white painted metal."""
        colour = (muted(rng, 0.4, 0.8), muted(rng, 0.03, 0.14), muted(rng, 0.75, 0.92))[
            rng.choice(3, p=[0.5, 0.3, 0.2])
        ]
        return self.of(rng, "metal", colour, rng.uniform(0, 0.8), rng.uniform(0.2, 0.9))

    def plastic(self, rng: Generator, dark: float = 0.4) -> Material:
        """Devices and household plastic: black, grey, white, or coloured."""
        choice = rng.random()
        colour = muted(rng, 0.03, 0.14) if choice < dark else muted(rng, 0.5, 0.94)
        if choice > 0.8:
            colour = vivid(rng)
        return self.of(rng, "speckle", colour, rng.uniform(0, 0.3), rng.uniform(0.05, 0.7))

    def cloth(self, rng: Generator) -> Material:
        """Upholstery, curtains, clothes."""
        if rng.random() < 0.5:
            return self.of(rng, "fabric", common(rng), rng.uniform(0.1, 1.0), 0.0)
        return self.of(rng, "fabric")

    def leather(self, rng: Generator) -> Material:
        return self.of(rng, "leather", None, None, rng.uniform(0.1, 0.5))

    def wall(self, rng: Generator) -> Material:
        """Mostly bright paint; at times tiles, bricks, wallpaper, wood, concrete."""
        choice = rng.random()
        if choice < 0.62:
            colour = muted(rng, 0.6, 0.95)
            if rng.random() < 0.2:
                colour = 0.65 * colour + 0.35 * vivid(rng)
            return self.of(rng, "plaster", colour, rng.uniform(0.05, 0.8), 0.0)
        kind = ("tile", "brick", "fabric", "wood", "concrete", "blotches")[
            rng.choice(6, p=[0.28, 0.16, 0.2, 0.12, 0.16, 0.08])
        ]
        contrast = rng.uniform(0.15, 0.8)
        paint = muted(rng, 0.35, 0.93) if kind == "blotches" or rng.random() < 0.6 else None
        return self.of(
            rng, kind, paint, contrast, rng.uniform(0, 0.4) if kind == "tile" else 0.0, rng.uniform(0.5, 1.8)
        )

    def floor(self, rng: Generator) -> Material:
        """Wood, carpet, tiles, stone, lino, concrete."""
        kind = ("wood", "carpet", "tile", "marble", "speckle", "concrete")[
            rng.choice(6, p=[0.36, 0.24, 0.18, 0.08, 0.06, 0.08])
        ]
        gloss = 0.0 if kind in ("carpet", "concrete") else rng.uniform(0, 0.6)
        return self.of(rng, kind, None, rng.uniform(0.3, 1.0), gloss, rng.uniform(0.5, 1.6))

    def ceiling(self, rng: Generator) -> Material:
        if rng.random() < 0.8:
            return self.of(rng, "plaster", muted(rng, 0.75, 0.96), rng.uniform(0, 0.5))
        return self.of(
            rng,
            ("tile", "concrete", "wood")[rng.integers(3)],
            None,
            rng.uniform(0.2, 0.9),
            0.0,
            rng.uniform(0.4, 1.6),
        )

    def worktop(self, rng: Generator) -> Material:
        """Kitchen worktops: stone, wood, steel, laminate."""
        kind = ("marble", "wood", "metal", "speckle")[rng.choice(4, p=[0.4, 0.3, 0.1, 0.2])]
        return self.of(rng, kind, None, rng.uniform(0.2, 1.0), rng.uniform(0, 0.7))

    def ceramic(self, rng: Generator) -> Material:
        """Crockery: mostly white, glazed."""
        colour = muted(rng, 0.78, 0.96) if rng.random() < 0.6 else common(rng)
        return self.of(rng, "speckle", colour, rng.uniform(0, 0.4), rng.uniform(0.2, 0.8))

    def fruit(self, rng: Generator) -> Material:
        """Apples, lemons, oranges, plums, tomatoes, limes."""
        colours = (
            (0.7, 0.12, 0.1),
            (0.85, 0.72, 0.15),
            (0.88, 0.48, 0.1),
            (0.35, 0.12, 0.25),
            (0.5, 0.6, 0.15),
            (0.75, 0.55, 0.3),
        )
        colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.7, 1.1)
        return self.of(
            rng, ("speckle", "blotches")[rng.integers(2)], colour, rng.uniform(0, 0.4), rng.uniform(0, 0.5)
        )

    def skin(self, rng: Generator) -> Material:
        colour = np.array([0.88, 0.68, 0.56]) * rng.uniform(0.35, 1.0) ** np.array([0.7, 1.0, 1.15])
        return self.of(rng, "speckle", colour, 0.1)

    def foliage(self, rng: Generator, kind: str | None = None) -> Material:
        """Cut out by alpha, for panels: "leaf", "leaves" or "blades" (any when None)."""
        layer = self.layer(rng, kind or _CUT_OUT[rng.integers(len(_CUT_OUT))])
        tint = rng.uniform(0.7, 1.2) * (1 + rng.normal(0, 0.06, 3))
        return Material(layer, _triple(tint), gloss=rng.uniform(0, 0.2))

    def ground(self, rng: Generator) -> Material:
        """Outdoors: grass, earth, sand, gravel, paving, asphalt."""
        kind = ("grass", "soil", "asphalt", "tile", "concrete")[
            rng.choice(5, p=[0.4, 0.35, 0.12, 0.06, 0.07])
        ]
        return self.of(rng, kind, None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.2, 0.8))

    def bark(self, rng: Generator) -> Material:
        return self.of(rng, "bark", None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.6, 2.0))

    def road(self, rng: Generator, marked: bool = True) -> Material:
        """marked: lanes that run along v, to be fitted across the road in u; else bare asphalt."""
        if marked:
            return self.printed(rng, "road")
        return self.of(rng, "asphalt", None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.2, 0.8))

    def facade(self, rng: Generator) -> Material:
        """Floors of windows; scale so that a floor is about three metres high."""
        return replace(self.printed(rng, "facade"), scale=rng.uniform(0.06, 0.16))

    def printed(self, rng: Generator, kind: str, gloss: float = 0.0) -> Material:
        """A whole picture, nearly as drawn: "page", "cover", "spine", "label", "poster", "keyboard", "rug",
        "cardboard", "road", "facade"."""
        tint = rng.uniform(0.8, 1.05) * (1 + rng.normal(0, 0.03, 3))
        return Material(self.layer(rng, kind), _triple(tint), gloss=gloss)

    def poster(self, rng: Generator) -> Material:
        """Something to hang or to lay flat: a poster, a photograph, a page; artwork where there is some."""
        kinds = [k for k in ("poster", "poster", "page", "cover", "artwork") if len(self.kinds.get(k, ()))]
        return self.printed(
            rng, kinds[rng.integers(len(kinds))], rng.uniform(0, 0.4) if rng.random() < 0.3 else 0.0
        )

    def screen(self, rng: Generator, on: float = 0.65) -> Material:
        """A display: shining with probability `on`, else black glass."""
        if rng.random() < on:
            return Material(self.layer(rng, "screen"), emission=rng.uniform(0.35, 1.3))
        return self.of(rng, "speckle", muted(rng, 0.02, 0.06), 0.1, rng.uniform(0.5, 1.0))

    def outside(self, rng: Generator) -> Material:
        """The view through a window, as bright as day against a room."""
        return Material(self.layer(rng, "outside"), emission=rng.uniform(0.8, 3.5))

    def light(self, rng: Generator) -> Material:
        """A lamp that is on."""
        warm = rng.uniform(0, 0.35)
        colour = _triple(np.array([1.0, 1 - 0.4 * warm, 1 - warm]))
        return Material(self.layer(rng, "plaster"), (0.0, 0.0, 0.0), colour, emission=rng.uniform(1.0, 5.0))


def _triple(values: NDArray) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in values)
    return r, g, b

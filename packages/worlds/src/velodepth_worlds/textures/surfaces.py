"""Surfaces that repeat: each maker draws one square picture from a random generator.

(size, size, 3) uint8, row 0 on top, seamless.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from ..draws import one_of
from .colours import common, muted, vivid, wooden
from .drawing import Picture, between, byte, canvas_of, coordinates, finished, noise, scattered_shapes, smooth


def wood(rng: Generator, size: int) -> Picture:
    """Grain along x; at times planks or a parquet with joints."""
    x, y = coordinates(size)
    rings = rng.integers(2, 8)
    warp = noise(rng, size, 2.2, rng.uniform(4, 9)) * rng.uniform(0.3, 1.2)
    grain = 0.6 * np.sin(2 * np.pi * rings * y + warp * 2) + 0.5 * noise(rng, size, 0.7, rng.uniform(12, 30))
    colour = wooden(rng)
    tone = smooth(grain * rng.uniform(0.5, 1.2))
    if rng.random() < 0.4:
        rows = int(rng.integers(3, 9))
        row = np.floor(y * rows).astype(int)
        across = int(rng.integers(1, 3))
        column = np.floor((x + rng.random(rows)[row]) * across).astype(int) % across
        board = rng.normal(0, rng.uniform(0.05, 0.25), (rows, across))[row, column]
        u, v = (x * across + rng.random(rows)[row] * across) % 1, (y * rows) % 1
        joint = (np.minimum(v, 1 - v) * size / rows < 0.7) | (np.minimum(u, 1 - u) * size / across < 0.5)
        tone = np.where(joint, -rng.uniform(0, 0.6), tone + board)
    return between(colour * rng.uniform(0.45, 0.75), colour * rng.uniform(1.0, 1.15), tone)


def plaster(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.45, 0.95)
    t = 0.7 * noise(rng, size, rng.uniform(0.2, 1.2)) + 0.3 * noise(rng, size, 2.2)
    return between(colour * rng.uniform(0.8, 0.95), colour * 1.04, smooth(t))


def concrete(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.3, 0.7)
    t = 0.6 * noise(rng, size, 1.6) + 0.4 * noise(rng, size, 0.3) - 1.5 * (noise(rng, size, 0.4) > 2.4)
    return between(colour * 0.6, colour * 1.2, smooth(t))


def marble(rng: Generator, size: int) -> Picture:
    """Veins, or the speckle of granite and terrazzo."""
    ground, vein = muted(rng), common(rng)
    if rng.random() < 0.5:
        t = np.abs(noise(rng, size, 1.9)) ** rng.uniform(0.3, 0.8)
        return between(vein * 0.6 + ground * 0.4, ground, np.clip(t, 0, 1))
    t = np.round(smooth(1.3 * noise(rng, size, rng.uniform(0.1, 0.8))) * rng.integers(2, 7)) / 4
    return between(vein * 0.5 + ground * 0.5, ground, t)


def fabric(rng: Generator, size: int) -> Picture:
    """A weave, plain or with stripes, checks, or flowers."""
    x, y = coordinates(size)
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
    return between(first, second, tone)


def carpet(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.12, 0.7) if rng.random() < 0.7 else 0.7 * vivid(rng) + 0.1
    t = noise(rng, size, rng.uniform(0, 0.5)) * 0.8 + 0.4 * noise(rng, size, 1.8)
    return between(colour * 0.6, np.clip(colour * 1.35, 0, 1), smooth(t))


def rug(rng: Generator, size: int) -> Picture:
    """One whole rug: frames and a pattern mirrored about its middle."""
    colours = [common(rng) for _ in range(4)]
    canvas = canvas_of(size, colours[0])
    n = 2 * size
    scattered_shapes(rng, canvas, int(rng.integers(4, 24)), colours, 0.25)
    if rng.random() < 0.6:
        half = canvas[:size, :size]
        canvas = np.block([[[half], [half[:, ::-1]]], [[half[::-1]], [half[::-1, ::-1]]]])
    canvas = np.ascontiguousarray(canvas)
    inset = 0
    for _ in range(rng.integers(0, 4)):
        thick = int(rng.integers(4, 22))
        far = n - 1 - inset
        cv2.rectangle(canvas, (inset, inset), (far, far), byte(one_of(rng, colours)), thick)
        inset += thick
    return _rubbed(rng, finished(canvas), 0.12)


def _rubbed(rng: Generator, picture: Picture, strength: float) -> Picture:
    """Slight wear: noise on the lightness."""
    size = picture.shape[0]
    wear = 1 + strength * (0.6 * noise(rng, size, 0.3) + 0.6 * noise(rng, size, 1.8))
    return np.clip(picture * wear[..., None], 0, 255).astype(np.uint8)


def tile(rng: Generator, size: int) -> Picture:
    x, y = coordinates(size)
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
    x, y = coordinates(size)
    rows, columns = 2 * int(rng.integers(3, 7)), int(rng.integers(2, 5))
    row = np.floor(y * rows).astype(int)
    u = x * columns + 0.5 * (row % 2)
    cell = rng.normal(0, 0.15, (rows, columns))[row, np.floor(u).astype(int) % columns]
    mortar = (np.minimum(u % 1, 1 - u % 1) * size / columns < 1.2) | (
        np.minimum((y * rows) % 1, 1 - (y * rows) % 1) * size / rows < 1.2
    )
    red = rng.random() < 0.6
    colour = np.array([0.55, 0.3, 0.22]) * rng.uniform(0.7, 1.4) if red else muted(rng, 0.3, 0.9)
    tone = np.where(mortar, rng.choice([-0.6, 1.4]), 0.5 + cell + 0.12 * noise(rng, size, 0.8))
    return between(colour * 0.7, colour * 1.2, tone)


def metal(rng: Generator, size: int) -> Picture:
    """Brushed, galvanised or painted sheet."""
    colour = muted(rng, 0.3, 0.8)
    t = noise(rng, size, 0.4, rng.uniform(8, 40)) if rng.random() < 0.6 else noise(rng, size, 1.3)
    return between(colour * 0.82, colour * 1.12, smooth(t))


def leather(rng: Generator, size: int) -> Picture:
    colour = common(rng) * 0.7
    t = -np.abs(noise(rng, size, 0.9, lowest=8)) + 0.3 * noise(rng, size, 2)
    return between(colour * 0.7, np.clip(colour * 1.25, 0, 1), smooth(1.5 * t + 0.8))


def speckle(rng: Generator, size: int) -> Picture:
    """Moulded plastic, paint, skin of fruit: almost plain."""
    colour = common(rng)
    t = noise(rng, size, rng.uniform(0, 2)) * rng.uniform(0.3, 1)
    return between(colour * 0.88, np.clip(colour * 1.1, 0, 1), smooth(t))


def blotches(rng: Generator, size: int) -> Picture:
    """Strong pattern at one scale: stones, camouflage, dirt."""
    t = noise(rng, size, rng.uniform(1.5, 3), lowest=rng.uniform(2, 10))
    return between(common(rng), common(rng), np.clip(t * rng.uniform(0.5, 3) + 0.5, 0, 1))

"""Plants, ground, roads and facades: each maker draws one square picture.

(size, size, 3 or 4) uint8, row 0 on top; a fourth channel cuts leaves out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from .colours import Colour, muted, vivid
from .drawing import Picture, between, byte, canvas_of, coordinates, finished, noise, scaled, smooth
from .surfaces import brick, plaster


def leaf(rng: Generator, size: int) -> Picture:
    """One leaf, stalk at the lower edge, tip at the upper; transparent around it."""
    x, y = coordinates(size)
    along = 1 - y
    belly = rng.uniform(0.5, 1.6)
    half = rng.uniform(0.22, 0.48) * np.sin(np.pi * along**belly) ** rng.uniform(0.6, 1.2)
    if rng.random() < 0.25:
        half = half * (0.8 + 0.2 * np.abs(np.sin(np.pi * along * rng.integers(4, 9))))
    off = np.abs(x - 0.5)
    colour = leafy(rng)
    tone = smooth(noise(rng, size, 1.0) * 0.6) - 0.35 * (off < 0.012) + 0.15 * np.sin(40 * (along + off * 2))
    rgb = between(colour * 0.75, np.clip(colour * 1.25, 0, 1), tone)
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
    canvas = canvas_of(size, colour * 0.8)
    mask = np.zeros((n, n), np.uint8)
    slender = rng.uniform(0.1, 0.55)
    count = int(rng.integers(50, 130))
    reach = rng.uniform(10, 26, count)
    centre = n / 2 + np.clip(rng.normal(0, 0.19, (count, 2)), -0.42, 0.42) * n
    turn = rng.uniform(0, 180, count)
    shade = rng.uniform(0.55, 1.4, count)
    for i in range(count):
        where, axes = (int(centre[i, 0]), int(centre[i, 1])), (int(reach[i]), max(2, int(reach[i] * slender)))
        cv2.ellipse(canvas, where, axes, turn[i], 0, 360, byte(colour * shade[i]), -1)
        cv2.ellipse(mask, where, axes, turn[i], 0, 360, 255, -1)
    return np.dstack([finished(canvas), cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)])


def blades(rng: Generator, size: int) -> Picture:
    """Grass or reeds that grow from the lower edge; transparent between them."""
    n = 2 * size
    colour = leafy(rng)
    canvas = canvas_of(size, colour)
    mask = np.zeros((n, n), np.uint8)
    for _ in range(rng.integers(18, 50)):
        foot, tip = rng.uniform(0.1, 0.9) * n, rng.uniform(0.0, 0.7) * n
        lean = rng.normal(0, 0.2) * n
        t = np.linspace(0, 1, 7)
        line = np.stack([foot + lean * t**2, n - (n - tip) * t], -1)
        half = rng.uniform(2, 7) * (1 - t)[:, None] * (1, 0)
        blade = np.concatenate([line - half, (line + half)[::-1]]).astype(np.int32)
        cv2.fillPoly(canvas, [blade], byte(colour * rng.uniform(0.6, 1.5)), cv2.LINE_AA)
        cv2.fillPoly(mask, [blade], 255)
    return np.dstack([finished(canvas), cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)])


def bark(rng: Generator, size: int) -> Picture:
    colour = np.array([0.36, 0.29, 0.22]) * rng.uniform(0.6, 1.6)
    t = -np.abs(noise(rng, size, 1.0, 5.0, lowest=3)) + 0.4 * noise(rng, size, 0.5)
    return between(colour * 0.5, colour * 1.3, smooth(1.4 * t + 1).T)


def grass(rng: Generator, size: int) -> Picture:
    colour = leafy(rng)
    earth = np.array([0.4, 0.32, 0.22]) * rng.uniform(0.7, 1.3)
    blade = between(colour * 0.6, np.clip(colour * 1.4, 0, 1), smooth(noise(rng, size, 0.35)))
    bare = np.clip(noise(rng, size, 2.0) * 0.5 - rng.uniform(0, 1), 0, 1)[..., None]
    return (blade * (1 - bare) + np.float32(earth) * 255 * bare).astype(np.uint8)


def soil(rng: Generator, size: int) -> Picture:
    """Earth, sand, gravel, rock, snow."""
    colour = np.array(
        [[0.4, 0.31, 0.22], [0.75, 0.66, 0.5], [0.5, 0.48, 0.46], [0.45, 0.42, 0.38], [0.9, 0.92, 0.95]]
    )
    chosen = colour[rng.choice(5, p=[0.3, 0.2, 0.25, 0.2, 0.05])] * rng.uniform(0.75, 1.2)
    t = noise(rng, size, rng.uniform(0.3, 1.5)) + 0.5 * noise(rng, size, rng.uniform(0, 0.6))
    return between(chosen * 0.65, np.clip(chosen * 1.25, 0, 1), smooth(t))


def asphalt(rng: Generator, size: int) -> Picture:
    colour = muted(rng, 0.18, 0.5)
    t = 0.8 * noise(rng, size, 0.1) + 0.6 * noise(rng, size, 1.8)
    t = t - 2 * (np.abs(noise(rng, size, 1.6)) < 0.015)
    return between(colour * 0.7, colour * 1.25, smooth(t))


def road(rng: Generator, size: int) -> Picture:
    """A road seen from above, from kerb to kerb along x (fit it across), its direction along y."""
    picture = asphalt(rng, size)
    x, y = coordinates(size)
    paint = np.float32(muted(rng, 0.7, 0.95) if rng.random() < 0.8 else np.array([0.85, 0.65, 0.15])) * 255
    lanes = int(rng.integers(1, 4))
    mark = np.zeros_like(x, bool)
    for i in range(1, lanes + 1):
        solid = rng.random() < 0.2
        mark |= (np.abs(x - i / (lanes + 1)) < 0.009) & (solid | ((y * 2) % 1 < 0.45))
    if rng.random() < 0.7:
        mark |= (np.abs(x - 0.04) < 0.008) | (np.abs(x - 0.96) < 0.008)
    worn = smooth(noise(rng, size, 0.7))[..., None] * 0.5 + 0.5
    return np.where(mark[..., None], picture * (1 - worn) + paint * worn, picture).astype(np.uint8)


def facade(rng: Generator, size: int) -> Picture:
    """A house front: floors of windows; repeats."""
    wall = brick(rng, size) if rng.random() < 0.3 else plaster(rng, size)
    if rng.random() < 0.35:
        wall = np.clip(wall * (0.4 + 0.8 * vivid(rng)), 0, 255).astype(np.uint8)
    canvas = scaled(wall, 2 * size, 2 * size)
    n = 2 * size
    columns, rows = (int(v) for v in rng.integers(1, 6, 2))
    wide, high = rng.uniform(0.3, 0.85) * n / columns, rng.uniform(0.4, 0.75) * n / rows
    frame, glass = byte(muted(rng)), muted(rng, 0.08, 0.4) * np.array([0.9, 1.0, 1.15])
    panes = int(rng.integers(1, 4))
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * n / columns - wide / 2, (row + 0.5) * n / rows - high / 2
            a, b = (int(x), int(y)), (int(x + wide), int(y + high))
            cv2.rectangle(canvas, a, b, byte(glass * rng.uniform(0.6, 1.8)), -1)
            if rng.random() < 0.3:
                corner = (b[0], int(y + high * rng.uniform(0.2, 1)))
                cv2.rectangle(canvas, a, corner, byte(muted(rng, 0.5, 0.9)), -1)
            for pane in range(panes + 1):
                px = int(x + wide * pane / panes)
                cv2.line(canvas, (px, a[1]), (px, b[1]), frame, 2)
            cv2.rectangle(canvas, a, b, frame, 3)
            cv2.rectangle(canvas, (a[0] - 3, b[1]), (b[0] + 3, b[1] + 4), frame, -1)
        if rng.random() < 0.3:
            y = int((row + 1) * n / rows) - 3
            cv2.rectangle(canvas, (0, y - 4), (n, y), frame, -1)
    return finished(canvas)

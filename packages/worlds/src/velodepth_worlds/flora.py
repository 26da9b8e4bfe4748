"""What grows and lies outdoors: trees, bushes, grass, rocks. Each stands on y = 0; sizes in metres."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from .pieces import Piece
from .scene import VERTEX, Material, Mesh, joined
from .shapes import box, sphere, tube
from .textures import Palette, muted

Array = NDArray[np.float64]


def tree(rng: Generator, palette: Palette, high: float) -> Piece:
    """A broad-leaved tree: a trunk that forks, sprays of leaves around the ends of its boughs."""
    bark, leaf = palette.bark(rng), palette.foliage(rng, "leaves")
    first = rng.uniform(0.2, 0.45) * high
    thick = high * rng.uniform(0.015, 0.035)
    lean = rng.normal(0, 0.04, 2) * high
    top = np.array([lean[0], 0.75 * high, lean[1]])
    fork = np.array([0.3 * lean[0], first, 0.3 * lean[1]])
    parts: list[Mesh] = [
        tube(np.array([(0, -0.2, 0), fork, top]), np.array([thick, 0.7 * thick, 0.15 * thick]), bark)
    ]
    tips = [top]
    wide = high * rng.uniform(0.22, 0.42)
    boughs = int(rng.integers(4, 9))
    for k in range(boughs):
        start = fork + (top - fork) * rng.uniform(0, 0.7)
        turn = 2 * np.pi * (k + rng.random()) / boughs
        reach = wide * rng.uniform(0.5, 1.0)
        rise = rng.uniform(0.3, 1.0) * (0.95 * high - start[1])
        end = np.add(start, (reach * np.sin(turn), rise, reach * np.cos(turn)))
        bend = (start + end) / 2 + (0.15 * reach * np.sin(turn), 0, 0.15 * reach * np.cos(turn))
        parts.append(tube(np.array([start, bend, end]), thick * np.array([0.45, 0.3, 0.1]), bark, sides=5))
        tips += [end, bend]
    if rng.random() < 0.9:  # else it is bare
        sprays = int(rng.integers(110, 240))
        middle = np.array(tips)[rng.integers(len(tips), size=sprays)]
        spots = middle + rng.normal(0, 0.28 * wide, (sprays, 3))
        spots[:, 1] = np.maximum(spots[:, 1], 0.6 * first)
        parts.append(sprays_at(rng, spots, wide * rng.uniform(0.4, 0.65), leaf))
    return Piece(parts)


def conifer(rng: Generator, palette: Palette, high: float) -> Piece:
    """A fir: whorls of drooping boughs, shorter towards the top."""
    bark, leaf = palette.bark(rng), palette.foliage(rng, "leaves")
    wide, first = high * rng.uniform(0.14, 0.25), high * rng.uniform(0.03, 0.25)
    parts = [tube(np.array([(0, -0.2, 0), (0, 0.98 * high, 0)]), np.array([high * 0.02, 0.01]), bark)]
    spots, sizes, turns = [], [], []
    for y in np.linspace(first, 0.97 * high, int(rng.integers(12, 20))):
        reach = wide * (1 - (y - first) / (high - first)) ** 0.8 + 0.1
        for turn in rng.uniform(0, 2 * np.pi) + np.arange(7) * 2 * np.pi / 7:
            spots.append((0.55 * reach * np.sin(turn), y - 0.2 * reach, 0.55 * reach * np.cos(turn)))
            sizes.append(1.7 * reach)
            turns.append(turn)
    tilt = rng.uniform(-1.35, -0.95, len(spots))
    parts.append(_panels(np.array(spots), np.array(sizes), np.array(turns), tilt, leaf))
    return Piece(parts)


def bush(rng: Generator, palette: Palette, high: float) -> Piece:
    """Sprays of leaves over the ground, as wide as high or wider."""
    kind = "leaves" if rng.random() < 0.8 else "blades"
    leaf, wide = palette.foliage(rng, kind), high * rng.uniform(0.5, 1.2)
    count = int(rng.integers(30, 70))
    spots = rng.normal(0, 0.4, (count, 3)) * (wide, 0.4 * high, wide) + (0, 0.5 * high, 0)
    spots[:, 1] = np.clip(spots[:, 1], 0.2 * high, 0.8 * high)
    return Piece([sprays_at(rng, spots, high * rng.uniform(0.5, 0.8), leaf)])


def hedge(rng: Generator, palette: Palette, length: float, high: float, thick: float) -> Piece:
    """A clipped hedge along x, centred."""
    leaf = palette.foliage(rng, "leaves")
    core = Material(leaf.layer, (0.0, 0.0, 0.0), (0.09, 0.13, 0.06))
    size = np.array([length, high, thick])
    count = int(np.clip(14 * length, 20, 260))
    spots = rng.uniform(-0.5, 0.5, (count, 3)) * size
    face = rng.choice([1, 2, 2], count)  # the top or one of the long sides
    spots[np.arange(count), face] = np.where(face == 1, 0.5, rng.choice([-0.5, 0.5], count)) * size[face]
    spots[:, 1] = np.clip(spots[:, 1] + high / 2, 0.15, None)
    return Piece([box(size * 0.93, core, at=(0, high / 2, 0)), sprays_at(rng, spots, 0.55, leaf)])


def grass(rng: Generator, palette: Palette, spots: ArrayLike, high: float) -> Mesh:
    """Tufts of blades on the ground at spots (n, 3)."""
    spots = np.asarray(spots, np.float64)
    sizes = high * rng.uniform(0.5, 1.4, len(spots))
    base = spots + np.stack([np.zeros_like(sizes), sizes / 2, np.zeros_like(sizes)], axis=1)
    turns = rng.uniform(0, np.pi, len(spots))
    blades = palette.foliage(rng, "blades")
    tilt = rng.normal(0, 0.15, len(spots))
    return joined(
        _panels(base, sizes, turns, tilt, blades), _panels(base, sizes, turns + np.pi / 2, tilt, blades)
    )


def rock(rng: Generator, palette: Palette, size: float) -> Piece:
    """A boulder, about a third in the ground."""
    colour, contrast = muted(rng, 0.2, 0.65), rng.uniform(0.6, 1.0)
    look = palette.of(rng, "concrete", colour, contrast, 0.0, rng.uniform(0.2, 1.0))
    mesh = sphere(1.0, look, sides=16)
    direction = mesh["position"] * 2
    waves = [
        amplitude * np.sin(direction @ rng.normal(0, rate, 3) + rng.uniform(0, 6))
        for rate, amplitude in ((2, 0.16), (4, 0.09), (8, 0.04))
    ]
    mesh["position"] = (
        direction * (0.5 + 0.5 * np.sum(waves, axis=0)[:, None]) * rng.uniform(0.6, 1.0, 3) * size
    )
    a, b, c = mesh["position"].reshape(-1, 3, 3).swapaxes(0, 1)
    face = np.cross(b - a, c - a)
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-12)
    face *= np.sign(np.einsum("ij,ij->i", face, a))[:, None]
    flat = np.repeat(np.where(np.abs(face).sum(axis=1, keepdims=True) > 0.5, face, (0, 1, 0)), 3, axis=0)
    mesh["normal"] = flat
    mesh["position"][:, 1] += 0.2 * size
    return Piece([mesh])


def sprays_at(rng: Generator, spots: Array, size: float, leaf: Material) -> Mesh:
    """Panels of leaves of about `size` metres at spots (n, 3), turned every way."""
    count = len(spots)
    sizes = size * rng.uniform(0.6, 1.3, count)
    return _panels(spots, sizes, rng.uniform(0, 2 * np.pi, count), rng.uniform(-1.3, 1.3, count), leaf)


def _panels(centres: Array, sizes: Array, yaw: Array, tilt: Array, look: Material) -> Mesh:
    """Squares (n,) of these sizes, upright facing +z, then turned by tilt about x and by yaw about y."""
    uv = np.array([(0, 1), (1, 1), (1, 0), (0, 1), (1, 0), (0, 0)], float)
    sin_y, cos_y, sin_t, cos_t = np.sin(yaw), np.cos(yaw), np.sin(tilt), np.cos(tilt)
    right = np.stack([cos_y, np.zeros_like(yaw), -sin_y], axis=1)
    up = np.stack([sin_t * sin_y, cos_t, sin_t * cos_y], axis=1)
    mesh = np.zeros((len(centres), 6), VERTEX)
    offset = (uv[:, 0] - 0.5)[None, :, None] * right[:, None] + (0.5 - uv[:, 1])[None, :, None] * up[:, None]
    mesh["position"] = centres[:, None] + offset * sizes[:, None, None]
    mesh["normal"] = np.cross(right, up)[:, None]
    mesh["uv"] = uv
    mesh["layer"], mesh["tint"], mesh["base"], mesh["gloss"] = look.layer, look.tint, look.base, look.gloss
    return mesh.reshape(-1)

"""Tools of a workshop."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from ..pieces import Piece
from ..shapes import box, capsule, curve, cylinder, revolve, rounded, tube
from ..textures import Palette, muted


def screwdriver(rng: Generator, palette: Palette) -> Piece:
    grip, length = rng.uniform(0.012, 0.018), rng.uniform(0.08, 0.2)
    profile = [(0, 0), (0.8, 0.004), (1, 0.03), (0.8, 0.08), (1, 0.09), (0.5, 0.1)] * np.array([grip, 1])
    parts = [
        revolve(profile, palette.plastic(rng, 0.2), (0, grip, 0), roll=np.pi / 2, sides=8),
        tube([(-0.1, grip, 0), (-0.1 - length, grip, 0)], 0.003, palette.metal(rng), sides=5),
    ]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def hammer(rng: Generator, palette: Palette) -> Piece:
    length = rng.uniform(0.22, 0.34)
    steel = palette.of(rng, "metal", muted(rng, 0.15, 0.5), 0.5, 0.5)
    shaft = palette.wood(rng) if rng.random() < 0.6 else palette.plastic(rng)
    parts = [
        capsule((0, 0.016, 0), (length, 0.016, 0), 0.014, shaft, 0.01),
        box((0.025, 0.025, 0.06), steel, (length, 0.016, 0.0)),
        cylinder(0.016, 0.025, steel, (length, 0.016, 0.03), tilt=np.pi / 2, sides=10),
        box((0.02, 0.012, 0.05), steel, (length, 0.016, -0.05)),
    ]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def pliers(rng: Generator, palette: Palette) -> Piece:
    """Pliers or scissors."""
    grip = palette.plastic(rng, 0.2)
    steel = palette.of(rng, "metal", muted(rng, 0.2, 0.7), 0.3, 0.7)
    gape, length = rng.uniform(0.1, 0.4), rng.uniform(0.07, 0.11)
    rings = rng.random() < 0.5
    parts = []
    for side in (-1, 1):
        direction = np.array([np.cos(gape / 2), 0, side * np.sin(gape / 2)])
        at_y = np.array([0, 0.008 + 0.002 * side, 0])
        line = [at_y, at_y - direction * (1, 0, -1) * length * 0.9]
        parts.append(tube(line, [0.006, 0.001], steel, sides=5))
        if rings:
            middle = direction * length * 0.8
            a = np.linspace(0, 2 * np.pi, 13)
            ring = np.stack([0.032 * np.cos(a), 0 * a, 0.02 * np.sin(a)], -1) + middle + at_y
            parts.append(tube(ring, 0.004, grip, sides=5))
            parts.append(tube([at_y, at_y + direction * (length * 0.8 - 0.03)], 0.004, grip, sides=5))
        else:
            middle = at_y + direction * length * 0.5 + (0, 0, side * 0.006)
            bow = curve([at_y, middle, at_y + direction * length * 1.1], 4)
            parts.append(tube(bow, 0.0065, grip, sides=6))
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def drill(rng: Generator, palette: Palette) -> Piece:
    """A cordless drill on its battery."""
    body, black = palette.plastic(rng, 0.1), palette.plastic(rng, 1.0)
    return Piece([
        rounded((0.12, 0.05, 0.08), 0.008, black, (0, 0.025, 0)),
        capsule((0.0, 0.05, 0), (-0.02, 0.17, 0), 0.02, body, 0.022),
        capsule((-0.07, 0.195, 0), (0.07, 0.195, 0), 0.032, body, 0.028),
        cylinder(0.02, 0.05, black, (0.15, 0.195, 0), roll=np.pi / 2, top=0.024, sides=10),
    ]).moved(yaw=rng.uniform(0, 6))  # fmt: skip


def tool_box(rng: Generator, palette: Palette) -> Piece:
    w, h, d = rng.uniform(0.3, 0.5), rng.uniform(0.14, 0.22), rng.uniform(0.16, 0.24)
    body, black = palette.plastic(rng, 0.1), palette.plastic(rng, 1.0)
    line = curve([(-w * 0.2, h, 0), (-w * 0.17, h + 0.05, 0), (w * 0.17, h + 0.05, 0), (w * 0.2, h, 0)], 4)
    return Piece([
        rounded((w, h * 0.65, d), 0.015, black, (0, h * 0.325, 0)),
        rounded((w * 1.02, h * 0.35, d * 1.02), 0.015, body, (0, h * 0.82, 0)),
        tube(line, 0.012, black),
        *(box((0.03, 0.05, 0.01), body, (x * w, h * 0.6, d * 0.52)) for x in (-0.3, 0.3)),
    ])  # fmt: skip

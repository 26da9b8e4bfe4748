"""What else stands on a floor: bins, crates, lamps, plants, machines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, Top
from ..shapes import box, capsule, corners, cylinder, panel, revolve, rounded, sheet, sphere, tube
from ..textures import Palette, muted
from ..things import plant


def printer(rng: Generator, palette: Palette) -> Piece:
    """An office copier on its cabinet."""
    w, d, h = rng.uniform(0.5, 0.65), rng.uniform(0.5, 0.65), rng.uniform(0.9, 1.15)
    body, dark = palette.of(rng, "speckle", muted(rng, 0.6, 0.92), 0.1, 0.2), palette.plastic(rng, 1.0)
    parts = [
        box((w, h * 0.55, d), body, (0, h * 0.275, 0)),
        rounded((w, h * 0.22, d), 0.02, body, (0, h * 0.68, 0)),
        box((w * 0.7, 0.06, d * 0.9), dark, (-w * 0.1, h * 0.82, 0)),
        rounded((w, h * 0.12, d * 0.95), 0.02, body, (0, h * 0.93, 0)),
        box((w * 0.3, 0.15, 0.02), dark, (w * 0.3, h * 0.9, d / 2 + 0.03), tilt=-0.9),
        panel(0.12, 0.08, palette.screen(rng), (w * 0.3, h * 0.9, d / 2 + 0.045), tilt=-0.9),
        sheet(0.21, 0.28, palette.printed(rng, "page"), 0.3, at=(-w * 0.1, h * 0.86, 0)),
    ]
    for y in (0.1, 0.28, 0.46):
        parts.append(box((w * 0.94, h * 0.15, 0.01), body, (0, h * y, d / 2 + 0.005)))
        parts.append(box((w * 0.4, 0.02, 0.015), dark, (0, h * (y + 0.04), d / 2 + 0.008)))
    return Piece(parts)


def bin_(rng: Generator, palette: Palette, scale: float = 1.0) -> Piece:
    """A wastepaper basket or pedal bin, at times full; those of streets are larger by `scale`."""
    r, h = scale * rng.uniform(0.12, 0.2), scale * rng.uniform(0.26, 0.6)
    look = palette.plastic(rng) if rng.random() < 0.6 else palette.metal(rng)
    parts = [revolve([(0, 0), (r * 0.8, 0), (r, h), (r * 0.96, h), (r * 0.77, 0.02), (0, 0.02)], look)]
    if rng.random() < 0.5:
        white = palette.of(rng, "plaster", muted(rng, 0.7, 0.95), 0.5)
        for _ in range(rng.integers(3, 9)):
            a, q = rng.uniform(0, 2 * np.pi), rng.uniform(0, r * 0.6)
            size = rng.uniform(0.06, 0.1, 3)
            at = (q * np.cos(a), h * rng.uniform(0.6, 1), q * np.sin(a))
            parts.append(sphere(size, white, at, sides=7))
    elif rng.random() < 0.5:
        parts.append(revolve([(r, h), (r * 0.8, h + 0.05), (0, h + 0.07)], look))
    return Piece(parts)


def wheeled_bin(rng: Generator, palette: Palette) -> Piece:
    """With a lid, 0.85 to 1.1 m high."""
    look, black = palette.plastic(rng, dark=0.4), palette.plastic(rng, dark=1.0)
    w, d, h = rng.uniform(0.45, 0.6), rng.uniform(0.5, 0.7), rng.uniform(0.85, 1.1)
    parts = [
        box((w, h - 0.1, d), look, (0, h / 2, 0)),
        box((w + 0.05, 0.05, d + 0.08), look, (0, h, 0), tilt=-0.05),
    ]
    parts += [cylinder(0.1, 0.05, black, (x, 0.1, -d / 2), roll=np.pi / 2) for x in (-w / 2, w / 2)]
    return Piece(parts)


def crate(rng: Generator, palette: Palette) -> Piece:
    """Of slats or of plastic, open on top."""
    w, h, d = rng.uniform(0.35, 0.6), rng.uniform(0.2, 0.35), rng.uniform(0.28, 0.42)
    look = palette.wood(rng) if rng.random() < 0.5 else palette.plastic(rng, 0.2)
    slats = int(rng.integers(2, 5))
    step = h / slats
    parts = [box((w, 0.012, d), look, (0, 0.006, 0))]
    for y in (np.arange(slats) + 0.5) * step:
        parts += [box((w, step * 0.75, 0.012), look, (0, y, s * (d / 2 - 0.006))) for s in (-1, 1)]
        parts += [box((0.012, step * 0.75, d), look, (s * (w / 2 - 0.006), y, 0)) for s in (-1, 1)]
    parts += [box((0.03, h, 0.03), look, at) for at in corners(w - 0.04, d - 0.04, h / 2)]
    theme = one_of(rng, ("workshop", "kitchen", "floor"))
    return Piece(parts, [Top((0, 0.013, 0), w - 0.08, d - 0.08, 0.6, theme)])


def floor_lamp(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(1.35, 1.8), rng.uniform(0.13, 0.26)
    steel, shade = palette.metal(rng), palette.cloth(rng)
    if rng.random() < 0.5:
        shade = replace(shade, emission=rng.uniform(0.8, 2.5))
    high, top = r * rng.uniform(0.8, 1.5), r * rng.uniform(0.5, 1)
    return Piece([
        cylinder(0.14, 0.025, steel, sides=18),
        cylinder(0.012, h - 0.05, steel, sides=8),
        cylinder(r, high, shade, (0, h - 0.25, 0), top=top, sides=18, open_top=True),
    ])  # fmt: skip


def floor_plant(rng: Generator, palette: Palette) -> Piece:
    return plant(rng, palette, rng.uniform(0.6, 1.9))


def fan(rng: Generator, palette: Palette) -> Piece:
    """A fan on its stand."""
    h, r = rng.uniform(0.9, 1.3), rng.uniform(0.16, 0.22)
    body, steel = palette.plastic(rng), palette.metal(rng)
    parts = [
        cylinder(0.2, 0.03, body, top=0.17, sides=18),
        cylinder(0.014, h, steel),
        capsule((0, h, -0.1), (0, h, 0.0), 0.05, body),
    ]
    a = np.linspace(0, 2 * np.pi, 21)
    for z, k in ((-0.05, 1.0), (0.06, 1.0), (0.085, 0.6)):
        ring = np.stack([r * k * np.cos(a), h + r * k * np.sin(a), 0 * a + z], -1)
        parts.append(tube(ring, 0.004, steel, sides=4))
    for angle in np.arange(18) * np.pi / 9:
        end = (r * np.cos(angle), h + r * np.sin(angle), 0.06)
        parts.append(tube([(0.3 * end[0], h + 0.3 * (end[1] - h), 0.09), end], 0.002, steel, sides=3))
    for q in np.arange(3) * 2.094:
        at = (0.42 * r * np.cos(q), h + 0.42 * r * np.sin(q), 0.01)
        parts.append(box((r * 0.8, 0.09, 0.006), body, at, roll=q, tilt=0.3))
    return Piece(parts)


def ladder(rng: Generator, palette: Palette) -> Piece:
    h, w, spread = rng.uniform(1.0, 1.9), rng.uniform(0.36, 0.5), rng.uniform(0.3, 0.45)
    steel = palette.metal(rng)
    feet = corners(w, 2 * spread)
    parts = [tube([(x, 0, z), (x * 0.76, h, 0)], 0.018, steel, sides=5) for x, _, z in feet]
    for k in np.arange(0.18, 0.98, 0.25 / h):
        parts.append(box((w * (1 - 0.24 * k), 0.025, 0.08), steel, (0, k * h, spread * (1 - k))))
    return Piece(parts)


def trolley(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.5), rng.uniform(0.7, 0.95)
    steel, wheel = palette.metal(rng), palette.plastic(rng, 1.0)
    parts, tops = [], []
    for x, _, z in corners(w - 0.04, d - 0.04):
        parts.append(tube([(x, 0.08, z), (x, h, z)], 0.012, steel))
        parts.append(cylinder(0.04, 0.03, wheel, (x - 0.015, 0.04, z), roll=-np.pi / 2, sides=10))
    theme = one_of(rng, ("kitchen", "workshop", "desk"))
    for y in (0.18, h * 0.55, h - 0.06):
        parts.append(box((w, 0.015, d), steel, (0, y, 0)))
        tops.append(Top((0, y + 0.008, 0), w - 0.06, d - 0.06, 0.3, theme))
    return Piece(parts, tops)

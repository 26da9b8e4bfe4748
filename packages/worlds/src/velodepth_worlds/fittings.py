"""Fittings: what is built into a place and stays when it is cleared. True sizes, metres.

Doors, windows, lamps, pipes, stairs, railings, radiators, switches. What is on a wall has its back at z = 0
and faces +z, y already where it is; what is on a ceiling has its top at y = 0. What can be carried out is in
furniture/.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from .draws import log_uniform
from .pieces import Piece
from .scene import Material, Mesh
from .shapes import box, capsule, cylinder, grid, panel, rounded, tube
from .textures import Palette, muted


def door(rng: Generator, palette: Palette) -> Piece:
    """0.75 to 1.05 m wide, or with two wings, and 1.95 to 2.15 m high, in a frame; at times with a pane."""
    wings = 2 if rng.random() < 0.15 else 1
    width, height = rng.uniform(0.75, 1.05), rng.uniform(1.95, 2.15)
    leaf = palette.furniture(rng) if rng.random() < 0.7 else palette.metal(rng)
    frame, handle = palette.furniture(rng), palette.metal(rng)
    edge, deep = rng.uniform(0.05, 0.1), rng.uniform(0.02, 0.08)
    whole = wings * width
    pane = palette.outside(rng) if rng.random() < 0.1 else palette.plastic(rng, dark=0.7)
    parts = [
        box((edge, height + edge, deep), frame, at=(side * (whole + edge) / 2, (height + edge) / 2, deep / 2))
        for side in (-1, 1)
    ]
    parts.append(box((whole, edge, deep), frame, at=(0, height + edge / 2, deep / 2)))
    has_pane, has_sign = rng.random() < 0.25, rng.random() < 0.35
    for wing in range(wings):
        x = (wing - (wings - 1) / 2) * width
        grip = x + (0.42 * width if wing == 0 else -0.42 * width)
        parts.append(box((width - 0.01, height, 0.03), leaf, at=(x, height / 2, 0.015), fit=True))
        parts.append(box((0.12, 0.02, 0.05), handle, at=(grip, 1.03, 0.06)))
        if has_pane:
            parts.append(panel(0.4 * width, 0.35 * height, pane, at=(x, 0.7 * height, 0.032)))
        elif has_sign:
            sign = palette.poster(rng)
            parts.append(panel(0.2, 0.28, sign, at=(x + rng.normal(0, 0.05), 1.55, 0.032)))
    return Piece(parts)


def window(rng: Generator, palette: Palette, width: float, height: float, view: Material | None) -> Piece:
    """A pane with a view, or open (None), in a frame with bars, its lower edge at y = 0; at times a blind."""
    frame = palette.plastic(rng, dark=0.2)
    edge, deep = rng.uniform(0.04, 0.09), rng.uniform(0.03, 0.12)
    parts = [panel(width, height, view, at=(0, height / 2, 0.012))] if view else []
    for side in (-1, 1):
        parts.append(box((edge, height, deep), frame, at=(side * (width - edge) / 2, height / 2, deep / 2)))
    for y in (edge / 2, height - edge / 2):
        parts.append(box((width, edge, deep), frame, at=(0, y, deep / 2)))
    for x in np.linspace(-width / 2, width / 2, int(rng.integers(1, 4)) + 1)[1:-1]:
        parts.append(box((edge * 0.7, height, deep * 0.8), frame, at=(x, height / 2, deep * 0.4)))
    if rng.random() < 0.3:
        y = height * rng.uniform(0.3, 0.7)
        parts.append(box((width, edge * 0.7, deep * 0.8), frame, at=(0, y, deep * 0.4)))
    if rng.random() < 0.3:
        slats = palette.plastic(rng, dark=0.1)
        drop = height * rng.uniform(0.2, 0.9)
        for y in np.arange(height - 0.03, height - drop, -0.06):
            parts.append(box((width * 0.97, 0.008, 0.04), slats, at=(0, y, deep + 0.03), tilt=0.5))
    return Piece(parts)


def lamp(rng: Generator, palette: Palette) -> Piece:
    """A lit panel, strip or round lamp under a ceiling, whose top is at y = 0; at times it hangs on wires."""
    light, case = palette.light(rng), palette.metal(rng)
    drop = rng.uniform(0.2, 1.0) if rng.random() < 0.3 else 0.0
    kind = rng.choice(3, p=[0.45, 0.4, 0.15])
    if kind == 2:
        radius = rng.uniform(0.12, 0.3)
        body = [
            cylinder(radius, 0.08, case, at=(0, -0.08 - drop, 0)),
            cylinder(radius * 0.9, 0.02, light, at=(0, -0.1 - drop, 0)),
        ]
    else:
        width, length = (0.6, rng.choice([0.6, 1.2])) if kind == 0 else (rng.uniform(0.06, 0.2), 1.5)
        body = [
            box((width, 0.05, length), case, at=(0, -0.025 - drop, 0)),
            box((width * 0.94, 0.02, length * 0.97), light, at=(0, -0.052 - drop, 0)),
        ]
    if drop:
        body.append(box((0.012, drop, 0.012), case, at=(0, -drop / 2, 0)))
    return Piece(body)


def pipes(rng: Generator, palette: Palette, length: float) -> Piece:
    """One to four pipes or ducts of 2 to 40 cm, side by side along x, centred, with clamps."""
    parts: list[Mesh] = []
    z = 0.0
    for _ in range(rng.integers(1, 5)):
        radius = log_uniform(rng, 0.012, 0.12)
        look, y = palette.metal(rng), rng.normal(0, 0.03)
        if rng.random() < 0.2:
            side = rng.uniform(0.15, 0.4)
            parts.append(box((length, side * rng.uniform(0.5, 1), side), look, at=(0, y, z + side / 2)))
            z += side
        else:
            line = np.array([(-length / 2, y, z + radius), (length / 2, y, z + radius)])
            parts.append(tube(line, radius, look, sides=8))
            for x in np.arange(-length / 2 + 0.7, length / 2, 2.0):
                clamp = (0.03, 2.2 * radius, 2.2 * radius)
                parts.append(box(clamp, palette.metal(rng), at=(x, y, z + radius)))
            z += 2 * radius
        z += rng.uniform(0.02, 0.2)
    return Piece(parts)


def stairs(rng: Generator, palette: Palette, width: float, rise: float) -> Piece:
    """A straight flight up towards -z, its first step at z = 0, with railings.

    Steps are 15 to 19 cm high and 26 to 31 cm deep.
    """
    count = max(2, round(rise / rng.uniform(0.155, 0.185)))
    high, deep = rise / count, rng.uniform(0.26, 0.31)
    tread, side = palette.floor(rng), palette.metal(rng)
    solid = rng.random() < 0.6
    parts = []
    for step in range(count):
        top = (step + 1) * high
        thick = top if solid else 0.05
        parts.append(box((width, thick, deep), tread, at=(0, top - thick / 2, -(step + 0.5) * deep)))
    if not solid:
        for x in (-width / 2, width / 2):
            line = np.array([(x, 0.0, 0.0), (x, rise, -count * deep)])
            parts.append(tube(line, 0.06, side, sides=4))
    for x in (-width / 2 + 0.05, width / 2 - 0.05):
        line = np.array([(x, 0.95, 0.1), (x, rise + 0.95, -count * deep)])
        parts.append(tube(line, 0.022, side))
        for step in range(0, count, 2):
            foot = (step + 1) * high
            parts.append(box((0.02, 0.9, 0.02), side, at=(x, foot + 0.42, -(step + 0.5) * deep)))
    return Piece(parts)


def railing(rng: Generator, palette: Palette, length: float) -> Piece:
    """A railing 0.95 to 1.1 m high along x, centred."""
    look, high = palette.metal(rng), rng.uniform(0.95, 1.1)
    parts = [box((length, 0.04, 0.05), look, at=(0, high, 0))]
    if rng.random() < 0.5:
        parts += [box((length, 0.02, 0.02), look, at=(0, y, 0)) for y in np.arange(0.15, high - 0.1, 0.18)]
        gap = 1.5
    else:
        gap = 0.13
    for x in np.arange(-length / 2, length / 2, gap):
        parts.append(box((0.02, high, 0.02), look, at=(x, high / 2, 0)))
    return Piece(parts)


def extinguisher(rng: Generator, palette: Palette) -> Piece:
    """On a wall bracket, red, with its sign above."""
    red = palette.of(rng, "speckle", np.array([0.65, 0.06, 0.05]), 0.1, 0.5)
    black = palette.plastic(rng, dark=1.0)
    base = rng.uniform(0.4, 0.9)
    return Piece([
        cylinder(0.085, 0.45, red, at=(0, base, 0.1)),
        cylinder(0.03, 0.1, black, at=(0, base + 0.45, 0.1)),
        panel(0.2, 0.2, palette.printed(rng, "label"), at=(0, base + 1.0, 0.005)),
    ])  # fmt: skip


def radiator(rng: Generator, palette: Palette) -> Piece:
    w, h, y = rng.uniform(0.5, 1.6), rng.uniform(0.4, 0.65), 0.12
    white = palette.of(rng, "speckle", muted(rng, 0.75, 0.95), 0.1, 0.3)
    count = int(w / rng.uniform(0.045, 0.09))
    size, xs = (w / count * 0.7, h, 0.06), [(i + 0.5) / count * w - w / 2 for i in range(count)]
    ribs = [rounded(size, 0.015, white, (x, y + h / 2, 0.07)) for x in xs]
    pipe = [(w / 2, y + 0.05, 0.07), (w / 2 + 0.06, y + 0.05, 0.07), (w / 2 + 0.06, 0.0, 0.07)]
    return Piece([
        np.concatenate(ribs),
        box((w, 0.03, 0.03), white, (0, y + h * 0.92, 0.07)),
        box((w, 0.03, 0.03), white, (0, y + h * 0.08, 0.07)),
        tube(pipe, 0.01, white),
        capsule((w / 2 + 0.02, y + 0.05, 0.07), (w / 2 + 0.1, y + 0.05, 0.07), 0.02, white),
    ])  # fmt: skip


def curtain(rng: Generator, palette: Palette, w: float, top: float, low: float) -> Piece:
    """Folds that hang from `top` to `low`; its back is near z = 0.05."""
    folds = max(2, round(w / rng.uniform(0.09, 0.16)))
    s = np.linspace(0, 1, folds * 6 + 1)
    wave = 0.035 * np.sin(2 * np.pi * folds * s)
    t = np.linspace(0, 1, 4)[:, None]
    y = top - t * (top - low)
    x = (s - 0.5) * w * (1 - 0.06 * t)
    z = 0.09 + wave * (0.6 + 0.6 * t)
    cloth = palette.cloth(rng)
    points = np.stack(np.broadcast_arrays(x, y + 0 * s, z), -1)
    rod = tube([(-w * 0.6, top + 0.02, 0.09), (w * 0.6, top + 0.02, 0.09)], 0.011, palette.metal(rng))
    return Piece([grid(points, cloth), rod])


def switch(rng: Generator, palette: Palette) -> Piece:
    """Switches, sockets, a thermostat."""
    y = rng.choice([0.3, 1.1, 1.4])
    n = int(rng.integers(1, 4))
    white = palette.of(rng, "speckle", muted(rng, 0.7, 0.95), 0.1, 0.3)
    parts = [box((0.085 * n, 0.085, 0.01), white, (0, y, 0.005))]
    parts += [box((0.05, 0.05, 0.006), white, ((i - (n - 1) / 2) * 0.085, y, 0.013)) for i in range(n)]
    return Piece(parts)

"""Devices of a desk, cables, lamps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from ..pieces import Piece
from ..shapes import box, curve, cylinder, panel, revolve, rounded, sphere, tube
from ..textures import Palette, muted


def keyboard(rng: Generator, palette: Palette) -> Piece:
    w, d = (rng.uniform(0.28, 0.46), rng.uniform(0.11, 0.16))
    h = rng.uniform(0.008, 0.025)
    tilt = rng.uniform(0, 0.08)
    flat = rng.random() < 0.6
    if flat:
        look, at = palette.printed(rng, "keyboard"), (0, h / 2 + d * tilt / 2, 0)
        return Piece([box((w, h, d), look, at, tilt=tilt, fit=True)])
    case, key = palette.plastic(rng, 0.6), palette.plastic(rng, 0.6)
    columns = int(rng.integers(12, 18))
    step = (w - 0.015) / columns
    size = (step * 0.85, 0.006, d / 6.5 * 0.85)
    keys = [
        box(size, key, ((i - columns / 2 + 0.5) * step, h + 0.002, (j - 2) * d / 6))
        for j in range(5)
        for i in range(columns)
    ]
    return Piece([rounded((w, h, d), 0.004, case, (0, h / 2, 0)), np.concatenate(keys)])


def mouse(rng: Generator, palette: Palette) -> Piece:
    body = palette.plastic(rng, 0.6)
    w, h, d = rng.uniform(0.055, 0.068), rng.uniform(0.03, 0.042), rng.uniform(0.095, 0.125)
    parts = [sphere((w, h * 1.4, d), body, (0, h * 0.3, 0), sides=12)]
    parts[0]["position"][:, 1] = np.maximum(parts[0]["position"][:, 1], 0)
    at = (0.0035, h * 0.86, -d * 0.25)
    parts.append(cylinder(0.009, 0.007, palette.plastic(rng), at, roll=np.pi / 2, sides=8))
    if rng.random() < 0.5:
        first, second = rng.normal(0, 0.02), rng.normal(0, 0.08)
        line = [(0, 0.006, -d / 2), (first, 0.003, -d / 2 - 0.08), (second, 0.003, -d / 2 - 0.2)]
        parts.append(tube(curve(line, 4), 0.0018, body, sides=4))
    return Piece(parts)


def phone(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.065, 0.08), rng.uniform(0.13, 0.165), rng.uniform(0.007, 0.012)
    if rng.random() < 0.2:
        w, d = rng.uniform(0.13, 0.2), rng.uniform(0.2, 0.27)
    parts = [rounded((w, h, d), 0.006, palette.plastic(rng, 0.6), (0, h / 2, 0))]
    parts.append(box((w * 0.94, 0.001, d * 0.94), palette.screen(rng, 0.4), (0, h, 0), fit=True))
    return Piece(parts)


def remote(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.035, 0.08), rng.uniform(0.12, 0.2), rng.uniform(0.015, 0.025)
    body, key = palette.plastic(rng, 0.8), palette.plastic(rng, 0.1)
    keys = [
        box((w * 0.2, 0.003, d * 0.05), key, (x * w * 0.28, h, z * d))
        for x in (-1, 0, 1)
        for z in np.linspace(-0.1, 0.4, 5)
    ]
    top = box((w * 0.8, 0.002, d * 0.2), palette.screen(rng, 0.2), (0, h, -d * 0.32), fit=True)
    return Piece([rounded((w, h, d), 0.006, body, (0, h / 2, 0)), np.concatenate(keys), top])


def laptop(rng: Generator, palette: Palette) -> Piece:
    w = rng.uniform(0.29, 0.38)
    d, h = w * rng.uniform(0.66, 0.72), rng.uniform(0.014, 0.022)
    colour = muted(rng, 0.03, 0.15) if rng.random() < 0.5 else muted(rng, 0.5, 0.8)
    body = palette.of(rng, "metal", colour, 0.2, rng.uniform(0.1, 0.5))
    angle = rng.uniform(1.6, 2.2)  # between the keys and the screen
    black = palette.of(rng, "speckle", muted(rng, 0.02, 0.06), 0.1, 0.4)
    lean = angle - np.pi / 2
    up, back = np.cos(lean), np.sin(lean)
    keys, pad = palette.printed(rng, "keyboard"), palette.of(rng, "metal", muted(rng, 0.1, 0.6), 0.1, 0.3)
    base = [
        rounded((w, h, d), 0.005, body, (0, h / 2, 0)),
        box((w * 0.9, 0.001, d * 0.5), keys, (0, h, -d * 0.16), fit=True),
        box((w * 0.3, 0.001, d * 0.28), pad, (0, h, d * 0.31)),
    ]
    if rng.random() < 0.12:
        return Piece([base[0]])
    hinge = np.array([0, h, -d / 2])
    middle = hinge + np.array([0, up, -back]) * d / 2
    front = np.array([0, back, up]) * 0.004
    lid = [
        box((w, d, 0.006), body, middle, tilt=-lean),
        box((w * 0.99, d * 0.98, 0.001), black, middle + front * 0.8, tilt=-lean),
        panel(w * 0.94, d * 0.88, palette.screen(rng, 0.75), middle + front * 1.2, tilt=-lean),
    ]
    return Piece([*base, *lid])


def monitor(rng: Generator, palette: Palette) -> Piece:
    w = rng.uniform(0.42, 0.72)
    h, lift = w * rng.uniform(0.52, 0.66), rng.uniform(0.08, 0.2)
    body = palette.plastic(rng, 0.75)
    y = lift + h / 2
    lean = rng.uniform(-0.03, 0.15)
    screen, front = palette.screen(rng, 0.7), (0, y + 0.011 * np.sin(lean), 0.0112)
    parts = [
        box((w, h, 0.02), body, (0, y, 0), tilt=-lean),
        rounded((w * 0.6, h * 0.6, 0.05), 0.02, body, (0, y, -0.03), tilt=-lean),
        panel(w * 0.96, h * 0.93, screen, front, tilt=-lean),
        box((w * rng.uniform(0.3, 0.5), 0.014, rng.uniform(0.14, 0.22)), body, (0, 0.007, -0.02)),
        box((0.06, y, 0.025), body, (0, y / 2, -0.06)),
    ]
    return Piece(parts)


def speaker(rng: Generator, palette: Palette) -> Piece:
    w, h, d = rng.uniform(0.08, 0.2), rng.uniform(0.12, 0.35), rng.uniform(0.08, 0.22)
    cone = palette.of(rng, "speckle", muted(rng, 0.02, 0.2), 0.1)
    parts = [box((w, h, d), palette.furniture(rng), (0, h / 2, 0))]
    for y, r in ((0.32, min(0.38, 0.28 * h / w)), (0.75, min(0.2, 0.15 * h / w))):
        dish = [(0, -0.02), (w * r * 0.5, -0.015), (w * r, 0.004), (w * r * 1.1, 0.002)]
        parts.append(revolve(dish, cone, (0, h * y, d / 2), tilt=np.pi / 2))
    return Piece(parts)


def headset(rng: Generator, palette: Palette) -> Piece:
    black = palette.plastic(rng, 0.8)
    a = np.linspace(0, np.pi, 12)
    arc = np.stack([0.08 * np.cos(a), 0.1 * np.sin(a), 0 * a], -1)
    parts = [tube(arc, 0.008, black, tilt=np.pi / 2 - 0.15, at=(0, 0.03, 0))]
    for side in (-1, 1):
        parts.append(rounded((0.035, 0.055, 0.08), 0.015, palette.leather(rng), (side * 0.075, 0.03, 0.01)))
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def cable(rng: Generator, palette: Palette) -> Piece:
    """Lies in loops; at times a plug at its end."""
    count = int(rng.integers(4, 11))
    walk = np.cumsum(rng.normal(0, rng.uniform(0.05, 0.14), (count, 2)), axis=0)
    walk -= (walk.min(0) + walk.max(0)) / 2
    radius = rng.uniform(0.0018, 0.005)
    line = curve(np.stack([walk[:, 0], radius + np.abs(rng.normal(0, 0.006, count)), walk[:, 1]], -1), 6)
    line[:, 1] = np.maximum(line[:, 1], radius)
    parts = [tube(line, radius, palette.plastic(rng, 0.6), sides=5)]
    if rng.random() < 0.5:
        look, at = palette.plastic(rng, 0.6), line[-1] + (0, 0.008, 0)
        parts.append(rounded((0.03, 0.02, 0.045), 0.005, look, at, yaw=rng.uniform(0, 6)))
    return Piece(parts)


def coil(rng: Generator, palette: Palette) -> Piece:
    """A rope, hose or cable wound up."""
    turns, r, thick = rng.integers(2, 6), rng.uniform(0.05, 0.14), rng.uniform(0.003, 0.009)
    a = np.linspace(0, 2 * np.pi * turns, 14 * turns)
    wobble = r * (1 + 0.06 * np.sin(a * 0.37 + 1))
    line = np.stack([wobble * np.cos(a), thick + thick * a / (2 * np.pi), wobble * np.sin(a)], -1)
    return Piece([tube(line, thick, palette.plastic(rng, 0.5), sides=5)])


def power_strip(rng: Generator, palette: Palette) -> Piece:
    w = rng.uniform(0.2, 0.4)
    body, hole = palette.plastic(rng, 0.3), palette.plastic(rng, 1.0)
    parts = [rounded((w, 0.035, 0.05), 0.006, body, (0, 0.0175, 0))]
    for x in np.linspace(-w * 0.38, w * 0.38, 5):
        parts.append(cylinder(0.018, 0.001, hole, (x, 0.035, 0), sides=10))
    plug = rounded((0.035, 0.05, 0.03), 0.006, palette.plastic(rng, 0.5), (w * 0.19, 0.06, 0))
    line = curve([(w * 0.19, 0.08, 0), (w * 0.25, 0.06, 0.05), (w * 0.1, 0.01, 0.15), (-0.05, 0.005, 0.1)], 5)
    return Piece([*parts, plug, tube(line, 0.004, palette.plastic(rng, 0.6), sides=5)])


def desk_lamp(rng: Generator, palette: Palette) -> Piece:
    material = palette.metal(rng) if rng.random() < 0.6 else palette.plastic(rng)
    bulb = palette.light(rng) if rng.random() < 0.5 else palette.ceramic(rng)
    if rng.random() < 0.4:  # a shade on a foot
        h, r = rng.uniform(0.28, 0.5), rng.uniform(0.09, 0.17)
        shade = palette.cloth(rng)
        if bulb.emission:
            shade = replace(shade, emission=rng.uniform(0.8, 2.0))
        profile = [(0, 0), (0.06, 0), (0.06, 0.015), (0.015, 0.03)]
        profile += [(0.03, h * 0.3), (0.01, h * 0.6), (0.01, h * 0.8)]
        foot, top = revolve(profile, palette.ceramic(rng), smooth=True), r * rng.uniform(0.5, 1.0)
        return Piece([foot, cylinder(r, h * 0.4, shade, (0, h * 0.6, 0), top=top, sides=18, open_top=True)])
    a, b = rng.uniform(0.25, 0.4), rng.uniform(0.2, 0.38)
    first, second = rng.uniform(0.9, 1.7), rng.uniform(-0.5, 0.5)
    elbow = np.array([-a * np.cos(first) * 0.5, 0.03 + a * np.sin(first), 0])
    head = elbow + np.array((b * np.cos(second), b * np.sin(second), 0))
    cone = [(0.0, 0.05), (0.025, 0.045), (0.06, -0.03), (0.057, -0.03), (0.02, 0.04)]
    return Piece([
        cylinder(rng.uniform(0.07, 0.1), 0.025, material),
        tube(np.array([(0, 0.02, 0), elbow]), 0.007, material),
        tube([elbow, head], 0.007, material),
        revolve(cone, material, head, roll=rng.uniform(-0.3, 0.5)),
        sphere(0.05, bulb, head + np.array((0, -0.005, 0)), sides=10),
    ]).moved(yaw=rng.uniform(0, 6))  # fmt: skip

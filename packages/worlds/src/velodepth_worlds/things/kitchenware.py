"""Crockery, pots, food and what else stands in a kitchen."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from ..draws import one_of
from ..pieces import Piece, united
from ..scene import Material, Mesh
from ..shapes import box, capsule, curve, cylinder, revolve, rounded, sphere, tube
from ..textures import Palette, muted, vivid


def vessel(profile: list[tuple[float, float]], wall: float, material: Material, sides: int = 16) -> Mesh:
    """An open vessel: the profile outside, up to the rim, and back down inside."""
    outer = np.array(profile)
    inner = outer[::-1] - (wall, 0)
    inner[:, 0] = np.maximum(inner[:, 0], 0)
    inner[-1] = (0, outer[0, 1] + wall)
    inner[:, 1] = np.maximum(inner[:, 1], wall)
    return revolve(np.concatenate([[(0, 0)], outer, inner]), material, sides=sides)


def _handle(radius: float, low: float, high: float, reach: float, thick: float, material: Material) -> Mesh:
    """A loop at the side (+x) of a vessel."""
    middle = (low + high) / 2
    out, bend = radius + reach, 0.1 * (high - low)
    points = ((radius, low), (out, low + bend), (out, middle), (out, high - bend), (radius, high))
    return tube(curve([(x, y, 0) for x, y in points], 3), thick, material, sides=5)


def _band(radius: float, height: float, look: Material, low: float, yaw: float = 0.0) -> Mesh:
    """What is printed around a vessel, from `low` up."""
    return cylinder(radius, height, look, (0, low, 0), yaw=yaw, fit=True, open_top=True)


def mug(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.035, 0.048), rng.uniform(0.08, 0.115)
    material = palette.ceramic(rng)
    flare = rng.uniform(0.85, 1.1)
    parts = [vessel([(r * flare, 0), (r, h * 0.4), (r, h)], 0.004, material)]
    if rng.random() < 0.5:
        parts.append(_band(r + 0.0005, h * 0.5, palette.printed(rng, "label"), h * 0.42))
    if rng.random() < 0.85:
        parts.append(_handle(r * 0.97, h * 0.2, h * 0.85, 0.028, 0.005, material))
    if rng.random() < 0.5:
        coffee = palette.of(rng, "speckle", np.array([0.2, 0.1, 0.05]), 0.1, 0.5)
        parts.append(cylinder(r * 0.93, 0.001, coffee, (0, h * rng.uniform(0.5, 0.9), 0)))
    return Piece(parts).moved(yaw=rng.uniform(0, 2 * np.pi))


def bottle(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.15, 0.33), rng.uniform(0.028, 0.046)
    neck, shoulder = r * rng.uniform(0.3, 0.55), rng.uniform(0.55, 0.75)
    colour = vivid(rng) * 0.7 if rng.random() < 0.5 else muted(rng)
    body = palette.of(rng, "speckle", colour, 0.1, rng.uniform(0.3, 1.0))
    profile = [(0, 0), (r * 0.9, 0), (r, 0.01), (r, h * shoulder)]
    profile += [(neck, h * (shoulder + 0.18)), (neck, h * 0.95), (0, h * 0.95)]
    parts = [revolve(profile, body, smooth=rng.random() < 0.5)]
    parts.append(cylinder(neck * 1.15, h * 0.09, palette.plastic(rng), (0, h * 0.91, 0), sides=10))
    if rng.random() < 0.8:
        low = h * rng.uniform(0.1, 0.25)
        look = palette.printed(rng, "label")
        parts.append(_band(r * 1.01, h * shoulder * 0.95 - low, look, low, rng.uniform(0, 6)))
    return Piece(parts)


def can(rng: Generator, palette: Palette) -> Piece:
    r, h = one_of(rng, ((0.033, 0.115), (0.037, 0.11), (0.05, 0.06), (0.04, 0.16)))
    r, h = r * rng.uniform(0.95, 1.1), h * rng.uniform(0.95, 1.05)
    steel = palette.metal(rng)
    yaw = rng.uniform(0, 2 * np.pi)
    parts = [
        _band(r, h * 0.94, palette.printed(rng, "label", rng.uniform(0, 0.6)), h * 0.03, yaw),
        revolve([(0, 0), (r * 0.95, 0), (r, h * 0.03)], steel),
        revolve([(r, h * 0.97), (r * 0.92, h), (r * 0.88, h * 0.975), (0, h * 0.975)], steel),
    ]
    return Piece(parts)


def jar(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.03, 0.06), rng.uniform(0.07, 0.2)
    profile = [(0, 0), (r, 0), (r, h * 0.82), (r * 0.85, h * 0.88), (r * 0.85, h * 0.9)]
    parts = [revolve(profile, palette.ceramic(rng))]
    parts.append(cylinder(r * 0.92, h * 0.14, palette.plastic(rng), (0, h * 0.86, 0)))
    if rng.random() < 0.7:
        parts.append(_band(r * 1.01, h * 0.5, palette.printed(rng, "label"), h * 0.15, rng.uniform(0, 6)))
    return Piece(parts)


def bowl(rng: Generator, palette: Palette) -> Piece:
    r = rng.uniform(0.06, 0.14)
    h = r * rng.uniform(0.45, 0.85)
    t = np.linspace(0.25, 1, 6)
    profile = [(r * v**0.6, h * v**1.8) for v in t]
    profile[0] = (profile[0][0], 0.0)
    shell = Piece([vessel(profile, 0.004, palette.ceramic(rng), 20)])
    if r < 0.09 or rng.random() < 0.4:
        return shell
    fruits = []
    for _ in range(rng.integers(2, 7)):
        a, d = rng.uniform(0, 2 * np.pi), rng.uniform(0, r * 0.55)
        fruits.append(fruit(rng, palette).moved((d * np.cos(a), h * 0.35 + (r - d) * 0.15, d * np.sin(a)), a))
    return united([shell, *fruits])


def plate(rng: Generator, palette: Palette) -> Piece:
    r = rng.uniform(0.07, 0.15)
    material = palette.ceramic(rng)
    count = int(rng.integers(1, 6)) if rng.random() < 0.3 else 1
    profile = [(0, 0), (r * 0.6, 0), (r, r * 0.16), (r * 0.97, r * 0.17), (r * 0.6, 0.006), (0, 0.006)]
    return Piece([revolve(profile, material, (0, 0.012 * i, 0), sides=20) for i in range(count)])


def pot(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.08, 0.15), rng.uniform(0.07, 0.2)
    material = palette.metal(rng)
    parts = [vessel([(r, 0), (r, h)], 0.004, material, 20)]
    black = palette.of(rng, "speckle", muted(rng, 0.03, 0.15), 0.1, 0.3)
    if rng.random() < 0.5:
        line = curve([(r, h * 0.8, -0.035), (r + 0.035, h * 0.82, 0), (r, h * 0.8, 0.035)], 4)
        parts += [tube(line, 0.006, black, yaw=side) for side in (0, np.pi)]
    else:
        parts.append(capsule((r, h * 0.85, 0), (r + rng.uniform(0.12, 0.2), h * 0.95, 0), 0.01, black, 0.012))
    if rng.random() < 0.5:
        parts.append(revolve([(r * 1.02, h), (r * 0.6, h + 0.02), (0, h + 0.025)], material, sides=20))
        parts.append(sphere(0.03, black, (0, h + 0.035, 0), sides=8))
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def pan(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.09, 0.15), rng.uniform(0.035, 0.06)
    is_steel = rng.random() < 0.4
    material = palette.metal(rng) if is_steel else palette.of(rng, "metal", muted(rng, 0.03, 0.12), 0.3, 0.3)
    end = (r + rng.uniform(0.13, 0.2), h + 0.02, 0)
    handle = capsule((r, h * 0.8, 0), end, 0.009, palette.plastic(rng, 0.9), 0.012)
    parts = [vessel([(r * 0.85, 0), (r, h)], 0.004, material, 20), handle]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def kettle(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.18, 0.25), rng.uniform(0.07, 0.085)
    body = palette.metal(rng) if rng.random() < 0.5 else palette.plastic(rng)
    black = palette.plastic(rng, 0.9)
    profile = [(r, 0.02), (r * 1.02, h * 0.3), (r * 0.72, h * 0.85), (r * 0.6, h * 0.92), (0, h * 0.95)]
    parts = [
        cylinder(r * 1.05, 0.02, black),
        revolve(profile, body, smooth=True, sides=18),
        _handle(r * 0.75, h * 0.25, h * 0.9, 0.06, 0.011, black),
        capsule((-r * 0.7, h * 0.72, 0), (-r * 1.1, h * 0.88, 0), 0.022, body, 0.012),
        sphere(0.022, black, (0, h * 0.97, 0), sides=8),
    ]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def fruit(rng: Generator, palette: Palette) -> Piece:
    kind = rng.integers(5)
    material = palette.fruit(rng)
    if kind == 0:
        s = rng.uniform(0.15, 0.2)
        a = np.linspace(-0.6, 0.6, 8)
        line = np.stack([s * 0.7 * np.sin(a * 1.4), s * 0.35 * (1 - np.cos(a * 1.6)) + 0.018, 0 * a], -1)
        radius = 0.018 * np.clip(1.15 - 1.6 * a**2, 0.3, 1)
        yellow = palette.of(rng, "speckle", np.array([0.85, 0.72, 0.2]) * rng.uniform(0.7, 1.05), 0.2)
        return Piece([tube(line, radius, yellow, sides=6, tilt=rng.uniform(1.2, 1.57), at=(0, 0.018, 0))])
    if kind == 1:
        h, r = rng.uniform(0.08, 0.12), rng.uniform(0.03, 0.038)
        profile = [(0, 0), (r * 0.8, 0.006), (r, h * 0.3), (r * 0.8, h * 0.55)]
        profile += [(r * 0.45, h * 0.8), (r * 0.3, h * 0.95), (0, h)]
        return Piece([revolve(profile, material, smooth=True, sides=12)])
    d = rng.uniform(0.035, 0.1)
    if kind == 2:
        size, at = (d, d * 0.75, d * 0.75), (0, d * 0.375, 0)
        return Piece([sphere(size, material, at, yaw=rng.uniform(0, 6), sides=12)])
    t = np.linspace(0, np.pi, 10)
    dent = 0.5 + 0.5 * np.abs(np.cos(t)) ** 6
    apple = np.stack([np.sin(t) * d / 2, d / 2 - np.cos(t) * d / 2 * (1.25 - 0.3 * dent)], -1)
    parts = [revolve(apple - (0, apple[:, 1].min()), material, smooth=True, sides=14)]
    if rng.random() < 0.5:
        parts.append(tube([(0, d * 0.85, 0), (0.003, d * 1.05, 0)], 0.0015, palette.bark(rng), sides=4))
    return Piece(parts)


def bread(rng: Generator, palette: Palette) -> Piece:
    crust = palette.of(rng, "blotches", np.array([0.62, 0.4, 0.2]) * rng.uniform(0.8, 1.3), 0.3, 0.0, 3.0)
    w, h, d = rng.uniform(0.12, 0.32), rng.uniform(0.06, 0.12), rng.uniform(0.08, 0.13)
    return Piece([rounded((w, h, d), h * 0.45, crust, (0, h / 2, 0), steps=3)])


def cutlery(rng: Generator, palette: Palette) -> Piece:
    steel = palette.of(rng, "metal", muted(rng, 0.5, 0.8), 0.3, 0.8)
    length = rng.uniform(0.15, 0.23)
    parts = [box((length * 0.6, 0.003, 0.012), steel, (-length * 0.2, 0.003, 0))]
    kind = rng.integers(3)
    if kind == 0:
        parts.append(box((length * 0.4, 0.002, 0.02), steel, (length * 0.3, 0.003, 0.002)))
    elif kind == 1:
        parts.append(sphere((length * 0.3, 0.008, 0.04), steel, (length * 0.24, 0.005, 0), sides=10))
    else:
        parts.append(box((0.025, 0.003, 0.024), steel, (length * 0.12, 0.005, 0)))
        for z in (-0.01, -0.0033, 0.0033, 0.01):
            parts.append(box((0.05, 0.002, 0.003), steel, (length * 0.12 + 0.035, 0.007, z)))
    return Piece(parts)


def board(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.22, 0.42), rng.uniform(0.15, 0.3), rng.uniform(0.008, 0.03)
    plank = Piece([rounded((w, h, d), h * 0.4, palette.wood(rng), (0, h / 2, 0))])
    if rng.random() < 0.5:
        return plank
    food = (bread if rng.random() < 0.4 else fruit)(rng, palette)
    return united([plank, food.moved((0, h, 0), rng.uniform(0, 6))])


def appliance(rng: Generator, palette: Palette) -> Piece:
    """Toaster, microwave, coffee machine."""
    body = palette.plastic(rng) if rng.random() < 0.6 else palette.metal(rng)
    black = palette.of(rng, "speckle", muted(rng, 0.02, 0.08), 0.1, 0.7)
    kind = rng.integers(3)
    if kind == 0:
        w, h, d = rng.uniform(0.25, 0.34), rng.uniform(0.17, 0.2), rng.uniform(0.14, 0.18)
        slots = [box((w * 0.6, 0.004, 0.022), black, (0, h, z)) for z in (-0.03, 0.03)]
        case = rounded((w, h, d), 0.035, body, (0, h / 2, 0), steps=3)
        return Piece([case, *slots, box((0.02, 0.03, 0.03), black, (w / 2, h * 0.7, 0))])
    if kind == 1:
        w, h, d = rng.uniform(0.44, 0.54), rng.uniform(0.26, 0.31), rng.uniform(0.32, 0.4)
        return Piece([
            rounded((w, h, d), 0.01, body, (0, h / 2, 0)),
            box((w * 0.68, h * 0.78, 0.006), black, (-w * 0.12, h / 2, d / 2)),
            box((w * 0.2, h * 0.84, 0.005), palette.plastic(rng), (w * 0.36, h / 2, d / 2)),
            box((0.07, 0.02, 0.006), palette.light(rng), (w * 0.36, h * 0.8, d / 2)),
            box((0.015, h * 0.7, 0.02), palette.metal(rng), (w * 0.23, h / 2, d / 2 + 0.02)),
        ])  # fmt: skip
    w, h, d = rng.uniform(0.18, 0.28), rng.uniform(0.3, 0.4), rng.uniform(0.25, 0.4)
    cup = mug(rng, palette).moved((0, 0.03, d * 0.25))
    machine = Piece([
        rounded((w, 0.03, d), 0.01, body, (0, 0.015, 0)),
        rounded((w, h, d * 0.45), 0.02, body, (0, h / 2, -d * 0.27)),
        rounded((w, h * 0.35, d * 0.95), 0.02, body, (0, h * 0.82, 0)),
        box((w * 0.7, h * 0.12, 0.004), black, (0, h * 0.85, d * 0.48)),
    ])  # fmt: skip
    return united([machine, cup])

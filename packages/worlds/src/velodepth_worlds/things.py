"""Things that a hand can hold or move: what lies on tables, in drawers and on shelves. True sizes, metres.

Every maker takes (rng, palette) and returns a Piece whose base is at y = 0 and whose front looks to +z.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from .pieces import Piece, united
from .scene import Material, Mesh
from .shapes import box, capsule, curve, cylinder, grid, panel, revolve, rounded, sheet, sphere, tube
from .textures import Palette, muted, noise, vivid

Maker = Callable[[Generator, Palette], Piece]


# ---- crockery and food


def _shell(profile: list[tuple[float, float]], wall: float, material: Material, sides: int = 16) -> Mesh:
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
    line = curve([(radius, low, 0), (radius + reach, low + 0.1 * (high - low), 0), (radius + reach, middle,
    0),
                  (radius + reach, high - 0.1 * (high - low), 0), (radius, high, 0)], 3)  # fmt: skip
    return tube(line, thick, material, sides=5)


def mug(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.035, 0.048), rng.uniform(0.08, 0.115)
    material = palette.ceramic(rng)
    flare = rng.uniform(0.85, 1.1)
    parts = [_shell([(r * flare, 0), (r, h * 0.4), (r, h)], 0.004, material)]
    if rng.random() < 0.5:
        parts.append(
            cylinder(
                r + 0.0005, h * 0.5, palette.printed(rng, "label"), (0, h * 0.42, 0), fit=True, open_top=True
            )
        )
    if rng.random() < 0.85:
        parts.append(_handle(r * 0.97, h * 0.2, h * 0.85, 0.028, 0.005, material))
    if rng.random() < 0.5:
        parts.append(
            cylinder(
                r * 0.93,
                0.001,
                palette.of(rng, "speckle", np.array([0.2, 0.1, 0.05]), 0.1, 0.5),
                (0, h * rng.uniform(0.5, 0.9), 0),
            )
        )
    return Piece(parts).moved(yaw=rng.uniform(0, 2 * np.pi))


def bottle(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.15, 0.33), rng.uniform(0.028, 0.046)
    neck, shoulder = r * rng.uniform(0.3, 0.55), rng.uniform(0.55, 0.75)
    colour = vivid(rng) * 0.7 if rng.random() < 0.5 else muted(rng)
    body = palette.of(rng, "speckle", colour, 0.1, rng.uniform(0.3, 1.0))
    profile = [
        (0, 0),
        (r * 0.9, 0),
        (r, 0.01),
        (r, h * shoulder),
        (neck, h * (shoulder + 0.18)),
        (neck, h * 0.95),
        (0, h * 0.95),
    ]
    parts = [revolve(profile, body, smooth=rng.random() < 0.5)]
    parts.append(cylinder(neck * 1.15, h * 0.09, palette.plastic(rng), (0, h * 0.91, 0), sides=10))
    if rng.random() < 0.8:
        low = h * rng.uniform(0.1, 0.25)
        parts.append(
            cylinder(
                r * 1.01,
                h * shoulder * 0.95 - low,
                palette.printed(rng, "label"),
                (0, low, 0),
                fit=True,
                open_top=True,
                yaw=rng.uniform(0, 6),
            )
        )
    return Piece(parts)


def can(rng: Generator, palette: Palette) -> Piece:
    r, h = ((0.033, 0.115), (0.037, 0.11), (0.05, 0.06), (0.04, 0.16))[rng.integers(4)]
    r, h = r * rng.uniform(0.95, 1.1), h * rng.uniform(0.95, 1.05)
    steel = palette.metal(rng)
    yaw = rng.uniform(0, 2 * np.pi)
    parts = [
        cylinder(
            r,
            h * 0.94,
            palette.printed(rng, "label", rng.uniform(0, 0.6)),
            (0, h * 0.03, 0),
            yaw,
            fit=True,
            open_top=True,
        ),
        revolve([(0, 0), (r * 0.95, 0), (r, h * 0.03)], steel),
        revolve([(r, h * 0.97), (r * 0.92, h), (r * 0.88, h * 0.975), (0, h * 0.975)], steel),
    ]
    return Piece(parts)


def jar(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.03, 0.06), rng.uniform(0.07, 0.2)
    parts = [
        revolve(
            [(0, 0), (r, 0), (r, h * 0.82), (r * 0.85, h * 0.88), (r * 0.85, h * 0.9)], palette.ceramic(rng)
        )
    ]
    parts.append(cylinder(r * 0.92, h * 0.14, palette.plastic(rng), (0, h * 0.86, 0)))
    if rng.random() < 0.7:
        parts.append(
            cylinder(
                r * 1.01,
                h * 0.5,
                palette.printed(rng, "label"),
                (0, h * 0.15, 0),
                rng.uniform(0, 6),
                fit=True,
                open_top=True,
            )
        )
    return Piece(parts)


def bowl(rng: Generator, palette: Palette) -> Piece:
    r = rng.uniform(0.06, 0.14)
    h = r * rng.uniform(0.45, 0.85)
    t = np.linspace(0.25, 1, 6)
    profile = [(r * v**0.6, h * v**1.8) for v in t]
    profile[0] = (profile[0][0], 0.0)
    shell = Piece([_shell(profile, 0.004, palette.ceramic(rng), 20)])
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
    parts = [_shell([(r, 0), (r, h)], 0.004, material, 20)]
    black = palette.of(rng, "speckle", muted(rng, 0.03, 0.15), 0.1, 0.3)
    if rng.random() < 0.5:
        for side in (0, np.pi):
            parts.append(
                tube(
                    curve([(r, h * 0.8, -0.035), (r + 0.035, h * 0.82, 0), (r, h * 0.8, 0.035)], 4),
                    0.006,
                    black,
                    yaw=side,
                )
            )
    else:
        parts.append(capsule((r, h * 0.85, 0), (r + rng.uniform(0.12, 0.2), h * 0.95, 0), 0.01, black, 0.012))
    if rng.random() < 0.5:
        parts.append(revolve([(r * 1.02, h), (r * 0.6, h + 0.02), (0, h + 0.025)], material, sides=20))
        parts.append(sphere(0.03, black, (0, h + 0.035, 0), sides=8))
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def pan(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.09, 0.15), rng.uniform(0.035, 0.06)
    material = (
        palette.metal(rng)
        if rng.random() < 0.4
        else palette.of(rng, "metal", muted(rng, 0.03, 0.12), 0.3, 0.3)
    )
    parts = [_shell([(r * 0.85, 0), (r, h)], 0.004, material, 20)]
    parts.append(
        capsule(
            (r, h * 0.8, 0),
            (r + rng.uniform(0.13, 0.2), h + 0.02, 0),
            0.009,
            palette.plastic(rng, 0.9),
            0.012,
        )
    )
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def kettle(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.18, 0.25), rng.uniform(0.07, 0.085)
    body = palette.metal(rng) if rng.random() < 0.5 else palette.plastic(rng)
    black = palette.plastic(rng, 0.9)
    parts = [
        cylinder(r * 1.05, 0.02, black),
        revolve(
            [(r, 0.02), (r * 1.02, h * 0.3), (r * 0.72, h * 0.85), (r * 0.6, h * 0.92), (0, h * 0.95)],
            body,
            smooth=True,
            sides=18,
        ),
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
        profile = [
            (0, 0),
            (r * 0.8, 0.006),
            (r, h * 0.3),
            (r * 0.8, h * 0.55),
            (r * 0.45, h * 0.8),
            (r * 0.3, h * 0.95),
            (0, h),
        ]
        return Piece([revolve(profile, material, smooth=True, sides=12)])
    d = rng.uniform(0.035, 0.1)
    if kind == 2:
        return Piece(
            [sphere((d, d * 0.75, d * 0.75), material, (0, d * 0.375, 0), rng.uniform(0, 6), sides=12)]
        )
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
        parts += [
            box((0.05, 0.002, 0.003), steel, (length * 0.12 + 0.035, 0.007, z))
            for z in (-0.01, -0.0033, 0.0033, 0.01)
        ]
    return Piece(parts)


def board(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.22, 0.42), rng.uniform(0.15, 0.3), rng.uniform(0.008, 0.03)
    plank = Piece([rounded((w, h, d), h * 0.4, palette.wood(rng), (0, h / 2, 0))])
    if rng.random() < 0.5:
        return plank
    return united(
        [plank, (bread if rng.random() < 0.4 else fruit)(rng, palette).moved((0, h, 0), rng.uniform(0, 6))]
    )


def appliance(rng: Generator, palette: Palette) -> Piece:
    """Toaster, microwave, coffee machine."""
    body = palette.plastic(rng) if rng.random() < 0.6 else palette.metal(rng)
    black = palette.of(rng, "speckle", muted(rng, 0.02, 0.08), 0.1, 0.7)
    kind = rng.integers(3)
    if kind == 0:
        w, h, d = rng.uniform(0.25, 0.34), rng.uniform(0.17, 0.2), rng.uniform(0.14, 0.18)
        slots = [box((w * 0.6, 0.004, 0.022), black, (0, h, z)) for z in (-0.03, 0.03)]
        return Piece(
            [
                rounded((w, h, d), 0.035, body, (0, h / 2, 0), steps=3),
                *slots,
                box((0.02, 0.03, 0.03), black, (w / 2, h * 0.7, 0)),
            ]
        )
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


# ---- paper


def book(rng: Generator, palette: Palette, thick: float | None = None, high: float | None = None) -> Piece:
    """Lying, its spine to the front."""
    h = rng.uniform(0.01, 0.045) if thick is None else thick
    w = rng.uniform(0.17, 0.31) if high is None else high
    d = w * rng.uniform(0.65, 0.78)
    front = palette.printed(rng, "cover", rng.uniform(0, 0.4))
    paper = palette.of(rng, "metal", muted(rng, 0.75, 0.92), 0.6, 0.0, 4.0)
    hard = 0.003
    return Piece([
        box((w, hard, d), front, (0, hard / 2, 0), fit=True),
        box((w, hard, d), front, (0, h - hard / 2, 0), fit=True),
        box((w - 0.008, h - 2 * hard, d - 0.008), paper, (0, h / 2, 0.002)),
        box((w, h, hard), palette.printed(rng, "spine"), (0, h / 2, d / 2)),
    ])  # fmt: skip


def books(rng: Generator, palette: Palette) -> Piece:
    """A pile."""
    height, pile = 0.0, []
    for _ in range(rng.integers(2, 7)):
        one = book(rng, palette)
        pile.append(
            one.moved(
                (rng.normal(0, 0.01), height, rng.normal(0, 0.01)),
                rng.normal(0, 0.12) + (np.pi if rng.random() < 0.3 else 0),
            )
        )
        height += float(one.size[1])
    return united(pile)


def standing_book(rng: Generator, palette: Palette, most: float = 0.3) -> Piece:
    """Its spine looks to +z; as narrow as it is thick. A binder now and then."""
    if rng.random() < 0.18:
        w, h, d = rng.uniform(0.035, 0.08), 0.32, 0.28
    else:
        w, h = rng.uniform(0.01, 0.05), rng.uniform(0.17, 0.31)
        d = h * rng.uniform(0.65, 0.78)
    h = min(h, most)
    gloss = rng.uniform(0, 0.3)
    back = panel(w, h, palette.printed(rng, "spine", gloss), (0, h / 2, d / 2 + 0.0004))
    return Piece(
        [
            np.concatenate(
                [box((w, h, d), palette.printed(rng, "cover", gloss), (0, h / 2, 0), fit=True), back]
            )
        ]
    )


def row_of_books(rng: Generator, palette: Palette, length: float | None = None, most: float = 0.32) -> Piece:
    """Upright, some leaning, spines in one line."""
    length = rng.uniform(0.15, 0.5) if length is None else length
    x, row = -length / 2, []
    while x < length / 2 - 0.02:
        one = standing_book(rng, palette, most)
        width, depth = float(one.size[0]), float(one.size[2])
        if x + width > length / 2:
            break
        row.append(one.moved((x + width / 2, 0, -depth / 2 - rng.uniform(0, 0.02))))
        x += width + (0.001 if rng.random() < 0.95 else rng.uniform(0.02, 0.08))
    if not row:
        return standing_book(rng, palette, most)
    return united(row)


def paper(rng: Generator, palette: Palette) -> Piece:
    """A sheet that lies flat or curls a little: page, poster, photograph."""
    w = (0.21, 0.148, 0.297, 0.1, 0.42)[rng.integers(5)]
    d = w * rng.choice([1.414, 1.414, 0.707, 1.0])
    bend = rng.normal(0, 0.25) if rng.random() < 0.4 else 0.0
    picture = palette.printed(rng, "page") if rng.random() < 0.6 else palette.poster(rng)
    return Piece([sheet(w, d, picture, bend, steps=6, at=(0, 0.001, 0))])


def papers(rng: Generator, palette: Palette) -> Piece:
    """A loose heap of sheets, or a neat stack."""
    heap, height = [], 0.0005
    spread = rng.choice([0.004, 0.05])
    for _ in range(rng.integers(2, 8)):
        layer = rng.uniform(0.0005, 0.012)
        x, z = rng.normal(0, spread, 2)
        at = (x, height + layer / 2, z)
        heap.append(
            box((0.21, layer, 0.297), palette.printed(rng, "page"), at, rng.normal(0, spread * 4), fit=True)
        )
        height += layer
    return Piece(heap)


def open_book(rng: Generator, palette: Palette) -> Piece:
    w, d, h = rng.uniform(0.12, 0.21), rng.uniform(0.18, 0.297), rng.uniform(0.006, 0.025)
    parts = []
    for side in (-1, 1):
        s = np.linspace(0, 1, 9)
        lift = h * (1 - s) ** 0.5 * np.minimum(1, s * 6) + 0.003
        x = side * s * w
        line = np.stack([x, lift, 0 * s], -1)
        points = np.stack([line + np.array((0, 0, -d / 2)), line + np.array((0, 0, d / 2))])
        points = points[:, ::side] if side < 0 else points
        parts.append(grid(points, palette.printed(rng, "page"), fit=True))
    parts.append(box((2.05 * w, 0.003, d * 1.02), palette.printed(rng, "cover"), (0, 0.0015, 0)))
    return Piece(parts)


def packet(rng: Generator, palette: Palette) -> Piece:
    """A printed carton: cereals, tea, medicine, electronics."""
    w, h, d = rng.uniform(0.05, 0.22), rng.uniform(0.05, 0.3), rng.uniform(0.03, 0.12)
    size = (w, h, d) if rng.random() < 0.7 else (h, d, w)
    kind = ("label", "cover", "label", "poster")[rng.integers(4)]
    return Piece([box(size, palette.printed(rng, kind, rng.uniform(0, 0.4)), (0, size[1] / 2, 0), fit=True)])


def tissue(rng: Generator, palette: Palette) -> Piece:
    w, h, d = rng.uniform(0.2, 0.25), rng.uniform(0.06, 0.12), 0.12
    x = np.linspace(-1, 1, 7)
    points = np.stack(
        [
            np.stack(
                [x * 0.05 * (0.4 + t), h + 0.07 * t * (1 - 0.3 * x**2), 0.02 * np.sin(3 * x + 4 * t)], -1
            )
            for t in (0, 0.5, 1)
        ]
    )
    white = palette.of(rng, "plaster", muted(rng, 0.85, 0.96), 0.2)
    return Piece(
        [box((w, h, d), palette.printed(rng, "label"), (0, h / 2, 0), fit=True), grid(points, white)]
    )


def roll(rng: Generator, palette: Palette) -> Piece:
    """Kitchen paper, toilet paper, tape; standing or lying."""
    r, h, hole = ((0.055, 0.23, 0.02), (0.055, 0.1, 0.022), (0.05, 0.02, 0.035), (0.045, 0.05, 0.038))[
        rng.integers(4)
    ]
    white = palette.of(rng, "fabric", muted(rng, 0.8, 0.95), 0.15) if h > 0.09 else palette.plastic(rng)
    profile = [(hole, 0), (r, 0), (r, h), (hole, h), (hole, 0)]
    if rng.random() < 0.7:
        return Piece([revolve(profile, white)])
    return Piece([revolve(profile, white, (0, r, -h / 2), tilt=np.pi / 2)]).moved(yaw=rng.uniform(0, 6))


def box_of_card(rng: Generator, palette: Palette, largest: float = 0.6) -> Piece:
    """A cardboard box, closed or with its flaps open."""
    w, h, d = (rng.uniform(0.12, max(0.13, v)) for v in (largest, largest * 0.75, largest * 0.8))
    card = (
        palette.printed(rng, "cardboard")
        if rng.random() < 0.75
        else palette.of(rng, "cardboard", muted(rng, 0.5, 0.95), 0.4)
    )
    if rng.random() < 0.5:
        return Piece([box((w, h, d), card, (0, h / 2, 0), fit=True)])
    t = 0.004
    parts = [box((w, t, d), card, (0, t / 2, 0), fit=True)]
    for side in (-1, 1):
        parts.append(box((w, h, t), card, (0, h / 2, side * d / 2), fit=True))
        parts.append(box((t, h, d), card, (side * w / 2, h / 2, 0), fit=True))
        flap = min(w, d) / 2
        open_by = rng.uniform(0.3, 2.4)
        y, out = np.sin(np.pi / 2 - open_by) * flap / 2, np.cos(np.pi / 2 - open_by) * flap / 2
        parts.append(box((w, flap, t), card, (0, h + y, side * (d / 2 + out)), tilt=side * open_by))
        open_by = rng.uniform(0.3, 2.4)
        y, out = np.sin(np.pi / 2 - open_by) * flap / 2, np.cos(np.pi / 2 - open_by) * flap / 2
        parts.append(box((t, flap, d), card, (side * (w / 2 + out), h + y, 0), roll=-side * open_by))
    whole = Piece(parts)
    whole.low[1] = max(whole.low[1], 0.0)
    return whole


# ---- desk


def keyboard(rng: Generator, palette: Palette) -> Piece:
    w, d = (rng.uniform(0.28, 0.46), rng.uniform(0.11, 0.16))
    h = rng.uniform(0.008, 0.025)
    tilt = rng.uniform(0, 0.08)
    flat = rng.random() < 0.6
    if flat:
        parts = [
            box(
                (w, h, d), palette.printed(rng, "keyboard"), (0, h / 2 + d * tilt / 2, 0), tilt=tilt, fit=True
            )
        ]
        return Piece(parts)
    case, key = palette.plastic(rng, 0.6), palette.plastic(rng, 0.6)
    columns = int(rng.integers(12, 18))
    step = (w - 0.015) / columns
    parts = [rounded((w, h, d), 0.004, case, (0, h / 2, 0))]
    keys = [
        box(
            (step * 0.85, 0.006, d / 6.5 * 0.85),
            key,
            ((i - columns / 2 + 0.5) * step, h + 0.002, (j - 2) * d / 6),
        )
        for j in range(5)
        for i in range(columns)
    ]
    return Piece([*parts, np.concatenate(keys)])


def mouse(rng: Generator, palette: Palette) -> Piece:
    body = palette.plastic(rng, 0.6)
    w, h, d = rng.uniform(0.055, 0.068), rng.uniform(0.03, 0.042), rng.uniform(0.095, 0.125)
    parts = [sphere((w, h * 1.4, d), body, (0, h * 0.3, 0), sides=12)]
    parts[0]["position"][:, 1] = np.maximum(parts[0]["position"][:, 1], 0)
    parts.append(
        cylinder(0.009, 0.007, palette.plastic(rng), (0.0035, h * 0.86, -d * 0.25), roll=np.pi / 2, sides=8)
    )
    if rng.random() < 0.5:
        line = [
            (0, 0.006, -d / 2),
            (rng.normal(0, 0.02), 0.003, -d / 2 - 0.08),
            (rng.normal(0, 0.08), 0.003, -d / 2 - 0.2),
        ]
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
    body = palette.of(
        rng,
        "metal",
        muted(rng, 0.03, 0.15) if rng.random() < 0.5 else muted(rng, 0.5, 0.8),
        0.2,
        rng.uniform(0.1, 0.5),
    )
    angle = rng.uniform(1.6, 2.2)  # between the keys and the screen
    black = palette.of(rng, "speckle", muted(rng, 0.02, 0.06), 0.1, 0.4)
    lean = angle - np.pi / 2
    up, back = np.cos(lean), np.sin(lean)
    base = [
        rounded((w, h, d), 0.005, body, (0, h / 2, 0)),
        box((w * 0.9, 0.001, d * 0.5), palette.printed(rng, "keyboard"), (0, h, -d * 0.16), fit=True),
        box(
            (w * 0.3, 0.001, d * 0.28),
            palette.of(rng, "metal", muted(rng, 0.1, 0.6), 0.1, 0.3),
            (0, h, d * 0.31),
        ),
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
    parts = [
        box((w, h, 0.02), body, (0, y, 0), tilt=-lean),
        rounded((w * 0.6, h * 0.6, 0.05), 0.02, body, (0, y, -0.03), tilt=-lean),
        panel(
            w * 0.96, h * 0.93, palette.screen(rng, 0.7), (0, y + 0.011 * np.sin(lean), 0.0112), tilt=-lean
        ),
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
        parts.append(
            rounded(
                (0.03, 0.02, 0.045),
                0.005,
                palette.plastic(rng, 0.6),
                line[-1] + (0, 0.008, 0),
                rng.uniform(0, 6),
            )
        )
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
    parts += [
        cylinder(0.018, 0.001, hole, (x, 0.035, 0), sides=10) for x in np.linspace(-w * 0.38, w * 0.38, 5)
    ]
    plug = rounded((0.035, 0.05, 0.03), 0.006, palette.plastic(rng, 0.5), (w * 0.19, 0.06, 0))
    line = curve([(w * 0.19, 0.08, 0), (w * 0.25, 0.06, 0.05), (w * 0.1, 0.01, 0.15), (-0.05, 0.005, 0.1)], 5)
    return Piece([*parts, plug, tube(line, 0.004, palette.plastic(rng, 0.6), sides=5)])


def pen(rng: Generator, palette: Palette) -> Piece:
    r, length = rng.uniform(0.0035, 0.008), rng.uniform(0.12, 0.18)
    body = palette.plastic(rng, 0.3)
    parts = [cylinder(r, length, body, (length / 2, r, 0), roll=np.pi / 2, sides=7)]
    parts.append(
        cylinder(
            r * 0.9, 0.015, palette.plastic(rng), (-length / 2, r, 0), roll=np.pi / 2, top=r * 0.2, sides=7
        )
    )
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def pen_cup(rng: Generator, palette: Palette) -> Piece:
    r, h = rng.uniform(0.033, 0.05), rng.uniform(0.085, 0.12)
    parts = [_shell([(r, 0), (r, h)], 0.002, palette.material(rng, 0.6), 12)]
    for _ in range(rng.integers(2, 9)):
        a, b = rng.uniform(0, 2 * np.pi, 2)
        foot = (r * 0.6 * np.cos(a), 0.004, r * 0.6 * np.sin(a))
        head = (r * 1.1 * np.cos(b), rng.uniform(0.13, 0.19), r * 1.1 * np.sin(b))
        parts.append(tube([foot, head], rng.uniform(0.003, 0.006), palette.plastic(rng, 0.3), sides=5))
    return Piece(parts)


def desk_lamp(rng: Generator, palette: Palette) -> Piece:
    material = palette.metal(rng) if rng.random() < 0.6 else palette.plastic(rng)
    bulb = palette.light(rng) if rng.random() < 0.5 else palette.ceramic(rng)
    if rng.random() < 0.4:  # a shade on a foot
        h, r = rng.uniform(0.28, 0.5), rng.uniform(0.09, 0.17)
        shade = palette.cloth(rng)
        if bulb.emission:
            shade = replace(shade, emission=rng.uniform(0.8, 2.0))
        profile = [
            (0, 0),
            (0.06, 0),
            (0.06, 0.015),
            (0.015, 0.03),
            (0.03, h * 0.3),
            (0.01, h * 0.6),
            (0.01, h * 0.8),
        ]
        return Piece([
            revolve(profile, palette.ceramic(rng), smooth=True),
            cylinder(r, h * 0.4, shade, (0, h * 0.6, 0), top=r * rng.uniform(0.5, 1.0), sides=18,
            open_top=True),
        ])  # fmt: skip
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


def frame(rng: Generator, palette: Palette) -> Piece:
    """A photograph that leans on its stand."""
    w = rng.uniform(0.1, 0.28)
    h, lean = w * rng.uniform(0.7, 1.4), rng.uniform(0.1, 0.3)
    y = h / 2 * np.cos(lean) + 0.002
    return Piece([
        box((w, h, 0.015), palette.wood(rng), (0, y, 0), tilt=-lean),
        panel(w * 0.84, h * 0.84, palette.poster(rng), (0, y + 0.008 * np.sin(lean), 0.0082), tilt=-lean),
        box((0.03, h * 0.7, 0.004), palette.plastic(rng), (0, h * 0.34, -h * 0.22), tilt=0.25),
    ])  # fmt: skip


def clock(rng: Generator, palette: Palette) -> Piece:
    r = rng.uniform(0.04, 0.08)
    face = palette.of(rng, "speckle", muted(rng, 0.85, 0.95), 0.1)
    ink = palette.of(rng, "speckle", muted(rng, 0.02, 0.1), 0.1)
    hands = [
        box((0.005, r * k, 0.002), ink, (0, r + 0.01, 0.024), roll=rng.uniform(0, 6)) for k in (0.6, 0.85)
    ]
    ring = cylinder(r, 0.045, palette.metal(rng), (0, r + 0.01, -0.025), tilt=np.pi / 2)
    return Piece([ring, cylinder(r * 0.9, 0.002, face, (0, r + 0.01, 0.02), tilt=np.pi / 2), *hands])


def plant(rng: Generator, palette: Palette, high: float | None = None) -> Piece:
    """In a pot: broad leaves on stalks, a bush of sprays, or blades."""
    h = rng.uniform(0.15, 0.45) if high is None else high
    r = h * rng.uniform(0.14, 0.26)
    pot_high = h * rng.uniform(0.2, 0.35)
    parts = [
        _shell([(r * 0.75, 0), (r, pot_high)], r * 0.08, palette.ceramic(rng), 14),
        cylinder(r * 0.9, 0.002, palette.of(rng, "soil"), (0, pot_high * 0.85, 0)),
    ]
    kind = rng.integers(3)
    centre = np.array([0, pot_high * 0.85, 0])
    if kind == 0:
        look, stalk = palette.foliage(rng, "leaf"), palette.of(rng, "grass", None, 0.2)
        leaf_size = h * rng.uniform(0.2, 0.4)
        for a in np.arange(rng.integers(7, 22)) * 2.4:
            reach, lift = h * rng.uniform(0.05, 0.4), h * rng.uniform(0.25, 0.6)
            tip = centre + np.array((reach * np.cos(a), lift, reach * np.sin(a)))
            parts.append(
                tube(
                    curve([centre, (centre + tip) / 2 + (0, lift * 0.2, 0), tip], 3),
                    h * 0.006,
                    stalk,
                    sides=4,
                )
            )
            parts.append(_leaf(rng, look, leaf_size, tip, a))
    elif kind == 1:
        look = palette.foliage(rng, "leaves")
        spray = h * rng.uniform(0.35, 0.6)
        for _ in range(rng.integers(9, 22)):
            spot = centre + rng.normal(0, h * 0.11, 3) + (0, h * 0.36, 0)
            parts.append(panel(spray, spray, look, spot, rng.uniform(0, 6), rng.uniform(-0.9, 0.9)))
        parts.append(tube([centre, centre + np.array((0, h * 0.3, 0))], h * 0.012, palette.bark(rng)))
    else:
        look = palette.foliage(rng, "blades")
        for yaw in np.linspace(0, np.pi, 5)[:-1] + rng.uniform(0, 1):
            parts.append(
                panel(h * 0.7, h * 0.72, look, centre + np.array((0, h * 0.36, 0)), yaw, rng.normal(0, 0.15))
            )
    return Piece(parts)


def _leaf(rng: Generator, look: Material, size: float, foot: np.ndarray, towards: float) -> Mesh:
    """A leaf that starts at `foot`, goes outwards and sags."""
    s = np.linspace(0, 1, 5)
    sag = rng.uniform(-0.2, 1.2)
    out, up = s * size * 0.9, size * (0.35 * s - sag * s**2 * 0.6)
    half = size * rng.uniform(0.3, 0.5)
    rows = []
    for i in range(4, -1, -1):  # v = 0 is the tip
        rows.append([(out[i], up[i] + 0.12 * half * abs(q), q * half) for q in (-1, 0, 1)])
    return grid(rows, look, fit=True, at=foot, yaw=-towards)


def vase(rng: Generator, palette: Palette) -> Piece:
    h, r = rng.uniform(0.12, 0.35), rng.uniform(0.04, 0.1)
    t = np.linspace(0, 1, 9)
    bulge = 0.55 + 0.45 * np.sin(np.pi * (t * rng.uniform(0.7, 1.1) + rng.uniform(0, 0.3)))
    body = revolve(
        np.stack([np.concatenate([[0], r * bulge]), np.concatenate([[0], h * t])], -1),
        palette.ceramic(rng),
        smooth=True,
    )
    parts = [body]
    if rng.random() < 0.5:
        look = palette.foliage(rng)
        for yaw in rng.uniform(0, 6, rng.integers(3, 7)):
            parts.append(panel(h * 0.9, h * 1.1, look, (0, h * 1.45, 0), yaw, rng.normal(0, 0.3)))
    return Piece(parts)


# ---- workshop, household, toys


def screwdriver(rng: Generator, palette: Palette) -> Piece:
    grip, length = rng.uniform(0.012, 0.018), rng.uniform(0.08, 0.2)
    parts = [
        revolve(
            [(0, 0), (grip * 0.8, 0.004), (grip, 0.03), (grip * 0.8, 0.08), (grip, 0.09), (grip * 0.5, 0.1)],
            palette.plastic(rng, 0.2),
            (0, grip, 0),
            roll=np.pi / 2,
            sides=8,
        ),
        tube([(-0.1, grip, 0), (-0.1 - length, grip, 0)], 0.003, palette.metal(rng), sides=5),
    ]
    return Piece(parts).moved(yaw=rng.uniform(0, 6))


def hammer(rng: Generator, palette: Palette) -> Piece:
    length = rng.uniform(0.22, 0.34)
    steel = palette.of(rng, "metal", muted(rng, 0.15, 0.5), 0.5, 0.5)
    parts = [
        capsule(
            (0, 0.016, 0),
            (length, 0.016, 0),
            0.014,
            palette.wood(rng) if rng.random() < 0.6 else palette.plastic(rng),
            0.01,
        ),
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
        parts.append(
            tube([at_y, at_y - direction * (1, 0, -1) * length * 0.9], [0.006, 0.001], steel, sides=5)
        )
        if rings:
            middle = direction * length * 0.8
            a = np.linspace(0, 2 * np.pi, 13)
            ring = np.stack([0.032 * np.cos(a), 0 * a, 0.02 * np.sin(a)], -1) + middle + at_y
            parts.append(tube(ring, 0.004, grip, sides=5))
            parts.append(tube([at_y, at_y + direction * (length * 0.8 - 0.03)], 0.004, grip, sides=5))
        else:
            bow = [
                at_y,
                at_y + direction * length * 0.5 + (0, 0, side * 0.006),
                at_y + direction * length * 1.1,
            ]
            parts.append(tube(curve(bow, 4), 0.0065, grip, sides=6))
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


def toy(rng: Generator, palette: Palette) -> Piece:
    """Blocks, a car, a ball."""
    kind = rng.integers(3)
    bright = [palette.of(rng, "speckle", vivid(rng), 0.1, rng.uniform(0, 0.5)) for _ in range(4)]
    if kind == 0:
        s, parts = rng.uniform(0.025, 0.06), []
        for _ in range(rng.integers(2, 9)):
            x, z = rng.normal(0, 0.08, 2)
            size = s * rng.choice([1, 1, 2], 3)
            parts.append(box(size, bright[rng.integers(4)], (x, size[1] / 2, z), rng.uniform(0, 6)))
        return Piece(parts)
    if kind == 1:
        length = rng.uniform(0.07, 0.2)
        w, h = length * 0.45, length * 0.3
        parts = [
            rounded((length, h * 0.5, w), h * 0.15, bright[0], (0, h * 0.5, 0)),
            rounded((length * 0.5, h * 0.5, w * 0.9), h * 0.2, bright[1], (-length * 0.05, h * 0.9, 0)),
        ]
        wheel = palette.of(rng, "speckle", muted(rng, 0.02, 0.15), 0.1)
        for x in (-0.32, 0.32):
            parts.append(
                cylinder(h * 0.3, w * 1.04, wheel, (x * length, h * 0.3, -w * 0.52), tilt=np.pi / 2, sides=10)
            )
        return Piece(parts).moved(yaw=rng.uniform(0, 6))
    d = rng.uniform(0.04, 0.24)
    return Piece([sphere(d, palette.material(rng, 0.4), (0, d / 2, 0), tilt=rng.uniform(0, 3), sides=18)])


def basket(rng: Generator, palette: Palette) -> Piece:
    """An open box or tub, often with something in it."""
    w, h, d = rng.uniform(0.16, 0.42), rng.uniform(0.06, 0.26), rng.uniform(0.14, 0.32)
    material = (
        palette.plastic(rng, 0.2) if rng.random() < 0.6 else palette.of(rng, "fabric", None, None, 0.0, 6.0)
    )
    tub = open_box((w, h, d), 0.004, material)
    filling = []
    if rng.random() < 0.7:
        for _ in range(rng.integers(2, 8)):
            one = (can, fruit, cable, packet, toy, cloth, bottle, pen, screwdriver)[rng.integers(9)](
                rng, palette
            )
            if max(one.size[0], one.size[2]) < min(w, d) * 0.9:
                x, z = (rng.uniform(-1, 1, 2)) * (np.array([w, d]) - one.size[[0, 2]]) / 2.2
                centre = (one.low + one.high) / 2
                filling.append(one.moved((x - centre[0], 0.006 + rng.uniform(0, 0.3) * h, z - centre[2])))
    return united([Piece(tub), *filling])


def open_box(size: tuple[float, float, float], wall: float, material: Material) -> list[Mesh]:
    """Five sides of a box that is open on top, base at y = 0."""
    w, h, d = size
    sides = [box((w, wall, d), material, (0, wall / 2, 0))]
    for side in (-1, 1):
        sides.append(box((w, h, wall), material, (0, h / 2, side * (d - wall) / 2)))
        sides.append(box((wall, h, d - 2 * wall), material, (side * (w - wall) / 2, h / 2, 0)))
    return sides


def bag(rng: Generator, palette: Palette) -> Piece:
    """Rucksack, handbag, paper bag."""
    w, h, d = rng.uniform(0.2, 0.4), rng.uniform(0.22, 0.48), rng.uniform(0.1, 0.22)
    material = palette.leather(rng) if rng.random() < 0.4 else palette.cloth(rng)
    body = rounded((w, h, d), d * 0.4, material, (0, h / 2, 0), steps=3)
    top = body["position"][:, 1] / h
    body["position"][:, 2] *= 1 - 0.5 * top**2 * rng.uniform(0.2, 1)
    body["position"][:, 0] *= 1 - 0.2 * top
    parts = [body]
    for z in (-0.03, 0.03):
        s = w * 0.25
        line = curve([(-s, h * 0.93, z), (-s * 0.7, h + 0.1, z), (s * 0.7, h + 0.1, z), (s, h * 0.93, z)], 4)
        parts.append(tube(line, 0.008, material, sides=5))
    if rng.random() < 0.6:
        parts.append(rounded((w * 0.7, h * 0.4, d * 0.3), 0.03, material, (0, h * 0.28, d * 0.5)))
    return Piece(parts)


def shoe(rng: Generator, palette: Palette) -> Piece:
    material, sole = palette.material(rng, 0.7), palette.of(rng, "speckle", muted(rng), 0.1)
    length, w = rng.uniform(0.22, 0.3), rng.uniform(0.085, 0.105)
    pair = []
    for side in (-1, 1):
        t = np.linspace(0, 1, 7)
        high = 0.045 + 0.05 * np.clip((t - 0.4) * 2.5, 0, 1)
        wide = w / 2 * (0.75 + 0.25 * np.cos(2 * np.pi * (t - 0.25)))
        rows = []
        for angle in np.linspace(0, np.pi, 7):
            rows.append(
                np.stack([wide * np.cos(angle), 0.02 + high * np.sin(angle) ** 0.7, length * (0.5 - t)], -1)
            )
        upper = grid(np.array(rows), material)
        toe = sphere((w, 0.06, 0.1), material, (0, 0.035, length * 0.46), sides=10)
        bottom = rounded((w, 0.025, length * 1.08), 0.012, sole, (0, 0.0125, 0.01))
        shoe_one = Piece([upper, toe, bottom])
        pair.append(
            shoe_one.moved((side * rng.uniform(0.055, 0.09), 0, rng.normal(0, 0.02)), rng.normal(0, 0.12))
        )
    return united(pair)


def cloth(rng: Generator, palette: Palette) -> Piece:
    """A towel or garment thrown down: crumpled, thick at its middle."""
    w, d = rng.uniform(0.15, 0.5, 2)
    n = 17
    z, x = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
    folds = noise(rng, 32, 1.8)[:n, :n]
    round_ = np.clip(1 - (x * 2) ** 4, 0, 1) * np.clip(1 - (z * 2) ** 4, 0, 1)
    height = (0.03 + 0.025 * folds).clip(0.002) * round_ + 0.002
    shift = noise(rng, 32, 2.0)[:n, :n] * 0.03
    points = np.stack([x * w + shift, height * rng.uniform(0.6, 1.8), z * d + shift.T], -1)
    return Piece([grid(points, palette.cloth(rng))])


def towels(rng: Generator, palette: Palette) -> Piece:
    """Folded and stacked."""
    w, d, parts, y = rng.uniform(0.2, 0.4), rng.uniform(0.18, 0.3), [], 0.0
    for _ in range(rng.integers(1, 6)):
        h = rng.uniform(0.02, 0.06)
        parts.append(
            rounded(
                (w, h, d),
                h * 0.48,
                palette.cloth(rng),
                (rng.normal(0, 0.006), y + h / 2, 0),
                rng.normal(0, 0.03),
            )
        )
        y += h
    return Piece(parts)


def spray(rng: Generator, palette: Palette) -> Piece:
    """Cleaning spray or soap dispenser."""
    w, h = rng.uniform(0.06, 0.09), rng.uniform(0.14, 0.22)
    body, head = palette.plastic(rng, 0.05), palette.plastic(rng, 0.3)
    parts = [
        rounded((w, h, w * 0.6), w * 0.2, body, (0, h / 2, 0)),
        panel(w * 0.7, h * 0.6, palette.printed(rng, "label"), (0, h * 0.45, w * 0.301)),
        cylinder(0.014, 0.04, head, (0, h, 0), sides=8),
        box((0.06, 0.03, 0.025), head, (0.015, h + 0.05, 0)),
        tube([(0.03, h + 0.035, 0), (0.035, h, 0)], 0.004, head, sides=4),
    ]
    return Piece(parts).moved(yaw=rng.normal(0, 0.6))


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


def odd(rng: Generator, palette: Palette) -> Piece:
    """No known thing: a simple solid in any material, or two."""
    parts, y = [], 0.0
    for _ in range(rng.integers(1, 3)):
        kind, s = rng.integers(4), rng.uniform(0.03, 0.2)
        h = s * rng.uniform(0.3, 1.5)
        material = palette.material(rng)
        if kind == 0:
            parts.append(
                box((s, h, s * rng.uniform(0.3, 1.5)), material, (0, y + h / 2, 0), rng.uniform(0, 6))
            )
        elif kind == 1:
            parts.append(cylinder(s / 2, h, material, (0, y, 0), top=s / 2 * rng.uniform(0, 1.3)))
        elif kind == 2:
            parts.append(
                rounded((s, h, s), min(s, h) * rng.uniform(0.1, 0.5), material, (0, y + h / 2, 0), steps=3)
            )
        else:
            t = np.linspace(0, 1, 8)
            radius = s / 2 * np.clip(0.6 + np.cumsum(rng.normal(0, 0.15, 8)), 0.2, 1.2)
            parts.append(
                revolve(
                    np.stack([np.concatenate([[0], radius, [0]]), y + h * np.concatenate([[0], t, [1]])], -1),
                    material,
                    smooth=True,
                )
            )
        y += h
    return Piece(parts)


def model(rng: Generator, palette: Palette) -> Piece:
    """An artist-made thing from the palette's artwork; an odd solid without."""
    if not palette.models:
        return odd(rng, palette)
    mesh = palette.models[rng.integers(len(palette.models))].copy()
    mesh["position"] *= rng.uniform(0.06, 0.35)
    return Piece([mesh])


# ---- which thing where

THEMES: dict[str, dict[Maker, float]] = {
    "desk": {
        mug: 2, bottle: 1.2, can: 0.5, book: 2, books: 2, row_of_books: 1, paper: 3, papers: 3,
        open_book: 1.5,
        packet: 1, tissue: 0.6, keyboard: 2, mouse: 2, phone: 1.5, laptop: 1.5, monitor: 2, speaker: 0.7,
        headset: 0.7, cable: 3, power_strip: 0.5, pen: 2, pen_cup: 1.5, desk_lamp: 1, frame: 0.7, clock: 0.4,
        plant: 0.8, roll: 0.4, pliers: 0.5, odd: 0.7, model: 0.6, box_of_card: 0.5, bag: 0.3, toy: 0.3,
    },
    "kitchen": {
        mug: 3, bottle: 3, can: 2, jar: 2.5, bowl: 2.5, plate: 2.5, pot: 2, pan: 1.2, kettle: 1, fruit: 3,
        bread: 0.8, cutlery: 2, board: 1.5, appliance: 1.3, packet: 2.5, roll: 1, spray: 1, cloth: 1.2,
        paper: 0.6, basket: 0.7, plant: 0.5, vase: 0.5, odd: 0.5, model: 0.4, phone: 0.3, tissue: 0.3,
    },
    "shelf": {
        row_of_books: 4, books: 2, box_of_card: 2, basket: 1.5, packet: 2, jar: 1, vase: 1, frame: 1,
        plant: 1,
        toy: 1, speaker: 0.6, clock: 0.5, bottle: 0.8, can: 0.6, towels: 0.6, odd: 1.5, model: 1.2, papers: 1,
        bag: 0.5, tool_box: 0.4,
    },
    "workshop": {
        screwdriver: 2.5, hammer: 1.5, pliers: 2, drill: 1, tool_box: 1, coil: 1.5, cable: 2.5, can: 1.5,
        spray: 1.5,
        roll: 1.5, box_of_card: 2, basket: 2, bottle: 1, jar: 1.5, paper: 0.7, power_strip: 0.8, odd: 2,
        cloth: 1,
        model: 0.8, pen: 0.8, mug: 0.5, packet: 1,
    },
    "living": {
        mug: 1.5, book: 1.5, books: 1.2, open_book: 1, remote: 1.5, phone: 1, vase: 1.2, plant: 1.2,
        bowl: 1.2,
        fruit: 1, frame: 1, toy: 2, bottle: 1, paper: 1.5, desk_lamp: 1, cloth: 1, laptop: 0.6, packet: 0.7,
        clock: 0.5,
        headset: 0.3, plate: 0.7, tissue: 0.5, odd: 0.8, model: 1, shoe: 0.2, bag: 0.4, cable: 0.5,
    },
    "floor": {
        bag: 2, shoe: 2.5, box_of_card: 3, basket: 1.5, cable: 2, coil: 0.7, toy: 2, books: 1, papers: 1,
        cloth: 2,
        bottle: 0.8, tool_box: 0.8, power_strip: 1, plant: 1, odd: 1.5, model: 1.5, paper: 1.5, speaker: 0.7,
    },
}  # fmt: skip


def thing(rng: Generator, palette: Palette, theme: str, largest: float = 1.0) -> Piece:
    """Anything that belongs to a theme and is no longer than `largest` metres (a small thing if none is)."""
    makers = list(THEMES[theme])
    shares = np.array([THEMES[theme][maker] for maker in makers])
    for _ in range(4):
        piece = makers[rng.choice(len(makers), p=shares / shares.sum())](rng, palette)
        if piece.size.max() <= largest:
            return piece
    return fruit(rng, palette) if theme == "kitchen" else pen(rng, palette)

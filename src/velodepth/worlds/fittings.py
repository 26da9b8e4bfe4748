"""What buildings are fitted with: doors, windows, lamps, pipes, stairs, radiators, racks, benches.

What hangs on a wall has its back at z = 0 and faces +z; what hangs from a ceiling has its top at y = 0.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from . import things
from .pieces import Piece, united
from .scene import Material, Mesh
from .shapes import box, cylinder, panel, tube
from .textures import Palette


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
        radius = float(np.exp(rng.uniform(np.log(0.012), np.log(0.12))))
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
    parts += [
        box((0.02, high, 0.02), look, at=(x, high / 2, 0)) for x in np.arange(-length / 2, length / 2, gap)
    ]
    return Piece(parts)


def extinguisher(rng: Generator, palette: Palette) -> Piece:
    """On a wall bracket, red, with its sign above."""
    red = palette.of(rng, "speckle", np.array([0.65, 0.06, 0.05]), 0.1, 0.5)
    black = palette.plastic(rng, dark=1.0)
    base = rng.uniform(0.4, 0.9)
    return Piece(
        [
            cylinder(0.085, 0.45, red, at=(0, base, 0.1)),
            cylinder(0.03, 0.1, black, at=(0, base + 0.45, 0.1)),
            panel(0.2, 0.2, palette.printed(rng, "label"), at=(0, base + 1.0, 0.005)),
        ]
    )


def board(rng: Generator, palette: Palette) -> Piece:
    """A picture, notice board, screen or sign on a wall, its middle at 1.3 to 1.7 m."""
    width, height = rng.uniform(0.3, 1.8), rng.uniform(0.3, 1.1)
    look = palette.screen(rng) if rng.random() < 0.15 else palette.poster(rng)
    y, deep = rng.uniform(1.3, 1.7), rng.uniform(0.01, 0.05)
    edge = rng.uniform(0.0, 0.05)
    return Piece(
        [
            box((width + edge, height + edge, deep), palette.furniture(rng), at=(0, y, deep / 2)),
            panel(width, height, look, at=(0, y, deep + 0.002)),
        ]
    )


def bench(rng: Generator, palette: Palette) -> Piece:
    """1.2 to 2.2 m of seat at 0.42 to 0.48 m, at times with a back."""
    length, high, deep = rng.uniform(1.2, 2.2), rng.uniform(0.42, 0.48), rng.uniform(0.35, 0.5)
    seat, legs = palette.wood(rng), palette.metal(rng)
    slats = int(rng.integers(1, 6))
    parts = [
        box((length, 0.035, deep / slats * 0.9), seat, at=(0, high, (k + 0.5) / slats * deep - deep / 2))
        for k in range(slats)
    ]
    parts += [
        box((0.06, high, deep * 0.9), legs, at=(x, high / 2, 0)) for x in (-0.42 * length, 0.42 * length)
    ]
    if rng.random() < 0.55:
        parts += [
            box((length, 0.1, 0.03), seat, at=(0, high + y, -deep / 2 - 0.03 - 0.15 * y), tilt=-0.15)
            for y in (0.18, 0.34)
        ]
        parts += [
            box((0.04, 0.45, 0.04), legs, at=(x, high + 0.2, -deep / 2 - 0.05))
            for x in (-0.4 * length, 0.4 * length)
        ]
    return Piece(parts)


def street_bin(rng: Generator, palette: Palette) -> Piece:
    """A waste bin, 0.4 to 1.1 m high: a can, or one on wheels with a lid."""
    look = palette.plastic(rng, dark=0.4)
    if rng.random() < 0.5:
        high, radius = rng.uniform(0.4, 0.9), rng.uniform(0.14, 0.28)
        return Piece([cylinder(radius * 0.85, high, look, top=radius, open_top=True, sides=16)])
    width, deep, high = rng.uniform(0.45, 0.6), rng.uniform(0.5, 0.7), rng.uniform(0.85, 1.1)
    black = palette.plastic(rng, dark=1.0)
    return Piece(
        [
            box((width, high - 0.1, deep), look, at=(0, high / 2, 0)),
            box((width + 0.05, 0.05, deep + 0.08), look, at=(0, high, 0), tilt=-0.05),
            *(
                cylinder(0.1, 0.05, black, at=(x, 0.1, -deep / 2), roll=np.pi / 2)
                for x in (-width / 2, width / 2)
            ),
        ]
    )


def rack(rng: Generator, palette: Palette, length: float, height: float, depth: float, gap: float) -> Piece:
    """Shelves on uprights along x, open to +z and -z, `gap` metres between levels, filled with boxes."""
    bays = max(1, round(length / rng.uniform(1.8, 2.9)))
    bay = length / bays
    post, beam, deck = palette.metal(rng), palette.metal(rng), palette.furniture(rng)
    if rng.random() < 0.5:
        beam = palette.of(rng, "speckle", np.array([0.85, 0.35, 0.06]), 0.1, 0.2)
        post = palette.of(rng, "speckle", np.array([0.1, 0.2, 0.45]), 0.1, 0.2)
    thick = 0.1 if height > 2.6 else 0.04
    parts = [
        box(
            (thick, height, thick),
            post,
            at=(-length / 2 + k * bay, height / 2, side * (depth / 2 - thick / 2)),
        )
        for k in range(bays + 1)
        for side in (-1, 1)
    ]
    kinds = [_load(rng, palette) for _ in range(rng.integers(3, 9))]
    fill = rng.uniform(0.45, 0.98)
    for level in np.arange(0.12 if gap < 0.8 else 0.0, height - 0.25, gap):
        if level > 0:
            parts.append(box((length, 0.025, depth * 0.96), deck, at=(0, level - 0.012, 0)))
            for side in (-1, 1):
                parts.append(
                    box((length, thick, 0.04), beam, at=(0, level - thick / 2, side * (depth / 2 - 0.02)))
                )
        for k in range(bays):
            x0 = -length / 2 + k * bay + thick
            parts += _shelved(rng, kinds, x0, x0 + bay - 2 * thick, level, gap - thick - 0.05, depth, fill)
    return Piece(parts)


def _load(rng: Generator, palette: Palette) -> tuple[Material, tuple[float, float]]:
    """The look of goods, and their (width, height) in parts of the height free."""
    look = palette.printed(rng, "cardboard" if rng.random() < 0.5 else "label")
    if rng.random() < 0.4:
        look = palette.material(rng)
    return look, (rng.uniform(0.2, 1.0), rng.uniform(0.25, 0.95))


def _shelved(
    rng: Generator,
    kinds: list[tuple[Material, tuple[float, float]]],
    left: float,
    right: float,
    level: float,
    free: float,
    depth: float,
    fill: float,
) -> list[Mesh]:
    """Boxes standing side by side on a shelf from x = left to right, some of them stacked."""
    parts = []
    x = left
    look, (wide, high) = kinds[rng.integers(len(kinds))]
    while x < right:
        if rng.random() < 0.25:
            look, (wide, high) = kinds[rng.integers(len(kinds))]
        size = np.array([wide * free, high * free, min(depth * 0.9, max(wide * free, 0.5 * depth))])
        size[0] = min(size[0], right - x)
        if rng.random() < fill and size[0] > 0.02:
            z = (depth * 0.95 - size[2]) / 2 * rng.choice([-1, 1]) * rng.random()
            at = np.array([x + size[0] / 2, level + size[1] / 2, z])
            parts.append(box(size * (0.97, 1, 1), look, at=at, yaw=rng.normal(0, 0.02), fit=True))
            if 2 * size[1] < free and rng.random() < 0.6:
                parts.append(
                    box(
                        size * (0.97, 1, 1),
                        look,
                        at=np.add(at, (0, size[1], 0)),
                        yaw=rng.normal(0, 0.04),
                        fit=True,
                    )
                )
        x += size[0] + abs(rng.normal(0, 0.03 * free))
    return parts


def pallet(rng: Generator, palette: Palette) -> Piece:
    """A pallet 1.2 by 0.8 m, with a stack of boxes or sacks of up to 1.6 m, or bare."""
    wood = palette.of(rng, "wood")
    parts = [box((1.2, 0.022, 0.1), wood, at=(0, 0.133, z)) for z in np.linspace(-0.35, 0.35, 5)]
    parts += [box((0.1, 0.12, 0.8), wood, at=(x, 0.06, 0)) for x in (-0.55, 0, 0.55)]
    if rng.random() < 0.85:
        look, _ = _load(rng, palette)
        columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
        size = np.array([1.15 / columns, rng.uniform(0.2, 0.5), 0.78 / rows])
        for layer in range(int(rng.uniform(0.3, 1.45) / size[1]) + 1):
            for i in range(columns):
                for k in range(rows):
                    at = np.array([(i + 0.5) / columns - 0.5, 0, (k + 0.5) / rows - 0.5]) * (1.15, 0, 0.78)
                    at[1] = 0.145 + (layer + 0.5) * size[1]
                    parts.append(box(size * 0.985, look, at=at, yaw=rng.normal(0, 0.01), fit=True))
    return Piece(parts)


def desk(rng: Generator, palette: Palette) -> Piece:
    """An office desk 1.2 to 1.8 m wide, its user at +z, with a screen and things, a chair before it."""
    width, deep, high = rng.uniform(1.2, 1.8), rng.uniform(0.65, 0.85), rng.uniform(0.7, 0.76)
    top, legs = palette.furniture(rng), palette.metal(rng)
    parts = [box((width, 0.03, deep), top, at=(0, high - 0.015, 0))]
    parts += [
        box(
            (0.05, high - 0.03, 0.05),
            legs,
            at=(sx * (width / 2 - 0.05), (high - 0.03) / 2, sz * (deep / 2 - 0.05)),
        )
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    pieces = [Piece(parts)]
    for x in np.linspace(-0.25, 0.25, 2) * width if rng.random() < 0.3 else [rng.normal(0, 0.1)]:
        pieces.append(things.monitor(rng, palette).moved((x, high, -0.2 * deep), rng.normal(0, 0.15)))
    pieces.append(
        things.keyboard(rng, palette).moved((rng.normal(0, 0.05), high, 0.2 * deep), rng.normal(0, 0.05))
    )
    for x in (-0.38, 0.38):
        if rng.random() < 0.7:
            thing = things.thing(rng, palette, "desk", 0.3)
            pieces.append(thing.moved((x * width, high, rng.uniform(-0.2, 0.25) * deep), rng.uniform(0, 6)))
    if rng.random() < 0.85:
        seat = _swivel_chair(rng, palette)
        pieces.append(
            seat.moved((rng.normal(0, 0.15), 0, deep / 2 + rng.uniform(0, 0.5)), np.pi + rng.normal(0, 0.6))
        )
    return united(pieces)


def _swivel_chair(rng: Generator, palette: Palette) -> Piece:
    """With a tenth of the triangles of furniture.office_chair, for rows of desks; seat at 0.44 to 0.54 m."""
    cloth, frame = palette.cloth(rng), palette.plastic(rng, dark=0.8)
    high, back = rng.uniform(0.44, 0.54), rng.uniform(0.45, 0.65)
    feet = [
        box((0.05, 0.05, 0.3), frame, at=(0.15 * np.sin(a), 0.07, 0.15 * np.cos(a)), yaw=a)
        for a in np.arange(5) * 2 * np.pi / 5
    ]
    parts = [
        box((0.48, 0.08, 0.46), cloth, at=(0, high - 0.04, 0)),
        box((0.44, back, 0.05), cloth, at=(0, high + 0.12 + back / 2, -0.25), tilt=-0.12),
        cylinder(0.03, high - 0.15, frame, at=(0, 0.08, 0), sides=8),
        *feet,
    ]
    if rng.random() < 0.6:
        parts += [box((0.05, 0.03, 0.28), frame, at=(x, high + 0.2, 0)) for x in (-0.27, 0.27)]
        parts += [box((0.03, 0.2, 0.04), frame, at=(x, high + 0.1, -0.05)) for x in (-0.27, 0.27)]
    return Piece(parts)

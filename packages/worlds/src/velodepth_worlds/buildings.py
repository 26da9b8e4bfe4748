"""Houses seen from the street: fronts of bays and storeys with real windows and doors, roofs, balconies.

A house stands on y = 0, its front at z = 0 facing +z, centred in x; the rest is behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .draws import weighted
from .pieces import Piece
from .quads import quads
from .scene import Material, Mesh, joined, placed, pose
from .shapes import box
from .textures import Palette, muted

Array = NDArray[np.float64]

_THICK = 0.18  # of the front wall: how far windows lie back


@dataclass(frozen=True)
class _Look:
    """The materials of one house."""

    wall: Material
    base: Material
    frame: Material
    glass: tuple[Material, ...]
    door: Material
    roof: Material
    metal: Material


def house(
    rng: Generator, palette: Palette, width: float, storeys: int, shops: bool = False, night: bool = False
) -> Piece:
    """`width` metres wide, storeys of 2.6 to 3.9 m. shops: large panes below. night: some windows lit."""
    look = _look(rng, palette, night)
    bay = rng.uniform(1.9, 3.4)
    bays = max(1, round(width / bay))
    bay = width / bays
    ground, storey = rng.uniform(2.8, 3.5), rng.uniform(2.6, 3.2)
    if shops:
        ground = rng.uniform(3.2, 3.9)
    top = ground + (storeys - 1) * storey
    deep = rng.uniform(7, 12)
    xs = (np.arange(bays) + 0.5) * bay - width / 2
    door = int(rng.integers(bays))
    parts: list[Mesh] = []

    pane = rng.uniform(0.35, 0.65) * bay, rng.uniform(0.42, 0.62) * storey
    sill = rng.uniform(0.75, 1.0)
    low = pane if not shops else (0.86 * bay, 0.7 * ground)
    low_sill = 0.35 if shops else sill
    holes = [(x, low_sill, *low) for k, x in enumerate(xs) if k != door]
    door_size = rng.uniform(0.85, 1.05), rng.uniform(2.0, 2.2)
    holes.append((xs[door], 0.0, *door_size))
    upper = [(x, ground + level * storey + sill, *pane) for level in range(storeys - 1) for x in xs]
    parts.append(_front(width, 0.0, ground, holes, bay, look.base))
    for level in range(storeys - 1):
        row = [hole for hole in upper if 0 <= hole[1] - ground - level * storey < storey]
        parts.append(_front(width, ground + level * storey, storey, row, bay, look.wall))
    parts.append(_glazed(rng, [*holes[:-1], *upper], look))
    x, _, wide, high = holes[-1]
    parts.append(quads([_upright(x - wide / 2, 0, x + wide / 2, high, -_THICK + 0.02)], look.door, fit=True))
    parts.append(box((0.1, 0.03, 0.05), look.metal, at=(x + 0.38 * wide, 1.03, -_THICK + 0.05)))
    if rng.random() < 0.5:
        step = rng.uniform(0.1, 0.18)
        parts.append(box((wide + 0.5, step, 0.4), look.base, at=(x, step / 2, 0.2)))
    parts.append(_details(rng, palette, look, width, ground, storey, storeys, xs, shops))
    body = box((width, top, deep), look.wall, at=(0, top / 2, -_THICK - 0.01 - deep / 2))
    edges = [
        [(x, 0, z0), (x, 0, z1), (x, top, z1), (x, top, z0)]
        for x, z0, z1 in ((width / 2, 0, -_THICK - 0.02), (-width / 2, -_THICK - 0.02, 0))
    ]
    flat = storeys > 3 or rng.random() < 0.3
    roof = _roof(rng, look.wall, look.base, look.roof, width, deep + _THICK, top, flat)
    return Piece([*parts, body, quads(edges, look.wall), roof])


def block(rng: Generator, palette: Palette, width: float, storeys: int) -> Piece:
    """A house for the distance, its windows painted on."""
    picture, deep = palette.printed(rng, "facade"), rng.uniform(7, 14)
    high = 3.0 * storeys
    roof = palette.of(rng, "tile", muted(rng, 0.1, 0.45), 0.6)
    x = float(width / 2)
    walls: list[list[tuple[float, float, float]]] = [
        [(-x, 0, 0), (x, 0, 0), (x, high, 0), (-x, high, 0)],
        [(x, 0, -deep), (-x, 0, -deep), (-x, high, -deep), (x, high, -deep)],
        [(x, 0, 0), (x, 0, -deep), (x, high, -deep), (x, high, 0)],
        [(-x, 0, -deep), (-x, 0, 0), (-x, high, 0), (-x, high, -deep)],
    ]
    mesh = quads(walls, replace(picture, scale=1 / rng.uniform(6, 10)))
    wall = palette.of(rng, "plaster")
    top = _roof(rng, wall, wall, roof, width, deep, high, flat=storeys > 3)
    return Piece([mesh, top])


def _look(rng: Generator, palette: Palette, night: bool) -> _Look:
    kind = weighted(rng, {"plaster": 0.45, "brick": 0.3, "concrete": 0.12, "tile": 0.06, "wood": 0.07})
    colour = None if kind == "brick" and rng.random() < 0.7 else muted(rng, 0.3, 0.92)
    if colour is not None and rng.random() < 0.3:
        colour = np.clip(colour * (1 + rng.normal(0, 0.12, 3)), 0.05, 0.95)
    wall = palette.of(rng, kind, colour, rng.uniform(0.3, 1.0), 0.0, rng.uniform(0.3, 0.8))
    base = wall
    if rng.random() < 0.4:
        base = palette.of(rng, "concrete", None, None, 0.0, rng.uniform(0.4, 1.0))
    dark = palette.of(rng, "speckle", muted(rng, 0.03, 0.25) * (0.9, 1.0, 1.15), 0.1, rng.uniform(0.6, 1.0))
    curtain = palette.of(rng, "fabric", muted(rng, 0.5, 0.9), 0.3, 0.5)
    glass = [dark, dark, dark, curtain]
    if night:
        warm = Material(dark.layer, (0.0, 0.0, 0.0), (1.0, 0.8, 0.5), emission=rng.uniform(0.2, 1.0))
        glass += [warm, replace(warm, base=(1.0, 0.9, 0.7))]
    roof = palette.of(rng, "tile", np.array([0.42, 0.2, 0.14]) * rng.uniform(0.5, 1.2), 0.7, 0.0, 0.8)
    if rng.random() < 0.4:
        roof = palette.of(rng, "tile", muted(rng, 0.1, 0.35), 0.6, 0.0, 0.8)
    frame = palette.plastic(rng, dark=0.25)
    return _Look(wall, base, frame, tuple(glass), palette.furniture(rng), roof, palette.metal(rng))


def _upright(x0: float, y0: float, x1: float, y1: float, z: float) -> list[tuple[float, float, float]]:
    """The corners of a rectangle facing +z."""
    return [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]


def _front(
    width: float,
    bottom: float,
    high: float,
    holes: list[tuple[float, float, float, float]],
    bay: float,
    look: Material,
) -> Mesh:
    """One storey of wall, in bays: around each hole (x, y, width, height) four pieces, and its reveals."""
    faces = []
    top = bottom + high
    for x, y, wide, tall in holes:
        left, right, x0, x1 = x - bay / 2, x + bay / 2, x - wide / 2, x + wide / 2
        y1, back = min(y + tall, top - 0.1), -_THICK
        faces += [
            _upright(left, bottom, x0, top, 0),
            _upright(x1, bottom, right, top, 0),
            _upright(x0, y1, x1, top, 0),
            [(x0, y, 0), (x0, y, back), (x0, y1, back), (x0, y1, 0)],
            [(x1, y, back), (x1, y, 0), (x1, y1, 0), (x1, y1, back)],
            [(x0, y1, 0), (x0, y1, back), (x1, y1, back), (x1, y1, 0)],
        ]
        if y > bottom:
            faces.append(_upright(x0, bottom, x1, y, 0))
            faces.append([(x0, y, 0), (x1, y, 0), (x1, y, back), (x0, y, back)])
    return quads(faces, look)


def _glazed(rng: Generator, holes: list[tuple[float, float, float, float]], look: _Look) -> Mesh:
    """Panes, frames and sills in holes (x, y, width, height)."""
    parts = []
    bars = int(rng.integers(0, 3))
    edge = rng.uniform(0.04, 0.08)
    has_sill = rng.random() < 0.7
    for wide, tall in sorted({hole[2:] for hole in holes}):
        same = [hole for hole in holes if hole[2:] == (wide, tall)]
        upright = np.linspace(-wide / 2, wide / 2, bars + 2)
        frame = [box((edge, tall, 0.06), look.frame, at=(x, tall / 2, 0)) for x in upright]
        frame += [box((wide, edge, 0.06), look.frame, at=(0, y, 0)) for y in (edge / 2, tall - edge / 2)]
        if bars and rng.random() < 0.4:
            frame.append(box((wide, edge * 0.7, 0.05), look.frame, at=(0, 0.62 * tall, 0)))
        if has_sill:
            frame.append(box((wide + 0.16, 0.05, 0.24), look.base, at=(0, -0.02, _THICK)))
        one = joined(*frame)
        parts += [placed(one, pose(0, (x, y, -_THICK + 0.03))) for x, y, _, _ in same]
        panes = np.array([_upright(x - wide / 2, y, x + wide / 2, y + tall, -_THICK) for x, y, _, _ in same])
        kinds = rng.integers(len(look.glass), size=len(panes))
        parts += [quads(panes[kinds == k], look.glass[k]) for k in np.unique(kinds)]
    return joined(*parts)


def _details(
    rng: Generator,
    palette: Palette,
    look: _Look,
    width: float,
    ground: float,
    storey: float,
    storeys: int,
    xs: NDArray[np.floating],
    shops: bool,
) -> Mesh:
    """Bands, balconies, an awning and a sign, a rainwater pipe."""
    top = ground + (storeys - 1) * storey
    parts = [box((0.08, top, 0.08), look.metal, at=(width / 2 - 0.15, top / 2, 0.05))]
    if rng.random() < 0.5:
        for level in range(storeys - 1):
            parts.append(box((width, 0.12, 0.1), look.base, at=(0, ground + level * storey, 0.05)))
    if shops:
        name = palette.printed(rng, "label" if rng.random() < 0.5 else "poster")
        parts.append(box((width * 0.92, 0.6, 0.12), name, at=(0, ground - 0.4, 0.06), fit=rng.random() < 0.5))
        if rng.random() < 0.5:
            cloth, out = palette.cloth(rng), rng.uniform(0.8, 1.6)
            x0, x1, y = -0.45 * width, 0.45 * width, ground - 0.75
            awning = [(x0, y - 0.5, out), (x1, y - 0.5, out), (x1, y, 0.02), (x0, y, 0.02)]
            parts.append(quads([awning], cloth))
    elif storeys > 1 and rng.random() < 0.45:
        deep, wide = rng.uniform(0.7, 1.4), rng.uniform(0.6, 0.95) * (width / len(xs))
        rail = _balcony(rng, look, wide, deep)
        columns = [x for x in xs if rng.random() < 0.6]
        for level, x in product(range(storeys - 1), columns):
            parts.append(placed(rail, pose(0, (x, ground + level * storey, 0))))
    return joined(*parts)


def _balcony(rng: Generator, look: _Look, wide: float, deep: float) -> Mesh:
    parts = [box((wide, 0.14, deep), look.base, at=(0, -0.07, deep / 2))]
    if rng.random() < 0.4:
        parts.append(box((wide, 1.0, 0.05), look.wall, at=(0, 0.5, deep)))
        parts += [box((0.05, 1.0, deep), look.wall, at=(x, 0.5, deep / 2)) for x in (-wide / 2, wide / 2)]
    else:
        parts.append(box((wide, 0.05, 0.05), look.metal, at=(0, 1.0, deep)))
        parts += [box((0.05, 0.05, deep), look.metal, at=(x, 1.0, deep / 2)) for x in (-wide / 2, wide / 2)]
        for x in np.linspace(-wide / 2, wide / 2, 9):
            parts.append(box((0.02, 1.0, 0.02), look.metal, at=(x, 0.5, deep)))
    return joined(*parts)


def _roof(
    rng: Generator,
    wall: Material,
    stone: Material,
    tiles: Material,
    width: float,
    deep: float,
    top: float,
    flat: bool,
) -> Mesh:
    """A parapet, or a gable along x or z with chimneys."""
    half, over = width / 2, 0.35
    if flat:
        return joined(
            box((width + 0.2, 0.35, 0.3), stone, at=(0, top + 0.1, -0.05)),
            box((width + 0.2, 0.2, deep), stone, at=(0, top, -deep / 2)),
            box((2.5, 2.2, 2.5), wall, at=(rng.uniform(-0.3, 0.3) * width, top + 1.1, -deep * 0.6)),
        )
    high = rng.uniform(0.3, 0.55) * deep * 0.8
    x0, x1, z0, z1 = -half - over, half + over, over, -deep - over
    if rng.random() < 0.7 or width > 1.6 * deep:  # the ridge runs along the street
        y0, zm = top - 0.15, (z0 + z1) / 2
        slopes = [
            [(x0, y0, z0), (x1, y0, z0), (x1, top + high, zm), (x0, top + high, zm)],
            [(x1, y0, z1), (x0, y0, z1), (x0, top + high, zm), (x1, top + high, zm)],
        ]
        ends = [
            [(x, top, 0), (x, top, -deep), (x, top + high, zm), (x, top + high, zm)] for x in (-half, half)
        ]
    else:
        high = rng.uniform(0.35, 0.6) * width * 0.8
        y0 = top - 0.15
        slopes = [
            [(x0, y0, z1), (x0, y0, z0), (0, top + high, z0), (0, top + high, z1)],
            [(x1, y0, z0), (x1, y0, z1), (0, top + high, z1), (0, top + high, z0)],
        ]
        ends = [[(-half, top, z), (half, top, z), (0, top + high, z), (0, top + high, z)] for z in (0, -deep)]
    parts = [quads(slopes, tiles), quads(ends, wall)]
    for _ in range(rng.integers(0, 3)):
        x, z = rng.uniform(-0.35, 0.35) * width, -deep * rng.uniform(0.3, 0.7)
        parts.append(box((0.5, high + 1.2, 0.6), stone, at=(x, top + (high + 1.2) / 2, z)))
    return joined(*parts)

"""Cars, vans, lorries, buses and bicycles, true to size. They look along +z and stand on y = 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from numpy.random import Generator

from .pieces import Piece
from .quads import frustum
from .scene import Material, Mesh, joined
from .shapes import box, cylinder, grid, panel, tube
from .textures import Palette, muted, vivid


@dataclass(frozen=True)
class _Body:
    """Ranges in metres, and places along the car in parts of its length, from -0.5 rear to 0.5 front."""

    length: tuple[float, float]
    width: tuple[float, float]
    height: tuple[float, float]
    belt: float  # height of the windows' lower edge
    bonnet: float  # height of the bonnet at its front
    cabin: tuple[float, float]  # ends of the windows at the belt
    roof: tuple[float, float]  # ends of the roof


_BODIES = {
    "saloon": _Body((4.3, 4.9), (1.75, 1.87), (1.40, 1.48), 0.92, 0.70, (-0.36, 0.22), (-0.22, 0.06)),
    "hatchback": _Body((3.6, 4.3), (1.66, 1.80), (1.44, 1.56), 0.94, 0.72, (-0.46, 0.25), (-0.40, 0.08)),
    "estate": _Body((4.4, 4.9), (1.76, 1.86), (1.45, 1.53), 0.94, 0.72, (-0.48, 0.20), (-0.43, 0.06)),
    "off-roader": _Body((4.2, 4.9), (1.80, 1.95), (1.62, 1.80), 1.05, 0.92, (-0.47, 0.22), (-0.42, 0.10)),
    "van": _Body((4.5, 5.2), (1.80, 2.00), (1.80, 2.20), 1.15, 1.00, (-0.49, 0.36), (-0.48, 0.20)),
}


def car(rng: Generator, palette: Palette) -> Piece:
    """A passenger car or small van of 3.6 to 5.2 m."""
    kind = _BODIES[str(rng.choice(list(_BODIES), p=[0.28, 0.3, 0.15, 0.17, 0.1]))]
    length, width, height = (rng.uniform(*span) for span in (kind.length, kind.width, kind.height))
    paint, dark = _paint(rng, palette), palette.plastic(rng, dark=1.0)
    glass = palette.of(rng, "speckle", muted(rng, 0.03, 0.12), 0.05, rng.uniform(0.7, 1.0))
    radius, clearance = rng.uniform(0.29, 0.35), rng.uniform(0.16, 0.22)
    half = width / 2
    hull = _hull(kind, length, half, clearance, paint)
    (z0, z1), (r0, r1) = kind.cabin, kind.roof
    inset = rng.uniform(0.12, 0.2)
    foot = (-half * 0.95, z0 * length, half * 0.95, z1 * length)
    top = (-half + inset, r0 * length, half - inset, r1 * length)
    cabin = frustum(foot, top, kind.belt - 0.04, height - 0.03, glass)
    size = (top[2] - top[0] + 0.04, 0.05, top[3] - top[1] + 0.04)
    roof = box(size, paint, at=(0, height - 0.025, (top[1] + top[3]) / 2))
    post = partial(_post, foot, top, kind.belt - 0.04, height - 0.03)
    posts = [post(x, z, paint) for x in (0, 1) for z in (0.0, 1.0)]
    posts += [post(x, rng.uniform(0.4, 0.55), dark) for x in (0, 1)]
    parts = [hull, joined(cabin, roof, *posts)]
    for x in (-1, 1):
        for z in (-0.30, 0.31):
            parts.append(_wheel(radius, rng, palette, dark, x * (half - 0.1), z * length, x))
        mirror = box((0.14, 0.1, 0.06), paint, at=(x * (half + 0.08), kind.belt + 0.05, (z1 - 0.06) * length))
        parts.append(mirror)
    parts.append(_lights(rng, palette, length, half, kind.bonnet, kind.belt))
    parts.append(panel(0.5, 0.11, palette.printed(rng, "label"), at=(0, 0.4, length / 2 + 0.005)))
    at = (0, 0.55, -length / 2 - 0.005)
    parts.append(panel(0.5, 0.11, palette.printed(rng, "label"), at, yaw=np.pi))
    return Piece(parts)


def _paint(rng: Generator, palette: Palette) -> Material:
    """Black, white and greys mostly."""
    choice = rng.random()
    colour = muted(rng, 0.03, 0.12) if choice < 0.28 else muted(rng, 0.75, 0.92)
    if choice > 0.52:
        colour = muted(rng, 0.25, 0.6) if choice < 0.74 else vivid(rng) * rng.uniform(0.5, 1.0)
    return palette.of(rng, "speckle", colour, 0.04, rng.uniform(0.5, 0.95))


def _hull(kind: _Body, length: float, half: float, clearance: float, paint: Material) -> Mesh:
    """The body below the windows: rounded sections from the rear to the front."""
    z0, z1 = kind.cabin
    #          along, top, bottom, width: parts of the length, metres, metres, parts of the half width
    stations = np.array(
        [
            (-0.5, 0.58, 0.42, 0.0),
            (-0.5, 0.66, 0.36, 0.84),
            (-0.485, kind.belt - 0.1, clearance + 0.06, 0.93),
            (-0.44, kind.belt - 0.03, clearance + 0.02, 0.98),
            (z0, kind.belt, clearance, 1.0),
            (z1 - 0.05, kind.belt, clearance, 1.0),
            (z1, kind.belt - 0.01, clearance, 1.0),
            (0.42, kind.bonnet + 0.06, clearance, 0.97),
            (0.48, kind.bonnet - 0.02, clearance + 0.03, 0.88),
            (0.5, kind.bonnet - 0.14, clearance + 0.1, 0.78),
            (0.5, 0.5, 0.4, 0.0),
        ]
    )
    stations = stations[np.argsort(stations[:, 0], kind="stable")]
    angle = np.linspace(0, 2 * np.pi, 17) + np.pi / 4
    x, y = (np.sign(f) * np.abs(f) ** 0.4 for f in (np.cos(angle), np.sin(angle)))
    along, top, bottom, wide = (stations[:, k, None] for k in range(4))
    across, up = half * wide * x * (1 - 0.06 * (y > 0)), (top + bottom) / 2 + (top - bottom) / 2 * y
    points = np.stack(np.broadcast_arrays(across, up, along * length), axis=-1)
    return grid(points[:, ::-1], paint)


def _post(
    foot: tuple[float, ...], top: tuple[float, ...], low: float, high: float, x: int, z: float, look: Material
) -> Mesh:
    """A pillar between the windows: side x 0 or 1, at z in 0..1 from the rear to the front."""
    ends = [(rect[2 * x], y, rect[1] + z * (rect[3] - rect[1])) for rect, y in ((foot, low), (top, high))]
    return tube(np.array(ends), 0.035, look, sides=4)


def _wheel(
    radius: float, rng: Generator, palette: Palette, tyre: Material, x: float, z: float, side: int
) -> Mesh:
    rim = palette.of(rng, "metal", muted(rng, 0.4, 0.8), 0.3, 0.5)
    turn = -side * np.pi / 2  # so that the cylinder's top faces outwards
    return joined(
        cylinder(radius, 0.2, tyre, at=(x - side * 0.1, radius, z), roll=turn, sides=12),
        cylinder(radius * 0.62, 0.012, rim, at=(x + side * 0.1, radius, z), roll=turn, sides=8),
    )


def _lights(rng: Generator, palette: Palette, length: float, half: float, bonnet: float, belt: float) -> Mesh:
    white = palette.of(rng, "speckle", np.array([0.85, 0.85, 0.82]), 0.1, 0.9)
    red = palette.of(rng, "speckle", np.array([0.55, 0.03, 0.03]), 0.1, 0.8)
    if rng.random() < 0.25:
        white = palette.light(rng)
        red = Material(0, (0, 0, 0), (0.7, 0.03, 0.03), emission=rng.uniform(0.5, 2))
    parts = []
    for x in (-0.7, 0.7):
        parts.append(box((0.3, 0.12, 0.08), white, at=(x * half, bonnet - 0.1, 0.482 * length)))
        parts.append(box((0.22, 0.16, 0.06), red, at=(x * half * 1.1, belt - 0.15, -0.488 * length)))
    return joined(*parts)


def lorry(rng: Generator, palette: Palette) -> Piece:
    """A lorry or bus of 6 to 12 m, 2.4 to 2.55 m wide."""
    width, dark = rng.uniform(2.4, 2.55), palette.plastic(rng, dark=1.0)
    glass = palette.of(rng, "speckle", muted(rng, 0.03, 0.12), 0.05, 0.8)
    paint, load = _paint(rng, palette), palette.material(rng)
    axles: list[float]
    if rng.random() < 0.4:  # a bus
        length, height = rng.uniform(9.5, 12), rng.uniform(2.9, 3.2)
        parts = [
            box((width, height - 0.35, length), paint, at=(0, (height + 0.35) / 2, 0)),
            box((width + 0.02, 0.9, length * 0.9), glass, at=(0, height - 0.95, -0.02 * length)),
            box((width * 0.9, 1.3, 0.05), glass, at=(0, height - 1.1, length / 2)),
        ]
        axles = [-0.25, 0.33]
    else:
        length, height = rng.uniform(6, 9.5), rng.uniform(2.8, 3.8)
        cab = rng.uniform(1.8, 2.3)
        hold = (width, height - 1.0, length - cab - 0.3)
        parts = [
            box(hold, load, at=(0, (height + 1.0) / 2, -(cab + 0.3) / 2)),
            box((width * 0.8, 0.3, length * 0.95), dark, at=(0, 0.8, 0)),
            box((width * 0.96, 2.0, cab), paint, at=(0, 1.5, (length - cab) / 2)),
            box((width * 0.97, 0.75, cab * 0.6), glass, at=(0, 2.0, length / 2 - cab * 0.28)),
            box((width * 0.85, 0.75, 0.05), glass, at=(0, 2.0, length / 2)),
        ]
        axles = [-0.36, -0.22, 0.36] if length > 8 else [-0.28, 0.36]
    for side, z in product((-1, 1), axles):
        parts.append(_wheel(0.48, rng, palette, dark, side * (width / 2 - 0.12), z * length, side))
    for x in (-0.8, 0.8):
        parts.append(box((0.3, 0.16, 0.06), palette.light(rng), at=(x * width / 2, 0.75, length / 2)))
    return Piece(parts)


def bicycle(rng: Generator, palette: Palette) -> Piece:
    """A bicycle of about 1.75 m, upright."""
    frame, dark = palette.of(rng, "speckle", vivid(rng), 0.1, 0.5), palette.plastic(rng, dark=1.0)
    radius, axle = 0.34, 0.52
    around = np.linspace(0, 2 * np.pi, 19)
    ring = np.stack([np.zeros_like(around), np.sin(around), np.cos(around)], axis=1) * radius
    wheels = [tube(np.add(ring, (0, radius, z)), 0.018, dark, sides=5) for z in (-axle, axle)]
    for z in (-axle, axle):
        for angle in np.arange(6) * np.pi / 6:
            spoke = np.array([0, np.sin(angle), np.cos(angle)]) * radius
            wheels.append(tube(np.add((-spoke, spoke), (0, radius, z)), 0.003, frame, sides=3))
    crank, saddle, head = (0, 0.3, -0.05), (0, 0.9, -0.22), (0, 0.85, 0.38)
    hub = (0, radius, -axle)
    bars = [(crank, saddle), (crank, head), ((0, 0.8, -0.19), head), (crank, hub), (saddle, hub)]
    tubes = [tube(np.array(ends), 0.016, frame, sides=6) for ends in bars]
    tubes.append(tube(np.array([(0, radius, axle), (0, 1.0, 0.34)]), 0.015, frame, sides=6))
    bar = np.array([(-0.28, 1.02, 0.28), (0, 1.0, 0.36), (0.28, 1.02, 0.28)])
    rest = [tube(bar, 0.014, dark), box((0.14, 0.06, 0.26), dark, at=(0, 0.95, -0.24))]
    return Piece([joined(*wheels, *tubes, *rest)])

"""Streets: roads with markings, kerbs, pavements, houses, traffic, people, trees and what stands about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from . import buildings, figures, flora, furniture, movers, vehicles
from .daylight import daylight, night
from .draws import one_of, weighted
from .motion import along
from .pieces import Piece
from .quads import quads
from .scene import Body, Lights, Material, Mesh, World, direction, triple
from .shapes import box, cylinder, panel, tube
from .site import Site, random_yaw
from .textures import Palette

Array = NDArray[np.float64]

_LENGTH = 150.0  # metres of road, along z, centred
_TRIANGLES = 45_000


@dataclass(frozen=True)
class Street:
    """Metres, alike on both sides of the middle of the road at x = 0.

    lanes: of both ways together; lane: width of one. parking: of the strip for parked cars, 0 for none.
    pavement: width; kerb: height. setback: from the pavement to the houses. crossing: (z0, z1) of a side
    road, or None. zebra: z of a pedestrian crossing, or None.
    """

    lanes: int
    lane: float
    parking: float
    pavement: float
    kerb: float
    setback: float
    crossing: tuple[float, float] | None
    zebra: float | None

    @property
    def half(self) -> float:
        """From the middle of the road to the kerb."""
        return self.lanes * self.lane / 2 + self.parking

    def in_crossing(self, z0: float, z1: float) -> bool:
        return self.crossing is not None and z1 > self.crossing[0] and z0 < self.crossing[1]


def build(rng: Generator, palette: Palette) -> World:
    """A street in a town, a suburb or the country, by day or, at times, by night."""
    kind = weighted(rng, {"town": 0.5, "suburb": 0.35, "country": 0.15})
    dark = rng.random() < 0.08
    street = _drawn(rng, kind)
    site = Site()
    site.cover(*_ground(rng, palette, street, kind))
    lamps = _furniture(rng, palette, street, site, kind)
    _parked(rng, palette, street, site)
    _planted(rng, palette, street, site, kind)
    _houses(rng, palette, street, site, kind, dark)
    moving = [*_traffic(rng, palette, street, site), *_walkers(rng, palette, street, site)]
    return World(
        kind="street",
        bodies=[Body(site.mesh), *moving],
        lights=_street_light(rng, lamps) if dark else daylight(rng),
        centre=(0.0, 4.0, 0.0),
        reach=_LENGTH / 2,
        view=partial(_view, street, site),
        clear=partial(_clear, street, site),
        speed=9.0 if rng.random() < 0.7 else 1.4,
    )


def _drawn(rng: Generator, kind: str) -> Street:
    """Widths as they are in a "town", a "suburb" or the "country"."""
    side = rng.uniform(-50, 50)
    return Street(
        lanes=int(rng.choice([2, 3, 4], p=[0.75, 0.1, 0.15])) if kind == "town" else 2,
        lane=rng.uniform(2.7, 3.6),
        parking=rng.uniform(2.0, 2.3) if kind != "country" and rng.random() < 0.6 else 0.0,
        pavement=rng.uniform(1.5, 4.5) if kind == "town" else rng.uniform(1.2, 2.2),
        kerb=rng.uniform(0.08, 0.16),
        setback={"town": rng.choice([0.0, rng.uniform(1, 4)]), "suburb": rng.uniform(3, 8)}.get(kind, 14.0),
        crossing=(side, side + rng.uniform(6, 9)) if rng.random() < 0.5 else None,
        zebra=side + rng.choice([-1, 1]) * rng.uniform(14, 30)
        if kind == "town" and rng.random() < 0.5
        else None,
    )


Rectangle = list[tuple[float, float, float]]


def _level(x0: float, x1: float, z0: float, z1: float, y: float = 0.0) -> Rectangle:
    """The corners of a level rectangle; textures run along z."""
    return [(x1, y, z1), (x1, y, z0), (x0, y, z0), (x0, y, z1)]


def _across(side: int, near: float, far: float) -> tuple[float, float]:
    """(x0, x1), x0 < x1, of a strip from `near` to `far` metres on one side of the middle."""
    return (near, far) if side > 0 else (-far, -near)


def _ground(rng: Generator, palette: Palette, street: Street, kind: str) -> Iterator[Mesh]:
    """Road, markings, kerbs, pavements, and the land beyond. No two of them share a place."""
    road, land = palette.road(rng, marked=False), palette.ground(rng)
    paint = palette.of(rng, "asphalt", np.array([0.8, 0.8, 0.78]), 0.5, 0.0, 0.5)
    paved = one_of(rng, ("tile", "concrete", "asphalt"))
    paving = palette.of(rng, paved, None, 0.9, 0.0, rng.uniform(0.5, 1.5))
    stone = palette.of(rng, "concrete", None, 0.8, 0.0, 1.0)
    end, half = _LENGTH / 2, street.half
    yield quads([_level(-400, 400, -400, 400, -0.06)], land)
    yield quads(_roadway(street, painted=False), road)
    yield quads(_roadway(street, painted=True), paint)
    stretches = [(-end, end)]
    if street.crossing:
        z0, z1 = street.crossing
        stretches = [(-end, z0), (z1, end)]
        far = 90.0
        yield quads([_level(-far, -half, z0, z1), _level(half, far, z0, z1)], road)
    walk, top = half + street.pavement, street.kerb
    kerbs, walks, lawns = [], [], []
    lawn = land if kind != "town" else paving
    for z0, z1 in stretches:
        for side in (-1, 1):
            stone_edge = _across(side, half, half + 0.15)
            kerbs.append(_level(*stone_edge, z0, z1, top))
            edge = side * half
            kerbs.append([(edge, 0, z0), (edge, 0, z1), (edge, top, z1), (edge, top, z0)])
            x0, x1 = stone_edge
            kerbs += [[(x0, 0, z), (x1, 0, z), (x1, top, z), (x0, top, z)] for z in (z0, z1)]
            walks.append(_level(*_across(side, half + 0.15, walk), z0, z1, top))
            lawns.append(_level(*_across(side, walk, walk + 30), z0, z1, top - 0.01))
    yield from (quads(kerbs, stone), quads(walks, paving), quads(lawns, lawn))


def _roadway(street: Street, painted: bool) -> list[Rectangle]:
    """The bare, or the painted, rectangles that make up the road: lines are cut out of it, not laid on it."""
    end, half, line = _LENGTH / 2, street.half, 0.12
    edges = street.lanes * street.lane / 2
    lines = [(k * street.lane - edges, True) for k in range(1, street.lanes)]  # x, dashed
    if street.parking or street.lanes > 2:
        lines = [(-edges + 0.1, False), *lines, (edges - 0.1, False)]
    bare: list[Rectangle] = []
    paint: list[Rectangle] = []
    cuts = [-end, end]
    if street.crossing:
        bare.append(_level(-half, half, *street.crossing))
        cuts += street.crossing
    if street.zebra is not None:
        bars = np.linspace(-half, half, 2 * round(half) + 1)
        for k, (x0, x1) in enumerate(pairwise(bars)):
            (paint if k % 2 else bare).append(_level(x0, x1, street.zebra, street.zebra + 4))
        cuts += [street.zebra, street.zebra + 4]
    cuts.sort()
    for z0, z1 in zip(cuts[::2], cuts[1::2], strict=True):  # between the crossings
        x = -half
        for middle, dashed in lines:
            left, right = middle - line / 2, middle + line / 2
            bare.append(_level(x, left, z0, z1))
            x = right
            if not dashed:
                paint.append(_level(left, right, z0, z1))
                continue
            for start in np.arange(z0, z1, 6.0):
                paint.append(_level(left, right, start, min(start + 3.0, z1)))
                if start + 3.0 < z1:
                    bare.append(_level(left, right, start + 3.0, min(start + 6.0, z1)))
        bare.append(_level(x, half, z0, z1))
    return paint if painted else bare


def _beside(street: Street, side: int, out: float, z: float, piece: Piece, turn: float = 0.0) -> Piece:
    """A piece on the pavement, `out` metres from the kerb, its front towards the road; side 1 is x > 0."""
    return piece.moved((side * (street.half + out), street.kerb, z), -side * np.pi / 2 + turn)


def _furniture(rng: Generator, palette: Palette, street: Street, site: Site, kind: str) -> list[Array]:
    """Lamp posts, signs, bins, benches, bollards, poles with wires. Returns where the lamps are."""
    lamps = []
    post = _lamp_post(rng, palette)
    both = rng.random() < 0.4
    for k, z in enumerate(np.arange(-_LENGTH / 2 + 5, _LENGTH / 2, rng.uniform(18, 32))):
        for side in (-1, 1) if both else (1 if k % 2 else -1,):
            there = _beside(street, side, 0.35, z, post)
            if not street.in_crossing(z - 1, z + 1) and site.settle(there):
                lamps.append(np.array([side * (street.half - 1.0), post.high[1] - 0.3, z]))
    if kind != "town" and rng.random() < 0.6:
        _wires(rng, palette, street, site)
    bin_: Callable[[Generator, Palette], Piece] = partial(furniture.bin_, scale=1.5)
    makers = [_sign, bin_, furniture.wheeled_bin, _bollards, _cabinet, _tree_grate]
    if street.pavement > 2:
        makers += [furniture.bench, vehicles.bicycle, vehicles.bicycle]
    chosen = [makers[k] for k in rng.permutation(len(makers))[: int(rng.integers(2, len(makers) + 1))]]
    for _ in range(int(rng.integers(6, 26))):
        piece = one_of(rng, chosen)(rng, palette)
        out = rng.choice([0.5, street.pavement - 0.4]) if street.pavement > 1.8 else 0.45
        z = rng.uniform(-0.5, 0.5) * _LENGTH
        if not street.in_crossing(z - 2, z + 2):
            site.settle(_beside(street, int(rng.choice([-1, 1])), out, z, piece), 0.2)
    return lamps


def _lamp_post(rng: Generator, palette: Palette) -> Piece:
    """4 to 8 m high, leaning over the road (+z) on an arm, or a lantern on top."""
    steel, light, high = palette.metal(rng), palette.light(rng), rng.uniform(4, 8)
    parts = [cylinder(0.09, high, steel, top=0.05, sides=10), cylinder(0.13, 0.8, steel, sides=10)]
    if rng.random() < 0.65:
        reach = rng.uniform(0.8, 2.0)
        arm = np.array([(0, high - 0.1, 0), (0, high + 0.25, 0.4 * reach), (0, high + 0.3, reach)])
        parts.append(tube(arm, 0.04, steel))
        parts.append(box((0.22, 0.1, 0.6), steel, at=(0, high + 0.3, reach)))
        parts.append(box((0.18, 0.02, 0.5), light, at=(0, high + 0.245, reach)))
    else:
        parts.append(cylinder(0.16, 0.4, light, at=(0, high, 0), top=0.22, sides=8))
        parts.append(cylinder(0.28, 0.15, steel, at=(0, high + 0.4, 0), top=0.02, sides=8))
    return Piece(parts)


def _sign(rng: Generator, palette: Palette) -> Piece:
    """A traffic sign, its lower edge at 2 to 2.3 m, across the road; or traffic lights."""
    steel, low = palette.metal(rng), rng.uniform(2.0, 2.3)
    parts = [cylinder(0.03, low + 0.7, steel, sides=8)]
    kind = rng.integers(4)
    if kind == 3:
        black = palette.plastic(rng, dark=1.0)
        parts.append(box((0.3, 0.9, 0.25), black, at=(0, low + 0.5, 0.1)))
        on = rng.integers(3)
        for k, colour in enumerate(((0.9, 0.1, 0.05), (0.95, 0.6, 0.05), (0.1, 0.8, 0.4))):
            shade = Material(0, (0, 0, 0), colour if k == on else (0.05, 0.05, 0.05), emission=float(k == on))
            at = (0, low + 0.78 - 0.28 * k, 0.22)
            parts.append(cylinder(0.1, 0.04, shade, at, tilt=np.pi / 2, sides=10))
        return Piece(parts)
    face = palette.of(rng, "label", None, rng.uniform(0, 1))
    edge = palette.of(rng, "speckle", np.array([0.65, 0.05, 0.05]), 0.1)
    if kind == 0:
        parts.append(cylinder(0.32, 0.02, edge, at=(0, low + 0.33, 0.04), tilt=np.pi / 2))
        parts.append(cylinder(0.25, 0.025, face, at=(0, low + 0.33, 0.04), tilt=np.pi / 2))
    else:
        size = rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.8)
        parts.append(box((*size, 0.02), edge, at=(0, low + size[1] / 2, 0.04)))
        parts.append(panel(0.92 * size[0], 0.92 * size[1], face, at=(0, low + size[1] / 2, 0.052)))
    return Piece(parts).moved(yaw=rng.choice([-1, 1]) * np.pi / 2 + rng.normal(0, 0.1))


def _bollards(rng: Generator, palette: Palette) -> Piece:
    """A row of posts about a metre high along the kerb."""
    look, high, radius = palette.metal(rng), rng.uniform(0.8, 1.1), rng.uniform(0.05, 0.1)
    count, gap = int(rng.integers(2, 7)), rng.uniform(1.1, 1.8)
    return Piece([cylinder(radius, high, look, at=(k * gap, 0, 0), sides=10) for k in range(count)])


def _cabinet(rng: Generator, palette: Palette) -> Piece:
    """A switch cabinet, a post box, or a parcel."""
    size = rng.uniform((0.4, 0.8, 0.25), (1.2, 1.4, 0.5))
    look = palette.furniture(rng) if rng.random() < 0.6 else palette.plastic(rng, dark=0.2)
    lid = box((size[0] + 0.04, 0.05, size[2] + 0.04), look, at=(0, size[1], 0))
    at = (0, 0.6 * size[1], size[2] / 2 + 0.004)
    face = panel(0.6 * size[0], 0.3 * size[1], palette.poster(rng), at)
    return Piece([box(size, look, at=(0, size[1] / 2, 0)), lid, face])


def _tree_grate(rng: Generator, palette: Palette) -> Piece:
    """A street tree, 4 to 8 m high."""
    return flora.tree(rng, palette, rng.uniform(4, 8))


def _wires(rng: Generator, palette: Palette, street: Street, site: Site) -> None:
    """Poles on one side with sagging wires between them."""
    wood, black = palette.bark(rng), palette.plastic(rng, dark=1.0)
    side, high, gap = int(rng.choice([-1, 1])), rng.uniform(6, 8.5), rng.uniform(25, 40)
    out = street.pavement - 0.25
    bar = box((1.6, 0.1, 0.1), wood, at=(0, high - 0.5, 0))
    pole = Piece([cylinder(0.13, high, wood, top=0.09, sides=9), bar])
    zs = np.arange(-_LENGTH / 2, _LENGTH / 2 + 1, gap)
    for z in zs:
        site.settle(pole.moved((side * (street.half + out), street.kerb, z)))
    t = np.linspace(0, 1, 9)
    sag = rng.uniform(0.4, 1.2)
    for offset in (-0.7, 0.0, 0.7):
        for z in zs[:-1]:
            x = np.full_like(t, side * (street.half + out) + offset)
            line = np.stack([x, street.kerb + high - 0.42 - 4 * sag * t * (1 - t), z + t * gap], axis=1)
            site.cover(tube(line, 0.012, black, sides=3))


def _parked(rng: Generator, palette: Palette, street: Street, site: Site) -> None:
    """Cars along the kerb where there is a strip for them; a lorry at times."""
    if not street.parking:
        return
    full = rng.uniform(0.2, 0.85)
    for side in (-1, 1):
        z = -_LENGTH / 2 + rng.uniform(3, 8)
        while z < _LENGTH / 2 - 6 and site.triangles < _TRIANGLES:
            car = vehicles.lorry(rng, palette) if rng.random() < 0.04 else vehicles.car(rng, palette)
            length = car.size[2]
            blocked = street.in_crossing(z - 5, z + length + 5)
            if street.zebra is not None:
                blocked |= z < street.zebra + 9 and z + length > street.zebra - 5
            if rng.random() < full and not blocked:
                turn = (0.0 if side < 0 else np.pi) + rng.normal(0, 0.015)
                x = side * (street.half - car.size[0] / 2 - rng.uniform(0.1, 0.25))
                site.settle(car.moved((x, 0, z + length / 2), turn))
            z += length + rng.uniform(0.5, 1.6)


def _planted(rng: Generator, palette: Palette, street: Street, site: Site, kind: str) -> None:
    """Avenue trees; in gardens and fields trees, bushes, hedges and fences."""
    species = [
        (flora.conifer if rng.random() < 0.2 else flora.tree)(rng, palette, rng.uniform(4, 11))
        for _ in range(3)
    ]
    if rng.random() < 0.4 and street.pavement > 1.8:
        for z in np.arange(-_LENGTH / 2 + 8, _LENGTH / 2, rng.uniform(7, 16)):
            for side in (-1, 1):
                one = species[0].moved(yaw=rng.uniform(0, 6))
                if not street.in_crossing(z - 4, z + 4) and rng.random() < 0.85:
                    site.add(one.moved((side * (street.half + 0.7), street.kerb, z)), solid=False)
    walk = street.half + street.pavement
    if kind == "town" or street.setback < 2:
        return
    border = one_of(rng, ("hedge", "fence", "wall", "none"))
    for side in (-1, 1):
        z = -_LENGTH / 2
        while z < _LENGTH / 2:
            length = rng.uniform(4, 14)
            if not street.in_crossing(z - 1, z + length + 1) and border != "none" and rng.random() < 0.85:
                strip = _border(rng, palette, border, length)
                at = (side * (walk + 0.4), street.kerb, z + length / 2)
                site.settle(strip.moved(at, -side * np.pi / 2))
            z += length + rng.uniform(0.9, 3.5)
    far = street.setback if kind == "suburb" else 60.0
    for _ in range(int(rng.integers(12, 40))):
        z, out = rng.uniform(-0.5, 0.5) * _LENGTH, rng.uniform(1.2, max(1.5, far))
        if street.in_crossing(z - 4, z + 4) or site.triangles > _TRIANGLES:
            continue
        one = one_of(rng, species) if rng.random() < 0.5 else flora.bush(rng, palette, rng.uniform(0.5, 2))
        at = (rng.choice([-1, 1]) * (walk + out), street.kerb, z)
        site.add(one.moved(at, rng.uniform(0, 6)), solid=False)


def _border(rng: Generator, palette: Palette, kind: str, length: float) -> Piece:
    """A hedge, fence or garden wall along x."""
    high = rng.uniform(0.7, 1.6)
    if kind == "hedge":
        return flora.hedge(rng, palette, length, high, rng.uniform(0.5, 0.9))
    if kind == "wall":
        look = palette.of(rng, one_of(rng, ("brick", "concrete", "plaster")), None, 0.9, 0.0, 0.5)
        coping = box((length, 0.08, 0.3), look, at=(0, high, 0))
        return Piece([box((length, high, 0.2), look, at=(0, high / 2, 0)), coping])
    look, slats = palette.wood(rng), np.arange(-length / 2, length / 2, rng.uniform(0.1, 0.25))
    parts = [box((0.08, high, 0.02), look, at=(x, high / 2, 0)) for x in slats]
    parts += [box((length, 0.08, 0.04), look, at=(0, y * high, -0.03)) for y in (0.2, 0.8)]
    return Piece(parts)


def _houses(rng: Generator, palette: Palette, street: Street, site: Site, kind: str, dark: bool) -> None:
    """Closed rows in town, detached houses in a suburb, here and there one in the country; blocks behind."""
    walk = street.half + street.pavement
    common = int(rng.integers(2, 6))
    ends = [rng.uniform(0, 4) - _LENGTH / 2 for _ in range(2)]  # of the rows so far, right (-x) and left
    while min(ends) < _LENGTH / 2:
        row = int(np.argmin(ends))
        side, z = 2 * row - 1, ends[row]
        gap = 0.0
        if kind == "town":
            width, storeys = rng.uniform(6, 18), max(2, common + int(rng.integers(-1, 2)))
            if rng.random() < 0.1:
                gap = rng.uniform(2, 8)
        else:
            width, storeys = rng.uniform(7, 13), int(rng.choice([1, 2, 3], p=[0.25, 0.6, 0.15]))
            gap = rng.uniform(2.5, 9) if kind == "suburb" else rng.uniform(20, 70)
        if street.crossing and street.in_crossing(z - 0.5, z + width + 0.5):
            ends[row] = street.crossing[1] + 0.6
            continue
        out = walk + street.setback + (rng.uniform(0, 2) if kind == "suburb" else 0)
        place, turn = (side * out, street.kerb, z + width / 2), -side * np.pi / 2
        if site.triangles < _TRIANGLES:
            shops = kind == "town" and rng.random() < 0.4
            site.add(buildings.house(rng, palette, width, storeys, shops, dark).moved(place, turn))
        else:
            site.add(buildings.block(rng, palette, width, storeys).moved(place, turn))
        ends[row] += width + gap
    for _ in range(int(rng.integers(10, 40)) if kind != "country" else int(rng.integers(0, 6))):
        block = buildings.block(rng, palette, rng.uniform(8, 30), int(rng.integers(2, 2 + 2 * common)))
        x, z = rng.choice([-1, 1]) * rng.uniform(walk + street.setback + 30, 160), rng.uniform(-200, 200)
        if abs(z) > _LENGTH / 2 + 20 and rng.random() < 0.5:
            x = rng.uniform(-60, 60)  # at the end of the road
        if not street.in_crossing(z - 20, z + 20):
            site.add(block.moved((x, 0, z), rng.choice([-1, 1]) * np.pi / 2 if rng.random() < 0.5 else 0.0))


def _traffic(rng: Generator, palette: Palette, street: Street, site: Site) -> list[Body]:
    """Up to four vehicles that drive on the right, at 3 to 16 m/s; cameras keep out of their way."""
    bodies = []
    for _ in range(int(rng.choice(5, p=[0.2, 0.3, 0.25, 0.15, 0.1]))):
        side = int(rng.choice([-1, 1]))
        ahead = 1.0 if side < 0 else -1.0  # seen along +z, x > 0 is to the left
        lane = int(rng.integers(max(1, street.lanes // 2)))
        x = side * (lane + 0.5) * street.lane if street.lanes != 3 else side * street.lane
        vehicle = (vehicles.lorry if rng.random() < 0.12 else vehicles.car)(rng, palette)
        start = np.array([x, 0.0, rng.uniform(-0.5, 0.5) * _LENGTH * 0.8])
        velocity = np.array([0.0, 0.0, ahead * rng.uniform(3, 16)])
        if site.sweep(vehicle, start, velocity):
            bodies.append(Body(vehicle.mesh, along(start, velocity)))
    return bodies


def _walkers(rng: Generator, palette: Palette, street: Street, site: Site) -> list[Body]:
    """People on the pavement: some walk, some stand."""
    bodies: list[Body] = []
    for _ in range(int(rng.integers(0, 7))):
        side, out = int(rng.choice([-1, 1])), rng.uniform(0.8, max(0.9, street.pavement - 0.4))
        place = np.array([side * (street.half + out), street.kerb, rng.uniform(-0.4, 0.4) * _LENGTH])
        if rng.random() < 0.5:
            site.settle(figures.person(rng, palette).moved(place, random_yaw(rng)))
            continue
        someone = figures.figure(rng, palette, stride=0.0)
        velocity = np.array([0.0, 0.0, rng.choice([-1, 1]) * rng.uniform(0.7, 1.8)])
        if site.sweep(someone.piece(), place, velocity):
            bodies += movers.walking(rng, someone, place, velocity, 0.0)
    return bodies


def _street_light(rng: Generator, lamps: list[Array]) -> Lights:
    """Night: the lamps nearest to the middle, and a little from the sky."""
    nearest = sorted(lamps, key=lambda lamp: float(np.linalg.norm(lamp)))[:6]
    warm = np.array([1.0, rng.uniform(0.65, 0.95), rng.uniform(0.35, 0.9)])
    strength = rng.uniform(4, 12)
    return night(rng, [(triple(lamp), triple(strength * warm)) for lamp in nearest])


def _clear(street: Street, site: Site, point: ArrayLike) -> bool:
    """Within the stretch, above the ground, not in anything."""
    x, y, z = np.asarray(point, float)
    inside = abs(x) < 60 and abs(z) < _LENGTH / 2 - 2 and 0.35 < y < 30
    return bool(inside and site.clear((x, y, z), 0.3))


def _view(street: Street, site: Site, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
    """Through a windscreen (at 1.2 to 1.6 m), on foot, or from the air."""
    kind = weighted(rng, {"drive": 0.5, "walk": 0.38, "fly": 0.12})
    z, way = rng.uniform(-0.42, 0.42) * _LENGTH, rng.choice([-1.0, 1.0])
    if kind == "drive":
        lane = (rng.integers(max(1, street.lanes // 2)) + 0.5) * street.lane
        eye = np.array([-way * lane + rng.normal(0, 0.2), rng.uniform(1.2, 1.6), z])
        yaw, pitch = rng.normal(0, 0.12 if rng.random() < 0.8 else 1.0), rng.normal(-0.03, 0.03)
    elif kind == "walk":
        out = rng.uniform(-1.0, street.pavement - 0.3)
        eye = np.array([rng.choice([-1, 1]) * (street.half + out), street.kerb + rng.uniform(1.3, 1.75), z])
        yaw = rng.normal(0, 0.5) if rng.random() < 0.6 else rng.uniform(-np.pi, np.pi)
        pitch = rng.normal(-0.05, 0.1)
    else:
        eye = np.array([rng.uniform(-1.2, 1.2) * street.half, np.exp(rng.uniform(1.1, 2.8)), z])
        yaw, pitch = rng.uniform(-np.pi, np.pi), rng.uniform(-0.8, -0.05)
    gaze = direction(yaw, pitch) * (1, 1, way)
    return (eye, eye + 10.0 * gaze) if _clear(street, site, eye) else None

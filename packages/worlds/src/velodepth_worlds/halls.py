"""Large rooms: warehouses, shops, open offices, car parks, lobbies, workshops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from . import figures, fittings, furniture, movers, things, vehicles
from .clutter import clutter
from .draws import one_of, weighted
from .interiors import Hall
from .pieces import Piece, united
from .scene import Body, Material, World
from .shapes import box, cylinder, panel
from .textures import Palette

_TRIANGLES = 40_000  # no more desks beyond


def build(rng: Generator, palette: Palette) -> World:
    """A hall of any kind, with people in it at times."""
    makers: dict[Callable[[Generator, Palette], Hall], float] = {
        _warehouse: 0.25, _shop: 0.15, _office: 0.25, _garage: 0.12, _lobby: 0.12, _workshop: 0.11,
    }  # fmt: skip
    hall = weighted(rng, makers)(rng, palette)
    return hall.world("hall", people(rng, hall), speed=1.3)


def people(rng: Generator, place: Hall) -> list[Body]:
    """Up to three who walk about."""
    bodies: list[Body] = []
    for _ in range(rng.choice(4, p=[0.5, 0.25, 0.15, 0.1])):
        x, z = rng.uniform(-0.45, 0.45, 2) * (place.width, place.depth)
        yaw = rng.uniform(0, 2 * np.pi)
        velocity = rng.uniform(0.4, 1.6) * np.array([np.sin(yaw), 0.0, np.cos(yaw)])
        # they are looked at during the first seconds
        if all(place.clear(np.array([x, 1.0, z]) + velocity * t) for t in np.linspace(0, 6, 13)):
            someone = figures.figure(rng, place.palette, stride=0.0)
            bodies += movers.walking(rng, someone, np.array([x, 0.0, z]), velocity, 0.0)
    return bodies


def pillars(rng: Generator, hall: Hall, spacing: float) -> None:
    """Pillars on a grid, square or round, alike."""
    look, thick = hall.palette.wall(rng), rng.uniform(0.25, 0.7)
    if rng.random() < 0.3:
        look = hall.palette.metal(rng)
    one = box((thick, hall.height, thick), look, at=(0, hall.height / 2, 0))
    if rng.random() < 0.4:
        one = cylinder(thick / 2, hall.height, look, sides=18)
    stripe = hall.palette.of(rng, "speckle", np.array([0.85, 0.7, 0.05]), 0.1)
    band = box((thick * 1.02, 0.4, thick * 1.02), stripe, at=(0, 0.7, 0))
    pillar = Piece([one, band] if rng.random() < 0.25 else [one])
    for x in np.arange(-hall.width / 2 + spacing, hall.width / 2 - 1, spacing):
        for z in np.arange(-hall.depth / 2 + spacing, hall.depth / 2 - 1, spacing):
            hall.site.settle(pillar.moved((x, 0, z)))


def beams(rng: Generator, hall: Hall) -> None:
    """Beams under the ceiling, across."""
    look, high, thick = hall.palette.metal(rng), rng.uniform(0.15, 0.6), rng.uniform(0.1, 0.35)
    for z in np.arange(-hall.depth / 2, hall.depth / 2, rng.uniform(2.5, 6)):
        beam = box((hall.width, high, thick), look, at=(0, hall.height - high / 2, z))
        hall.site.cover(beam)


def strewn(
    rng: Generator, hall: Hall, makers: Sequence[Callable[[Generator, Palette], Piece]], count: int
) -> None:
    """Things put down anywhere there is room."""
    for _ in range(count):
        piece = one_of(rng, makers)(rng, hall.palette).moved(yaw=rng.uniform(0, 2 * np.pi))
        room = np.array([hall.width, hall.depth]) - piece.size[[0, 2]] - 0.2
        if (room > 0).all():
            x, z = rng.uniform(-0.5, 0.5, 2) * room - (piece.low + piece.high)[[0, 2]] / 2
            hall.site.settle(piece.moved((x, 0, z)), 0.3)


def _floor_box(rng: Generator, palette: Palette) -> Piece:
    return things.box_of_card(rng, palette, 0.8)


def _warehouse(rng: Generator, palette: Palette) -> Hall:
    """Rows of high racks with aisles of 2.2 to 4 m, pallets in them."""
    hall = Hall(rng, palette, rng.uniform(14, 30), rng.uniform(16, 40), rng.uniform(5, 9))
    shares = {"door": 1.0, "board": 1.0, "extinguisher": 1.0, "nothing": 3.0}
    hall.enclose(3.0, shares, open_to_sun=rng.random() < 0.25)
    hall.light_grid(rng.uniform(4.5, 7))
    beams(rng, hall)
    aisle, depth, gap = rng.uniform(2.2, 4), rng.uniform(0.8, 1.2), rng.uniform(1.2, 2.0)
    high = min(hall.height - 0.8, gap * rng.integers(2, 5) + 0.2)
    length = hall.depth - rng.uniform(4, 8)
    for x in np.arange(-hall.width / 2 + depth / 2 + 0.2, hall.width / 2 - depth / 2, aisle + 2 * depth):
        for side in (0, 1):
            at = x + side * (depth + 0.1)
            if at < hall.width / 2 - depth / 2:
                row = furniture.stocked_rack(rng, palette, length, high, depth, gap)
                hall.site.settle(row.moved((at, 0, rng.uniform(-1, 1)), np.pi / 2))
    strewn(rng, hall, [furniture.pallet, furniture.pallet, _floor_box], int(rng.integers(4, 20)))
    return hall


def _shop(rng: Generator, palette: Palette) -> Hall:
    """Shelves of 1.4 to 2.2 m in rows, goods in them."""
    hall = Hall(rng, palette, rng.uniform(9, 20), rng.uniform(10, 24), rng.uniform(2.7, 4.2))
    hall.enclose(2.0, {"door": 1, "board": 2, "window": 1.5, "nothing": 2}, open_to_sun=rng.random() < 0.4)
    hall.light_grid(rng.uniform(2, 3.5))
    if rng.random() < 0.4:
        hall.pipework(int(rng.integers(1, 5)))
    high, aisle, depth = rng.uniform(1.4, 2.2), rng.uniform(1.4, 2.4), rng.uniform(0.35, 0.6)
    for x in np.arange(-hall.width / 2 + depth / 2 + 0.05, hall.width / 2 - depth / 2, aisle + depth):
        for z in (-0.25, 0.25) if hall.depth > 14 else (0.0,):
            length = hall.depth * (0.4 if hall.depth > 14 else 0.7)
            row = furniture.stocked_rack(rng, palette, length, high, depth, rng.uniform(0.3, 0.5))
            hall.site.settle(row.moved((x, 0, z * hall.depth), np.pi / 2), 0.02)
    strewn(rng, hall, [_floor_box, furniture.bin_, furniture.floor_plant], int(rng.integers(1, 7)))
    return hall


def _office(rng: Generator, palette: Palette) -> Hall:
    """A long floor of desks in rows, screens between them, plants, cupboards."""
    hall = Hall(rng, palette, rng.uniform(7, 15), rng.uniform(10, 26), rng.uniform(2.6, 3.4))
    shares = {"door": 1.0, "window": 2.5, "board": 1.5, "radiator": 0.5, "extinguisher": 0.3, "nothing": 1.0}
    hall.enclose(1.2, shares, open_to_sun=rng.random() < 0.6)
    hall.light_grid(rng.uniform(1.8, 3.0))
    if rng.random() < 0.3:
        hall.pipework(int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        pillars(rng, hall, rng.uniform(4.5, 7))
    cloth = palette.cloth(rng)
    screens, row_gap, seat_gap = rng.random() < 0.5, rng.uniform(3.2, 4.4), rng.uniform(1.8, 2.2)
    walk = rng.uniform(-0.3, 0.3) * hall.width
    for z in np.arange(-hall.depth / 2 + 2.2, hall.depth / 2 - 2, row_gap):
        for x in np.arange(-hall.width / 2 + 1.4, hall.width / 2 - 1.2, seat_gap):
            if abs(x - walk) < 1.5 or rng.random() < 0.12 or hall.site.triangles > _TRIANGLES:
                continue
            for back in (False, True):
                desk = _workplace(rng, palette)
                offset = (x, 0, z - 0.42) if back else (x, 0, z + 0.42)
                hall.site.settle(desk.moved(offset, np.pi if back else 0.0), -0.15)
            if screens:
                screen = box((seat_gap * 0.95, 0.45, 0.03), cloth, at=(x, 0.97, z))
                hall.site.add(Piece([screen]))
    makers = [furniture.floor_plant, furniture.bin_, furniture.office_chair, furniture.cupboard]
    strewn(rng, hall, makers, int(rng.integers(4, 16)))
    return hall


def _garage(rng: Generator, palette: Palette) -> Hall:
    """A car park: bays 2.4 m wide with cars, low ceiling, pillars, pipes."""
    hall = Hall(rng, palette, rng.uniform(15.5, 18), rng.uniform(18, 40), rng.uniform(2.3, 3.0))
    shares = {"door": 1, "board": 0.5, "extinguisher": 1, "nothing": 3}
    hall.enclose(4.0, shares, open_to_sun=rng.random() < 0.3)
    hall.light_grid(rng.uniform(4, 6))
    hall.pipework(int(rng.integers(1, 5)))
    white = palette.of(rng, "speckle", np.array([0.8, 0.8, 0.78]), 0.2)
    bay = rng.uniform(2.35, 2.6)
    for z in np.arange(-hall.depth / 2 + 1, hall.depth / 2 - bay, bay):
        for side in (-1, 1):
            line = box((5.0, 0.004, 0.1), white, at=(side * (hall.width / 2 - 2.6), 0.002, z))
            hall.site.cover(line)
            if rng.random() < 0.6:
                car = vehicles.car(rng, palette)
                inward = -side * np.pi / 2 + (np.pi if rng.random() < 0.4 else 0)
                x = side * (hall.width / 2 - 2.8 + rng.normal(0, 0.1))
                at = (x, 0, z + bay / 2 + rng.normal(0, 0.08))
                hall.site.settle(car.moved(at, inward + rng.normal(0, 0.02)))
    look, thick = palette.wall(rng), rng.uniform(0.3, 0.5)
    for z in np.arange(-hall.depth / 2 + 1, hall.depth / 2 - 1, 3 * bay):
        for x in (-hall.width / 2 + 5.2, hall.width / 2 - 5.2):
            post = box((thick, hall.height, thick), look, at=(x, hall.height / 2, z))
            hall.site.settle(Piece([post]))
    return hall


def _lobby(rng: Generator, palette: Palette) -> Hall:
    """High, with columns, a stair to a gallery, benches and plants."""
    hall = Hall(rng, palette, rng.uniform(10, 22), rng.uniform(12, 28), rng.uniform(4.5, 8))
    shares = {"door": 2.0, "window": 2.0, "board": 1.0, "extinguisher": 0.3, "nothing": 1.5}
    hall.enclose(1.5, shares, open_to_sun=rng.random() < 0.6)
    hall.light_grid(rng.uniform(3, 6))
    storey = min(rng.uniform(2.9, 3.6), hall.height - 1.2)
    deep = rng.uniform(2.5, 4.0)
    slab = box((hall.width, 0.3, deep), palette.wall(rng), at=(0, storey - 0.15, -hall.depth / 2 + deep / 2))
    hall.site.add(Piece([slab]))
    rail = fittings.railing(rng, palette, hall.width)
    hall.site.add(rail.moved((0, storey, -hall.depth / 2 + deep - 0.1)))
    flight = fittings.stairs(rng, palette, rng.uniform(1.4, 2.6), storey)
    x = rng.uniform(-0.3, 0.3) * hall.width
    hall.site.settle(flight.moved((x, 0, -hall.depth / 2 + deep + flight.size[2] - 0.1)))
    pillars(rng, hall, rng.uniform(4, 6))
    makers = [furniture.bench, furniture.floor_plant, furniture.bin_, furniture.cupboard]
    strewn(rng, hall, makers, int(rng.integers(5, 18)))
    return hall


def _workshop(rng: Generator, palette: Palette) -> Hall:
    """Benches and machines, pipes, pallets, things lying about."""
    hall = Hall(rng, palette, rng.uniform(8, 18), rng.uniform(10, 24), rng.uniform(3.2, 6))
    shares = {"door": 1.0, "window": 1.5, "board": 1.5, "radiator": 0.5, "extinguisher": 0.7, "nothing": 1.5}
    hall.enclose(1.5, shares, open_to_sun=rng.random() < 0.4)
    hall.light_grid(rng.uniform(2.5, 5))
    hall.pipework(int(rng.integers(2, 7)))
    if rng.random() < 0.5:
        beams(rng, hall)
    makers = [_machine, _machine, _bench_with_tools, _bench_with_tools, furniture.pallet, _floor_box]
    makers += [furniture.cupboard, furniture.bin_]
    strewn(rng, hall, makers, int(hall.width * hall.depth / 6))
    return hall


def _workplace(rng: Generator, palette: Palette) -> Piece:
    """A desk with what lies on it, a chair before it, mostly."""
    pieces = [_laden(rng, palette, furniture.desk(rng, palette), 0.15)]
    if rng.random() < 0.85:
        out = pieces[0].high[2] + rng.uniform(-0.05, 0.45)
        chair = furniture.office_chair(rng, palette, plain=True)
        pieces.append(chair.moved((rng.normal(0, 0.15), 0, out), np.pi + rng.normal(0, 0.6)))
    return united(pieces)


def _bench_with_tools(rng: Generator, palette: Palette) -> Piece:
    return _laden(rng, palette, furniture.workbench(rng, palette), rng.uniform(0.1, 0.5))


def _laden(rng: Generator, palette: Palette, table: Piece, density: float) -> Piece:
    """A piece with things on its tops."""
    return united([table, *(thing for top in table.tops for thing in clutter(rng, palette, top, density))])


def _machine(rng: Generator, palette: Palette) -> Piece:
    """A machine tool, more or less: blocks, drums, a panel, pipes."""
    paint, steel = palette.of(rng, "speckle", None, 0.2, 0.3), palette.metal(rng)
    size = rng.uniform((0.8, 0.7, 0.6), (2.2, 1.3, 1.2))
    parts = [box(size, paint, at=(0, size[1] / 2, 0))]
    for _ in range(rng.integers(2, 6)):
        part = size * rng.uniform(0.15, 0.55, 3)
        x, z = rng.uniform(-0.5, 0.5, 2) * (size - part)[[0, 2]]
        look: Material = paint if rng.random() < 0.5 else steel
        if rng.random() < 0.5:
            parts.append(box(part, look, at=(x, size[1] + part[1] / 2, z)))
        else:
            parts.append(cylinder(part[0] / 2, part[1], look, at=(x, size[1], z)))
    screen = panel(0.3, 0.22, palette.screen(rng), at=(0.3 * size[0], size[1] * 0.8, size[2] / 2 + 0.012))
    parts += [screen, box((0.34, 0.26, 0.02), steel, at=(0.3 * size[0], size[1] * 0.8, size[2] / 2))]
    return Piece(parts)

"""Close-ups: a desk, a kitchen table, an open drawer, bins, shelf compartments, papers, cloth, cables, tools,
each in a room with little else, seen from 0.25 to 0.9 metres."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from . import fittings, furniture, kitchens, things
from .draws import log_uniform, one_of, weighted
from .figures import hand, robot_arm
from .pieces import Array, Piece, Top, on, piled, scattered, united
from .rooms import Room, near
from .scene import World
from .shapes import box, curve, grid, tube
from .textures import Palette, noise
from .things import open_box

Maker = Callable[[Generator, Palette], Piece]
TableStage = Callable[[Room], list[Piece]]
"""Sets up a room; the pieces to look at."""

_FLAT: tuple[Maker, ...] = (
    things.paper, things.paper, things.paper, things.papers, things.open_book, things.book, things.keyboard,
    things.phone, things.remote,
)  # fmt: skip
_HUNG_TOOLS: tuple[Maker, ...] = (
    things.hammer, things.pliers, things.screwdriver, things.coil, things.cutlery, things.roll,
)  # fmt: skip
_FURNITURE: tuple[Maker, ...] = (
    furniture.shelf, furniture.cupboard, furniture.drawers, furniture.sofa, kitchens.counter, furniture.desk,
)  # fmt: skip
_LOOSE: tuple[Maker, ...] = (furniture.office_chair, furniture.chair, furniture.bin_, furniture.floor_plant)
_ON_WALLS: tuple[Maker, ...] = (
    furniture.picture, furniture.picture, furniture.whiteboard, fittings.radiator, furniture.pin_board,
)  # fmt: skip


def _table(room: Room, theme: str) -> Piece:
    """A table, desk or counter against a wall or anywhere."""
    rng, palette = room.rng, room.palette
    makers = {
        "desk": (furniture.desk, furniture.desk, furniture.dining_table),
        "kitchen": (kitchens.counter, furniture.dining_table, furniture.dining_table),
        "workshop": (furniture.workbench, furniture.dining_table, furniture.desk),
        "living": (furniture.coffee_table, furniture.dining_table, furniture.drawers),
    }[theme]
    for _ in range(8):
        piece = one_of(rng, makers)(rng, palette)
        there = room.along(piece, gap=0.0) if rng.random() < 0.65 else room.free(piece)
        if there is not None:
            return there
    piece = furniture.coffee_table(rng, palette)
    room.add(piece)
    return piece


def _laid(room: Room, top: Top, makers: tuple[Maker, ...], count: int, overlap: float = 0.02) -> list[Piece]:
    """Things of some makers on a top, each a little higher than the last, so that they may overlap."""
    rng, palette = room.rng, room.palette
    pieces = scattered(rng, top, lambda most: one_of(rng, makers)(rng, palette), count, 0.4, overlap)
    pieces = [piece.moved((0, 0.0006 * i, 0)) for i, piece in enumerate(pieces)]
    room.things += pieces
    room.triangles += sum(len(piece.mesh) for piece in pieces) // 3
    return pieces


def _dense(room: Room, theme: str) -> list[Piece]:
    """A full table of one theme."""
    table = _table(room, theme)
    if room.rng.random() < 0.25:
        _cover(room, table.tops[0])
    room.clutter(table.tops[:2], room.rng.uniform(1.0, 3.5), theme, 6)
    if theme == "desk" and room.rng.random() < 0.7:
        room.seats(table, (furniture.office_chair, furniture.chair), [0])
    return room.things


def _cover(room: Room, top: Top) -> None:
    """A cloth or an oilcloth on a table; a large one hangs over its edges in folds."""
    palette, rng = room.palette, room.rng
    look = palette.cloth(rng) if rng.random() < 0.6 else palette.printed(rng, "rug")
    n = 33
    w, d = top.width * rng.uniform(0.6, 1.4), top.depth * rng.uniform(0.6, 1.5)
    z, x = np.meshgrid(np.linspace(-d / 2, d / 2, n), np.linspace(-w / 2, w / 2, n), indexing="ij")
    over_x, over_z = np.maximum(np.abs(x) - top.width / 2, 0), np.maximum(np.abs(z) - top.depth / 2, 0)
    drop = np.maximum(over_x, over_z)
    folds = drop * 0.25 * np.sin(16 * (x + z) + rng.uniform(0, 6))
    flat_x = np.clip(x, -top.width / 2, top.width / 2) + np.sign(x) * (over_x > 0) * (
        0.004 + np.abs(folds) + 0.1 * over_x
    )
    flat_z = np.clip(z, -top.depth / 2, top.depth / 2) + np.sign(z) * (over_z > 0) * (
        0.004 + np.abs(folds) + 0.1 * over_z
    )
    points = np.stack([flat_x, 0.0005 - 0.95 * drop, flat_z], axis=-1)
    room.site.cover(grid(points, look, at=top.centre, yaw=top.yaw, fit=bool(rng.random() < 0.3)))


def desk(room: Room) -> list[Piece]:
    return _with_arm(room, _dense(room, "desk"))


def kitchen(room: Room) -> list[Piece]:
    return _with_arm(room, _dense(room, ("kitchen", "living")[room.rng.integers(2)]))


def bench(room: Room) -> list[Piece]:
    return _with_arm(room, _dense(room, "workshop"))


def _with_arm(room: Room, pieces: list[Piece]) -> list[Piece]:
    """At times a robot arm at the back of the widest table, or a hand that reaches over it from its front."""
    rng = room.rng
    choice = rng.random()
    if not pieces or choice > 0.55:
        return pieces
    top = max((top for piece in room.furniture for top in piece.tops[:1]), key=lambda top: top.width)
    x = rng.uniform(-0.4, 0.4) * top.width
    if choice < 0.3:
        limb, z, turn = robot_arm(rng, room.palette), -0.35 * top.depth, rng.normal(0, 0.5)
    else:
        limb, z, turn = hand(rng, room.palette), rng.uniform(-0.1, 0.4) * top.depth, rng.normal(0, 0.6)
    limb = limb.moved(on(top, (x, z)), top.yaw + turn)
    room.things.append(limb)
    return [*pieces, limb]


def flat(room: Room) -> list[Piece]:
    """Papers, posters, covers and keyboards that lie flat, one over the other."""
    table = _table(room, ("desk", "living", "kitchen")[room.rng.integers(3)])
    if room.rng.random() < 0.4:
        _cover(room, table.tops[0])
    pieces = []
    for top in table.tops[:1]:
        pieces = _laid(room, top, _FLAT, int(room.rng.integers(8, 36)), room.rng.uniform(0.0, 0.2))
        if room.rng.random() < 0.5:
            room.clutter([top], 0.5)
    return pieces or [table]


def floor(room: Room) -> list[Piece]:
    """What lies on a floor: shoes, bags, cables, toys, papers."""
    rng = room.rng
    room.lay(0)
    w, d = rng.uniform(0.7, 1.8, 2)
    at = (rng.uniform(-0.3, 0.3), 0.002, rng.uniform(-0.3, 0.3))
    top = Top(at, min(w, room.width - 1), min(d, room.depth - 1), 0.7, "floor", rng.uniform(0, 3))
    if rng.random() < 0.3:
        return _laid(room, top, _FLAT, int(rng.integers(4, 14)), 0.15)
    room.clutter([top], rng.uniform(0.5, 1.6), one_of(rng, ("floor", "workshop", "floor")), 6)
    return room.things


def drawer(room: Room) -> list[Piece]:
    """A chest with a drawer pulled out, full of things; its front is looked at, too."""
    rng, palette = room.rng, room.palette
    w, h, d = rng.uniform(0.4, 0.95), rng.uniform(0.5, 1.15), rng.uniform(0.42, 0.55)
    chest = furniture.drawers(rng, palette, w, h, d)
    look = palette.furniture(rng)
    rows = int(rng.integers(2, 5))
    low, high = 0.04, h / rows - 0.03
    level = h * (rng.integers(max(0, rows - 2), rows)) / rows + 0.02
    out = rng.uniform(0.2, d * 0.9)
    parts = open_box((w - 0.04, max(0.07, (high - low) * 0.8), d * 0.95), 0.012, look)
    tray = Piece(parts).moved((0, level, out))
    face = Piece([
        box((w, h / rows - 0.01, 0.02), look, (0, level + (h / rows - 0.04) / 2, out + d * 0.475 + 0.01)),
        box((min(0.18, w * 0.4), 0.015, 0.03), palette.metal(rng), (0, level + h / rows * 0.6,
        out + d * 0.475 + 0.03)),
    ])  # fmt: skip
    theme = one_of(rng, ("desk", "kitchen", "workshop", "living"))
    inside = Top((0, level + 0.013, out), w - 0.08, d * 0.88, max(0.07, (high - low) * 0.75), theme)

    def small(most: float) -> Piece:
        return things.thing(rng, palette, theme, min(most, 0.25))

    fill = piled(rng, inside, small, int(rng.integers(6, 45)))
    fill += scattered(rng, inside, small, int(rng.integers(0, 12)))
    whole = united([chest, tray, face, *fill], [chest.tops[0], inside])
    there = room.along(whole, gap=0.0) or room.free(whole)
    if there is None:
        return desk(room)
    room.clutter(there.tops[:1], rng.uniform(0.3, 2.0))
    box_ = there.tops[1]
    centre = np.array(box_.centre)
    return [
        _spot(centre, 0.5 * min(box_.width, box_.depth)),
        _spot(centre + np.array((0, 0.05, 0)), 0.15),
        there,
        *room.things[:3],
    ]


def _spot(centre: np.ndarray, reach: float) -> Piece:
    """Nothing but a place to look at, as wide as 2 * reach."""
    spot = object.__new__(Piece)
    spot.low, spot.high = np.asarray(centre) - reach, np.asarray(centre) + reach
    return spot


def bins(room: Room) -> list[Piece]:
    """Open bins, crates and boxes, each heaped with things of one or two kinds."""
    rng, palette = room.rng, room.palette
    table = _table(room, "workshop") if rng.random() < 0.7 else None
    top = table.tops[0] if table else Top((0, 0, 0), 1.4, 0.9, 0.8, "workshop", rng.uniform(0, 3))
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    w, d = min(0.6, top.width / columns * 0.92), min(0.45, top.depth / rows * 0.92)
    h = rng.uniform(0.06, 0.28)
    kinds = (things.fruit, things.can, things.packet, things.odd, things.toy, things.bottle,
             things.screwdriver, things.cable,
             things.pen, things.mug, things.roll, things.cloth, things.odd, things.jar, things.pliers,
             things.phone)  # fmt: skip
    seen = []
    look = palette.plastic(rng, 0.2)
    for i in range(columns):
        for j in range(rows):
            x = ((i + 0.5) / columns - 0.5) * w * columns * 1.04
            z = ((j + 0.5) / rows - 0.5) * d * rows * 1.04
            at = on(top, (x, z))
            kind = rng.random()
            if kind < 0.3:
                look = palette.printed(rng, "cardboard")
            elif kind < 0.5:
                look = palette.plastic(rng, 0.2)
            tub = Piece(open_box((w, h, d), rng.uniform(0.003, 0.012), look))
            chosen: list[Maker] = [kinds[k] for k in rng.integers(len(kinds), size=rng.integers(1, 4))]
            inside = Top((0, 0.012, 0), w - 0.03, d - 0.03, h * rng.uniform(0.7, 1.5))

            def make(most: float, chosen: list[Maker] = chosen) -> Piece:
                piece = one_of(rng, chosen)(rng, palette)
                return piece if piece.size.max() < most else things.thing(rng, palette, "workshop", most)

            heap = piled(rng, inside, make, int(rng.integers(6, 110 // (columns * rows) + 12)))
            whole = united([tub, *heap]).moved(at, top.yaw + rng.normal(0, 0.04))
            room.things.append(whole)
            room.triangles += len(whole.mesh) // 3
            seen.append(whole)
    return _with_arm(room, seen) if table else seen


def compartments(room: Room) -> list[Piece]:
    """A shelf or rack with full compartments, from in front."""
    rng, palette = room.rng, room.palette
    for _ in range(6):
        maker = one_of(rng, (furniture.shelf, furniture.rack, _pigeonholes))
        there = room.along(maker(rng, palette), gap=0.0)
        if there is not None:
            break
    else:
        return desk(room)
    room.clutter(there.tops, rng.uniform(0.8, 2.5), one_of(rng, ("shelf", "workshop", "kitchen", None)))
    spots = [
        _spot(np.array(top.centre) + np.array((0, top.headroom * 0.3, 0)), 0.1)
        for top in there.tops
        if 0.25 < top.centre[1] < 1.7
    ]
    return spots or [there]


def _pigeonholes(rng: Generator, palette: Palette) -> Piece:
    """A grid of small compartments."""
    columns, rows = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    cell_w, cell_h, d = rng.uniform(0.15, 0.4), rng.uniform(0.15, 0.35), rng.uniform(0.2, 0.4)
    w, h, t = columns * cell_w, rows * cell_h, rng.uniform(0.006, 0.02)
    foot = rng.uniform(0, max(0.01, 1.6 - h))
    look = palette.furniture(rng)
    parts = [box((w, h, 0.006), look, (0, foot + h / 2, -d / 2))]
    parts += [box((t, h, d), look, (x * cell_w - w / 2, foot + h / 2, 0)) for x in range(columns + 1)]
    parts += [box((w, t, d), look, (0, foot + y * cell_h, 0)) for y in range(rows + 1)]
    size = cell_w - 2 * t, d * 0.95, cell_h - t
    tops = [
        Top(((x + 0.5) * cell_w - w / 2, foot + y * cell_h + t / 2, 0), *size, "shelf")
        for x in range(columns)
        for y in range(rows)
    ]
    if foot > 0.1:
        parts.append(box((w * 0.95, foot, d * 0.9), palette.furniture(rng), (0, foot / 2, 0)))
    return Piece(parts, tops)


def cloths(room: Room) -> list[Piece]:
    """A bed or sofa with clothes, towels, bags; or a heap of cloth on a table."""
    rng, palette = room.rng, room.palette
    maker = one_of(rng, (furniture.bed, furniture.sofa, furniture.coffee_table, furniture.dining_table))
    piece = maker(rng, palette)
    there = room.along(piece) or room.free(piece)
    if there is None:
        return floor(room)
    seat = (there.low + there.high) / 2
    top = there.tops[0] if there.tops else Top((float(seat[0]), 0.5, float(seat[2])), 0.7, 0.5, 0.5)
    makers = (things.cloth, things.cloth, things.towels, things.bag, things.headset, things.open_book)
    seen = _laid(room, top, makers, int(rng.integers(2, 9)), 0.1)
    n = 25
    z, x = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
    w, d = rng.uniform(0.4, 1.0, 2)
    high = (0.04 + 0.03 * noise(rng, 32, 1.9)[:n, :n]).clip(0.003)
    spread = grid(
        np.stack([x * w, high, z * d], -1), palette.cloth(rng), at=top.centre, yaw=rng.uniform(0, 3)
    )
    blanket = Piece([spread])
    room.things.append(blanket)
    return [*seen, blanket]


def cables(room: Room) -> list[Piece]:
    """Electronics: cables, power strips, circuit boards, devices."""
    rng, palette = room.rng, room.palette
    table = _table(room, one_of(rng, ("desk", "workshop")))
    top = table.tops[0]
    makers: tuple[Maker, ...] = (
        things.cable, things.cable, things.cable, things.power_strip, _circuit, things.phone, things.mouse,
        things.headset,
        things.speaker, things.screwdriver, things.coil, things.laptop, things.keyboard,
    )  # fmt: skip
    seen = _laid(room, top, makers, int(rng.integers(6, 22)), 0.12)
    for _ in range(rng.integers(1, 5)):  # over the edge and across
        x = rng.uniform(-0.4, 0.4, 4) * top.width
        z = np.linspace(-0.4, 0.5, 4) * top.depth
        line = np.stack([x, np.abs(rng.normal(0.01, 0.02, 4)) + 0.004, z], -1)
        if rng.random() < 0.5:
            line[-1] += (0, -0.25, 0.06)
            line[-2][2] = 0.47 * top.depth
        wire = Piece([tube(curve(line, 8), rng.uniform(0.002, 0.005), palette.plastic(rng, 0.6), sides=5)])
        room.things.append(wire.moved(top.centre, top.yaw))
    return seen or [table]


def _circuit(rng: Generator, palette: Palette) -> Piece:
    """A circuit board with chips, sockets and capacitors."""
    w, d = rng.uniform(0.05, 0.24), rng.uniform(0.05, 0.2)
    colour = np.array([[0.05, 0.3, 0.15], [0.05, 0.15, 0.35], [0.06, 0.06, 0.07], [0.4, 0.08, 0.08]])[
        rng.integers(4)
    ]
    parts = [box((w, 0.002, d), palette.of(rng, "label", colour, 0.5, 0.3, 20.0), (0, 0.006, 0))]
    black, steel = palette.plastic(rng, 1.0), palette.metal(rng)
    chips = []
    for _ in range(rng.integers(6, 30)):
        size = rng.uniform(0.004, 0.02, 3)
        at = (rng.uniform(-0.45, 0.45) * w, 0.007 + size[1] / 2, rng.uniform(-0.45, 0.45) * d)
        chips.append(box(size, black if rng.random() < 0.6 else steel, at))
    return Piece([*parts, np.concatenate(chips)])


def wall(room: Room) -> list[Piece]:
    """Posters, notes and tools on a wall, from near: flat, full of pattern."""
    rng, palette = room.rng, room.palette
    seen = []
    for _ in range(rng.integers(5, 12)):
        maker = one_of(rng, (furniture.picture, furniture.pin_board, furniture.whiteboard,
                             furniture.wall_shelf, _tool_wall, furniture.coats, fittings.switch))  # fmt: skip
        piece = room.along(maker(rng, palette), gap=0.0)
        if piece is not None:
            room.clutter(piece.tops, 1.5)
            seen.append(piece)
    return seen or desk(room)


def _tool_wall(rng: Generator, palette: Palette) -> Piece:
    """A perforated board with tools on hooks."""
    w, h, y = rng.uniform(0.6, 1.4), rng.uniform(0.5, 1.0), rng.uniform(1.2, 1.5)
    board = Piece([box((w, h, 0.012), palette.of(rng, "tile", None, 0.4, 0.0, 8.0), (0, y, 0.006))])
    hung = []
    upright = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) @ np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    for x in np.arange(-w / 2 + 0.1, w / 2 - 0.05, 0.16):
        for level in np.arange(-h / 2 + 0.15, h / 2, 0.28):
            if rng.random() < 0.8:
                tool = one_of(rng, _HUNG_TOOLS)(rng, palette).turned(upright)
                hung.append(tool.moved((x, y + level - tool.size[1] / 2, 0.013 - float(tool.low[2]))))
    return united([board, *hung])


def plants(room: Room) -> list[Piece]:
    """Pots on a table or a sill, flowers, fruit."""
    table = _table(room, "living")
    makers = (things.plant, things.plant, things.vase, things.bowl, things.mug, things.book)
    return _laid(room, table.tops[0], makers, int(room.rng.integers(5, 16))) or [table]


STAGES: dict[TableStage, float] = {
    desk: 4, kitchen: 3.5, bench: 1.5, flat: 2.5, floor: 1.5, drawer: 2, bins: 2.5, compartments: 2.5,
    cloths: 1.2,
    cables: 1.5, wall: 1.2, plants: 0.7,
}  # fmt: skip


def build(rng: Generator, palette: Palette) -> World:
    """One set-up in a room of 4 to 30 square metres with a little furniture."""
    room = Room(rng, palette, rng.uniform(2.0, 5.5), rng.uniform(2.0, 5.5), rng.uniform(2.3, 3.0))
    room.enclose(windows=0.3, doors=0.3)
    seen = weighted(rng, STAGES)(room)
    for _ in range(rng.integers(1, 5)):
        piece = room.along(one_of(rng, _FURNITURE)(rng, palette))
        if piece is not None:
            room.clutter(piece.tops, 0.6)
    for _ in range(rng.integers(1, 6)):
        room.along(one_of(rng, _ON_WALLS)(rng, palette), gap=0.0)
    for _ in range(rng.integers(0, 3)):
        room.free(one_of(rng, _LOOSE)(rng, palette))
    if rng.random() < (0.55 if room.day else 0.95):
        room.lamps(int(rng.choice([1, 2, 4])))

    def look(rng: Generator) -> tuple[Array, Array]:
        piece = one_of(rng, seen)
        reach = float(np.linalg.norm(piece.high - piece.low)) / 2
        distance = log_uniform(rng, 0.15, 0.6) + 0.5 * min(reach, 0.3)
        return near(rng, piece, distance, rng.choice([0.05, 0.3, 0.8]))

    room.look = look
    return room.finished("tabletop")

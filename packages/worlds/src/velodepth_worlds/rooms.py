"""Furnished rooms: doors and windows in the walls, furniture along them and free, things on every top."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from . import fittings, furniture, kitchens, things
from .clutter import clutter
from .draws import log_uniform, one_of, weighted
from .figures import person, robot_arm
from .interiors import Interior, Wall
from .pieces import Floor, Piece, Top
from .scene import Lights, Vector, World, direction, placed, pose, triple
from .shapes import box, panel, sheet, wall
from .textures import Palette

Array = NDArray[np.float64]
Maker = Callable[[Generator, Palette], Piece]

TRIANGLES = 36_000  # a room that has as many gets no further things

# What stands along the walls, what stands free, what hangs, with weights.
STYLES: dict[str, tuple[dict[Maker, float], dict[Maker, float], dict[Maker, float]]] = {
    "office": (
        {furniture.desk: 4, furniture.shelf: 2, furniture.cupboard: 1.5, furniture.drawers: 1,
         furniture.printer: 0.6, furniture.rack: 0.3, kitchens.fridge: 0.1},
        {furniture.desk: 2, furniture.dining_table: 1, furniture.office_chair: 3, furniture.bin_: 1,
         furniture.floor_plant: 0.7, furniture.trolley: 0.4},
        {furniture.whiteboard: 2, furniture.picture: 3, furniture.pin_board: 2, furniture.wall_shelf: 1.5,
         furniture.television: 0.4, fittings.radiator: 1, fittings.switch: 1.5, furniture.coats: 0.5},
    ),
    "kitchen": (
        {kitchens.counter: 5, kitchens.fridge: 2.5, furniture.cupboard: 1, furniture.shelf: 0.8,
         kitchens.washer: 0.8, furniture.drawers: 0.5},
        {furniture.dining_table: 3, furniture.stool: 1, furniture.bin_: 1, furniture.trolley: 0.8,
         furniture.crate: 0.7, furniture.chair: 1},
        {furniture.picture: 2, furniture.wall_shelf: 2, furniture.wall_cupboard: 1.5, fittings.radiator: 1,
         fittings.switch: 2, furniture.pin_board: 0.7},
    ),
    "living": (
        {furniture.sofa: 3, furniture.shelf: 2.5, furniture.drawers: 1.5, furniture.cupboard: 1.5,
         furniture.desk: 1, furniture.floor_lamp: 1, furniture.floor_plant: 1},
        {furniture.coffee_table: 3, furniture.sofa: 1.2, furniture.dining_table: 1.5,
         furniture.floor_plant: 1, furniture.floor_lamp: 0.7, furniture.stool: 0.7, furniture.fan: 0.4,
         furniture.crate: 0.3},
        {furniture.picture: 4, furniture.television: 1.2, furniture.wall_shelf: 1.5, fittings.radiator: 1.2,
         fittings.switch: 1.5, furniture.coats: 0.2},
    ),
    "bedroom": (
        {furniture.bed: 3, furniture.cupboard: 2.5, furniture.drawers: 2, furniture.desk: 1.2,
         furniture.shelf: 1},
        {furniture.chair: 1.5, furniture.stool: 1, furniture.floor_lamp: 1, furniture.floor_plant: 0.7,
         furniture.bed: 1},
        {furniture.picture: 3, furniture.wall_shelf: 1.2, fittings.radiator: 1.2, fittings.switch: 1.5,
         furniture.coats: 1, furniture.television: 0.4},
    ),
    "workshop": (
        {furniture.workbench: 3, furniture.rack: 3, furniture.cupboard: 1.5, furniture.shelf: 1.5,
         furniture.drawers: 1},
        {furniture.workbench: 1.5, furniture.trolley: 1.2, furniture.stool: 1, furniture.ladder: 1,
         furniture.crate: 1.5, furniture.bin_: 1, furniture.fan: 0.5, robot_arm: 0.8},
        {furniture.wall_shelf: 2, furniture.pin_board: 1.5, furniture.picture: 1,
         furniture.wall_cupboard: 1, fittings.switch: 1.5, furniture.whiteboard: 0.7, furniture.coats: 0.7},
    ),
    "utility": (
        {kitchens.washer: 2, kitchens.basin: 2, furniture.cupboard: 1.5, furniture.shelf: 1.5,
         kitchens.counter: 0.7, furniture.rack: 0.7},
        {furniture.bin_: 1.5, furniture.stool: 1, furniture.crate: 1, furniture.ladder: 0.8,
         furniture.trolley: 0.7},
        {furniture.coats: 2, furniture.wall_shelf: 1.2, furniture.wall_cupboard: 1.5, fittings.radiator: 1,
         fittings.switch: 1.5, furniture.picture: 1},
    ),
}  # fmt: skip
_SAT_AT = (furniture.desk, furniture.dining_table, furniture.workbench)
_SEATS: dict[str, Sequence[Maker]] = {
    "office": (furniture.office_chair, furniture.office_chair, furniture.chair),
    "kitchen": (furniture.chair, furniture.chair, furniture.stool),
    "living": (furniture.chair,),
    "bedroom": (furniture.chair, furniture.office_chair),
    "workshop": (furniture.stool, furniture.office_chair),
    "utility": (furniture.stool,),
}


class Room(Interior):
    """A room that is being furnished."""

    keep_off, margin, shell = 0.12, (0.15, 0.08, 0.15), 0.0

    def __init__(self, rng: Generator, palette: Palette, width: float, depth: float, height: float) -> None:
        super().__init__(rng, palette, width, depth, height)
        self.floor = Floor()  # (x, z)
        self.furniture: list[Piece] = []
        self.things: list[Piece] = []
        self.people: list[Piece] = []  # of the furniture
        self.look = self.look_around  # draws an (eye, target) that may not be clear
        self.points: list[tuple[Vector, Vector]] = []  # lamps
        self.triangles = 0

    # ---- walls, light

    def enclose(self, windows: float = 0.5, doors: float = 0.5) -> None:
        """Walls, floor, ceiling, openings. windows, doors: the chance of each wall to have one."""
        rng, palette = self.rng, self.palette
        paint, floor = palette.wall(rng), palette.floor(rng)
        self.day = rng.random() < 0.8
        self.outdoors = palette.outside(rng)
        board = palette.furniture(rng)
        board_high = rng.uniform(0.05, 0.14)
        for side in self.walls:
            look = paint if rng.random() < 0.8 else palette.wall(rng)
            if rng.random() < doors and side.length > 1.6:
                self._door(side)
            count = int(rng.integers(1, 3)) if rng.random() < windows else 0
            for _ in range(count):
                self._window(side)
            self.face(side, wall(side.length, self.height, look, side.holes, 0.15))
            if rng.random() < 0.8:
                x = -side.length / 2
                doorways = sorted(hole for hole in side.holes if hole[1] == 0)
                for left, _, right, _ in (*doorways, (side.length / 2, 0, 0, 0)):
                    if left - x > 0.05:
                        at = ((left + x) / 2, board_high / 2, 0.0075)
                        self.face(side, box((left - x, board_high, 0.015), board, at))
                    x = right
        w, d = self.width + 0.3, self.depth + 0.3
        self.site.cover(box((w, 0.05, d), floor, (0, -0.025, 0)))
        self.site.cover(box((w, 0.05, d), palette.ceiling(rng), (0, self.height + 0.025, 0)))

    def _gap(self, side: Wall, w: float, low: float, high: float) -> float | None:
        """Where along a wall a rectangle of this width and height range is free."""
        for _ in range(5):
            spare = side.length - w
            if spare < 0.05:
                return None
            x = self.rng.uniform(-0.5, 0.5) * spare
            if side.taken.free((x - w / 2, low), (x + w / 2, high)):
                side.taken.take((x - w / 2, low), (x + w / 2, high))
                return float(x)
        return None

    def _door(self, side: Wall) -> None:
        rng, palette = self.rng, self.palette
        door = fittings.door(rng, palette)
        w, h = float(door.size[0]), float(door.high[1])
        x = self._gap(side, w + 0.1, 0, h + 0.05)
        if x is None:
            return
        corners = np.array([side.place(x - w / 2), side.place(x + w / 2, 0, rng.uniform(0.5, 0.9))])[
            :, [0, 2]
        ]
        self.floor.take(corners.min(axis=0), corners.max(axis=0))
        if rng.random() < 0.55:
            self.add(door.moved(side.place(x), side.yaw))
            return
        w, h = w - 0.12, h - 0.06  # open: another room behind it
        side.holes.append((x - w / 2, 0.0, x + w / 2, h))
        deep, wide = rng.uniform(1.0, 4.0), w + rng.uniform(0.1, 1.5)
        look, tall = palette.wall(rng), h + 0.3
        behind = [
            box((wide, 0.02, deep), palette.floor(rng), (x, -0.01, -deep / 2 - 0.15)),
            box((wide, 0.02, deep), look, (x, tall, -deep / 2 - 0.15)),
            box((wide, tall, 0.02), look, (x, tall / 2, -deep - 0.15)),
            *(box((0.02, tall, deep), look, (x + s * wide / 2, tall / 2, -deep / 2 - 0.15)) for s in (-1, 1)),
        ]
        self.face(side, *behind)
        frame = palette.furniture(rng)
        self.face(side, *(box((0.06, h, 0.19), frame, (x + s * w / 2, h / 2, -0.07)) for s in (-1, 1)))
        self.face(side, box((w, 0.06, 0.19), frame, (x, h, -0.07)))
        hinge, swing = rng.choice([-1, 1]), rng.uniform(0.3, 1.5)
        size, at = (w - 0.03, h - 0.02, 0.04), (-hinge * w / 2, h / 2 + 0.005, 0)
        leaf = Piece([box(size, palette.furniture(rng), at)]).moved(yaw=-hinge * swing)
        leaf = leaf.moved((x + hinge * (w / 2 - 0.03), 0, -0.12 if rng.random() < 0.5 else 0.02))
        self.add(leaf.moved(side.place(0), side.yaw))

    def _window(self, side: Wall) -> None:
        rng, palette = self.rng, self.palette
        w, h = rng.uniform(0.6, 2.2), rng.uniform(0.8, 1.6)
        low = rng.uniform(0.75, 1.1)
        h = min(h, self.height - low - 0.15)
        x = self._gap(side, w + 0.1, low - 0.1, low + h + 0.05)
        if x is None:
            return
        side.holes.append((x - w / 2, low, x + w / 2, low + h))
        frame = fittings.window(rng, palette, w, h, None).moved((x, low, -0.125))
        deep = rng.uniform(0.05, 0.25)
        sill = box((w + 0.08, 0.03, 0.15 + deep), palette.furniture(rng), (x, low - 0.015, deep / 2 - 0.075))
        self.face(side, frame.mesh, sill)
        if rng.random() < 0.5 and deep > 0.1:
            self.clutter([Top(triple(side.place(x, low, deep / 2)), w, deep, 0.5, "living", side.yaw)], 1.0)
        if rng.random() < 0.5:
            for s in (-1, 1):
                if rng.random() < 0.8:
                    half = w * rng.uniform(0.18, 0.5)
                    foot = 0.05 if rng.random() < 0.5 else low - 0.15
                    hung = fittings.curtain(rng, palette, half, min(low + h + 0.15, self.height - 0.03), foot)
                    self.add(hung.moved(side.place(x + s * (w / 2 - half * 0.35), 0, deep), side.yaw))
        far = rng.uniform(6, 14)
        tall, wide = far * 0.42, 2.2 * far + w
        if self.day and rng.random() < 0.75:
            at = (x, low + 0.2 * h - tall * 0.2, -far)
            self.face(side, panel(wide, tall * 1.6, self.outdoors, at))

    def lamps(self, count: int) -> None:
        """Hangs lit lamps under the ceiling, each a point light."""
        rng = self.rng
        warm = rng.uniform(0, 0.4)
        colour = np.array([1 + 0.3 * warm, 1.0, 1 - warm]) * np.exp(rng.normal(0, 0.06, 3))
        strength = log_uniform(rng, 0.5, 4.0) * (self.width * self.depth / 14) ** 0.5 / max(count, 1) ** 0.7
        lamp = fittings.lamp(rng, self.palette)
        if self.height + lamp.low[1] < 1.9:
            lamp = lamp.moved((0, 1.9 - self.height - lamp.low[1], 0))
        spots = [(0.0, 0.0)] if count == 1 else [(x, z) for x in (-0.25, 0.25) for z in (-0.25, 0.25)][:count]
        for x, z in spots:
            at = np.array([x * self.width, self.height, z * self.depth]) + rng.normal(0, 0.15, 3) * (1, 0, 1)
            self.site.cover(placed(lamp.mesh, pose(0.0, at)))
            below = at + np.array((0, float(lamp.low[1]) - 0.08, 0))
            self.points.append((triple(below), triple(colour * strength)))

    def lights(self) -> Lights:
        """Sun through the windows by day, what comes in from the sky, and the lamps."""
        rng = self.rng
        height, way = rng.uniform(0.5, 1.2), rng.uniform(0, 2 * np.pi)
        cast = np.exp(rng.normal(0, 0.08, 3))
        if self.day:
            ambient = rng.uniform(0.15, 0.7) * cast
            shining = rng.uniform(1.0, 5.0) if rng.random() < 0.5 else 0.0
            sky = rng.uniform(1.0, 3.5) * np.array([0.85, 0.95, 1.1])
        else:
            ambient = rng.uniform(0.05, 0.3) * cast
            shining, sky = 0.0, rng.uniform(0.005, 0.05) * np.array([0.6, 0.7, 1.0])
        if rng.random() < 0.08:  # coloured light
            hue = np.exp(rng.normal(0, 0.5, 3))
            ambient = ambient * hue / hue.mean()
        return Lights(
            triple(direction(way, height)),
            triple(shining * np.array([1.1, 1.0, 0.85])),
            triple(ambient),
            triple(sky),
            self.points[:6],
        )

    # ---- furniture

    def add(self, piece: Piece) -> None:
        """A piece that is already in its place."""
        self.furniture.append(piece)
        self.triangles += len(piece.mesh) // 3

    def along(self, piece: Piece, side: Wall | None = None, gap: float | None = None) -> Piece | None:
        """Stands or hangs a piece along a wall where there is room; its place, or None."""
        rng = self.rng
        gap = (0.0 if rng.random() < 0.6 else rng.uniform(0, 0.15)) if gap is None else gap
        for _ in range(3):
            chosen = one_of(rng, self.walls) if side is None else side
            w, top = float(piece.size[0]), float(piece.high[1])
            if top > self.height - 0.02 or piece.size[2] > 2 * chosen.reach - 0.7:
                return None
            spare = chosen.length - w - 0.02
            if spare < 0:
                continue
            snug = rng.random() < 0.25
            x = (rng.choice([-0.5, 0.5]) if snug else rng.uniform(-0.5, 0.5)) * spare - (
                piece.low[0] + piece.high[0]
            ) / 2
            left, right = x + float(piece.low[0]), x + float(piece.high[0])
            low = max(0.0, float(piece.low[1]))
            if not chosen.taken.free((left, low), (right, top)):
                continue
            there = piece.moved(chosen.place(x, 0, gap - min(0.0, float(piece.low[2]))), chosen.yaw)
            plan = there.low[[0, 2]], there.high[[0, 2]]
            stands = low < 1.0
            if stands and not self.floor.free(*plan, -0.01):
                continue
            chosen.taken.take((left, low), (right, top))
            if stands:
                self.floor.take(*plan)
            self.add(there)
            return there
        return None

    def free(self, piece: Piece, gap: float = 0.05) -> Piece | None:
        """Stands a piece anywhere on the floor; its place, or None."""
        rng = self.rng
        for _ in range(5):
            yaw = (
                rng.integers(4) * np.pi / 2 + rng.normal(0, 0.1)
                if rng.random() < 0.6
                else rng.uniform(0, 2 * np.pi)
            )
            turned = piece.moved(yaw=yaw)
            spare = np.array([self.width, self.depth]) - turned.size[[0, 2]] - 0.1
            if (spare < 0).any() or turned.high[1] > self.height - 0.05:
                continue
            spot = rng.uniform(-0.5, 0.5, 2) * spare - (turned.low + turned.high)[[0, 2]] / 2
            if self.floor.free(turned.low[[0, 2]] + spot, turned.high[[0, 2]] + spot, gap):
                there = piece.moved((spot[0], 0, spot[1]), yaw)
                self.floor.take(there.low[[0, 2]], there.high[[0, 2]])
                self.add(there)
                return there
        return None

    def seats(self, table: Piece, makers: Sequence[Maker], sides: Sequence[int]) -> None:
        """Chairs at some sides of a table (0: its front, then by quarter turns), pushed in more or less."""
        rng = self.rng
        top = table.tops[0]
        for side in sides:
            turn = side * np.pi / 2
            width, depth = (top.width, top.depth) if side % 2 == 0 else (top.depth, top.width)
            places = 2 if width > 1.5 and rng.random() < 0.7 else 1
            for i in range(places):
                chair = one_of(rng, makers)(rng, self.palette)
                x = ((i + 0.5) / places - 0.5) * width + rng.normal(0, 0.05)
                if rng.random() < 0.1:
                    chair = person(rng, self.palette, seated=True).moved((0, 0, 0.1))
                out = depth / 2 + rng.uniform(0.05, 0.55)
                centre = np.array([top.centre[0], 0, top.centre[2]])
                at = centre + pose(top.yaw + turn)[:3, :3] @ np.array([x, 0, out])
                there = chair.moved(at, top.yaw + turn + np.pi + rng.normal(0, 0.35))
                half = np.array([self.width, self.depth]) / 2 - 0.02
                plan = there.low[[0, 2]], there.high[[0, 2]]
                if (plan[0] < -half).any() or (plan[1] > half).any():
                    continue
                inner = (there.low + there.high)[[0, 2]] / 2
                if self.floor.free(inner - 0.15, inner + 0.15) or out < depth / 2 + 0.2:
                    self.floor.take(*plan)
                    self.add(there)

    def clutter(self, tops: Sequence[Top], density: float, theme: str | None = None, least: int = 0) -> None:
        """Things on tops, as `clutter.clutter` lays them."""
        for top in tops:
            if self.triangles > TRIANGLES:
                return
            for piece in clutter(self.rng, self.palette, top, density, theme, least):
                self.things.append(piece)
                self.triangles += len(piece.mesh) // 3

    def lay(self, count: int) -> None:
        """Rugs, and things on the floor."""
        rng, palette = self.rng, self.palette
        if rng.random() < 0.45:
            w, d = rng.uniform(0.6, 2.4), rng.uniform(0.5, 1.7)
            if w < self.width - 0.4 and d < self.depth - 0.4:
                x, z = rng.uniform(-0.5, 0.5, 2) * (self.width - w - 0.3, self.depth - d - 0.3)
                rug = palette.printed(rng, "rug")
                yaw = rng.integers(2) * np.pi if rng.random() < 0.7 else 0.1
                self.site.cover(sheet(w, d, rug, at=(x, 0.006, z), yaw=yaw, steps=4))
        for _ in range(count):
            if self.triangles > TRIANGLES:
                return
            self.free(things.thing(rng, palette, "floor", 0.7), 0.01)

    # ---- views

    def view(self, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
        """As `look` draws them, where a camera may be."""
        for _ in range(8):
            eye, target = self.look(rng)
            if self.clear(eye):
                return eye, target
        return None

    def look_around(self, rng: Generator) -> tuple[Array, Array]:
        """Looks around from standing, sitting and robot height, at furniture, and from near at things."""
        half = np.array([self.width, self.depth]) / 2
        choice = rng.random()
        if choice < 0.42 and self.things:
            return near(rng, one_of(rng, self.things), log_uniform(rng, 0.2, 0.9))
        if choice < 0.52 and self.furniture:  # from above: into bins and boxes, onto tops and the floor
            piece = one_of(rng, self.furniture)
            return near(rng, piece, float(piece.size[1]) / 2 + rng.uniform(0.4, 1.3), grazing=0.9)
        if choice < 0.62 and self.people:
            someone = one_of(rng, self.people)
            target = rng.uniform((someone.low + someone.high) / 2, someone.high)
            way, out = rng.uniform(0, 2 * np.pi), log_uniform(rng, 0.45, 3.5)
            return target + out * np.array([np.sin(way), rng.normal(0, 0.2), np.cos(way)]), target
        heights = weighted(rng, {(1.35, 1.75): 0.36, (0.95, 1.35): 0.3, (0.3, 0.95): 0.2, (0.09, 0.3): 0.14})
        x, z = rng.uniform(-1, 1, 2) * (half - 0.15)
        eye = np.array([x, rng.uniform(*heights), z])
        if choice < 0.86 and self.furniture:
            piece = one_of(rng, self.furniture)
            target = rng.uniform(piece.low, piece.high)
            away = eye - target
            if choice < 0.74:  # nearer to it
                eye = target + away * min(1.0, rng.uniform(0.8, 2.2) / max(float(np.linalg.norm(away)), 1e-6))
                eye[1] = max(eye[1], 0.1)
        else:
            target = np.array([-x, rng.uniform(0.2, 1.6), -z]) + rng.normal(0, 0.5, 3) * (1, 0, 1)
        return eye, target

    def finished(self, kind: str) -> World:
        """The world, when all is in its place."""
        for piece in (*self.furniture, *self.things):
            self.site.add(piece)
        return self.world(kind, speed=0.7)


def furnish(room: Room, style: str) -> None:
    """Furniture, people and things of one of STYLES."""
    rng, palette = room.rng, room.palette
    standing, loose, hanging = STYLES[style]
    area = room.width * room.depth
    density = rng.choice([0.3, 0.7, 1.2, 2.0])
    wanted = int(rng.integers(5, 10) + area / 5)
    for _ in range(3 * wanted):
        if len(room.furniture) >= wanted or room.triangles > TRIANGLES / 2:
            break
        maker = weighted(rng, standing)
        piece = room.along(maker(rng, palette))
        if piece is not None and maker in _SAT_AT and rng.random() < 0.8:
            room.seats(piece, _SEATS[style], [0])
    for _ in range(int(rng.integers(1, 5) + area / 7)):
        if room.triangles > 0.7 * TRIANGLES:
            break
        maker = weighted(rng, loose)
        piece = room.free(maker(rng, palette), rng.uniform(0.02, 0.5))
        if piece is not None and maker in _SAT_AT:
            room.seats(piece, _SEATS[style], [k for k in range(4) if rng.random() < 0.6])
    for _ in range(int(rng.integers(3, 10) + area / 6)):
        room.along(weighted(rng, hanging)(rng, palette), gap=0.0)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.5, 0.28, 0.14, 0.08]))):
        someone = room.free(person(rng, palette), 0.0)
        if someone is not None:
            room.people.append(someone)
    order = rng.permutation(len(room.furniture))
    for i in order:
        room.clutter(room.furniture[i].tops, density * rng.uniform(0.3, 1.5))
    room.lay(int(rng.integers(1, int(5 + area / 4))))


def build(rng: Generator, palette: Palette) -> World:
    """A room of 5 to 80 square metres with its furniture, things and lights."""
    wide = (rng.uniform(2.2, 3.4, 2), rng.uniform(3.0, 5.5, 2), rng.uniform(5.0, 9.0, 2))[
        rng.choice(3, p=[0.3, 0.5, 0.2])
    ]
    room = Room(rng, palette, float(wide[0]), float(wide[1]), rng.uniform(2.3, 3.1))
    room.enclose()
    furnish(room, tuple(STYLES)[rng.choice(len(STYLES), p=[0.28, 0.22, 0.18, 0.1, 0.14, 0.08])])
    if rng.random() < (0.55 if room.day else 0.95):
        room.lamps(int(rng.choice([1, 2, 4])))
    return room.finished("room")


def near(rng: Generator, piece: Piece, distance: float, grazing: float = 0.1) -> tuple[Array, Array]:
    """A view of a thing from `distance` metres, from `grazing` radians above the level to straight down."""
    target = (piece.low + piece.high) / 2 + rng.normal(0, 0.06, 3)
    up = rng.uniform(grazing, 1.45)
    way = rng.uniform(0, 2 * np.pi)
    return target + distance * direction(way, up), target

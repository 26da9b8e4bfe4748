"""Things that a hand can hold or move: what lies on tables, in drawers and on shelves. True sizes, metres.

Every maker takes (rng, palette) and returns a Piece whose base is at y = 0 and whose front looks to +z.
"""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from ..draws import weighted
from ..pieces import Piece
from ..textures import Palette
from .electronics import (
    cable,
    coil,
    desk_lamp,
    headset,
    keyboard,
    laptop,
    monitor,
    mouse,
    phone,
    power_strip,
    remote,
    speaker,
)
from .household import (
    bag,
    basket,
    clock,
    cloth,
    frame,
    odd,
    offcut,
    open_box,
    pen,
    pen_cup,
    plant,
    shoe,
    spray,
    towels,
    toy,
    vase,
)
from .kitchenware import (
    appliance,
    board,
    bottle,
    bowl,
    bread,
    can,
    cutlery,
    fruit,
    jar,
    kettle,
    mug,
    pan,
    plate,
    pot,
)
from .paper import (
    book,
    books,
    box_of_card,
    open_book,
    packet,
    paper,
    papers,
    roll,
    row_of_books,
    standing_book,
    tissue,
)
from .tools import drill, hammer, pliers, screwdriver, tool_box

Maker = Callable[[Generator, Palette], Piece]
THEMES: dict[str, dict[Maker, float]] = {
    "desk": {
        mug: 2, bottle: 1.2, can: 0.5, book: 2, books: 2, row_of_books: 1, paper: 3, papers: 3,
        open_book: 1.5,
        packet: 1, tissue: 0.6, keyboard: 2, mouse: 2, phone: 1.5, laptop: 1.5, monitor: 2, speaker: 0.7,
        headset: 0.7, cable: 3, power_strip: 0.5, pen: 2, pen_cup: 1.5, desk_lamp: 1, frame: 0.7, clock: 0.4,
        plant: 0.8, roll: 0.4, pliers: 0.5, odd: 1.3, box_of_card: 0.5, bag: 0.3, toy: 0.3,
    },
    "kitchen": {
        mug: 3, bottle: 3, can: 2, jar: 2.5, bowl: 2.5, plate: 2.5, pot: 2, pan: 1.2, kettle: 1, fruit: 3,
        bread: 0.8, cutlery: 2, board: 1.5, appliance: 1.3, packet: 2.5, roll: 1, spray: 1, cloth: 1.2,
        paper: 0.6, basket: 0.7, plant: 0.5, vase: 0.5, odd: 0.9, phone: 0.3, tissue: 0.3,
    },
    "shelf": {
        row_of_books: 4, books: 2, box_of_card: 2, basket: 1.5, packet: 2, jar: 1, vase: 1, frame: 1,
        plant: 1,
        toy: 1, speaker: 0.6, clock: 0.5, bottle: 0.8, can: 0.6, towels: 0.6, odd: 2.7, papers: 1,
        bag: 0.5, tool_box: 0.4,
    },
    "workshop": {
        screwdriver: 2.5, hammer: 1.5, pliers: 2, drill: 1, tool_box: 1, coil: 1.5, cable: 2.5, can: 1.5,
        spray: 1.5,
        roll: 1.5, box_of_card: 2, basket: 2, bottle: 1, jar: 1.5, paper: 0.7, power_strip: 0.8, odd: 2,
        cloth: 1,
        offcut: 0.8, pen: 0.8, mug: 0.5, packet: 1,
    },
    "living": {
        mug: 1.5, book: 1.5, books: 1.2, open_book: 1, remote: 1.5, phone: 1, vase: 1.2, plant: 1.2,
        bowl: 1.2,
        fruit: 1, frame: 1, toy: 2, bottle: 1, paper: 1.5, desk_lamp: 1, cloth: 1, laptop: 0.6, packet: 0.7,
        clock: 0.5,
        headset: 0.3, plate: 0.7, tissue: 0.5, odd: 1.8, shoe: 0.2, bag: 0.4, cable: 0.5,
    },
    "floor": {
        bag: 2, shoe: 2.5, box_of_card: 3, basket: 1.5, cable: 2, coil: 0.7, toy: 2, books: 1, papers: 1,
        cloth: 2,
        bottle: 0.8, tool_box: 0.8, power_strip: 1, plant: 1, odd: 3, paper: 1.5, speaker: 0.7,
    },
}  # fmt: skip


def thing(rng: Generator, palette: Palette, theme: str, largest: float = 1.0) -> Piece:
    """Anything that belongs to a theme and is no longer than `largest` metres (a small thing if none is)."""
    for _ in range(4):
        piece = weighted(rng, THEMES[theme])(rng, palette)
        if piece.size.max() <= largest:
            return piece
    return fruit(rng, palette) if theme == "kitchen" else pen(rng, palette)

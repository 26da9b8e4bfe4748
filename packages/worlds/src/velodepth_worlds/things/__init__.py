"""Things that a hand can hold or move: what lies on tables, in drawers and on shelves. True sizes, metres.

Every maker takes (rng, palette) and returns a Piece whose base is at y = 0 and whose front looks to +z.
"""

from __future__ import annotations

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
    model,
    odd,
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
from .themes import THEMES, thing
from .tools import drill, hammer, pliers, screwdriver, tool_box

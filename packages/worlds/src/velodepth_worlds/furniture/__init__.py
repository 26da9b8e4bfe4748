"""Furniture: what stands in a place, or hangs there on a hook, and can be carried out. True sizes, metres.

Every maker takes (rng, palette) and returns a Piece: base at y = 0, front towards +z, back at about
z = -depth/2, with the tops on which things may be put. What is built in is in fittings.py, what belongs to a
kitchen or washroom in kitchens.py, and what is small enough to lie on furniture in things/.
"""

from __future__ import annotations

from .hanging import coats, notes, picture, pin_board, television, wall_cupboard, wall_shelf, whiteboard
from .seats import bed, bench, chair, office_chair, sofa, stool
from .standing import bin_, crate, fan, floor_lamp, floor_plant, ladder, printer, trolley, wheeled_bin
from .storage import cupboard, drawers, fronts, pallet, rack, shelf, stocked_rack
from .tables import coffee_table, desk, dining_table, workbench

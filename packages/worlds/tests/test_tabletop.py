"""Close-ups: every stage has something to look at, and is looked at from near."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import rooms, tabletop


def test_close_ups_see_something_from_near(built, views, distance):
    distances = []
    for seed in range(4):
        world = built("tabletop", seed)
        for eye, target in views(world):
            way = np.subtract(target, eye)
            distances.append(distance(world.bodies[0].mesh, eye, way / np.linalg.norm(way)))
    assert min(distances) > 0.04
    assert 0.25 < np.median(distances) < 0.8
    assert np.mean(np.array(distances) < 1.2) > 0.85


@pytest.mark.parametrize("stage", tabletop.STAGES, ids=lambda stage: stage.__name__)
def test_every_stage_sets_up_something_to_look_at(palette, stage):
    room = rooms.Room(np.random.default_rng(2), palette, 3.5, 3.5, 2.5)
    room.enclose(0.2, 0.2)
    seen = stage(room)
    assert seen
    for piece in seen:
        middle = (piece.low + piece.high) / 2
        assert (np.abs(middle[[0, 2]]) < 1.9).all() and -0.05 < middle[1] < 2.2

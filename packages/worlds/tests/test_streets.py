from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import streets
from velodepth_worlds.quads import quads
from velodepth_worlds.scene import Material
from velodepth_worlds.streets import Street


@pytest.mark.parametrize("crossing", [None, (10.0, 17.0)])
@pytest.mark.parametrize("zebra", [None, -30.0])
@pytest.mark.parametrize(("lanes", "parking"), [(2, 0.0), (3, 2.0), (4, 2.2)])
def test_road_and_its_markings_fill_it_without_overlap(crossing, zebra, lanes, parking):
    street = Street(lanes, 3.0, parking, 2.0, 0.12, 3.0, crossing, zebra)
    rectangles = [
        np.array(corners) for painted in (False, True) for corners in streets._roadway(street, painted)
    ]
    area = sum(np.ptp(corners[:, 0]) * np.ptp(corners[:, 2]) for corners in rectangles)
    assert area == pytest.approx(2 * street.half * streets._LENGTH, rel=1e-6)
    mesh = quads(np.array(rectangles), Material(0))
    assert np.allclose(mesh["normal"], (0, 1, 0))
    assert np.allclose(mesh["position"][:, 1], 0)


@pytest.mark.parametrize("kind", ["town", "suburb", "country"])
def test_lanes_are_as_wide_as_lanes_are(kind):
    for seed in range(50):
        street = streets._drawn(np.random.default_rng(seed), kind)
        assert 2.5 <= street.lane <= 4
        assert 0.05 < street.kerb < 0.2
        assert street.pavement > 1
        if street.zebra is not None and street.crossing:
            assert not street.in_crossing(street.zebra, street.zebra + 4)


def test_cameras_keep_out_of_the_way_of_traffic(built):
    worlds = [built("street", seed) for seed in range(3)]
    moving = [(world, body) for world in worlds for body in world.bodies if body.motion]
    assert moving
    for world, body in moving:
        for time in (0.0, 2.0, 5.0):
            there = body.motion(time) @ np.append(body.mesh["position"].mean(axis=0), 1)
            assert there[1] < 0.35 or not world.clear(there[:3])


def test_drivers_sit_in_a_lane_at_the_height_of_drivers(built, views):
    rng = np.random.default_rng(0)
    eyes = np.array(
        [view[0] for view in (built("street", 0).view(rng) for _ in range(200)) if view is not None]
    )
    low = (eyes[:, 1] > 1.2) & (eyes[:, 1] < 1.6) & (np.abs(eyes[:, 0]) < 4)
    assert low.mean() > 0.2

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import buildings, fittings


@pytest.mark.parametrize("storeys", [1, 2, 5])
@pytest.mark.parametrize("shops", [False, True])
def test_storeys_are_as_high_as_storeys_are(palette, storeys, shops):
    for seed in range(4):
        house = buildings.house(np.random.default_rng(seed), palette, 9.0, storeys, shops)
        # the front wall ends at the eaves; roofs and chimneys are above
        front = house.mesh["position"][np.abs(house.mesh["position"][:, 2]) < 1e-4]
        walls = front[front[:, 1] < 4 * storeys]
        assert 2.5 * storeys < walls[:, 1].max()
        if storeys == 5:  # flat
            assert 2.5 * storeys < front[:, 1].max() < 4 * storeys
        assert house.size[0] == pytest.approx(9.0, abs=1.2)
        assert house.low[1] == pytest.approx(0, abs=0.05)


def test_windows_are_holes_with_panes_behind(palette, distance):
    house = buildings.house(np.random.default_rng(0), palette, 9.0, 3)
    triangles = house.mesh["position"].reshape(-1, 3, 3)
    panes = triangles[np.ptp(triangles[..., 2], axis=1) == 0]
    panes = panes[np.isclose(panes[:, 0, 2], -buildings._THICK)].reshape(-1, 6, 3)
    panes = panes[np.ptp(panes, axis=1)[:, :2].min(axis=1) > 0.3]  # not the backs of the frames
    assert len(panes) > 6
    # a little beside the middle, where a bar may be; a balcony may hide some
    seen = [distance(house.mesh, np.add(pane.mean(axis=0), (0.06, 0.06, 5)), (0, 0, -1)) for pane in panes]
    assert np.mean(np.isclose(seen, 5, atol=1e-3)) > 0.7


def test_doors_windows_and_stairs_have_true_sizes(palette):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        door = fittings.door(rng, palette)
        assert 1.9 < door.size[1] < 2.3, "with its frame"
        assert 0.75 < door.size[0] < 2.4, "one wing or two"
        flight = fittings.stairs(rng, palette, 1.2, 2.8)
        levels = np.unique(flight.mesh["position"][flight.mesh["normal"][:, 1] > 0.99][:, 1].round(3))
        steps = levels[levels < 2.81]
        assert 0.14 < np.diff(steps).max() < 0.2
        assert steps.max() == pytest.approx(2.8, abs=0.01)
        assert 0.9 < fittings.railing(rng, palette, 3.0).size[1] < 1.2

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds.scene import Material
from velodepth_worlds.shapes import box
from velodepth_worlds.space import Space

GREY = Material(0)


@pytest.fixture(scope="module")
def space():
    return Space(box((2, 2, 2), GREY, at=(0, 1, 0)))


def test_rays(space):
    assert space.distance((-5, 1, 0.3), (1, 0, 0)) == pytest.approx(4)
    assert space.distance((0.2, 1, 0.3), (0, 0, 1)) == pytest.approx(0.7), "from inside"
    assert space.distance((-5, 2.5, 0), (1, 0, 0)) == np.inf
    assert space.distance((-5, 1, 0), (-1, 0, 0)) == np.inf
    slanted = np.array([1, -1, 0]) / np.sqrt(2)
    assert space.distance((-3, 4, 0.1), slanted) == pytest.approx(2 * np.sqrt(2))


def test_drop(space):
    assert space.drop((0.3, 5, 0.4)) == pytest.approx(3)
    assert space.drop((3, 5, 0)) == np.inf


@pytest.mark.parametrize(
    ("point", "gap"),
    [
        ((0.3, 3, 0.2), 1.0),
        ((2, 1, 0), 1.0),
        ((2, 3, 0), np.sqrt(2)),
        ((2, 3, 2), np.sqrt(3)),
        ((0, 0.4, 0), 0.4),
    ],
)
def test_free_is_the_distance_to_the_nearest_point(space, point, gap):
    assert space.free(point, gap - 0.01)
    assert not space.free(point, gap + 0.01)

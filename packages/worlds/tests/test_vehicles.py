from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import vehicles


@pytest.mark.parametrize(
    ("make", "length", "width", "height"),
    [
        (vehicles.car, (3.5, 5.3), (1.6, 2.4), (1.3, 2.3)),  # with mirrors
        (vehicles.lorry, (6, 12.2), (2.3, 2.6), (2.7, 3.9)),
        (vehicles.bicycle, (1.6, 1.9), (0.4, 0.7), (0.9, 1.2)),
    ],
)
def test_sizes(palette, make, length, width, height):
    for seed in range(8):
        piece = make(np.random.default_rng(seed), palette)
        x, y, z = piece.size
        assert length[0] < z < length[1]
        assert width[0] < x < width[1]
        assert height[0] < y < height[1]
        assert piece.low[1] == pytest.approx(0, abs=0.03), "its wheels stand on the ground"
        assert abs(piece.low[0] + piece.high[0]) < 0.05, "centred"


def test_a_car_is_lower_at_the_bonnet_than_at_the_roof(palette):
    for seed in range(4):
        mesh = vehicles.car(np.random.default_rng(seed), palette).mesh["position"]
        front = mesh[mesh[:, 2] > 0.46 * np.ptp(mesh[:, 2])]
        assert front[:, 1].max() < 0.8 * mesh[:, 1].max()

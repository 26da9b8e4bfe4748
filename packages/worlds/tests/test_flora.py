from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import flora


@pytest.mark.parametrize("high", [4.0, 12.0])
@pytest.mark.parametrize("make", [flora.tree, flora.conifer])
def test_trees_are_as_high_as_asked(palette, make, high):
    for seed in range(5):
        piece = make(np.random.default_rng(seed), palette, high)
        assert 0.7 * high < piece.high[1] < 1.35 * high
        assert -0.5 < piece.low[1] <= 0, "rooted"
        assert np.allclose(np.linalg.norm(piece.mesh["normal"], axis=1), 1, atol=1e-3)


def test_rocks_and_bushes(palette):
    for seed in range(5):
        rock = flora.rock(np.random.default_rng(seed), palette, 2.0)
        assert 0.5 < rock.size.max() < 3.5
        assert rock.low[1] < 0 < rock.high[1], "partly in the ground"
        assert np.allclose(np.linalg.norm(rock.mesh["normal"], axis=1), 1, atol=1e-3)
        assert flora.bush(np.random.default_rng(seed), palette, 1.0).size[1] < 2


def test_grass_stands_on_its_spots(palette):
    spots = np.array([(0, 2.0, 0), (5, -1.0, 3)])
    mesh = flora.grass(np.random.default_rng(0), palette, spots, 0.3)
    for spot in spots:
        near = mesh["position"][np.linalg.norm(mesh["position"] - spot, axis=1) < 1]
        assert near[:, 1].min() == pytest.approx(spot[1], abs=0.05)

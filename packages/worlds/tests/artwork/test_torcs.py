from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds.torcs import Torcs


@pytest.fixture
def game(games):
    return Torcs(games / "usr/share/games/torcs", 16)


def test_track_and_the_middle_of_its_road(game):
    assert game.tracks == ["road/ring"]
    scenery = game.track("road/ring")
    assert len(scenery.ground) == 3 * (58 + 2)
    assert np.allclose(scenery.line[:, 1:], (0, -200), atol=1e-4), "half way between the strip's edges"
    assert (np.diff(scenery.line[:, 0]) > 0).all()
    assert scenery.pictures.shape == (2, 16, 16, 4)


def test_car_stands_on_the_ground_and_looks_ahead(game):
    assert game.cars == ["tiny"]
    mesh, pictures = game.car("tiny")
    size = np.ptp(mesh["position"], axis=0)
    assert mesh["position"][:, 1].min() == 0
    assert size[2] == pytest.approx(4.2, abs=0.05), "as long as its body, along z"
    assert 1.6 < size[0] < 1.9
    assert mesh["layer"].max() < len(pictures)

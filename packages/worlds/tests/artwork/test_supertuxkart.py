from __future__ import annotations

import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds.supertuxkart import METRES, SuperTuxKart


@pytest.fixture
def game(games):
    return SuperTuxKart(games / "usr/share/games/supertuxkart/data", 16)


def test_alpha_counts_only_where_the_material_says_so(game):
    folder = game.folder / "tracks/loop"
    leaf, wrong = game.look(folder, "leaf.png"), game.look(folder, "wrong.png")
    assert leaf.picture[..., 3].min() == 0
    assert wrong.picture[..., 3].min() == 255
    assert game.look(folder, "glass.png") is None
    assert (game.look(folder, "nowhere.png").picture[..., 3] == 255).all()


def test_track(game):
    assert game.tracks == ["loop"]
    scenery = game.track("loop")
    assert np.allclose(scenery.ground["position"].min(axis=0), np.array([-10, 0, -200]) * METRES)
    # the pane is glass, the second tower stands only in reverse races
    assert len(scenery.standing) == 1
    mesh, where = scenery.standing[0]
    place = mesh["position"] @ where[:3, :3].T + where[:3, 3]
    assert np.allclose(place.mean(axis=0), np.array([8, 3, -100]) * METRES, atol=0.02)
    assert np.allclose(np.ptp(place, axis=0), np.array([4, 6, 4]) * METRES, atol=0.02), "scale 2"
    assert scenery.line[0] == pytest.approx(np.array([0, 0, -5]) * METRES)
    assert np.allclose(np.diff(scenery.line, axis=0), np.array([0, 0, -5]) * METRES)
    assert scenery.pictures.shape == (2, 16, 16, 4)


def test_turned_objects_turn_as_in_the_game(game, write_spm):
    # left-handed: +90 degrees about y takes z to x; ours is mirrored in z
    folder = game.folder / "library/stklib_pointer_a"
    positions = np.array([(0, 0, 0), (0, 0.1, 5), (0, 0.2, 5)], float)
    write_spm(folder / "pointer.spm", positions, positions[:, 1:], np.array([(0, 1, 2)]), "ground.png")
    (folder / "node.xml").write_text(
        '<scene><object type="animation" hpr="0 90 0" model="pointer.spm"/></scene>'
    )
    mesh, _ = game.object("stklib_pointer_a")
    assert np.allclose(mesh["position"][1], np.array([5, 0.1, 0]) * METRES, atol=1e-5)


def test_broken_scene_is_named(game, tmp_path):
    folder = tmp_path / "tracks/bad"
    folder.mkdir(parents=True)
    (folder / "scene.xml").write_text("<scene>")
    with pytest.raises(VeloDepthError, match=r"scene\.xml"):
        SuperTuxKart(tmp_path, 16).track("bad")

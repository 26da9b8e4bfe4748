"""Meshes as plain rows: moved and joined as their fields say."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds.scene import VERTEX, Material, joined, placed, pose
from velodepth_worlds.shapes import box, sphere

LOOK = Material(3, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.7, 0.8)


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (0.5, 2.0, 3.0)])
def test_placed_moves_positions_and_keeps_normals_across_the_surface(scale):
    ball = sphere(1.0, LOOK)
    where = pose(0.7, (1.0, 2.0, 3.0)) @ np.diag([*scale, 1.0])
    before = ball.copy()
    moved = placed(ball, where)
    assert ball.tobytes() == before.tobytes()
    expected = ball["position"] @ where[:3, :3].T + where[:3, 3]
    np.testing.assert_allclose(moved["position"], expected, atol=1e-5)
    normals = ball["normal"] @ np.linalg.inv(where[:3, :3])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(moved["normal"], normals, atol=1e-5)
    for name in ("uv", "layer", "tint", "base", "gloss", "emission"):
        np.testing.assert_array_equal(moved[name], ball[name])


def test_joined_is_all_of_them_in_order():
    parts = [box((0.1, 0.2, 0.3), LOOK, (k, 0, 0)) for k in range(3)]
    whole = joined(*parts)
    assert whole.dtype == VERTEX and whole.tobytes() == b"".join(part.tobytes() for part in parts)
    assert joined().shape == (0,) and joined().dtype == VERTEX
    assert len(joined(parts[0], joined())) == 36

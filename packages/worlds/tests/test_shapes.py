"""Shapes: true sizes, unit normals that point outwards, textures in metres or fitted."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth_worlds import shapes
from velodepth_worlds.scene import Material

PLAIN = Material(3, tint=(0.5, 0.6, 0.7), base=(0.1, 0.0, 0.2), gloss=0.4, emission=0.0, scale=2.0)
BEND = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1)]

SOLIDS = {  # closed shapes about the origin, seen from outside
    "box": lambda **at: shapes.box((1.0, 2.0, 0.5), PLAIN, **at),
    "rounded": lambda **at: shapes.rounded((1.0, 2.0, 0.5), 0.1, PLAIN, **at),
    "sphere": lambda **at: shapes.sphere((1.0, 2.0, 0.5), PLAIN, **at),
}
ALL = {
    **SOLIDS,
    "panel": lambda **at: shapes.panel(1.0, 2.0, PLAIN, **at),
    "cylinder": lambda **at: shapes.cylinder(0.5, 2.0, PLAIN, **at),
    "cone": lambda **at: shapes.cylinder(0.5, 2.0, PLAIN, top=0.0, **at),
    "revolve": lambda **at: shapes.revolve([(0, 0), (0.5, 0.2), (0.2, 1)], PLAIN, smooth=True, **at),
    "tube": lambda **at: shapes.tube(shapes.curve(BEND), 0.1, PLAIN, **at),
    "straight tube": lambda **at: shapes.tube([(0, 0, 0), (0, 1, 0)], 0.1, PLAIN, **at),
    "sheet": lambda **at: shapes.sheet(0.2, 0.3, PLAIN, bend=1.0, ripple=0.01, **at),
    "extrude": lambda **at: shapes.extrude([(0, 0), (1, 0), (1, 1), (0, 1)], 0.4, PLAIN, **at),
    "grid": lambda **at: shapes.grid(np.random.default_rng(0).normal(size=(4, 5, 3)), PLAIN, **at),
    "heightfield": lambda at=(0, 0, 0): shapes.heightfield(np.eye(5), 0.5, PLAIN, at),
    "wall": lambda **at: shapes.wall(4.0, 2.5, PLAIN, [(-1, 0, 0, 2), (0.5, 1, 1.5, 2)], **at),
    "capsule": lambda at=(0, 0, 0): shapes.capsule(at, np.add(at, (0, 1, 0)), 0.2, PLAIN, 0.1),
}


def bounds(mesh):
    return mesh["position"].min(axis=0), mesh["position"].max(axis=0)


@pytest.mark.parametrize("name", ALL)
def test_fields_of_every_shape(name):
    mesh = ALL[name]()
    assert len(mesh) % 3 == 0 and len(mesh) > 0
    np.testing.assert_allclose(np.linalg.norm(mesh["normal"], axis=1), 1, atol=1e-5)
    assert np.isfinite(mesh["position"]).all() and np.isfinite(mesh["uv"]).all()
    assert (mesh["layer"] == 3).all() and np.allclose(mesh["tint"], PLAIN.tint)
    assert np.allclose(mesh["base"], PLAIN.base) and np.allclose(mesh["gloss"], 0.4)


@pytest.mark.parametrize("name", ALL)
def test_at_moves_a_shape_and_nothing_else(name):
    here, there = ALL[name](), ALL[name](at=(3.0, -1.0, 2.0))
    np.testing.assert_allclose(
        there["position"] - here["position"], [[3.0, -1.0, 2.0]] * len(here), atol=1e-5
    )
    np.testing.assert_allclose(there["normal"], here["normal"], atol=1e-6)


@pytest.mark.parametrize("name", SOLIDS)
def test_solids_are_true_to_size_and_face_outwards(name):
    mesh = SOLIDS[name]()
    low, high = bounds(mesh)
    np.testing.assert_allclose(high - low, (1.0, 2.0, 0.5), rtol=0.03)
    np.testing.assert_allclose(high + low, 0, atol=1e-5)
    assert (np.einsum("ij,ij->i", mesh["position"], mesh["normal"]) > 0).all()


def test_turns_are_tilt_then_roll_then_yaw():
    x, y, z = np.eye(3)
    np.testing.assert_allclose(shapes.rotation(yaw=np.pi / 2) @ z, x, atol=1e-9)
    np.testing.assert_allclose(shapes.rotation(tilt=np.pi / 2) @ y, z, atol=1e-9)
    np.testing.assert_allclose(shapes.rotation(roll=np.pi / 2) @ x, y, atol=1e-9)
    all_three = shapes.rotation(0.3, 0.5, -0.7)
    steps = shapes.rotation(yaw=0.3) @ shapes.rotation(roll=-0.7) @ shapes.rotation(tilt=0.5)
    np.testing.assert_allclose(all_three, steps, atol=1e-9)


def test_texture_is_in_metres_and_follows_the_longer_side():
    mesh = shapes.box((3.0, 0.1, 1.0), PLAIN)
    top = mesh[mesh["normal"][:, 1] > 0.5]
    assert np.ptp(top["uv"][:, 0]) == pytest.approx(3.0 * PLAIN.scale)
    assert np.ptp(top["uv"][:, 1]) == pytest.approx(1.0 * PLAIN.scale)
    upright = shapes.box((0.1, 3.0, 1.0), PLAIN)
    side = upright[upright["normal"][:, 0] > 0.5]
    along_y = np.polyfit(side["position"][:, 1], side["uv"][:, 0], 1)[0]
    assert abs(along_y) == pytest.approx(PLAIN.scale)


def test_fitted_faces_show_the_picture_once_and_upright():
    mesh = shapes.box((0.2, 0.3, 0.1), PLAIN, fit=True)
    front = mesh[mesh["normal"][:, 2] > 0.5]
    left_top = front[(front["position"][:, 0] < 0) & (front["position"][:, 1] > 0)]
    right_low = front[(front["position"][:, 0] > 0) & (front["position"][:, 1] < 0)]
    assert (left_top["uv"] == 0).all() and (right_low["uv"] == 1).all()
    back = mesh[mesh["normal"][:, 2] < -0.5]  # seen from behind, x runs to the left
    assert (back[back["position"][:, 0] > 0]["uv"][:, 0] == 0).all()
    panel = shapes.panel(0.2, 0.3, PLAIN)
    assert (panel[panel["position"][:, 1] > 0]["uv"][:, 1] == 0).all()


def test_cylinder_stands_on_its_base_and_can_be_open():
    low, high = bounds(shapes.cylinder(0.3, 1.2, PLAIN, sides=32))
    np.testing.assert_allclose(low, (-0.3, 0.0, -0.3), atol=0.01)
    np.testing.assert_allclose(high, (0.3, 1.2, 0.3), atol=0.01)
    pipe = shapes.cylinder(0.3, 1.2, PLAIN, open_top=True)
    on_top = pipe[pipe["position"][:, 1] > 1.1]
    assert (np.abs(on_top["normal"][:, 1]) < 1e-6).all()


def test_bent_paper_keeps_its_length():
    mesh = shapes.sheet(0.3, 0.2, PLAIN, bend=2.0, steps=64)
    low, high = bounds(mesh)
    chord, radius = 2 * np.sin(1.0) * 0.3 / 2.0, 0.3 / 2.0
    assert high[0] - low[0] == pytest.approx(chord, rel=1e-3)
    assert high[1] - low[1] == pytest.approx(radius * (1 - np.cos(1.0)), rel=1e-2)
    assert low[1] == pytest.approx(0.0, abs=1e-7)


def test_tube_keeps_its_radius_around_corners():
    line = shapes.curve(BEND, 12)
    mesh = shapes.tube(line, 0.05, PLAIN, sides=10)
    gap = np.linalg.norm(mesh["position"][:, None] - line[None], axis=2).min(axis=1)
    assert gap.max() < 0.0501


def test_curve_goes_through_its_points():
    line = shapes.curve(BEND, 5)
    for point in BEND:
        assert np.linalg.norm(line - np.array(point), axis=1).min() < 1e-9


def test_wall_is_open_at_its_holes_and_only_there():
    holes = [(-1.0, 0.0, 0.0, 2.0), (0.5, 1.0, 1.5, 2.0)]
    mesh = shapes.wall(4.0, 2.5, PLAIN, holes, thickness=0.2)
    faces = mesh.reshape(-1, 3)
    front = faces[(faces["normal"][:, 0, 2] > 0.5)]
    a, b, c = front["position"].swapaxes(0, 1)
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()
    assert area == pytest.approx(4.0 * 2.5 - 2.0 - 1.0, rel=1e-6)
    middle = (a + b + c) / 3
    for left, low, right, high in holes:
        inside = (middle[:, 0] > left) & (middle[:, 0] < right) & (middle[:, 1] > low) & (middle[:, 1] < high)
        assert not inside.any()
    assert bounds(mesh)[0][2] == pytest.approx(-0.2)


def test_heightfield_heights_and_spacing():
    heights = np.zeros((3, 4))
    heights[1, 2] = 0.7
    mesh = shapes.heightfield(heights, 0.5, PLAIN)
    low, high = bounds(mesh)
    np.testing.assert_allclose(low, (-0.75, 0, -0.5), atol=1e-6)
    np.testing.assert_allclose(high, (0.75, 0.7, 0.5), atol=1e-6)
    peak = mesh["position"][mesh["position"][:, 1] > 0.6][0]
    np.testing.assert_allclose(peak, (0.25, 0.7, 0.0), atol=1e-6)


def test_flat_ground_looks_up():
    mesh = shapes.heightfield(np.zeros((3, 3)), 1.0, PLAIN)
    np.testing.assert_allclose(np.abs(mesh["normal"][:, 1]), 1, atol=1e-6)

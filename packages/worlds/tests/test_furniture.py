"""Furniture, things and figures: sizes of real life, standing on the floor, sound meshes."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from velodepth_worlds import figures, fittings, furniture, kitchens, things
from velodepth_worlds.pieces import Floor, Piece, Top, piled, scattered
from velodepth_worlds.scene import Material
from velodepth_worlds.shapes import box

# metres: (least, most) of width, height, depth
SIZES = {
    furniture.desk: ((0.95, 1.85), (0.68, 1.3), (0.55, 1.1)),
    furniture.dining_table: ((0.65, 2.05), (0.68, 0.8), (0.65, 1.05)),
    furniture.coffee_table: ((0.4, 1.25), (0.33, 0.55), (0.4, 0.8)),
    furniture.workbench: ((0.5, 2.05), (0.78, 0.97), (0.5, 0.85)),
    furniture.office_chair: ((0.5, 0.75), (0.85, 1.45), (0.55, 0.9)),
    furniture.chair: ((0.35, 0.6), (0.74, 1.05), (0.4, 0.65)),
    furniture.stool: ((0.28, 0.45), (0.4, 0.82), (0.28, 0.45)),
    furniture.sofa: ((0.75, 2.85), (0.7, 1.1), (0.75, 1.3)),
    furniture.bed: ((0.9, 2.0), (0.75, 1.3), (1.95, 2.25)),
    furniture.drawers: ((0.38, 1.25), (0.48, 1.15), (0.4, 0.9)),
    furniture.cupboard: ((0.48, 1.85), (0.68, 2.25), (0.33, 0.7)),
    furniture.shelf: ((0.48, 1.85), (0.68, 2.25), (0.22, 0.5)),
    furniture.rack: ((0.88, 1.85), (1.35, 2.2), (0.38, 0.65)),
    furniture.bench: ((1.15, 2.25), (0.4, 1.1), (0.3, 0.8)),
    furniture.wheeled_bin: ((0.45, 0.75), (0.85, 1.2), (0.55, 0.9)),
    kitchens.counter: ((1.15, 3.3), (0.85, 2.35), (0.58, 0.95)),
    kitchens.fridge: ((0.52, 0.8), (0.83, 2.02), (0.58, 0.75)),
    kitchens.washer: ((0.58, 0.62), (0.83, 0.87), (0.57, 0.65)),
    furniture.bin_: ((0.2, 0.5), (0.24, 0.75), (0.2, 0.5)),
    furniture.floor_lamp: ((0.25, 0.55), (1.2, 1.95), (0.25, 0.55)),
    figures.person: ((0.35, 1.2), (1.4, 2.05), (0.2, 1.3)),
    things.mug: ((0.06, 0.14), (0.075, 0.12), (0.06, 0.14)),
    things.bottle: ((0.05, 0.1), (0.14, 0.35), (0.05, 0.1)),
    things.can: ((0.06, 0.12), (0.05, 0.18), (0.06, 0.12)),
    things.book: ((0.16, 0.32), (0.009, 0.05), (0.1, 0.25)),
    things.keyboard: ((0.27, 0.47), (0.007, 0.04), (0.1, 0.17)),
    things.laptop: ((0.28, 0.39), (0.013, 0.32), (0.18, 0.45)),
    things.monitor: ((0.41, 0.73), (0.3, 0.7), (0.13, 0.25)),
    things.phone: ((0.06, 0.21), (0.006, 0.014), (0.12, 0.28)),
    things.mouse: ((0.05, 0.4), (0.028, 0.05), (0.09, 0.5)),
    things.fruit: ((0.03, 0.22), (0.025, 0.14), (0.03, 0.22)),
    things.plate: ((0.13, 0.31), (0.01, 0.1), (0.13, 0.31)),
    things.shoe: ((0.17, 0.4), (0.08, 0.15), (0.2, 0.42)),
}


def makers():
    """All that need no more than (rng, palette); a lamp hangs below its y = 0."""
    found = {maker for theme in things.THEMES.values() for maker in theme}
    for module in (furniture, kitchens, fittings, figures):
        for name, maker in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(maker).parameters.values())
            plain = all(p.default is not p.empty for p in parameters[2:])
            returns_piece = inspect.signature(maker).return_annotation == "Piece"
            if (
                maker.__module__.startswith(module.__name__)
                and not name.startswith("_")
                and plain
                and returns_piece
            ):
                found.add(maker)
    return sorted(found - {fittings.lamp}, key=lambda maker: (maker.__module__, maker.__name__))


@pytest.mark.parametrize("maker", SIZES, ids=lambda maker: maker.__name__)
def test_sizes_are_those_of_real_life(palette, maker):
    sizes = np.array([maker(np.random.default_rng(seed), palette).size for seed in range(12)])
    for axis, (least, most) in enumerate(SIZES[maker]):
        assert least <= sizes[:, axis].min() and sizes[:, axis].max() <= most, (axis, sizes[:, axis])
    assert np.ptp(sizes, axis=0).max() > 0.004 or maker is kitchens.washer  # they differ


@pytest.mark.parametrize("maker", makers(), ids=lambda maker: maker.__name__)
def test_every_piece_is_sound(palette, maker):
    for seed in range(3):
        piece = maker(np.random.default_rng(seed), palette)
        mesh = piece.mesh
        assert np.isfinite(mesh["position"]).all() and np.isfinite(mesh["uv"]).all()
        np.testing.assert_allclose(np.linalg.norm(mesh["normal"], axis=1), 1, atol=1e-4)
        assert ((mesh["layer"] >= 0) & (mesh["layer"] < 48)).all()
        assert piece.low[1] > -0.16  # the sag of a bed cover at most
        assert len(mesh) // 3 < 8000
        low, high = piece.solids()
        assert len(low) == len(piece.starts)
        np.testing.assert_allclose(low.min(axis=0), mesh["position"].min(axis=0))
        np.testing.assert_allclose(high.max(axis=0), mesh["position"].max(axis=0))
        for top in piece.tops:
            assert top.width > 0 and top.depth > 0 and top.headroom > 0
            assert -0.01 < top.centre[1] <= piece.high[1] + 0.05
            assert abs(top.centre[0]) + top.width / 2 < max(-piece.low[0], piece.high[0]) + 0.05


@pytest.mark.parametrize(
    "maker",
    [m for m in makers() if ".things." in m.__module__ and m is not things.clock],
    ids=lambda maker: maker.__name__,
)
def test_things_stand_on_their_base(palette, maker):
    for seed in range(3):
        assert abs(maker(np.random.default_rng(seed), palette).low[1]) < 0.006


def test_a_seed_makes_the_same_piece(palette):
    first, second = (furniture.desk(np.random.default_rng(9), palette) for _ in range(2))
    assert first.mesh.tobytes() == second.mesh.tobytes()


def test_a_plain_office_chair_is_as_large_and_much_cheaper(palette):
    full, plain = (
        [furniture.office_chair(np.random.default_rng(seed), palette, plain) for seed in range(6)]
        for plain in (False, True)
    )
    np.testing.assert_allclose([c.size for c in plain], [c.size for c in full], atol=0.15)
    assert sum(len(c.mesh) for c in plain) < 0.25 * sum(len(c.mesh) for c in full)


def test_bins_of_streets_are_larger(palette):
    small, large = (furniture.bin_(np.random.default_rng(2), palette, scale) for scale in (1.0, 1.5))
    assert large.size[1] > 1.3 * small.size[1]


def test_stocked_rack_keeps_its_goods_within(palette):
    rack = furniture.stocked_rack(np.random.default_rng(0), palette, 6.0, 4.0, 1.0, 1.3)
    assert np.all(rack.size < (6.4, 4.6, 1.3))


def test_seated_people_sit_on_a_chair(palette):
    seated = figures.person(np.random.default_rng(3), palette, seated=True)
    standing = figures.person(np.random.default_rng(3), palette)
    assert 1.1 < seated.size[1] < 1.5 < standing.size[1]


def test_robot_arm_has_the_reach_it_is_given(palette):
    for seed in range(6):
        arm = figures.robot_arm(np.random.default_rng(seed), palette, reach=0.8)
        assert 0.25 < np.abs([arm.low, arm.high]).max() < 1.15


def test_things_of_a_theme_fit_where_they_are_asked_to(palette):
    for theme in things.THEMES:
        rng = np.random.default_rng(4)
        assert max(things.thing(rng, palette, theme, 0.25).size.max() for _ in range(25)) <= 0.25


# ---- pieces


def block(width, height, depth) -> Piece:
    return Piece(
        [box((width, height, depth), Material(0), (0, height / 2, 0))], [Top((0, height, 0), width, depth)]
    )


def test_moved_pieces_take_their_tops_along():
    there = block(2.0, 0.7, 1.0).moved((3.0, 0.0, 1.0), np.pi / 2)
    np.testing.assert_allclose(there.size, (1.0, 0.7, 2.0), atol=1e-5)
    np.testing.assert_allclose(there.tops[0].centre, (3.0, 0.7, 1.0), atol=1e-5)
    assert there.tops[0].yaw == pytest.approx(np.pi / 2)
    np.testing.assert_allclose(np.linalg.norm(there.mesh["normal"], axis=1), 1, atol=1e-5)


def test_turned_pieces_lie_on_the_ground():
    turned = block(0.2, 0.6, 0.1).turned(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    np.testing.assert_allclose(turned.low, (-0.3, 0.0, -0.05), atol=1e-6)
    np.testing.assert_allclose(turned.high, (0.3, 0.2, 0.05), atol=1e-6)


def test_scattered_things_lie_on_their_top_and_do_not_meet():
    rng = np.random.default_rng(0)
    table = block(1.2, 0.75, 0.7).moved((2.0, 0.0, -1.0), 0.0)
    sizes = iter(rng.uniform(0.05, 0.3, (100, 3)))
    laid = scattered(rng, table.tops[0], lambda largest: block(*next(sizes)), 30)
    assert len(laid) > 5
    for piece in laid:
        assert piece.low[1] == pytest.approx(0.75, abs=1e-5)
        assert (piece.low[[0, 2]] >= table.low[[0, 2]] - 1e-5).all()
        assert (piece.high[[0, 2]] <= table.high[[0, 2]] + 1e-5).all()
    for i, one in enumerate(laid):
        for other in laid[:i]:
            apart = (one.low[[0, 2]] >= other.high[[0, 2]] - 1e-5) | (
                other.low[[0, 2]] >= one.high[[0, 2]] - 1e-5
            )
            assert apart.any()


def test_scattered_follows_the_turn_of_its_top():
    rng = np.random.default_rng(0)
    table = block(2.0, 0.5, 0.2).moved((0, 0, 0), np.pi / 2)
    laid = scattered(rng, table.tops[0], lambda largest: block(0.1, 0.1, 0.1), 8)
    spread = np.array([(p.low + p.high) / 2 for p in laid])
    assert np.abs(spread[:, 0]).max() < 0.1 < np.abs(spread[:, 2]).max()


def test_nothing_is_laid_that_is_too_tall():
    top = Top((0, 0, 0), 1.0, 1.0, headroom=0.2)
    assert scattered(np.random.default_rng(0), top, lambda largest: block(0.1, 0.3, 0.1), 5) == []


def test_heaps_stay_in_their_bin_and_grow():
    rng = np.random.default_rng(0)
    top = Top((1.0, 0.1, 0.0), 0.4, 0.3, headroom=0.5)
    heap = piled(rng, top, lambda largest: block(0.12, 0.05, 0.08), 40)
    assert len(heap) > 10
    low = np.min([piece.low for piece in heap], axis=0)
    high = np.max([piece.high for piece in heap], axis=0)
    assert (low > (0.8 - 1e-4, 0.1 - 1e-4, -0.15 - 1e-4)).all() and (
        high < (1.2 + 1e-4, 0.6 + 1e-4, 0.15 + 1e-4)
    ).all()
    assert high[1] > 0.25  # on one another


def test_floor_keeps_gaps():
    floor = Floor()
    floor.take((0.0, 0.0, 0.0), (1.0, 2.0, 1.0))
    assert not floor.free((0.9, 0.0, 0.9), (2.0, 1.0, 2.0))
    assert floor.free((1.1, 0.0, 0.0), (2.0, 1.0, 1.0))
    assert not floor.free((1.1, 0.0, 0.0), (2.0, 1.0, 1.0), gap=0.2)

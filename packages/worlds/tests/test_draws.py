"""Draws follow their weights and stay in their range."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from velodepth_worlds.draws import log_uniform, one_of, weighted


@pytest.mark.parametrize("total", [1.0, 7.0])
def test_keys_come_as_often_as_their_weights_say(total):
    rng = np.random.default_rng(0)
    weights = {"often": 0.7 * total, "seldom": 0.3 * total, "never": 0.0}
    found = Counter(weighted(rng, weights) for _ in range(2000))
    assert found["often"] / 2000 == pytest.approx(0.7, abs=0.04) and "never" not in found


def test_all_choices_are_alike():
    rng = np.random.default_rng(1)
    found = Counter(one_of(rng, ("a", "b", "a", "c")) for _ in range(2000))
    assert [found[each] / 2000 for each in "abc"] == pytest.approx([0.5, 0.25, 0.25], abs=0.04)


def test_halves_of_a_wide_range_come_as_often_by_their_ratio():
    rng = np.random.default_rng(2)
    drawn = np.array([log_uniform(rng, 0.2, 0.8) for _ in range(2000)])
    assert drawn.min() >= 0.2 and drawn.max() <= 0.8
    assert np.mean(drawn < 0.4) == pytest.approx(0.5, abs=0.04)

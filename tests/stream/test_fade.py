"""The cross-fade: a keyframe takes over slowly, except where nothing of the old may stay."""

from __future__ import annotations

import numpy as np
import pytest

import velodepth
from velodepth.stream.fade import NONE, Fade

FLAT = np.zeros((2, 8, 10), np.float32)


def test_the_new_answer_takes_over_evenly():
    shown, new = np.full((8, 10), 2.0, np.float32), np.full((8, 10), 2.5, np.float32)
    fade, factors = Fade(shown, new, FLAT, 4), []
    while True:
        radius, factor = fade.apply(new)
        factors.append(factor)
        np.testing.assert_allclose(radius, new * factor, rtol=1e-6)
        if not fade.advance(FLAT):
            break
    logs = np.log(factors) / np.log(2.0 / 2.5)
    np.testing.assert_allclose(logs, [0.8, 0.6, 0.4, 0.2], atol=1e-5)


def test_what_came_into_view_is_shown_at_once():
    shown, new = np.full((8, 10), 2.0, np.float32), np.full((8, 10), 2.5, np.float32)
    new[:, 5:] = 2.0 * np.exp(NONE + 0.1)
    flow = FLAT.copy()
    flow[0] = -2  # the two left columns were outside
    radius, _ = Fade(shown, new, flow, 4).apply(new)
    assert (radius[:, :2] == new[:, :2]).all() and (radius[:, 5:] == new[:, 5:]).all()
    assert (radius[:, 2:5] < new[:, 2:5]).all()


def test_a_keyframe_does_not_jump(nano, clip):
    """Where only noise changes, a keyframe moves the shown depth by a fraction of what it does without a
    cross-fade."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(clip[30] + rng.normal(0, 5, clip[30].shape), 0, 255).astype(np.uint8) for _ in range(25)]

    def jumps(blend: int) -> list[float]:
        frames = list(nano.run(noisy, policy=velodepth.Adaptive(age=6, blend=blend)))
        return [
            float(np.abs(np.log(frames[f.index].depth / frames[f.index - 1].depth)).mean())
            for f in frames[1:]
            if f.is_keyframe
        ]

    assert np.mean(jumps(8)) < 0.5 * np.mean(jumps(0))


def test_scale_says_what_the_fade_does(nano, clip):
    frames = list(nano.run(clip[:20], policy=velodepth.Adaptive(age=8, blend=4)))
    faded = [f.index for f in frames if f.scale != 1.0]
    keys = [f.index for f in frames if f.is_keyframe and f.index]
    assert faded and all(any(0 <= i - k < 4 for k in keys) for i in faded)
    assert frames[0].scale == pytest.approx(1.0)

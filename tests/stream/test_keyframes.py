"""Each reason on frames that give cause for it, and none without."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import velodepth
from velodepth.stream.keyframes import Since


def reasons(nano, pictures, **knobs) -> list[str | None]:
    return [f.keyframe_reason for f in nano.run(pictures, policy=velodepth.Adaptive(**knobs))]


def off() -> dict[str, float]:
    return dict.fromkeys(("cut", "drift", "wander", "motion", "uncovered"), float("inf"))


def test_a_still_picture_is_looked_at_once(nano, clip):
    assert reasons(nano, [clip[0]] * 6) == ["start"] + [None] * 5


def test_a_steady_walk_needs_few_keyframes(nano, clip):
    found = reasons(nano, clip)
    assert found[0] == "start"
    assert 1 <= sum(r is not None for r in found[1:]) < 0.35 * len(found)
    assert "cut" not in found


def test_a_cut_is_seen_and_nothing_of_the_old_scene_stays(nano, clip):
    other = [np.ascontiguousarray(255 - p[::-1]) for p in clip[60:64]]
    frames = list(nano.run([*clip[:5], *other]))
    assert frames[5].keyframe_reason == "cut"
    fresh = list(nano.run(other))
    for after, alone in zip(frames[5:], fresh, strict=True):
        assert (after.depth == alone.depth).all()
        assert (after.confidence == alone.confidence).all()


def test_the_golden_cut_is_a_keyframe_of_ours(nano, parity):
    """The published policy drags the first scene of this recording into the second: Kffffff."""
    golden = np.load(parity / "golden" / "small_cut.npz")
    pictures = list(golden["frames"])
    change = [np.abs(b.astype(float) - a).mean() for a, b in pairwise(pictures)]
    cut = 1 + int(np.argmax(change))
    assert str(golden["calls"]) == "K" + "f" * (len(pictures) - 1)
    frames = list(nano.run(pictures))
    assert frames[cut].keyframe_reason == "cut"
    for after, alone in zip(frames[cut:], nano.run(pictures[cut:]), strict=True):
        assert (after.depth == alone.depth).all()


def test_fast_motion(nano, clip):
    shifted = np.roll(clip[0], 24, axis=1)
    assert reasons(nano, [clip[0], clip[0], shifted], **off() | {"motion": 0.05})[-1] == "motion"
    assert reasons(nano, [clip[0], clip[0], shifted], **off())[-1] is None


def test_what_the_keyframe_never_saw(nano, clip):
    found = reasons(nano, clip, **off() | {"uncovered": 0.2})
    assert "uncovered" in found and found.count(None) > len(found) / 2
    assert "uncovered" not in reasons(nano, clip, **off())


def test_a_warp_that_explains_nothing(nano, clip):
    rng = np.random.default_rng(0)
    noisy = np.clip(clip[0] + rng.normal(0, 60, clip[0].shape), 0, 255).astype(np.uint8)
    assert reasons(nano, [clip[0], noisy], **off() | {"drift": 0.3})[-1] == "drift"


def test_a_change_of_exposure_is_no_cut(nano, clip):
    brighter = np.clip(clip[0].astype(float) * 0.8 + 30, 0, 255).astype(np.uint8)
    assert reasons(nano, [clip[0], brighter])[-1] is None


def test_age_is_a_ceiling(nano, clip):
    assert reasons(nano, [clip[0]] * 7, age=3) == ["start", None, None, "age", None, None, "age"]


def test_a_policy_may_be_any_object(nano, clip):
    class Third(velodepth.Adaptive):
        def before(self, since, evidence):
            return "age" if since.frames == 3 else None

    found = [f.keyframe_reason for f in nano.run([clip[0]] * 5, policy=Third())]
    assert found == ["start", None, None, "age", None]


def test_an_unknown_policy_is_named(nano):
    with pytest.raises(velodepth.VeloDepthError, match=r"'sometimes'.*adaptive, published, every"):
        nano.stream(policy="sometimes")


def test_published_thresholds_fall_with_patience():
    """alpha + beta * 0.9^(n - 1), and sums that halve (network.md, section 7)."""

    class Step:
        def moved(self) -> float:
            return 0.12

    policy = velodepth.Published()
    since = Since()
    assert policy.after(since, Step(), 0.0) is None  # 0.12 < 0.25
    since.frames = 2
    assert policy.after(since, Step(), 0.0) is None  # 0.18 < 0.235
    since.frames = 6
    assert policy.after(since, Step(), 0.0) == "motion"  # 0.21 > 0.1886
    assert policy.after(Since(), Step(), 0.3) == "uncovered"


def test_a_propagation_that_wanders_is_called_back(nano, clip):
    """A runtime whose propagated radius grows by 2 % a frame may not run away from what the keyframe saw."""
    from dataclasses import replace

    class Growing:
        name, device, keyframe = "growing", "cpu", nano.runtime.keyframe

        def propagate(self, state, canvas, flow):
            new = nano.runtime.propagate(state, canvas, flow)
            return replace(new, radius=state.radius * np.float32(1.02))

    stream = velodepth.DepthStream(Growing(), nano.spec, velodepth.Adaptive(wander=0.1, blend=0))
    frames = [stream.push(clip[0]) for _ in range(20)]
    found = [f.keyframe_reason for f in frames]
    assert found.index("drift") == 7  # 1.02^6 > e^0.1, seen one frame later
    assert max(np.median(f.depth) for f in frames) < 1.15 * np.median(frames[0].depth)

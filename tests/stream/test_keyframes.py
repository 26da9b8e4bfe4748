"""Each reason on frames that give cause for it, and none without."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import velodepth


def reasons(nano, pictures, **knobs) -> list[str | None]:
    return [f.keyframe_reason for f in nano.run(pictures, policy=velodepth.Adaptive(**knobs))]


def off() -> dict[str, float]:
    knobs = ("cut", "drift", "motion", "uncovered", "moving", "moving_still", "age", "age_still")
    return dict.fromkeys(knobs, float("inf"))


def test_a_still_picture_is_looked_at_rarely(nano, clip):
    assert reasons(nano, [clip[0]] * 9) == ["start", *[None] * 5, "age", None, None]


def test_a_walk_is_looked_at_at_least_every_third_frame(nano, clip):
    found = reasons(nano, clip)
    assert found[0] == "start" and "cut" not in found
    assert all(any(found[i : i + 3]) for i in range(len(found) - 2))


def test_what_moves_before_a_standing_camera_is_looked_at_at_once(nano, clip):
    def walked(i: int) -> np.ndarray:
        picture = clip[5].copy()
        picture[80:200, 40 + 6 * i : 100 + 6 * i] = clip[60][60:180, 100:160]
        return picture

    found = reasons(nano, [*[walked(0)] * 4, *[walked(i) for i in range(1, 6)]])
    assert found[:4] == ["start", None, None, None]
    assert all(found[5:]) and set(found[5:]) <= {"moving", "drift", "uncovered"}


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


def test_what_no_look_has_seen(nano, clip):
    found = reasons(nano, clip, **off() | {"uncovered": 0.1})
    assert "uncovered" in found and found.count(None) > len(found) / 2
    assert "uncovered" not in reasons(nano, clip, **off())


def test_a_warp_that_explains_nothing(nano, clip):
    rng = np.random.default_rng(0)
    noisy = np.clip(clip[0] + rng.normal(0, 60, clip[0].shape), 0, 255).astype(np.uint8)
    assert reasons(nano, [clip[0], noisy], **off() | {"drift": 0.3})[-1] == "drift"


def test_a_change_of_exposure_is_no_cut(nano, clip):
    brighter = np.clip(clip[0].astype(float) * 0.8 + 30, 0, 255).astype(np.uint8)
    assert reasons(nano, [clip[0], brighter])[-1] not in {"cut", "drift"}


def test_age_is_a_ceiling(nano, clip):
    found = reasons(nano, [clip[0]] * 7, age_still=3)
    assert found == ["start", None, None, "age", None, None, "age"]


def test_every_n_th_frame(nano, clip):
    frames = list(nano.run(clip[:7], policy="every:3"))
    assert [f.keyframe_reason for f in frames] == ["start", None, None, "every", None, None, "every"]
    with pytest.raises(velodepth.VeloDepthError, match="every 0 frames"):
        velodepth.Every(0)


def test_a_policy_of_a_user(nano, clip):
    class Third(velodepth.Policy):
        def decide(self, evidence):
            return "age" if evidence.frames == 3 else None

    found = [f.keyframe_reason for f in nano.run([clip[0]] * 5, policy=Third())]
    assert found == ["start", None, None, "age", None]


@pytest.mark.parametrize("text", ["sometimes", "every:0", "every:", "every:2.5", "every:-1", "every:٣"])
def test_an_unknown_policy_is_named(nano, text):
    with pytest.raises(velodepth.VeloDepthError, match=r"adaptive, every, every:N, per-frame"):
        nano.stream(policy=text)


def test_published_needs_a_network_that_propagates(nano):
    with pytest.raises(velodepth.VeloDepthError, match=r"published.*nano has none.*large"):
        nano.stream(policy="published")

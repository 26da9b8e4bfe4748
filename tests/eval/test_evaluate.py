"""Runs over made recordings whose figures are known, and what becomes of runs that are stopped or fail."""

from __future__ import annotations

import textwrap
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth.eval.datasets import open_dataset
from velodepth.eval.evaluate import STEPS, Run, evaluate
from velodepth.eval.predictions import FolderPredictor, NetworkPredictor, StreamPredictor
from velodepth.eval.protocols import PROTOCOLS
from velodepth.eval.truth import TruthFrame

from .test_alignment import line, near
from .test_consistency import agree, carried

# Figures


def test_the_truth_itself_is_perfect(run, made):
    values = run(made(), "full").sequences["made"].values
    for name in ("metric", "si", "ssi", "si_frame", "ssi_frame", "disparity", "first"):
        assert values[f"delta1_{name}"] == 1
        assert values[f"absrel_{name}"] == pytest.approx(0, abs=1e-4)
    assert values["scale"] == pytest.approx(1)
    assert values["tau5"] == values["tau5_ssi"] == values["edge_f1"] == 1
    assert values["f1"] == pytest.approx(0.99)
    assert values["chamfer"] == values["mse_3d"] == pytest.approx(0, abs=1e-6)
    assert values["flicker"] == pytest.approx(0, abs=1e-6)
    assert values["drift"] == pytest.approx(0, abs=1e-6)


def test_a_factor_shows_in_metric_figures_only(run, made, true_depth):
    values = run(made(lambda i: 2 * true_depth(i)), "velodepth").sequences["made"].values
    assert values["delta1_metric"] == 0
    assert values["absrel_metric"] == pytest.approx(1)
    assert values["scale"] == pytest.approx(2)
    assert values["delta1_si"] == values["delta1_ssi"] == 1
    assert values["absrel_si"] == pytest.approx(0, abs=1e-6)


def test_figures_are_named_by_what_is_claimed(run, made, true_depth):
    def names(claim, protocol="velodepth"):
        disparity = made(lambda i: 3 / true_depth(i) + 1, claim) if claim == "affine_disparity" else None
        result = run(disparity or made(claim=claim), protocol)
        values = result.sequences["made"].values
        assert values[f"delta1_{'disparity' if protocol == 'vda' else 'ssi'}"] == 1
        return {*values}

    assert {"delta1_metric", "delta1_si", "delta1_ssi", "f1", "tau5", "tau5_ssi", "scale"} <= names("metric")
    scale = names("scale")
    assert {"delta1_si", "delta1_ssi", "f1_si", "tau5_si", "tau5_ssi"} <= scale
    assert not {"delta1_metric", "scale", "f1", "tau5"} & scale
    for claim in ("affine_depth", "affine_disparity"):
        affine = names(claim)
        assert {"delta1_ssi", "f1_ssi", "tau5_ssi"} <= affine
        assert not {"delta1_metric", "delta1_si", "f1", "f1_si", "tau5", "tau5_si", "scale"} & affine
    assert {"delta1_disparity", "tae"} <= names("affine_disparity", "vda")


def test_online_is_aligned_by_the_first_frame_and_sees_drift(run, made, true_depth):
    growing = made(lambda i: 3 * true_depth(i) * np.exp(0.05 * i))  # 0.1 s a frame
    values = run(growing, "online").sequences["made"].values
    assert values["drift"] == pytest.approx(0.5, rel=1e-3)
    expected = np.mean([np.exp(0.05 * i) - 1 for i in range(6)])
    assert values["absrel_first"] == pytest.approx(expected, rel=1e-3)
    assert {*values} == {"absrel_first", "delta1_first", "drift", "keyframe_share", "frames_per_second"}


def test_drift_needs_to_know_the_time(run, made, recording):
    assert "drift" not in run(made(), "online", recording(frame_rate=None)).sequences["made"].values


def test_a_still_camera_flickers_without_truth(run, made, recording, true_depth):
    pulsing = made(lambda i: true_depth(0) * (1.1 if i % 2 else 1.0))
    values = run(pulsing, "full", recording(still=True)).sequences["made"].values
    assert values["still_flicker"] == pytest.approx(np.log(1.1), rel=1e-5)
    assert values["flicker"] == pytest.approx(np.log(1.1), rel=1e-5)
    assert "still_flicker" not in run(pulsing, "full", recording()).sequences["made"].values


def walked_in(index: int) -> np.ndarray:
    """A wall, and from frame 12 on something of 20 x 30 pixels before it."""
    depth = np.full((36, 48), 4, np.float32)
    if index >= 12:
        depth[5:25, 10:40] = 2
    return depth


class Entered:
    """A recording by a camera that stands, into which something walks; stands for a `Sequence`."""

    name, dataset, min_depth, max_depth, frame_rate, still = "entered", "rgbd", 0.01, 10.0, 10.0, True

    def __len__(self):
        return 20

    def __getitem__(self, index):
        depth = walked_in(index)
        picture = np.repeat((40 * depth).astype(np.uint8)[..., None], 3, axis=2)
        return TruthFrame(index, index / 10, picture, depth, None, np.eye(4), None, None)

    def identity(self):
        return self.name


def test_what_walks_in_is_measured_by_itself(run, made):
    late = made(lambda i: walked_in(i - 3 if i >= 12 else i))
    late.per_frame = made(lambda i: 1.5 * walked_in(i))
    result = run(late, "full", Entered()).sequences["entered"]
    assert result.values["fresh"] == 3
    moving = result.series["moving_delta1"]
    assert np.isnan(moving[:12]).all()
    np.testing.assert_array_equal(moving[12:], [0, 0, 0] + 5 * [1])
    assert result.values["delta1_si"] > 0.9  # which does not tell
    assert result.values["still_range"] == 0
    assert result.values["still_step"] == 0  # the picture changes there too
    assert "fresh" not in run(made(walked_in), "full", Entered()).sequences["entered"].values
    late.per_frame.clips.clear()
    skipped = run(late, "full", Entered(), skip=frozenset({"fresh", "still"})).sequences["entered"].values
    assert not {"fresh", "still_range", "still_step"} & {*skipped}
    assert not late.per_frame.clips  # nor is the network run for nothing


def test_something_that_moves_before_a_camera_that_moves(run, made, recording, true_depth):
    """The camera steps to the right; a curtain falls between two frames."""

    class Curtain(recording):
        def __getitem__(self, index):
            frame = super().__getitem__(index)
            if index >= 3:
                frame.depth[4:29, 10:34] = 0.5
            return frame

    values = run(made(lambda i: true_depth(i)), "full", Curtain()).sequences["made"].values
    assert values["moving_delta1"] == 0  # the curtain is not predicted
    right = run(made(lambda i: Curtain()[i].depth), "full", Curtain()).sequences["made"]
    assert right.values["moving_delta1"] == 1
    assert np.isfinite(right.series["moving_delta1"]).tolist() == [False, False, False, True, False, False]
    assert not {"still_range", "still_step", "fresh"} & {*right.values}
    assert "moving_delta1" not in run(made(), "full").sequences["made"].values


class Moving:
    """Makes a predictor say how the camera moved; `off`: too far by this factor; frame 3 is not known."""

    def __init__(self, predictor, off=1.0):
        self.inner, self.off = predictor, off

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def push(self, picture):
        answer = self.inner.push(picture)
        if answer.index not in (0, 3):
            answer.motion = np.eye(4)
            answer.motion[0, 3] = -0.01 * self.off
        return answer


def test_the_cameras_path_is_measured(run, made):
    values = run(Moving(made(), 2), "full").sequences["made"].values
    assert values["motion_share"] == pytest.approx(4 / 5)
    assert values["rpe"] == pytest.approx(0.01)
    assert values["rpe_turn"] == pytest.approx(0)
    assert 0 < values["ate_sim3"] < values["ate_se3"] < 0.02
    scale = run(Moving(made(claim="scale")), "full").sequences["made"].values
    assert "ate_sim3" in scale and not {"ate_se3", "rpe"} & {*scale}
    assert not {"ate_sim3", "rpe", "motion_share"} & {*run(made(), "full").mean}


def test_a_path_is_saved_with_the_predictions(run, made, tmp_path):
    before = run(Moving(made()), "full", save=tmp_path)
    with np.load(tmp_path / "made.npz") as saved:
        assert saved["motion"].shape == (6, 4, 4)
        assert np.isnan(saved["motion"]).all(axis=(1, 2)).tolist() == [True, False, False, True, False, False]
    for again in (FolderPredictor(tmp_path), Moving(made())):
        assert run(again, "full", save=tmp_path / "other").mean == pytest.approx(before.mean)
    assert run(made(), "full", save=tmp_path).mean == pytest.approx(before.mean)  # what was saved is used


def test_without_poses_what_needs_them_is_left_out(run, made, recording):
    values = run(made(), "full", recording(posed=False)).sequences["made"].values
    assert not {"tau5", "tae", "opw", "flicker"} & {*values}
    assert {"delta1_metric", "f1", "drift"} <= {*values}


def test_keyframes_and_speed_are_the_predictors(run, made):
    values = run(made(), "online").sequences["made"].values
    assert values["keyframe_share"] == pytest.approx(2 / 6)
    assert values["frames_per_second"] == pytest.approx(50)


def test_confidence_is_measured_where_it_is(run, made, wrong):
    sure = np.random.default_rng(0).random((36, 48)).astype(np.float32)
    assert "kept" in run(made(wrong, confidence=sure), "velodepth").sequences["made"].values
    assert "kept" not in run(made(wrong), "velodepth").sequences["made"].values


def test_predicted_rays_are_measured_where_the_camera_is_not_given(run, made, recording):
    frame = recording()[0]
    rays = frame.camera.rays(48, 36)
    values = run(made(rays=rays), "velodepth", camera=False).sequences["made"].values
    assert values["rays"] == pytest.approx(1)
    assert values["f1"] == pytest.approx(0.99)
    turned = rays @ np.array([[1, 0, 0], [0, np.cos(0.1), -np.sin(0.1)], [0, np.sin(0.1), np.cos(0.1)]])
    values = run(made(rays=turned.astype(np.float32)), "velodepth", camera=False).sequences["made"].values
    assert values["rays"] < 0.7
    assert values["f1"] < 0.9


def test_predictions_of_another_size_are_resized_to_truth(run, made, true_depth):
    small = made(lambda i: true_depth(i)[::2, ::2])
    values = run(small, "velodepth").sequences["made"].values
    assert 0.9 < values["delta1_metric"] < 1  # not at edges


def test_skipped_figures_are_not_there(run, made):
    values = run(made(), "full", skip=frozenset({"f1", "chamfer", "delta1"})).sequences["made"].values
    assert not [name for name in values if name.startswith(("f1", "chamfer", "delta1"))]
    assert {"edge_f1", "delta2_si", "tau_3d"} <= {*values}


def test_the_velodepth_protocol_means_over_frames_and_the_others_over_sequences(run, made, recording, wrong):
    a, b = recording("a", 3), recording("b", 9)
    per_frame = run(made(wrong), "velodepth", a, b)
    series = np.concatenate([each.series["absrel_metric"] for each in per_frame.sequences.values()])
    assert len(series) == 12
    assert per_frame.mean["absrel_metric"] == pytest.approx(series.mean(), rel=1e-12)
    full = run(made(wrong), "full", a, b)
    both = [each.values["absrel_metric"] for each in full.sequences.values()]
    assert full.mean["absrel_metric"] == pytest.approx(np.mean(both), rel=1e-12)
    assert full.median["absrel_metric"] == pytest.approx(np.median(both), rel=1e-12)
    assert np.mean(both) != pytest.approx(series.mean(), rel=1e-6)


# What a predictor is told and may do


def test_a_predictor_is_told_the_camera_unless_not(run, made, recording):
    predictor = made()
    run(predictor, "velodepth", recording("long", 40))
    (clip,) = predictor.clips
    assert (clip.name, clip.width, clip.height, clip.first, clip.frame_rate) == ("long", 48, 36, 8, 10.0)
    assert clip.camera == recording()[0].camera
    run(predictor, "velodepth", camera=False)
    assert predictor.clips[-1].camera is None


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (lambda t: None if t == 4 else t, "picture 4 was answered with NoneType"),
        (lambda t: 0, "answered for picture 0 where picture 1"),
    ],
)
def test_each_picture_is_answered_once_in_order(run, made, held, message):
    class Careless(made):
        def push(self, picture):
            answer = super().push(picture)
            answer.index = held(answer.index)
            return None if answer.index is None else answer

    with pytest.raises(VeloDepthError, match=f"sequence made: .*({message})"):
        run(Careless(), "online")


def test_maps_that_change_their_size_are_refused(run, made, true_depth):
    with pytest.raises(VeloDepthError, match=r"sequence made: picture 1 .*unlike the first"):
        run(made(lambda i: true_depth(i)[: 36 - i]), "online")


def test_depth_that_is_no_map_is_refused(run, made, true_depth):
    with pytest.raises(VeloDepthError, match=r"sequence made: .*shape \(1, 36, 48\): give \(h, w\)"):
        run(made(lambda i: true_depth(i)[None]), "online")


def test_a_predictor_that_breaks_is_named(run, made):
    class Broken(made):
        def push(self, picture):
            if self.next == 2:
                raise RuntimeError("out of ideas")
            return super().push(picture)

    with pytest.raises(VeloDepthError, match=r"made failed at picture 2 of sequence made .*out of ideas"):
        run(Broken(), "online")


def test_depth_that_changes_its_size_is_refused(run, made, recording):
    class Growing(recording):
        def __getitem__(self, index):
            from dataclasses import replace

            frame = super().__getitem__(index)
            return replace(frame, depth=frame.depth[: 36 - (index == 3)])

    with pytest.raises(VeloDepthError, match=r"sequence made, frame 3: .*one size"):
        run(made(), "online", Growing())


def test_a_full_disk_is_told(run, made, recording, tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # stands for a disk of this size
    try:
        with pytest.raises(VeloDepthError, match=r"sequence made: cannot write .*depth\.npy"):
            run(made(), "online", recording(length=60), cache=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not [*tmp_path.iterdir()]


# Stopped, failed, run again


def test_what_was_measured_is_not_measured_again(run, made, recording, wrong, tmp_path):
    first, second = made(wrong), made(wrong)
    before = run(first, "full", cache=tmp_path)
    after = run(second, "full", cache=tmp_path)
    assert (before.cached, after.cached) == (0, 1)
    assert second.clips == []
    assert after.document() == before.document()
    one, other = before.sequences["made"], after.sequences["made"]
    for name in one.series:
        np.testing.assert_array_equal(one.series[name], other.series[name])
    np.testing.assert_array_equal(one.column.prediction, other.column.prediction)
    assert [w.frame for w in one.worst] == [w.frame for w in other.worst]
    np.testing.assert_array_equal(one.keyframe, other.keyframe)


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "online"},
        {"limit": 4},
        {"camera": False},
        {"skip": frozenset({"f1"})},
        {"name": "another"},
        {"recording": "another"},
    ],
)
def test_another_model_data_or_protocol_is_measured_anew(run, made, recording, tmp_path, change):
    run(made(), "full", cache=tmp_path)
    predictor = made(name=change.pop("name", "made"))
    data = recording(change.pop("recording", "made"))
    assert run(predictor, change.pop("protocol", "full"), data, cache=tmp_path, **change).cached == 0
    assert predictor.clips


def test_a_file_of_the_cache_that_is_not_whole_is_measured_anew(run, made, tmp_path):
    before = run(made(), "online", cache=tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    after = run(made(), "online", cache=tmp_path)
    assert after.cached == 0
    assert after.mean == before.mean


def test_a_run_goes_on_where_it_was_stopped(run, made, recording, tmp_path):
    class Stopped(made):
        def start(self, clip):
            super().start(clip)
            if clip.name == "b":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Stopped(), "full", recording("a"), recording("b"), cache=tmp_path)
    predictor = made()
    result = run(predictor, "full", recording("a"), recording("b"), cache=tmp_path)
    assert [clip.name for clip in predictor.clips] == ["b"]
    assert (result.cached, [*result.sequences]) == (1, ["a", "b"])
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]  # no predictions stay behind


def test_a_sequence_that_fails_stops_the_run_with_its_name(run, made, recording):
    with pytest.raises(VeloDepthError, match="sequence bad, frame 2"):
        run(made(), "full", recording("good"), recording("bad", broken=2), recording("later"))


def test_or_it_is_listed_and_the_run_goes_on(run, made, recording):
    result = run(made(), "full", recording("bad", broken=2), recording("good"), keep_going=True)
    assert [*result.sequences] == ["good"]
    assert [*result.failed] == ["bad"]
    assert "frame 2" in result.failed["bad"]
    assert result.document()["failed"] == result.failed


def test_saved_predictions_are_used_by_another_protocol(run, made, wrong, tmp_path):
    run(made(wrong), "vda", save=tmp_path)
    again = made(wrong)
    reused = run(again, "full", save=tmp_path)
    assert again.clips == []
    assert reused.mean == run(made(wrong), "full").mean


def test_saved_predictions_can_be_measured_as_those_of_another_program(run, made, recording, wrong, tmp_path):
    data = recording("scene/one", 40)
    sure = np.random.default_rng(0).random((36, 48)).astype(np.float32)
    before = run(made(wrong, confidence=sure), "velodepth", data, save=tmp_path)
    after = run(FolderPredictor(tmp_path), "velodepth", data)
    assert after.mean == pytest.approx(before.mean, rel=1e-12)


def test_advance_is_called_for_each_frame(run, made, recording, tmp_path):
    calls: list[int] = []
    for known in (0, 1):
        data = recording("a", 5), recording("b", 4)
        run(made(), "online", *data, cache=tmp_path, advance=lambda: calls.append(1))
        assert len(calls) == STEPS * 9 * (1 + known)


def test_memory_does_not_grow_with_the_sequence(run, made, recording):
    def peak(length):
        tracemalloc.start()
        run(made(), "vda", recording(length=length))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(3)
    frame = 36 * 48 * 8
    assert peak(60) - peak(20) < 40 * frame / 4  # a column and some numbers a frame, not a map


# With real components

RIVAL = """
import numpy as np
from velodepth import Look

class Rival:
    def look(self, picture, camera):
        return Look(1 / (1 + picture[..., 0].astype(np.float32)), "scale")
"""


def test_processes_change_nothing(rgbd, tmp_path):
    (tmp_path / "rival.py").write_text(textwrap.dedent(RIVAL))
    sequences = open_dataset(rgbd("a", "b", "c"))
    rival = NetworkPredictor(f"{tmp_path / 'rival.py'}:Rival")
    calls: list[int] = []
    alone = evaluate(Run(rival, PROTOCOLS["full"]), sequences)
    both = evaluate(Run(rival, PROTOCOLS["full"]), sequences, processes=2, advance=lambda: calls.append(1))
    assert [*both.sequences] == ["a", "b", "c"]
    for result in (alone, both):
        assert all(each.values.pop("frames_per_second") > 0 for each in result.sequences.values())
    assert both.mean == alone.mean
    assert len(calls) == STEPS * 12
    (tmp_path / "rgbd" / "b" / "depth" / "000002.png").write_bytes(b"")
    listed = evaluate(Run(rival, PROTOCOLS["full"]), sequences, processes=2, keep_going=True)
    assert ([*listed.sequences], [*listed.failed]) == (["a", "c"], ["b"])


def load_truth(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Depth (T, h, w) in metres, float32, and poses (T, 4, 4), read without any code of the package."""
    import cv2

    files = sorted((folder / name / "depth").iterdir())
    depth = np.stack([cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in files]) / np.float32(1000)
    rows = np.loadtxt(folder / name / "poses.txt", ndmin=2)
    return depth.astype(np.float32), rows[:, 1:].reshape(-1, 4, 4)


def recompute(depth: np.ndarray, truth: np.ndarray, poses: np.ndarray) -> dict[str, float]:
    """The figures of `full` once more, from evaluation.md alone, with the slow twins of its parts."""
    depth, truth = depth.astype(np.float64), truth.astype(np.float64)
    valid = (truth > 0) & (truth <= 10)
    frames = [
        [*zip(p[m].tolist(), g[m].tolist(), strict=True)] for p, g, m in zip(depth, truth, valid, strict=True)
    ]
    scales = [np.median(g[m]) / np.median(p[m]) for p, g, m in zip(depth, truth, valid, strict=True)]
    lines = [line(near(points), 1e-4) for points in frames]
    s, b = line([pair for points in frames for pair in near(points)], 1e-4)
    ds, db = line([(1 / p, 1 / g) for points in frames for p, g in points], 0)
    found = {
        "metric": depth,
        "si": np.median(scales) * depth,
        "si_frame": np.array(scales)[:, None, None] * depth,
        "ssi": s * depth + b,
        "ssi_frame": np.stack([a * p + c for (a, c), p in zip(lines, depth, strict=True)]),
        "disparity": np.clip(1 / np.maximum(ds / depth + db, 1e-3), 1e-3, 10),
        "first": lines[0][0] * depth + lines[0][1],
    }
    figures = {}
    for name, aligned in found.items():
        pairs = [(p[m], g[m]) for p, g, m in zip(aligned, truth, valid, strict=True)]
        figures[f"delta1_{name}"] = np.mean([((p < 1.25 * g) & (g < 1.25 * p)).mean() for p, g in pairs])
        figures[f"absrel_{name}"] = np.mean([(np.abs(g - p) / g).mean() for p, g in pairs])
    bias = [np.median(np.log(p[m] / g[m])) for p, g, m in zip(found["first"], truth, valid, strict=True)]
    figures["drift"] = np.polyfit(np.arange(len(bias)) / 10, bias, 1)[0]
    for name, aligned in (("tau5", depth), ("tau5_ssi", found["ssi"])):
        shares = [steady_share(aligned, truth, valid, poses, i) for i in range(len(depth) - 1)]
        figures[name] = np.mean(shares)
    return figures


def steady_share(depth, truth, valid, poses, i: int) -> float:
    """tau5 of frame i and the next."""
    way, j = (Pinhole(40.0, 40.0, 24.0, 18.0), *poses[i : i + 2]), i + 1
    here, there = (carried(way[0], z, *way[1:]) for z in (depth[i], np.where(valid[i], truth[i], 0)))
    counted = [at for at in here if valid[j][at] and agree(there.get(at, 0), truth[j][at])]
    return np.mean([agree(here[at], depth[j][at]) for at in counted])


def test_figures_agree_with_the_written_predictions(rgbd, tmp_path):
    """The packaged network over a made data set: everything again from the NPZ, without our code."""
    folder = rgbd("a", "b", length=5)
    run = Run(StreamPredictor("nano"), PROTOCOLS["full"], save=tmp_path / "saved")
    result = evaluate(run, open_dataset(folder))
    for name in ("a", "b"):
        truth, poses = load_truth(folder, name)
        with np.load(tmp_path / "saved" / f"{name}.npz") as written:
            np.testing.assert_array_equal(written["index"], range(5))
            assert written["keyframe"][0] and str(written["claim"]) == "metric"
            figures = recompute(written["depth"], truth, poses)
            speed = 5 / written["seconds"].sum()
        values = result.sequences[name].values
        assert {n: values[n] for n in figures} == pytest.approx(figures, abs=1e-6)
        assert values["frames_per_second"] == pytest.approx(speed)


def test_all_protocols_run_on_real_recordings(data, tmp_path):
    sequences = open_dataset(data / "rgbd")[:2]
    predictor = StreamPredictor("nano")
    for name, protocol in PROTOCOLS.items():
        run = Run(predictor, protocol, limit=2, skip=frozenset({"f1", "chamfer"}), save=tmp_path / name)
        result = evaluate(run, sequences)
        assert len(result.sequences) == 2
        assert all(np.isfinite(value) for each in result.sequences.values() for value in each.values.values())

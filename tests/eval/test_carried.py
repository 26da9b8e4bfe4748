"""Truth in the network's place: what the loop loses by carrying."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from velodepth.eval import report
from velodepth.eval.carried import CARRIED, CarriedPredictor, TrueDepthRuntime, on_canvas, predictors
from velodepth.eval.datasets import open_dataset
from velodepth.eval.evaluate import Run, evaluate
from velodepth.stream.canvas import Canvas, CanvasSpec


def test_truth_lies_on_the_canvas_where_its_pixels_do():
    canvas = Canvas.of(80, 20, CanvasSpec(1600, 1600, 4, max_ratio=2.0))  # padded at top and bottom
    depth = np.repeat(np.arange(1, 41, dtype=np.float32)[None], 10, axis=0)  # half the picture's size
    found = on_canvas(depth, canvas)
    assert found.shape == (canvas.height, canvas.width)
    inside = (np.arange(canvas.height) + 0.5) * canvas.padded_height / canvas.height - canvas.top
    inside = (inside >= 0) & (inside < 20)
    assert 0 < inside.sum() < canvas.height
    assert not found[~inside].any()
    x = (np.arange(canvas.width) + 0.5) / canvas.width * 40
    np.testing.assert_array_equal(found[inside], np.floor(x)[None].repeat(inside.sum(), axis=0) + 1)


def test_an_observer_sees_the_truth_it_was_given_or_spoils_it():
    canvas = Canvas.of(64, 48, CanvasSpec(64 * 48, 64 * 48, 16))
    rays = np.zeros((48, 64, 3), np.float32)
    rays[..., 2] = 0.8
    depth = np.full((48, 64), 2, np.float32)
    depth[:5] = 0

    def off(spoilt: str) -> list[np.ndarray]:
        observer = TrueDepthRuntime(spoilt)
        observer.depth, observer.canvas = depth, canvas
        looks = [observer.look(np.zeros((3, 48, 64), np.float32), rays) for _ in range(40)]
        assert all(look.known is not None and not look.known[:5].any() for look in looks)
        return [np.log(look.radius[5:] / 2.5) for look in looks]

    assert max(np.abs(each).max() for each in off("exact")) < 1e-6
    noise, flicker = off("noise"), off("flicker")
    assert np.mean([each.std() for each in noise]) == pytest.approx(0.05, rel=0.1)
    assert np.std([each.mean() for each in flicker]) > 2 * np.std([each.mean() for each in noise])


def test_what_is_carried_is_measured_alone(rgbd):
    sequences = open_dataset(rgbd("a", length=9))

    def measured(every: int):
        predictor = pickle.loads(pickle.dumps(CarriedPredictor(sequences, "exact", every, "nano")))
        return evaluate(Run(predictor, CARRIED), sequences).sequences["a"]

    always, seldom = measured(1), measured(4)
    assert always.values["keyframe_share"] == 1 and always.values["absrel_metric"] < 0.05
    looked = np.isin(np.arange(9), (0, 4, 8))
    np.testing.assert_array_equal(seldom.keyframe, looked)
    for name in ("delta1_metric", "known_share"):
        np.testing.assert_array_equal(np.isnan(seldom.series[name]), looked)
    assert 0 < seldom.values["known_share"] <= 1
    assert seldom.values["delta1_metric"] > 0.8


def test_only_what_is_known_counts_under_this_protocol_alone(run, made, true_depth, recording):
    def half(index: int) -> np.ndarray:
        depth = true_depth(index).copy()
        depth[:, :24] = math.nan
        return depth

    result = evaluate(Run(made(half), CARRIED), [recording()]).sequences["made"].values
    assert result["delta1_metric"] == 1 and result["known_share"] == pytest.approx(0.5, abs=0.01)
    values = run(made(half), "full").sequences["made"].values
    assert values["delta1_metric"] == pytest.approx(0.5, abs=0.01) and "known_share" not in values


def test_the_table_has_a_row_for_each_kind_and_distance(rgbd):
    sequences = open_dataset(rgbd("a", length=3))
    rows = predictors(sequences, "nano")
    assert len(rows) == 12 and {"exact, every 1", "noise, every 8", "flicker, every 16"} <= {*rows}
    assert len({each.identity() for each in rows.values()}) == 12
    some = {label: rows[label] for label in ("exact, every 4", "noise, every 1")}
    documents = {
        label: evaluate(Run(each, CARRIED), sequences).document() | {"data": "made"}
        for label, each in some.items()
    }
    shown = report.carried_report(documents)
    assert [row[0] for row in shown.tables[0].rows] == [*some]
    assert dict(shown.head)["model"] == ("true depth in the network's place, on the canvas of nano")

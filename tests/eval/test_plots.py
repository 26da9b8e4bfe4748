"""Pictures: that they are drawn, and show what they should."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.eval import plots

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def runs(run, made, recording, wrong, true_depth):
    data = recording("room/one", 8), recording("b", 7)
    return {"every": run(made(wrong), "full", *data), "every:4": run(made(true_depth), "full", *data)}


def documents(runs):
    return {label: result.document() | {"data": "made"} for label, result in runs.items()}


def test_all_pictures_of_several_runs_are_drawn(runs, tmp_path):
    made = plots.draw(tmp_path / "pictures", runs, documents(runs))
    names = {"tradeoff", "worst-every", "worst-every-4"}
    names |= {f"{kind}-{sequence}" for kind in ("time", "slice") for sequence in ("room-one", "b")}
    assert {path.stem for path in made} == names
    assert {*(tmp_path / "pictures").iterdir()} == {*made}
    for path in made:
        picture = cv2.imread(str(path))
        assert min(picture.shape[:2]) > 250, path
        assert 0.02 < np.mean(picture < 250) < 0.95, path  # neither blank nor all ink


def test_what_a_protocol_does_not_measure_is_not_drawn(run, made, tmp_path):
    runs = {"made": run(made(), "vda")}
    names = {path.stem for path in plots.draw(tmp_path, runs, documents(runs))}
    assert names == {"worst", "time-made", "slice-made"}
    with pytest.raises(VeloDepthError, match="made have no delta1 and tau5 in common"):
        plots.draw_tradeoff(tmp_path / "t.png", documents(runs))


def test_the_tradeoff_has_a_marker_a_run_where_its_figures_are(runs):
    figure = plots.tradeoff(documents(runs))
    (axes,) = figure.axes
    means = [document["mean"] for document in documents(runs).values()]
    marked = [each.get_offsets()[0] for each in axes.collections]
    np.testing.assert_allclose(marked, [(mean["delta1_ssi"], mean["tau5_ssi"]) for mean in means])
    assert {text.get_text() for text in axes.texts} == {"every\n50 frames/s", "every:4\n50 frames/s"}


def test_labels_do_not_lie_on_each_other():
    mean = {"delta1_si": 0.6, "tau5": 0.9, "frames_per_second": 30.0}
    near = {
        str(i): {
            "mean": {**mean, "tau5": 0.9 + 0.001 * i},
            "protocol": {"name": "full", "mean_over": "frames"},
            "sequences": {},
        }
        for i in range(5)
    }
    near["far"] = {**near["0"], "mean": {**mean, "tau5": 0.2}}
    from matplotlib.text import Text

    figure = plots.tradeoff(near)
    figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]  # without leader lines
    assert len(boxes) == 6
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_over_time_shows_each_run_and_its_keyframes(runs):
    figure = plots.over_time({label: result.sequences["b"] for label, result in runs.items()})
    error, consistency = figure.axes
    assert [text.get_text() for text in error.get_legend().get_texts()] == ["every", "every:4"]
    line = error.lines[0]
    np.testing.assert_allclose(line.get_xdata(), np.arange(7) / 10)
    np.testing.assert_array_equal(line.get_ydata(), runs["every"].sequences["b"].series["absrel_si_frame"])
    np.testing.assert_array_equal(
        consistency.lines[0].get_ydata(), runs["every"].sequences["b"].series["tau5"]
    )
    ticks = [line for line in error.lines if line.get_marker() == "|"]
    np.testing.assert_allclose(ticks[0].get_xdata(), [0, 0.3, 0.6])


def test_the_contact_sheet_begins_with_the_worst_frame(run, made, recording, true_depth):
    bad = made(lambda i: true_depth(i) if i != 5 else true_depth(i)[::-1])
    result = run(bad, "full", recording("a", 8))
    figure = plots.contact_sheet(result)
    first, second = figure.axes[:4], figure.axes[4:8]  # the headings stand above the first row alone
    titles = [axes.get_title(loc="left").split("\n") for axes in first]
    assert [title[0] for title in titles] == ["picture", "truth", "prediction, aligned", "error"]
    assert titles[0][1] == "a, frame 5" and titles[2][1].startswith("AbsRel si frame 0.")
    assert "\n" not in second[0].get_title(loc="left")


def test_the_slice_shows_the_middle_columns(runs, true_depth):
    figure = plots.time_slice({label: result.sequences["b"] for label, result in runs.items()})
    assert [axes.get_ylabel() for axes in figure.axes] == ["picture", "truth", "every", "every:4"]
    picture, truth, _, perfect = (axes.images[0].get_array() for axes in figure.axes)
    assert picture.shape == (36, 7, 3)
    np.testing.assert_allclose(
        np.asarray(truth)[4:], np.asarray(perfect)[4:], atol=0.02
    )  # below what is unknown
    ticks = figure.axes[3].lines[0].get_xdata()
    np.testing.assert_array_equal(ticks, [0, 3, 6])


def test_a_sequence_without_truth_in_its_middle_column_is_drawn(run, made, recording):
    from dataclasses import replace

    class Blind(recording):
        def __getitem__(self, index):
            frame = super().__getitem__(index)
            depth = frame.depth.copy()
            depth[:, 24] = 0
            return replace(frame, depth=depth)

    plots.time_slice({"made": run(made(), "online", Blind()).sequences["made"]})


def test_no_window_system_is_touched():
    code = "from velodepth.eval import plots; plots._figure(2, 2); import sys; "
    code += "assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

"""Figures of a check, on answers whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.eval import metrics  # noqa: E402
from velodepth.train.checks import check_keyframes, check_propagation, frame_figures  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.data import open_footage  # noqa: E402
from velodepth.train.students import make_student  # noqa: E402


def scene(edge: int = 30) -> np.ndarray:
    depth = np.full((48, 64), 4.0, np.float32)
    depth[:, edge:] = 2.0
    return depth


def test_figures_with_and_without_scale():
    truth = scene()
    figures = frame_figures(1.5 * truth, truth, np.ones_like(truth))
    assert (figures["delta1_si"], figures["delta1_metric"], figures["absrel_si"]) == (1, 0, pytest.approx(0))
    answer = truth.copy()
    answer[:24, :30] *= 1.3
    sure = np.where(answer == truth, 0.9, 0.1)
    figures = frame_figures(answer, truth, sure)
    assert figures["delta1_metric"] == pytest.approx(1 - 30 * 24 / truth.size) and figures["kept"] < 0.1
    assert frame_figures(answer, truth, np.ones_like(truth))["kept"] == 1


def test_figures_are_those_of_eval():
    rng = np.random.default_rng(0)
    truth = scene() * rng.uniform(0.9, 1.1, (48, 64))
    truth[:5] = 0
    depth = 1.4 * np.where(truth > 0, truth, 1) * rng.uniform(0.7, 1.4, truth.shape)
    valid, sure = truth > 0, rng.uniform(size=truth.shape)
    scaled = depth * np.median(truth[valid]) / np.median(depth[valid])
    figures = frame_figures(depth, truth, sure)
    accuracy = metrics.frame_accuracy(scaled, truth, valid)
    assert figures["delta1_si"] == accuracy["delta1"] and figures["absrel_si"] == accuracy["absrel"]
    assert figures["kept"] == pytest.approx(metrics.kept_ratio(scaled, sure, truth, valid))
    assert figures["edge_f1"] == metrics.edge_f1(depth, truth, valid)


def test_both_checks_read_the_held_out_shards(shards):
    settings = Config(data=[shards], out="unused", sizes=[[96, 64]], init="none", checked=12)
    student = make_student(settings)
    held, device = open_footage([shards])[1], torch.device("cpu")
    figures, shown = check_keyframes(student, held, settings, device)
    # An untrained network: one size for all.
    assert {"near_delta1_si", "far_absrel_si", "edge_f1"} <= figures.keys() and figures["edge_f1"] < 0.2
    assert shown and shown[0].picture.shape == (64, 96, 3) and shown[0].truth.shape == (64, 96)
    rolled, _ = check_propagation(student, held, settings, device)
    anew, _ = check_propagation(student, held, settings, device, every=True)
    assert rolled["delta1_si"] == pytest.approx(anew["delta1_si"], abs=0.2)
    assert 0 < rolled["tau5"] <= 1 and 0 < anew["tau5"] <= 1

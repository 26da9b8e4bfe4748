"""Figures of a check, on answers whose figures are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.train.checks import check_keyframes, check_propagation, edge_f1, frame_figures  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.data import open_footage  # noqa: E402
from velodepth.train.students import make_student  # noqa: E402


def scene(edge: int = 30) -> np.ndarray:
    depth = np.full((48, 64), 4.0, np.float32)
    depth[:, edge:] = 2.0
    return depth


def test_edges_are_found_within_two_pixels():
    assert edge_f1(scene(), scene()) == pytest.approx(1)
    assert edge_f1(scene(32), scene()) == pytest.approx(1)
    assert edge_f1(scene(33), scene()) == 0
    assert edge_f1(np.full_like(scene(), 3), scene()) == 0
    both = scene()
    both[:, 10:12] = 9.0  # three edges, two of them wrong
    assert edge_f1(both, scene()) == pytest.approx(0.5, abs=0.01)


def test_edges_at_unknown_pixels_do_not_count():
    truth = scene()
    truth[:, 30:] = 0
    assert math.isnan(edge_f1(scene(), truth))
    steps = np.where(np.arange(64) < 30, 1.0, 1.099).astype(np.float32)[None].repeat(48, 0)
    assert math.isnan(edge_f1(scene(), steps))


def test_figures_with_and_without_scale():
    truth = scene()
    figures = frame_figures(1.5 * truth, truth, np.ones_like(truth))
    assert (figures["delta1_si"], figures["delta1_metric"], figures["absrel_si"]) == (1, 0, pytest.approx(0))
    answer = truth.copy()
    answer[:24, :30] *= 1.3
    sure = np.where(answer == truth, 0.9, 0.1)
    figures = frame_figures(answer, truth, sure)
    assert figures["delta1_metric"] == pytest.approx(1 - 30 * 24 / truth.size) and figures["surer"] < 0.1
    assert frame_figures(answer, truth, np.ones_like(truth))["surer"] == 1


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

"""The packaged graph `fuse` says what `stream/fuse.py` says."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from onnxruntime import InferenceSession

from velodepth.presets.catalogue import NANO
from velodepth.runtime.protocol import State
from velodepth.stream import fuse
from velodepth.stream.evidence import Evidence, Warp
from velodepth.stream.motion import Motion


@pytest.fixture(scope="module")
def graph():
    return InferenceSession(NANO / "fuse.onnx")


@pytest.mark.parametrize(("height", "width"), [(160, 224), (70, 98)])
@pytest.mark.parametrize(("moved", "looks"), [(0.0, 1), (0.35, 4), (3.0, 12)])
def test_the_graph_is_the_rule(graph, height, width, moved, looks):
    """Before a camera that stands, hardly moves and moves; with things that move by themselves, with news
    and what nobody has seen; on canvases of whole cells and of others."""
    random = np.random.default_rng(looks)

    def blobs(size: float) -> np.ndarray:
        return cv2.GaussianBlur(random.standard_normal((height, width), np.float32), (0, 0), 6) * size

    luma = (128 + blobs(500)).clip(0, 255).astype(np.uint8)
    now = luma.copy()
    now[20:50, 30:60] += 40
    follows = (blobs(30) + 1).clip(0, 1)
    carried = fuse.Memory(
        blobs(3), random.uniform(0, 6, luma.shape).astype(np.float32) * (blobs(9) > -0.5),
        random.random(luma.shape, np.float32), np.ones(luma.shape, bool), looks,
    )  # fmt: skip
    observed = State(
        np.exp(carried.log_radius + 0.05 + blobs(2)),
        np.zeros((*luma.shape, 3), np.float32),
        random.random(luma.shape, np.float32),
    )
    flow = np.full((2, height, width), moved, np.float32)
    motion = Motion(np.eye(4), observed.radius, follows)
    evidence = Evidence(2, flow, Warp(flow), luma, now, motion, carried.precision)
    expected = fuse.fuse(carried, observed, evidence)
    named = {
        "carried_log_radius": carried.log_radius,
        "carried_precision": carried.precision,
        "carried_confidence": carried.confidence,
        "radius": observed.radius,
        "confidence": observed.confidence,
        "looks": looks,
    }
    weighed = ("residual", "independent", "moved", "travelled", "rest", "frames")
    given = named | {name: getattr(evidence, name) for name in weighed}
    answer = graph.run(
        ["log_radius", "precision", "fused_confidence"],
        {k: np.float32(v).reshape((1, 1, height, width) if np.ndim(v) else (1,)) for k, v in given.items()},
    )
    assert 0 < np.abs(expected.log_radius - carried.log_radius).mean() < 0.1
    assert expected.precision.min() < 1.01 and expected.precision.max() > 4
    for value, name in zip(answer, ("log_radius", "precision", "confidence"), strict=True):
        np.testing.assert_allclose(value[0, 0], getattr(expected, name), atol=2e-5)


def test_the_note_names_it():
    note = json.loads((NANO / "velodepth.json").read_text())
    assert note["graphs"]["fuse"]["file"] == "fuse.onnx"

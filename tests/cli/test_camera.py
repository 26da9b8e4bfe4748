"""`velodepth camera`: what it prints, what it writes, and that `run` reads it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import velodepth


@pytest.fixture(scope="module")
def lenses(street):
    """fx, fy, cx, cy of frames 0, 4 and 8, each looked at anew."""
    stream = velodepth.load("nano").stream(policy="per-frame")
    cameras = [stream.push(f.picture).camera for f in velodepth.open_source(street) if f.index % 4 == 0]
    return np.array([(c.fx, c.fy, c.cx, c.cy) for c in cameras])


def test_prints_the_median_of_frames_over_the_clip_and_how_far_they_differ(call, street, lenses):
    outcome = call("camera", street, "--frames", 3)
    assert outcome.err == ""
    head, _, _, *rows = outcome.out.splitlines()[:8]
    assert head == f"{street}: 64 x 48 pixels, 3 frames looked at"
    printed = np.array([[float(figure) for figure in row.split()[-4:-1]] for row in rows])
    median = np.median(lenses, axis=0)
    angles = [math.degrees(math.atan(cx / fx) + math.atan((64 - cx) / fx)) for fx, _, cx, _ in lenses]
    every = np.column_stack([lenses, angles])
    assert [row[:26].strip() for row in rows] == ["fx", "fy", "cx", "cy", "horizontal field of view"]
    np.testing.assert_allclose(printed[:4, 0], median, atol=0.051)
    np.testing.assert_allclose(printed[:, 1], every.min(axis=0), atol=0.051)
    np.testing.assert_allclose(printed[:, 2], every.max(axis=0), atol=0.051)


def test_run_takes_what_camera_wrote(call, street, lenses, folder):
    saved = call("camera", street, "--frames", 3, "--save", "lens.json")
    assert "lens.json" in saved.out
    record = json.loads((folder / "lens.json").read_text())
    assert (record["model"], record["width"], record["height"]) == ("pinhole", 64, 48)
    parameters = [record[name] for name in ("fx", "fy", "cx", "cy")]
    np.testing.assert_allclose(parameters, np.median(lenses, axis=0), rtol=1e-12)

    call("run", street, "--camera", "lens.json", "-o", "d.npz", "--max-frames", 2)
    with np.load("d.npz") as written:
        np.testing.assert_array_equal(written["intrinsics"], [parameters] * 2)


def test_a_camera_file_that_is_there_is_kept_unless_told(call, refused, street, folder):
    (folder / "lens.json").write_text("mine")
    said = refused("camera", street, "--save", "lens.json", "--frames", 1)
    assert "lens.json" in said and "--overwrite" in said
    assert (folder / "lens.json").read_text() == "mine"
    call("camera", street, "--save", "lens.json", "--frames", 1, "--overwrite")
    assert velodepth.load_camera("lens.json").size == (64, 48)


def test_a_short_clip_gives_as_many_frames_as_it_has(call, street):
    outcome = call("camera", street, "--frames", 100)
    assert "12 frames looked at" in outcome.out


def test_bad_input_is_one_sentence(refused):
    assert "nowhere.mp4" in refused("camera", "nowhere.mp4")

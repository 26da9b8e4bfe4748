"""A folder with rgb/ and meta.json is read with the camera it tells."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

import velodepth
from velodepth import Pinhole, VeloDepthError

INTRINSICS = {"fx": 50.0, "fy": 51.0, "cx": 33.0, "cy": 23.0}


@pytest.fixture
def recording(tmp_path):
    folder = tmp_path / "walk"
    (folder / "rgb").mkdir(parents=True)
    for index in range(3):
        cv2.imwrite(str(folder / "rgb" / f"{index}.png"), np.full((48, 64, 3), 60 * index, np.uint8))
    (folder / "meta.json").write_text(json.dumps({"intrinsics": INTRINSICS, "fps": 5}))
    return folder


def test_pictures_come_with_camera_and_rate(recording):
    with velodepth.open_source(recording) as source:
        assert source.camera == Pinhole(50, 51, 33, 23, size=(64, 48))
        assert [frame.time for frame in source] == pytest.approx([0, 0.2, 0.4])


def test_its_depth_is_seen_through_its_camera(recording, nano):
    assert next(nano.run(recording)).camera == Pinhole(50, 51, 33, 23, size=(64, 48))


def test_a_rate_that_is_not_told_is_the_callers(recording):
    (recording / "meta.json").write_text(json.dumps({"intrinsics": INTRINSICS, "fps": None}))
    assert velodepth.open_source(recording, frame_rate=7).frame_rate == 7


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"intrinsics": {"fx": 1}}', '{"camera": {"model": "?"}}'])
def test_a_meta_that_tells_no_camera_is_named(recording, text):
    (recording / "meta.json").write_text(text)
    with pytest.raises(VeloDepthError, match=r"meta\.json"):
        velodepth.open_source(recording)

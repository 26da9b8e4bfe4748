"""A user's own recordings as footage."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.train.folders import open_recordings


def test_a_recording_is_read_as_it_was_written(tmp_path, write_recording):
    clip = write_recording(tmp_path / "b")
    write_recording(tmp_path / "a", poses=False)
    (tmp_path / "notes").mkdir()
    first, second = open_recordings(tmp_path)
    assert (first.folder.name, second.folder.name) == ("a", "b") and first.pose is first.flow is None
    assert second.picture.shape[1:3] == clip.depth.shape[1:]
    np.testing.assert_array_equal(second.picture[3], clip.picture[3])
    np.testing.assert_allclose(second.depth[3], clip.depth[3], atol=2e-3)
    frame = second.frames[3]
    assert (frame["index"], frame["length"]) == (3, 6) and frame["camera"]["fx"] == 90
    np.testing.assert_allclose(second.pose[3], clip.pose[3], atol=1e-6)


def test_flow_follows_from_depth_and_pose(tmp_path, write_recording):
    clip = write_recording(tmp_path)
    recording = open_recordings(tmp_path)[0]
    for row, side in ((2, 0), (2, 1), (5, 0)):
        hidden = recording.occluded(row)[side]
        assert (hidden == clip.occluded[row, side]).mean() > 0.97
        both = ~hidden & ~clip.occluded[row, side]
        np.testing.assert_allclose(
            recording.flow[row][side][:, both], clip.flow[row, side][:, both], atol=0.02
        )
    assert recording.occluded(5)[1].all() and recording.occluded(0)[0].all()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda f: (f / "depth" / "000004.png").unlink(), "6 pictures in rgb and 5 in depth"),
        (lambda f: (f / "meta.json").write_text("{}"), r"meta\.json does not tell the camera"),
        (lambda f: (f / "meta.json").unlink(), r"meta\.json does not tell the camera"),
        (lambda f: (f / "poses.txt").write_text("0 1 2"), r"poses\.txt is not understood"),
        (lambda f: (f / "poses.txt").write_text("0" + " 1" * 16), r"poses\.txt has no pose for frame 1"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, write_recording, harm, told):
    write_recording(tmp_path)
    harm(tmp_path)
    with pytest.raises(VeloDepthError, match=told):
        open_recordings(tmp_path)


def test_depth_of_another_kind_is_refused_when_its_turn_comes(tmp_path, write_recording):
    write_recording(tmp_path)
    cv2.imwrite(str(tmp_path / "depth" / "000001.png"), np.zeros((72, 96), np.uint8))
    recording = open_recordings(tmp_path)[0]
    with pytest.raises(VeloDepthError, match=r"000001\.png is no 16-bit depth of 96 x 72"):
        recording.depth[1]


def test_real_recordings():
    root = os.environ.get("VELODEPTH_DATA")
    if not root:
        pytest.skip("VELODEPTH_DATA does not name a folder with rgbd/")
    recordings = open_recordings(Path(root) / "rgbd")
    assert len(recordings) == 7
    for recording in recordings:
        meta = json.loads((recording.folder / "meta.json").read_text())
        known = recording.depth[0] > 0
        assert len(recording.frames) == meta["n_frames"] and 0.1 < np.median(recording.depth[0][known]) < 10
    kitchen = next(r for r in recordings if r.folder.name == "kitchen_7scenes_a")
    assert (~kitchen.occluded(1)[0]).mean() > 0.5

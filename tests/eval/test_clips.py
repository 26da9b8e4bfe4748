"""Plain videos, of which no depth is known."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.eval.clips import VideoSequence
from velodepth.eval.datasets import open_dataset
from velodepth.eval.protocols import PROTOCOLS
from velodepth.media.reading import open_source

from ..videos import write_video

COUNT = 12


def write(path: Path, moves: float = 0, enters: int = COUNT) -> Path:
    """64 x 48 at 25 frames a second: a pattern that goes `moves` pixels a frame to the left, and from frame
    `enters` on a bright square before it."""
    x, y = np.meshgrid(np.arange(200), np.arange(48))
    wide = np.stack([128 + 60 * np.sin(x / 3), 128 + 60 * np.sin(y / 4), 128 + 0 * x], axis=2)
    lefts = (round(index * moves) for index in range(COUNT))
    pictures = [wide[:, left : left + 64].astype(np.uint8) for left in lefts]
    for picture in pictures[enters:]:
        picture[10:30, 20:40] = 250
    return write_video(path, pictures, crf="5")


def test_a_clip_is_read_in_any_order(tmp_path):
    path = write(tmp_path / "a.mp4", moves=2)
    pictures = [frame.picture for frame in open_source(path)]
    clip = pickle.loads(pickle.dumps(VideoSequence(path, "a")))
    assert (len(clip), clip.frame_rate, clip.still) == (COUNT, pytest.approx(25), False)
    for index in (0, 1, 1, 5, 3, COUNT - 1):
        frame = clip[index]
        np.testing.assert_array_equal(frame.picture, pictures[index])
        assert (frame.index, frame.time) == (index, pytest.approx(index / 25))
        assert not frame.depth.any() and frame.pose is None and frame.camera is None
    with pytest.raises(IndexError):
        clip[COUNT]
    before = clip.identity()
    write(path, moves=1)
    assert VideoSequence(path, "a").identity() != before


def test_a_camera_that_stands_is_told_by_the_pictures(tmp_path):
    assert VideoSequence(write(tmp_path / "a.mp4"), "a").still
    assert VideoSequence(write(tmp_path / "b.mp4", enters=6), "b").still
    assert not VideoSequence(write(tmp_path / "c.mp4", moves=4), "c").still


def test_a_folder_of_videos_is_a_data_set(tmp_path):
    for name in ("b", "a"):
        write(tmp_path / f"{name}.mp4")
    (tmp_path / "notes.txt").write_text("not a video")
    for found in (open_dataset(tmp_path), open_dataset(tmp_path, "clips")):
        assert [(each.name, each.dataset) for each in found] == [("a", "clips"), ("b", "clips")]
    assert [each.name for each in open_dataset(tmp_path / "a.mp4")] == ["a"]
    with pytest.raises(VeloDepthError, match=r"holds no video: give a folder of \.mp4"):
        open_dataset(tmp_path / "notes.txt", "clips")


def test_figures_that_need_no_truth(run, made, tmp_path):
    def walls(pumps: float, enters: int):
        def depth(index: int) -> np.ndarray:
            wall = np.full((48, 64), 4.0 * (1 + pumps * (index % 2)))
            if index >= enters:
                wall[10:30, 20:40] = 2
            return wall

        return depth

    clip = VideoSequence(write(tmp_path / "a.mp4", enters=7), "a")
    predictor = made(walls(0.05, 9))
    predictor.per_frame = made(walls(0, 7))
    values = run(predictor, "full", clip).sequences["a"].values
    assert {*values} == {
        *("jumps", "still_flicker", "still_range", "still_step", "fresh"),
        *("keyframe_share", "frames_per_second"),
    }
    assert values["still_range"] == pytest.approx(np.log(1.05), rel=1e-3)
    assert values["fresh"] == 2
    moving = VideoSequence(write(tmp_path / "b.mp4", moves=4), "b")
    assert not {"still_range", "still_step", "fresh"} & {*run(predictor, "full", moving).mean}


def test_the_pumping_of_real_cameras(data, run):
    from velodepth.eval.predictions import StreamPredictor

    clips = open_dataset(data / "clips")
    assert all(clip.still for clip in clips)  # at the doorbell, at a red light, in the studio
    result = run(StreamPredictor("nano"), "full", clips[0], limit=8)
    values = result.sequences["bears_doorbell"].values
    assert 0 < values["still_range"] < 1 and values["still_flicker"] < 0.1
    assert result.document()["protocol"]["camera"] == "estimated"


def test_protocols_that_need_truth_give_nothing(run, made, tmp_path):
    clip = VideoSequence(write(tmp_path / "a.mp4"), "a")
    for name in PROTOCOLS:
        values = run(made(lambda i: np.ones((48, 64))), name, clip).sequences["a"].values
        assert not [each for each in values if each.startswith(("delta", "absrel", "tau", "f1"))]

"""What a network may answer, and what it is told where it answers something else."""

from __future__ import annotations

import numpy as np
import pytest

import velodepth
from velodepth.adapters.look import checked_look
from velodepth.cameras import Pinhole

PICTURE = np.zeros((30, 40, 3), np.uint8)
ONES = np.ones((3, 4), np.float32)


class Says:
    """A network that gives what it was made with; a callable is called first."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def look(self, picture, camera):
        self.seen = picture, camera
        return self.answer() if callable(self.answer) else self.answer


def test_the_picture_and_its_camera_come_through():
    network, camera = Says(velodepth.Look(ONES, "metric")), Pinhole(30, 30, 20, 15)
    checked_look(network, "here", PICTURE, camera)
    assert network.seen == (PICTURE, camera) or (network.seen[0] is PICTURE and network.seen[1] is camera)


def test_what_cannot_be_used_is_masked():
    depth = np.array([[1, np.nan, np.inf, 0], [2, -1, 3, 4]])
    mask = np.array([[True] * 4, [True, True, True, False]])
    look = checked_look(Says(velodepth.Look(depth, "scale", mask=mask)), "here", PICTURE, None)
    assert look.depth.dtype == np.float32
    assert look.mask.tolist() == [[True, False, False, False], [True, False, True, False]]
    affine = checked_look(Says(velodepth.Look(depth, "affine_depth")), "here", PICTURE, None)
    assert affine.mask.tolist() == [[True, False, False, True], [True] * 4]


def fails():
    raise RuntimeError("out of\nmemory")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, ["NoneType", "velodepth.Look"]),
        (ONES, ["ndarray", "velodepth.Look"]),
        (fails, ["RuntimeError: out of memory"]),
        (velodepth.Look(None, "metric"), ["no depth"]),
        (velodepth.Look(ONES, "depth"), ["'depth'", "affine_disparity"]),
        (velodepth.Look(ONES[None], "metric"), ["(1, 3, 4)", "(h, w)"]),
        (velodepth.Look(ONES.astype(str), "metric"), ["<U32", "(h, w)"]),
        (velodepth.Look(np.zeros((0, 4)), "metric"), ["(0, 4)"]),
        (velodepth.Look(ONES * np.nan, "affine_depth"), ["NaN"]),
        (velodepth.Look(-ONES, "metric"), ["above 0"]),
        (velodepth.Look(ONES, "metric", mask=ONES), ["mask", "bool"]),
        (velodepth.Look(ONES, "metric", mask=np.ones((4, 3), bool)), ["mask", "(3, 4)"]),
        (velodepth.Look(ONES, "metric", confidence=np.ones(3)), ["confidence", "(3, 4)"]),
        (velodepth.Look(ONES, "metric", camera=(30, 30)), ["tuple", "velodepth.Camera"]),
    ],
)
def test_a_wrong_answer_is_one_sentence(answer, words):
    with pytest.raises(velodepth.VeloDepthError) as error:
        checked_look(Says(answer), "nets/mine.py:Mine", PICTURE, None)
    told = str(error.value)
    assert told.startswith("nets/mine.py:Mine") and "\n" not in told
    assert all(word in told for word in words), told

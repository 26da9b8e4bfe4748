"""Pictures as inputs: sizes, units, and where in the answer the picture is."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.adapters.preparation import Preparation, crop

PLAIN = {"mean": (0, 0, 0), "std": (1, 1, 1)}


@pytest.mark.parametrize(
    ("picture", "expected"), [((720, 1280), (518, 924)), ((240, 320), (392, 518)), ((480, 640), (518, 686))]
)
def test_depth_anything_is_shown_pictures_scaled_as_little_as_possible(picture, expected):
    preparation = Preparation(518, 518, "aspect", 14)
    assert preparation(np.zeros((*picture, 3), np.uint8)).values.shape == (1, 3, *expected)


def test_units_are_those_of_the_network():
    white = np.full((8, 8, 3), 255, np.uint8)
    normal = Preparation(8, 8)(white).values
    np.testing.assert_allclose(
        normal[0, :, 0, 0], [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], rtol=1e-5
    )
    assert Preparation(8, 8, unit=1.0, **PLAIN)(white).values.max() == 255


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(60, 200, **PLAIN),
        Preparation(70, 70, "aspect", 14, **PLAIN),
        Preparation(96, 80, "letterbox", rest=(0.9, 0.9, 0.9), **PLAIN),
        Preparation(40, 160, "letterbox", rest=(0.9, 0.9, 0.9), **PLAIN),
        Preparation(0, 0, "own", 32, **PLAIN),
        Preparation(96, 128, "aspect", 32, reflected=True, **PLAIN),
    ],
)
@pytest.mark.parametrize("grown", [1, 2, 0.5])
def test_the_answer_is_cut_to_the_picture(preparation, grown):
    """A network that says what it is shown, at a size of its own, says where in the picture it is."""
    import cv2

    ramp = np.broadcast_to(np.linspace(20, 220, 90).astype(np.uint8)[:, None, None], (90, 120, 3)).copy()
    ramp[..., 1] = np.linspace(20, 220, 120).astype(np.uint8)
    values, window = preparation(ramp)
    height, width = (round(side * grown) for side in values.shape[2:])
    for channel, axis in ((0, 0), (1, 1)):
        said = cv2.resize(values[0, channel], (width, height), interpolation=cv2.INTER_LINEAR)
        part = crop(said, window, values.shape[2:])
        inner = np.median(part, axis=1 - axis)
        expected = (20 + 200 * (np.arange(inner.size) + 0.5) / inner.size) / 255
        assert np.abs(inner - expected)[3:-3].max() < 0.02

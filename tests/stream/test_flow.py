"""Flow: its direction and unit, and given fields."""

from __future__ import annotations

import numpy as np
import pytest

import velodepth
from velodepth.stream.flow import steadied


def test_dis_says_where_the_content_was(clip):
    before = clip[0][:224, :288]
    now = np.roll(before, (3, 5), axis=(0, 1))  # 5 px to the right, 3 down
    x, y = velodepth.DisFlow()(before, now)
    assert x.dtype == np.float32 and x.shape == (224, 288)
    assert np.median(x) == pytest.approx(-5, abs=0.3) and np.median(y) == pytest.approx(-3, abs=0.3)


def test_no_flow_is_zero(clip):
    assert not velodepth.NoFlow()(clip[0], clip[1]).any()


def test_a_given_flow_is_what_the_stream_uses(nano, clip):
    fields = []

    class Recorder(velodepth.DisFlow):
        def __call__(self, previous, current):
            fields.append(super().__call__(previous, current))
            return fields[-1]

    recorded = [f.depth for f in nano.run(clip[:4], flow=Recorder())]
    given = [f.depth for f in nano.run(clip[:4], flow=velodepth.GivenFlow(fields))]
    without = [f.depth for f in nano.run(clip[:4], flow=velodepth.NoFlow())]
    assert all((a == b).all() for a, b in zip(recorded, given, strict=True))
    assert not (recorded[-1] == without[-1]).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "fewer fields"),
        ([np.zeros((2, 5, 5))], r"frame 1 has shape \(2, 5, 5\).*\(2, 160, 224\)"),
        ([np.full((2, 160, 224), np.nan)], "frame 1 holds NaN"),
    ],
)
def test_a_wrong_given_flow_is_named(nano, clip, fields, message):
    stream = nano.stream(flow=velodepth.GivenFlow(fields))
    stream.push(clip[0])
    with pytest.raises(velodepth.VeloDepthError, match=message):
        stream.push(clip[1])


def test_where_most_of_a_picture_stands_what_looks_as_before_does():
    luma = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
    now = luma.copy()
    now[:, 80:] = 255 - now[:, 80:]
    noise = np.full((2, 64, 96), 0.1, np.float32)
    noise[0, :, :16] = 3  # far from noise
    steady = steadied(noise, luma, now)
    assert (steady[:, :, 20:70] == 0).all()
    assert (steady[:, :, :16] == noise[:, :, :16]).all() and (steady[:, :, 84:] == noise[:, :, 84:]).all()
    walk = np.full_like(noise, 0.5)
    assert steadied(walk, luma, luma) is walk

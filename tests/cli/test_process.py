"""Sizes are told before they surprise."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from velodepth import DepthFrame, Pinhole
from velodepth.cli.process import ENOUGH, OutputSizes, in_bytes
from velodepth.media.writing import KINDS, writers_for


def frames(count):
    camera, picture = Pinhole(60, 60, 32, 24), np.zeros((48, 64, 3), np.uint8)
    for index in range(count):
        depth = np.full((48, 64), 1.0 + index / 10)
        yield DepthFrame.of(depth, camera, picture, index=index, time=index / 30)


@pytest.mark.parametrize("kind", ["npz", "npy", "bag", "rerun", "side"])
def test_the_expected_size_is_about_that_of_the_end(tmp_path, kind):
    with writers_for(tmp_path, "clip", [kind]) as writers:
        sizes = OutputSizes(writers, 100)
        for frame in frames(100):
            writers.write(frame)
            sizes.count()
            if frame.index == 60:
                expected = sizes.expected
    path = tmp_path / f"clip{KINDS[kind].ending}"
    files = [*path.parent.iterdir()] if KINDS[kind].is_folder else [path]
    whole = sum(file.stat().st_size for file in files)
    if kind in ("npz", "npy", "bag"):  # the others hold back much of what is this small
        assert expected == pytest.approx(whole, rel=0.15)
    assert writers.written == whole


def test_what_does_not_fit_on_the_disk_is_warned_of_once(call, encode, tmp_path, monkeypatch):
    clip = encode(tmp_path / "long.mp4", 40)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**6, 0, 10**5))
    outcome = call("run", clip, "--save", "npz")
    said = r"Warning: about 4\d\d kB will be written to \., and its disk has 100 kB left: [^\n]*--resize.*\n"
    assert re.fullmatch(said, outcome.err)


def test_sizes_in_words(tmp_path):
    words = {0: "0 bytes", 999: "999 bytes", 1500: "1.5 kB", 15e6: "15 MB", 1.24e9: "1.2 GB"}
    assert {count: in_bytes(count) for count in words} == words

    class Writing:
        path, written = Path(), 0

    sizes = OutputSizes(Writing, 300)
    for _ in range(ENOUGH):
        Writing.written += 10**7
        sizes.count()
    assert str(sizes) == "0.3 of about 3.0 GB"

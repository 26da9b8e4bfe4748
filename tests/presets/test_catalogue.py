"""Models by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

import velodepth
from velodepth.presets import PRESETS


def test_an_unknown_preset_is_named():
    with pytest.raises(velodepth.VeloDepthError, match=r"'huge'.*nano, large"):
        velodepth.load("huge")


def test_a_runtime_that_a_preset_lacks_is_named():
    with pytest.raises(velodepth.VeloDepthError, match="'large' does not run on 'onnx': choose torch"):
        velodepth.load("large", runtime="onnx")


def test_every_preset_says_its_licence():
    assert all(p.licence and p.summary for p in PRESETS.values())


def test_the_default_needs_no_torch(tmp_path):
    """In a process where torch cannot be imported."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np, velodepth\n"
        "print(velodepth.load().stream().push(np.zeros((32, 48, 3), np.uint8)).depth.shape)\n"
        "try: velodepth.load(runtime='torch')\n"
        "except velodepth.VeloDepthError as e: print(e)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[0] == "(32, 48)"
    assert "pip install 'velodepth[torch]'" in run.stdout.splitlines()[1]

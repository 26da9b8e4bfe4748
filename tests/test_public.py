"""What `import velodepth` gives: the public names, each where it says, and no others."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

import velodepth


def test_dir_shows_the_public_names_alone():
    assert dir(velodepth) == sorted(velodepth.__all__)
    assert all(getattr(velodepth, name).__doc__ for name in velodepth.__all__)


def test_importing_it_imports_nothing_heavy():
    heavy = "numpy", "cv2", "av", "onnxruntime", "torch"
    code = f"import sys, velodepth; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_demo_clip_is_a_video(nano):
    frame = next(nano.run(velodepth.demo_clip()))
    assert frame.depth.shape == (480, 640) and np.isfinite(frame.depth).all()


def test_depth_from_anywhere_goes_through_a_public_writer(tmp_path):
    camera, picture = velodepth.Pinhole(30.0, 30.0, 16.0, 12.0), np.zeros((24, 32, 3), np.uint8)
    with velodepth.open_writer(tmp_path / "clip.npz") as writer:
        for index in range(3):
            depth = np.full((24, 32), 1.0 + index)
            writer.write(velodepth.DepthFrame.of(depth, camera, picture, index=index, time=index / 30))
    assert np.load(tmp_path / "clip.npz")["depth"][:, 0, 0].tolist() == [1, 2, 3]

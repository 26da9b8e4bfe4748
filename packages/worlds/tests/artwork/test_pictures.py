from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds.pictures import CUT, read_picture, squared


def sgi(picture: np.ndarray, packed: bool) -> bytes:
    """An SGI file of (H, W, C): plane after plane, rows from the bottom up, at times run-length coded."""
    height, width, channels = picture.shape
    head = struct.pack(">HBBHHHH", 474, int(packed), 1, 3, width, height, channels) + bytes(500)
    rows = [picture[::-1, :, c][y].tobytes() for c in range(channels) for y in range(height)]
    if not packed:
        return head + b"".join(rows)
    coded = [bytes([0x80 | len(row)]) + row + bytes([0]) for row in rows]
    lengths = [len(row) for row in coded]
    starts = 512 + 8 * len(coded) + np.concatenate([[0], np.cumsum(lengths)[:-1]])
    table = struct.pack(f">{len(coded)}I", *starts) + struct.pack(f">{len(coded)}I", *lengths)
    return head + table + b"".join(coded)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_sgi(tmp_path, packed, channels):
    picture = np.random.default_rng(0).integers(0, 256, (9, 14, channels), dtype=np.uint8)
    (tmp_path / "a.rgb").write_bytes(sgi(picture, packed))
    read = read_picture(tmp_path / "a.rgb")
    assert np.array_equal(read[..., :channels], picture)
    assert channels == 4 or (read[..., 3] == 255).all()


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6, 5, 4)])
def test_png(tmp_path, shape):
    stored = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), stored)
    read = read_picture(tmp_path / "a.png")
    wanted = stored[..., None].repeat(3, 2) if len(shape) == 2 else stored[..., 2::-1]
    assert np.array_equal(read[..., :3], wanted)


@pytest.mark.parametrize("name", ["a.png", "a.rgb"])
def test_broken_picture_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(VeloDepthError, match=name):
        read_picture(tmp_path / name)


def test_squared_keeps_the_share_that_is_cut_out():
    # thin vertical wires: 1 of 8 columns
    picture = np.zeros((256, 256, 4), np.uint8)
    picture[:, ::8] = (200, 100, 50, 255)
    small = squared(picture, 32, opaque=False)
    kept = small[..., 3] >= CUT * 255
    assert small.shape == (32, 32, 4)
    assert kept.all(), "every column has its wire"
    assert np.abs(small[kept][:, :3].astype(int) - (200, 100, 50)).max() < 12, (
        "not darkened by what is cut out"
    )
    leaves = np.zeros((256, 256, 4), np.uint8)
    cv2.circle(leaves, (128, 128), 90, (30, 120, 20, 255), -1)
    share = (squared(leaves, 64, opaque=False)[..., 3] >= CUT * 255).mean()
    assert share == pytest.approx((leaves[..., 3] > 0).mean(), abs=0.02)


def test_squared_opaque_ignores_alpha():
    picture = np.full((20, 40, 4), 77, np.uint8)
    picture[..., 3] = 0
    small = squared(picture, 16, opaque=True)
    assert (small[..., 3] == 255).all()
    assert (small[..., :3] == 77).all()

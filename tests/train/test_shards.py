"""Shards come back as they were written, whole or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.train import shards
from velodepth.train.shards import Clip, Shard, held_out, open_shards, shard_name, write_shard

HEIGHT, WIDTH = 6, 11  # the width is no multiple of 8


def _clip(length: int, seed: int) -> Clip:
    rng = np.random.default_rng(seed)
    still = length == 1
    flow = rng.normal(0, 5, (length, 2, 2, HEIGHT, WIDTH)).astype(np.float16)
    return Clip(
        picture=rng.integers(0, 256, (length, HEIGHT, WIDTH, 3)).astype(np.uint8),
        depth=rng.uniform(0, 9, (length, HEIGHT, WIDTH)).astype(np.float16),
        flow=np.zeros_like(flow) if still else flow,
        occluded=np.ones((length, 2, HEIGHT, WIDTH), bool)
        if still
        else rng.random((length, 2, HEIGHT, WIDTH)) < 0.3,
        pose=rng.normal(0, 1, (length, 4, 4)),
        frames=[{"kind": "room", "index": index, "length": length} for index in range(length)],
    )


@pytest.fixture
def clips() -> list[Clip]:
    return [_clip(3, 0), _clip(1, 1), _clip(2, 2)]


def test_a_shard_comes_back(tmp_path, clips):
    write_shard(tmp_path / shard_name(4), clips, seed=9, index=4)
    (shard,) = open_shards(tmp_path)
    assert len(shard) == 6 and [f["length"] for f in shard.frames] == [3, 3, 3, 1, 2, 2]
    for name in ("picture", "depth", "flow", "pose"):
        np.testing.assert_array_equal(
            getattr(shard, name), np.concatenate([getattr(clip, name) for clip in clips])
        )
    occluded = np.concatenate([clip.occluded for clip in clips])
    for row in range(6):
        np.testing.assert_array_equal(shard.occluded(row), occluded[row])
    assert json.loads((shard.folder / "frames.json").read_text())["seed"] == 9
    assert [path.name for path in tmp_path.iterdir()] == ["shard-00004"]


def test_the_files_are_plain_numpy_and_maps_of_the_disk(tmp_path, clips):
    write_shard(tmp_path / "shard-00000", clips, 0, 0)
    assert np.load(tmp_path / "shard-00000" / "flow.npy").dtype == np.float16
    assert isinstance(Shard.open(tmp_path / "shard-00000").picture, np.memmap)


def test_arrays_may_be_absent(tmp_path, clips):
    write_shard(tmp_path / "a", clips, 0, 0)
    (tmp_path / "a" / "flow.npy").unlink()
    shard = Shard.open(tmp_path / "a")
    assert shard.flow is None and shard.depth is not None
    with pytest.raises(VeloDepthError, match="has no flow"):
        shard.occluded(0)


def test_shards_are_sorted_and_a_shard_stands_for_itself(tmp_path, clips):
    for index in (2, 0, 10):
        write_shard(tmp_path / shard_name(index), clips, 0, index)
    names = [shard.folder.name for shard in open_shards(tmp_path)]
    assert names == ["shard-00000", "shard-00002", "shard-00010"]
    assert open_shards(tmp_path / "shard-00002")[0].folder == tmp_path / "shard-00002"


def test_every_sixteenth_is_held_out(tmp_path, clips):
    for index in (14, 15, 16, 31):
        write_shard(tmp_path / shard_name(index), clips[:1], 0, index)
    assert [held_out(shard) for shard in open_shards(tmp_path)] == [False, True, False, True]


def test_a_broken_write_leaves_nothing(tmp_path, clips, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shards, "_save_sparse", full)
    with pytest.raises(VeloDepthError, match="is full"):
        write_shard(tmp_path / "shards" / "shard-00000", clips, 0, 0)
    assert list((tmp_path / "shards").iterdir()) == []


def test_what_is_half_written_is_not_opened(tmp_path, clips):
    write_shard(tmp_path / ".shard-00000.1234.part", clips, 0, 0)
    with pytest.raises(VeloDepthError, match="holds no shard"):
        open_shards(tmp_path)


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "is no shard"),
        ("[]", "is no shard"),
        ('{"version": 2, "frames": []}', "version 2, not 1"),
        ('{"version": 1, "frames": [{}]}', "6 rows for 1 frames"),
    ],
)
def test_a_folder_that_is_no_shard_is_named(tmp_path, clips, text, said):
    write_shard(tmp_path / "a", clips, 0, 0)
    (tmp_path / "a" / "frames.json").write_text(text)
    with pytest.raises(VeloDepthError, match=said) as caught:
        Shard.open(tmp_path / "a")
    assert str(tmp_path / "a") in str(caught.value)


def test_a_damaged_array_is_named(tmp_path, clips):
    write_shard(tmp_path / "a", clips, 0, 0)
    (tmp_path / "a" / "depth.npy").write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(VeloDepthError, match=r"depth\.npy cannot be read"):
        Shard.open(tmp_path / "a")
    with pytest.raises(VeloDepthError, match="no frame to write"):
        write_shard(tmp_path / "b", [], 0, 0)

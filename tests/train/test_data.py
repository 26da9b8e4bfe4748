"""Batches: a pure function of seed, rank and step, and their truth is true."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.train import data, losses  # noqa: E402
from velodepth.train.augment import Crop  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.data import (  # noqa: E402
    NEAR,
    Clips,
    Pool,
    Stills,
    WatchedPool,
    batches,
    clip_of,
    clip_starts,
    cut,
    open_footage,
    to_and_fro,
)
from velodepth.train.stages import between  # noqa: E402

SIZE = (96, 64)


def config(shards: str, **more: object) -> Config:
    return Config(data=[shards], out="unused", sizes=[[96, 64], [64, 64]], **more)


def same(a, b) -> bool:
    return all(np.array_equal(x, vars(b)[name]) for name, x in vars(a).items())


@pytest.mark.parametrize("kind", [Stills, Clips])
def test_a_step_sees_the_same_after_a_stop(shards, kind):
    settings = config(shards, batch=2, cuts=0.5)
    make = kind(Pool.open([shards]), settings)
    straight = list(itertools.islice(batches(make, settings, 0, 0), 4))
    later = list(itertools.islice(batches(make, settings, 0, 2), 2))
    assert all(same(a, b) for a, b in zip(straight[2:], later, strict=True))
    threads = config(shards, batch=2, cuts=0.5, threads=3)
    assert all(same(a, b) for a, b in zip(straight, batches(make, threads, 0, 0), strict=False))
    other = next(batches(make, settings, 1, 0))
    assert other.picture.shape == straight[0].picture.shape  # all ranks work on the same size
    assert not np.array_equal(other.picture, straight[0].picture)


def test_held_out_shards_are_not_trained_on(shards):
    train, held = open_footage([shards])
    assert [s.folder.name for s in train] == ["shard-00000", "shard-00001"]
    assert [s.folder.name for s in held] == ["shard-00015"]


def test_of_fewer_than_sixteen_shards_the_last_is_held_out(shards, tmp_path):
    for name in ("shard-00000", "shard-00001"):
        (tmp_path / name).symlink_to(f"{shards}/{name}", target_is_directory=True)
    train, held = open_footage([tmp_path])
    assert [[s.folder.name for s in part] for part in (train, held)] == [["shard-00000"], ["shard-00001"]]
    train, held = open_footage([tmp_path / "shard-00001"])
    assert len(train) == 1 and held == []


def test_shards_that_come_meanwhile_are_taken_up(shards, tmp_path, monkeypatch):
    def come(name: str) -> None:
        (tmp_path / name).symlink_to(f"{shards}/{name}", target_is_directory=True)

    come("shard-00000")
    pool = WatchedPool.open([tmp_path])
    make = Stills(pool, config(shards))
    rows, part = len(make.table.rows), make.table.parts[0]
    come("shard-00001")
    assert len(make.current().rows) == rows  # it does not look all the time
    monkeypatch.setattr(data, "LOOK", 0.0)
    assert len(make.current().rows) > rows and pool.held == []
    assert make.table.parts[0] is part  # what is known is not read again
    come("shard-00015")
    assert len(make.current().footage) == 2 and [s.folder.name for s in pool.held] == ["shard-00015"]


def test_near_frames_are_drawn_as_often_as_asked(shards):
    pool = Pool.open([shards])
    footage = pool.train
    for share in (0.2, 0.7):
        make = Stills(pool, config(shards, near=share))
        picks = make.table.rows[np.searchsorted(make.table.chance, np.random.default_rng(0).random(4000))]
        near = [footage[i].frames[row]["median_depth"] < NEAR for i, row in picks]
        assert np.mean(near) == pytest.approx(share, abs=0.03)
    plain = Stills(pool, config(shards, near=0.0, clip_weight=0.5))
    weights = np.diff(plain.table.chance, prepend=0)
    lengths = np.array([footage[i].frames[row]["length"] for i, row in plain.table.rows])
    assert weights[lengths > 1].max() == pytest.approx(weights[lengths == 1].min() / 2)


@pytest.mark.parametrize("seed", range(4))
def test_truth_agrees_with_itself_through_crops_mirrors_and_reversal(shards, seed):
    """Points of one frame, brought along the true flow and moved by the true pose, are those of the other."""
    settings = config(shards, batch=3, cuts=0.0, ages=[10])
    batch = Clips(Pool.open([shards]), settings)(np.random.default_rng(seed), SIZE).to("cpu")
    for t, to in ((0, 1), (3, 2)):
        pose = torch.linalg.inv(batch.pose[to]) @ batch.pose[t]
        flow, visible = between(batch.true_flow, t, to), between(batch.visible, t, to)
        truth, last = batch.radius[to], batch.radius[t]
        loss = losses.consistency_loss(truth, last, truth, last, batch.rays, flow, visible, pose)
        assert float(loss) < 0.01
        wrong = losses.consistency_loss(1.1 * truth, last, truth, last, batch.rays, flow, visible, pose)
        assert float(wrong) == pytest.approx(0.1, abs=0.01)
        # Were the mask of agreeing pixels small, the figure would say little.
        assert visible.mean() > 0.5


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rows", [range(6, 12), range(6, 12)[::-1]])
def test_optical_flow_sees_the_true_motion(shards, flip, rows):
    view = Crop(8, 4, 84, 63, 128, 96, flip)
    clip = clip_of(open_footage([shards])[0][0], rows, view, lambda picture: picture, to_and_fro(6, 12))
    error = np.abs(clip.flow - clip.true_flow.astype(np.float32)).sum(2, keepdims=True)[clip.visible > 0]
    moved = np.abs(clip.true_flow).sum(2, keepdims=True)[clip.visible > 0]
    assert np.median(error) < 0.25 * np.median(moved)


def test_a_cut_jumps_to_the_other_scene_and_knows_no_motion_there(shards):
    make = Clips(Pool.open([shards]), config(shards))
    a, b = (make._draw(make.table, np.random.default_rng(seed), SIZE, to_and_fro(6, 12)) for seed in (1, 2))
    jumped = cut(a, b, 2)
    assert np.array_equal(jumped.picture[:2], a.picture[:2])
    assert np.array_equal(jumped.picture[2:], b.picture[2:])
    assert np.array_equal(jumped.visible[:, :1], a.visible[:, :1]) and not jumped.visible[:, 1:].any()
    assert np.array_equal(jumped.flow[:, 2:], b.flow[:, 2:])
    assert not np.array_equal(jumped.flow[:, 1], a.flow[:, 1])


def test_clips_begin_where_enough_frames_follow(shards):
    pool = Pool.open([shards])
    footage = pool.train
    assert len(clip_starts(footage, 6)) == 3 and len(clip_starts(footage, 5)) == 6
    with pytest.raises(VeloDepthError, match="no clip has 7 frames"):
        Clips(pool, config(shards, frames=7))


def test_what_goes_wrong_in_a_thread_is_raised(shards):
    def broken(rng, size):
        raise VeloDepthError("broken")

    with pytest.raises(VeloDepthError, match="broken"):
        next(batches(broken, config(shards), 0, 0))


def test_a_folder_without_footage_is_refused(tmp_path):
    with pytest.raises(VeloDepthError, match="holds no shard"):
        open_footage([tmp_path])
    with pytest.raises(VeloDepthError, match="is no folder"):
        open_footage([tmp_path / "nothing"])


def test_frames_that_are_not_played_are_not_drawn(shards):
    make = Clips(Pool.open([shards]), config(shards, batch=1, ages=[0], rollout=2))
    batch = make(np.random.default_rng(0), SIZE)
    assert batch.picture.shape[0] == 3 and batch.age == 0
    assert batch.flow[0].any() and not batch.flow[1].any() and batch.true_flow[1].any()
    assert to_and_fro(3, 7) == [0, 1, 2, 1, 0, 1, 2]

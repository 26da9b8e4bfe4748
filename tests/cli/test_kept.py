"""Nothing lost: inputs stay, what is asked to stop keeps its outputs, two runs do not mix."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from velodepth.media.locks import claim

from ..disks import mounted

COMMAND = [sys.executable, "-m", "velodepth"]


def start(*arguments):
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(there, process):
    while not there():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# No output is an input


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "in.mp4", "--out", "in.mp4", "--overwrite"),
        ("run", "in.mp4", "--out", "link.mp4", "--overwrite"),
        ("run", "in.mp4", "--out", "in.mp4"),
        ("run", "in.mp4", "--out", "hard.mp4", "--overwrite"),
        ("run", "walk", "--out", ".", "--save", "png", "--overwrite"),  # walk-png is a link to walk
        ("run", "walk/000000.png", "--out", "walk/000000.png", "--overwrite"),
        ("run", "walk-png/000000.png", "--out", "walk/000000.png"),
        ("batch", "recs", "--out", "recs", "--save", "side"),
        ("batch", "recs", "--out", "linked", "--save", "side"),
        ("camera", "in.mp4", "--save", "in.mp4", "--overwrite"),
    ],
)
def test_no_output_is_an_input(refused, street, folder, arguments):
    clip = street.read_bytes()
    (folder / "in.mp4").write_bytes(clip)
    (folder / "link.mp4").symlink_to("in.mp4")
    (folder / "hard.mp4").hardlink_to(folder / "in.mp4")
    (folder / "recs").mkdir()
    (folder / "linked").symlink_to("recs")
    for name in ("walk.mp4", "walk-side.mp4"):
        (folder / "recs" / name).write_bytes(clip)
    (folder / "walk").mkdir()
    (folder / "walk-png").symlink_to("walk")
    for index in range(2):
        cv2.imwrite(str(folder / f"walk/00000{index}.png"), np.full((48, 64, 3), 90, np.uint8))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert re.search("would replace the input .*: choose another output", refused(*arguments))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_comparison_does_not_replace_what_it_compares(refused, folder):
    for name in ("a.json", "b.json"):
        (folder / name).write_text("{}")
    said = refused("compare", "a.json", "b.json", "--markdown", "a.json", "--overwrite")
    assert "would replace the input a.json" in said


# SIGTERM is Ctrl-C


def test_sigterm_ends_a_run_with_what_was_written(folder, encode, decode):
    encode(folder / "long.mp4", 600)
    process = start("run", "long.mp4", "--save", "side,npy")
    wait_for((folder / "long-npy/000003.npy").exists, process)
    process.terminate()
    out, err = process.communicate()
    told = re.match(r"Interrupted after (\d+) frames", out)
    assert process.returncode == 130 and err == "" and told
    assert len(decode(folder / "long-side.mp4")) == int(told[1]) < 600
    assert names(folder) == ["long-npy", "long-side.mp4", "long.mp4"]
    assert len(names(folder / "long-npy")) == int(told[1])


def test_sigterm_ends_live_and_says_what_it_showed(folder, encode):
    encode(folder / "long.mp4", 600)
    process = start("live", "long.mp4", "--port", 0)
    assert process.stdout.readline().startswith("http://")
    time.sleep(1)
    process.terminate()
    out, err = process.communicate()
    assert process.returncode == 0 and err == ""
    assert "pictures came" in out or out == ""


def test_sigterm_ends_a_batch_which_goes_on_where_it_was(folder, encode):
    pytest.importorskip("pyarrow")
    psutil = pytest.importorskip("psutil")
    (folder / "recs").mkdir()
    for index, frames in enumerate((4, 3000, 3001)):
        encode(folder / f"recs/clip{index}.mp4", frames)
    process = start("batch", "recs", "--out", "out", "--workers", 2)
    wait_for(lambda: list((folder / "out/.velodepth").glob("*.json")), process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "Interrupted: what is done is kept; run the same command again to go on\n"
    psutil.wait_procs(workers, 30)
    assert not [worker for worker in workers if worker.is_running()]
    assert names(folder / "out") == [".velodepth", "clip0.npz"]


def test_a_killed_batch_leaves_no_workers_no_trace_and_the_next_one_sweeps(folder, encode):
    pytest.importorskip("pyarrow")
    psutil = pytest.importorskip("psutil")
    (folder / "recs").mkdir()
    encode(folder / "recs/long.mp4", 3000)
    process = start("batch", "recs", "--out", "out", "--workers", 1, "--save", "npz,side")
    wait_for(lambda: list((folder / "out").glob(".long.npz.*.part")), process)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    _, err = process.communicate()
    psutil.wait_procs(workers, 30)
    assert not [worker for worker in workers if worker.is_running()]
    assert "Traceback" not in err
    assert [name for name in names(folder / "out") if not name.startswith(".")] == []
    claim(folder / "out").release()  # as the next batch begins
    assert names(folder / "out") == []


# Two runs, one --out


def test_two_runs_do_not_write_one_output(refused, street, folder, encode):
    encode(folder / "long.mp4", 600)
    first = start("run", "long.mp4", "--out", "out.npz")
    wait_for(lambda: any(path.stat().st_size for path in folder.glob(".out.npz.*.part")), first)
    said = refused("run", street, "--out", "out.npz", "--overwrite")
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert (
        said == "Error: another run is writing out.npz: wait until it has ended, or choose another output\n"
    )
    assert first.returncode == 130
    with np.load(folder / "out.npz") as archive:
        assert len(archive["depth"]) > 0


def test_two_batches_do_not_share_a_folder(call, refused, street, folder):
    pytest.importorskip("pyarrow")
    (folder / "out").mkdir()
    lock = claim(folder / "out")
    assert "another run is writing" in refused("batch", street, "--out", "out")
    lock.release()
    assert names(folder / "out") == []
    call("batch", street, "--out", "out", "--workers", 1)


# Full disks


def test_a_disk_full_in_one_clip_fails_that_clip_alone(call, folder, encode):
    pytest.importorskip("pyarrow")
    (folder / "recs").mkdir()
    for name, frames in (("a-small", 4), ("b-large", 200), ("c-small", 5)):
        encode(folder / f"recs/{name}.mp4", frames)
    with mounted(folder / "disk", "size=1m") as disk:
        outcome = call("batch", "recs", "--out", "disk", "--workers", 1, status=2)
        assert "2 done, 0 done before, 1 failed" in outcome.out
        assert re.fullmatch(r".*b-large\.mp4: the disk of .* is full: free some space .*\n", outcome.err)
        assert names(disk) == [".velodepth", "a-small.npz", "c-small.npz", "manifest.parquet"]

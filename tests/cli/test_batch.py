"""`velodepth batch` as a shell calls it."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow.parquet

from velodepth import Pinhole

QUICK = ("--preset", "nano", "--workers", 1)


def test_a_folder_is_worked_off_failures_are_told_and_a_second_run_goes_on(call, encode, folder):
    (folder / "in").mkdir()
    encode(folder / "in/one.mp4", frames=6)
    encode(folder / "in/two.mp4", frames=8)
    (folder / "in/bad.mp4").write_bytes(b"no video")
    outcome = call("batch", "in", "--out", "out", "--save", "npz,jsonl", *QUICK, status=2)
    assert outcome.out == f"2 done, 0 done before, 1 failed; listed in {folder}/out/manifest.parquet\n"
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"{folder}/in/bad.mp4 is not a video")
    assert {path.name for path in (folder / "out").glob("*.*")} == {
        "manifest.parquet", "one.npz", "one.jsonl", "two.npz", "two.jsonl", ".velodepth"
    }  # fmt: skip

    before = (folder / "out/one.npz").stat().st_mtime_ns
    (folder / "out/two.jsonl").unlink()
    (folder / "in/bad.mp4").unlink()
    outcome = call("batch", "in/*.mp4", "--out", "out", "--save", "jsonl", "--save", "npz", *QUICK)
    assert outcome.err == "" and outcome.out.startswith("1 done, 1 done before, 0 failed")
    assert (folder / "out/one.npz").stat().st_mtime_ns == before
    table = pyarrow.parquet.read_table(folder / "out/manifest.parquet").to_pylist()
    assert [(line["name"], line["status"], line["fresh"], line["frames"]) for line in table] == [
        ("one", "done", False, 6),
        ("two", "done", True, 8),
    ]


def test_what_cannot_be_is_told_before_anything_starts(refused, street, folder):
    for arguments, told in (
        (["nothing.mp4", "--out", "out"], "there is no nothing.mp4"),
        ([street, "--out", "out", "--save", "gif"], "no output is called 'gif'"),
        ([street, "--out", "out", "--range", "near"], "--range near is not understood"),
        ([street, "--out", "out", "--camera", "lens.json"], "cannot read camera file lens.json"),
        ([street, "--out", "file/out"], "file is a file; choose another folder"),
    ):
        (folder / "file").touch()
        assert told in refused("batch", *arguments)
        assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_camera_a_topic_and_a_clip_that_is_there_twice(call, street, bag, folder):
    Pinhole(60, 60, 32, 24).save(folder / "lens.json")
    shutil.copy(street, folder / "copy.mp4")
    words = [street, "copy.mp4", bag, "--out", "out", "--topic", "/left/image", *QUICK]
    outcome = call("batch", *words)
    assert outcome.out.startswith("2 done, 0 done before, 0 failed, 1 of the same content as another;")
    with np.load(folder / "out/bag.npz") as own:
        assert own["intrinsics"][0].tolist() == [50, 51, 24, 16]
    assert call("batch", *words, "--camera", "lens.json").out.startswith("2 done, 0 done before")
    for name in ("bag", "street"):
        with np.load(folder / f"out/{name}.npz") as given:
            assert given["intrinsics"][0].tolist() == [60, 60, 32, 24]


def test_outputs_among_the_inputs_are_not_taken_for_inputs(call, street, folder):
    shutil.copy(street, folder / "walk.mp4")
    for out in (".", "depth"):
        for words in (["."], ["."], ["**/*.mp4"]):
            call("batch", *words, "--out", out, "--save", "side,png", *QUICK)
            table = pyarrow.parquet.read_table(folder / out / "manifest.parquet").to_pylist()
            assert [line["name"] for line in table] == ["walk"]
        for path in (folder / "walk-side.mp4", folder / "walk-png", folder / ".velodepth"):
            if out == ".":
                assert path.exists()
                shutil.rmtree(path) if path.is_dir() else path.unlink()

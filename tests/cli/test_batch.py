"""`velodepth batch` as a shell calls it."""

from __future__ import annotations

import pyarrow.parquet

QUICK = ("--preset", "nano-fast", "--workers", 1)


def test_a_folder_is_worked_off_failures_are_told_and_a_second_run_goes_on(call, encode, folder):
    (folder / "in").mkdir()
    encode(folder / "in/one.mp4", frames=6)
    encode(folder / "in/two.mp4", frames=8)
    (folder / "in/bad.mp4").write_bytes(b"no video")
    outcome = call("batch", "in", "--out", "out", "--save", "npz,jsonl", *QUICK)
    assert outcome.status == 2
    assert outcome.out == f"2 done, 0 done before, 1 failed; listed in {folder}/out/manifest.parquet\n"
    (line,) = outcome.err.splitlines()
    assert line.startswith(f"{folder}/in/bad.mp4: ") and "not a video" in line
    assert {path.name for path in (folder / "out").glob("*.*")} == {
        "manifest.parquet", "one.npz", "one.jsonl", "two.npz", "two.jsonl", ".velodepth"
    }  # fmt: skip

    before = (folder / "out/one.npz").stat().st_mtime_ns
    (folder / "out/two.jsonl").unlink()
    (folder / "in/bad.mp4").unlink()
    outcome = call("batch", "in/*.mp4", "--out", "out", "--save", "jsonl", "--save", "npz", *QUICK)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("1 done, 1 done before, 0 failed")
    assert (folder / "out/one.npz").stat().st_mtime_ns == before
    table = pyarrow.parquet.read_table(folder / "out/manifest.parquet").to_pylist()
    assert [(line["name"], line["status"], line["fresh"], line["frames"]) for line in table] == [
        ("one", "done", False, 6),
        ("two", "done", True, 8),
    ]


def test_what_cannot_be_is_told_before_anything_starts(call, street):
    for arguments, told in (
        (["nothing.mp4", "--out", "out"], "there is no nothing.mp4"),
        ([street, "--out", "out", "--save", "gif"], "no output is called 'gif'"),
        ([street, "--out", "out", "--range", "near"], "--range near is not understood"),
    ):
        outcome = call("batch", *arguments)
        assert outcome.status == 2 and told in outcome.err

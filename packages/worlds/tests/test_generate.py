"""Shards follow from seed and number alone, in memory as on disk, and their truth holds."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.train.shards import Shard, open_shards
from velodepth_worlds import check, generate, preview
from velodepth_worlds.generate import RenderSettings, render, shard_clips

RECIPE = RenderSettings(size=(64, 48), clip_length=4, kinds=("tabletop",), shard=16, clip_share=1.0)


@pytest.fixture(scope="module")
def folder(renderer, tmp_path_factory) -> Path:
    """Two shards of about 16 frames, rendered by two processes."""
    folder = tmp_path_factory.mktemp("worlds")
    counted = []
    paths = render(folder, 32, 7, RECIPE, 2, counted.append)
    assert [path.name for path in paths] == ["shard-00000", "shard-00001"]
    assert sum(counted) == sum(len(shard) for shard in open_shards(folder)) >= 32
    return folder


def _bytes(shard: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(shard.iterdir())}


def test_the_same_bytes_twice_and_a_run_goes_on_where_it_was(folder, tmp_path):
    shutil.copytree(folder / "shard-00000", tmp_path / "shard-00000")
    before = (tmp_path / "shard-00000" / "frames.json").stat().st_mtime_ns
    counted = []
    render(tmp_path, 32, 7, RECIPE, 1, counted.append)
    assert _bytes(tmp_path / "shard-00001") == _bytes(folder / "shard-00001")
    assert (tmp_path / "shard-00000" / "frames.json").stat().st_mtime_ns == before
    assert counted[0] == len(Shard.open(folder / "shard-00000"))
    assert _bytes(folder / "shard-00000")["picture.npy"] != _bytes(folder / "shard-00001")["picture.npy"]


def test_clips_in_memory_are_what_the_shards_hold(folder):
    shard = Shard.open(folder / "shard-00000")
    row = 0
    for clip in itertools.islice(shard_clips(7, 0, RECIPE), 3):
        rows = slice(row, row + len(clip))
        for name in ("picture", "depth", "flow", "pose"):
            np.testing.assert_array_equal(getattr(clip, name), getattr(shard, name)[rows])
        assert clip.frames == shard.frames[rows]
        row += len(clip)


def test_frames_say_what_they_are(folder):
    for shard in open_shards(folder):
        row = 0
        clips = []
        while row < len(shard):
            length = shard.frames[row]["length"]
            group = shard.frames[row : row + length]
            assert [frame["index"] for frame in group] == list(range(length))
            assert len({(frame["world"], frame["clip"]) for frame in group}) == 1
            clips.append(group[0]["clip"])
            row += length
        assert clips == list(range(len(clips)))
        known = [float(np.median(depth[depth > 0])) for depth in np.asarray(shard.depth, np.float32)]
        np.testing.assert_allclose([f["median_depth"] for f in shard.frames], known, rtol=2e-3)


def test_the_truth_holds_and_tampering_is_found(folder, tmp_path):
    shard = Shard.open(folder / "shard-00000")
    found = check.errors(shard)
    assert found.bad() == [] and found.pairs >= 3 and found.visible > 0.5

    def tampered(name: str, change) -> list[str]:
        copy = tmp_path / name
        shutil.copytree(shard.folder, copy)
        array = np.load(copy / f"{name}.npy")
        np.save(copy / f"{name}.npy", change(array))
        return check.errors(Shard.open(copy)).bad()

    moving = [row for row, frame in enumerate(shard.frames) if frame["index"] > 0]

    def deeper(depth):
        depth[moving[-1]] *= 1.03
        return depth

    assert "disagreement" in " ".join(tampered("flow", lambda flow: flow + np.float16(1.0)))
    assert "geometric" in " ".join(tampered("depth", deeper))

    def inverted(picture):
        picture[moving[0]] = 255 - picture[moving[0]]
        return picture

    assert "photometric" in " ".join(tampered("picture", inverted))

    def shifted(pose):
        pose[moving[0], :3, 3] += 0.05
        return pose

    assert tampered("pose", shifted)


def test_a_shard_without_clips_cannot_be_checked(folder, tmp_path):
    copy = tmp_path / "stills"
    shutil.copytree(folder / "shard-00000", copy)
    described = json.loads((copy / "frames.json").read_text())
    for frame in described["frames"]:
        frame.update(index=0, length=1)
    (copy / "frames.json").write_text(json.dumps(described))
    with pytest.raises(VeloDepthError, match="has no clips"):
        check.errors(Shard.open(copy))


def test_a_contact_sheet(folder, tmp_path):
    shard = Shard.open(folder / "shard-00000")
    preview.write(shard, tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape[1] == preview.COLUMNS * preview.CELL and sheet.std() > 20
    with pytest.raises(VeloDepthError, match=r"not named \.png"):
        preview.write(shard, tmp_path / "sheet.jpg")


@pytest.mark.parametrize("asking", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_only_whole_shards(renderer, tmp_path, asking):
    """The run is interrupted when its first frames are done, with its process at work."""
    code = f"""
import sys
from velodepth.interrupts import Interrupt
from velodepth_worlds.generate import RenderSettings, render
if __name__ == "__main__":
    recipe = RenderSettings(size=(64, 48), kinds=("tabletop",), shard=100000)
    with Interrupt():
        render({str(tmp_path / "out")!r}, 1, 7, recipe, 2, lambda n: print(n, flush=True))
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [sys.executable, str(script)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None and process.stdout.readline().strip() in (b"1", b"8")
    children = _children(process.pid)
    assert children
    process.send_signal(asking)
    assert process.wait(timeout=120) != 0
    assert list((tmp_path / "out").iterdir()) == []
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("loss", ["gone", "broken"])
def test_a_shard_that_is_not_there_in_the_end_is_named(folder, tmp_path, monkeypatch, loss):
    """Nothing failed while rendering, but the second shard was taken away, or is not whole."""

    def written(where, seed, index, recipe, count):
        target = where / f"shard-{index:05d}"
        if index != 1 or loss == "broken":
            shutil.copytree(folder / "shard-00000", target)
        if index == 1 and loss == "broken":
            np.save(target / "depth.npy", np.zeros((1, 48, 64), np.float16))

    monkeypatch.setattr(generate, "write_one", written)
    with pytest.raises(VeloDepthError, match=r"shard-00001 was rendered but .* run the same command again"):
        render(tmp_path, 48, 7, RECIPE)
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "shard-00001", ignore_errors=True)
    shutil.copytree(folder / "shard-00001", tmp_path / "shard-00001")
    assert len(render(tmp_path, 48, 7, RECIPE)) == 3


def test_a_process_that_is_killed_is_an_error(renderer, tmp_path, monkeypatch):
    def kill_one(frames: int) -> None:
        for child in generate.multiprocessing.active_children():
            os.kill(child.pid, signal.SIGKILL)

    recipe = RenderSettings(size=(64, 48), kinds=("tabletop",), shard=100000)
    with pytest.raises(VeloDepthError, match="ended early"):
        render(tmp_path, 1, 7, recipe, 2, kill_one)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"size": (8, 8)}, "8x8"),
        ({"clip_length": 0}, "clip of 0 frames"),
        ({"kinds": ("moon",)}, "'moon' is no kind of world; choose from room, "),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(changes, said):
    with pytest.raises(VeloDepthError, match=said):
        RenderSettings(**changes)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_rendered(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VeloDepthError, match="part of this path is a file"):
        render(tmp_path / "file" / "out", 1, 7, RECIPE)

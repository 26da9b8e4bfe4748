"""Locks that end with their process, and what is swept."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from velodepth import VeloDepthError
from velodepth.media.atomic import refuse_inputs, whole
from velodepth.media.locks import claim, hidden_beside, scratch
from velodepth.media.writing import Options, open_writer, writers_for

HOLDING = """
import sys, time
from pathlib import Path
from velodepth.media.locks import claim, hidden_beside, scratch
path = Path(sys.argv[1])
lock = claim(path)
hidden_beside(path).write_text("half")
with scratch(path.with_name("work")) as folder:
    (folder / "more").write_text("half")
    print("there", flush=True)
    time.sleep(600)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def other(tmp_path):
    """Another process that writes clip.npz, and has a folder of its own beside it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path / "clip.npz"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "there\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_living_run_writes_is_refused_and_kept(tmp_path, other):
    before = names(tmp_path)
    with pytest.raises(VeloDepthError, match=r"another run is writing .*clip\.npz: wait until it has ended"):
        open_writer(tmp_path / "clip.npz")
    with open_writer(tmp_path / "other.npz"):  # and so is what it has in the folder, by those beside it
        pass
    with whole(tmp_path / "report.json") as path:
        path.write_text("{}")
    assert names(tmp_path) == sorted([*before, "report.json"])


def test_what_a_killed_run_left_is_swept_at_the_next_start_of_any_other(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert len(names(tmp_path)) == 3  # a lock that nobody holds, the file, the folder
    with whole(tmp_path / "other.json") as path:
        path.write_text("{}")
    assert names(tmp_path) == ["other.json"]


def test_a_folder_is_one_writers(tmp_path):
    folder = tmp_path / "clip-png"
    with open_writer(folder, "png"):
        with pytest.raises(VeloDepthError, match="another run is writing"):
            open_writer(folder, "png")
        (folder / ".000000.png.01234567.part").write_text("half")
        with whole(folder / "note.txt") as path:  # whoever writes beside it sweeps nothing of it
            path.write_text("note")
        assert names(folder) == [".000000.png.01234567.part", ".lock", "note.txt"]
    with open_writer(folder, "png"):
        assert names(folder) == [".lock", "note.txt"]


def test_files_of_others_are_not_swept(tmp_path):
    strange = [".bashrc", ".clip.npz.part", ".x.0123456.part", "clip.01234567.part", ".git.lock"]
    for name in strange:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".link.01234567.part").symlink_to(tmp_path / ".bashrc")
    claim(tmp_path / "clip.npz").release()
    assert names(tmp_path) == sorted([*strange, ".link.01234567.part"])


def test_a_scratch_folder_is_private_and_goes(tmp_path):
    with scratch(tmp_path / "new" / "work") as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("x")
        with scratch(tmp_path / "new" / "work") as second:
            assert folder.is_dir() and second != folder
    assert names(tmp_path / "new") == []


def test_a_name_with_marks_of_a_glob_sweeps_its_own_alone(tmp_path):
    left, others = hidden_beside(tmp_path / "a[1].npz"), hidden_beside(tmp_path / "a1.npz")
    holder = claim(tmp_path / "a1.npz")
    for path in (left, others):
        path.write_text("half")
    claim(tmp_path / "a[1].npz").release()
    holder.release()
    assert names(tmp_path) == [others.name]


# No output is an input


@pytest.mark.parametrize("link", [None, "symlink_to", "hardlink_to"])
def test_no_output_is_an_input_by_whatever_name(tmp_path, link):
    source = tmp_path / "in.mp4"
    source.write_text("precious")
    output = source
    if link:
        output = tmp_path / "out.mp4"
        getattr(output, link)(source)
    with pytest.raises(VeloDepthError, match=r"would replace the input .*in\.mp4: choose another output"):
        open_writer(output, options=Options(inputs=[source], overwrite=True))
    assert source.read_text() == "precious" and len(names(tmp_path)) == 1 + bool(link)


def test_no_folder_of_outputs_holds_inputs(tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "000000.png").write_text("precious")
    (tmp_path / "clip-png").symlink_to(frames)
    for inputs in ([frames], [frames / "000000.png"]):
        with pytest.raises(VeloDepthError, match="would replace the input"):
            writers_for(tmp_path, "clip", ["png"], Options(inputs=inputs, overwrite=True))
    assert names(frames) == ["000000.png"]
    refuse_inputs([tmp_path / "new.npz", frames / "new.npz"], [frames])  # what is not there yet is harmless

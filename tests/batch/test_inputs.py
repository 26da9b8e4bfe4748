"""What a command line of inputs means."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from velodepth.batch.inputs import find_clips
from velodepth.errors import VeloDepthError


def found(*inputs):
    return {clip.name: clip.path for clip in find_clips(map(str, inputs))}


@pytest.fixture
def folder(tmp_path):
    videos = ("b.mp4", "a.MKV", "day/a.mp4", "day/.hidden.mp4", ".cache/c.mp4")
    for name in (*videos, "notes.pdf", "day/cover.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(name.encode())
    return tmp_path / "in"


def write_images(folder, count=2, value=0):
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((20, 20, 3), value + index, np.uint8))


def test_a_folder_is_searched_for_videos_to_its_depths(folder):
    assert found(folder) == {"a": folder / "a.MKV", "b": folder / "b.mp4", "day/a": folder / "day/a.mp4"}


def test_a_folder_without_videos_is_searched_for_folders_of_images(tmp_path):
    write_images(tmp_path / "scans/one")
    write_images(tmp_path / "scans/deep/two")
    assert found(tmp_path / "scans") == {
        "deep/two": tmp_path / "scans/deep/two", "one": tmp_path / "scans/one"
    }  # fmt: skip
    assert found(tmp_path / "scans/one") == {"one": tmp_path / "scans/one"}


def test_files_globs_and_lists_name_each_clip_once(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (folder / "some.txt").write_text("# the second day\nday/a.mp4\n\n  b.mp4  # again\n*.MKV\n")
    assert found("in/b.mp4") == {"b": folder / "b.mp4"}
    assert found("in/*.m*") == {"b": folder / "b.mp4"}
    assert list(found("in/b.mp4", "in/some.txt").values()) == [
        folder / "b.mp4", folder / "day/a.mp4", folder / "a.MKV",
    ]  # fmt: skip
    assert found("in/**/*.mp4").keys() == {"b", "a"}
    assert found("in/notes.pdf") == {"notes": folder / "notes.pdf"}  # named, so it is meant


def test_clips_of_one_name_get_names_of_their_own(folder, tmp_path):
    again = tmp_path / "day/a.mp4"
    again.parent.mkdir()
    again.write_bytes(b"")
    names = found(folder / "a.MKV", folder / "day/a.mp4", again)
    assert names == {"in/a": folder / "a.MKV", "day/a": folder / "day/a.mp4", "day/a-2": again}


def test_content_is_what_the_files_hold(folder, tmp_path):
    (clip,) = find_clips([str(folder / "b.mp4")])
    content, stamp = clip.content(), clip.stamp()
    moved = tmp_path / "moved.mp4"
    (folder / "b.mp4").rename(moved)
    (other,) = find_clips([str(moved)])
    assert other.content() == content
    moved.write_bytes(b"else")
    assert other.content() != content and other.stamp() != stamp
    write_images(tmp_path / "one")
    write_images(tmp_path / "two")
    write_images(tmp_path / "three", value=9)
    write_images(tmp_path / "four", count=3)
    contents = [find_clips([str(tmp_path / name)])[0].content() for name in ("one", "two", "three", "four")]
    assert contents[0] == contents[1] and len({*contents}) == 3


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.mp4", "there is no .*nothing.mp4"),
        ("*.mov", r"nothing matches .*\*.mov"),
        ("empty", "holds neither videos nor images"),
        ("blank.txt", "names no inputs"),
        ("nested.txt", "names another list, more.txt"),
    ],
)
def test_what_is_not_there_is_told(tmp_path, name, told):
    (tmp_path / "empty").mkdir()
    (tmp_path / "blank.txt").write_text("# nothing\n")
    (tmp_path / "nested.txt").write_text("more.txt\n")
    with pytest.raises(VeloDepthError, match=told):
        find_clips([str(tmp_path / name)])


def test_a_list_says_which_line_is_wrong_and_takes_any_name(tmp_path):
    (tmp_path / "a#1.mp4").touch()
    (tmp_path / "b.mp4").touch()
    clips = tmp_path / "clips.txt"
    clips.write_text("\ufeffa#1.mp4\n# all of it\nb.mp4 # the second\n", encoding="utf-8")
    assert [clip.name for clip in find_clips([str(clips)])] == ["a#1", "b"]
    clips.write_bytes(b"b.mp4\ncaf\xe9.mp4\n")
    with pytest.raises(VeloDepthError, match=r"clips\.txt: there is no caf"):
        find_clips([str(clips)])

"""README and docs as a reader follows them: Python runs as printed, each command is one, most are run.

Everything happens in an empty folder that holds what the docs call street.mp4, walk.mcap and so on.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
import typer

import velodepth
from velodepth.cli import app
from velodepth.presets import PRESETS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

NOT_PYTHON_HERE = {  # page: words of a block, and why it is not run
    "batch.md": {"pyarrow.parquet": "reads what a batch of many videos wrote"},
    "cameras.md": {"calibrateCamera": "its arguments are left out", "projection_params": "Aria's"},
    "deployment.md": {'device="cuda"': "a GPU, and the published weights"},
    "export.md": {"openvino": "is not installed"},
    "live.md": {"open_source(0)": "a camera"},
    "robots.md": {"recording.mcap": "a bag with many topics"},
}
NOT_RUN = {  # how a command begins: why it is only parsed
    "velodepth live": "ends with a viewer; tests/cli/test_live.py",
    "velodepth web": "serves for ever; tests/web",
    "velodepth train": "takes hours; tests/train",
    "velodepth eval": "needs recordings with truth; tests/eval",
    "velodepth compare": "compares what eval wrote; tests/eval",
    "velodepth worlds": "needs OpenGL; packages/worlds/tests",
    "velodepth export": "is run for docs/export.md; tests/test_export.py",
    "velodepth batch": "tests/cli/test_batch.py",
    "velodepth run street.mp4 --rerun": "a viewer; tests/cli/test_rerun.py",
    "velodepth run clip.mp4 --rerun": "a viewer; tests/cli/test_rerun.py",
    "velodepth run walk.mcap": "a bag; tests/media/test_rosbag.py",
    "velodepth run recording": "bags with many topics; tests/media/test_rosbag.py",
    "velodepth run street.mp4 --preset": "weights that a reader has; tests/presets",
    "velodepth run clip.mp4 --preset": "weights that a reader has; tests/presets",
}


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in FENCE.findall(page.read_text("utf-8")) if language in languages]


def commands(page: Path) -> list[str]:
    """Every command of ours in a block or in a table of README; in the text they are often parts."""
    text = page.read_text("utf-8")
    inside = "\n".join(blocks(page, "", "console", "bash", "sh")).replace("\\\n", " ")
    lines = [line.split(" #")[0].strip() for line in inside.splitlines()]
    if page.name == "README.md":
        lines += re.findall(r"^\|.*?`(velodepth [^`]+)` \|", FENCE.sub("", text), re.MULTILINE)
    return list(dict.fromkeys(line for line in lines if line.startswith("velodepth ")))


EVERY = [(page, command) for page in PAGES for command in commands(page)]


@pytest.fixture
def here(tmp_path, monkeypatch, clip):
    """The reader's folder: a short video, images, a photo, a recording, a camera's file."""
    monkeypatch.chdir(tmp_path)
    writer = cv2.VideoWriter("street.mp4", cv2.VideoWriter_fourcc(*"mp4v"), 25, (160, 120))
    for picture in clip[:6]:
        writer.write(np.ascontiguousarray(picture[::2, ::2, ::-1]))
    writer.release()
    Path("clip.mp4").write_bytes(Path("street.mp4").read_bytes())
    for folder in ("frames", "holidays", "walk/rgb"):
        Path(folder).mkdir(parents=True)
        for index in range(2):
            cv2.imwrite(f"{folder}/{index}.png", clip[index][::2, ::2])
    cv2.imwrite("photo.jpg", clip[0])
    camera = velodepth.Pinhole(130, 130, 80, 60, size=(160, 120))
    for name in ("street.json", "camera.json"):
        camera.save(name)
    Path("walk/meta.json").write_text(json.dumps({"camera": camera.to_dict()}))
    return tmp_path


def parsed(words: list[str]) -> None:
    """Lets the command line take a command apart, and run nothing; click's UsageError where it cannot."""
    command = typer.main.get_command(app)
    context = click.Context(command, info_name="velodepth")
    while isinstance(command, click.Group):
        with command.make_context(words[0], words[1:], parent=context, resilient_parsing=False) as context:
            rest = [*getattr(context, "_protected_args", []), *context.args]
            name, command, words = command.resolve_command(context, rest)
            words = [name, *words]
    command.make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize(("page", "command"), EVERY, ids=[f"{p.stem}: {c}" for p, c in EVERY])
def test_each_command_is_one_that_the_command_line_takes(page, command):
    words = shlex.split(command)
    parsed(words)
    if "--preset" in words:
        preset = words[words.index("--preset") + 1]
        assert preset in PRESETS or re.search("[/.]", preset), "no preset and no path"


RUN = [(p, c) for p, c in EVERY if not c.startswith(tuple(NOT_RUN))]


@pytest.mark.parametrize(("page", "command"), RUN, ids=[f"{p.stem}: {c}" for p, c in RUN])
def test_a_reader_can_run_it(page, command, here, monkeypatch, nano):
    from velodepth.cli import main

    monkeypatch.setattr(velodepth, "load", lambda *told: nano)
    with pytest.raises(SystemExit) as exit:
        main(shlex.split(command)[1:])
    assert not exit.value.code


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_python_runs_as_it_is_printed(page, here, capsys):
    names: dict[str, object] = {"__name__": "docs"}
    left_out = NOT_PYTHON_HERE.get(page.name, {})
    if page.name == "cameras.md":
        names["points"], names["pixels"] = np.ones((2, 3)), np.ones((2, 2))
    if page.name == "export.md":
        pytest.importorskip("onnx", reason="an extra: pip install 'velodepth[export]'")
        from velodepth.cli import main

        with pytest.raises(SystemExit) as exit:
            main(shlex.split(next(line for line in commands(page) if line.endswith("--out nano-onnx")))[1:])
        assert not exit.value.code
    for block in blocks(page, "python"):
        if not any(words in block for words in left_out):
            exec(compile(block, str(page), "exec"), names)


def test_what_is_left_out_is_still_there():
    """A reason for a block or command that went goes as well."""
    for name, words in NOT_PYTHON_HERE.items():
        text = "".join(blocks(ROOT / "docs" / name, "python"))
        assert all(word in text for word in words), name
    for begin in NOT_RUN:
        assert any(command.startswith(begin) for _, command in EVERY), begin

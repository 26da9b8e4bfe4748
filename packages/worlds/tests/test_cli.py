"""`velodepth-worlds` as a shell would call it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from velodepth.cli import main as velodepth
from velodepth.errors import VeloDepthError
from velodepth.train.shards import open_shards
from velodepth_worlds import generate
from velodepth_worlds.__main__ import main
from velodepth_worlds.renderer import Renderer


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder: Path, capfd, monkeypatch) -> Callable[..., Outcome]:
    """Runs a command line in `folder`, in this process; not on a terminal."""

    def run(*arguments: object) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["velodepth-worlds", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            main()
        return Outcome(exit.value.code or 0, *capfd.readouterr())

    return run


@pytest.fixture(scope="module", autouse=True)
def _opengl() -> None:
    try:
        Renderer(np.zeros((1, 4, 4, 4), np.uint8))
    except VeloDepthError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    """Shards of a dozen frames, with clips."""
    monkeypatch.setattr(
        generate, "RenderSettings", functools.partial(generate.RenderSettings, shard=12, clip_share=1.0)
    )


RENDER = ("render", "--out", "out", "--size", "64x48", "--kinds", "tabletop", "--processes", 1)


def test_render_preview_check(call, folder):
    done = call(*RENDER, "--frames", 12, "--seed", 7, "--clip-length", 3)
    assert (done.status, done.out) == (0, "18 frames in 1 shard in out\n")
    assert len(open_shards(folder / "out")) == 1

    done = call("preview", "out/shard-00000", "--out", "sheet.png")
    assert (done.status, done.out) == (0, "wrote sheet.png\n") and (
        folder / "sheet.png"
    ).stat().st_size > 10000

    done = call("check", "out")
    lines = done.out.splitlines()
    assert done.status == 0 and [line.split()[0] for line in lines] == ["shard", "shard-00000"]

    flow = np.load(folder / "out" / "shard-00000" / "flow.npy")
    np.save(folder / "out" / "shard-00000" / "flow.npy", flow + np.float16(3))
    done = call("check", "out")
    assert done.status == 1 and "disagreement error" in done.out and done.err == ""


@pytest.mark.parametrize(
    "options, said",
    [
        (("--size", "64by48"), "--size 64by48 is not understood"),
        (("--kinds", "tabletop,moon"), "'moon' is no kind of world"),
    ],
)
def test_what_cannot_be_rendered_is_told_in_one_line(call, options, said):
    done = call(*RENDER, *options)
    assert done.status == 2 and done.out == "" and said in done.err and done.err.count("\n") == 1


def test_ctrl_c_says_what_is_kept(call, monkeypatch):
    def interrupted(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(generate, "shard_clips", interrupted)
    done = call(*RENDER)
    assert done.status == 130 and "whole shards are kept in out" in done.err


@pytest.mark.parametrize("command", ["preview", "check"])
def test_a_folder_without_shards(call, folder, command):
    done = call(command, ".")
    assert done.status == 2 and "holds no shard" in done.err


@pytest.mark.parametrize("command", ["render", "preview", "check"])
def test_help_ends_with_an_example(call, command):
    done = call(command, "--help")
    assert done.status == 0 and f"  velodepth worlds {command}" in done.out.split("Example")[1]


def test_velodepth_has_the_same_commands(call, capfd):
    with pytest.raises(SystemExit):
        velodepth(["worlds", "--help"])
    assert capfd.readouterr().out == call("--help").out

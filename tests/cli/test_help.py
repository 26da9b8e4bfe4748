"""What is asked before anything runs: help, version, the public names."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import velodepth
from velodepth.media.writing import KINDS
from velodepth.presets import PRESETS

COMMANDS = ("run", "demo", "live", "web", "batch", "camera", "info", "export", "eval", "compare")
GROUPS = {"train": ("ablate",)}
if importlib.util.find_spec("velodepth_worlds"):
    GROUPS["worlds"] = ("render", "preview", "check")

HELP = f"""
import sys
from velodepth.cli import main
for command in ([], *([name] for name in {[*COMMANDS, *GROUPS]})):
    try:
        main([*command, "--help"])
    except SystemExit as exit:
        assert exit.code == 0
print("imported:", sorted({{"numpy", "cv2", "av", "onnxruntime", "torch"}} & {{*sys.modules}}))
"""

NAMES = """
import sys
import velodepth
assert not {"numpy", "cv2", "av", "onnxruntime"} & {*sys.modules}, sorted(sys.modules)
assert {*velodepth.__all__} <= {*dir(velodepth)}
from velodepth import *
from velodepth import load
assert velodepth.load is load and load.__module__ == "velodepth.presets.catalogue"
for name in velodepth.__all__:
    assert getattr(velodepth, name).__name__ == name, name
assert "onnxruntime" not in sys.modules
"""


def test_help_of_every_command_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.endswith("imported: []\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(call, command):
    outcome = call(command, "--help")
    assert outcome.err == ""
    assert f"  velodepth {command}" in outcome.out.split("Example")[1]


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_each_command_of_a_group_has_an_example(call, group):
    for command in GROUPS[group]:
        assert f"  velodepth {group} {command}" in call(group, command, "--help").out.split("Example")[1]


def test_help_lists_the_commands(call):
    lines = call("--help").out.split("Commands:")[1].split("\n\n")[0].splitlines()
    described = {line.split()[0]: line for line in lines if line.startswith("  ")}
    assert {*COMMANDS, *GROUPS} == {*described}
    assert not any("..." in line for line in described.values())  # the sentence is whole


def test_help_of_run_lists_the_kinds_as_the_table_has_them(call):
    text = call("run", "--help").out
    start = text.index("Kinds of output")
    listed = text[start : text.index("\n\n", start)].splitlines()[1:]
    assert [tuple(line.split(maxsplit=1)) for line in listed] == [(k.name, k.summary) for k in KINDS.values()]


def test_help_of_run_names_the_presets_and_policies(call):
    text = " ".join(call("run", "--help").out.split())
    assert ", ".join(PRESETS) in text
    for policy in ("adaptive", "published", "every"):
        assert policy in text.split("--policy")[1].split("--max-frames")[0]


def test_version(call):
    assert call("--version").out == f"velodepth {velodepth.__version__}\n"


def test_public_names_are_imported_when_first_used():
    done = subprocess.run([sys.executable, "-c", NAMES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="'velodepth' has no attribute 'lode'"):
        _ = velodepth.lode

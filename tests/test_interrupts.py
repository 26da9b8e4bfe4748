"""SIGTERM is Ctrl-C, held back where that is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from velodepth.interrupts import ASKING, Interrupt, uninterrupted


@pytest.mark.parametrize("asking", ASKING)
def test_both_raise_are_remembered_and_put_back(asking):
    before = [signal.getsignal(each) for each in ASKING]
    with Interrupt() as outer:
        with Interrupt() as inner, pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), asking)
        assert inner.came and not outer.came
    assert [signal.getsignal(each) for each in ASKING] == before


@pytest.mark.parametrize("asking", ASKING)
def test_both_wait_for_the_end_of_what_must_not_be_cut(asking):
    done = []
    with Interrupt() as interrupt, pytest.raises(KeyboardInterrupt), uninterrupted() as held:
        os.kill(os.getpid(), asking)
        done.append(bool(held))
    assert done == [True] and interrupt.came


def test_what_is_ignored_stays_ignored():
    earlier = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            os.kill(os.getpid(), signal.SIGTERM)
        assert not interrupt.came
    finally:
        signal.signal(signal.SIGTERM, earlier)


def test_another_thread_changes_nothing():
    before = [signal.getsignal(each) for each in ASKING]
    seen = []

    def work():
        with Interrupt(), uninterrupted() as held:
            seen.append(([signal.getsignal(each) for each in ASKING], held))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, [])]


FAMILY = """
import multiprocessing, sys, time
from pathlib import Path
from velodepth.interrupts import obeying_parent

def work(path):
    with obeying_parent():
        try:
            Path(path).write_text("at work")
            time.sleep(600)
        except SystemExit:
            raise ImportError("as a library does that is being imported") from None
        finally:
            Path(path).unlink()

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work, args=(sys.argv[1],), daemon=True)
    child.start()
    print(child.pid, flush=True)
    time.sleep(600)
"""


def test_a_worker_unwinds_when_its_parent_is_killed(tmp_path):
    psutil = pytest.importorskip("psutil")
    (tmp_path / "family.py").write_text(FAMILY)
    path = tmp_path / "at work"
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "family.py", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = psutil.Process(int(parent.stdout.readline()))
    while not path.exists():
        assert child.is_running()
    parent.kill()
    child.wait(60)
    _, error = parent.communicate()
    assert not path.exists() and error == ""

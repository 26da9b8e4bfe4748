"""What only a process of its own shows: Ctrl-C, and the bar on a (pseudo) terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import warnings
from contextlib import suppress

import numpy as np
import pytest
import typer

import velodepth
from velodepth.cli.failure import report_errors
from velodepth.cli.outputs import open_outputs
from velodepth.cli.process import process
from velodepth.errors import MediaWarning
from velodepth.media.writing import Options

# A shell's background jobs, and so what tests run in, may have Ctrl-C turned off.
COMMAND = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from velodepth.cli import main; main()",
]
PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8).tobytes()


def start(*arguments, **streams):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen([*COMMAND, *arguments, "--preset", "nano"], **pipes)


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, process.stderr.read().decode()
        time.sleep(0.02)


# ---- Ctrl-C ----------------------------------------------------------------------------------------------


def test_ctrl_c_in_a_long_clip_leaves_a_playable_file(folder, encode, decode):
    encode(folder / "long.mp4", 600)
    process = start("run", "long.mp4", "--save", "side,npy")
    wait_for(folder / "long-npy/000003.npy", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130 and err == b""
    told = re.match(
        r"Interrupted after (\d+) frames in .* written to long-side.mp4, long-npy/\n", out.decode()
    )
    frames = len(decode(folder / "long-side.mp4"))
    assert told and int(told[1]) == frames and 4 <= frames < 600
    assert len(list((folder / "long-npy").iterdir())) == frames
    assert {path.name for path in folder.iterdir()} == {"long.mp4", "long-side.mp4", "long-npy"}


def test_ctrl_c_while_it_waits_for_standard_input(folder, decode):
    """PyAV loses the KeyboardInterrupt when the input ends right after it, as it does in a pipeline."""
    process = start("run", "-", "--raw-size", "64x48", "--save", "side,npy")
    process.stdin.write(3 * PICTURE)
    process.stdin.flush()
    wait_for(folder / "stdin-npy/000002.npy", process)
    time.sleep(0.2)  # so that it waits for the next picture
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode == 130 and out.startswith(b"Interrupted after 3 frames")
    assert len(decode(folder / "stdin-side.mp4")) == 3


def test_ctrl_c_that_a_reader_swallows_still_ends_the_run(folder, capfd):
    def pictures():
        for index in range(5):
            if index == 2:
                with suppress(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGINT)
            yield np.zeros((48, 64, 3), np.uint8)

    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        writers = open_outputs("out.npz", "", [], Options())
        with pytest.raises(typer.Exit) as exit:
            process(velodepth.open_source(pictures()), velodepth.load("nano"), writers)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert exit.value.exit_code == 130
    assert capfd.readouterr().out.startswith("Interrupted after 3 frames in ")
    with np.load("out.npz") as archive:
        assert len(archive["depth"]) == 3


def test_ctrl_c_before_the_first_frame(capfd):
    with pytest.raises(typer.Exit) as exit, report_errors():
        raise KeyboardInterrupt
    assert exit.value.exit_code == 130
    assert capfd.readouterr().err == "Interrupted: nothing was written\n"


# ---- failures --------------------------------------------------------------------------------------------


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), report_errors():
        _ = 1 / 0


def test_only_media_warnings_are_retold(capfd, monkeypatch):
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", lambda message, *rest: seen.append(str(message)))
        with report_errors():
            warnings.warn("the end is missing", MediaWarning, stacklevel=1)
            warnings.warn("something else", RuntimeWarning, stacklevel=1)
    assert seen == ["something else"]
    assert capfd.readouterr().err == "Warning: the end is missing\n"


# ---- a terminal ------------------------------------------------------------------------------------------


def on_terminal(*arguments):
    """What a run sends to a terminal of 100 columns, colours taken out; both streams go there."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = start(*arguments, stdin=there, stdout=there, stderr=there, env=environment)
    os.close(there)
    sent = b""
    while True:
        try:
            sent += os.read(here, 4096)
        except OSError:  # Linux: the other side is closed
            break
    os.close(here)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\[\?25[hl]", "", sent.decode())


def screen(sent):
    """The lines that stay: of the control codes, those for a line up and for an empty line."""
    lines, at = [""], 0
    for part in re.findall(r"\n|\x1b\[1A|\x1b\[2K|[^\r\n\x1b]+", sent):
        if part == "\n":
            at += 1
            lines += [""] * (at == len(lines))
        elif part == "\x1b[1A":
            at -= 1
        elif part == "\x1b[2K":
            lines[at] = ""
        else:
            lines[at] += part
    return lines


def test_a_terminal_shows_a_bar_which_makes_room_for_a_warning_and_the_files(folder, encode):
    whole = encode(folder / "cut.mkv", 40).read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: len(whole) // 4])
    sent = on_terminal("run", "cut.mkv", "--save", "side,npz")
    warning, summary, *files = screen(sent)
    frames = int(
        re.fullmatch(r"Warning: cut.mkv is damaged or cut short: (\d+) frames were read", warning)[1]
    )
    assert re.search(
        rf"cut\.mkv [━╸╺]+ +{frames}/40 +\d+\.\d frames/s +\d+ % keyframes  \d+ (kB|bytes) +"
        r"\d+:\d\d left\r",
        sent,
    )
    assert re.fullmatch(rf"{frames} frames in .* keyframes\), written to", summary)
    assert files == ["  cut-side.mp4", "  cut.npz", ""]


def test_a_terminal_stays_empty_with_quiet(folder, street):
    assert on_terminal("run", str(street), "--max-frames", "1", "--quiet") == ""

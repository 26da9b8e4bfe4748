"""No call that Windows or macOS lack, but where another way stands beside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty", "msvcrt", "winreg"}
NAMES = {
    "os": "fork forkpty getuid geteuid getgid getpgid killpg setsid setpgid nice sched_getaffinity "
    "sched_setaffinity sysconf statvfs mkfifo chown chroot getloadavg uname wait waitpid openpty",
    "signal": "SIGALRM SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGUSR2 SIGCHLD SIGSTOP SIGCONT SIGPIPE alarm "
    "setitimer pause pthread_kill pthread_sigmask sigwait",
    "time": "clock_gettime tzset",
    "socket": "AF_UNIX SO_REUSEPORT socketpair",
}
PATHS = re.compile(r"/(dev|proc|sys|tmp|etc|usr|var|home)(/|$)")
KNOWN = {
    ("src/velodepth/cores.py", "os.sched_getaffinity"): "os.cpu_count() where it is missing",
    ("src/velodepth/cores.py", "os.sched_setaffinity"): "OpenCV's threads alone where it is missing",
    ("src/velodepth/cores.py", "/proc/self/task"): "with os.sched_setaffinity only",
    ("src/velodepth/eval/evaluate.py", "/proc/cpuinfo"): "platform.processor() where it is missing",
    ("src/velodepth/media/locks.py", "fcntl"): "files that only one may open, on Windows",
    ("src/velodepth/train/rendering.py", "/dev/shm"): "the folder for temporary files where it is missing",
    ("src/velodepth/train/rendering.py", "/proc"): "nothing is swept where /proc/self is missing",
    ("src/velodepth/train/rendering.py", "/proc/self"): "nothing is swept where it is missing",
}
"""File and what it uses of one system: what stands beside it."""


def used(path: Path) -> set[str]:
    """What a file uses of the above."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names} & {*NAMES.get(node.module, "").split()}
            found |= ({node.module} & MODULES) | {f"{node.module}.{name}" for name in names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {
                f"{node.value.id}.{name}" for name in {node.attr} & {*NAMES.get(node.value.id, "").split()}
            }
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and PATHS.match(node.value):
            found.add(node.value)
    return found


FILES = sorted((ROOT / "src").rglob("*.py")) + sorted((ROOT / "packages/worlds/src").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_uses_nothing_of_one_system_alone(path):
    name = path.relative_to(ROOT).as_posix()
    known = {what for file, what in KNOWN if file == name}
    assert used(path) == known, "let another way stand beside it, and say in KNOWN which"

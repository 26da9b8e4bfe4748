"""The processor cores this process may run on: of the machine those that a container or a parent left it."""

from __future__ import annotations

import os
from collections.abc import Collection

import cv2


def cores() -> list[int]:
    """Their numbers, ascending."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to(share: Collection[int]) -> None:
    """This process from now on runs on these cores alone; elsewhere than on Linux, only OpenCV heeds it."""
    cv2.setNumThreads(len(share))
    if hasattr(os, "sched_setaffinity"):
        for thread in os.listdir("/proc/self/task"):  # NumPy starts some as it is imported
            os.sched_setaffinity(int(thread), share)


def shares(processes: int) -> list[list[int]]:
    """The cores of this process dealt out to so many; where they are fewer, some get one twice."""
    there = cores()
    return [there[i::processes] or [there[i % len(there)]] for i in range(processes)]

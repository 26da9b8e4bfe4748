"""What makes measuring twice as fast without a change to any formula."""

from __future__ import annotations

import numpy as np


def keep_freed_memory() -> None:
    """Let the process keep the memory of freed maps; call it once, before measuring.

    Every step makes and drops maps of a few MB. glibc hands such memory back to the system each time, and
    taking it anew costs as much as the arithmetic. It stops once it has seen one larger block freed
    (mallopt(3), M_MMAP_THRESHOLD, "dynamic"; at most 32 MB). Elsewhere this does nothing.
    """
    np.empty(30 << 20, np.uint8)

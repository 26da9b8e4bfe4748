"""How much one visitor may ask for."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True)
class Limits:
    """Of one server. A stream is what one video or one webcam gives."""

    upload_bytes: int = 256 * 2**20  # of a video
    picture_pixels: int = 3840 * 2160  # of a picture as it arrives
    frames: int = 1800  # of a stream; later ones are not looked at
    streams: int = 4  # at once, of all visitors together
    starts_a_minute: int = 12  # of streams, from one address
    picture_bytes: int = 4 * 2**20  # of a webcam picture, JPEG
    unopened: float = MINUTE  # seconds that an upload waits to be watched before it is removed
    silent: float = MINUTE  # seconds without a byte or picture before a visitor is given up
    upload_rate: float = 32 * 1024  # bytes a second, on average, that an upload must come with
    watched: float = 30 * MINUTE  # seconds of a stream; later frames are not looked at


class Pace:
    """Counts what each address starts, over the last minute."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._starts: dict[str, deque[float]] = {}

    def admits(self, address: str) -> bool:
        """Whether one more start is within the limit; it then counts."""
        now = time.monotonic()
        for known, starts in list(self._starts.items()):
            while starts and now - starts[0] >= MINUTE:
                starts.popleft()
            if not starts:
                del self._starts[known]
        starts = self._starts.setdefault(address, deque())
        if len(starts) >= self._a_minute:
            return False
        starts.append(now)
        return True

"""A stream that can be lost: a TCP server on this machine that sends a short clip to whoever connects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ..videos import write_video

FRAMES = 6


@dataclass
class Sender:
    """Sends the clip to each that connects, then hangs up."""

    listener: socket.socket
    clip: bytes

    def __post_init__(self) -> None:
        self.url = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed
                return
            with connection:
                connection.sendall(self.clip)

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    pictures = (np.full((48, 64, 3), 40 * value, np.uint8) for value in range(FRAMES))
    path = write_video(tmp_path / "clip.ts", pictures, g="1", bf="0")
    sender = Sender(socket.create_server(("127.0.0.1", 0)), path.read_bytes())
    threading.Thread(target=sender.run, daemon=True).start()
    yield sender
    sender.close()

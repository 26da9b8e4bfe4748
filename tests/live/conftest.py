"""A stream that can be lost: a TCP server on this machine that sends a short clip to whoever connects."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

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
    path = tmp_path / "clip.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": "1", "bf": "0"}
        for value in range(FRAMES):
            picture = np.full((48, 64, 3), 40 * value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    sender = Sender(socket.create_server(("127.0.0.1", 0)), path.read_bytes())
    threading.Thread(target=sender.run, daemon=True).start()
    yield sender
    sender.close()

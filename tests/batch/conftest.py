"""Tiny clips of their own content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest


def write_clip(path: Path, seed: int = 0, frames: int = 6) -> Path:
    """64 x 48, H.264, 25 frames a second; what it shows depends on the seed."""
    x, y = np.meshgrid(np.arange(64 + frames), np.arange(48))
    wide = np.stack([128 + 100 * np.sin(x / (5 + seed)), 128 + 100 * np.sin(y / 4), (x + y) % 256], axis=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(frames):
            picture = np.ascontiguousarray(wide[:, index : index + 64].astype(np.uint8))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def make_clip() -> Callable[..., Path]:
    return write_clip

"""Tiny clips of their own content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ..videos import sliding, write_video


def write_clip(path: Path, seed: int = 0, frames: int = 6) -> Path:
    """64 x 48, H.264, 25 frames a second; what it shows depends on the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, sliding(frames, 5 + seed))


@pytest.fixture
def make_clip() -> Callable[..., Path]:
    return write_clip

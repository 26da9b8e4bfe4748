"""What several test folders share: the packaged model, the demo clip, data that is only on some machines."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import pytest

import velodepth
from velodepth.media.reading import open_source
from velodepth.presets import DEMO_CLIP

from .transformers_models import save


@pytest.fixture(scope="session")
def nano() -> velodepth.Model:
    return velodepth.load()


@pytest.fixture(scope="session")
def clip() -> list[np.ndarray]:
    """The packaged demo clip, every second frame, 320 x 240: 75 pictures; somebody walks through a room."""
    return [f.picture[::2, ::2] for f in open_source(DEMO_CLIP) if f.index % 2 == 0]


@pytest.fixture(scope="session")
def tiny_large():
    """A LargeConfig of a size that tests can run: the published network's parts, all of them small."""
    pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
    from velodepth.nets.large import LargeConfig

    return LargeConfig(
        encoder_width=32,
        encoder_depth=4,
        encoder_heads=2,
        picks=(1, 2, 3, 4),
        width=32,
        out_width=16,
        observer_widths=(8, 16, 32, 64),
        observer_depths=(1, 1, 1, 1),
        flow_widths=(8, 16),
        flow_depths=(1, 1),
    )


def folder_from(variable: str) -> Path:
    """The folder an environment variable names, or a skip that says which one to set."""
    if not os.environ.get(variable):
        pytest.skip(f"{variable} is not set: it names the folder this test reads")
    folder = Path(os.environ[variable])
    assert folder.is_dir(), f"{variable}={folder} is not a folder"
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """Real sequences and clips: rgbd/ and clips/."""
    return folder_from("VELODEPTH_DATA")


@pytest.fixture(scope="session")
def parity() -> Path:
    """Stand-in weights and recorded outputs of the published network."""
    return folder_from("VELODEPTH_PARITY")


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """saved(family) -> folder of a tiny model with random weights: see transformers_models.py."""
    pytest.importorskip("transformers", reason="transformers is an extra: pip install 'velodepth[hub]'")
    return functools.cache(lambda family: save(family, tmp_path_factory.mktemp(family)))

"""Tiny real clips, and the command line as a shell would call it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest

import velodepth
from velodepth.cli import main

from ..videos import sliding, write_video

load_once = functools.cache(velodepth.load)


def write_clip(path: Path, frames: int = 12) -> Path:
    """64 x 48, H.264, 25 frames a second."""
    return write_video(path, sliding(frames), g="4", bf="0")


def read_clip(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


class Outcome(NamedTuple):
    """What a command has said."""

    out: str
    err: str


@pytest.fixture(scope="session")
def encode() -> Callable[..., Path]:
    return write_clip


@pytest.fixture(scope="session")
def decode() -> Callable[[Path], list[np.ndarray]]:
    return read_clip


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 frames of 64 x 48."""
    return write_clip(tmp_path_factory.mktemp("clips") / "street.mp4")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    path = tmp_path / "here"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def call(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """call(*arguments, status=0): runs a command line, which has to end with that exit status.

    In `folder`, in this process, not on a terminal. A model is loaded once for all.
    """
    monkeypatch.setattr(velodepth, "load", load_once)

    def run(*arguments: object, status: int = 0) -> Outcome:
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit:
            main([str(argument) for argument in arguments])
        outcome = Outcome(*capfd.readouterr())
        assert (exit.value.code or 0) == status, outcome.err
        return outcome

    return run


@pytest.fixture
def refused(call: Callable[..., Outcome]) -> Callable[..., str]:
    """refused(*arguments): the one sentence with which a command line is refused; nothing else is said."""

    def sentence(*arguments: object) -> str:
        outcome = call(*arguments, status=2)
        assert outcome.out == "" and outcome.err.startswith("Error: ") and outcome.err.count("\n") == 1
        return outcome.err

    return sentence


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """A ROS 2 bag with pictures of 48 x 32 on /left/image, which has a camera_info beside it, and another."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="an extra: pip install 'velodepth[ros]'")
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    region = store.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    with rosbag2.Writer(tmp_path / "bag", version=8) as writer:

        def send(topic: str, kind: str, second: int, *values: object) -> None:
            stamp = store.types["builtin_interfaces/msg/Time"](second, 0)
            header = store.types["std_msgs/msg/Header"](stamp, "optical")
            code = store.serialize_cdr(store.types[kind](header, *values), kind)
            writer.write(topics[topic], second * 10**9, code)

        info, image = "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/Image"
        topics = {
            name: writer.add_connection(name, kind, typestore=store)
            for name, kind in (("/left/camera_info", info), ("/left/image", image), ("/right/image", image))
        }
        k = np.array([50, 0, 23.5, 0, 51, 15.5, 0, 0, 1])
        p = np.zeros(12)
        lens = np.zeros(5), k, np.eye(3).ravel(), p
        send("/left/camera_info", info, 1, 32, 48, "plumb_bob", *lens, 0, 0, region)
        for second in (1, 2, 3):
            for side in ("/left/image", "/right/image"):
                send(side, image, second, 32, 48, "mono8", 0, 48, np.full(32 * 48, 60 * second, np.uint8))
    return tmp_path / "bag"

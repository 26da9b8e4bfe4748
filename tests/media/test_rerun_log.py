"""Recordings read back by Rerun's own reader, and its viewer's place taken by a server that records."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import rerun_cli
from rerun.chunk import RrdReader

from velodepth.cameras import KannalaBrandt, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media import rerun_log
from velodepth.media.cloud import Cloud
from velodepth.media.colour import Colouring
from velodepth.media.writing import Options, open_writer
from velodepth.stream.frame import DepthFrame

CLOCK = {"log_time", "blueprint", "rerun.controls.RowId"}
PER_FRAME = {"/camera/picture", "/camera/depth", "/camera/colours", "/points"}


def make_frame(index, width=64, height=48, camera=None):
    """Waves on a floor that comes nearer, metres."""
    camera = camera or Pinhole(60.0 + index, 61.0, 31.0, 25.0)
    depth = np.geomspace(8, 1, height)[:, None] * (1 + 0.3 * np.sin(np.arange(width) / 9 + index / 5))
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    picture = np.stack([x, y, np.full_like(x, 40 * index)], axis=2).astype(np.uint8)
    reason = {0: "start", 2: "uncovered"}.get(index)
    return DepthFrame.of(depth, camera, picture, index=index, time=index / 4, reason=reason)


def rows_of(chunk):
    """Without the rows' numbers, which the SDK takes from the clock."""
    batch = chunk.to_record_batch()
    return batch.select(
        [name for name in batch.schema.names if name.partition(":")[0] not in CLOCK]
    ).to_pylist()


def read(path):
    """{entity: [{column: value}, ...]} of what was logged, in the order of the frames."""
    assert [recording.application_id for recording in RrdReader(path).recordings()] == ["velodepth"]
    rows = {}
    for chunk in RrdReader(path).stream():
        rows.setdefault(chunk.entity_path, []).extend(rows_of(chunk))
    return {entity: sorted(of, key=lambda row: row.get("frame") or 0) for entity, of in rows.items()}


def assert_close(buffer, depth):
    """Bytes of float16 against float32 metres."""
    metres = np.array(buffer, np.uint8).view("<f2").reshape(depth.shape)
    np.testing.assert_allclose(metres, depth, 2**-11)


def write(path, frames, options=None):
    with open_writer(path, options=options) as writer:
        for frame in frames:
            writer.write(frame)
    return read(path)


def test_what_is_logged_is_what_was_computed(tmp_path):
    frames = [make_frame(index) for index in range(4)]
    rows = write(tmp_path / "clip.rrd", frames)
    assert {*rows} == PER_FRAME | {"/", "/camera", "/keyframes"}
    for entity in PER_FRAME | {"/camera"}:
        assert [row["frame"] for row in rows[entity]] == [0, 1, 2, 3]
        assert [row["time"].total_seconds() for row in rows[entity]] == [0, 0.25, 0.5, 0.75]
    assert [(row["frame"], row["TextLog:text"]) for row in rows["/keyframes"]] == [
        (0, ["start"]),
        (2, ["uncovered"]),
    ]
    for index, frame in enumerate(frames):
        camera, picture, depth, points = (
            rows[entity][index] for entity in ("/camera", "/camera/picture", "/camera/depth", "/points")
        )
        (matrix,) = camera["Pinhole:image_from_camera"]  # column by column
        assert matrix == [60.0 + index, 0, 0, 0, 61, 0, 31, 25, 1]
        assert camera["Pinhole:resolution"] == [[64, 48]]
        (code,) = picture["EncodedImage:blob"]
        decoded = cv2.imdecode(np.array(code, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(decoded.astype(int) - frame.picture).mean() < 3
        (values,) = depth["DepthImage:buffer"]
        assert_close(values, frame.depth)
        assert depth["DepthImage:meter"] == [1.0]
        positions = np.array(points["Points3D:positions"], np.float32)
        np.testing.assert_array_equal(positions, frame.points.reshape(-1, 3))
        colours = np.array(points["Points3D:colors"], np.uint32)  # 0xRRGGBBAA
        rgb = np.stack([colours >> shift & 255 for shift in (24, 16, 8)], axis=1)
        np.testing.assert_array_equal(rgb, frame.picture.reshape(-1, 3))


def test_another_run_says_the_same(tmp_path):
    def recorded(path):
        rows = write(path, [make_frame(index) for index in range(3)])
        return RrdReader(path).recordings()[0].recording_id, rows

    first = recorded(tmp_path / "clip.rrd")
    (tmp_path / "clip.rrd").unlink()
    assert recorded(tmp_path / "clip.rrd") == first
    assert {*first[1]["/camera/depth"][0]} >= {"frame", "time", "DepthImage:buffer"}
    assert recorded(tmp_path / "other.rrd")[0] != first[0]


def test_its_colours_are_those_of_our_videos(tmp_path):
    frames = [make_frame(index, 320, 240) for index in range(2)]
    rows = write(tmp_path / "clip.rrd", frames, Options(near=1.0, far=9.0))["/camera/colours"]
    for row, frame in zip(rows, frames, strict=True):
        (code,) = row["EncodedImage:blob"]
        decoded = cv2.imdecode(np.array(code, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.abs(decoded.astype(int) - Colouring(1, 9).paint(frame)).mean() < 3


def test_points_can_be_left_out(tmp_path):
    assert "/points" not in write(tmp_path / "clip.rrd", [make_frame(0)], Options(cloud=Cloud("none")))


def test_the_cameras_path(tmp_path):
    frames = [make_frame(index) for index in range(4)]
    step = np.eye(4)
    step[:3, 3] = 0, 0, -0.5  # the camera went ahead by 0.5 m
    for index in (1, 3):
        frames[index].motion = step
    rows = write(tmp_path / "clip.rrd", frames)
    assert [row["frame"] for row in rows["/path"]] == [1, 3]
    strips = [row["LineStrips3D:strips"] for row in rows["/path"]]
    assert strips == [[[[0, 0, 0], [0, 0, 0.5]]], [[[0, 0, 0.5], [0, 0, 1]]]]
    for entity in ("/camera", "/points"):
        places = [
            row["Transform3D:translation"] for row in rows[entity] if row.get("Transform3D:translation")
        ]
        assert places == [[[0, 0, 0.5]], [[0, 0, 1]]]


def test_the_layout_comes_with_it(tmp_path):
    write(tmp_path / "clip.rrd", [make_frame(0)])
    (layout,) = RrdReader(tmp_path / "clip.rrd").blueprints()
    names = [
        name
        for chunk in RrdReader(tmp_path / "clip.rrd").stream(store=layout)
        for row in rows_of(chunk)
        for name in row.get("ViewBlueprint:display_name") or ()
    ]
    assert sorted(names) == ["Depth", "Keyframes", "Picture", "Points"]
    (target,) = (
        target
        for chunk in RrdReader(tmp_path / "clip.rrd").stream(store=layout)
        for row in rows_of(chunk)
        for target in row.get("EyeControls3D:look_target") or ()
    )
    near, far = np.quantile(make_frame(0).depth, (0.03, 0.97))
    assert target[:2] == [0, 0] and near < target[2] < far  # the middle of the scene


def test_a_lens_that_is_no_pinhole_has_points_and_no_pinhole(tmp_path):
    rows = write(tmp_path / "clip.rrd", [make_frame(0, camera=KannalaBrandt(40, 40, 32, 24))])
    assert "/camera" not in rows and {*rows} >= PER_FRAME


def test_points_are_thinned_out_and_only_those_that_are(tmp_path):
    frame = make_frame(1, 400, 300)
    frame.points[0, 0] = np.nan
    (row,) = write(tmp_path / "clip.rrd", [frame])["/points"]
    positions = np.array(row["Points3D:positions"], np.float32)
    np.testing.assert_array_equal(positions, frame.points[::2, ::2].reshape(-1, 3)[1:])


def test_without_the_sdk_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    for open_it in (rerun_log.ViewerWriter, lambda: open_writer(tmp_path / "clip.rrd")):
        with pytest.raises(VeloDepthError, match=r"pip install 'velodepth\[rerun\]'"):
            open_it()
    assert not [*tmp_path.iterdir()]


@pytest.fixture
def server(tmp_path):
    """Rerun's own program, which writes what it is sent to served.rrd, and the port where it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = next(Path(rerun_cli.__file__).parent.glob("rerun*"))
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", tmp_path / "served.rrd"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    while b"Listening" not in process.stderr.readline():
        assert process.poll() is None
    yield process, port
    process.kill()
    process.communicate()


@pytest.mark.filterwarnings("ignore:RRD file has no footer")  # the server is still writing it
def test_the_viewer_gets_the_same(tmp_path, server):
    _, port = server
    with rerun_log.ViewerWriter(port=port) as viewer:
        viewer.write(make_frame(0))
        viewer.write(make_frame(1))
    rows = {}
    while len(rows.get("/camera/depth", ())) < 2:  # the server writes in its own time
        time.sleep(0.05)
        with suppress(OSError, ValueError, AssertionError):  # not there, or not whole yet
            rows = read(tmp_path / "served.rrd")
    assert [row["frame"] for row in rows["/camera/depth"]] == [0, 1]
    (values,) = rows["/camera/depth"][1]["DepthImage:buffer"]
    assert_close(values, make_frame(1).depth)


def test_without_a_display_it_wants_a_viewer_that_is_open(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(VeloDepthError, match=r"there is no display: write a file with --save rerun"):
            rerun_log.ViewerWriter(port=free.getsockname()[1])


def test_a_viewer_that_is_closed_ends_the_run(server):
    process, port = server
    viewer = rerun_log.ViewerWriter(port=port)
    viewer.write(make_frame(0))
    process.kill()
    process.wait()
    with pytest.raises(KeyboardInterrupt):
        for index in range(1, 1000):
            viewer.write(make_frame(index))
            time.sleep(0.01)
    viewer.close()

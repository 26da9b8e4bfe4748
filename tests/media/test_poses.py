"""The camera's path: from motions to poses, and in every form that holds it."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from velodepth.cameras import Pinhole
from velodepth.media.poses import CameraPath, quaternion
from velodepth.media.writing import Options, open_writer
from velodepth.stream.frame import DepthFrame

WIDTH, HEIGHT = 32, 24


def pose_at(t: int) -> np.ndarray:
    """Camera-to-world of a walk on a spiral, the first camera being the world."""

    def raw(t: float) -> np.ndarray:
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_euler("yxz", [0.3 * t, 0.1 * t, 0.05 * t]).as_matrix()
        pose[:3, 3] = np.sin(t), 0.1 * t, np.cos(t)
        return pose

    return np.linalg.inv(raw(0)) @ raw(t)


def motion_at(t: int) -> np.ndarray | None:
    """From the coordinates of camera t - 1 to those of camera t."""
    return np.linalg.inv(pose_at(t)) @ pose_at(t - 1) if t else None


def make_frame(index: int, motion: np.ndarray | None) -> DepthFrame:
    depth = np.full((HEIGHT, WIDTH), 2, np.float32)
    picture = np.full((HEIGHT, WIDTH, 3), 40 * index, np.uint8)
    frame = DepthFrame.of(depth, Pinhole(30.0, 30.0, 16.0, 12.0), picture, index=index, time=index / 4)
    frame.motion = motion
    return frame


def test_motions_make_a_path():
    path = CameraPath()
    for t in range(20):
        assert path.add(motion_at(t))
        np.testing.assert_allclose(path.pose, pose_at(t), atol=1e-12)


def test_a_gap_is_told_and_the_path_goes_on_as_if_the_camera_had_stood():
    path = CameraPath()
    assert [path.add(each) for each in (None, motion_at(1), None, motion_at(1))] == [True, True, False, True]
    np.testing.assert_allclose(path.pose, pose_at(1) @ pose_at(1), atol=1e-12)


def test_what_the_first_frame_says_does_not_count():
    path = CameraPath()
    path.add(motion_at(1))
    np.testing.assert_array_equal(path.pose, np.eye(4))


@pytest.mark.parametrize("seed", range(5))
def test_quaternions_are_those_of_scipy(seed: int):
    for turn in Rotation.random(40, rng=seed):
        q = quaternion(turn.as_matrix())
        np.testing.assert_allclose(q, turn.as_quat(canonical=True), atol=1e-9)
        assert q[3] >= 0


@pytest.mark.parametrize("axis", np.eye(3).tolist())
def test_half_turns_have_quaternions_too(axis: list[float]):
    turn = Rotation.from_rotvec(np.pi * np.array(axis))
    np.testing.assert_allclose(np.abs(quaternion(turn.as_matrix())), [*axis, 0], atol=1e-9)


def written(tmp_path, motions: list[np.ndarray | None]) -> list[str]:
    path = tmp_path / "clip-poses.txt"
    with open_writer(path, "poses") as writer:
        for index, motion in enumerate(motions):
            writer.write(make_frame(index, motion))
    return path.read_text().splitlines()


def test_a_file_in_tums_form(tmp_path):
    head, *lines = written(tmp_path, [motion_at(t) for t in range(6)])
    assert head.startswith("# timestamp tx ty tz qx qy qz qw: camera-to-world")
    for t, line in enumerate(lines):
        time, *numbers = map(float, line.split())
        assert time == t / 4
        np.testing.assert_allclose(numbers[:3], pose_at(t)[:3, 3], atol=1e-8)
        turn = Rotation.from_quat(numbers[3:]).as_matrix()
        np.testing.assert_allclose(turn, pose_at(t)[:3, :3], atol=1e-8)


def test_a_gap_is_a_comment_in_the_file(tmp_path):
    lines = written(tmp_path, [None, motion_at(1), None, motion_at(3)])
    assert [line[0] for line in lines] == ["#", "0", "0", "#", "0", "0"]
    assert lines[3] == (
        "# gap: the motion to frame 2 is not known; the path goes on as if the camera had stood"
    )
    assert lines[2].split()[1:] == lines[4].split()[1:]
    assert np.loadtxt(tmp_path / "clip-poses.txt").shape == (4, 8)


def test_the_evaluations_reader_of_tum_files_reads_it(tmp_path):
    from velodepth.eval import calibration

    written(tmp_path, [motion_at(t) for t in range(4)])
    rows = calibration.table(tmp_path / "clip-poses.txt", 8)
    for t, row in enumerate(rows):
        np.testing.assert_allclose(calibration.quaternion_pose(row[1:]), pose_at(t), atol=1e-7)


def test_a_glb_has_the_way_the_camera_came(tmp_path):
    with open_writer(tmp_path / "*.glb", options=Options(points=[3])) as writer:
        for t in range(4):
            writer.write(make_frame(t, motion_at(t)))
    code = (tmp_path / "000003.glb").read_bytes()
    (size,) = struct.unpack_from("<I", code, 12)
    gltf, buffer = json.loads(code[20 : 20 + size]), code[20 + size + 8 :]
    assert len(buffer) == gltf["buffers"][0]["byteLength"] and len(buffer) % 4 == 0
    (node,) = [gltf["nodes"][i] for i in gltf["scenes"][0]["nodes"] if "path" in gltf["nodes"][i]["name"]]
    (primitive,) = gltf["meshes"][node["mesh"]]["primitives"]
    accessor = gltf["accessors"][primitive["attributes"]["POSITION"]]
    assert (primitive["mode"], accessor["count"], accessor["type"]) == (3, 4, "VEC3")
    start = gltf["bufferViews"][accessor["bufferView"]]["byteOffset"]
    way = np.frombuffer(buffer[start : start + 48], "<f4").reshape(4, 3)
    to_camera = np.linalg.inv(pose_at(3))
    expected = [(to_camera @ pose_at(t))[:3, 3] * (1, -1, -1) for t in range(4)]
    np.testing.assert_allclose(way, expected, atol=1e-6)
    assert not way[3].any()
    (cloud,) = trimesh.load(tmp_path / "000003.glb").geometry.values()  # the points are as before
    assert len(cloud.vertices) == WIDTH * HEIGHT


def test_a_glb_has_no_path_where_no_motion_is_known(tmp_path):
    with open_writer(tmp_path / "*.glb", options=Options(points=1)) as writer:
        for t in range(2):
            writer.write(make_frame(t, None))
    assert b"camera path" not in (tmp_path / "000001.glb").read_bytes()

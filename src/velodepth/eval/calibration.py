"""Cameras and poses as data sets write them down.

Each reader takes a sequence's folder and the paths of its pictures, whose stems number the frames, and gives
a `FrameCalibration` for each picture. Poses come out camera-to-world, camera axes x right, y down, z forward,
metres. Principal points come out as written; the table in datasets.py says what to add. Raises ValueError,
naming the file, for what cannot be understood, and OSError for what is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..cameras import Camera, Pinhole
from ..jsontext import parse_json
from .decode import MIDDLEBURY_TAG

EARTH_RADIUS = 6378137.0  # metres, KITTI raw development kit


class FrameCalibration(NamedTuple):
    """What is known of a frame besides its arrays."""

    camera: Camera | None = None
    pose: np.ndarray | None = None  # (4, 4) float64
    time: float | None = None  # seconds


def rgbd(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """meta.json with "intrinsics" and "fps"; poses.txt, where there is one: index and 16 numbers a line."""
    path = folder / "meta.json"
    try:
        meta = parse_json(path.read_text(encoding="utf-8"))
        values = meta["intrinsics"]
        camera = Pinhole(*(values[name] for name in ("fx", "fy", "cx", "cy")))
        fps = meta.get("fps")
        scale = meta.get("depth_scale", 0.001)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} has no intrinsics fx, fy, cx, cy ({error}): write them") from error
    if scale != 0.001:
        raise ValueError(f"{path} says depth_scale {scale}: store depth in millimetres (0.001)")
    poses: dict[int, np.ndarray] = {}
    if (folder / "poses.txt").exists():
        rows = table(folder / "poses.txt", 17)
        poses = {int(row[0]): row[1:].reshape(4, 4) for row in rows}
    return [
        FrameCalibration(camera, poses.get(int(picture.stem)), int(picture.stem) / fps if fps else None)
        for picture in pictures
    ]


def seven_scenes(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """frame-000000.pose.txt beside frame-000000.color.png."""
    return [
        FrameCalibration(pose=_matrix(folder / picture.name.replace("color" + picture.suffix, "pose.txt")))
        for picture in pictures
    ]


def scannet(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """pose/0.txt for color/0.jpg, and intrinsic/intrinsic_color.txt; a lost pose is written as -inf."""
    k = table(folder / "intrinsic" / "intrinsic_color.txt", 4)
    camera = Pinhole(k[0, 0], k[1, 1], k[0, 2], k[1, 2])
    return [
        FrameCalibration(camera, _matrix(folder / "pose" / f"{picture.stem}.txt")) for picture in pictures
    ]


def icl_nuim(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """POV-Ray's scene_00_0000.txt beside each picture: cam_pos, cam_dir, cam_up."""
    return [FrameCalibration(pose=_povray(picture.with_suffix(".txt"))) for picture in pictures]


def vkitti2(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """intrinsic.txt and extrinsic.txt: a line a frame and camera, world-to-camera; camera 0 is ours."""
    cameras = {
        int(row[0]): Pinhole(*row[2:]) for row in table(folder / "intrinsic.txt", 6, header=1) if row[1] == 0
    }
    poses = {
        int(row[0]): np.linalg.inv(row[2:].reshape(4, 4))
        for row in table(folder / "extrinsic.txt", 18, header=1)
        if row[1] == 0
    }
    views = []
    for picture in pictures:
        number = int(picture.stem.rpartition("_")[2])
        if number not in cameras or number not in poses:
            raise ValueError(f"{folder} has no line for frame {number} in intrinsic.txt or extrinsic.txt")
        views.append(FrameCalibration(cameras[number], poses[number]))
    return views


def sintel(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """camdata_left/NAME/frame_0001.cam: tag, 3 x 3 intrinsics, 3 x 4 world-to-camera, float64."""
    views = []
    for picture in pictures:
        path = folder.parents[1] / "camdata_left" / folder.name / f"{picture.stem}.cam"
        data = path.read_bytes()
        if len(data) != 4 + 21 * 8 or np.frombuffer(data, "<f4", 1)[0] != MIDDLEBURY_TAG:
            raise ValueError(f"{path} is no Sintel camera file: replace it")
        values = np.frombuffer(data, "<f8", offset=4)
        k, to_camera = values[:9].reshape(3, 3), np.vstack([values[9:].reshape(3, 4), [0, 0, 0, 1]])
        camera = Pinhole(k[0, 0], k[1, 1], k[0, 2], k[1, 2])
        views.append(FrameCalibration(camera, np.linalg.inv(to_camera)))
    return views


def kitti(folder: Path, pictures: Sequence[Path]) -> list[FrameCalibration]:
    """P_rect_02 of calib_cam_to_cam.txt a folder up; poses from oxts/data, where it is there.

    Poses are relative to the first frame's, through calib_velo_to_cam.txt and calib_imu_to_velo.txt. Source:
    KITTI raw data development kit, readme.txt.
    """
    calibration = _named_rows(folder.parent / "calib_cam_to_cam.txt")
    projection = _shaped(calibration, "P_rect_02", (3, 4), folder.parent)
    camera = Pinhole(projection[0, 0], projection[1, 1], projection[0, 2], projection[1, 2])
    files = [folder / "oxts" / "data" / f"{picture.stem}.txt" for picture in pictures]
    if not files[0].exists():
        return [FrameCalibration(camera)] * len(pictures)
    rectified = np.eye(4)
    rectified[:3, :3] = _shaped(calibration, "R_rect_00", (3, 3), folder.parent)
    sideways = np.eye(4)  # from camera 0 to camera 2, both rectified
    sideways[:3, 3] = np.linalg.solve(projection[:, :3], projection[:, 3])
    from_imu = sideways @ rectified @ _rigid(folder.parent / "calib_velo_to_cam.txt")
    from_imu = from_imu @ _rigid(folder.parent / "calib_imu_to_velo.txt")
    readings = [table(file, 30)[0] for file in files]
    scale = np.cos(np.radians(readings[0][0]))
    imu = np.stack([_oxts(reading, scale) for reading in readings])
    poses = from_imu @ np.linalg.inv(imu[0]) @ imu @ np.linalg.inv(from_imu)
    return [FrameCalibration(camera, pose) for pose in poses]


def quaternion_pose(values: np.ndarray) -> np.ndarray:
    """(4, 4) of tx ty tz qx qy qz qw, the order of TUM's groundtruth.txt."""
    x, y, z, w = values[3:] / np.linalg.norm(values[3:])
    pose = np.eye(4)
    pose[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    pose[:3, 3] = values[:3]
    return pose


def mirrored(pose: np.ndarray) -> np.ndarray:
    """A pose between left-handed axes (y up in camera and world, a negative fy) between right-handed ones."""
    flip = np.diag([1.0, -1.0, 1.0, 1.0])
    return flip @ pose @ flip


# Bonn's groundtruth.txt follows the markers on the camera. The set's page gives the chain to the camera:
# ROS^-1 @ pose @ ROS @ MARKERS, where MARKERS also scales from the sensor's metres to the map's.
BONN_ROS = np.array([[-1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
BONN_MARKERS = np.array(
    [
        [1.0157, 0.1828, -0.2389, 0.0113],
        [0.0009, -0.8431, -0.6413, -0.0098],
        [-0.3009, 0.6147, -0.8085, 0.0111],
        [0.0, 0.0, 0.0, 1.0],
    ]
)


def bonn(pose: np.ndarray) -> np.ndarray:
    """The camera's pose, in the sensor's metres, of a pose of the markers."""
    chain = np.linalg.inv(BONN_ROS) @ pose @ BONN_ROS @ BONN_MARKERS
    left, scales, right = np.linalg.svd(chain[:3, :3])
    camera = np.eye(4)
    camera[:3, :3] = left @ right
    camera[:3, 3] = chain[:3, 3] / scales.mean()
    return camera


def table(path: Path, columns: int, header: int = 0) -> np.ndarray:
    """(rows, columns) float64 of a text file; lines that begin with # are left out."""
    lines = path.read_text(encoding="utf-8").splitlines()[header:]
    rows = [line.replace(",", " ").split() for line in lines if line.strip() and not line.startswith("#")]
    try:
        if not rows or any(len(row) != columns for row in rows):
            raise ValueError(f"not {columns} numbers a line")
        return np.array(rows, np.float64)
    except ValueError as error:
        raise ValueError(f"{path} cannot be understood ({error}): replace it") from error


def _matrix(path: Path) -> np.ndarray | None:
    """A 4 x 4 text file; None for one that says it is lost."""
    pose = table(path, 4)
    if pose.shape != (4, 4):
        raise ValueError(f"{path} is not a 4 x 4 matrix: replace it")
    return pose if np.isfinite(pose).all() else None


def _povray(path: Path) -> np.ndarray:
    found = dict(re.findall(r"(cam_\w+)\s*=\s*\[([^]]*)\]", path.read_text(encoding="utf-8")))
    try:
        position, ahead, up = (
            np.array(found[name].split(","), float).reshape(3) for name in ("cam_pos", "cam_dir", "cam_up")
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} has no cam_pos, cam_dir, cam_up: replace it") from error
    z = ahead / np.linalg.norm(ahead)
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    pose = np.eye(4)
    pose[:3] = np.stack([x, np.cross(z, x), z, position], axis=1)
    return mirrored(pose)


def _named_rows(path: Path) -> dict[str, list[str]]:
    """ "NAME: numbers" lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: values.split() for name, _, values in (line.partition(":") for line in lines)}


def _shaped(rows: dict[str, list[str]], name: str, shape: tuple[int, int], where: Path) -> np.ndarray:
    try:
        return np.array(rows[name], float).reshape(shape)
    except (KeyError, ValueError) as error:
        raise ValueError(f"a calibration file in {where} has no {name} of {shape} numbers") from error


def _rigid(path: Path) -> np.ndarray:
    """(4, 4) of a file with R and T."""
    rows = _named_rows(path)
    pose = np.eye(4)
    pose[:3, :3] = _shaped(rows, "R", (3, 3), path.parent)
    pose[:3, 3:] = _shaped(rows, "T", (3, 1), path.parent)
    return pose


def _oxts(reading: np.ndarray, scale: float) -> np.ndarray:
    """IMU-to-world of latitude, longitude (degrees), altitude (m), roll, pitch, yaw: Mercator."""
    latitude, longitude, altitude, roll, pitch, yaw = reading[:6]
    cos, sin = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    about_x = np.array([[1, 0, 0], [0, cos[0], -sin[0]], [0, sin[0], cos[0]]])
    about_y = np.array([[cos[1], 0, sin[1]], [0, 1, 0], [-sin[1], 0, cos[1]]])
    about_z = np.array([[cos[2], -sin[2], 0], [sin[2], cos[2], 0], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, :3] = about_z @ about_y @ about_x
    east = scale * EARTH_RADIUS * np.radians(longitude)
    north = scale * EARTH_RADIUS * np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2))
    pose[:3, 3] = east, north, altitude
    return pose

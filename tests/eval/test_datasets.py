"""A small made set in each format, written here by its published description, and read back."""

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth.eval import calibration
from velodepth.eval.datasets import DATASETS, Sequence, associate, open_dataset

WIDTH, HEIGHT = 64, 48
TAG = struct.pack("<f", 202021.25)
FRAMES = 3


def picture(i: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) uint8 RGB, one colour, so that JPEG keeps it."""
    return np.full((height, width, 3), (40 * i + 10, 100, 200), np.uint8)


def depth(i: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width) metres: whole decimetres from 1 m; unknown (0) in the first column."""
    metres = 1 + 0.1 * (np.arange(height)[:, None] + np.arange(width) + i)
    metres[:, 0] = 0
    return metres


def pose(i: int) -> np.ndarray:
    """Camera-to-world, our axes: turned by 0.1 i radians about an odd axis, moved."""
    turned = np.eye(4)
    turned[:3, :3] = cv2.Rodrigues(0.1 * i * np.array([0.36, 0.48, 0.8]))[0]
    turned[:3, 3] = 0.1 * i, -0.2 * i, 0.3
    return turned


def quaternion(rotation: np.ndarray) -> np.ndarray:
    """x, y, z, w, for turns below 180 degrees."""
    turn = cv2.Rodrigues(rotation)[0].ravel()
    angle = np.linalg.norm(turn)
    axis = turn / angle if angle else turn
    return np.append(axis * np.sin(angle / 2), np.cos(angle / 2))


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, path.suffix))


def encoded(image: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()


def units(metres: np.ndarray, per_metre: float) -> np.ndarray:
    return np.rint(metres * per_metre).astype(np.uint16)


def text(path: Path, rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))


def track(conversion: Callable[[np.ndarray], np.ndarray], i: int) -> list[float]:
    """tx ty tz qx qy qz qw of a pose as a set writes it."""
    written = conversion(pose(i))
    return [*written[:3, 3], *quaternion(written[:3, :3])]


def make_rgbd(root: Path) -> None:
    for i in range(FRAMES):
        write(root / f"a/rgb/{i:06d}.jpg", picture(i))
        write(root / f"a/depth/{i:06d}.png", units(depth(i), 1000))
    text(root / "a/poses.txt", [[i, *pose(i).ravel()] for i in range(FRAMES)])
    meta = {"intrinsics": {"fx": 50, "fy": 51, "cx": 32, "cy": 24}, "fps": 10, "depth_scale": 0.001}
    (root / "a/meta.json").write_text(json.dumps(meta))


def make_tum(root: Path, name: str = "rgbd_dataset_a", conversion: Callable = lambda p: p) -> None:
    """Pictures each 0.1 s from 100 s, depth 0.01 s later, poses 0.005 s earlier."""
    for i in range(FRAMES):
        write(root / name / f"rgb/{100 + 0.1 * i:.6f}.png", picture(i))
        write(root / name / f"depth/{100.01 + 0.1 * i:.6f}.png", units(depth(i), 5000))
    for kind, start in (("rgb", 100), ("depth", 100.01)):
        times = [f"{start + 0.1 * i:.6f}" for i in range(FRAMES)]
        text(
            root / name / f"{kind}.txt", [["# timestamp filename"], *([t, f"{kind}/{t}.png"] for t in times)]
        )
    rows = [[99.995 + 0.1 * i, *track(conversion, i)] for i in range(FRAMES)]
    text(root / name / "groundtruth.txt", [["#"], *rows])


def make_bonn(root: Path) -> None:
    def markers(camera: np.ndarray) -> np.ndarray:
        """The pose from which the chain, ROS^-1 pose ROS M, leads to this camera, times M's scale."""
        scaled = camera.copy()
        scaled[:3] *= np.cbrt(np.linalg.det(calibration.BONN_MARKERS[:3, :3]))
        ros = calibration.BONN_ROS
        return ros @ scaled @ np.linalg.inv(calibration.BONN_MARKERS) @ np.linalg.inv(ros)

    make_tum(root, "rgbd_bonn_a", markers)
    with (root / "rgbd_bonn_a/depth.txt").open("a") as file:
        file.write("100.5 depth/100.5.png\n")  # as in the archives: listed, not there


def mirror(camera: np.ndarray) -> np.ndarray:
    flip = np.diag([1.0, -1, 1, 1])
    return flip @ camera @ flip


def make_icl(root: Path) -> None:
    for i in range(FRAMES):
        write(root / f"a/rgb/{i}.png", picture(i))
        write(root / f"a/depth/{i}.png", units(depth(i), 5000))
    text(root / "a/associations.txt", [[i, f"depth/{i}.png", i, f"rgb/{i}.png"] for i in range(FRAMES)])
    text(root / "a/livingRoom0.gt.freiburg", [[i, *track(mirror, i)] for i in range(FRAMES)])


def make_icl_plain(root: Path) -> None:
    """640 x 480, as the set is: its text does not say its size. Left-handed, y up."""
    v, u = np.mgrid[:480, :640]
    longer = np.sqrt(((u - 319.5) / 481.2) ** 2 + ((v - 239.5) / 480) ** 2 + 1)
    for i in range(2):
        write(root / f"a/scene_00_{i:04d}.png", picture(i, 640, 480))
        np.savetxt(root / f"a/scene_00_{i:04d}.depth", (depth(i, 640, 480) * longer).reshape(1, -1), "%.5f")
        x, y, z, at = mirror(pose(i))[:3].T
        rows = {"cam_pos": at, "cam_dir": 2 * z, "cam_up": y + 0.1 * z, "cam_right": 1.33 * x}
        lines = [f"{key} = [{', '.join(map(str, value))}]';" for key, value in rows.items()]
        (root / f"a/scene_00_{i:04d}.txt").write_text("\n".join(lines))


def make_7scenes(root: Path) -> None:
    for i in range(FRAMES):
        start = root / f"chess/seq-01/frame-{i:06d}"
        write(Path(f"{start}.color.png"), picture(i))
        stored = units(depth(i), 1000)
        stored[:, 0] = 65535
        write(Path(f"{start}.depth.png"), stored)
        text(Path(f"{start}.pose.txt"), pose(i).tolist())


def make_scannet(root: Path) -> None:
    for i in range(FRAMES):
        write(root / f"scene0000_00/color/{i}.jpg", picture(i, 2 * WIDTH, 2 * HEIGHT))
        write(root / f"scene0000_00/depth/{i}.png", units(depth(i), 1000))
        text(root / f"scene0000_00/pose/{i}.txt", pose(i).tolist())
    intrinsic = [[100, 0, 63.5, 0], [0, 101, 47.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    text(root / "scene0000_00/intrinsic/intrinsic_color.txt", intrinsic)


def make_kitti(root: Path) -> None:
    """Ten metres to the east a frame, on which the last one turns left; depth from frame 1 on, none at 2."""
    drive = root / "2011_09_26/2011_09_26_drive_0001_sync"
    for i in range(4):
        write(drive / f"image_02/data/{i:010d}.png", picture(i))
        east = np.degrees(10 * i / (6378137 * np.cos(np.radians(49))))
        text(drive / f"oxts/data/{i:010d}.txt", [[49, 8 + east, 100, 0, 0, np.pi / 2 * (i == 3), *[0] * 24]])
        if i in (1, 3):
            truth = root / f"train/{drive.name}/proj_depth/groundtruth/image_02/{i:010d}.png"
            write(truth, units(depth(i), 256))
    forward = [["calib_time:", "09-Jan-2012"], ["R:", 0, -1, 0, 0, 0, -1, 1, 0, 0], ["T:", 0, 0, 0]]
    same = [["R:", 1, 0, 0, 0, 1, 0, 0, 0, 1], ["T:", 0, 0, 0]]
    text(drive.parent / "calib_velo_to_cam.txt", forward)
    text(drive.parent / "calib_imu_to_velo.txt", same)
    projection = ["P_rect_02:", 721.5, 0, 31.5, 0, 0, 721.5, 23.5, 0, 0, 0, 1, 0]
    text(drive.parent / "calib_cam_to_cam.txt", [["R_rect_00:", 1, 0, 0, 0, 1, 0, 0, 0, 1], projection])


def make_vkitti2(root: Path) -> None:
    scene = root / "Scene01/clone"
    for i in range(FRAMES):
        write(scene / f"frames/rgb/Camera_0/rgb_{i:05d}.jpg", picture(i))
        stored = units(depth(i), 100)
        stored[:, 0] = 65535
        write(scene / f"frames/depth/Camera_0/depth_{i:05d}.png", stored)
        if i < FRAMES - 1:
            flow = np.zeros((HEIGHT, WIDTH, 3), np.uint16)  # (3, -2) pixels, unknown in the first row
            flow[..., 0] = round((3 / (WIDTH - 1) + 1) / 2 * 65535)
            flow[..., 1] = round((-2 / (HEIGHT - 1) + 1) / 2 * 65535)
            flow[1:, :, 2] = 1
            write(scene / f"frames/forwardFlow/Camera_0/flow_{i:05d}.png", flow)
    rows = [[i, camera, 725, 726, 31.5 + camera, 23.5] for i in range(FRAMES) for camera in (0, 1)]
    text(scene / "intrinsic.txt", [["frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"], *rows])
    rows = [[i, camera, *np.linalg.inv(pose(i + camera)).ravel()] for i in range(FRAMES) for camera in (0, 1)]
    text(scene / "extrinsic.txt", [["frame cameraID r1,1 ..."], *rows])


def make_sintel(root: Path) -> None:
    training = root / "training"
    for i in range(FRAMES):
        name = f"alley_1/frame_{i + 1:04d}"
        for kind in ("final", "clean"):
            write(training / kind / f"{name}.png", picture(i))
        for kind in ("depth", "camdata_left", "flow"):
            (training / kind / "alley_1").mkdir(parents=True, exist_ok=True)
        size = struct.pack("<ii", WIDTH, HEIGHT)
        (training / f"depth/{name}.dpt").write_bytes(TAG + size + depth(i).astype("<f4").tobytes())
        k = np.array([[112, 0, 31.5], [0, 113, 23.5], [0, 0, 1.0]])
        camera = TAG + k.tobytes() + np.linalg.inv(pose(i))[:3].tobytes()
        (training / f"camdata_left/{name}.cam").write_bytes(camera)
        if i < FRAMES - 1:
            flow = np.full((HEIGHT, WIDTH, 2), (3, -2), "<f4")
            (training / f"flow/{name}.flo").write_bytes(TAG + size + flow.tobytes())
            hidden = np.zeros((HEIGHT, WIDTH), np.uint8)
            hidden[0] = 255
            write(training / f"occlusions/{name}.png", hidden)


class MadeSet(NamedTuple):
    """How a set is made, the name of its sequence, and fx, fy, cx, cy and frames a second as read back."""

    make: Callable[[Path], None]
    name: str
    camera: tuple[float, float, float, float]
    rate: float


# Principal points: half a pixel more where the set counts the first pixel's centre as 0.
MADE = {
    "rgbd": MadeSet(make_rgbd, "a", (50, 51, 32, 24), 10),
    "bonn": MadeSet(make_bonn, "rgbd_bonn_a", (54.2822841, 54.2576870, 31.6093520, 23.8256098), 10),
    "tum": MadeSet(make_tum, "rgbd_dataset_a", (52.5, 52.5, 32, 24), 10),
    "icl_nuim": MadeSet(make_icl, "a", (48.12, 48, 32, 24), 30),
    "icl_nuim_plain": MadeSet(make_icl_plain, "a", (481.2, 480, 320, 240), 30),
    "7scenes": MadeSet(make_7scenes, "chess/seq-01", (58.5, 58.5, 32, 24), 30),
    "scannet": MadeSet(make_scannet, "scene0000_00", (100, 101, 64, 48), 30),
    "kitti": MadeSet(make_kitti, "2011_09_26/2011_09_26_drive_0001_sync", (721.5, 721.5, 32, 24), 10),
    "vkitti2": MadeSet(make_vkitti2, "Scene01/clone", (725, 726, 32, 24), 10),
    "sintel": MadeSet(make_sintel, "training/final/alley_1", (112, 113, 32, 24), 24),
}


@pytest.fixture(params=MADE)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Sequence:
    MADE[request.param].make(tmp_path)
    (sequence,) = open_dataset(tmp_path)
    assert sequence.dataset == request.param
    return sequence


def test_every_format_has_a_made_set() -> None:
    assert set(MADE) == set(DATASETS)


def test_reads_what_was_written(made: Sequence) -> None:
    kind = made.dataset
    assert made.name == MADE[kind].name
    assert made.frame_rate == pytest.approx(MADE[kind].rate)
    first = 1 if kind == "kitti" else 0  # frame 0 has no depth
    width, height = (640, 480) if kind == "icl_nuim_plain" else (WIDTH, HEIGHT)
    frames = list(made)
    assert len(frames) == {"icl_nuim_plain": 2}.get(kind, FRAMES)
    for i, frame in enumerate(frames):
        shown = picture(i + first, frame.picture.shape[1], frame.picture.shape[0])
        assert frame.index == i
        assert np.abs(frame.picture.astype(int) - shown).max() <= 3  # JPEG
        true = depth(i + first, width, height) * (kind != "kitti" or i != 1)
        assert frame.depth.dtype == np.float32
        np.testing.assert_allclose(frame.depth, true, rtol=0, atol=0.51 / 256 if kind == "kitti" else 2e-4)
        camera = frame.camera
        assert camera is not None
        assert camera.size == (frame.picture.shape[1], frame.picture.shape[0])
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx(MADE[kind].camera)
        if kind != "kitti":
            assert frame.pose is not None
            np.testing.assert_allclose(frame.pose, pose(i), atol=1e-3 if kind == "bonn" else 1e-6)
    assert not made.still


def test_times(made: Sequence) -> None:
    start = {"tum": 100, "bonn": 100, "kitti": 0.1, "sintel": 1 / 24}.get(made.dataset, 0)
    times = [made[i].time for i in range(2)]
    assert times == pytest.approx([start, start + 1 / made.frame_rate])


def test_every_set_can_be_named_copied_and_told_apart(made: Sequence, tmp_path: Path) -> None:
    (named,) = open_dataset(tmp_path, made.dataset)
    copy = pickle.loads(pickle.dumps(named))
    identity = made.identity()
    assert copy.identity() == identity
    np.testing.assert_array_equal(copy[1].depth, made[1].depth)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file())
    changed = tmp_path / next(path for path in files if "depth" in str(path) and path.suffix != ".txt")
    changed.write_bytes(changed.read_bytes() + b"\0")
    assert open_dataset(tmp_path)[0].identity() != identity


def test_the_sequence_itself_can_be_opened(made: Sequence, tmp_path: Path) -> None:
    (alone,) = open_dataset(tmp_path / made.name)
    assert alone.name == Path(made.name).name
    np.testing.assert_array_equal(alone[1].depth, made[1].depth)


def test_no_frame_beyond_the_last(made: Sequence) -> None:
    for index in (-1, len(made)):
        with pytest.raises(IndexError):
            made[index]


@pytest.mark.parametrize("kind", ["vkitti2", "sintel"])
def test_forward_flow(tmp_path: Path, kind: str) -> None:
    MADE[kind].make(tmp_path)
    (sequence,) = open_dataset(tmp_path)
    frame = sequence[0]
    assert frame.flow is not None
    assert frame.flow_valid is not None
    assert not frame.flow_valid[0].any()
    assert frame.flow_valid[1:].all()
    np.testing.assert_allclose(frame.flow[0, 1:], 3, atol=1e-3)
    np.testing.assert_allclose(frame.flow[1, 1:], -2, atol=1e-3)
    assert sequence[FRAMES - 1].flow is None


def test_kitti_drives_forward_then_looks_left(tmp_path: Path) -> None:
    make_kitti(tmp_path)
    (sequence,) = open_dataset(tmp_path)
    poses = [frame.pose for frame in sequence]
    np.testing.assert_allclose(poses[0], np.eye(4), atol=1e-6)
    np.testing.assert_allclose(poses[1][:3, 3], [0, 0, 10], atol=1e-4)
    np.testing.assert_allclose(poses[2][:3, :3] @ [0, 0, 1], [-1, 0, 0], atol=1e-6)
    shutil.rmtree(tmp_path / sequence.name / "oxts")
    (without,) = open_dataset(tmp_path)
    assert without[0].pose is None
    assert not without.still


def test_kitti_camera_two_is_beside_camera_zero(tmp_path: Path) -> None:
    """Turning about the IMU carries the second camera around: P_rect_02's last column is its place."""
    make_kitti(tmp_path)
    path = tmp_path / "2011_09_26/calib_cam_to_cam.txt"
    path.write_text(path.read_text().replace("31.5 0 0 721.5", "31.5 -721.5 0 721.5"))  # 1 m to the right
    poses = [frame.pose for frame in open_dataset(tmp_path)[0]]
    # Frame 3 stands 20 m ahead of frame 1's IMU; turned left, 1 m to its right is 1 m further ahead.
    np.testing.assert_allclose(poses[2][:3, 3], [-1, 0, 21], atol=1e-4)


def test_a_still_camera_is_known(tmp_path: Path) -> None:
    make_rgbd(tmp_path)
    text(tmp_path / "a/poses.txt", [[i, *pose(1).ravel()] for i in range(FRAMES)])
    assert open_dataset(tmp_path)[0].still
    (tmp_path / "a/poses.txt").unlink()
    (without,) = open_dataset(tmp_path)
    assert not without.still
    assert without[0].pose is None


def test_scannet_lost_pose(tmp_path: Path) -> None:
    make_scannet(tmp_path)
    text(tmp_path / "scene0000_00/pose/1.txt", [["-inf"] * 4] * 4)
    assert [frame.pose is None for frame in open_dataset(tmp_path)[0]] == [False, True, False]


def test_tum_pairs_what_is_near_in_time(tmp_path: Path) -> None:
    make_tum(tmp_path)
    folder = tmp_path / "rgbd_dataset_a"
    rows = (folder / "depth.txt").read_text().splitlines()
    (folder / "depth.txt").write_text("\n".join([rows[1].replace("100.01", "100.025", 1), *rows[2:]]))
    poses = (folder / "groundtruth.txt").read_text().splitlines()
    (folder / "groundtruth.txt").write_text("\n".join(poses[:-1]))
    (sequence,) = open_dataset(tmp_path)
    assert [frame.time for frame in sequence] == pytest.approx([100.1, 100.2])
    assert [frame.pose is None for frame in sequence] == [False, True]


def test_associate_takes_the_nearest_once() -> None:
    assert associate([0, 0.015, 1], [0.01, 0.99, 2], 0.02) == [(0.015, 0.01), (1, 0.99)]
    assert associate([0, 0.03], [0.015], 0.02) == [(0, 0.015)]
    assert associate([], [1.0], 0.02) == []


# What cannot be read


def test_a_broken_file_is_named_with_its_sequence(made: Sequence, tmp_path: Path) -> None:
    whole = list(made)
    assert len(whole) == len(made)
    for path in tmp_path.rglob("*"):
        if path.suffix in (".png", ".jpg", ".dpt", ".depth"):
            path.write_bytes(b"no picture")
    with pytest.raises(VeloDepthError, match=rf"^sequence {made.name}, frame 0: .* cannot be read"):
        open_dataset(tmp_path)[0][0]


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        ("rgbd", "a/depth/000001.png"),
        ("rgbd", "a/rgb/000001.jpg"),
        ("7scenes", "chess/seq-01/frame-000001.depth.png"),
        ("7scenes", "chess/seq-01/frame-000001.pose.txt"),
        ("tum", "rgbd_dataset_a/depth/100.110000.png"),
        ("tum", "rgbd_dataset_a/depth.txt"),
        ("scannet", "scene0000_00/pose/2.txt"),
        ("vkitti2", "Scene01/clone/frames/depth/Camera_0/depth_00001.png"),
        ("sintel", "training/camdata_left/alley_1/frame_0002.cam"),
        ("sintel", "training/depth/alley_1/frame_0001.dpt"),
        ("kitti", "2011_09_26/calib_velo_to_cam.txt"),
    ],
)
def test_a_missing_file_is_no_shorter_sequence(tmp_path: Path, kind: str, lost: str) -> None:
    MADE[kind].make(tmp_path)
    (tmp_path / lost).unlink()
    (sequence,) = open_dataset(tmp_path)
    with pytest.raises(VeloDepthError, match=f"sequence {MADE[kind].name}") as caught:
        list(sequence)
    assert Path(lost).stem.split("_")[-1].split(".")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "path", "content"),
    [
        ("rgbd", "a/meta.json", "{}"),
        ("rgbd", "a/meta.json", '{"intrinsics": {"fx": 1, "fy": 1, "cx": 1, "cy": 1}, "depth_scale": 0.01}'),
        ("rgbd", "a/poses.txt", "0 1 2 3"),
        ("tum", "rgbd_dataset_a/groundtruth.txt", "1 2 three"),
        ("tum", "rgbd_dataset_a/rgb.txt", "100.0"),
        ("icl_nuim", "a/associations.txt", "0 depth/0.png"),
        ("icl_nuim_plain", "a/scene_00_0000.txt", "cam_pos = [1, 2, 3]';"),
        ("scannet", "scene0000_00/pose/0.txt", "1 0 0 0"),
        ("vkitti2", "Scene01/clone/extrinsic.txt", "frame cameraID\n0 0 1 2"),
        ("sintel", "training/camdata_left/alley_1/frame_0001.cam", "short"),
        ("kitti", "2011_09_26/calib_cam_to_cam.txt", "P_rect_02: 1 2 3"),
    ],
)
def test_text_that_makes_no_sense_is_named(tmp_path: Path, kind: str, path: str, content: str) -> None:
    MADE[kind].make(tmp_path)
    (tmp_path / path).write_text(content)
    (sequence,) = open_dataset(tmp_path)
    with pytest.raises(VeloDepthError, match=f"sequence {MADE[kind].name}"):
        len(sequence)


def test_one_broken_sequence_leaves_the_others(tmp_path: Path) -> None:
    make_rgbd(tmp_path)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    shutil.rmtree(tmp_path / "a/depth")
    broken, whole = open_dataset(tmp_path)
    with pytest.raises(VeloDepthError, match=r"sequence a: .*000000\.jpg has no depth"):
        len(broken)
    assert len(whole) == FRAMES


def test_folders_that_hold_nothing_or_too_much(tmp_path: Path) -> None:
    with pytest.raises(VeloDepthError, match="there is no data folder"):
        open_dataset(tmp_path / "none")
    with pytest.raises(VeloDepthError, match="holds no sequence of any kind"):
        open_dataset(tmp_path)
    with pytest.raises(VeloDepthError, match="no data set kind 'nyu'"):
        open_dataset(tmp_path, "nyu")
    make_rgbd(tmp_path)
    with pytest.raises(VeloDepthError, match="holds no sequence of kind sintel"):
        open_dataset(tmp_path, "sintel")
    make_tum(tmp_path)
    with pytest.raises(VeloDepthError, match="sequences of rgbd and tum"):
        open_dataset(tmp_path)
    assert [each.name for each in open_dataset(tmp_path, "tum")] == ["rgbd_dataset_a"]


def test_a_renamed_bonn_sequence_can_be_opened_by_kind(tmp_path: Path) -> None:
    make_bonn(tmp_path)
    (tmp_path / "rgbd_bonn_a").rename(tmp_path / "balloon")
    assert open_dataset(tmp_path)[0].dataset == "tum"
    assert open_dataset(tmp_path, "bonn")[0][0].camera.fx == pytest.approx(54.2822841)


def test_a_picture_of_another_aspect_is_refused(tmp_path: Path) -> None:
    make_tum(tmp_path)
    write(tmp_path / "rgbd_dataset_a/rgb/100.000000.png", picture(0, WIDTH, HEIGHT - 8))
    with pytest.raises(VeloDepthError, match=r"sequence rgbd_dataset_a, frame 0: .*another aspect"):
        open_dataset(tmp_path)[0][0]


# The published HDF5 files


def make_published(path: Path, split: str = "val.txt", index: str = "sequences.json") -> dict:
    h5py = pytest.importorskip("h5py")
    flow = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    u, v = (round((d / size + 1) / 2 * 4095 - 0.5) for d, size in ((3, WIDTH), (-2, HEIGHT)))
    flow[...] = u & 255, (u >> 8) | (v & 15) << 4, v >> 4
    hidden = np.full((HEIGHT, WIDTH), 255, np.uint8)
    hidden[0] = 0
    far = np.rint(depth(0) * 100_000).astype(np.uint32)  # 100 times depth(0), beyond 65.535 m
    packed = np.stack([far & 255, far >> 8 & 255, far >> 16], axis=2).astype(np.uint8)
    k = [[50, 0, 32], [0, 51, 24], [0, 0, 1]]
    record = {
        "image": [f"s/image/{i}" for i in range(FRAMES)],
        "depth": [f"s/depth/{i}" for i in range(FRAMES)],
        "K": [k] * FRAMES,
        "cam2w": [pose(0).tolist(), None, pose(2).tolist()],
        "flow_fwd": ["s/flow/0", "s/flow/0"],
        "flow_fwd_mask": ["s/mask/0", "s/mask/0"],
    }
    with h5py.File(path, "w") as file:

        def put(name: str, data: bytes) -> None:
            file.create_dataset(name, data=np.frombuffer(data, np.uint8))

        for i in range(FRAMES):
            put(f"s/image/{i}", encoded(picture(i), ".jpg"))
            put(f"s/depth/{i}", encoded(packed if i == 0 else units(depth(i), 1000)))
        put("s/flow/0", encoded(flow))
        put("s/mask/0", encoded(hidden))
        put(split, b"s 3\nlost 3\n")
        put(index, json.dumps({"s": record}).encode())
    return record


def test_published_file(tmp_path: Path) -> None:
    make_published(tmp_path / "TUM.hdf5")
    first, lost = open_dataset(tmp_path / "TUM.hdf5")
    assert (first.name, first.dataset, first.max_depth, len(first)) == ("s", "tum", 10, FRAMES)
    frames = list(pickle.loads(pickle.dumps(first)))
    np.testing.assert_allclose(frames[0].depth, 100 * depth(0), rtol=1e-5)
    np.testing.assert_allclose(frames[1].depth, depth(1), atol=6e-4)
    assert np.abs(frames[2].picture.astype(int) - picture(2)).max() <= 3
    assert frames[0].camera == Pinhole(50, 51, 32, 24, size=(WIDTH, HEIGHT))
    np.testing.assert_allclose(frames[2].pose, pose(2))
    assert frames[1].pose is None
    np.testing.assert_allclose(frames[0].flow[0], 3, atol=WIDTH / 4095)
    np.testing.assert_allclose(frames[0].flow[1], -2, atol=HEIGHT / 4095)
    assert not frames[0].flow_valid[0].any()
    assert frames[0].flow_valid[1:].all()
    assert frames[2].flow is None
    assert first.frame_rate is None
    with pytest.raises(VeloDepthError, match=r"sequence lost: .*does not list it"):
        len(lost)


def test_published_scannet_and_folder(tmp_path: Path) -> None:
    make_published(tmp_path / "ScanNet.hdf5", index="sequences_.json")
    make_published(tmp_path / "Sintel.hdf5", split="training.txt")
    names = [(each.name, each.dataset, each.max_depth) for each in open_dataset(tmp_path)]
    assert names[::2] == [("ScanNet/s", "scannet", 10), ("Sintel/s", "sintel", 1000)]


def test_published_errors(tmp_path: Path) -> None:
    make_published(tmp_path / "Mine.hdf5")
    with pytest.raises(VeloDepthError, match="no published set"):
        open_dataset(tmp_path / "Mine.hdf5")
    assert open_dataset(tmp_path / "Mine.hdf5", "bonn")[0].dataset == "bonn"
    with pytest.raises(VeloDepthError, match=r"not like the published ScanNet\.hdf5"):
        open_dataset(tmp_path / "Mine.hdf5", "scannet")
    (tmp_path / "TUM.hdf5").write_bytes(b"no HDF5")
    with pytest.raises(VeloDepthError, match="cannot be opened as HDF5"):
        open_dataset(tmp_path / "TUM.hdf5")


# Real data


def test_real_truth_agrees_with_itself(data: Path) -> None:
    """Depth of one frame, moved by the poses into the next, is the depth there: no axis is turned."""
    (sequence,) = open_dataset(data / "rgbd/kitchen_7scenes_a")
    before, now = sequence[0], sequence[5]
    height, width = now.depth.shape
    v, u = np.nonzero(before.depth)
    rays = before.camera.unproject(np.stack([u, v], axis=1) + 0.5)
    points = rays / rays[:, 2:] * before.depth[v, u, None]
    moved = np.linalg.inv(now.pose) @ before.pose
    points = points @ moved[:3, :3].T + moved[:3, 3]
    pixels = np.floor(now.camera.project(points)).astype(int)
    inside = ((pixels >= 0) & (pixels < [width, height])).all(axis=1)
    there = now.depth[pixels[inside, 1], pixels[inside, 0]]
    ratio = points[inside, 2][there > 0] / there[there > 0]
    assert len(ratio) > 100_000
    assert (np.abs(ratio - 1) < 0.05).mean() > 0.9
    assert len(open_dataset(data / "rgbd")) >= 7

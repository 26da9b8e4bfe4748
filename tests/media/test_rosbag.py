"""Real bags of all three kinds, read as any source is, and depth written back as a bag."""

from __future__ import annotations

import shutil
import sys
import warnings
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from rosbags import rosbag1, rosbag2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

import velodepth
from velodepth.cameras import KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media.cloud import Cloud
from velodepth.media.rosbag import VIDEO, VIDEO_FIELDS
from velodepth.media.rosbag_writing import TF, TOPICS, TRANSFORMS
from velodepth.media.source import Origin
from velodepth.media.writing import Options, open_writer
from velodepth.stream.frame import DepthFrame

from ..videos import write_video

WIDTH, HEIGHT = 48, 32
START = 1_700_000_000_123_456_789
DELAY = 7_654_321  # nanoseconds from the stamp to the recorder
STAMPS = [START + offset for offset in (0, 33_333_333, 66_666_667, 1_000_000_001)]
K = [50.0, 0, 23.5, 0, 51.0, 15.5, 0, 0, 1]
CONTAINERS = {"mcap": "bag", "sqlite": "bag", "ros1": "recording.bag"}


def picture(index):
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return np.stack([200 * x, 40 * index + 90 * y, 120 - 80 * x * y], axis=2).astype(np.uint8)


class Recorder:
    """Writes a bag with rosbags, message by message."""

    def __init__(self, path, container):
        self.is_ros1 = container == "ros1"
        self.store = get_typestore(Stores.ROS1_NOETIC if self.is_ros1 else Stores.ROS2_HUMBLE)
        self.connections = {}
        if self.is_ros1:
            self.writer = rosbag1.Writer(path)
        else:
            plugin = rosbag2.StoragePlugin.MCAP if container == "mcap" else rosbag2.StoragePlugin.SQLITE3
            self.writer = rosbag2.Writer(path, version=8, storage_plugin=plugin)

    def __enter__(self):
        self.writer.open()
        return self

    def __exit__(self, *exception):
        self.writer.close()

    def header(self, stamp, frame_id="front_optical"):
        time = self.store.types["builtin_interfaces/msg/Time"](*divmod(stamp, 10**9))
        return self.store.types["std_msgs/msg/Header"](
            **({"seq": 0} if self.is_ros1 else {}), stamp=time, frame_id=frame_id
        )

    def record(self, topic, msgtype, recorded, **fields):
        message = self.store.types[msgtype](**fields)
        code = (self.store.serialize_ros1 if self.is_ros1 else self.store.serialize_cdr)(message, msgtype)
        self.record_bytes(topic, msgtype, recorded, code)

    def record_bytes(self, topic, msgtype, recorded, code):
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, msgtype, typestore=self.store)
        self.writer.write(self.connections[topic], recorded, code)

    def image(self, topic, stamp, values, encoding="bgr8", recorded=None):
        self.record(
            topic, "sensor_msgs/msg/Image", stamp + DELAY if recorded is None else recorded,
            header=self.header(stamp), height=values.shape[0], width=values.shape[1], encoding=encoding,
            is_bigendian=0, step=values.strides[0], data=values.reshape(-1).view(np.uint8),
        )  # fmt: skip

    def compressed(self, topic, stamp, code):
        self.record(
            topic, "sensor_msgs/msg/CompressedImage", stamp + DELAY,
            header=self.header(stamp), format="bgr8; png compressed bgr8", data=code,
        )  # fmt: skip

    def info(self, topic, stamp, model="plumb_bob", d=(0.0,) * 5, k=K):
        region = self.store.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        matrices = {
            "d": d,
            "k": k,
            "r": np.eye(3).reshape(-1),
            "p": [40.0, 0, 20, 0, 0, 41, 10, 0, 0, 0, 1, 0],
        }
        self.record(
            topic, "sensor_msgs/msg/CameraInfo", stamp + DELAY,
            header=self.header(stamp), height=HEIGHT, width=WIDTH, distortion_model=model,
            binning_x=0, binning_y=0, roi=region,
            **{name.upper() if self.is_ros1 else name: np.array(v, float) for name, v in matrices.items()},
        )  # fmt: skip


def png(index):
    return cv2.imencode(".png", picture(index)[..., ::-1])[1].reshape(-1)


def record(folder, container="mcap", compressed=False, stamps=STAMPS):
    """A bag of pictures and their camera, with something else in between."""
    path = folder / CONTAINERS[container]
    with Recorder(path, container) as recorder:
        for index, stamp in enumerate(stamps):
            recorder.info("/front/camera_info", stamp)
            recorder.record("/chatter", "std_msgs/msg/String", stamp + DELAY, data="hello")
            if compressed:
                recorder.compressed("/front/image/compressed", stamp, png(index))
            else:
                recorder.image("/front/image", stamp, np.ascontiguousarray(picture(index)[..., ::-1]))
    return path


def read(path, **options):
    """All frames, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(velodepth.open_source(path, **options))


# Reading


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_bag_is_a_source_like_any_other(tmp_path, container, compressed):
    path = record(tmp_path, container, compressed)
    with velodepth.open_source(path) as source:
        assert (source.name, source.length, source.live) == (str(path), len(STAMPS), False)
        assert source.camera == Pinhole(50, 51, 24, 16, size=(WIDTH, HEIGHT))
        assert source.origin == Origin(START, START + DELAY, "front_optical")
    frames = read(path)
    assert [START + round(frame.time * 1e9) for frame in frames] == STAMPS
    np.testing.assert_array_equal(
        [frame.picture for frame in frames], [picture(i) for i in range(len(frames))]
    )


@pytest.mark.parametrize(("container", "name"), [("mcap", "bag.mcap"), ("sqlite", "bag.db3")])
def test_the_file_of_a_ros_2_bag_will_do_without_its_folder(tmp_path, container, name):
    (record(tmp_path, container) / name).rename(tmp_path / name)
    assert len(read(str(tmp_path / name))) == len(STAMPS)


@pytest.mark.parametrize("mode", ["FILE", "MESSAGE", "STORAGE"])
def test_compressed_bags(tmp_path, mode):
    recorder = Recorder(tmp_path / "bag", "mcap")
    recorder.writer.set_compression(rosbag2.CompressionMode[mode], rosbag2.CompressionFormat.ZSTD)
    with recorder:
        recorder.image("/image", START, picture(0), "rgb8")
    np.testing.assert_array_equal(read(tmp_path / "bag")[0].picture, picture(0))


def test_what_the_file_of_a_compressed_bag_lacks_is_told(tmp_path):
    """How its messages are compressed is only in the metadata.yaml of the folder."""
    recorder = Recorder(tmp_path / "bag", "sqlite")
    recorder.writer.set_compression(rosbag2.CompressionMode.MESSAGE, rosbag2.CompressionFormat.ZSTD)
    with recorder:
        recorder.image("/image", START, picture(0), "rgb8")
    with pytest.raises(
        VeloDepthError, match=r"has 1 pictures, and none can be read: .*the folder of the bag"
    ):
        read(tmp_path / "bag/bag.db3")
    (tmp_path / "bag.db3.zstd").touch()
    with pytest.raises(VeloDepthError, match=r"the folder of a ROS 2 bag$"):
        velodepth.open_source(tmp_path / "bag.db3.zstd")


def test_the_camera_is_asked_for_before_the_end(tmp_path):
    source = velodepth.open_source(record(tmp_path))
    assert len(list(source)) == len(STAMPS)
    with pytest.raises(VeloDepthError, match="has been read or closed already: open it again"):
        _ = source.camera


def test_one_of_several_topics_is_chosen_by_name(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.info("/left/camera_info", START, k=[40.0, 0, 23.5, 0, 41.0, 15.5, 0, 0, 1])
        for index, name in enumerate(("/right/image_raw", "/left/image_raw")):
            recorder.image(name, START, picture(index), "rgb8")
    with pytest.raises(
        VeloDepthError, match=r"several topics: give one with --topic, of /left/image_raw, /right/image_raw$"
    ):
        velodepth.open_source(tmp_path / "bag")
    with velodepth.open_source(tmp_path / "bag", topic="/left/image_raw") as left:
        assert left.camera.fx == 40
        np.testing.assert_array_equal(next(iter(left)).picture, picture(1))
    with velodepth.open_source(tmp_path / "bag", topic="/right/image_raw") as right:
        assert right.camera is None
    with pytest.raises(VeloDepthError, match=r"no pictures on /back: choose from /left/image_raw, /right/"):
        velodepth.open_source(tmp_path / "bag", topic="/back")


@pytest.mark.parametrize(
    ("topic", "model", "d", "kind"),
    [
        ("/front/image_raw", "plumb_bob", [-0.2, 0.05, 0.001, 0.002, 0.01], OpenCV),
        ("/front/image_raw", "rational_polynomial", [0.3, 0.02, 0, 0, 0.01, 0.5, 0.03, 0.002], OpenCV),
        ("/front/image_raw", "equidistant", [0.01, -0.002, 0.0003, 0.00001], KannalaBrandt),
        ("/front/image_rect_color", "plumb_bob", [-0.2, 0.05, 0.001, 0.002, 0.01], Pinhole),
    ],
)
def test_the_camera_is_that_of_the_camera_info(tmp_path, topic, model, d, kind):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.info("/front/camera_info", START, model, d)
        recorder.image(topic, START, picture(0), "rgb8")
    with velodepth.open_source(tmp_path / "bag") as source:
        assert type(source.camera) is kind
        assert source.camera.cx == (20.5 if "rect" in topic else 24)


@pytest.mark.parametrize("topic", ["/image", "/compressed", "image"])
def test_a_camera_info_elsewhere_is_of_another_camera(tmp_path, topic):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.info("/other/camera_info", START)
        recorder.image(topic, START, picture(0), "rgb8")
    with velodepth.open_source(tmp_path / "bag") as source:
        assert source.camera is None


def test_a_distortion_that_is_not_known_is_only_an_error_when_it_is_asked_for(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.info("/camera_info", START, "omnidirectional", [1.0, 2.0])
        recorder.image("/image", START, picture(0), "rgb8")
    with velodepth.open_source(tmp_path / "bag") as source:
        with pytest.raises(
            VeloDepthError, match=r"bag, camera_info of /image: the distortion model 'omnidir"
        ):
            _ = source.camera
        assert len(list(source)) == 1


def test_without_stamps_the_recorder_tells_the_time(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        for index, recorded in enumerate(STAMPS):
            recorder.image("/image", 0, picture(index), "rgb8", recorded)
    with velodepth.open_source(tmp_path / "bag") as source:
        assert source.origin == Origin(START, START, "front_optical")
        assert [START + round(frame.time * 1e9) for frame in source] == STAMPS


def test_damaged_and_late_pictures_are_left_out_and_counted(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.compressed("/image", START - 1, np.arange(50, dtype=np.uint8))
        for index, stamp in enumerate([STAMPS[0], STAMPS[1], STAMPS[1], STAMPS[0], STAMPS[2]]):
            recorder.compressed("/image", stamp, png(index))
        recorder.record_bytes("/image", "sensor_msgs/msg/CompressedImage", STAMPS[3] + DELAY, b"\0\1\0\0\xff")
    source = velodepth.open_source(tmp_path / "bag")
    with pytest.warns(MediaWarning, match=r"bag has 4 pictures, .* left out$"):
        frames = list(source)
    assert [START + round(frame.time * 1e9) for frame in frames] == STAMPS[:3]
    np.testing.assert_array_equal(frames[2].picture, picture(4))


# What cannot be read


def sentence(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("share", [0, 0.02, 0.5])
@pytest.mark.parametrize(
    ("container", "name"), [("mcap", "bag/bag.mcap"), ("sqlite", "bag/bag.db3"), ("ros1", "recording.bag")]
)
def test_a_truncated_file_is_refused_in_one_sentence(tmp_path, container, name, share):
    record(tmp_path, container)
    whole = (tmp_path / name).read_bytes()
    cut = tmp_path / f"cut{Path(name).suffix}"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(VeloDepthError) as caught:
        read(cut)
    assert sentence(caught).startswith(str(cut)) and ": give a whole .mcap, .db3 or .bag" in sentence(caught)


def test_a_file_damaged_in_the_middle_gives_what_is_before(tmp_path):
    path = record(tmp_path, "ros1", stamps=[START + i * 10**8 for i in range(30)])
    code = bytearray(path.read_bytes())
    middle = len(code) // 2
    code[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(code)
    source = velodepth.open_source(path)
    with pytest.warns(MediaWarning, match=r"is damaged \(.*\): \d+ frames were read$"):
        frames = list(source)
    assert 0 < len(frames) < 30
    np.testing.assert_array_equal(frames[0].picture, picture(0))


def test_a_bag_without_pictures(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.record("/chatter", "std_msgs/msg/String", START, data="hello")
    with pytest.raises(VeloDepthError, match=r"bag holds std_msgs/msg/String: give a bag with a sensor_msgs"):
        velodepth.open_source(tmp_path / "bag")
    with Recorder(tmp_path / "empty", "mcap"):
        pass
    with pytest.raises(VeloDepthError, match="empty holds nothing"):
        velodepth.open_source(tmp_path / "empty")


def test_depth_is_no_picture(tmp_path):
    """A RealSense's topics, as the ROS driver and as librealsense's own recorder name them."""
    depth = np.ones((HEIGHT, WIDTH), np.uint16)
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.image("/camera/aligned_depth_to_color/image_raw", START, depth, "16UC1")
        recorder.image("/device_0/sensor_0/Depth_0/image/data", START, depth, "mono16")
        recorder.image("/estimated", START, depth.astype(np.float32), "32FC1")
        recorder.record(
            "/camera/depth/image_raw/compressedDepth", "sensor_msgs/msg/CompressedImage", START,
            header=recorder.header(START), format="16UC1; compressedDepth png", data=png(0),
        )  # fmt: skip
        recorder.info("/device_0/sensor_1/Color_0/info/camera_info", START)
        recorder.image("/device_0/sensor_1/Color_0/image/data", START, picture(0), "rgb8")
    with velodepth.open_source(tmp_path / "bag") as source:
        assert source.topic == "/device_0/sensor_1/Color_0/image/data"
        assert source.camera == Pinhole(50, 51, 24, 16, size=(WIDTH, HEIGHT))
    (frame,) = read(tmp_path / "bag")
    np.testing.assert_array_equal(frame.picture, picture(0))
    with pytest.raises(
        VeloDepthError, match=r"no pictures on /estimated: choose from /device_0/\S+$"
    ) as caught:
        velodepth.open_source(tmp_path / "bag", topic="/estimated")
    sentence(caught)


def test_sixteen_bits_that_are_not_called_depth_are_a_picture(tmp_path):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.image("/thermal", START, np.full((HEIGHT, WIDTH), 257 * 90, np.uint16), "mono16")
    (frame,) = read(tmp_path / "bag")
    assert (frame.picture == 90).all()


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (1, r"bag has depth and no pictures on /map: give a bag with"),
        (2, r"bag, topic /map: an image is encoded as '32FC2'"),
    ],
)
def test_maps_that_are_no_pictures_are_named(tmp_path, channels, said):
    with Recorder(tmp_path / "bag", "mcap") as recorder:
        recorder.image("/map", START, np.ones((HEIGHT, WIDTH, channels), np.float32), f"32FC{channels}")
    with pytest.raises(VeloDepthError, match=said) as caught:
        read(tmp_path / "bag")
    sentence(caught)


def coded(path, codec, count, **options):
    """Coded pictures of a video, one a packet, with their parameters before each keyframe (Annex B)."""
    pictures = (picture(index % 3) for index in range(count))
    write_video(path, pictures, 30, codec, g="4", crf="10", **options)
    with av.open(str(path)) as container:
        return [np.frombuffer(bytes(packet), np.uint8) for packet in container.demux() if packet.size]


CODED = {
    "h264": ("libx264", {"bf": "0"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
}


def record_video(path, container, form, kind, packets, stamps):
    with Recorder(path, container) as recorder:
        for stamp, packet in zip(stamps, packets, strict=True):
            if kind == VIDEO:
                time = recorder.header(stamp).stamp
                if VIDEO not in recorder.store.types:
                    recorder.store.register(get_types_from_msg(VIDEO_FIELDS, VIDEO))
                recorder.record(
                    "/front/video", kind, stamp + DELAY,
                    timestamp=time, frame_id="front_optical", data=packet, format=form,
                )  # fmt: skip
            else:
                told = {"header": recorder.header(stamp), "format": form, "data": packet}
                recorder.record("/front/h264", kind, stamp + DELAY, **told)
            recorder.info("/front/camera_info", stamp)


@pytest.mark.parametrize("kind", ["sensor_msgs/msg/CompressedImage", VIDEO])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("form", CODED)
def test_video_in_a_bag_is_decoded(tmp_path, kind, container, form):
    codec, options = CODED[form]
    path = tmp_path / CONTAINERS[container]
    stamps = [START + 40_000_000 * index for index in range(10)]
    packets = coded(tmp_path / f"clip.{'h264' if form == 'h264' else 'webm'}", codec, 10, **options)
    record_video(path, container, form, kind, packets, stamps)
    frames = read(path)
    assert [frame.time for frame in frames] == pytest.approx([0.04 * index for index in range(10)])
    for frame in frames:
        assert np.abs(frame.picture.astype(int) - picture(frame.index % 3)).mean() < 6
    with velodepth.open_source(path) as source:
        assert source.camera == Pinhole(50, 51, 24, 16, size=(WIDTH, HEIGHT))
        assert source.origin.frame_id == "front_optical" and source.origin.stamp == START


def test_video_that_begins_between_keyframes_begins_with_the_next(tmp_path):
    packets = coded(tmp_path / "clip.h264", "libx264", 10, bf="0", sc_threshold="0")[2:]
    stamps = [START + 40_000_000 * index for index in range(2, 10)]
    record_video(tmp_path / "bag", "mcap", "h264", VIDEO, packets, stamps)
    with pytest.warns(MediaWarning, match="has 2 pictures, damaged or no later"):
        frames = list(velodepth.open_source(tmp_path / "bag"))
    assert [frame.time for frame in frames] == pytest.approx([0.04 * index for index in range(6)])
    assert np.abs(frames[0].picture.astype(int) - picture(4 % 3)).mean() < 6


def test_a_topic_only_goes_with_a_bag(tmp_path):
    with pytest.raises(VeloDepthError, match="only with a ROS bag"):
        velodepth.open_source([picture(0)], topic="/image")
    with pytest.raises(VeloDepthError, match="there is no 'gone"):
        velodepth.open_source("gone.mcap", topic="/image")


def test_without_rosbags_it_says_what_to_install(tmp_path, monkeypatch):
    path = record(tmp_path)
    monkeypatch.setitem(sys.modules, "rosbags", None)
    for open_it in (lambda: velodepth.open_source(path), lambda: open_writer(tmp_path / "new.mcap")):
        with pytest.raises(VeloDepthError, match=r"pip install 'velodepth\[ros\]'"):
            open_it()
    assert not (tmp_path / "new.mcap").exists()


# Writing


def make_frame(index, time, camera=None):
    """Waves on a floor, metres, with some depth unknown."""
    camera = camera or Pinhole(50, 51, 24, 16)
    depth = np.geomspace(8, 1, HEIGHT)[:, None] * (1 + 0.1 * np.sin(np.arange(WIDTH) / 9 + index))
    depth[0, :3] = np.nan, 70, 0.5
    confidence = np.full_like(depth, 0.5 + index / 10)
    return DepthFrame.of(depth, camera, picture(index), index=index, time=time, confidence=confidence)


def read_messages(path):
    """{topic: [(recorded, message), ...]} of a bag, with the types it brings along."""
    from rosbags.highlevel import AnyReader

    messages = {}
    with AnyReader([path]) as reader:
        for connection, recorded, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            messages.setdefault(connection.topic, []).append((recorded, message))
        assert {c.topic: c.msgtype for c in reader.connections} == {**TOPICS, TRANSFORMS: TF}
    return messages


def stamp(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_is_written_has_the_stamps_and_frames_of_what_was_read(tmp_path, container):
    frames = []
    with velodepth.open_source(record(tmp_path, container)) as source:
        options = Options(origin=source.origin, cloud=Cloud("all"))
        with open_writer(tmp_path / "depth.mcap", options=options) as writer:
            for frame in source:
                frames.append(make_frame(frame.index, frame.time, source.camera))
                writer.write(frames[-1])
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    messages = read_messages(tmp_path / "depth.mcap")
    for topic in TOPICS:
        assert [recorded for recorded, _ in messages[topic]] == [s + DELAY for s in STAMPS]
        assert [stamp(message) for _, message in messages[topic]] == STAMPS
        assert {message.header.frame_id for _, message in messages[topic]} == {"front_optical"}
    for i, frame in enumerate(frames):
        metres, millimetres, info, confidence, cloud = (messages[topic][i][1] for topic in TOPICS)
        known = np.isfinite(frame.depth)
        assert (metres.encoding, millimetres.encoding, confidence.encoding) == ("32FC1", "16UC1", "32FC1")
        values = metres.data.view("<f4").reshape(HEIGHT, WIDTH)
        np.testing.assert_array_equal(values, frame.depth)
        assert np.isnan(values[0, 0])
        values = millimetres.data.view("<u2").reshape(HEIGHT, WIDTH)
        assert values[0, :3].tolist() == [0, 0, 500]
        np.testing.assert_allclose(values[1:], frame.depth[1:] * 1000, atol=0.51)
        np.testing.assert_array_equal(confidence.data.view("<f4").reshape(HEIGHT, WIDTH), frame.confidence)
        assert (info.width, info.height, info.distortion_model) == (WIDTH, HEIGHT, "plumb_bob")
        assert info.k.tolist() == K and info.p.reshape(3, 4)[:, :3].reshape(-1).tolist() == K
        assert (cloud.height, cloud.width, cloud.point_step, cloud.is_dense) == (HEIGHT, WIDTH, 16, False)
        assert [(f.name, f.offset, f.datatype) for f in cloud.fields] == [
            ("x", 0, 7), ("y", 4, 7), ("z", 8, 7), ("rgb", 12, 7),
        ]  # fmt: skip
        values = cloud.data.view("<f4").reshape(HEIGHT, WIDTH, 4)
        np.testing.assert_array_equal(values[known][:, :3], frame.points[known])
        assert np.isnan(values[~known][:, :3]).all()
        u, v = 10, 20  # a point is where its pixel and depth say, by ROS's own formula
        x = (u - info.k[2]) / info.k[0] * frame.depth[v, u]
        y = (v - info.k[5]) / info.k[4] * frame.depth[v, u]
        np.testing.assert_allclose(values[v, u, :3], [x, y, frame.depth[v, u]], rtol=1e-5)
        packed = cloud.data.view("<u4").reshape(HEIGHT, WIDTH, 4)[..., 3]
        colours = np.stack([packed >> shift & 255 for shift in (16, 8, 0)], axis=2)
        np.testing.assert_array_equal(colours, frame.picture)


def test_a_source_without_a_clock_begins_at_zero(tmp_path):
    with open_writer(tmp_path / "depth.mcap") as writer:
        writer.write(make_frame(0, 0.0))
        writer.write(make_frame(1, 1.5))
    recorded, message = read_messages(tmp_path / "depth.mcap")["/velodepth/points"][1]
    assert (recorded, stamp(message), message.header.frame_id) == (1_500_000_000, 1_500_000_000, "camera")


def test_points_are_optional_and_those_in_the_air_are_left_out(tmp_path):
    from rosbags.highlevel import AnyReader

    for name, cloud in (("none", Cloud("none")), ("clean", Cloud()), ("coarse", Cloud("all", stride=2))):
        with open_writer(tmp_path / f"{name}.mcap", options=Options(cloud=cloud)) as writer:
            writer.write(make_frame(0, 0.0))
    with AnyReader([tmp_path / "none.mcap"]) as reader:
        assert {c.topic for c in reader.connections} == {*TOPICS, TRANSFORMS} - {"/velodepth/points"}
    ((_, clean),) = read_messages(tmp_path / "clean.mcap")["/velodepth/points"]
    ((_, coarse),) = read_messages(tmp_path / "coarse.mcap")["/velodepth/points"]
    values = clean.data.view("<f4").reshape(HEIGHT, WIDTH, 4)
    assert np.isnan(values[0, 1, 0]) and np.isfinite(values[2:, :, 0]).all()  # 70 m beside 8 m
    assert (coarse.height, coarse.width) == (HEIGHT // 2, WIDTH // 2)


def test_the_cameras_path_is_tf(tmp_path):
    step = np.eye(4)
    step[:3, 3] = 0, 0, -0.1  # the camera went ahead by 0.1 m
    with open_writer(tmp_path / "depth.mcap") as writer:
        for index, motion in enumerate([None, step, None, step]):
            frame = make_frame(index, index / 10)
            frame.motion = motion
            writer.write(frame)
    found = [message.transforms for _, message in read_messages(tmp_path / "depth.mcap")[TRANSFORMS]]
    assert all(len(each) == 1 for each in found)
    for (transform,), time, z in zip(found, (0, 1, 3), (0, 0.1, 0.2), strict=True):
        assert stamp(transform) == time * 10**8
        assert (transform.header.frame_id, transform.child_frame_id) == ("velodepth_world", "camera")
        shift, turn = transform.transform.translation, transform.transform.rotation
        assert (shift.x, shift.y, shift.z) == pytest.approx((0, 0, z))
        assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx((0, 0, 0, 1))


def test_another_reader_of_ros_messages_finds_the_same_depth_and_points(tmp_path):
    """Rerun's, which is written in another language and shares nothing with rosbags."""
    from rerun.chunk import McapReader

    frame = make_frame(0, 0.0)
    with open_writer(tmp_path / "depth.mcap", options=Options(cloud=Cloud("all"))) as writer:
        writer.write(frame)
    columns = {}
    for chunk in McapReader(tmp_path / "depth.mcap").stream():
        batch = chunk.to_record_batch()
        for name in ("DepthImage:buffer", "Points3D:positions"):
            if name in batch.schema.names:
                columns[chunk.entity_path, name] = batch[name].to_pylist()[0]
    (buffer,) = columns["/velodepth/depth/image", "DepthImage:buffer"]
    np.testing.assert_array_equal(np.array(buffer, np.uint8).view("<f4").reshape(HEIGHT, WIDTH), frame.depth)
    positions = np.array(columns["/velodepth/points", "Points3D:positions"], np.float32)
    np.testing.assert_array_equal(positions.reshape(HEIGHT, WIDTH, 3)[1:], frame.points[1:])


def test_rosbags_own_tool_makes_a_ros_1_bag_of_it(tmp_path):
    from rosbags.convert.converter import convert

    with open_writer(tmp_path / "depth.mcap") as writer:
        writer.write(make_frame(0, 0.0))
    convert(
        srcs=[tmp_path / "depth.mcap"], dst=tmp_path / "depth.bag", dst_storage="sqlite3", dst_version=8,
        compress=None, compress_mode="none", default_typestore=None,
        typestore=get_typestore(Stores.ROS1_NOETIC), exclude_topics=(), include_topics=(),
        exclude_msgtypes=(), include_msgtypes=(),
    )  # fmt: skip
    with rosbag1.Reader(tmp_path / "depth.bag") as reader:
        assert {c.topic: c.msgtype for c in reader.connections} == {**TOPICS, TRANSFORMS: TF}


def test_a_run_from_bag_to_bag(tmp_path, capfd, monkeypatch):
    from velodepth.cli import main

    path = record(tmp_path, "ros1", compressed=True)
    shutil.move(path, tmp_path / "robot.bag")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit:
        main(["run", "robot.bag", "--save", "bag", "--topic", "/front/image/compressed"])
    assert not exit.value.code
    assert "written to robot-depth.mcap" in capfd.readouterr().out
    messages = read_messages(tmp_path / "robot-depth.mcap")
    for topic in TOPICS:
        assert [stamp(message) for _, message in messages[topic]] == STAMPS
    info = messages["/velodepth/depth/camera_info"][0][1]
    assert info.k.tolist() == K
    cloud = messages["/velodepth/points"][0][1].data.view("<f4").reshape(HEIGHT, WIDTH, 4)
    depth = messages["/velodepth/depth/image"][0][1].data.view("<f4").reshape(HEIGHT, WIDTH)
    np.testing.assert_array_equal(cloud[..., 2], depth)
    assert (depth > 0).all()

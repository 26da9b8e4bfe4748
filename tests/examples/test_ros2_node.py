"""The ROS 2 node against a stand-in for rclpy whose messages take what the real ones take."""

from __future__ import annotations

import importlib.util
import sys
from array import array
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_typestore

import velodepth

NODE = Path(__file__).parents[2] / "examples" / "ros2_node.py"
STORE = get_typestore(Stores.ROS2_HUMBLE)
WIDTH, HEIGHT = 48, 32


PLAIN = {"uint8": int, "uint32": int, "bool": bool, "string": str}


def check(kind, value):
    """What the setters of the real messages assert; `kind` as rosbags describes a field."""
    node, what = kind
    if node == Nodetype.BASE:
        assert type(value) is PLAIN[what[0]]
    elif node == Nodetype.ARRAY:  # of fixed length, all float64 here
        assert value.dtype == np.float64 and value.shape == (what[1],)
    elif node == Nodetype.SEQUENCE and what[0][0] == Nodetype.BASE:
        code = {"uint8": "B", "float64": "d"}[what[0][1][0]]
        assert isinstance(value, array) and value.typecode == code


def message_class(name):
    """A class with the fields of a message, and no others, that takes what the real one takes."""
    fields = dict(STORE.fielddefs[f"sensor_msgs/msg/{name}"][1])

    class Message:
        __slots__ = tuple(fields)

        def __init__(self, **given):
            if "roi" in fields:
                self.roi = SimpleNamespace(x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
            for field, value in given.items():
                setattr(self, field, value)

        def __setattr__(self, field, value):
            check(fields[field], value)
            super().__setattr__(field, value)

    return Message


class Node:
    parameters: dict = {}  # noqa: RUF012

    def __init__(self, name):
        self.name, self.published, self.subscribed, self.errors = name, {}, {}, []

    def declare_parameter(self, name, default):
        return SimpleNamespace(value=self.parameters.get(name, default))

    def create_subscription(self, kind, topic, callback, qos):
        self.subscribed[topic] = (callback, qos)

    def create_publisher(self, kind, topic, qos):
        sent = self.published[topic] = []
        return SimpleNamespace(publish=lambda message: sent.append(self.checked(message, kind)))

    def checked(self, message, kind):
        assert isinstance(message, kind)
        return message

    def get_logger(self):
        return SimpleNamespace(error=lambda text, throttle_duration_sec: self.errors.append(text))

    def destroy_node(self):
        self.name = None


@pytest.fixture
def example(monkeypatch):
    """The example as a module, imported beside a stand-in for ROS."""
    rclpy, node, qos, package, messages = (
        ModuleType(name) for name in ("rclpy", "rclpy.node", "rclpy.qos", "sensor_msgs", "sensor_msgs.msg")
    )
    node.Node = Node
    qos.QoSProfile = lambda **settings: settings
    qos.ReliabilityPolicy = SimpleNamespace(BEST_EFFORT="best effort")
    for name in ("CameraInfo", "Image", "PointCloud2", "PointField"):
        setattr(messages, name, message_class(name))
    for module in (rclpy, node, qos, package, messages):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(Node, "parameters", {"preset": "nano"})
    spec = importlib.util.spec_from_file_location("ros2_node", NODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def header(nanoseconds):
    seconds, rest = divmod(nanoseconds, 10**9)
    return SimpleNamespace(stamp=SimpleNamespace(sec=seconds, nanosec=rest), frame_id="front")


def image(example, nanoseconds, encoding="rgb8"):
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    values = np.stack([4 * x, 6 * y, 2 * (x + y)], axis=2).astype(np.uint8)
    return example.Image(
        header=header(nanoseconds), height=HEIGHT, width=WIDTH, encoding=encoding, is_bigendian=0,
        step=3 * WIDTH, data=array("B", values.tobytes()),
    )  # fmt: skip


def info(example):
    k = [60.0, 0, 23.5, 0, 60, 15.5, 0, 0, 1]
    return example.CameraInfo(
        header=header(0), height=HEIGHT, width=WIDTH, distortion_model="plumb_bob", d=array("d", [0.0] * 5),
        k=np.array(k), r=np.eye(3).reshape(-1), p=np.zeros(12), binning_x=0, binning_y=0,
    )  # fmt: skip


def test_each_image_is_answered_with_depth_of_its_stamp(example):
    node = example.DepthNode()
    (on_info, _), (on_image, qos) = node.subscribed["camera_info"], node.subscribed["image"]
    assert qos == {"depth": 1, "reliability": "best effort"}
    on_info(info(example))
    stamps = [5_000_000_001, 5_033_333_334]
    for stamp in stamps:
        on_image(image(example, stamp))
    assert not node.errors
    expected = velodepth.load("nano").stream(velodepth.Pinhole(60, 60, 24, 16))
    for index, stamp in enumerate(stamps):
        depth, lens, confidence, points = (sent[index] for sent in node.published.values())
        frame = expected.push(velodepth.media.ros.picture_of(image(example, stamp)), stamp / 1e9)
        for message in (depth, lens, confidence, points):
            assert message.header.stamp.sec * 10**9 + message.header.stamp.nanosec == stamp
            assert message.header.frame_id == "front"
        values = np.frombuffer(depth.data, "<f4").reshape(HEIGHT, WIDTH)
        np.testing.assert_array_equal(values, frame.depth)
        assert lens.k.tolist() == [60, 0, 23.5, 0, 60, 15.5, 0, 0, 1]
        assert len(confidence.data) == 4 * WIDTH * HEIGHT and len(points.data) == 16 * WIDTH * HEIGHT
        assert [field.name for field in points.fields] == ["x", "y", "z", "rgb"]
        assert [field.datatype for field in points.fields] == [7] * 4
    assert [*node.published] == ["~/depth/image", "~/depth/camera_info", "~/confidence", "~/points"]


def test_without_camera_info_the_lens_is_estimated_after_a_while(example):
    node = example.DepthNode()
    on_image = node.subscribed["image"][0]
    for stamp in (10**9, 10**9 + 999_999_999, 2 * 10**9):
        on_image(image(example, stamp))
    (depth,), (lens,) = node.published["~/depth/image"], node.published["~/depth/camera_info"]
    assert depth.header.stamp.sec == 2 and lens.k[0] > 0


def test_a_recording_that_begins_again_is_a_new_video_and_a_bad_image_is_told(example):
    node = example.DepthNode()
    node.subscribed["camera_info"][0](info(example))
    on_image = node.subscribed["image"][0]
    on_image(image(example, 5 * 10**9))
    stream = node.stream
    on_image(image(example, 10**9))
    assert node.stream is not stream and len(node.published["~/points"]) == 2
    on_image(image(example, 2 * 10**9, "32FC1"))
    (error,) = node.errors
    assert "'32FC1', which is no picture" in error and len(node.published["~/points"]) == 2


def test_main_spins_until_ctrl_c(example):
    calls = []

    def spin(node):
        calls.append(node)
        raise KeyboardInterrupt

    example.rclpy.init = lambda args: calls.append(args)
    example.rclpy.spin = spin
    example.rclpy.try_shutdown = lambda: calls.append("shut down")
    example.main()
    assert calls[0] is sys.argv and calls[2] == "shut down" and calls[1].name is None

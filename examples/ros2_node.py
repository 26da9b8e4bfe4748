"""A ROS 2 node: depth of a camera, live, with nothing but rclpy and velodepth.

    pip install .                    # in a clone of velodepth, for the Python that ROS 2 uses
    python3 ros2_node.py --ros-args -r image:=/front/image_raw -r camera_info:=/front/camera_info

Subscribes to `image` (sensor_msgs/Image; image_transport's republish makes them of compressed ones) and, for
the lens, to `camera_info`. Publishes, with the stamp and frame of each image, `~/depth/image` (32FC1, metres,
NaN where unknown), `~/depth/camera_info`, `~/confidence` (32FC1) and `~/points` (PointCloud2, coloured). Of
the images that come while one is worked on, only the newest is kept.

Parameters: preset (nano), policy (adaptive), wait (1.0): seconds of images to let pass until a first
CameraInfo comes; then the lens is estimated.
"""

from __future__ import annotations

import sys
from array import array
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

import velodepth
from velodepth.media import ros


class DepthNode(Node):
    def __init__(self) -> None:
        super().__init__("velodepth")
        self.model = velodepth.load(self.declare_parameter("preset", "nano").value)
        self.policy = self.declare_parameter("policy", "adaptive").value
        self.wait = round(self.declare_parameter("wait", 1.0).value * ros.NANO)
        self.stream: velodepth.DepthStream | None = None
        self.info: Any = None
        self.first = self.last = -1  # stamps of images, nanoseconds

        newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.create_subscription(CameraInfo, "camera_info", self.on_info, newest)
        self.create_subscription(Image, "image", self.on_image, newest)
        self.depth = self.create_publisher(Image, "~/depth/image", 1)
        self.lens = self.create_publisher(CameraInfo, "~/depth/camera_info", 1)
        self.confidence = self.create_publisher(Image, "~/confidence", 1)
        self.points = self.create_publisher(PointCloud2, "~/points", 1)

    def on_info(self, info: CameraInfo) -> None:
        self.info = self.info or info

    def on_image(self, image: Image) -> None:
        now = ros.stamp_of(image)
        if now <= self.last:  # a recording that begins again
            self.stream, self.first = None, -1
        self.last = now
        self.first = now if self.first < 0 else self.first
        if self.stream is None and self.info is None and now < self.first + self.wait:
            return
        try:
            if self.stream is None:
                camera = ros.camera_of(self.info) if self.info else None
                self.stream = self.model.stream(camera, self.policy)
            frame = self.stream.push(ros.picture_of(image), now / ros.NANO)
        except velodepth.VeloDepthError as error:
            self.get_logger().error(str(error), throttle_duration_sec=5.0)
            return
        height, width = frame.depth.shape
        fields = [PointField(name=n, offset=o, datatype=d, count=c) for n, o, d, c in ros.POINT_FIELDS]
        self.send(self.depth, Image(header=image.header), ros.depth_fields(frame.depth))
        self.send(
            self.lens, CameraInfo(header=image.header), ros.camera_info_fields(frame.camera, width, height)
        )
        self.send(self.confidence, Image(header=image.header), ros.image_fields(frame.confidence, "32FC1"))
        self.send(
            self.points,
            PointCloud2(header=image.header, fields=fields),
            ros.cloud_fields(frame.points, frame.picture),
        )

    def send(self, publisher: Any, message: Any, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            if name in ("data", "d"):  # what ROS has no length for must be an array of Python's
                value = array("B" if name == "data" else "d", value.tobytes())
            setattr(message, name, value)
        publisher.publish(message)


def main() -> None:
    rclpy.init(args=sys.argv)
    node = DepthNode()
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()

"""Depth as a robot records it: a ROS 2 bag in one MCAP file, without ROS."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velodepth.media import ros
from velodepth.media.atomic import FileWriter
from velodepth.media.cloud import Cloud
from velodepth.media.locks import hidden_beside
from velodepth.media.poses import CameraPath
from velodepth.media.rosbag import INFO, rosbags
from velodepth.media.source import Origin

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

BAG = "velodepth"  # what the bag calls itself: the same for the same input, wherever it lies
IMAGE, CLOUD = "sensor_msgs/msg/Image", "sensor_msgs/msg/PointCloud2"
TF, WORLD = "tf2_msgs/msg/TFMessage", "velodepth_world"
TOPICS = {
    "/velodepth/depth/image": IMAGE,  # 32FC1, metres, NaN where unknown
    "/velodepth/depth/image_raw": IMAGE,  # 16UC1, millimetres, 0 where unknown
    "/velodepth/depth/camera_info": INFO,  # of both, and of the confidence
    "/velodepth/confidence": IMAGE,  # 32FC1
    "/velodepth/points": CLOUD,  # x, y, z, rgb in the order of the pixels, NaN where left out
}
TRANSFORMS = "/tf"  # the camera's frame in velodepth_world, the first camera's axes; see CameraPath


class BagWriter(FileWriter):
    """A .mcap file with a message a frame on each of TOPICS; what they hold is in `velodepth.media.ros`.

    /velodepth/depth is /velodepth/distance where that is what it holds (`DepthFrame.measure`). For each frame
    whose motion is known there is a transform on /tf.

    The `origin` of the source and the times of the frames tell the stamps of its pictures, to the nanosecond
    over 26 days. Messages are recorded as long after their stamp as the first picture was.
    A frame takes 26 bytes a pixel on disk. 16 are the points'; `cloud` says which of them, if any.
    Raises VeloDepthError as FileWriter does, and where rosbags is not installed.
    """

    _bag: Any = None

    def __init__(self, path: str | Path, origin: Origin | None = None, cloud: Cloud | None = None) -> None:
        self._library = rosbags()
        self._cloud = cloud or Cloud()
        self._origin = origin or Origin()
        super().__init__(path)
        self._folder = hidden_beside(self.path)  # where the library wants to write; its name is in the file

    def _begin(self, frame: DepthFrame) -> None:
        ros2, typesys = self._library.rosbag2, self._library.typesys
        self._store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
        self._bag = ros2.Writer(self._folder / BAG, version=8, storage_plugin=ros2.StoragePlugin.MCAP)
        self._bag.open()
        self._connections = [
            self._bag.add_connection(
                topic.replace("/depth/", f"/{frame.measure.replace(' ', '_')}/"),
                msgtype,
                typestore=self._store,
            )
            for topic, msgtype in TOPICS.items()
            if msgtype != CLOUD or self._cloud.kept != "none"
        ]
        self._transforms = self._bag.add_connection(TRANSFORMS, TF, typestore=self._store)
        self._path = CameraPath()

    def _add(self, frame: DepthFrame) -> None:
        types = self._store.types
        elapsed = round(frame.time * ros.NANO)
        stamp = types["builtin_interfaces/msg/Time"](*divmod(self._origin.stamp + elapsed, ros.NANO))
        header = types["std_msgs/msg/Header"](stamp, self._origin.frame_id)
        height, width = frame.depth.shape
        all_of_it = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        point = [types["sensor_msgs/msg/PointField"](*field) for field in ros.POINT_FIELDS]
        messages = [
            ros.depth_fields(frame.metres),
            ros.millimetre_fields(frame.metres),
            {**ros.camera_info_fields(frame.camera, width, height), "roi": all_of_it},
            ros.image_fields(frame.confidence, "32FC1"),
        ]
        if self._cloud.kept != "none":
            messages.append({**ros.cloud_fields(*self._cloud.map(frame)), "fields": point})
        for connection, fields in zip(self._connections, messages, strict=True):
            message = types[connection.msgtype](header=header, **fields)
            code = self._store.serialize_cdr(message, connection.msgtype)
            self._bag.write(connection, self._origin.recorded + elapsed, code)
        if self._path.add(frame.motion):
            code = self._store.serialize_cdr(self._transform(stamp), TF)
            self._bag.write(self._transforms, self._origin.recorded + elapsed, code)

    def _transform(self, stamp: Any) -> Any:
        """The message of one transform: the camera's pose."""
        types, fields = self._store.types, ros.transform_fields(self._path.pose)
        shift = types["geometry_msgs/msg/Vector3"](**fields["translation"])
        turn = types["geometry_msgs/msg/Quaternion"](**fields["rotation"])
        transform = types["geometry_msgs/msg/Transform"](translation=shift, rotation=turn)
        header = types["std_msgs/msg/Header"](stamp, WORLD)
        stamped = types["geometry_msgs/msg/TransformStamped"](header, self._origin.frame_id, transform)
        return types[TF]([stamped])

    def _finish(self) -> None:
        self._bag.close()
        os.replace(self._growing(), self._temporary)
        shutil.rmtree(self._folder)

    def _growing(self) -> Path:
        return self._folder / BAG / f"{BAG}.mcap"

    def _abandon(self) -> None:
        if self._bag:
            try:
                self._bag.abort()
            finally:
                shutil.rmtree(self._folder, ignore_errors=True)

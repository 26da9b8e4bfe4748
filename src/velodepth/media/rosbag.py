"""Pictures that a robot has recorded: ROS 2 bags (MCAP, SQLite) and ROS 1 bags, without ROS."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from velodepth.cameras import Camera
from velodepth.errors import MediaWarning, VeloDepthError, needed
from velodepth.media.codedvideo import CodedVideo, is_video
from velodepth.media.ros import NANO, Damaged, camera_of, frame_of, is_depth, picture_of, stamp_of
from velodepth.media.source import Origin, Source

INFO = "sensor_msgs/msg/CameraInfo"
VIDEO = "foxglove_msgs/msg/CompressedVideo"
PICTURES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", VIDEO)
# https://github.com/foxglove/foxglove-sdk: schemas/ros2/CompressedVideo.msg
VIDEO_FIELDS = "builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format\n"
# Topics below the picture's own
CODED = ("compressed", "h264", "h265", "video", "compressed_video", "ffmpeg")


def rosbags() -> Any:
    """The library, with the modules used here; VeloDepthError where it is not installed."""
    with needed("a bag", "ros"):
        import rosbags
        import rosbags.rosbag1
        import rosbags.rosbag2
        import rosbags.typesys
    return rosbags


class Bag(Source):
    """The pictures on one topic of a bag: sensor_msgs Image or CompressedImage, or foxglove CompressedVideo.

    A compressed image may be a JPEG, a PNG, ... or one picture of a video (h264, h265, vp9, av1): that begins
    with its first keyframe. Topics of depth are no pictures.

    Times are the stamps in the headers less the first one; where the first header has none, when they were
    recorded. A picture that is damaged, or no later than the one before it, is left out; a MediaWarning
    counts them, and another says where a file breaks off.

    Args:
        path: a .mcap, .db3 or .bag file, or the folder of a ROS 2 bag.
        topic: which of several; None if there is one.

    Raises:
        VeloDepthError: rosbags is not installed; the bag cannot be read, has no pictures, none on the topic,
            or pictures on several topics and none is named.
    """

    def __init__(self, path: Path, topic: str | None = None) -> None:
        library = rosbags()
        is_ros1 = path.suffix.lower() == ".bag"
        # The library's own types and not the bag's, which may be none: they are the same in all of ROS 2.
        stores = library.typesys.Stores
        store = library.typesys.get_typestore(stores.ROS1_NOETIC if is_ros1 else stores.ROS2_HUMBLE)
        store.register(library.typesys.get_types_from_msg(VIDEO_FIELDS, VIDEO))
        self._parse = store.deserialize_ros1 if is_ros1 else store.deserialize_cdr
        try:
            self._reader = (library.rosbag1 if is_ros1 else library.rosbag2).Reader(path)
            self._reader.open()
        except Exception as error:  # a damaged file makes the library raise almost anything
            raise VeloDepthError(
                f"{path} cannot be read as a bag ({_why(error)}): give a whole .mcap, .db3 or .bag file, or "
                "the folder of a ROS 2 bag"
            ) from error
        try:
            self.topic = self._chosen(str(path), topic)
        except VeloDepthError:
            self._reader.close()
            raise
        self._fault = ""
        length = sum(c.msgcount for c in self._connections(self.topic, PICTURES))
        super().__init__(str(path), length=length or None, paths=[path])

    def _chosen(self, name: str, topic: str | None) -> str:
        found = sorted({c.topic for c in self._reader.connections if c.msgtype in PICTURES})
        depths = {each for each in found if self._is_depth(each)}
        topics = [each for each in found if each not in depths]
        if depths and (topic in depths or not topics):
            others = f"choose from {', '.join(topics)}" if topics else "give a bag with pictures"
            raise VeloDepthError(
                f"{name} has depth and no pictures on {topic or ', '.join(sorted(depths))}: {others}"
            )
        if not topics:
            types = ", ".join(sorted({c.msgtype for c in self._reader.connections})) or "nothing"
            raise VeloDepthError(
                f"{name} holds {types}: give a bag with a sensor_msgs Image or CompressedImage in it"
            )
        if topic is None and len(topics) > 1:
            raise VeloDepthError(
                f"{name} has pictures on several topics: give one with --topic, of {', '.join(topics)}"
            )
        if topic not in (None, *topics):
            raise VeloDepthError(f"{name} has no pictures on {topic}: choose from {', '.join(topics)}")
        return topic or topics[0]

    def _is_depth(self, topic: str) -> bool:
        """By the first message on it that is whole."""
        with suppress(Exception):  # what is damaged is told when it is read
            for connection, _, data in self._reader.messages(self._connections(topic, PICTURES)):
                message = self._parsed(data, connection.msgtype)
                if message is not None:
                    return connection.msgtype != VIDEO and is_depth(message, topic)
        return False

    @cached_property
    def camera(self) -> Camera | None:
        """That of the first CameraInfo beside the topic (`camera_of`); None without one, or uncalibrated.

        Beside /front/image_raw, and beside /front/image_raw/compressed, is /front/camera_info; librealsense
        has color/info/camera_info for color/image/data. Pictures on image_rect... are taken as rectified.
        """
        topic = PurePosixPath(self.topic)
        places = [
            (image, image.parent) for image in ((topic, topic.parent) if topic.name in CODED else (topic,))
        ]
        if topic.parts[-2:] == ("image", "data"):
            places.append((topic, topic.parent.parent / "info"))
        for image, folder in places:
            for _, info in self._messages(str(folder / "camera_info"), (INFO,)):
                if info is None:
                    continue
                try:
                    return camera_of(info, rectified=image.name.startswith("image_rect"))
                except VeloDepthError as error:
                    raise VeloDepthError(f"{self.name}, camera_info of {self.topic}: {error}") from None
        return None

    @cached_property
    def origin(self) -> Origin:
        """Stamp, time of recording and frame of the first picture."""
        recorded, stamp, frame_id = self._first
        return Origin(stamp or recorded, recorded, frame_id)

    @cached_property
    def _first(self) -> tuple[int, int, str]:
        for recorded, message, picture in self._decoded():
            if picture is not None:
                return recorded, stamp_of(message), frame_of(message)
        return 0, 0, ""

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        start, last = self.origin.stamp, -1
        is_stamped = self._first[1] > 0
        count = left_out = 0
        for recorded, message, picture in self._decoded():
            stamp = stamp_of(message) if is_stamped and picture is not None else recorded
            if picture is None or stamp <= last:
                left_out += 1
                continue
            last = stamp
            count += 1
            yield (stamp - start) / NANO, picture
        if self._fault and not count:
            raise VeloDepthError(f"{self.name} is damaged ({self._fault}) and no picture in it can be read")
        if left_out and not count:
            raise VeloDepthError(
                f"{self.name} has {left_out} pictures, and none can be read: if its messages are compressed "
                "give the folder of the bag, whose metadata.yaml tells how"
            )
        faults = []
        if self._fault:
            faults.append(f"is damaged ({self._fault}): {count} frames were read")
        if left_out:
            faults.append(
                f"has {left_out} pictures, damaged or no later than those before, that were left out"
            )
        for fault in faults:
            warnings.warn(f"{self.name} {fault}", MediaWarning, stacklevel=3)

    def _decoded(self) -> Iterator[tuple[int, Any, np.ndarray | None]]:
        """When each was recorded (ns), the message, and its picture, None where it is damaged."""
        video: CodedVideo[tuple[int, Any]] | None = None
        for recorded, message in self._messages(self.topic, PICTURES):
            if message is not None and is_video(getattr(message, "format", "")):
                video = video or CodedVideo(message.format)
                for (when, which), frame in video.push((recorded, message), bytes(message.data)):
                    yield when, which, frame
                continue
            try:
                picture = None if message is None else picture_of(message)
            except Damaged:
                picture = None
            except VeloDepthError as error:
                raise VeloDepthError(f"{self.name}, topic {self.topic}: {error}") from None
            yield recorded, message, picture
        for (when, which), frame in video.flush() if video else ():
            yield when, which, frame

    def _messages(self, topic: str, types: tuple[str, ...]) -> Iterator[tuple[int, Any]]:
        """When each was recorded (ns), and the message, None where damaged; ends where the file does."""
        if self._closed:
            raise VeloDepthError(f"{self.name} has been read or closed already: open it again")
        connections = self._connections(topic, types)
        try:
            for connection, recorded, data in self._reader.messages(connections) if connections else ():
                yield recorded, self._parsed(data, connection.msgtype)
        except Exception as error:  # as when opening it
            self._fault = _why(error)

    def _connections(self, topic: str, types: tuple[str, ...]) -> list[Any]:
        return [c for c in self._reader.connections if c.topic == topic and c.msgtype in types]

    def _parsed(self, data: bytes, msgtype: str) -> Any:
        try:
            return self._parse(data, msgtype)
        except Exception:  # its bytes are anything
            return None

    def close(self) -> None:
        if not self._closed:
            self._reader.close()
        super().close()


def _why(error: Exception) -> str:
    """What the library says, in one line, without what is known."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__

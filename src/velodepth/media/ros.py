"""What ROS messages say, as pictures and cameras, and depth as what ROS messages hold.

No ROS is needed: any object with the attributes of the message will do, of rosbags as of rclpy. What is
written are the fields of a message, by name. ROS puts the centre of the first pixel at (0, 0), we put it at
(0.5, 0.5), so that cx and cy differ by 0.5; the axes of its optical frames (REP 103) are ours.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from velodepth.cameras import Camera, KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media.arrays import as_picture
from velodepth.media.depthimages import to_millimetres
from velodepth.media.images import decode_image
from velodepth.media.poses import quaternion

NANO = 1_000_000_000
HALF = 0.5  # pixels from ROS's first pixel centre to ours

# sensor_msgs/image_encodings.hpp: bytes of a value, values of a pixel, OpenCV's way to RGB if it is not yet
ENCODINGS: dict[str, tuple[int, int, int | None]] = {
    "rgb8": (1, 3, None),
    "rgba8": (1, 4, None),
    "bgr8": (1, 3, cv2.COLOR_BGR2RGB),
    "bgra8": (1, 4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, 1, None),
    "8UC1": (1, 1, None),
    "8UC3": (1, 3, cv2.COLOR_BGR2RGB),
    "rgb16": (2, 3, None),
    "rgba16": (2, 4, None),
    "bgr16": (2, 3, cv2.COLOR_BGR2RGB),
    "bgra16": (2, 4, cv2.COLOR_BGRA2RGB),
    "mono16": (2, 1, None),
    **{
        f"bayer_{first.lower()}{8 * size}": (size, 1, getattr(cv2, f"COLOR_Bayer{first}2RGB"))
        for size in (1, 2)
        for first in ("RGGB", "BGGR", "GBRG", "GRBG")
    },
    "uyvy": (1, 2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422": (1, 2, cv2.COLOR_YUV2RGB_UYVY),
    "yuyv": (1, 2, cv2.COLOR_YUV2RGB_YUYV),
    "yuv422_yuy2": (1, 2, cv2.COLOR_YUV2RGB_YUYV),
}

DEPTHS = ("16UC1", "16SC1", "32FC1", "64FC1")

FLOAT32 = 7  # PointField.FLOAT32
POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4")])
POINT_FIELDS = tuple((name, 4 * i, FLOAT32, 1) for i, name in enumerate(("x", "y", "z", "rgb")))
"""Name, offset, datatype and count of each PointField; rgb is 0x00RRGGBB as bits of a float32, as in PCL."""


class Damaged(VeloDepthError):
    """One message is broken; the next may be whole."""


def picture_of(message: Any) -> np.ndarray:
    """The picture (H, W, 3) uint8 RGB of a sensor_msgs Image or CompressedImage.

    Sixteen bits are reduced to eight by rounding, a Bayer mosaic is interpolated, alpha is dropped.
    Raises VeloDepthError for an encoding that is no picture, and Damaged where the data do not make one.
    """
    data = np.frombuffer(message.data, np.uint8)
    if hasattr(message, "format"):
        decoded = decode_image(data)
        if decoded is None:
            raise Damaged(f"a compressed image ({message.format}) cannot be decoded: record it anew")
        return as_picture(decoded)
    if message.encoding not in ENCODINGS:
        raise VeloDepthError(
            f"an image is encoded as {message.encoding!r}, which is no picture: give one of "
            f"{', '.join(ENCODINGS)}, or a compressed image"
        )
    size, channels, conversion = ENCODINGS[message.encoding]
    height, width, step = message.height, message.width, message.step
    if data.size < height * step or step < width * channels * size or not height * width:
        raise Damaged(f"an image of {width} x {height} has {data.size} bytes only: record it anew")
    rows = data[: height * step].reshape(height, step)[:, : width * channels * size]
    dtype = np.dtype(f"{'>' if message.is_bigendian else '<'}u{size}")
    values = rows.copy().view(dtype).reshape(height, width, channels)
    if conversion is not None:
        try:
            values = cv2.cvtColor(values.astype(dtype.newbyteorder("=")), conversion)
        except cv2.error as error:
            raise Damaged(f"an image of {width} x {height} cannot be {message.encoding}") from error
    return as_picture(values)


def is_depth(message: Any, topic: str) -> bool:
    """Whether an Image or CompressedImage on that topic holds depth and no picture.

    By its encoding (REP 118), or the name of a topic with 16 bits: librealsense calls its depth mono16.
    """
    if hasattr(message, "format"):
        return "compresseddepth" in message.format.lower().replace(" ", "")
    if message.encoding in DEPTHS:
        return True
    return message.encoding == "mono16" and "depth" in topic.lower()


def camera_of(info: Any, rectified: bool = False) -> Camera | None:
    """The camera of the pictures that a sensor_msgs CameraInfo goes with; None where it is not calibrated.

    plumb_bob and rational_polynomial become OpenCV, equidistant becomes KannalaBrandt, no distortion Pinhole.
    Region of interest and binning are heeded. rectified: of pictures that image_proc has rectified already,
    whose camera is the projection P instead of K and D.
    Raises VeloDepthError for another model, or numbers that make no camera.
    """
    # ROS 1 has the names in capitals.
    k, d, p = (getattr(info, name if hasattr(info, name) else name.upper()) for name in "kdp")
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if rectified else (k[0], k[4], k[2], k[5])
    if fx == 0:
        return None
    intrinsics = (fx, fy, cx + HALF, cy + HALF)
    distortion = () if rectified else tuple(d)
    size = (int(info.width), int(info.height)) if info.width and info.height else None
    camera: Camera
    if info.distortion_model in ("equidistant", "fisheye") and not rectified:
        camera = KannalaBrandt(*intrinsics, *distortion[:4], size=size)
    elif not any(distortion):
        camera = Pinhole(*intrinsics, size=size)
    elif info.distortion_model in ("plumb_bob", "rational_polynomial") and not any(distortion[12:]):
        camera = OpenCV(*intrinsics, *distortion[:12], size=size)
    else:
        raise VeloDepthError(
            f"the distortion model {info.distortion_model!r} of {len(distortion)} numbers is not known: give "
            "the camera yourself, or plumb_bob, rational_polynomial (12 numbers at most) or equidistant"
        )
    across, down = max(info.binning_x, 1), max(info.binning_y, 1)
    if (info.roi.x_offset, info.roi.y_offset, across, down) != (0, 0, 1, 1):
        camera = camera.moved(1 / across, 1 / down, -info.roi.x_offset, -info.roi.y_offset)
    return camera


def stamp_of(message: Any) -> int:
    """Nanoseconds in the stamp of a message; 0 where it was never set."""
    stamp = message.header.stamp if hasattr(message, "header") else message.timestamp
    return stamp.sec * NANO + stamp.nanosec


def frame_of(message: Any) -> str:
    """The coordinate frame that a message is in."""
    return message.header.frame_id if hasattr(message, "header") else message.frame_id


def depth_fields(depth: np.ndarray) -> dict[str, Any]:
    """An Image 32FC1 of depth (H, W) float32: metres, NaN where it is not positive and finite (REP 118)."""
    return image_fields(np.where((depth > 0) & (depth < np.inf), depth, np.float32(np.nan)), "32FC1")


def millimetre_fields(depth: np.ndarray) -> dict[str, Any]:
    """An Image 16UC1 of depth (H, W) in metres: millimetres, 0 where it is not within 65.535 m."""
    return image_fields(to_millimetres(np.where(depth <= 65.535, depth, 0)), "16UC1")


def image_fields(values: np.ndarray, encoding: str) -> dict[str, Any]:
    """An Image of one channel (H, W), of an `encoding` that fits its dtype."""
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return {
        "height": values.shape[0],
        "width": values.shape[1],
        "encoding": encoding,
        "is_bigendian": 0,
        "step": values.strides[0],
        "data": values.reshape(-1).view(np.uint8),
    }


def camera_info_fields(camera: Camera, width: int, height: int) -> dict[str, Any]:
    """A CameraInfo of pictures of width x height pixels, names as in ROS 2, without `roi`.

    R is the identity and P is K. A camera that no distortion model of ROS describes (MEI, Fisheye624,
    equirectangular) has zeros for matrices, which says that it is not calibrated.
    """
    model, d = _distortion(camera)
    k, p = np.zeros((3, 3)), np.zeros((3, 4))
    if model:
        k[:] = (camera.fx, 0, camera.cx - HALF), (0, camera.fy, camera.cy - HALF), (0, 0, 1)
        p[:, :3] = k
    return {
        "height": height,
        "width": width,
        "distortion_model": model,
        "d": np.array(d, np.float64),
        "k": k.reshape(-1),
        "r": (np.eye(3) if model else np.zeros((3, 3))).reshape(-1),
        "p": p.reshape(-1),
        "binning_x": 0,
        "binning_y": 0,
    }


def _distortion(camera: Camera) -> tuple[str, list[float]]:
    c = camera
    if isinstance(c, Pinhole):
        return "plumb_bob", [0.0] * 5
    if isinstance(c, KannalaBrandt):
        return "equidistant", [c.k1, c.k2, c.k3, c.k4]
    if isinstance(c, OpenCV):
        plain, rational = [c.k1, c.k2, c.p1, c.p2, c.k3], [c.k4, c.k5, c.k6]
        prism = [c.s1, c.s2, c.s3, c.s4]
        if any(prism):
            return "rational_polynomial", plain + rational + prism
        return ("rational_polynomial", plain + rational) if any(rational) else ("plumb_bob", plain)
    return "", []


def transform_fields(pose: np.ndarray) -> dict[str, dict[str, float]]:
    """The translation and rotation of a Transform, by name, of a pose (4, 4)."""
    shift, turn = pose[:3, 3].tolist(), quaternion(pose[:3, :3]).tolist()
    return {
        "translation": dict(zip("xyz", shift, strict=True)),
        "rotation": dict(zip("xyzw", turn, strict=True)),
    }


def cloud_fields(points: np.ndarray, picture: np.ndarray) -> dict[str, Any]:
    """A PointCloud2 in the order of the pixels, without `fields`, which are POINT_FIELDS.

    points: (H, W, 3) float32 metres, camera axes; one that is not finite is NaN, NaN, NaN.
    picture: (H, W, 3) uint8 RGB, the colours.
    """
    height, width = points.shape[:2]
    known = np.isfinite(points).all(axis=2)
    cloud = np.empty((height, width), POINT)
    for i, axis in enumerate("xyz"):
        cloud[axis] = np.where(known, points[..., i], np.nan)
    red, green, blue = np.moveaxis(picture.astype(np.uint32), 2, 0)
    cloud["rgb"] = red << 16 | green << 8 | blue
    return {
        "height": height,
        "width": width,
        "is_bigendian": False,
        "point_step": POINT.itemsize,
        "row_step": POINT.itemsize * width,
        "data": cloud.reshape(-1).view(np.uint8),
        "is_dense": bool(known.all()),
    }

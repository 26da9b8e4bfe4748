"""What travels between server and page."""

from __future__ import annotations

import json
import struct

import av
import cv2
import numpy as np

from ..errors import VeloDepthError
from ..stream.frame import DepthFrame

PICTURE_SIDE = 640  # pixels at most of a picture: the network sees fewer
MAP_SIDE = 320  # pixels at most of a depth map that travels
QUALITY = 85  # of the JPEG
TIME = struct.Struct("<d")


def reduced(picture: np.ndarray, side: int) -> np.ndarray:
    """An image (H, W, ...) reduced, if need be, so that no side is longer than `side` pixels."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = max(round(width * scale), 16), max(round(height * scale), 16)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if picture.ndim == 3 else cv2.INTER_LINEAR)


def packed(frame: DepthFrame, shown: tuple[float, float] | None) -> bytes:
    """A frame as the page takes it.

    Four bytes, the length of the header (little endian); the header, JSON padded with spaces to an even end;
    the depth in metres, float16, row by row, at most 320 pixels a side; the picture as JPEG. The header:
    index, time (s), keyframe (the reason, null on propagated frames), depth ([width, height] of the map),
    range ([near, far] in metres: the ends of the colours), camera ([fx, fy, cx, cy] in parts of the picture's
    width and height).
    """
    depth = reduced(frame.depth, MAP_SIDE).astype("<f2")
    height, width = frame.picture.shape[:2]
    camera = frame.camera
    header = json.dumps(
        {
            "index": frame.index,
            "time": round(frame.time, 6),
            "keyframe": frame.keyframe_reason,
            "depth": depth.shape[::-1],
            "range": shown,
            "camera": [camera.fx / width, camera.fy / height, camera.cx / width, camera.cy / height],
        }
    ).encode()
    header += b" " * (len(header) % 2)
    _, jpeg = cv2.imencode(".jpg", frame.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return b"".join((struct.pack("<I", len(header)), header, depth.tobytes(), jpeg.tobytes()))


class WebcamPictures:
    """Reads what the page sends of a webcam: eight bytes, the time in seconds (float64, little endian), and
    a JPEG. A picture of more than `pixels` is refused before it is decoded."""

    def __init__(self, pixels: int) -> None:
        self._decoder = av.CodecContext.create("mjpeg", "r")
        self._decoder.options = {"max_pixels": str(pixels)}
        self._decoder.thread_count = 1

    def read(self, message: bytes) -> tuple[float, np.ndarray]:
        """The time and the picture (H, W, 3) uint8 RGB. Raises VeloDepthError for anything else."""
        try:
            (time,) = TIME.unpack_from(message)
            (frame,) = self._decoder.decode(av.Packet(message[TIME.size :]))
        except (struct.error, ValueError, av.error.FFmpegError) as error:
            raise VeloDepthError("the webcam sent what is no JPEG picture: start it again") from error
        return time, frame.to_ndarray(format="rgb24")

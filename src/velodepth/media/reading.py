"""Pictures in: one function for whatever gives pictures.

`with open_source("street.mp4") as source:` and `for frame in source:` for each frame.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterable, Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

from velodepth.errors import VeloDepthError
from velodepth.media.source import Source, SourceFrame

__all__ = ["Source", "SourceFrame", "open_source"]

PATH = (str, os.PathLike)
BAGS = (".mcap", ".db3", ".bag", ".zstd")  # .db3.zstd is of a ROS 2 bag, which is read by its folder
ACCEPTED = (
    "a video, a folder, glob or list of images, a bag, a camera number, a URL, '-' or an iterable of arrays"
)


def open_source(
    source: Any,
    *,
    frame_rate: float = 30.0,
    raw_size: tuple[int, int] | None = None,
    topic: str | None = None,
) -> Source:
    """Open whatever gives pictures; only what the kind of source needs is imported.

    Args:
        source: one of
            a video file, str or Path: anything FFmpeg decodes, times and rotation honoured (`Video`);
            a folder, a glob, a list of paths or one image file: jpg, png, tiff, webp, bmp; folder and
            glob in natural order (`Images`); a folder with rgb/ and meta.json has its camera and rate told
            (`velodepth.media.recordings`); one animated webp or png has its own times (`Animation`);
            a ROS bag: .mcap, .db3, .bag, or the folder of a ROS 2 bag (`velodepth.media.rosbag.Bag`);
            a camera number, 0 or "0": through OpenCV (`CameraDevice`; a file of that name is "./0");
            a URL: http, rtsp, udp, ... (`velodepth.media.video.open_url`);
            "-": standard input, a container or, with `raw_size`, bare rgb24 pictures
            (`velodepth.media.video.open_stdin`);
            an iterable of arrays or a (T, H, W, 3) array (`Arrays`, `as_picture`);
            a `Source`, which is returned as it is.
        frame_rate: frames a second of what has no times of its own: images, arrays, bare pictures.
        raw_size: (width, height) in pixels of bare rgb24 pictures on standard input.
        topic: of a bag that has pictures on several.

    Returns:
        A `Source`: iterate it once; close it, leave its `with` block or read it to the end.

    Raises:
        VeloDepthError: nothing is there, it is of no known kind, or an argument makes no sense. What
            only reading can tell is raised, or warned of with MediaWarning, while iterating.
    """
    if not (frame_rate > 0 and math.isfinite(frame_rate)):
        raise VeloDepthError(f"frame_rate is {frame_rate}: give frames a second above 0")
    piped = isinstance(source, str) and source == "-"
    if raw_size is not None and not (piped and len(raw_size) == 2 and min(raw_size) > 0):
        raise VeloDepthError(f"raw_size is {raw_size}: give (width, height) in pixels, and only with '-'")
    if topic is not None and not (isinstance(source, PATH) and is_bag(Path(source))):
        raise VeloDepthError(f"topic is {topic!r}: give one only with a ROS bag")
    if isinstance(source, Source):
        return source
    if isinstance(source, Integral) and not isinstance(source, bool):
        if source < 0:  # OpenCV 5 crashes
            raise VeloDepthError(f"there is no camera {source}: the first one is 0")
        from velodepth.media.capture import CameraDevice

        return CameraDevice(int(source))
    if isinstance(source, str):
        if piped:
            from velodepth.media.video import open_stdin

            return open_stdin(raw_size, frame_rate)
        if source.isascii() and source.isdecimal():
            return open_source(int(source))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source):  # two letters at least: C:\ is a drive
            from velodepth.media.video import open_url

            return open_url(source)
    if isinstance(source, PATH):
        return _open_path(os.fspath(source), frame_rate, topic)
    if isinstance(source, (list, tuple)) and source and all(isinstance(item, PATH) for item in source):
        from velodepth.media.images import Images

        return Images("the list of images", [Path(item) for item in source], frame_rate)
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray, Mapping)):
        from velodepth.media.arrays import Arrays

        return Arrays(source, frame_rate)
    raise VeloDepthError(f"a {type(source).__name__} is not a source of pictures: give {ACCEPTED}")


def is_bag(path: Path) -> bool:
    """Whether it has the ending of a ROS bag, or is the folder of a ROS 2 bag."""
    return path.suffix.lower() in BAGS or (path / "metadata.yaml").is_file()


def _open_path(name: str, frame_rate: float, topic: str | None) -> Source:
    from velodepth.media import images
    from velodepth.media.recordings import Recording, is_recording

    path = Path(name)
    if path.exists() and is_bag(path):
        from velodepth.media.rosbag import Bag

        return Bag(path, topic)
    if os.path.isdir(name):
        if is_recording(path):
            return Recording(path, frame_rate)
        return images.Images(name, images.images_in(path), frame_rate)
    if os.path.exists(name):
        if path.suffix.lower() in images.SUFFIXES:
            if images.is_animated(path):
                return images.Animation(path)
            return images.Images(name, [path], frame_rate)
        from velodepth.media.video import open_file

        return open_file(path)
    if glob.has_magic(name):
        return images.Images(name, images.images_matching(name), frame_rate)
    raise VeloDepthError(f"there is no '{name}': give {ACCEPTED}")

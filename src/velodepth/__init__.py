"""Metric depth from any video that does not flicker, frame by frame, in real time.

    model = velodepth.load()
    for frame in model.run("street.mp4"):
        print(frame.time, frame.depth.shape, frame.is_keyframe)
"""

from .cameras import (
    MEI,
    Camera,
    Equirectangular,
    Fisheye624,
    KannalaBrandt,
    OpenCV,
    Pinhole,
    load_camera,
)
from .errors import MediaWarning, VeloDepthError
from .media.reading import open_source
from .presets import Model, load
from .stream.flow import DisFlow, GivenFlow, NoFlow
from .stream.frame import DepthFrame
from .stream.keyframes import Adaptive, Every, Published
from .stream.stream import DepthStream

__version__ = "0.1.0"

__all__ = [
    "MEI",
    "Adaptive",
    "Camera",
    "DepthFrame",
    "DepthStream",
    "DisFlow",
    "Equirectangular",
    "Every",
    "Fisheye624",
    "GivenFlow",
    "KannalaBrandt",
    "MediaWarning",
    "Model",
    "NoFlow",
    "OpenCV",
    "Pinhole",
    "Published",
    "VeloDepthError",
    "load",
    "load_camera",
    "open_source",
]

"""Metric depth from any video that does not flicker, frame by frame, in real time.

model = velodepth.load()
for frame in model.run("street.mp4"):
    print(frame.time, frame.depth.shape, frame.is_keyframe)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adapters.look import DepthNetwork, Look
    from .cameras import MEI, Camera, Equirectangular, Fisheye624, KannalaBrandt, OpenCV, Pinhole
    from .errors import LookError, MediaWarning, VeloDepthError
    from .media.atomic import Writer
    from .media.camerafiles import load_camera
    from .media.colour import Colouring, colourise
    from .media.reading import Source, open_source
    from .media.writing import open_writer, writers_for
    from .presets import Model, demo_clip, load
    from .stream.evidence import Evidence
    from .stream.flow import DisFlow, GivenFlow, NoFlow
    from .stream.frame import DepthFrame
    from .stream.keyframes import Adaptive, Every, PerFrame, Policy
    from .stream.stream import DepthStream
    from .stream.streams import DepthStreams

__version__ = "0.1.0"

__all__ = [
    "MEI", "Adaptive", "Camera", "Colouring", "DepthFrame", "DepthNetwork", "DepthStream", "DepthStreams",
    "DisFlow", "Equirectangular", "Every", "Evidence", "Fisheye624", "GivenFlow", "KannalaBrandt", "Look",
    "LookError", "MediaWarning", "Model", "NoFlow", "OpenCV", "PerFrame", "Pinhole", "Policy", "Source",
    "VeloDepthError", "Writer", "colourise", "demo_clip", "load", "load_camera", "open_source",
    "open_writer", "writers_for",
]  # fmt: skip

_HOMES = {
    ".adapters.look": "DepthNetwork Look",
    ".cameras": "MEI Camera Equirectangular Fisheye624 KannalaBrandt OpenCV Pinhole",
    ".errors": "LookError MediaWarning VeloDepthError",
    ".media.atomic": "Writer",
    ".media.camerafiles": "load_camera",
    ".media.colour": "Colouring colourise",
    ".media.reading": "Source open_source",
    ".media.writing": "open_writer writers_for",
    ".presets": "Model demo_clip load",
    ".stream.flow": "DisFlow GivenFlow NoFlow",
    ".stream.frame": "DepthFrame",
    ".stream.evidence": "Evidence",
    ".stream.keyframes": "Adaptive Every PerFrame Policy",
    ".stream.stream": "DepthStream",
    ".stream.streams": "DepthStreams",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # with it, type checkers would take any name for a public one

    def __getattr__(name: str) -> Any:
        """A public name, imported when first used (PEP 562): `velodepth --help` need not wait for NumPy."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOME[name], __name__), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)

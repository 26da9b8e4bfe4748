"""Depth as a video to watch: alone, beside the picture, or as a picture for each eye."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from velodepth.media.colour import Colouring
from velodepth.media.h264 import H264Writer
from velodepth.media.sound import Sound
from velodepth.media.stereo import parallax, right_eye

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

VideoLayout = Literal["side", "depth", "stereo"]


def columns(layout: str, frame: DepthFrame, colouring: Colouring) -> list[np.ndarray]:
    """The pictures (H, W, 3) uint8 RGB of a layout, from left to right; `colouring` follows the frame.

    side: picture | coloured depth. depth: coloured depth. stereo: left eye | right eye, see `VideoWriter`.
    """
    if layout == "stereo":
        colouring.follow(frame)
        return [frame.picture, right_eye(frame.picture, parallax(frame.metres, colouring.range))]
    painted = colouring.paint(frame)
    return [painted] if layout == "depth" else [frame.picture, painted]


class VideoWriter(H264Writer):
    """An .mp4 file of the pictures that `columns` makes of a layout, beside each other.

    Depth is painted by `colouring` (a fresh `Colouring` by default); see there for the range and the scale.

    stereo is for 3-D screens and glasses, each eye of full width. The left eye sees the picture itself. The
    right one sees each point moved by its parallax, which is linear in 1 / depth, as between two real cameras
    side by side, and scaled so that the range of the colours fills `stereo.BEFORE` to `stereo.BEHIND`. What
    only the right eye sees is filled with the background beside it, mirrored. The stream says of itself that
    it is side by side (H.264 frame packing).
    """

    def __init__(
        self,
        path: str | Path,
        layout: VideoLayout = "side",
        colouring: Colouring | None = None,
        sound: Sound | None = None,
    ) -> None:
        super().__init__(path, sound)
        self.layout: VideoLayout = layout
        self.columns = 1 if layout == "depth" else 2
        self.options = {"x264-params": "frame-packing=3"} if layout == "stereo" else {}
        self._colouring = colouring or Colouring()

    def _pictures(self, frame: DepthFrame) -> list[np.ndarray]:
        return columns(self.layout, frame, self._colouring)

"""Depth as a video to watch, alone or beside the picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from velodepth.media.colour import Colouring
from velodepth.media.h264 import H264Writer
from velodepth.media.sound import Sound

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame


class VideoWriter(H264Writer):
    """An .mp4 file: "side" is picture | depth, W x 2 wide; "depth" is the depth alone.

    Depth is painted by `colouring` (a fresh `Colouring` by default); see there for the range and the scale.
    """

    def __init__(
        self,
        path: str | Path,
        layout: Literal["side", "depth"] = "side",
        colouring: Colouring | None = None,
        sound: Sound | None = None,
    ) -> None:
        super().__init__(path, sound)
        self.columns = 2 if layout == "side" else 1
        self._colouring = colouring or Colouring()

    def _pictures(self, frame: DepthFrame) -> list[np.ndarray]:
        painted = self._colouring.paint(frame)
        return [frame.picture, painted][-self.columns :]

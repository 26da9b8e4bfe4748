"""A rival in the evaluation: one depth everywhere, perfectly steady, which every network has to beat.

velodepth eval --data ../shared/data/rgbd --predictor examples/rival.py:Constant

Any network that velodepth can carry (docs/networks.md) is measured by itself in the same way.
"""

import numpy as np

from velodepth import Camera, Look


class Constant:
    def look(self, picture: np.ndarray, camera: Camera | None) -> Look:
        return Look(np.ones(picture.shape[:2], np.float32), "scale")

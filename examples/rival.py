"""Rivals in the evaluation: any model behind three methods.

velodepth eval --data ../shared/data/rgbd --protocol full --predictor examples/rival.py:Constant
RIVAL_MODEL=model.onnx velodepth eval ... --predictor examples/rival.py:OnnxModel
"""

import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from velodepth.eval.predictions import Clip, Prediction


class Constant:
    """One depth everywhere: perfectly steady, and what every model has to beat."""

    claim = "scale"

    def start(self, clip: Clip) -> None:
        self.index = -1
        self.depth = np.ones((clip.height, clip.width), np.float32)

    def push(self, picture: np.ndarray) -> Prediction:
        self.index += 1
        return Prediction(self.index, self.depth)

    def finish(self) -> list[Prediction]:
        return []


class OnnxModel:
    """A picture-by-picture network in one ONNX file, such as an export of Depth Anything v2.

    Its input is (1, 3, h, w) float32, RGB minus ImageNet's mean over its deviation; its output, of h x w
    numbers, is taken for disparity up to scale and shift. RIVAL_MODEL: the file; RIVAL_SIDE: h and w.
    """

    claim = "affine_disparity"

    def __init__(self) -> None:
        self.path = Path(os.environ["RIVAL_MODEL"])
        self.side = int(os.environ.get("RIVAL_SIDE", "518"))
        self.session = onnxruntime.InferenceSession(str(self.path), providers=["CPUExecutionProvider"])
        self.name = self.path.stem

    def identity(self) -> str:  # so that another file at the same path is measured anew
        return f"{self.path.stat().st_size} {self.path.stat().st_mtime_ns} {self.side}"

    def start(self, clip: Clip) -> None:
        self.index = -1

    def push(self, picture: np.ndarray) -> Prediction:
        self.index += 1
        small = cv2.resize(picture, (self.side, self.side), interpolation=cv2.INTER_AREA)
        scaled = (small / np.float32(255) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        batch = scaled.transpose(2, 0, 1)[None].astype(np.float32)
        (disparity,) = self.session.run(None, {self.session.get_inputs()[0].name: batch})
        return Prediction(self.index, disparity.reshape(self.side, self.side))

    def finish(self) -> list[Prediction]:
        return []

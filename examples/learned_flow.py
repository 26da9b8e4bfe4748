"""A learned optical flow in place of DIS: any network of RAFT's kind in an ONNX file.

python examples/learned_flow.py raft.onnx street.mp4

The graph takes two pictures, (1, 3, H, W) float32 RGB, and its last output is the flow (1, 2, H, W) in pixels
from the first picture to the second: RAFT, and most that came after it. A flow is any callable of two
pictures (`velodepth.stream.flow`), so a network that runs elsewhere fits the same place.
"""

import sys

import cv2
import numpy as np
import onnxruntime

import velodepth

MULTIPLE = 8  # RAFT's features have an eighth of the picture's size


class OnnxFlow:
    """Where the content of each pixel of `current` was in `previous`: (2, H, W) float32, canvas pixels.

    path: the ONNX file. signed: whether the graph wants colours in -1..1 (torchvision's RAFT) or in 0..255.
    Pictures are scaled to the size the graph was exported for, or to multiples of 8, and the vectors back.
    """

    def __init__(self, path: str, signed: bool = False) -> None:
        self._session = onnxruntime.InferenceSession(path, providers=onnxruntime.get_available_providers())
        self._names = [each.name for each in self._session.get_inputs()]
        self._size = self._session.get_inputs()[0].shape[2:]  # numbers where the export fixed them
        self._signed = signed

    def __call__(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        height, width = current.shape[:2]
        own = zip(self._size, (height, width), strict=True)
        down, across = (n if isinstance(n, int) else -(-here // MULTIPLE) * MULTIPLE for n, here in own)
        first, second = (self._prepared(picture, (across, down)) for picture in (current, previous))
        field = self._session.run(None, dict(zip(self._names, (first, second), strict=True)))[-1][0]
        field = cv2.resize(field.transpose(1, 2, 0), (width, height)) * np.float32(
            (width / across, height / down)
        )
        return np.ascontiguousarray(field.transpose(2, 0, 1), np.float32)

    def _prepared(self, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        values = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        values = values / 127.5 - 1 if self._signed else values
        return values.transpose(2, 0, 1)[None]


if __name__ == "__main__":
    network, clip = sys.argv[1:]
    for frame in velodepth.load().run(clip, flow=OnnxFlow(network)):
        print(frame)

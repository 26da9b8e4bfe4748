"""What can be measured: anything that answers each picture of a clip with depth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from ..cameras import Camera
from .alignment import Claim


@dataclass(frozen=True)
class ClipInfo:
    """What a predictor is told before the first picture.

    name: of the sequence, e.g. "Scene01/clone". first: index in the sequence of the first picture pushed.
    width, height: of the pictures, pixels. camera: of the pictures, or None: to be estimated.
    frame_rate: frames a second, or None where it is not known.
    """

    name: str
    width: int
    height: int
    camera: Camera | None = None
    frame_rate: float | None = None
    first: int = 0


@dataclass
class Prediction:
    """What was predicted for one picture. Maps have one size (h, w), not necessarily the picture's."""

    index: int  # of the picture in the clip: 0 for the first one pushed
    depth: np.ndarray  # (h, w) float32; metres along z, or what the claim says; disparity if it says so
    confidence: np.ndarray | None = None  # (h, w), higher is surer
    points: np.ndarray | None = None  # (h, w, 3) camera axes, depth's unit; None: depth along the rays
    rays: np.ndarray | None = None  # (h, w, 3) unit, camera axes; None: those of the camera that was given
    is_keyframe: bool | None = None
    seconds: float | None = None  # that this answer took
    motion: np.ndarray | None = None  # (4, 4): points in the last picture's camera axes -> in this one's


class Predictor(Protocol):
    """Two methods: `start` a clip, and `push` its pictures in order, each of which answers its picture.

    It may be started again for another clip.

    It may have `per_frame`: the Predictor of the network it looks with, which sees each picture by itself, or
    None; `fresh` is measured against it.
    """

    @property
    def claim(self) -> Claim:
        """What `Prediction.depth` claims to be: one of alignment.CLAIMS."""
        ...

    @property
    def name(self) -> str: ...

    def identity(self) -> str:
        """Text that is another one whenever the predictions would be: results are cached by it."""
        ...

    def start(self, clip: ClipInfo) -> None: ...

    def push(self, picture: np.ndarray) -> Prediction:
        """picture: (H, W, 3) uint8 RGB."""
        ...


def resized(prediction: Prediction, size: tuple[int, int]) -> Prediction:
    """The prediction at size (h, w): bilinear with half-pixel centres (cv2.INTER_LINEAR), rays of length 1.

    What is NaN stays NaN, with what is mixed from it.
    """
    if prediction.depth.shape == tuple(size):
        return prediction

    def fit(values: np.ndarray | None) -> np.ndarray | None:
        if values is None:
            return None
        return cv2.resize(np.asarray(values, np.float32), (size[1], size[0]), interpolation=cv2.INTER_LINEAR)

    depth, rays = fit(prediction.depth), fit(prediction.rays)
    assert depth is not None
    if rays is not None:
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    return replace(
        prediction,
        depth=depth,
        rays=rays,
        confidence=fit(prediction.confidence),
        points=fit(prediction.points),
    )

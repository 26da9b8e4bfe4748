"""What the loop loses by carrying, whatever the network: truth itself looks at every n-th frame.

The stream's own loop runs, with true depth in the place of the network. Between looks depth is carried along
the flow and by the camera's motion alone, and measured where it is known and where truth is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import perf_counter

import cv2
import numpy as np

from ..presets.catalogue import load
from ..runtime.protocol import Original, State
from ..stream.canvas import Canvas
from ..stream.keyframes import Every
from ..stream.stream import DepthStream
from .alignment import Claim
from .identity import code, fingerprint
from .predictor import ClipInfo, Prediction
from .protocols import Aligned, Protocol
from .truth import Sequence

EVERY = (1, 4, 8, 16)  # frames from look to look
NOISE, BLUR = 0.05, 4.0  # of ln depth: standard deviation, and sigma in canvas pixels of what is alike
FLICKER = 0.05  # of ln depth: standard deviation of one number a look
SPOILT = ("exact", "noise", "flicker")

CARRIED = Protocol(
    "carried",
    (Aligned("metric", "sequence", "metric", ("delta1", "absrel")),),
    frozenset({"tau5", "path", "known_share"}),
    max_depths={"kitti": 80.0, "vkitti2": 80.0, "sintel": 70.0},
    only_known=True,
)


class TrueDepthRuntime:
    """Stands for a network (`runtime.protocol.Runtime`): what it sees is the true depth it was last given.

    depth: (h, w) float32 metres, 0 unknown, of the picture that is looked at next; canvas: of these pictures.
    spoilt: "exact"; "noise": times exp of smooth noise, 5 %; "flicker": also times one factor a look, 5 %.
    """

    name, device, estimates, carries = "truth", "cpu", False, False

    def __init__(self, spoilt: str) -> None:
        self._spoilt, self._draw = spoilt, np.random.default_rng(0)
        self.depth = np.zeros((1, 1), np.float32)
        self.canvas: Canvas | None = None

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """See `Runtime.look`; the camera has to be known."""
        assert rays is not None and self.canvas is not None
        depth = on_canvas(self.depth, self.canvas)
        known = (depth > 0) & (rays[..., 2] > 0)
        radius = np.where(known, depth / np.where(known, rays[..., 2], 1), 1).astype(np.float32)
        if self._spoilt != "exact":
            radius *= np.exp(self._noise(radius.shape))
        return State(radius, rays, np.ones_like(radius), known=known)

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """Never called: `carries` is False."""
        raise NotImplementedError

    def _noise(self, shape: tuple[int, ...]) -> np.ndarray:
        noise = cv2.GaussianBlur(self._draw.standard_normal(shape, np.float32), (0, 0), BLUR)
        noise *= NOISE / noise.std()
        if self._spoilt == "flicker":
            noise += np.float32(self._draw.normal(0, FLICKER))
        return noise


def on_canvas(depth: np.ndarray, canvas: Canvas) -> np.ndarray:
    """True depth (h, w), of any size, at the canvas's pixel centres: the nearest; 0 where it is not known."""
    c, (height, width) = canvas, depth.shape
    x = (np.arange(c.width) + 0.5) * c.padded_width / c.width - c.left
    y = (np.arange(c.height) + 0.5) * c.padded_height / c.height - c.top
    column = np.floor(x * width / c.picture_width).astype(int)
    row = np.floor(y * height / c.picture_height).astype(int)
    there = ((row >= 0) & (row < height))[:, None] & ((column >= 0) & (column < width))
    return np.where(there, depth[row.clip(0, height - 1)][:, column.clip(0, width - 1)], 0)


class PlainStream(DepthStream):
    """The loop on the whole frame, which looks when the policy says so and never else."""

    watches = False


class CarriedPredictor:
    """The loop with truth in the network's place, a look at every n-th frame; picklable before `start`.

    Depth is NaN where it is not known, and on frames that were looked at, unless all are: nothing is carried
    there. sequences: those that may be measured; their cameras have to be known. preset: whose canvas it is.
    """

    claim: Claim = "metric"

    def __init__(self, sequences: Iterable[Sequence], spoilt: str, every: int, preset: str = "nano") -> None:
        self._sequences = {each.name: each for each in sequences}
        self._spoilt, self._every, self._preset = spoilt, every, preset
        self.name = f"truth ({spoilt}) every {every}, on the canvas of {preset}"

    def identity(self) -> str:
        """Hash of the loop's code, with what is looked at and when."""
        return f"{self.name} {fingerprint(code('stream', 'presets', 'cameras.py', 'eval/carried.py'))}"

    def start(self, clip: ClipInfo) -> None:
        spec = load(self._preset).spec
        self._sequence, self._index, self._first = self._sequences[clip.name], -1, clip.first
        self._observer = TrueDepthRuntime(self._spoilt)
        self._observer.canvas = Canvas.of(clip.width, clip.height, spec)
        policy = Every(self._every, cut=math.inf)
        self._stream = PlainStream(self._observer, spec, policy, clip.camera)

    def push(self, picture: np.ndarray) -> Prediction:
        self._index += 1
        self._observer.depth = self._sequence[self._first + self._index].depth
        start = perf_counter()
        frame = self._stream.push(picture)
        depth = frame.depth
        seconds = perf_counter() - start
        measured = frame.mask & (self._every == 1 or not frame.is_keyframe)
        return Prediction(
            self._index,
            np.where(measured, depth, np.float32(np.nan)),
            is_keyframe=frame.is_keyframe,
            seconds=seconds,
            motion=frame.motion,
        )


def predictors(sequences: list[Sequence], preset: str) -> dict[str, CarriedPredictor]:
    """Every row of the table, by label."""
    return {
        f"{spoilt}, every {every}": CarriedPredictor(sequences, spoilt, every, preset)
        for spoilt in SPOILT
        for every in EVERY
    }

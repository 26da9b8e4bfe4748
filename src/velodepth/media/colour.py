"""Depth as colour: a steady range, a perceptually ordered map, a scale in metres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from velodepth.errors import VeloDepthError

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

PERCENTILES = (3, 75, 97)  # of depth: near, most of the scene, far
FARTHEST = 4.0  # times the second percentile: what a far spot in a window may stretch the range to
SECONDS = 2.0  # time constant of the range
STILL = 0.01  # the range shown moves once it is 1 % off: colours then move by 1 to 3 of their 256 steps
SPREAD = 1.5  # far is at least this times near, or a bare wall would show its noise in all colours
UNKNOWN = (64, 64, 64)  # where depth is not a positive number
# (256, 1, 3) RGB, far to near: INFERNO without its blackest and palest ends, which hide what is there
COLOURS = cv2.applyColorMap(np.linspace(14, 250, 256).round().astype(np.uint8)[:, None], cv2.COLORMAP_INFERNO)
COLOURS = np.ascontiguousarray(COLOURS[..., ::-1])
_LEVELS = np.arange(256) / 255
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""(256,) float32: light in 0..1 for a value of an sRGB picture (IEC 61966-2-1)."""


class Colouring:
    """Paints the depth of one clip or stream, frame after frame, near bright and far dark.

    Colour is linear in 1 / sqrt(depth) between `near` and `far` metres, through the INFERNO map, whose
    lightness rises evenly towards what is near. The root of disparity lies between disparity, which leaves
    the far half of a room in the dark, and log depth, which gives half of the colours to a distant sky.
    What is nearer or farther than the range has the colour of its end.

    A `near` or `far` that is given stays. One that is not follows the 3rd or 97th percentile of depth (far:
    at most 4 times the 75th, so that a glimpse of what is far leaves colours for the rest): it jumps there at
    keyframes for the reason "start" or "cut", and else nears it with a time constant of 2 seconds of frame
    time, so that a colour keeps its meaning from frame to frame.

    With `scale`, a bar with distances in metres is drawn into pictures of 180 x 180 and more.
    Raises VeloDepthError unless 0 < near < far.
    """

    def __init__(self, near: float | None = None, far: float | None = None, scale: bool = True) -> None:
        ends = [end for end in (near, far) if end is not None]
        if not all(0 < end < math.inf for end in ends) or sorted(set(ends)) != ends:
            raise VeloDepthError(f"the range from {near} to {far} is none: give metres, 0 < near < far")
        self._given = (near, far)
        self._scale = scale
        self._time = 0.0
        self._tracked: np.ndarray | None = None  # smoothed percentiles, log metres
        self._range = None if near is None or far is None else (near, far)
        self._bar: Bar | None = None

    @property
    def range(self) -> tuple[float, float] | None:
        """Near and far in metres as last painted; None as long as nothing tells them."""
        return self._range

    def paint(self, frame: DepthFrame) -> np.ndarray:
        """The colours of `frame.metres` (H, W) float32, as RGB uint8 (H, W, 3).

        Uses `metres`, `time` (seconds) and `keyframe_reason` of the frame. Depth that is no positive finite
        number is painted grey.
        """
        self.follow(frame)
        return self._painted(frame.metres, "" if frame.relative else " m")

    def _painted(self, depth: np.ndarray, unit: str = " m") -> np.ndarray:
        known = (depth > 0) & (depth < np.inf)
        if self._range is None:
            return np.full((*known.shape, 3), UNKNOWN, np.uint8)
        near, far = self._range
        level = 255 * _level(np.fmin(np.fmax(depth, near), far), near, far)
        picture = cv2.applyColorMap(np.rint(level).astype(np.uint8), COLOURS)
        if not known.all():
            picture[~known] = UNKNOWN
        if self._scale and min(known.shape) >= 180:
            if self._bar is None or self._bar.key != (near, far, known.shape):
                self._bar = Bar(near, far, known.shape, unit)
            self._bar.draw(picture)
        return picture

    def follow(self, frame: DepthFrame) -> None:
        """Moves the range towards the depths of this frame, as `paint` does first."""
        elapsed, self._time = max(frame.time - self._time, 0.0), frame.time
        self._follow(frame.metres, elapsed, frame.keyframe_reason in ("start", "cut"))

    def _follow(self, depth: np.ndarray, elapsed: float = 0.0, anew: bool = True) -> None:
        depth = sample(depth)
        if not depth.size:
            return
        near, most, far = np.percentile(depth, PERCENTILES)
        seen = np.log([near, min(far, FARTHEST * most)])
        if self._tracked is None or anew:
            self._tracked, self._range = seen, None
        self._tracked = self._tracked + (1 - math.exp(-elapsed / SECONDS)) * (seen - self._tracked)
        target = self._widened(*np.exp(self._tracked).tolist())
        if self._range is None or np.abs(np.log(target) - np.log(self._range)).max() > STILL:
            self._range = target

    def _widened(self, near: float, far: float) -> tuple[float, float]:
        """The range to show for percentiles `near` and `far` in metres: what is given wins."""
        given_near, given_far = self._given
        if given_near is not None:
            return given_near, given_far or max(far, given_near * SPREAD)
        if given_far is not None:
            return min(near, given_far / SPREAD), given_far
        more = max(1.0, math.sqrt(SPREAD * near / far))
        return near / more, far * more


def colourise(
    depth: np.ndarray, near: float | None = None, far: float | None = None, scale: bool = False
) -> np.ndarray:
    """The colours of one depth map, as `Colouring` paints them: RGB uint8 (H, W, 3).

    depth: (H, W) float, metres; what is no positive finite number is painted grey. near, far: metres of the
    brightest and of the darkest colour; None: as `Colouring` has them for this map. For the frames of a
    video, whose colours must keep their meaning, use one `Colouring` for all. scale: draw the bar with
    distances.
    Raises VeloDepthError unless depth has two axes and 0 < near < far.
    """
    depth = np.asarray(depth, np.float32)
    if depth.ndim != 2:
        raise VeloDepthError(f"an array of shape {depth.shape} is no depth map: give (H, W), in metres")
    colouring = Colouring(near, far, scale)
    colouring._follow(depth)
    return colouring._painted(depth)


def beside(picture: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) uint8 beside the colours of its depth (H, W), with a scale: (H, 2 W, 3) uint8."""
    return np.hstack([picture, colourise(depth, scale=True)])


def sample(depth: np.ndarray) -> np.ndarray:
    """About ten thousand of the positive finite values of a (H, W) depth map, on an even grid, flat."""
    step = max(1, round(math.sqrt(depth.size / 10_000)))
    values = depth[step // 2 :: step, step // 2 :: step]
    return values[(values > 0) & (values < np.inf)]


class Bar:
    """The scale for a range and a (height, width): colours, far above and near below, distances in metres."""

    def __init__(self, near: float, far: float, shape: tuple[int, ...], unit: str = " m") -> None:
        self.key = (near, far, shape)
        text = max(9, round(min(shape) / 42))  # height of a digit in pixels
        pad = thick = self._margin = round(0.9 * text)
        length, left = round(0.42 * shape[0]), pad + thick + round(0.9 * text)
        labels = {
            metres: _lettering(f"{metres:.4g}{unit}", text)
            for metres in ticks(near, far, 2.4 * text / length)
        }
        widest = max(letters.shape[1] for letters in (_lettering("0.25 m", text), *labels.values()))
        tall, wide = length + 2 * pad + text, left + widest + pad
        top = (tall - length) // 2

        white = np.zeros((tall, wide), np.float32)
        for metres, letters in labels.items():
            row = top + round((length - 1) * _level(metres, near, far))
            white[row - text // 20 : row + 1 + text // 20, pad + thick : left - round(0.4 * text)] = 0.8
            above = row - len(letters) // 2
            white[above : above + len(letters), left : left + letters.shape[1]] = letters
        keep = (1 - white) * (1 - 0.65 * _rounded(tall, wide, round(0.6 * text)))
        keep[top : top + length, pad : pad + thick] = 0
        self._keep = cv2.merge([keep] * 3)
        self._paint = cv2.merge([white * 235] * 3)
        self._paint[top : top + length, pad : pad + thick] = COLOURS[np.linspace(0, 255, length).astype(int)]

    def draw(self, picture: np.ndarray) -> None:
        """Draws into the lower right of an RGB uint8 (H, W, 3) picture, in place."""
        tall, wide = self._keep.shape[:2]
        bottom, right = (side - self._margin for side in picture.shape[:2])
        place = picture[bottom - tall : bottom, right - wide : right]
        place[:] = place * self._keep + self._paint


def ticks(near: float, far: float, gap: float) -> list[float]:
    """Round distances from `near` to `far` in metres, no two closer than `gap`, a share of the bar."""
    chosen: list[float] = []
    decades = range(math.floor(math.log10(near)), math.ceil(math.log10(far)) + 1)
    for mantissas in ((1,), (2, 5), (3,), (1.5, 4, 7), (1.2, 1.4, 1.6, 1.8, 2.5, 3.5, 4.5, 6, 8)):
        for metres in (float(f"{mantissa}e{decade}") for decade in decades for mantissa in mantissas):
            levels = (_level(other, near, far) - _level(metres, near, far) for other in chosen)
            if near <= metres <= far and all(abs(level) >= gap for level in levels):
                chosen.append(metres)
    return chosen if len(chosen) > 1 else [near, far]


def _level(metres: Any, near: float, far: float) -> Any:
    """Place in the colours, for a number or an array: 1 at near, 0 at far, linear in 1 / sqrt(metres)."""
    return (1 / np.sqrt(metres) - far**-0.5) / (near**-0.5 - far**-0.5)


def _lettering(label: str, height: int) -> np.ndarray:
    """A line of text as coverage in [0, 1], float32, cut to its ink above and below.

    Digits are about `height` pixels tall: OpenCV 5 draws them smaller than 4 does.
    """
    fine = 4  # drawn larger and averaged down: the stroke fonts are ragged at a few pixels
    font, stroke = cv2.FONT_HERSHEY_SIMPLEX, round(0.13 * height * fine)
    size = cv2.getFontScaleFromHeight(font, height * fine, stroke)
    (width, _), _ = cv2.getTextSize(label, font, size, stroke)
    letters = np.zeros(((height + 4) * fine, -(-width // fine) * fine), np.uint8)
    cv2.putText(letters, label, (0, (height + 2) * fine), font, size, 255, stroke, cv2.LINE_AA)
    small = cv2.resize(letters, None, fx=1 / fine, fy=1 / fine, interpolation=cv2.INTER_AREA)
    return small[small.any(axis=1)].astype(np.float32) / 255


def _rounded(height: int, width: int, radius: int) -> np.ndarray:
    """A box with round corners as coverage in [0, 1], float32 (height, width)."""
    y, x = np.mgrid[:height, :width] + 0.5
    beyond_x = np.maximum(np.maximum(radius - x, x - (width - radius)), 0)
    beyond_y = np.maximum(np.maximum(radius - y, y - (height - radius)), 0)
    return np.clip(radius + 0.5 - np.hypot(beyond_x, beyond_y), 0, 1).astype(np.float32)

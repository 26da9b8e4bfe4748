"""What is shown: what was just observed, fused with what is carried along the flow.

All on the canvas and in log radius. Every pixel carries a precision: how many looks stand behind its value.
An observation counts as one more, so that values settle like a mean; where the carried value is contradicted,
its precision falls and the observation takes over. Source: a recursive weighted mean, with the reset of
CODD (arXiv 2111.07337, section 3.3) as a rule instead of a network.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np

from ..runtime.protocol import State
from .evidence import CHANGED, Evidence, Warp
from .motion import Motion

MOST, MOST_STILL = 6.0, 60.0
"""Precision never exceeds this: an old value still gives way within some frames. Before a camera that stands
it may grow: looks at the same picture differ by what the network does, not by what there is."""
SETTLED = 0.01
"""The scale of all is the mean over the looks of the shot; later looks count at least so much."""
CELL, SLOW, SPAN = 32, 0.08, 0.25
"""The smooth part of the rest, i.e. the scale of regions: averaged over cells of so many canvas pixels, and
followed by SLOW at each look. A pixel whose log ratio is farther than SPAN from that of most is news."""
FADES = 0.85
"""What is left of precision after each frame of which the network itself says nothing."""
DRIFT, MOST_DRIFT = 0.5, 0.5
"""What is carried loses its scale as the camera moves: a look counts at least DRIFT for each picture size of
motion since the last one, and MOST_DRIFT at most, in both."""
SURPRISE, BLUR = 0.18, 4.0
"""Log ratio from which detail that differs counts as news, fully at twice as much; and its blur, sigma."""
HINT = 0.006
"""Photometric residual from which a pixel before a camera that stands may show something else, fully at twice
as much: detail is news there from SURPRISE / 2 on, and nowhere else."""
BESIDE = 8
"""Canvas pixels: so near to what changes a look tells nothing new of what came to light; it bleeds there."""
RATE = 0.001
"""Log radius by which what has not changed before a camera that stands may move in a frame: 3 % in a second,
so that with a lens that is still being estimated it stays below 5 %."""
EDGE = 0.2
"""Log jump between neighbours from which an observed edge is drawn anew, fully at twice as much: means of
edges that do not quite coincide are soft."""


def constants() -> dict[str, float]:
    """Those of this module by name, CHANGED among them, for whoever computes the same elsewhere."""
    return {name: value for name, value in globals().items() if name.isupper()}


class Memory(NamedTuple):
    """What is known of a frame, all (H, W) of the canvas."""

    log_radius: np.ndarray  # float32, log metres
    precision: np.ndarray  # float32, 0 (a guess) to MOST
    confidence: np.ndarray  # float32, the network's own
    known: np.ndarray  # bool: False where no network has said anything
    looks: int = 1  # of this shot

    def scaled(self, factor: float) -> Memory:
        """All radii times a factor."""
        return self._replace(log_radius=self.log_radius + np.float32(math.log(factor)))


def start(observed: State) -> Memory:
    """A first look: nothing is carried."""
    known = _known(observed)
    return Memory(np.log(observed.radius), known.astype(np.float32), observed.confidence, known)


def carry(last: Memory, warp: Warp, warped: np.ndarray, motion: Motion | None) -> Memory:
    """Bring what is known to the next frame: along the flow, and by the camera's own motion where known.

    warped: (H, W) float32, last.log_radius along the flow.
    """
    if motion is not None:
        warped = warped + motion.follows * (np.log(np.maximum(motion.radius, 1e-3)) - warped)
    known, precision = last.known, warp.linear(last.precision)
    if not known.all():  # beside a hole a mean would be one with what is not known
        whole = warp.nearest(cv2.erode(known.view(np.uint8), np.ones((3, 3), np.uint8))) > 0
        known = warp.nearest(known.view(np.uint8)) > 0
        warped = np.where(whole, warped, warp.nearest(last.log_radius))
        precision = np.where(whole, precision, warp.nearest(last.precision))
    precision = precision * (warp.inside & known)
    return Memory(warped, precision, warp.linear(last.confidence), known, last.looks)


def unobserved(carried: Memory, evidence: Evidence) -> Memory:
    """A frame without an observation: what is carried, less sure where the picture changed."""
    return carried._replace(precision=carried.precision * (1 - _changed(evidence)))


def guessed(carried: Memory, guess: State, evidence: Evidence) -> Memory:
    """A frame of which only somebody else has said something: taken where the picture changed or nothing was
    carried, with no precision, and all that is carried fades a little."""
    share = np.where(_known(guess), np.maximum(_changed(evidence), carried.precision <= 0), 0)
    fused = carried.log_radius + share * (np.log(guess.radius) - carried.log_radius)
    confidence = carried.confidence + share * (guess.confidence - carried.confidence)
    precision = carried.precision * np.float32(FADES) * (1 - _changed(evidence))
    known = carried.known | (_known(guess) & (share > 0))
    return Memory(fused.astype(np.float32), precision, confidence.astype(np.float32), known, carried.looks)


def fuse(carried: Memory, observed: State, evidence: Evidence) -> Memory:
    """Carried and observed -> shown.

    The gain of a pixel is 1 / (1 + precision): 1 where nothing is carried. The smooth part of the difference
    is scale: that of all is a mean over the shot, that of regions drifts; the rest may change at once. Before
    a camera that stands (`Evidence.rest`) looks at what has not changed soon count for little: `alike`.
    """
    log_radius, known = np.log(observed.radius), _known(observed)
    both = known & carried.known
    difference = np.where(both, log_radius - carried.log_radius, 0)
    changed = _changed(evidence)
    comparable = both * np.minimum(1, carried.precision) * (1 - evidence.independent) * (1 - changed)
    sample = difference.ravel()[::7][comparable.ravel()[::7] > 0.5]  # which tells as much as all
    overall = np.median(sample) if sample.size else np.float32(0)
    comparable *= np.clip(2.5 - 2 / SPAN * np.abs(difference - overall), 0, 1)
    scale = smooth(difference, comparable)
    drifted = min(MOST_DRIFT, DRIFT * evidence.moved * evidence.frames)
    rest, standing = evidence.rest, alike(carried.looks) + DRIFT * evidence.travelled * evidence.frames
    settling = mixed(max(SETTLED, 1 / (carried.looks + 1), drifted), standing, rest)
    slow = mixed(max(SLOW, drifted), standing, rest)
    followed = np.float32(slow) * (scale - overall) + np.float32(settling) * overall
    detail = difference - scale
    surprise = np.abs(cv2.GaussianBlur(detail, (0, 0), BLUR)) / SURPRISE
    news = mixed(surprise - 1, (2 * surprise - 1).clip(0, 1) * hinted(evidence.residual), rest)
    independent = cv2.GaussianBlur(evidence.independent, (0, 0), 1.5)
    doubt = np.maximum(np.maximum(news, independent), changed).clip(0, 1)
    precision = carried.precision * (1 - doubt)
    gain = mixed(np.maximum(1 / (1 + precision), edges(log_radius)), alike(precision), rest)
    change = followed + gain * detail
    steady = change.clip(-RATE * evidence.frames, RATE * evidence.frames)
    young = (1 - precision / min(carried.looks, MOST)).clip(0, 1)  # changed since, in a shot that is older
    change = mixed(change, steady + young * (change - steady), rest)
    fused = np.where(carried.known, carried.log_radius + change, log_radius - scale + followed)
    confidence = carried.confidence + gain * (observed.confidence - carried.confidence)
    beside = cv2.dilate(doubt, np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8))
    surer = precision + 1 - rest * beside * np.minimum(precision, 1)
    return Memory(
        np.where(known, fused, carried.log_radius),
        np.where(known, np.minimum(surer, mixed(MOST, MOST_STILL, rest)), carried.precision),
        np.where(known, confidence, carried.confidence),
        known | carried.known,
        carried.looks + 1,
    )


def hinted(residual: np.ndarray) -> np.ndarray:
    """(H, W) float32, 0..1: the picture may show something else here."""
    return (residual / HINT - 1).clip(0, 1)


def alike(looks: Any) -> Any:
    """What one more look at the same picture counts after so many: their sum is finite, unlike a mean's."""
    return np.minimum(1, 2 / (1 + looks) ** 2)


def mixed(moving: Any, standing: Any, rest: float) -> Any:
    """Between a value for a camera that moves and one for a camera that stands."""
    return (1 - rest) * moving + rest * standing


def smooth(difference: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means of (H, W) over cells of CELL pixels, as far as each counts, bilinear in between, (H, W) float32.

    A cell where few count leans on the mean of all.
    """
    height, width = difference.shape
    cells = max(1, width // CELL), max(1, height // CELL)
    weight = counts.astype(np.float32)
    total = cv2.resize((difference * weight).astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    share = cv2.resize(weight, cells, interpolation=cv2.INTER_AREA)
    overall = float(total.sum() / max(share.sum(), 1e-6))
    means = (total + 0.01 * overall) / (share + 0.01)
    return cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)


def edges(log_radius: np.ndarray) -> np.ndarray:
    """(H, W) float32, 0..1: how much of a depth edge lies among the 5 x 5 pixels around."""
    around = np.ones((3, 3), np.uint8)
    jump = cv2.dilate(log_radius, around) - cv2.erode(log_radius, around)
    return cv2.dilate(np.clip(jump / EDGE - 1, 0, 1), around)


def _known(observed: State) -> np.ndarray:
    return np.ones(observed.radius.shape, bool) if observed.known is None else observed.known


def _changed(evidence: Evidence) -> np.ndarray:
    """(H, W) float32, 0..1: the picture shows something else here."""
    return np.clip(2 * evidence.residual / CHANGED - 1, 0, 1)

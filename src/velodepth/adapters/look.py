"""What a per-image depth network is, and what it says of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np

from ..cameras import Camera
from ..errors import VeloDepthError

DepthKind = Literal["metric", "scale", "affine_depth", "affine_disparity"]
"""What the numbers x of a depth map are: depth in metres; depth up to one factor; depth up to a factor and a
shift; disparity (1 / depth) up to a factor and a shift. Depth is along the optical axis (z)."""

DEPTH_KINDS: tuple[DepthKind, ...] = get_args(DepthKind)


@dataclass(frozen=True)
class Look:
    """What a network says of one picture. Maps have one size (h, w), not necessarily the picture's, and cover
    the whole of it."""

    depth: np.ndarray  # (h, w) float; what `kind` says, disparity if it says so
    kind: DepthKind
    camera: Camera | None = None  # of the picture at its own size, if the network estimates one
    confidence: np.ndarray | None = None  # (h, w), in (0, 1], higher is surer
    mask: np.ndarray | None = None  # (h, w) bool, False where depth says nothing, e.g. in the sky


class DepthNetwork(Protocol):
    """A per-image depth network: one method, the same answer for the same arguments."""

    def look(self, picture: np.ndarray, camera: Camera | None) -> Look:
        """picture: (H, W, 3) uint8 RGB, at its own size. camera: of that picture, or None if not known."""
        ...


def usable(depth: np.ndarray, kind: DepthKind) -> np.ndarray:
    """(h, w) bool: finite, and above 0 where the map is depth in metres or up to one factor."""
    finite = np.isfinite(depth)
    return finite & (depth > 0) if kind in ("metric", "scale") else finite


def checked_look(network: DepthNetwork, name: str, picture: np.ndarray, camera: Camera | None) -> Look:
    """The look of a network that others wrote: float32 maps, the mask False where depth is not usable.

    name: of the network, for messages: what was loaded. Raises VeloDepthError, one sentence that names the
    network and says what was expected, where it raises, or its answer is no `Look` of this picture.
    """
    try:
        look = network.look(picture, camera)
    except VeloDepthError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise VeloDepthError(f"{name} failed at a picture ({reason}): mend its look") from error

    def refuse(found: str, expected: str) -> VeloDepthError:
        return VeloDepthError(f"{name} returned {found}: its look(picture, camera) must return {expected}")

    if not isinstance(look, Look):
        raise refuse(f"{type(look).__name__}", "a velodepth.Look")
    if look.kind not in DEPTH_KINDS:
        raise refuse(f"a Look of kind {look.kind!r}", f"one of the kinds {', '.join(DEPTH_KINDS)}")
    if look.camera is not None and not isinstance(look.camera, Camera):
        raise refuse(f"a {type(look.camera).__name__} as camera", "a velodepth.Camera or None")

    def array(field: str, take: Callable[[np.ndarray], bool], expected: str) -> np.ndarray | None:
        value = getattr(look, field)
        if value is None:
            return None
        try:
            value = np.asarray(value)
        except Exception as error:
            raise refuse(f"a {field} that is no array", expected) from error
        if value.ndim != 2 or not value.size or not take(value):
            raise refuse(f"a {field} of {value.dtype} {value.shape}", expected)
        return value

    def number(value: np.ndarray) -> bool:
        return value.dtype.kind in "fiu"

    depth = array("depth", number, "a depth of float32 (h, w)")
    if depth is None:
        raise refuse("no depth", "a depth of float32 (h, w)")
    size = depth.shape
    of_its_size = f"one of its depth's size {size}"
    mask = array("mask", lambda x: x.dtype == bool and x.shape == size, f"bool, {of_its_size}")
    confidence = array("confidence", lambda x: number(x) and x.shape == size, of_its_size)
    depth = depth.astype(np.float32)
    known = usable(depth, look.kind)
    known = known if mask is None else known & mask
    if not known.any():
        wanted = "numbers above 0" if look.kind in ("metric", "scale") else "finite numbers"
        raise refuse("a depth of which no pixel can be used (NaN, infinite, masked or not above 0)", wanted)
    if confidence is not None:
        confidence = np.nan_to_num(confidence.astype(np.float32), nan=0.0)
    return replace(look, depth=depth, mask=known, confidence=confidence)

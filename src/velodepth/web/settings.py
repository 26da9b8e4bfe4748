"""What the page is told, so that no constant is written twice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .. import __version__
from ..media.colour import COLOURS, FARTHEST, PERCENTILES, SECONDS, SPREAD, STILL, UNKNOWN
from ..presets import Model
from ..stream import content, evidence, flow, lens, motion, stream, upsampling
from ..stream.canvas import IMAGENET_MEAN, IMAGENET_STD
from ..stream.keyframes import Adaptive
from .limits import Limits
from .wire import MAP_SIDE, PICTURE_SIDE

MOTION = ("GRID", "STEPS", "ENOUGH", "WIDEST", "TIGHTEST", "FOLLOWS", "FEWEST", "LEAST_SHARE")
LENS = ("ENOUGH", "MOST", "BRIGHTER", "RISING")
CONTENT = ("SIZE", "NOTHING", "PLENTY", "LAGS", "OTHER", "BLEND", "MIDDLE")
"""Constants of modules in stream/ which the page's twins of them take."""


def server_settings(model: Model, limits: Limits) -> dict[str, Any]:
    """Of the page whose frames the server computes."""
    return {"engine": "server", "preset": model.name, "upload_bytes": limits.upload_bytes, **_shared(limits)}


def browser_settings(nano: Model, limits: Limits) -> dict[str, Any]:
    """Of the page that computes with the packaged graphs, by itself. nano: the preset of that name."""
    spec = nano.spec
    canvas = {
        "pixels": spec.max_pixels,
        "multiple": spec.multiple,
        "min_ratio": spec.min_ratio,
        "max_ratio": spec.max_ratio,
        "mean": [round(float(x), 6) for x in IMAGENET_MEAN],
        "std": [round(float(x), 6) for x in IMAGENET_STD],
    }
    colours = {
        "percentiles": PERCENTILES,
        "farthest": FARTHEST,
        "seconds": SECONDS,
        "still": STILL,
        "spread": SPREAD,
    }
    return {
        "engine": "browser",
        "preset": nano.name,
        "canvas": canvas,
        "policy": asdict(Adaptive()),
        "evidence": {name.lower(): getattr(evidence, name) for name in ("QUIET", "CHANGED", "STILL")},
        "flow": {name.lower(): getattr(flow, name) for name in ("STANDS", "SLIGHT", "ALIKE")},
        "upsampling": {name.lower(): getattr(upsampling, name) for name in ("JUMP", "ALIKE", "LEAST")},
        "motion": {name.lower(): getattr(motion, name) for name in MOTION},
        "changed": evidence.CHANGED,
        "lens": {name.lower(): getattr(lens, name) for name in LENS},
        "content": {name.lower(): getattr(content, name) for name in CONTENT},
        "flash": stream.FLASH,
        "same": stream.SAME,
        "range": colours,
        **_shared(limits),
    }


def _shared(limits: Limits) -> dict[str, Any]:
    return {
        "version": __version__,
        "frames": limits.frames,
        "picture_side": PICTURE_SIDE,
        "map_side": MAP_SIDE,
        "colours": COLOURS[:, 0].tolist(),
        "unknown": UNKNOWN,
    }

"""What is known of each frame besides its pixels: JSON Lines."""

from __future__ import annotations

import json
import math
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.jsontext import parse_json
from velodepth.media.atomic import FileWriter
from velodepth.media.colour import sample

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

PERCENTILES = (5, 25, 50, 75, 95)
UNITS = {"time": "seconds", "depth": "metres", "camera": "pixels, pixel (i, j) centred at (i + 0.5, j + 0.5)"}


class JsonLinesWriter(FileWriter):
    """A .jsonl file: one line with `facts` of the run, the measure (depth, or distance along the ray, which
    `depth` then holds: `DepthFrame.measure`) and the units, then one line a frame, and at the end one of all.

    A frame's line: index, time (s), keyframe, reason (null where the network did not look), camera
    (`Camera.to_dict`), settled (whether that stays for the rest of the shot), depth {p5, p25, p50, p75, p95}
    (m, of a sample of the positive finite pixels; null where there is none). The last line is `summary`:
    frames, looks, share (of the frames that are looks), reasons {reason: looks}. All of it is strict JSON: a
    number that is not finite is null.
    """

    def __init__(self, path: str | Path, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(path)
        self._facts = facts or {}
        self._frames, self._reasons = 0, Counter[str]()
        self._file: Any = None

    def _begin(self, frame: DepthFrame) -> None:
        self._file = self._temporary.open("w", encoding="utf-8", newline="\n")
        units = UNITS | {"depth": "of the network's own"} if frame.relative else UNITS
        self._line({**self._facts, "measure": frame.measure, "units": units})

    def _add(self, frame: DepthFrame) -> None:
        self._frames += 1
        self._reasons.update([frame.keyframe_reason] if frame.keyframe_reason else [])
        depth = sample(frame.metres)
        percentiles = np.percentile(depth, PERCENTILES).round(4) if depth.size else [None] * len(PERCENTILES)
        self._line(
            {
                "index": frame.index,
                "time": frame.time,
                "keyframe": frame.is_keyframe,
                "reason": frame.keyframe_reason,
                "camera": frame.camera.to_dict(),
                "settled": frame.camera_is_settled,
                "depth": {f"p{p}": metres for p, metres in zip(PERCENTILES, percentiles, strict=True)},
            }
        )

    def _line(self, record: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(_strict(record), ensure_ascii=False, allow_nan=False) + "\n")

    def _finish(self) -> None:
        looks = sum(self._reasons.values())
        share = round(looks / self._frames, 4)
        summary = {"frames": self._frames, "looks": looks, "share": share, "reasons": self._reasons}
        self._line({"summary": summary})
        self._file.close()

    def _abandon(self) -> None:
        if self._file:
            self._file.close()


def read_summary(path: Path) -> dict[str, Any]:
    """`summary` of a .jsonl file. Raises VeloDepthError where it has none."""
    try:
        with path.open("rb") as file:
            last = deque(file, maxlen=1).pop()
        return dict(parse_json(last.decode())["summary"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise VeloDepthError(
            f"{path} has no summary of a run in its last line ({error}): give a .jsonl file that "
            "velodepth run wrote"
        ) from error


def _strict(value: Any) -> Any:
    """The same in what JSON knows: plain numbers, lists and dictionaries, null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _strict(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float)) else str(value)

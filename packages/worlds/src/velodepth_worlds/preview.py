"""A contact sheet of a shard: pictures, their depth and their flow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import whole
from velodepth.media.colour import UNKNOWN, colourise
from velodepth.train.shards import Shard

COLUMNS, CELL = 6, 320  # frames in a row, and how wide each is in pixels
CAPTION = 30  # pixels high


def sheet(shard: Shard, rows: int = 3) -> NDArray[np.uint8]:
    """RGB uint8: at most `rows` rows of six clips (their middle frames), then as many of stills.

    A frame is kind and median depth in metres, its picture, its depth in our colours over the frame's own
    range; below that, of clips, the flow to the previous frame, hue for the
    direction and paler for slower. Grey is sky, or has no partner.

    Raises VeloDepthError where the shard lacks pictures or depth.
    """
    if shard.picture is None or shard.depth is None:
        raise VeloDepthError(f"{shard.folder} has no picture.npy or depth.npy: there is nothing to show")
    strips: list[NDArray[np.uint8]] = []
    for moving in (True, False):
        shown = [
            row
            for row, frame in enumerate(shard.frames)
            if frame["index"] == frame["length"] // 2 and (frame["length"] > 1) == moving
        ]
        spread = np.linspace(0, len(shown) - 1, min(len(shown), COLUMNS * rows)).round().astype(int)
        cells = [_cell(shard, shown[index]) for index in spread]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % COLUMNS) if cells else []
        strips += [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    return np.vstack(strips)


def write(shard: Shard, path: str | os.PathLike[str], rows: int = 3) -> None:
    """Write the sheet as a PNG file, whole or not at all. Raises VeloDepthError where that fails."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise VeloDepthError(f"{path} is not named .png, and a contact sheet is a PNG file; give such a name")
    done, data = cv2.imencode(".png", np.ascontiguousarray(sheet(shard, rows)[..., ::-1]))
    assert done
    with whole(path) as temporary:
        temporary.write_bytes(data.tobytes())


def _cell(shard: Shard, row: int) -> NDArray[np.uint8]:
    assert shard.picture is not None and shard.depth is not None
    frame = shard.frames[row]
    height, width = shard.picture.shape[1:3]
    size = (CELL, round(CELL * height / width))
    caption = np.full((CAPTION, CELL, 3), 24, np.uint8)
    text = f"{frame['kind']}, median {frame['median_depth']:.2f} m"
    place, white = (8, CAPTION - 9), (255, 255, 255)
    cv2.putText(caption, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, white, 1, cv2.LINE_AA)
    parts = [shard.picture[row], colourise(shard.depth[row])]
    if frame["length"] > 1 and shard.flow is not None:
        parts.append(_flow(shard, row))
    return np.vstack([caption, *(cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts)])


def _flow(shard: Shard, row: int) -> NDArray[np.uint8]:
    assert shard.flow is not None
    x, y = shard.flow[row, 0].astype(np.float32)
    length = np.hypot(x, y)
    hidden = shard.occluded(row)[0]
    fast = max(float(np.quantile(length[~hidden], 0.95)) if not hidden.all() else 0.0, 1.0)
    colour: Any = np.stack(
        [np.arctan2(y, x) / (2 * np.pi) % 1 * 180, np.clip(length / fast, 0, 1) * 255, np.full_like(x, 255)],
        axis=-1,
    )
    painted = cv2.cvtColor(colour.astype(np.uint8), cv2.COLOR_HSV2RGB)
    painted[hidden] = UNKNOWN
    return painted

"""What the right eye sees: a second picture from a picture and its depth."""

from __future__ import annotations

import cv2
import numpy as np

BEFORE, BEHIND = 0.01, 0.02
"""Parallax of the nearest and of the farthest things, in shares of the picture's width, on their side of the
screen: 3 % in all, which most viewers fuse with ease."""
GAP = 1.0  # pixels of parallax between neighbours from which on what lies between was hidden, not stretched


def parallax(depth: np.ndarray, range: tuple[float, float] | None) -> np.ndarray:
    """How far to the right of where the left eye sees a pixel the right one does, in pixels.

    depth: (H, W) float32 metres; what is not positive is taken as far. range: near and far in metres; what is
    beyond has the parallax of its end. Returns (H, W) float32; all is far where there is no range.
    """
    width = depth.shape[1]
    if range is None:
        return np.full(depth.shape, BEHIND * width, np.float32)
    near, far = range
    metres = np.clip(np.where(depth > 0, depth, far), near, far)
    nearness = (1 / metres - 1 / far) / (1 / near - 1 / far)
    return ((BEHIND - (BEFORE + BEHIND) * nearness) * width).astype(np.float32)


def right_eye(picture: np.ndarray, parallax: np.ndarray) -> np.ndarray:
    """A picture (H, W, C) uint8 with every pixel moved to the right by its parallax (H, W), in pixels.

    Nearer things (smaller parallax) hide farther ones. What comes into view right of a near thing, and at the
    left rim, is filled with the background right of it, mirrored.
    """
    height, width = parallax.shape
    columns = np.broadcast_to(np.arange(width), (height, width))
    rows = np.arange(height)[:, None] * width
    landed = np.rint(columns + parallax).astype(np.intp)
    inside = (landed >= 0) & (landed < width)
    # Of two that land on the same place, the one from farther right moved more to the left: it is nearer.
    seen = np.full(height * width, -1)
    np.maximum.at(seen, (rows + landed)[inside], columns[inside])
    seen = seen.reshape(height, width)
    known = seen >= 0
    moved = np.take_along_axis(parallax, np.maximum(seen, 0), 1)  # parallax of what the right eye sees
    source = columns - moved  # where the left one has it
    row, column = np.nonzero(~known)
    if row.size:
        before = np.maximum.accumulate(np.where(known, columns, -1), axis=1)[row, column]
        after = np.minimum.accumulate(np.where(known, columns, width)[:, ::-1], axis=1)[:, ::-1][row, column]
        step = moved[row, after.clip(max=width - 1)] - moved[row, before.clip(min=0)]
        hidden = (before < 0) | (after == width) | (step > GAP)
        # A surface that is stretched goes on evenly between the two.
        share = (column - before) / (after - before)
        left, right = source[row, before.clip(min=0)], source[row, after.clip(max=width - 1)]
        filled = left + share * (right - left)
        edge = np.where(after < width, after, before)
        mirrored = (2 * edge - column).clip(0, width - 1)
        mirrored = np.where(known[row, mirrored], mirrored, edge)
        source[row[hidden], column[hidden]] = source[row[hidden], mirrored[hidden]]
        source[row[~hidden], column[~hidden]] = filled[~hidden]
    lines = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    return cv2.remap(
        picture, source.astype(np.float32), np.ascontiguousarray(lines), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip

"""From the canvas back to the picture, with the picture's own edges.

Enlarged bilinearly, a depth edge becomes a ramp several pixels wide, whose points hang in the air between
what is near and what is far. Where depth jumps, those of the four canvas pixels around count most that are as
bright as the pixel. Source: joint bilateral upsampling (Kopf et al., "Joint Bilateral Upsampling", 2007).
"""

from __future__ import annotations

import cv2
import numpy as np

from .canvas import Canvas, luma_of

JUMP = 0.05
"""Log ratio of radius among 3 x 3 canvas pixels from which there is an edge."""
ALIKE = 12.0
"""Grey levels, sigma: how bright is as bright."""
LEAST = 1e-4
"""Of a weight, whatever the brightness: where none of the four is alike, enlarging is bilinear."""


class Upsampling:
    """Takes maps of one frame's canvas to its picture.

    radius: (height, width) of the canvas, metres, positive where known. picture: uint8 (H, W, 3) RGB.
    """

    def __init__(self, canvas: Canvas, radius: np.ndarray, picture: np.ndarray) -> None:
        self._canvas = canvas
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.nan_to_num(np.log(radius), nan=0.0, posinf=0.0, neginf=0.0)
        around = np.ones((3, 3), np.uint8)
        edge = cv2.dilate(size, around) - cv2.erode(size, around) > JUMP
        luma = cv2.cvtColor(canvas.area.cut(picture), cv2.COLOR_RGB2GRAY)
        cells = luma_of(canvas.fill(picture)).ravel()
        height, width = luma.shape
        across, right = _cells(width, canvas.left, canvas.padded_width, canvas.width)
        down, below = _cells(height, canvas.top, canvas.padded_height, canvas.height)
        near = edge[np.ix_(down + (below >= 0.5), across + (right >= 0.5))]
        self._rows, self._columns = np.nonzero(near)
        first = down[self._rows] * canvas.width + across[self._columns]
        right, below = right[self._columns], below[self._rows]
        here = luma[self._rows, self._columns].astype(np.float32)
        self._cells = first + np.array([[0], [1], [canvas.width], [canvas.width + 1]])
        shares = np.stack(
            [(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below]
        )
        unlike = (here - cells[self._cells]) / np.float32(ALIKE)
        shares *= np.exp(-0.5 * unlike * unlike) + np.float32(LEAST)
        self._shares = shares / shares.sum(0)

    def __call__(self, map: np.ndarray) -> np.ndarray:
        """float32 (height, width) or (height, width, C) of the canvas -> of the frame's size; NaN in bars."""
        whole = self._canvas.restore(map)
        flat = map.reshape(map.shape[0] * map.shape[1], *map.shape[2:])
        shares = self._shares.reshape(*self._shares.shape, *[1] * (map.ndim - 2))
        inner = self._canvas.area.cut(whole)
        inner[self._rows, self._columns] = (shares * flat[self._cells]).sum(0)
        return whole


def _cells(count: int, padding: int, padded: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count` pixels of an axis: the first of the two cells around it, and the second's share."""
    place = (np.arange(count, dtype=np.float32) + np.float32(padding + 0.5)) * np.float32(cells / padded)
    place = np.clip(place - np.float32(0.5), 0, cells - 1)
    first = np.minimum(place.astype(np.intp), cells - 2)
    return first, place - first

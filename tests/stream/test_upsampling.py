"""From canvas to picture: edges where the picture has them, all else bilinear."""

from __future__ import annotations

import numpy as np
import pytest

from velodepth.stream.bars import WHOLE, Area
from velodepth.stream.canvas import Canvas, CanvasSpec
from velodepth.stream.upsampling import Upsampling

SPEC = CanvasSpec(1024, 1024, 32, rounding="nearest", smooth=True)


def scene(width, height, edge, area=WHOLE):
    """A dark box at 1 m, left of `edge` (pixels), before a bright wall at 3 m; its canvas and radius."""
    picture = np.full((height, width, 3), 200, np.uint8)
    picture[:, :edge] = 50
    canvas = Canvas.of(width, height, SPEC, area)
    centres = (np.arange(canvas.width) + 0.5) * canvas.padded_width / canvas.width - canvas.left + area.left
    radius = np.where(centres < edge, 1.0, 3.0).astype(np.float32)[None].repeat(canvas.height, 0)
    return picture, canvas, radius


@pytest.mark.parametrize("edge", [150, 155, 163])
def test_an_edge_is_where_the_picture_has_it(edge):
    picture, canvas, radius = scene(320, 320, edge)
    depth = Upsampling(canvas, radius, picture)(radius)
    off = np.abs(depth - np.where(np.arange(320) < edge, 1, 3)).max(0)
    between = (off > 0.1).sum()
    assert depth.shape == (320, 320) and depth.dtype == np.float32
    assert between <= 3  # columns; where a cell of the canvas is part box and part wall
    assert (np.abs(canvas.restore(radius) - np.where(np.arange(320) < edge, 1, 3)).max(0) > 0.1).sum() >= 8


def test_without_an_edge_and_without_a_difference_in_the_picture_all_is_bilinear():
    picture, canvas, radius = scene(320, 320, 150)
    slope = (1 + 0.002 * np.arange(canvas.width, dtype=np.float32))[None].repeat(canvas.height, 0)
    np.testing.assert_array_equal(Upsampling(canvas, slope, picture)(slope), canvas.restore(slope))
    grey = np.full_like(picture, 90)
    np.testing.assert_allclose(Upsampling(canvas, radius, grey)(radius), canvas.restore(radius), rtol=1e-5)


def test_maps_of_vectors_bars_and_unknown_depth():
    picture, canvas, radius = scene(320, 260, 150, Area(20, 0, 0, 0))
    radius[5:8] = 0
    up = Upsampling(canvas, radius, picture)
    points = np.stack([radius, 2 * radius], -1)
    depth = up(radius)
    assert np.isnan(depth[:20]).all() and np.isfinite(depth[20:]).all()
    np.testing.assert_allclose(up(points)[20:], np.stack([depth, 2 * depth], -1)[20:], rtol=1e-5)

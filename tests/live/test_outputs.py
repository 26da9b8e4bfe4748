"""What is shown of several sources."""

from __future__ import annotations

import numpy as np

from velodepth.live.outputs import stacked


def test_panels_stand_one_below_another_as_wide_as_the_narrowest():
    small, wide = np.full((40, 60, 3), 10, np.uint8), np.full((90, 120, 3), 200, np.uint8)
    both = stacked([small, wide])
    assert both.shape == (40 + 45, 60, 3)
    assert (both[:40] == 10).all() and (both[40:] == 200).all()
    assert stacked([wide]) is wide

"""Pictures that show nothing, or two things at once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from velodepth.stream.content import Dissolve, content, likeness, thumbnail

SIZE = (320, 180)


def scene(seed, shift=0, zoom=1.0):
    """A wide view of blobs, of which a part is seen."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 40, 3), np.uint8)
    wide = cv2.resize(noise, (1200, 400), interpolation=cv2.INTER_CUBIC)
    width, height = (round(side / zoom) for side in SIZE)
    part = wide[200 - height // 2 : 200 + height // 2, 100 + shift : 100 + shift + width]
    return cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA)


def ends(pictures):
    """At which pictures a dissolve has ended."""
    dissolve, found = Dissolve(), []
    for index, picture in enumerate(pictures):
        if dissolve.is_over(thumbnail(picture)):
            found.append(index)
            dissolve.reset()
    return found


def blend(a, b, share):
    return np.rint(a * (1 - share) + b * share).astype(np.uint8)


def test_what_shows_nothing():
    for level in (0, 16, 128, 255):
        flat = np.full((180, 320, 3), level, np.uint8)
        noisy = (flat + np.random.default_rng(0).normal(0, 5, flat.shape)).clip(0, 255).astype(np.uint8)
        assert content(thumbnail(flat)) == content(thumbnail(noisy)) == 0
    values = [content(thumbnail((scene(0) * share).astype(np.uint8))) for share in (0, 0.1, 0.2, 0.4, 0.8)]
    assert values == sorted(values) and values[0] == 0 and 0 < values[2] < 0.5 and values[-1] > 1


def test_likeness_allows_for_motion():
    here = thumbnail(scene(0))
    assert likeness(here, here) == pytest.approx(1, abs=1e-5)
    assert likeness(here, thumbnail(scene(0, shift=40))) > 0.9
    assert likeness(here, thumbnail((scene(0) * 0.4).astype(np.uint8))) > 0.99
    assert likeness(here, thumbnail(scene(1))) < 0.6


@pytest.mark.parametrize(
    ("frames", "speed"), [(6, 0), (12, 0), (24, 0), (48, 0), (6, 1), (12, 1), (24, 1)]
)  # pixels a picture; while it moves on, a slow one cannot be told
def test_a_dissolve_is_noticed_once_soon_after_its_end(frames, speed):
    shares = np.concatenate([np.zeros(30), np.linspace(0, 1, frames + 2)[1:-1], np.ones(40)])
    pictures = [blend(scene(0, speed * i), scene(1, speed * i), share) for i, share in enumerate(shares)]
    (end,) = ends(pictures)
    assert 30 + frames - 2 <= end <= 30 + frames + max(4, frames // 4)


def fade(count):
    return [(scene(0) * min(1, i / count)).astype(np.uint8) for i in range(1, 60)]


@pytest.mark.parametrize(
    "pictures",
    [
        [scene(0, i) for i in range(80)],  # slow
        [scene(0, 12 * i) for i in range(60)],  # a fast pan
        [scene(0, zoom=1 + i / 30) for i in range(60)],
        fade(24),
        fade(24)[::-1],
        [scene(0)] * 30 + [scene(1)] * 30,  # a hard cut
        [scene(0)] * 30 + [np.full((180, 320, 3), 255, np.uint8)] + [scene(0)] * 30,
        [blend(scene(0), 255 - scene(0), 0.2 + 0.2 * np.sin(i / 9)) for i in range(80)],  # lamps
    ],
    ids=["drift", "pan", "zoom", "fade in", "fade out", "cut", "flash", "lamps"],
)
def test_what_is_no_dissolve(pictures):
    assert ends(pictures) == []

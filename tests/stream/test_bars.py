"""Which part of a picture is the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from velodepth.stream.bars import WHOLE, Area, Bars, find

WIDTH, HEIGHT = 320, 180


def scene(seed=0, size=(WIDTH, HEIGHT)):
    """Blobs of all brightness, no black lines at the border."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return np.maximum(cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC), 30)


def boxed(picture, top=0, bottom=0, left=0, right=0, level=0):
    return cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(level,) * 3)


def coded(picture):
    """With what a codec makes of the edges."""
    code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return cv2.imdecode(code, cv2.IMREAD_COLOR)


@pytest.mark.parametrize("as_coded", [False, True])
@pytest.mark.parametrize("level", [0, 16])
@pytest.mark.parametrize(
    "sides", [(60, 60, 0, 0), (7, 7, 0, 0), (2, 2, 0, 0), (0, 0, 40, 40), (0, 0, 4, 5), (20, 20, 16, 16)]
)
def test_bars_are_found_to_the_pixel(sides, level, as_coded):
    picture = boxed(scene(), *sides, level=level)
    area = find(coded(picture) if as_coded else picture)
    for found, there in zip(area, sides, strict=True):
        # A line where both meet goes with the bar; ringing of a codec may take two more from it.
        assert found == 0 if there == 0 else there - 2 <= found <= there + 1
    assert area.cut(picture).shape[0] >= HEIGHT - 2 and area.cut(picture).shape[1] >= WIDTH - 2


def dark_ceiling():
    picture = scene()
    picture[:50] = 4
    return picture


def dark_above_and_below():
    """Uneven at its ends, as a scene is."""
    picture = scene()
    x = np.arange(WIDTH)
    for column, (above, below) in enumerate(
        zip(30 + 25 * np.sin(x / 40) ** 2, 30 + 25 * np.cos(x / 40) ** 2, strict=True)
    ):
        picture[: int(above), column] = picture[HEIGHT - int(below) :, column] = 3
    return picture


def title():
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cv2.putText(picture, "THE END", (90, 100), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2)
    return picture


def circle():
    """What a circular fisheye shows."""
    mask = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (WIDTH // 2, HEIGHT // 2), 80, 1, -1)
    return scene() * mask[..., None]


@pytest.mark.parametrize(
    "picture",
    [scene(), dark_ceiling(), dark_above_and_below(), title(), circle(), np.zeros((90, 160, 3), np.uint8)],
)
def test_what_is_dark_is_not_a_bar(picture):
    assert find(picture) in (None, WHOLE)
    bars = Bars()
    for _ in range(5):
        assert bars.follow(picture) == WHOLE


def test_bars_stay_while_the_scene_is_dark():
    bars = Bars()
    bars.follow(boxed(scene(), 30, 30))
    area = bars.area
    assert area == Area(30, 30)
    for share in (0.3, 0.1, 0.02, 0, 0.02, 0.3):
        assert bars.follow(boxed((scene() * share).astype(np.uint8), 30, 30)) == area
    night = scene()
    night[:80] = 2
    for _ in range(5):
        assert bars.follow(boxed(night, 30, 30)) == area
    lettered = boxed(scene(), 30, 30)
    cv2.putText(lettered, "a subtitle", (100, HEIGHT + 50), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 1)
    for _ in range(5):
        assert bars.follow(lettered) == area


def test_a_fade_in_tells_with_its_first_bright_picture():
    bars = Bars()
    areas = [bars.follow(boxed((scene() * min(1, i / 12)).astype(np.uint8), 30, 30)) for i in range(14)]
    assert areas[0] == WHOLE and areas[-1] == Area(30, 30)


def test_bars_that_change_are_followed():
    bars = Bars()
    areas = [bars.follow(boxed(scene(i, (WIDTH, HEIGHT + 60)))) for i in range(4)]
    areas += [bars.follow(boxed(scene(i), 30, 30)) for i in range(4)]
    areas += [bars.follow(scene(i, (WIDTH, HEIGHT + 60))) for i in range(4)]
    assert areas == [WHOLE] * 6 + [Area(30, 30)] * 4 + [WHOLE] * 2
    assert Bars().follow(boxed(scene(), 30, 30)) == Area(30, 30)  # the first picture tells at once

"""Folders, globs, lists and single images."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media import images
from velodepth.media.reading import open_source


def save(path, picture, *options):
    """Write an RGB or grey array by its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = picture[..., ::-1] if picture.ndim == 3 else picture
    ok, encoded = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(data), list(options))
    assert ok
    path.write_bytes(encoded.tobytes())
    return path


def flat(value, size=(24, 20)):
    return np.full((size[1], size[0], 3), value, np.uint8)


def values(source):
    return [int(frame.picture[0, 0, 0]) for frame in source]


def test_a_folder_is_read_in_natural_order(tmp_path):
    for number in (10, 9, 100, 1, 2):
        save(tmp_path / f"frame{number}.png", flat(number))
    save(tmp_path / "._frame3.png", flat(3))
    save(tmp_path / "deeper" / "frame4.png", flat(4))
    (tmp_path / "notes.txt").write_text("not an image")
    source = open_source(tmp_path, frame_rate=5)
    assert (source.length, source.frame_rate, source.live, source.name) == (5, 5, False, str(tmp_path))
    frames = list(source)
    assert values(frames) == [1, 2, 9, 10, 100]
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"])
def test_each_kind_of_image_is_one_frame(tmp_path, suffix):
    picture = np.full((40, 60, 3), (200, 120, 40), np.uint8)
    source = open_source(str(save(tmp_path / f"bild ü{suffix}", picture)))
    (frame,) = source
    assert source.length == 1
    assert (frame.index, frame.time) == (0, 0)
    np.testing.assert_allclose(frame.picture, picture, atol=3)


def test_a_glob_and_a_list(tmp_path):
    paths = [
        save(tmp_path / f"{camera}" / f"{number}.png", flat(number)) for camera in "ab" for number in (2, 11)
    ]
    assert values(open_source(str(tmp_path / "a" / "*.png"))) == [2, 11]
    assert values(open_source(tmp_path / "**" / "*")) == [2, 11, 2, 11]
    assert values(open_source([str(paths[1]), paths[0]])) == [11, 2]


def test_a_folder_with_a_glob_character_in_its_name(tmp_path):
    save(tmp_path / "take[1]" / "a.png", flat(7))
    assert values(open_source(str(tmp_path / "take[1]"))) == [7]


def test_a_relative_path_with_digits_only_is_a_folder_when_it_says_so(tmp_path, monkeypatch):
    save(tmp_path / "0" / "a.png", flat(8))
    monkeypatch.chdir(tmp_path)
    assert values(open_source("./0")) == [8]


def test_sixteen_bits_grey_and_alpha(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (20, 24, 3)).astype(np.uint16)
    (frame,) = open_source(save(tmp_path / "deep.png", deep))
    np.testing.assert_array_equal(frame.picture, np.rint(deep / 257))
    (frame,) = open_source(save(tmp_path / "grey.tiff", deep[..., 0]))
    np.testing.assert_array_equal(frame.picture, np.repeat(np.rint(deep[..., :1] / 257), 3, axis=2))
    rgba = np.dstack([np.full((20, 24), value, np.uint8) for value in (30, 20, 10, 0)])  # BGRA, transparent
    (tmp_path / "alpha.png").write_bytes(cv2.imencode(".png", rgba)[1].tobytes())
    (frame,) = open_source(tmp_path / "alpha.png")
    np.testing.assert_array_equal(frame.picture[0, 0], (10, 20, 30))


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [(1, lambda p: p), (3, lambda p: p[::-1, ::-1]), (6, lambda p: np.rot90(p, -1)), (8, np.rot90)],
)
def test_exif_turns_a_photo_upright(tmp_path, orientation, upright):
    picture = flat(0, (64, 48))
    picture[:24] = (250, 0, 0)
    picture[:, :16] = (0, 0, 250)
    data = save(tmp_path / "photo.jpg", picture, cv2.IMWRITE_JPEG_QUALITY, 100).read_bytes()
    entry = struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)  # one tag: Orientation, a short
    exif = b"Exif\0\0II*\0" + entry
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    (tmp_path / "photo.jpg").write_bytes(data)
    (frame,) = open_source(tmp_path / "photo.jpg")
    expected = upright(picture).astype(int)
    assert frame.picture.shape == expected.shape
    assert np.median(np.abs(frame.picture - expected)) <= 2


def test_bad_images_are_named(tmp_path):
    with pytest.raises(
        VeloDepthError, match=r"no images in .*: give jpg.*; velodepth batch takes folders of videos"
    ):
        open_source(tmp_path)
    good = save(tmp_path / "1.png", flat(1))
    save(tmp_path / "2.png", np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8))
    whole = (tmp_path / "2.png").read_bytes()
    for content in (b"", b"not a picture", whole[: len(whole) // 2]):
        (tmp_path / "2.png").write_bytes(content)
        frames = iter(open_source(tmp_path))
        assert next(frames).index == 0
        with pytest.raises(VeloDepthError, match=r"2\.png cannot be read as an image"):
            next(frames)
    save(tmp_path / "2.png", flat(2, (30, 20)))
    with pytest.warns(MediaWarning, match=r"frame 1 \(2\.png\) of .* 30 x 20 .* 24 x 20: it was read up to"):
        assert values(open_source(tmp_path)) == [1]
    save(tmp_path / "2.png", flat(2, (12, 20)))
    with pytest.raises(VeloDepthError, match=r"2\.png.* 12 x 20 .* 16 x 16"):
        list(open_source(tmp_path))
    with pytest.raises(VeloDepthError, match=r"no image file .*3\.png"):
        open_source([good, tmp_path / "3.png"])


def test_an_image_that_goes_away_is_named(tmp_path):
    save(tmp_path / "1.png", flat(1))
    source = open_source(tmp_path)
    (tmp_path / "1.png").unlink()
    with pytest.raises(VeloDepthError, match=r"1\.png cannot be opened"):
        list(source)


# ---- animations ------------------------------------------------------------------------------------------


def animate(path, pictures, milliseconds):
    """Lossless; written by OpenCV, with the alpha that it wants."""
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA) for picture in pictures]
    animation.durations = np.array(milliseconds, np.int32)
    quality = [cv2.IMWRITE_WEBP_QUALITY, 101] if path.suffix == ".webp" else []
    ok, code = cv2.imencodeanimation(path.suffix, animation, quality)
    assert ok
    path.write_bytes(code.tobytes())
    return path


@pytest.mark.parametrize("at_once", [None, 1, 4])
@pytest.mark.parametrize("suffix", [".webp", ".png"])
def test_an_animation_gives_all_its_pictures(tmp_path, monkeypatch, suffix, at_once):
    rng = np.random.default_rng(0)
    pictures = [np.tile(rng.integers(0, 256, (20, 1, 3), np.uint8), (1, 24, 1)) for _ in range(9)]
    durations = [40, 20, 30, 100, 50, 60, 70, 80, 90]
    if at_once:
        monkeypatch.setattr(images, "MOST_BYTES", at_once * 20 * 24 * 4)
    path = animate(tmp_path / f"a{suffix}", pictures, durations)
    frames = list(open_source(path))
    np.testing.assert_array_equal([frame.picture for frame in frames], pictures)
    np.testing.assert_allclose([frame.time for frame in frames], np.cumsum([0, *durations[:-1]]) / 1000)


@pytest.mark.parametrize("suffix", [".webp", ".png"])
def test_an_animation_that_is_cut_short_is_named(tmp_path, suffix):
    path = animate(tmp_path / f"a{suffix}", [flat(value) for value in (10, 90, 200)], [40] * 3)
    path.write_bytes(path.read_bytes()[:70])
    with pytest.raises(VeloDepthError, match=rf"a{suffix} cannot be read as an image"):
        list(open_source(path))

"""`velodepth run` on photos: each by itself, into files named after it."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from velodepth import Pinhole


@pytest.fixture
def photos(folder, clip):
    """Two of different sizes, with a text beside them."""
    (folder / "holidays").mkdir()
    cv2.imwrite("holidays/beach.jpg", clip[0])
    cv2.imwrite("holidays/house.png", clip[9][:120, :160])
    (folder / "holidays" / "diary.txt").touch()
    return folder / "holidays"


def files(folder):
    return {path.name for path in folder.iterdir()}


def test_a_photo_gives_coloured_depth_and_metres(call, refused, photos, folder):
    outcome = call("run", photos / "beach.jpg")
    said = r"1 photo in \d+\.\d s \(\d+\.\d photos/s\), written to beach-depth\.png, beach\.npz\n"
    assert re.fullmatch(said, outcome.out)
    assert files(folder) == {"holidays", "beach-depth.png", "beach.npz"}
    colours = cv2.imread("beach-depth.png", cv2.IMREAD_UNCHANGED)
    assert colours.shape == (240, 320, 3) and colours.dtype == np.uint8
    depth = np.load("beach.npz")["depth"]
    assert depth.shape == (1, 240, 320) and (depth > 0).all()
    assert "beach-depth.png is there already" in refused("run", photos / "beach.jpg")
    call("run", photos / "beach.jpg", "--overwrite")


def test_photos_of_a_folder_have_nothing_to_do_with_each_other(call, photos, folder):
    call("run", photos, "--stills", "--save", "npy,side,png", "--out", "d")
    assert files(folder / "d") == {
        f"{name}{end}" for name in ("beach", "house") for end in (".npy", "-side.png", "-millimetres.png")
    }
    assert cv2.imread("d/house-side.png").shape == (120, 320, 3)
    metres = np.load("d/house.npy")
    np.testing.assert_allclose(
        cv2.imread("d/house-millimetres.png", cv2.IMREAD_UNCHANGED) / 1000, metres, atol=6e-4
    )
    call("run", photos / "house.png", "--save", "npy")
    np.testing.assert_array_equal(np.load("house.npy"), metres)  # whatever came before it


def test_every_kind_of_a_photo_is_written(call, photos, folder):
    from velodepth.media.stills import PHOTO

    call("run", photos / "house.png", "--save", ",".join(PHOTO), "--out", "all")
    assert files(folder / "all") == {f"house{end}" for end in PHOTO.values()}
    assert cv2.imread("all/house-stereo.png").shape == (120, 320, 3)


def test_a_file_is_what_its_ending_says(call, photos, folder):
    call("run", photos / "house.png", "--out", "depth.npy")
    assert files(folder) == {"holidays", "depth.npy"}
    assert np.load("depth.npy").shape == (120, 160)


def test_camera_and_size_are_of_the_photo(call, photos, folder):
    Pinhole(300, 300, 160, 120).save("camera.json")
    call("run", photos / "beach.jpg", "--camera", "camera.json", "--resize", "160x999")
    arrays = np.load("beach.npz")
    assert arrays["depth"].shape == (1, 120, 160)
    assert arrays["intrinsics"].tolist() == [[150, 150, 80, 60]]


def test_photos_of_one_name_keep_their_endings(call, photos, folder, clip):
    cv2.imwrite("holidays/house.jpg", clip[3])
    call("run", photos, "--stills", "--save", "npy", "--out", "d")
    assert files(folder / "d") == {"beach.npy", "house.jpg.npy", "house.png.npy"}

"""Crops, mirrors and lenses agree with each other and with the camera they stand for."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.cameras import KannalaBrandt, OpenCV, Pinhole  # noqa: E402
from velodepth.nets.nano import pinhole_rays  # noqa: E402
from velodepth.train.augment import Crop, PhotometricAugmentation, pinhole_parameters  # noqa: E402

CAMERAS = [
    Pinhole(300, 310, 165, 118, size=(320, 240)),
    OpenCV(250, 250, 160, 120, -0.2, 0.05, 0.001, 0, size=(320, 240)),
    KannalaBrandt(140, 140, 160, 120, 0.01, -0.02, size=(320, 240)),
]


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda c: c.model)
def test_rays_of_a_view_are_those_of_the_moved_camera(camera):
    view = Crop(40, 24, 200, 150, 128, 96, flip=False)
    exact = camera.moved(128 / 200, 96 / 150, -40, -24).rays(128, 96)
    rays = view.rays(camera.to_dict(), (320, 240)).transpose(1, 2, 0)
    np.testing.assert_allclose(rays, exact, atol=2e-4)
    mirrored = Crop(40, 24, 200, 150, 128, 96, flip=True).rays(camera.to_dict(), (320, 240))
    np.testing.assert_allclose(mirrored.transpose(1, 2, 0), exact[:, ::-1] * (-1, 1, 1), atol=2e-4)


def test_a_view_moves_maps_like_the_picture():
    """A picture whose colours are its own coordinates stays that, seen through any view."""
    u, v = np.meshgrid(np.arange(320) + 0.5, np.arange(240) + 0.5)
    picture = np.stack([u / 320, v / 240, 0 * u], -1)
    for seed in range(4):
        view = Crop.draw((320, 240), (96, 64), np.random.default_rng(seed))
        seen = view.picture((picture * 255).astype(np.uint8)) / 255
        np.testing.assert_allclose(view.nearest(picture[..., 0]), seen[..., 0], atol=0.012)
        np.testing.assert_allclose(view.nearest(picture[..., 1]), seen[..., 1], atol=0.012)


def test_flow_of_a_view_is_in_its_own_pixels():
    flow = np.full((2, 240, 320), 4.0, np.float16)
    plain, mirrored = (Crop(0, 0, 320, 240, 160, 60, flip).flow(flow) for flip in (False, True))
    assert (plain[0] == 2).all() and (plain[1] == 1).all()
    assert (mirrored[0] == -2).all() and (mirrored[1] == 1).all()


def test_pinhole_parameters_give_the_rays_back():
    camera = Pinhole(130, 130, 70, 40, size=(128, 96))
    rays = Crop.whole((128, 96), (128, 96)).rays(camera.to_dict(), (128, 96))
    back = pinhole_rays(torch.from_numpy(pinhole_parameters(rays))[None], 96, 128)[0]
    np.testing.assert_allclose(back, rays, atol=1e-3)


def test_a_look_is_the_same_for_all_frames_of_a_clip_up_to_noise():
    picture = np.random.default_rng(0).integers(60, 190, (48, 64, 3), np.uint8)
    changes = []
    for seed in range(12):
        look = PhotometricAugmentation(np.random.default_rng(seed))
        first, second = look(picture), look(picture)
        assert first.shape == picture.shape and first.dtype == np.uint8
        assert abs(first.astype(float).mean() - second.astype(float).mean()) < 1.5
        changes.append(abs(first.astype(float) - picture).mean())
    assert np.median(changes) > 5

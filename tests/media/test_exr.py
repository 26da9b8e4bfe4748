"""OpenEXR as other programs read it: through OpenImageIO, which Blender and many renderers use."""

from __future__ import annotations

import numpy as np
import OpenImageIO
import pytest

from velodepth.cameras import Pinhole
from velodepth.media.writing import open_writer
from velodepth.stream.frame import DepthFrame

WIDTH, HEIGHT = 32, 24


@pytest.fixture
def frame() -> DepthFrame:
    """All 256 values of each colour somewhere, in another order each."""
    camera = Pinhole(30.0, 30.0, 16.0, 12.0)
    picture = np.resize(np.arange(256, dtype=np.uint8), (HEIGHT, WIDTH, 3))
    picture[..., 1] = picture[::-1, :, 1]
    picture[..., 2] = picture[:, ::-1, 2]
    depth = np.random.default_rng(0).uniform(0.5, 300, (HEIGHT, WIDTH)).astype(np.float32)
    return DepthFrame.of(depth, camera, picture, confidence=np.exp(-depth / 100))


def test_channels_are_those_compositors_look_for(frame, tmp_path):
    with open_writer(tmp_path / "*.exr") as writer:
        writer.write(frame)
    file = OpenImageIO.ImageInput.open(str(tmp_path / "000000.exr"))
    spec = file.spec()
    assert spec.channelnames == ("R", "G", "B", "Z", "confidence.Y")
    assert [str(kind) for kind in spec.channelformats] == ["half", "half", "half", "float", "half"]
    assert spec.alpha_channel == -1  # opaque: premultiplied and straight are the same
    assert spec.z_channel == 3
    assert spec.getattribute("chromaticities") == pytest.approx(
        (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
    )
    pixels = file.read_image("float")
    np.testing.assert_array_equal(pixels[..., 3], frame.depth)
    np.testing.assert_array_equal(pixels[..., 4], frame.confidence.astype(np.float16))
    value = frame.picture / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(pixels[..., :3], light, rtol=2**-10, atol=2**-24)
    assert len(np.unique(pixels[..., 0])) == 256  # no value of the picture is lost

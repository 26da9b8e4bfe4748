"""What sees behind itself is written as distance along the ray, and the file says so."""

from __future__ import annotations

import json
import struct

import av
import cv2
import numpy as np
import OpenEXR
import pytest
import tifffile

from velodepth.cameras import Equirectangular, KannalaBrandt, Pinhole
from velodepth.media.colour import UNKNOWN, Colouring
from velodepth.media.writing import Options, writers_for
from velodepth.runtime.protocol import State
from velodepth.stream.canvas import Canvas, CanvasSpec
from velodepth.stream.frame import DepthFrame, Lens

WIDTH, HEIGHT = 64, 32
CAMERAS = {
    "panorama": (Equirectangular.whole(WIDTH, HEIGHT), "distance"),
    "fisheye of 200 degrees": (KannalaBrandt(16, 16, WIDTH / 2, HEIGHT / 2), "distance"),
    "fisheye of 140 degrees": (KannalaBrandt(28, 28, WIDTH / 2, HEIGHT / 2), "depth"),
    "pinhole": (Pinhole(40, 40, WIDTH / 2, HEIGHT / 2), "depth"),
    "estimated": (None, "depth"),
}


def frame(camera):
    """All is 2 m away, along the ray."""
    rays = (camera or Pinhole(40, 40, WIDTH / 2, HEIGHT / 2)).rays(WIDTH, HEIGHT)
    radius = np.full((HEIGHT, WIDTH), 2, np.float32)
    canvas = Canvas.of(WIDTH, HEIGHT, CanvasSpec(WIDTH * HEIGHT, WIDTH * HEIGHT, 1, 1e-6, 1e6))
    return DepthFrame(
        index=0,
        time=0.0,
        picture=np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        reason="start",
        lens=Lens(camera, rays, canvas),
        state=State(radius, rays, np.ones_like(radius), 0.0, None),
        canvas=canvas,
    )


@pytest.mark.parametrize(("camera", "measure"), CAMERAS.values(), ids=CAMERAS)
def test_the_measure_is_written_and_told(tmp_path, camera, measure):
    shown = frame(camera)
    kinds = ["side", "png", "npy", "npz", "exr", "tiff", "jsonl"]
    with writers_for(tmp_path, "clip", kinds, Options()) as writers:
        writers.write(shown)
    expected = {"depth": shown.depth, "distance": shown.distance}[measure]
    assert shown.measure == measure and np.array_equal(shown.metres, expected)
    if measure == "distance":
        np.testing.assert_allclose(expected, 2, rtol=0.02)
        assert shown.depth.min() < 0

    with np.load(tmp_path / "clip.npz") as clip:
        np.testing.assert_array_equal(clip["depth"][0], expected)
        assert clip["measure"] == measure
    np.testing.assert_array_equal(np.load(tmp_path / "clip-npy/000000.npy"), expected)
    with tifffile.TiffFile(tmp_path / "clip-tiff/000000.tiff") as tiff:
        np.testing.assert_array_equal(tiff.asarray(), expected)
        assert tiff.pages[0].description == f"measure: {measure}, metres"
    exr = OpenEXR.File(str(tmp_path / "clip-exr/000000.exr"))
    np.testing.assert_array_equal(exr.channels()["Z"].pixels, expected)
    assert exr.header()["measure"] == measure
    code = (tmp_path / "clip-png/000000.png").read_bytes()
    millimetres = cv2.imread(str(tmp_path / "clip-png/000000.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_allclose(millimetres, np.maximum(expected, 0) * 1000, atol=0.51)
    assert text_of(code) == {"measure": measure}
    head, line, _ = map(json.loads, (tmp_path / "clip.jsonl").read_text().splitlines())
    assert head["measure"] == measure
    assert line["depth"]["p95"] == pytest.approx(np.percentile(expected[expected > 0], 95), rel=0.02)
    with av.open(str(tmp_path / "clip-side.mp4")) as video:
        assert video.metadata["comment"] == f"measure: {measure}"


def text_of(png):
    """The texts in a PNG file, whose checksums are right."""
    import zlib

    at, texts = 8, {}
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0]
        if kind == b"tEXt":
            key, _, value = content.decode("latin-1").partition("\0")
            texts[key] = value
        at += 12 + size
    return texts


def test_no_half_of_a_panorama_is_grey():
    painted = Colouring(1, 4, scale=False).paint(frame(CAMERAS["panorama"][0]))
    assert not (painted == UNKNOWN).all(axis=2).any()


def test_a_bag_says_so_in_its_topics(tmp_path):
    rosbags = pytest.importorskip("rosbags.rosbag2", reason="an extra: pip install 'velodepth[ros]'")
    for name in ("panorama", "pinhole"):
        camera, measure = CAMERAS[name]
        with writers_for(tmp_path, name, ["bag"]) as writers:
            writers.write(frame(camera))
        with rosbags.Reader(tmp_path / f"{name}-depth.mcap") as bag:
            topics = {connection.topic for connection in bag.connections}
        assert f"/velodepth/{measure}/image" in topics
        other = {"depth": "distance", "distance": "depth"}[measure]
        assert not any(f"/{other}/" in topic for topic in topics)

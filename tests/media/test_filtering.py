"""Interlaced and high dynamic range video, as a picture has to be."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from velodepth.media.reading import open_source

SIZE = (128, 96)


def write(path, frames, rate=25, colour=None, **options):
    """H.264, 10 bits where the frames have them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        stream.options = {"crf": "4", "bf": "0", **options}
        for name, value in (colour or {}).items():
            setattr(stream.codec_context, name, value)
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


# ---- interlaced ------------------------------------------------------------------------------------------


def bar(at):
    """A bright bar, smooth at its sides, that stands at a column."""
    across = np.exp(-(((np.arange(SIZE[0]) - at) / 4.0) ** 2))
    return np.broadcast_to((40 + 180 * across)[None, :, None], (SIZE[1], SIZE[0], 3)).astype(np.uint8)


def combing(picture):
    """How much more a row differs from its neighbour than from the one after that, in grey levels."""
    grey = picture.mean(axis=2)
    return np.abs(grey[1:] - grey[:-1]).mean() - np.abs(grey[2:] - grey[:-2]).mean()


@pytest.mark.parametrize("interlaced", [False, True])
def test_fields_become_whole_pictures(tmp_path, interlaced):
    """Each field sees the bar three columns further on; that of the odd rows comes first."""
    woven = []
    for index in range(12):
        picture = bar(23 + 6 * index).copy()
        picture[1::2] = bar(20 + 6 * index)[1::2]
        woven.append(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p"))
    options = {"x264-params": "bff=1"} if interlaced else {}
    frames = list(open_source(write(tmp_path / "clip.mkv", woven, **options)))
    assert [frame.time for frame in frames] == pytest.approx([index / 25 for index in range(12)], abs=1e-3)
    if not interlaced:
        assert min(combing(frame.picture) for frame in frames) > 5  # it is as it was recorded
        return
    assert max(combing(frame.picture) for frame in frames) < 0.5
    errors = [np.abs(f.picture.astype(int) - bar(20 + 6 * f.index)).mean() for f in frames]
    assert max(errors) < 4  # the first field's moment
    assert np.abs(frames[0].picture.astype(int) - bar(23)).mean() > 6


# ---- high dynamic range ----------------------------------------------------------------------------------

TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
PQ, HLG = 16, 18


def pq(nits):
    """SMPTE ST 2084."""
    power = (nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(nits):
    """ITU-R BT.2100, table 5, of a screen of 1000 nits and system gamma 1.2."""
    luminance = nits @ np.array([0.2627, 0.6780, 0.0593])
    scene = nits / 1000 * (np.maximum(luminance, 1e-6)[..., None] / 1000) ** (1 / 1.2 - 1)
    low, high = (
        np.sqrt(3 * scene),
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
    )
    return np.where(scene <= 1 / 12, low, high)


def hdr_frame(picture, transfer):
    """sRGB (H, W, 3) uint8, white at 203 nits, as 10-bit 4:4:4 of BT.2020."""
    value = picture / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) @ TO_BT2020.T * 203
    coded = (pq if transfer == PQ else hlg)(light)
    luma = coded @ np.array([0.2627, 0.6780, 0.0593])
    blue, red = (coded[..., 2] - luma) / 1.8814, (coded[..., 0] - luma) / 1.4746
    frame = av.VideoFrame(picture.shape[1], picture.shape[0], "yuv444p10le")
    for plane, values in zip(frame.planes, (luma * 876 + 64, blue * 896 + 512, red * 896 + 512), strict=True):
        padded = np.zeros((plane.height, plane.line_size // 2), "<u2")
        padded[:, : plane.width] = np.clip(np.rint(values), 0, 1023)
        plane.update(padded.tobytes())
    return frame


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_high_dynamic_range_is_tone_mapped(tmp_path, transfer):
    x, y = np.meshgrid(np.linspace(0.02, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    picture = (255 * np.stack([x, x * (1 - 0.6 * y), x * (0.4 + 0.5 * y)], axis=2)).astype(np.uint8)
    colour = {"color_primaries": 9, "color_trc": transfer, "colorspace": 9, "color_range": 1}
    path = write(tmp_path / "hdr.mp4", [hdr_frame(picture, transfer) for _ in range(3)], colour=colour)
    frames = list(open_source(path))
    assert len(frames) == 3
    for frame in frames:
        assert np.abs(frame.picture.astype(int) - picture).mean() < 3
    with av.open(str(path)) as container:
        washed_out = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(washed_out.astype(int) - picture).mean() > 10


def test_what_is_brighter_than_white_is_white(tmp_path):
    frame = hdr_frame(np.full((SIZE[1], SIZE[0], 3), 255, np.uint8), PQ)
    luma = np.frombuffer(bytes(frame.planes[0]), "<u2").copy()
    luma[:] = round(float(pq(2000.0)) * 876 + 64)
    frame.planes[0].update(luma.tobytes())
    colour = {"color_primaries": 9, "color_trc": PQ, "colorspace": 9, "color_range": 1}
    (shown,) = open_source(write(tmp_path / "hdr.mkv", [frame], colour=colour))
    assert shown.picture.min() >= 254

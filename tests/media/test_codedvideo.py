"""Video message by message: each picture comes out with the message that it came in."""

from __future__ import annotations

import av
import numpy as np
import pytest

from velodepth.errors import VeloDepthError
from velodepth.media.codedvideo import CodedVideo, is_video

from ..videos import write_video

WIDTH, HEIGHT = 128, 96


def picture(index):
    return np.full((HEIGHT, WIDTH, 3), 20 * index + 10, np.uint8)


def packets(path, codec, **options):
    write_video(path, map(picture, range(10)), 30, codec, g="5", **options)
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


@pytest.mark.parametrize(
    ("form", "codec", "options"),
    [
        ("h264", "libx264", {"bf": "0"}),
        ("h264; annex b", "libx264", {"bf": "0"}),
        ("H.265", "libx265", {"x265-params": "log-level=none:bframes=0:repeat-headers=1"}),
        ("hevc", "libx265", {"x265-params": "log-level=none:bframes=0:repeat-headers=1"}),
    ],
)
def test_each_message_gives_its_picture(tmp_path, form, codec, options):
    video = CodedVideo(form)
    suffix = "h264" if codec == "libx264" else "h265"
    coded = packets(tmp_path / f"clip.{suffix}", codec, **options)
    ready = [pair for index, data in enumerate(coded) for pair in video.push(index, data)]
    ready += video.flush()
    assert [message for message, _ in ready] == list(range(10))
    for message, shown in ready:
        assert np.abs(shown.astype(int) - picture(message)).mean() < 4


def test_what_is_damaged_has_no_picture(tmp_path):
    video = CodedVideo("h264")
    coded = packets(tmp_path / "clip.h264", "libx264", bf="0")
    ready = list(video.push("noise", b"no video at all"))
    for index, data in enumerate(coded[3:]):  # the next keyframe is the sixth
        ready += video.push(index + 3, data)
    ready += video.flush()
    assert [(message, shown is not None) for message, shown in ready] == [
        ("noise", False), (3, False), (4, False), (5, True), (6, True), (7, True), (8, True), (9, True),
    ]  # fmt: skip


def test_formats():
    for form in ("h264", "H264", "h.264", "hevc", "h265", "vp9", "av1", "h264; bgr8"):
        assert is_video(form)
    for form in ("jpeg", "bgr8; png compressed bgr8", "", "16UC1; compressedDepth"):
        assert not is_video(form)
    with pytest.raises(VeloDepthError, match="'mjpeg' is not known: give one of h264"):
        CodedVideo("mjpeg")

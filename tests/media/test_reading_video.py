"""Real files, pipes and streams through FFmpeg."""

from __future__ import annotations

import functools
import gc
import http.server
import itertools
import os
import socket
import struct
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager
from fractions import Fraction

import av
import cv2
import numpy as np
import psutil
import pytest

from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media import video
from velodepth.media.reading import open_source

SIZE = (64, 48)


def pictures(count, size=SIZE):
    """A square that moves over a gradient: easy to code, and no two alike or symmetric."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    base = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 60)], axis=2).astype(np.uint8)
    result = np.repeat(base[None], count, axis=0)
    for index, picture in enumerate(result):
        row, column = divmod(4 * index, width - 8)
        top = 8 * row % (height - 8)
        picture[top : top + 8, column : column + 8] = (250, 250, 20)
    return result


def encode(path, frames, codec="libx264rgb", pix_fmt="rgb24", times=None, rate=25, colour=None, **options):
    """Write frames (RGB arrays, or av frames as they are) with times in milliseconds; lossless by default."""
    if codec == "libx264rgb":
        options = {"qp": "0", "bf": "0", **options}
    muxing = {key: options.pop(key) for key in ("movflags", "muxdelay") if key in options}
    with av.open(str(path), "w", options=muxing) as container:
        stream = container.add_stream(codec, rate=rate)
        context = stream.codec_context
        first = frames[0]
        is_frame = isinstance(first, av.VideoFrame)
        stream.height, stream.width = (first.height, first.width) if is_frame else first.shape[:2]
        stream.pix_fmt = pix_fmt
        stream.options = options
        if colour:
            context.colorspace, context.color_range = colour
        if times is not None:
            context.time_base = Fraction(1, 1000)
        for index, picture in enumerate(frames):
            frame = (
                picture if is_frame else av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            )
            frame.pts = index if times is None else times[index]
            frame.time_base = context.time_base if times is not None else Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(source, **options):
    """All frames, and no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(open_source(source, **options))


def read_damaged(source):
    with pytest.warns(MediaWarning) as caught:
        frames = list(open_source(source))
    assert len(caught) == 1
    return frames, str(caught[0].message)


# ---- whole files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix", "options"),
    [
        ("libx264", "yuv420p", ".mp4", {}),
        ("libx264", "yuv420p", ".mkv", {}),
        ("libx264", "yuv420p", ".ts", {}),
        ("libx264", "yuv420p", ".flv", {}),
        ("libx264", "yuv420p", ".h264", {}),
        ("libx264", "yuv420p10le", ".mp4", {}),
        ("libx265", "yuv420p", ".mp4", {"x265-params": "log-level=none"}),
        ("libvpx-vp9", "yuv420p", ".webm", {"deadline": "realtime", "cpu-used": "8", "crf": "20"}),
        ("mpeg4", "yuv420p", ".avi", {"b": "4M"}),
        ("mpeg4", "yuv420p", ".mov", {"b": "4M"}),
        ("mjpeg", "yuvj420p", ".avi", {"b": "4M"}),
        ("ffv1", "bgr0", ".mkv", {}),
        ("gif", "rgb8", ".gif", {}),
    ],
)
def test_what_ffmpeg_decodes(tmp_path, codec, pix_fmt, suffix, options):
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec}")
    expected = pictures(30)
    path = encode(tmp_path / f"clip{suffix}", expected, codec, pix_fmt, **options)
    source = open_source(path)
    assert source.name == str(path)
    assert source.frame_rate == pytest.approx(25)
    assert source.length is None or abs(source.length - 30) <= 2
    assert not source.live
    frames = read(path)
    assert [frame.index for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(30) / 25, atol=1e-3)
    for frame in frames:
        assert frame.picture.shape == expected.shape[1:] and frame.picture.dtype == np.uint8
        assert frame.picture.flags.c_contiguous
        error = np.abs(frame.picture - expected.astype(int)).mean(axis=(1, 2, 3))
        assert error.argmin() == frame.index and error.min() < 25  # GIF has 8 levels a channel at most


@pytest.mark.parametrize("size", [(64, 48), (50, 38), (16, 16)])
def test_a_lossless_file_gives_its_pictures_back(tmp_path, size):
    expected = pictures(5, size)
    frames = read(encode(tmp_path / "a b: ü.mkv", expected))
    np.testing.assert_array_equal([frame.picture for frame in frames], expected)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_frame_rate_keeps_its_times(tmp_path, suffix):
    times = [500, 533, 600, 1100, 1101, 2000, 2040]  # milliseconds; the first is where the clip starts
    frames = read(encode(tmp_path / f"clip{suffix}", pictures(len(times)), times=times))
    expected = (np.array(times) - times[0]) / 1000
    np.testing.assert_allclose([frame.time for frame in frames], expected, atol=2e-4)


def test_a_length_is_known_where_the_container_knows_it(tmp_path):
    assert open_source(encode(tmp_path / "a.mp4", pictures(40), rate=10)).length == 40
    assert open_source(encode(tmp_path / "a.mkv", pictures(40), rate=10)).length == 40
    assert open_source(encode(tmp_path / "a.h264", pictures(40), rate=10)).length is None


def test_what_an_edit_list_cuts_out_is_neither_shown_nor_missed(tmp_path):
    path = encode(tmp_path / "edited.mp4", pictures(40), "libx264", "yuv420p", rate=10, g="10", bf="2")
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12  # of one entry: duration in ms, then start in the stream's time base
    duration, start = struct.unpack(">Ii", data[at : at + 8])
    assert duration == 4000
    scale = struct.unpack(">I", data[data.index(b"mdhd") + 16 :][:4])[0]
    data[at : at + 8] = struct.pack(">Ii", 1000, start + 2 * scale)  # the third second
    path.write_bytes(data)
    assert open_source(path).length == 10
    frames = read(path)
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(10) / 10, atol=1e-6)
    assert np.abs(frames[0].picture.astype(int) - pictures(40)[20]).mean() < 6


# ---- colour ----------------------------------------------------------------------------------------------

MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593), 2: (0.299, 0.114)}


def to_rgb(luma, blue, red, matrix, full):
    """ITU-T H.273, section 8.3: from 8-bit Y'CbCr to R'G'B' in 0..255."""
    k_red, k_blue = MATRICES[matrix]
    y = luma / 255 if full else (luma - 16) / 219
    b, r = ((value - 128) / (255 if full else 224) for value in (blue, red))
    rgb = [y + 2 * (1 - k_red) * r, 0.0, y + 2 * (1 - k_blue) * b]
    rgb[1] = (y - k_red * rgb[0] - k_blue * rgb[2]) / (1 - k_red - k_blue)
    return 255 * np.array(rgb)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colours_follow_the_matrix_and_range_of_the_stream(tmp_path, matrix, full, pix_fmt):
    values = (120, 90, 180)
    frame = av.VideoFrame(*SIZE, pix_fmt)
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    path = tmp_path / "clip.mkv"
    encode(path, [frame], "libx264", pix_fmt, colour=(matrix, 2 if full else 1), qp="0")
    (shown,) = read(path)
    np.testing.assert_allclose(shown.picture[20, 30], to_rgb(*values, matrix, full), atol=2)


# ---- square pixels ---------------------------------------------------------------------------------------


def write_anamorphic(path, frames, aspect):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "4", "bf": "0"}
        stream.codec_context.sample_aspect_ratio = aspect
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".h264"])
@pytest.mark.parametrize(
    ("aspect", "size"),
    [((4, 3), (128, 72)), ((8, 9), (96, 81)), ((1, 1), (96, 72)), ((100, 1), (96, 72))],  # the last is damage
)
def test_pixels_become_square(tmp_path, suffix, aspect, size):
    wide = pictures(3, size)
    squeezed = [cv2.resize(picture, (96, 72), interpolation=cv2.INTER_AREA) for picture in wide]
    frames = read(write_anamorphic(tmp_path / f"clip{suffix}", squeezed, Fraction(*aspect)))
    assert [frame.picture.shape for frame in frames] == [(size[1], size[0], 3)] * 3
    for frame, picture in zip(frames, wide, strict=True):
        assert np.abs(frame.picture.astype(int) - picture).mean() < 4


def test_pixels_that_change_their_aspect_change_the_size(tmp_path):
    parts = [
        write_anamorphic(tmp_path / f"{top}.h264", list(pictures(4, (96, 72))), Fraction(top, 3))
        for top in (3, 4)
    ]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames, message = read_damaged(path)
    assert {frame.picture.shape for frame in frames} == {(72, 96, 3)} and len(frames) >= 2
    assert " is 128 x 72 pixels, but the first one is 96 x 72" in message


# ---- upright ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),  # a phone held upright
        ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
        ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),  # a mirrored selfie
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((0, 1, 1, 0), lambda p: p.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda p: p.swapaxes(0, 1)[::-1, ::-1]),
    ],
)
def test_a_display_matrix_turns_the_picture_upright(tmp_path, matrix, upright):
    path = encode(tmp_path / "phone.mp4", pictures(3))
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # version 0: the matrix {a b u, c d v, x y w} follows 40 bytes of fields
    identity = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert data[at : at + 36] == identity
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    for frame, picture in zip(read(path), pictures(3), strict=True):
        assert frame.picture.flags.c_contiguous
        np.testing.assert_array_equal(frame.picture, upright(picture))


def test_motion_jpeg_is_turned_by_the_exif_of_its_pictures(tmp_path):
    picture = pictures(1)[0]
    jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    jpeg = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    path = tmp_path / "camera.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for index in range(3):
            packet = av.Packet(jpeg)
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 10), index, index
            container.mux(packet)
    for frame in read(path):
        assert np.abs(frame.picture.astype(int) - np.rot90(picture, -1)).mean() < 6


# ---- damaged and impossible ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("libx264", ".mp4", {"bf": "2", "movflags": "faststart"}),  # the index in front, as of a download
        ("libx264", ".mkv", {}),
        ("libx264", ".flv", {}),
        ("mpeg4", ".avi", {"b": "4M"}),
        ("libx264", ".h264", {}),
    ],
)
def test_a_file_that_is_cut_short_gives_what_is_there_and_a_warning(tmp_path, codec, suffix, options):
    expected = pictures(80)
    noise = np.random.default_rng(0).integers(0, 40, expected.shape, np.uint8)  # frames of about equal bytes
    whole = encode(tmp_path / f"whole{suffix}", expected // 2 + noise, codec, "yuv420p", g="10", **options)
    assert len(read(whole)) == 80
    data = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: len(data) * 6 // 10])
    frames, message = read_damaged(cut)
    assert 40 <= len(frames) <= 52
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert message == f"{cut} is damaged or cut short: {len(frames)} frames were read"


def test_a_hole_in_the_middle_costs_a_frame_but_not_the_rest(tmp_path):
    whole = encode(tmp_path / "whole.mkv", pictures(60), "mjpeg", "yuvj420p")
    with av.open(str(whole)) as container:
        start, size = next(
            (packet.pos, packet.size) for packet in container.demux(video=0) if packet.pts == 1200
        )
    data = bytearray(whole.read_bytes())
    data[start + 40 : start + size - 20] = b"\x5a" * (size - 60)
    path = tmp_path / "hole.mkv"
    path.write_bytes(data)
    frames, message = read_damaged(path)
    assert message == f"{path} is damaged or cut short: 59 frames were read"
    kept = [frame for frame in read(whole) if frame.time != 1.2]
    assert [frame.time for frame in frames] == [frame.time for frame in kept]
    np.testing.assert_array_equal([f.picture for f in frames], [f.picture for f in kept])


def test_a_file_without_its_index_is_refused(tmp_path):
    path = encode(tmp_path / "clip.mp4", pictures(30))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])  # the index comes last
    with pytest.raises(VeloDepthError, match=r"clip\.mp4 is not a video, or damaged"):
        open_source(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.mp4", b""), ("a.mp4", b"no video " * 500), ("a.txt", b"no video\n" * 500), ("a", bytes(5000))],
)
def test_what_is_no_video_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VeloDepthError, match=f"{name} (is not a video|has no video)"):
        open_source(tmp_path / name)


def test_sound_alone_is_refused(tmp_path):
    path = tmp_path / "song.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(VeloDepthError, match=r"song\.wav has no video in it"):
        open_source(path)


def test_a_small_video_is_refused(tmp_path):
    path = encode(tmp_path / "small.mkv", np.zeros((2, 8, 32, 3), np.uint8), "ffv1", "bgr0")
    with pytest.raises(VeloDepthError, match=r"frame 0 of .*small\.mkv is 32 x 8 pixels"):
        read(path)


def test_pictures_that_are_too_large_are_not_even_probed(tmp_path):
    """FFmpeg decodes some as it opens the file: with the limit it does not, and knows no size."""
    location = f"file:{encode(tmp_path / 'clip.mp4', pictures(3, (320, 240)), 'mpeg4', 'yuv420p')}"
    with video.Video(location, "clip.mp4", max_pixels=1_000_000) as source:
        assert len(list(source)) == 3
    with (
        video.Video(location, "clip.mp4", max_pixels=320 * 240 - 1) as source,
        pytest.raises(VeloDepthError, match=r"clip.mp4 is damaged .* pictures of more than 76799"),
    ):
        list(source)


def test_a_video_that_changes_its_size_ends_there(tmp_path):
    parts = [encode(tmp_path / f"{width}.h264", pictures(4, (width, 48))) for width in (64, 80)]
    path = tmp_path / "both.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    frames, message = read_damaged(path)
    assert [frame.picture.shape for frame in frames] == [(48, 64, 3)] * 4
    expected = f"frame 4 of {path} is 80 x 48 pixels, but the first one is 64 x 48: it was read up to there"
    assert message == expected
    source = open_source(path)
    source.one_size = False
    assert [frame.picture.shape[1] for frame in source] == [64] * 4 + [80] * 4


def test_frames_are_freed_as_they_are_passed(tmp_path):
    path = encode(tmp_path / "clip.mkv", pictures(60))

    def count() -> int:
        return sum(type(thing) is av.VideoFrame for thing in gc.get_objects())

    gc.collect()
    before = count()  # of other tests
    gc.disable()  # a frame in a reference cycle would stay
    try:
        # Each tenth: to count what lives takes longer than to decode.
        alive = [count() - before for frame in open_source(path) if frame.index % 10 == 9]
    finally:
        gc.enable()
    assert len(alive) == 6 and 0 < max(alive) < 10


# ---- letting go ------------------------------------------------------------------------------------------


def is_open(path):
    return str(path) in {file.path for file in psutil.Process().open_files()}


def test_leaving_early_releases_the_file_and_the_decoder(tmp_path):
    path = encode(tmp_path / "clip.mkv", pictures(60))
    before = psutil.Process().num_threads()
    for _ in open_source(path):
        assert is_open(path)
        break
    assert not is_open(path)
    source = open_source(path)
    with pytest.raises(KeyboardInterrupt), source:
        for _ in source:
            raise KeyboardInterrupt
    assert not is_open(path)
    source.close()
    frames = iter(open_source(path))
    next(frames)
    del frames
    assert not is_open(path)
    assert psutil.Process().num_threads() <= before + 2  # libswscale's own may stay


def test_a_source_that_was_never_read_is_released(tmp_path):
    path = encode(tmp_path / "clip.mkv", pictures(3))
    with open_source(path):
        assert is_open(path)
    assert not is_open(path)


# ---- standard input --------------------------------------------------------------------------------------

READER = """
import sys, warnings
from velodepth.errors import VeloDepthError
from velodepth.media.reading import open_source
try:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = open_source("-", **eval(sys.argv[1]))
        for frame in source:
            picture = frame.picture
            print(frame.index, round(frame.time, 3), picture.shape, picture[4, 20].tolist(), sep="|")
    for warning in caught:
        print(warning.category.__name__, warning.message)
except VeloDepthError as error:
    print("VeloDepthError", error)
"""


def read_piped(data, **options):
    command = [sys.executable, "-c", READER, repr(options)]
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True, timeout=120)
    return done.stdout.decode().splitlines()


def lines(frames, rate):
    return [
        f"{index}|{round(index / rate, 3)}|{frame.shape}|{frame[4, 20].tolist()}"
        for index, frame in enumerate(frames)
    ]


def test_a_container_on_standard_input(tmp_path):
    path = encode(tmp_path / "clip.mkv", pictures(6))
    assert read_piped(path.read_bytes()) == lines(pictures(6), 25)


@pytest.mark.parametrize("flags", ["faststart", "frag_keyframe+empty_moov"])
def test_an_mp4_on_standard_input(tmp_path, flags):
    path = encode(tmp_path / "clip.mp4", pictures(6), movflags=flags)
    assert read_piped(path.read_bytes()) == lines(pictures(6), 25)


def test_an_mp4_with_its_index_at_the_end_is_named_on_standard_input(tmp_path):
    (told,) = read_piped(encode(tmp_path / "clip.mp4", pictures(6)).read_bytes())
    assert told.startswith("VeloDepthError the MP4 on standard input has its index at the end")
    assert "give the file's name, or put the index first with  ffmpeg -i IN.mp4 -c copy" in told


def test_y4m_on_standard_input():
    planes = np.full((3, SIZE[1], SIZE[0]), 128, np.uint8).tobytes()  # grey
    data = b"YUV4MPEG2 W64 H48 F10:1 Ip C444\n" + (b"FRAME\n" + planes) * 3
    grey = np.full((3, SIZE[1], SIZE[0], 3), 130, np.uint8)  # (128 - 16) / 219 of 255
    assert read_piped(data) == lines(grey, 10)


def test_bare_pictures_on_standard_input():
    expected = pictures(4)
    data = expected.tobytes()
    assert read_piped(data, raw_size=SIZE, frame_rate=12.5) == lines(expected, 12.5)
    *frames, warning = read_piped(data[:-100], raw_size=SIZE)
    assert frames == lines(expected[:3], 30)
    assert warning == "MediaWarning standard input is damaged or cut short: 3 frames were read"


def test_nothing_on_standard_input():
    (line,) = read_piped(b"")
    assert line.startswith("VeloDepthError standard input is not a video")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_a_terminal_is_not_a_video():
    terminal, end = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", READER, "{}"], stdin=end, stdout=subprocess.PIPE, timeout=120
    )
    os.close(terminal)
    os.close(end)
    assert b"VeloDepthError there is nothing on standard input" in done.stdout


# ---- network ---------------------------------------------------------------------------------------------


@contextmanager
def serving(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_url_is_read_and_its_password_kept(tmp_path):
    encode(tmp_path / "clip.mkv", pictures(6))
    with serving(functools.partial(Files, directory=tmp_path)) as address:
        source = open_source(f"http://me:secret@{address}/clip.mkv")
        assert source.name == f"http://{address}/clip.mkv"
        assert (source.live, source.length) == (False, 6)
        np.testing.assert_array_equal([frame.picture for frame in source], pictures(6))
        with pytest.raises(VeloDepthError, match=r"clip\.mp4 cannot be read .*404") as caught:
            open_source(f"http://me:secret@{address}/clip.mp4")
        assert "secret" not in str(caught.value)
    with pytest.raises(VeloDepthError, match=r"cannot be read .*: check the address$"):
        open_source(f"http://{address}/clip.mkv")


def test_a_stream_that_falls_silent_ends_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "TIMEOUT", 1.0)
    path = encode(tmp_path / "clip.ts", pictures(60))
    data = path.read_bytes()
    done = threading.Event()

    class Silent(Files):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            if self.path == "/some":
                self.wfile.write(data)
                self.wfile.flush()
            done.wait(60)

    with serving(Silent) as address:
        try:
            with pytest.raises(VeloDepthError, match="nothing gave nothing for 1 s"):
                open_source(f"http://{address}/nothing")
            source = open_source(f"http://{address}/some")
            assert source.live and source.length is None
            with pytest.warns(MediaWarning, match=r"some gave nothing for 1 s: \d+ frames were read"):
                frames = list(source)
            assert len(frames) >= 50
        finally:
            done.set()


def test_a_live_stream_has_times_that_only_grow(tmp_path):
    path = encode(tmp_path / "clip.ts", pictures(25), g="5", muxdelay="0")
    data = path.read_bytes()
    pieces = [data[at : at + 7 * 188] for at in range(0, len(data), 7 * 188)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        stop = threading.Event()

        def send():
            for piece in itertools.cycle(pieces):  # the same second again and again
                sender.sendto(piece, ("127.0.0.1", port))
                if stop.wait(0.002):
                    break

        thread = threading.Thread(target=send)
        thread.start()
        try:
            with open_source(f"udp://127.0.0.1:{port}") as source:
                assert source.live and source.length is None
                times = [frame.time for frame in itertools.islice(source, 60)]
        finally:
            stop.set()
            thread.join()
    assert times[0] == 0 and np.all(np.diff(times) > 0)

"""What is written is what was computed, whole or not at all."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import OpenEXR
import pytest
import tifffile
from rerun.chunk import RrdReader
from rosbags import rosbag2

from velodepth.cameras import Pinhole
from velodepth.errors import MediaWarning, VeloDepthError
from velodepth.media.atomic import whole
from velodepth.media.colour import Colouring
from velodepth.media.depthimages import to_millimetres
from velodepth.media.reading import open_source
from velodepth.media.sidecar import read_summary
from velodepth.media.writing import KINDS, Options, open_writer, writers_for
from velodepth.runtime.protocol import State
from velodepth.stream.canvas import Canvas, CanvasSpec
from velodepth.stream.frame import DepthFrame, Lens

from ..disks import mounted

SINGLE = [kind.name for kind in KINDS.values() if not kind.is_folder]
PER_FRAME = [kind.name for kind in KINDS.values() if kind.is_folder]
EVERY_FRAME = Options(points=1)


def make_picture(index, width, height):
    """A smooth picture that changes with the index."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    waves = (np.sin(5 * x + index / 5), np.cos(4 * y), np.sin(3 * (x + y)))
    return np.stack([127 + 100 * wave for wave in waves], axis=2).astype(np.uint8)


def make_frame(index=0, width=64, height=48, time=None, depth=None, make=DepthFrame):
    """A frame as a stream makes it, with a canvas of the picture's own size."""
    camera = Pinhole(60.0 + index, 61.0, width / 2, height / 2)
    if depth is None:
        depth = np.geomspace(8, 1, height)[:, None] * (1 + 0.3 * np.sin(np.arange(width) / 9 + index / 5))
    rays = camera.rays(width, height)
    radius = (depth / rays[..., 2]).astype(np.float32)
    canvas = Canvas.of(width, height, CanvasSpec(width * height, width * height, 1, 1e-6, 1e6))
    return make(
        index=index,
        time=index / 30 if time is None else time,
        picture=make_picture(index, width, height),
        reason=("motion" if index else "start") if index % 4 == 0 else None,
        lens=Lens(camera, rays, canvas),
        state=State(radius, rays, np.ones_like(radius), 0.0, None),
        canvas=canvas,
    )


def make_clip(count=5, **settings):
    return [make_frame(index, **settings) for index in range(count)]


def write_all(path, frames, kind=None, options=EVERY_FRAME):
    with open_writer(path, kind, options) as writer:
        for frame in frames:
            writer.write(frame)


def destination(folder, kind):
    """The path for `open_writer` of a kind, as writers_for would choose it for the name clip."""
    path = folder / ("clip" + KINDS[kind].ending)
    return path.parent if KINDS[kind].is_folder else path


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# Formats: read back what was written


def test_png_is_millimetres_to_the_half(tmp_path):
    depth = np.random.default_rng(0).uniform(0.01, 65.5, (48, 64))
    frame = make_frame(depth=depth)
    write_all(tmp_path / "*.png", [frame])
    code = cv2.imread(str(tmp_path / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert code.dtype == np.uint16
    assert np.abs(code / 1000 - frame.depth).max() < 0.000504  # float32 has 4 micrometres at 65 m


def test_png_saturates_and_marks_what_it_cannot_say(tmp_path):
    depth = np.array([[65.5349, 65.536, 1000, 1e30, 0, -1, np.nan, np.inf, -np.inf, 0.0006]])
    write_all(tmp_path / "*.png", [make_frame(width=10, height=1, depth=depth)])
    code = cv2.imread(str(tmp_path / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert code.tolist() == [[65535, 65535, 65535, 65535, 0, 0, 0, 0, 0, 1]]


def read_exr(path):
    with OpenEXR.File(str(path)) as file:
        assert set(file.channels()) == {"RGB", "Z", "confidence.Y"}
        return np.array(file.channels()["Z"].pixels)


@pytest.mark.parametrize(("kind", "read"), [("npy", np.load), ("tiff", tifffile.imread), ("exr", read_exr)])
def test_float_pictures_are_exact(tmp_path, kind, read):
    frames = make_clip(3, width=65, height=47)
    frames[1].depth[0, :4] = [np.nan, np.inf, -1, 0]
    write_all(tmp_path / "clip", frames, kind)
    assert files(tmp_path) == [f"clip/00000{i}.{kind}" for i in range(3)]
    for frame in frames:
        back = read(tmp_path / "clip" / f"{frame.index:06d}.{kind}")
        assert back.dtype == np.float32
        assert np.array_equal(back, frame.depth, equal_nan=True)


@pytest.mark.parametrize("count", [1, 9, 123])
def test_npz_is_exact(tmp_path, count):
    frames = make_clip(count, width=13, height=7)
    write_all(tmp_path / "clip.npz", frames)
    with zipfile.ZipFile(tmp_path / "clip.npz") as archive:
        assert archive.testzip() is None
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    with np.load(tmp_path / "clip.npz") as clip:  # without pickles, checking the CRC
        assert sorted(clip) == ["camera", "depth", "index", "intrinsics", "keyframe", "measure", "time"]
        assert clip["depth"].dtype == np.float32
        assert np.array_equal(clip["depth"], [frame.depth for frame in frames])
        assert sizes["depth.npy"] == 128 + clip["depth"].nbytes
        assert clip["time"].tolist() == [frame.time for frame in frames]
        assert clip["index"].tolist() == [frame.index for frame in frames]
        assert clip["keyframe"].tolist() == [frame.is_keyframe for frame in frames]
        assert clip["intrinsics"].tolist() == [[60.0 + i, 61.0, 6.5, 3.5] for i in range(count)]
        assert json.loads(str(clip["camera"])) == frames[0].camera.to_dict()


def test_npz_takes_no_more_memory_for_more_frames(tmp_path):
    frame = make_frame(width=640, height=480)
    tracemalloc.start()
    with open_writer(tmp_path / "clip.npz") as writer:
        for index in range(30):
            frame = copy.copy(frame)
            frame.index = index
            writer.write(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "clip.npz").stat().st_size > 30 * frame.depth.nbytes
    assert peak < 3 * frame.depth.nbytes


def read_ply(path):
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    (count,) = [int(line.split()[2]) for line in lines if line.startswith("element vertex ")]
    types = {"float": "<f4", "uchar": "u1"}
    names = [line.split()[1:] for line in lines if line.startswith("property ")]
    vertices = np.frombuffer(body, [(name, types[kind]) for kind, name in names])
    assert len(vertices) == count
    return vertices


def test_ply_is_exact_and_leaves_out_what_has_no_point(tmp_path):
    depth = np.full((48, 64), 2.0)
    depth[3, 4], depth[5, 6] = np.nan, np.inf
    frame = make_frame(depth=depth)
    write_all(tmp_path / "*.ply", [frame])
    vertices = read_ply(tmp_path / "000000.ply")
    known = np.ones((48, 64), bool)
    known[3, 4] = known[5, 6] = False
    points = np.stack([vertices[axis] for axis in "xyz"], axis=1)
    colours = np.stack([vertices[colour] for colour in ("red", "green", "blue")], axis=1)
    assert np.array_equal(points, frame.points[known])
    assert np.array_equal(points[:, 2], frame.depth[known])
    assert np.array_equal(colours, frame.picture[known])


@pytest.mark.parametrize(("points", "indices"), [(4, [0, 4, 8]), ({1, 7, 99}, [1, 7]), (1, range(10))])
def test_ply_of_chosen_frames(tmp_path, points, indices):
    write_all(tmp_path / "*.ply", make_clip(10, width=8, height=6), options=Options(points=points))
    assert files(tmp_path) == [f"{index:06d}.ply" for index in indices]


def read_lines(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return [json.loads(line, parse_constant=refuse) for line in path.read_text("utf-8").splitlines()]


SUMMARY = {"frames": 5, "looks": 2, "share": 0.4, "reasons": {"start": 1, "motion": 1}}


def test_jsonl_is_strict_and_complete(tmp_path):
    facts = {"source": Path("straße.mp4"), "preset": "nano", "rate": np.float32("nan"), "policy": {"age": 30}}
    frames = make_clip(5)
    frames[3].depth[:] = np.nan
    frames[2].depth[0, 0] = np.inf
    write_all(tmp_path / "clip.jsonl", frames, options=Options(facts=facts))
    first, *lines, last = read_lines(tmp_path / "clip.jsonl")
    assert first["source"] == "straße.mp4"
    assert first["rate"] is None
    assert first["policy"] == {"age": 30}
    assert first["units"]["depth"] == "metres"
    assert last == {"summary": SUMMARY} and read_summary(tmp_path / "clip.jsonl") == SUMMARY
    assert len(lines) == 5
    for frame, line in zip(frames, lines, strict=True):
        assert line["index"] == frame.index
        assert line["time"] == frame.time
        assert line["keyframe"] == frame.is_keyframe
        assert line["reason"] == frame.keyframe_reason
        assert line["camera"] == frame.camera.to_dict() and line["settled"] is True
    assert lines[0]["depth"] == {
        f"p{p}": pytest.approx(np.percentile(frames[0].depth, p), abs=1e-4) for p in (5, 25, 50, 75, 95)
    }
    assert set(lines[3]["depth"].values()) == {None}
    assert all(lines[2]["depth"].values())


@pytest.mark.parametrize("measure", ["depth", "relative depth"])
def test_lossless_video_is_millimetres_to_the_bit(tmp_path, measure):
    frames = []
    for index, time in enumerate((100.0, 100.04, 100.04, 99.0, 101.5)):
        depth = np.random.default_rng(index).uniform(0.001, 70, (47, 65))  # some beyond the range
        depth[0, :3] = np.nan, np.inf, -1
        frames.append(make_frame(index, 65, 47, time, depth))
        frames[-1]._state = dataclasses.replace(frames[-1]._state, relative=measure != "depth")
    write_all(tmp_path / "clip.mkv", frames)
    with av.open(str(tmp_path / "clip.mkv")) as container:
        coded = container.streams.video[0].codec_context
        assert (coded.name, coded.pix_fmt) == ("ffv1", "gray16le")
        assert container.metadata["COMMENT"].startswith(f"measure: {measure}, ")
        back = list(container.decode(video=0))
    assert [picture.time for picture in back] == pytest.approx([0, 0.04, 0.041, 0.042, 1.5])
    assert all(picture.key_frame for picture in back)
    for frame, picture in zip(frames, back, strict=True):
        assert np.array_equal(picture.to_ndarray(), to_millimetres(frame.depth))


def test_damage_in_a_lossless_video_is_told(tmp_path):
    write_all(tmp_path / "clip.mkv", make_clip(1))
    code = bytearray((tmp_path / "clip.mkv").read_bytes())
    code[len(code) // 2] ^= 16
    (tmp_path / "clip.mkv").write_bytes(code)
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said, av.open(str(tmp_path / "clip.mkv")) as container:
            assert len(list(container.decode(video=0))) == 1
    finally:
        av.logging.set_level(None)
    assert any("CRC mismatch" in text for _, _, text in said)


def read_video(path):
    """Times (s) relative to the first, pictures, and the stream's own facts."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        facts = {"codec": stream.codec_context.name, "rate": stream.average_rate, "frames": stream.frames}
        facts["format"] = stream.codec_context.pix_fmt
        facts["seconds"] = float(stream.duration * stream.time_base)
        assert len(container.streams) == 1
    return [float(f.pts * f.time_base) for f in frames], [f.to_ndarray(format="rgb24") for f in frames], facts


def difference(a, b):
    return np.abs(a.astype(float) - b).mean()


@pytest.mark.parametrize("size", [(256, 192), (257, 191)])
def test_video_side_by_side(tmp_path, size):
    width, height = size
    frames = make_clip(12, width=width, height=height)
    write_all(tmp_path / "clip.mp4", frames)
    times, pictures, facts = read_video(tmp_path / "clip.mp4")
    assert (facts["codec"], facts["format"], facts["frames"]) == ("h264", "yuv420p", 12)
    assert float(facts["rate"]) == pytest.approx(30)
    assert facts["seconds"] == pytest.approx(12 / 30)
    assert times == pytest.approx([i / 30 for i in range(12)], abs=1e-5)
    colouring = Colouring()
    for frame, picture in zip(frames, pictures, strict=True):
        assert picture.shape == (height + height % 2, 2 * width, 3)
        painted = colouring.paint(frame)
        assert difference(picture[:height, :width], frame.picture) < 3
        assert difference(picture[:height, width:], painted) < 6
        assert difference(picture[:height, :width], painted) > 30


@pytest.mark.parametrize("size", [(256, 192), (255, 193)])
def test_video_of_depth_alone(tmp_path, size):
    width, height = size
    frames = make_clip(3, width=width, height=height)
    write_all(tmp_path / "clip.mp4", frames, "depth", Options(near=1, far=9))
    _, pictures, _ = read_video(tmp_path / "clip.mp4")
    assert len(pictures) == 3
    for frame, picture in zip(frames, pictures, strict=True):
        assert picture.shape == (height + height % 2, width + width % 2, 3)
        assert difference(picture[:height, :width], Colouring(1, 9).paint(frame)) < 8
        assert difference(picture[-1], picture[height - 1]) < 4


@pytest.mark.parametrize("size", [(1, 1), (3, 2)])
def test_video_of_a_few_pixels(tmp_path, size):
    write_all(tmp_path / "clip.mp4", make_clip(3, width=size[0], height=size[1]))
    _, pictures, _ = read_video(tmp_path / "clip.mp4")
    assert [picture.shape for picture in pictures] == [(2, 2 * size[0], 3)] * 3


def test_video_keeps_uneven_times(tmp_path):
    times = [100.0, 100.01, 100.5, 100.5, 100.4, 103.0, 103.04]  # two that do not grow come just after
    write_all(tmp_path / "clip.mp4", [make_frame(i, time=time) for i, time in enumerate(times)])
    back, _, facts = read_video(tmp_path / "clip.mp4")
    assert back == pytest.approx([0, 0.01, 0.5, 0.5, 0.5, 3.0, 3.04], abs=3e-5)
    assert sorted(set(back)) == back
    assert facts["seconds"] == pytest.approx(3.08, abs=1e-4)  # the last frame stays as long as the one before


def test_video_says_its_colours_and_starts_from_the_web(tmp_path):
    red = make_frame(width=256, height=192)
    red.picture[:] = (255, 0, 0)
    write_all(tmp_path / "clip.mp4", [red])
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frame, stream = next(container.decode(video=0)), container.streams.video[0]
        assert stream.duration * stream.time_base == pytest.approx(1 / 30)
    planes = frame.to_ndarray()
    luma, blue, red_difference = planes[90, 100], planes[192 + 24, 60], planes[192 + 48 + 24, 60]
    assert np.abs(np.subtract((luma, blue, red_difference), (81, 90, 240), dtype=int)).max() <= 2  # BT.601
    assert (frame.colorspace, frame.color_range) == (6, 1)
    code = (tmp_path / "clip.mp4").read_bytes()
    assert code.index(b"moov") < code.index(b"mdat")


def beeping(path, codec="aac", video="libx264", rate=48_000, seconds=2, **options):
    """A clip of 25 frames a second that beeps for 0.1 s at each half second."""
    moments = np.arange(seconds * rate) / rate
    tone = (0.5 * np.sin(2 * np.pi * 440 * moments) * (moments % 0.5 < 0.1)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(video, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        track = container.add_stream(codec, rate=rate, layout="mono", **options)
        for index in range(25 * seconds):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(make_picture(index, 64, 48), "rgb24")))
        container.mux(stream.encode(None))
        samples = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
        samples.sample_rate = rate
        container.mux(track.encode(samples))
        container.mux(track.encode(None))
    return path


def beeps(path):
    """When each beep of a video begins, when its sound ends, and how that is coded."""
    resampler = av.AudioResampler("fltp", "mono", 48_000)
    with av.open(str(path)) as container:
        track = container.streams.audio[0]
        decoded = list(container.decode(track))
        samples = np.concatenate([part.to_ndarray()[0] for x in decoded for part in resampler.resample(x)])
    loud = decoded[0].time + np.flatnonzero(np.abs(samples) > 0.1) / 48_000
    starts = loud[np.diff(loud, prepend=-1) > 0.2]
    return starts, decoded[0].time + len(samples) / 48_000, track.codec_context.codec.canonical_name


@pytest.mark.parametrize(
    ("suffix", "codec", "video", "coded"),
    [
        (".mp4", "aac", "libx264", "aac"),
        (".ts", "aac", "libx264", "aac"),  # its clock begins at 1.4 s
        (".webm", "libopus", "libvpx-vp9", "opus"),
        (".mkv", "libmp3lame", "libx264", "mp3"),
        (".mkv", "ac3", "libx264", "ac3"),
        (".mov", "pcm_s16le", "libx264", "aac"),  # MP4 has no place for it
        (".avi", "pcm_s16le", "mpeg4", "aac"),  # says how many channels, and not which
    ],
)
@pytest.mark.parametrize("kind", ["side", "depth", "stereo"])
def test_videos_have_the_sound_of_their_source(tmp_path, kind, suffix, codec, video, coded):
    if codec not in av.codecs_available or video not in av.codecs_available:
        pytest.skip(f"this PyAV has no {codec} or {video}")
    source = open_source(beeping(tmp_path / f"clip{suffix}", codec, video))
    with open_writer(tmp_path / "out.mp4", kind, Options(sound=source.sound)) as writer:
        for frame in source:
            if frame.index < 40:  # as with --max-frames
                writer.write(make_frame(frame.index, time=frame.time))
    starts, end, name = beeps(tmp_path / "out.mp4")
    assert name == coded
    assert starts == pytest.approx([0, 0.5, 1.0, 1.5], abs=0.045)  # Opus may lose its first packet
    assert end == pytest.approx(1.6, abs=0.08)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 40


def test_sound_follows_frames_from_the_middle_and_over_a_pause(tmp_path):
    source = open_source(beeping(tmp_path / "clip.mp4", seconds=3))
    times = [frame.time for frame in source]
    with open_writer(tmp_path / "out.mp4", options=Options(sound=source.sound)) as writer:
        for index, time in enumerate([*times[20:50], times[49] + 1000]):  # from 0.8 s on
            writer.write(make_frame(index, time=time))
    starts, end, _ = beeps(tmp_path / "out.mp4")
    # The last frame but one stands for a second of the pause, with its sound.
    assert starts == pytest.approx([0, 0.2, 0.7, 1.2, 1.7, 2.2][1:5], abs=0.03)
    assert end == pytest.approx(49 / 25 - 0.8 + 1.0, abs=0.05)
    with av.open(str(tmp_path / "out.mp4")) as container:
        shown = [frame.time for frame in container.decode(video=0)]
    assert shown == pytest.approx([*(t - 0.8 for t in times[20:50]), times[49] - 0.8 + 1.0], abs=1e-3)


def test_sound_that_cannot_be_carried_over_is_told(tmp_path):
    path = tmp_path / "many.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        track = container.add_stream("pcm_s16le", rate=8000, layout="3.0")
        for index in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(make_picture(index, 64, 48), "rgb24")))
        container.mux(stream.encode(None))
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 3 * 1600), np.int16), "s16", "3.0")
        samples.sample_rate = 8000
        container.mux(track.encode(samples))
    source = open_source(path)
    with pytest.warns(MediaWarning, match=r"the sound of .*many\.mkv is left out \(it has 3 channels\)"):
        write_all(tmp_path / "out.mp4", make_clip(5), options=Options(sound=source.sound))
    assert len(read_video(tmp_path / "out.mp4")[0]) == 5


def test_a_pause_of_hours_is_a_second_of_a_video(tmp_path):
    times = [0, 0.04, 25_200.0, 25_200.04, 900_000.0]
    write_all(tmp_path / "clip.mp4", [make_frame(i, time=time) for i, time in enumerate(times)])
    assert read_video(tmp_path / "clip.mp4")[0] == pytest.approx([0, 0.04, 1.04, 1.08, 2.08], abs=1e-4)
    write_all(tmp_path / "clip.jsonl", [make_frame(i, time=time) for i, time in enumerate(times)])
    lines = (tmp_path / "clip.jsonl").read_text().splitlines()[1:-1]
    assert [json.loads(line)["time"] for line in lines] == times


# Whole or not at all


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_writes_where_it_says(tmp_path, kind):
    with writers_for(tmp_path / "new" / "out", "a.b", [kind], EVERY_FRAME) as writers:
        writers.write(make_frame())
    assert files(tmp_path) == ["new/out/a.b" + KINDS[kind].ending]
    assert (tmp_path / "new/out" / ("a.b" + KINDS[kind].ending)).stat().st_mode & 0o777 == 0o666 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("kind", SINGLE)
def test_a_single_file_has_its_name_only_when_whole(tmp_path, kind):
    path = destination(tmp_path, kind)
    path.write_text("earlier")
    with open_writer(path, kind) as writer:
        for frame in make_clip():
            writer.write(frame)
            assert path.read_text() == "earlier"
    assert path.read_bytes()[:7] != b"earlier"
    assert files(tmp_path) == [path.name]
    writer.close()
    writer.discard()
    assert path.exists()
    with pytest.raises(VeloDepthError, match="closed"):
        writer.write(make_frame())


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("kind", SINGLE)
def test_an_exception_leaves_the_earlier_file(tmp_path, kind, count):
    path = destination(tmp_path, kind)
    path.write_text("earlier")
    with pytest.raises(ZeroDivisionError), open_writer(path, kind) as writer:
        for frame in make_clip(count):
            writer.write(frame)
        raise ZeroDivisionError
    assert files(tmp_path) == [path.name]
    assert path.read_text() == "earlier"


@pytest.mark.parametrize("kind", PER_FRAME)
def test_an_exception_leaves_the_frames_that_are_whole(tmp_path, kind):
    with pytest.raises(ZeroDivisionError), open_writer(tmp_path / "clip", kind, EVERY_FRAME) as writer:
        for frame in make_clip(2):
            writer.write(frame)
        raise ZeroDivisionError
    assert files(tmp_path) == [f"clip/00000{i}.{kind}" for i in range(2)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_frame_no_output(tmp_path, kind):
    with open_writer(destination(tmp_path, kind), kind):
        pass
    assert list(tmp_path.iterdir()) == []


class Interrupting(DepthFrame):
    """A frame in whose writing Ctrl-C is pressed: whenever its depth is looked at but the first time."""

    looks = 0

    @property
    def depth(self):
        self.looks += 1
        if self.looks > 1:
            os.kill(os.getpid(), signal.SIGINT)
        return np.full(self.picture.shape[:2], 2, np.float32)


@pytest.mark.parametrize("kind", [kind for kind in SINGLE if kind != "poses"])  # which asks for no depth
def test_ctrl_c_within_a_frame_waits_for_its_end(tmp_path, kind):
    path = destination(tmp_path, kind)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), open_writer(path, kind) as writer:
        for frame in [*make_clip(2), make_frame(2, make=Interrupting), make_frame(3)]:
            writer.write(frame)
    assert files(tmp_path) == [path.name]
    assert count_frames(path) == 3
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_leaves_all_outputs_with_the_same_frames(tmp_path):
    with pytest.raises(KeyboardInterrupt), writers_for(tmp_path, "clip", list(KINDS), EVERY_FRAME) as writers:
        for frame in [*make_clip(2), make_frame(2, make=Interrupting), make_frame(3)]:
            writers.write(frame)
    assert {kind: count_frames(destination(tmp_path, kind)) for kind in KINDS} == dict.fromkeys(KINDS, 3)
    assert not any(name.endswith(".part") for name in files(tmp_path))


def count_frames(path):
    if path.is_dir():
        return len(files(path))
    if path.suffix == ".mp4":
        return len(read_video(path)[0])
    if path.suffix == ".mkv":
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    if path.suffix == ".mcap":
        with rosbag2.Reader(path) as bag:
            (count,) = {topic.msgcount for name, topic in bag.topics.items() if name != "/tf"}
        return count
    if path.suffix == ".rrd":
        return sum(chunk.num_rows for chunk in RrdReader(path).stream() if chunk.entity_path == "/points")
    if path.suffix == ".txt":
        return len(np.atleast_2d(np.loadtxt(path)))
    return len(np.load(path)["depth"]) if path.suffix == ".npz" else len(read_lines(path)) - 2


RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.media.test_writing import make_frame, writers_for
with writers_for(sys.argv[2], "clip", ["side", "npz", "jsonl"]) as writers:
    for index in range(100_000):
        writers.write(make_frame(index))
        print(index, flush=True)
"""


def test_a_run_ended_by_ctrl_c_can_be_played(tmp_path):
    command = [sys.executable, "-c", RUN, Path(__file__).parents[2], tmp_path]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while int(run.stdout.readline()) < 20:
        pass
    run.send_signal(signal.SIGINT)
    out, error = run.communicate(timeout=60)
    assert b"KeyboardInterrupt" in error
    written = int((b"20\n" + out).split()[-1]) + 1
    assert files(tmp_path) == ["clip-side.mp4", "clip.jsonl", "clip.npz"]
    assert {count_frames(tmp_path / name) for name in files(tmp_path)} <= {written, written + 1}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "rerun"])  # whose SDK writes times
def test_the_same_frames_give_the_same_bytes_wherever_they_go(tmp_path, kind):
    written = []
    for folder in (tmp_path / "one", tmp_path / "another"):
        with writers_for(folder, "clip", [kind], EVERY_FRAME) as writers:
            for frame in make_clip(3):
                writers.write(frame)
        written.append({name: (folder / name).read_bytes() for name in files(folder)})
    assert written[0] == written[1] and written[0]


def test_whole_renames_or_removes(tmp_path):
    path = tmp_path / "new" / "report.txt"
    with whole(path) as temporary:
        temporary.write_text("all")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert path.read_text() == "all"
    with pytest.raises(KeyboardInterrupt), whole(path) as temporary:
        temporary.write_text("ha")
        raise KeyboardInterrupt
    assert path.read_text() == "all"
    assert files(tmp_path) == ["new/report.txt"]


# What cannot be


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of one megabyte."""
    with mounted(tmp_path / "disk", "size=1m") as folder:
        yield folder


@pytest.fixture
def read_only(tmp_path):
    """A folder nobody may write to, not even root."""
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        yield tmp_path / "locked"
    else:
        with mounted(tmp_path / "locked", "ro") as folder:
            yield folder


def sentence(caught):
    """The message of the one VeloDepthError, which is one line."""
    assert "\n" not in str(caught.value)
    return str(caught.value)


def make_noise(index):
    depth = np.random.default_rng(index).uniform(1, 9, (240, 320))
    frame = make_frame(index, 320, 240, depth=depth)
    frame.picture = np.random.default_rng(index).integers(0, 256, frame.picture.shape, np.uint8)
    return frame


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk(tiny_disk, kind):
    noise = [make_noise(index) for index in range(4)]
    if kind in ("jsonl", "poses"):
        (tiny_disk / "filler").write_bytes(bytes(1_000_000))
    with (
        pytest.raises(VeloDepthError) as caught,
        writers_for(tiny_disk, "clip", [kind], EVERY_FRAME) as writers,
    ):
        for index in range(1000):
            frame = copy.copy(noise[index % 4])
            frame.index, frame.time = index, index / 30
            writers.write(frame)
    folder = tiny_disk / f"clip-{kind}" if KINDS[kind].is_folder else tiny_disk
    assert (
        sentence(caught) == f"the disk of {folder} is full: free some space or choose another output folder"
    )
    assert not any(name.endswith(".part") for name in files(tiny_disk))
    if kind in SINGLE:
        assert not destination(tiny_disk, kind).exists()


@pytest.mark.parametrize("kind", SINGLE)
def test_a_disk_full_at_the_end(tiny_disk, kind):
    writer = open_writer(destination(tiny_disk, kind), kind)
    for frame in make_clip(1 if kind in ("jsonl", "rerun") else 300, width=8, height=6):
        writer.write(frame)
    with pytest.raises(OSError, match="No space"), (tiny_disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1000)):
            pass
    with pytest.raises(VeloDepthError, match="is full"):
        writer.close()
    assert files(tiny_disk) == ["filler"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_cannot_be_written_is_told_before_the_first_frame(read_only, kind):
    with pytest.raises(VeloDepthError) as caught:
        writers_for(read_only, "clip", [kind])
    assert str(read_only) in sentence(caught)
    assert "choose" in sentence(caught)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_the_place_of_a_folder(tmp_path, kind):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(VeloDepthError, match="part of this path is a file"):
        writers_for(tmp_path / "out", "clip", [kind])
    if KINDS[kind].is_folder:
        with pytest.raises(VeloDepthError, match="part of this path is a file"):
            open_writer(tmp_path / "out", kind)
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.parametrize("kind", SINGLE)
def test_a_folder_in_the_place_of_a_file(tmp_path, kind):
    destination(tmp_path, kind).mkdir()
    with pytest.raises(VeloDepthError, match="is a folder"):
        open_writer(destination(tmp_path, kind), kind)


@pytest.mark.parametrize("kind", PER_FRAME)
def test_frames_of_an_earlier_run_do_not_mix(tmp_path, kind):
    write_all(tmp_path, make_clip(3), kind)
    (tmp_path / f"notes.{kind}").write_text("mine")
    with pytest.raises(VeloDepthError, match="holds 3 frames of an earlier run"):
        open_writer(tmp_path, kind)
    write_all(tmp_path, make_clip(2), kind, Options(points=1, overwrite=True))
    assert files(tmp_path) == [f"000000.{kind}", f"000001.{kind}", f"notes.{kind}"]


@pytest.mark.parametrize("kind", ["side", "depth", "npz"])
def test_another_picture_size_is_refused(tmp_path, kind):
    path = destination(tmp_path, kind)
    with open_writer(path, kind) as writer:
        writer.write(make_frame(0))
        with pytest.raises(VeloDepthError) as caught:
            writer.write(make_frame(1, width=32))
        writer.write(make_frame(2))
    assert "from 64x48 to 32x48 at frame 1" in sentence(caught)
    assert path.name in sentence(caught)
    assert count_frames(path) == 2


def test_a_video_too_large_for_the_codec(tmp_path):
    with (
        pytest.raises(VeloDepthError, match="40000 x 2 pixels"),
        open_writer(tmp_path / "clip.mp4") as writer,
    ):
        writer.write(make_frame(width=20_000, height=2))
    assert files(tmp_path) == []


def test_one_refused_output_leaves_nothing_of_the_others(tmp_path):
    (tmp_path / "clip.jsonl").mkdir()
    with pytest.raises(VeloDepthError, match="is a folder"):
        writers_for(tmp_path, "clip", ["side", "png", "jsonl"])
    assert os.listdir(tmp_path) == ["clip.jsonl"]


@pytest.mark.parametrize("path", ["clip", "clip.avi", "000000.png", "*.bmp", "folder/"])
def test_a_path_that_tells_no_kind(tmp_path, path):
    with pytest.raises(VeloDepthError, match="give a kind"):
        open_writer(tmp_path / path)


def test_names_that_are_none(tmp_path):
    with pytest.raises(
        VeloDepthError, match="no output is called 'gif': choose from side, depth, stereo, ffv1"
    ):
        writers_for(tmp_path, "clip", ["png", "gif"])
    with pytest.raises(VeloDepthError, match=r"end in \.mp4"):
        open_writer(tmp_path / "clip.avi", "side")
    for stem in ("", "a/b", ".."):
        with pytest.raises(VeloDepthError, match="name of outputs"):
            writers_for(tmp_path, stem, ["npz"])
    with pytest.raises(VeloDepthError, match="1 or more"):
        open_writer(tmp_path / "*.ply", options=Options(points=0))
    with pytest.raises(VeloDepthError, match="0 < near < far"):
        open_writer(tmp_path / "clip.mp4", options=Options(near=3, far=1))
    assert os.listdir(tmp_path) == []

"""`velodepth run` and `demo`, in this process: what is written where, and what is said of it."""

from __future__ import annotations

import json
import re

import av
import cv2
import numpy as np
import pytest

import velodepth
from velodepth.cli.outputs import stem_of
from velodepth.media.writing import KINDS

from ..videos import sliding, write_video

SUMMARY = r"{} in \d+\.\d s \(\d+\.\d frames/s, \d+ % keyframes\), written to {}\n"


def files(folder):
    """Everything in a folder, hidden files and subfolders included."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# ---- what is written -------------------------------------------------------------------------------------


def test_a_file_gives_a_side_by_side_video_here_and_one_line(call, street, folder, decode):
    outcome = call("run", street)
    assert outcome.err == ""
    assert re.fullmatch(SUMMARY.format("12 frames", "street-side.mp4"), outcome.out)
    assert files(folder) == {"street-side.mp4"}
    assert [picture.shape for picture in decode(folder / "street-side.mp4")] == [(48, 128, 3)] * 12


def test_every_kind_at_once_holds_what_the_library_computes(call, street, folder):
    first, others = [*KINDS][:5], [*KINDS][5:]
    outcome = call(
        "run", street, "--save", ",".join(first), "--save", ",".join(others), "--out", "a/b",
        "--max-frames", 3, "--ply-every", 2, "--policy", "every:2",
    )  # fmt: skip
    assert re.fullmatch(SUMMARY.format("3 frames", ".*"), outcome.out)
    paths = outcome.out.rstrip().split(", written to ")[1].split(", ")
    assert paths == [
        f"a/b/street{kind.ending.removesuffix('000000' + kind.suffix)}" for kind in KINDS.values()
    ]
    written = files(folder / "a/b")
    assert {name for name in written if name.endswith(".ply")} == {
        "street-ply/000000.ply",
        "street-ply/000002.ply",
    }
    folders = {kind.name for kind in KINDS.values() if kind.is_folder}
    chosen = folders & {"ply", "glb"}  # of every second frame
    assert len(written) == len(KINDS) - len(folders) + 3 * len(folders - chosen) + 2 * len(chosen)

    model = velodepth.load("nano")
    expected = [f.depth for f, _ in zip(model.run(str(street), policy="every:2"), range(3), strict=False)]
    with np.load("a/b/street.npz") as archive:
        np.testing.assert_array_equal(archive["depth"], expected)
    for index, depth in enumerate(expected):
        np.testing.assert_array_equal(np.load(f"a/b/street-npy/{index:06d}.npy"), depth)
    facts = json.loads((folder / "a/b/street.jsonl").read_text().splitlines()[0])
    assert facts["velodepth"] == velodepth.__version__ and facts["source"] == str(street)
    assert (facts["preset"], facts["runtime"], facts["device"]) == ("nano", "onnx", "cpu")
    assert facts["policy"] == "every:2"


@pytest.mark.parametrize(
    ("out", "options", "written"),
    [
        ("one.npz", (), "one.npz"),
        ("one.jsonl", ("--save", "jsonl"), "one.jsonl"),
        ("one.mp4", (), "one.mp4"),
        ("new", ("--save", "npz"), "new/street.npz"),
        ("new.2/", ("--save", "npz"), "new.2/street.npz"),
    ],
)
def test_out_is_a_folder_or_a_file(call, street, folder, out, options, written):
    outcome = call("run", street, "--out", out, *options, "--max-frames", 1)
    assert re.fullmatch(SUMMARY.format("1 frame", written), outcome.out)
    assert files(folder) == {written}


def test_out_mp4_is_what_save_says(call, street, folder, decode):
    call("run", street, "-o", "x.mp4", "--save", "depth", "--max-frames", 1)
    assert decode(folder / "x.mp4")[0].shape == (48, 64, 3)


def test_quiet_prints_nothing(call, street, folder):
    assert call("run", street, "--quiet", "--max-frames", 1) == ("", "")
    assert files(folder) == {"street-side.mp4"}


def test_policy_every_is_all_keyframes(call, street):
    assert "100 % keyframes" in call("run", street, "--policy", "every", "--max-frames", 3).out


def test_range_fixes_the_colours(call, street, folder, decode):
    """With a range beyond all depth, everything has the colour of its nearest end."""
    call("run", street, "-o", "far.mp4", "--save", "depth", "--range", "9000,9999", "--max-frames", 1)
    assert decode(folder / "far.mp4")[0].reshape(-1, 3).std(axis=0).max() < 3


@pytest.mark.parametrize("form", ["folder", "glob", "list"])
def test_images_in_all_their_forms_are_one_clip(call, folder, form):
    (folder / "frames").mkdir()
    names = [f"frames/{index}.png" for index in (9, 10)]
    for name in names:
        cv2.imwrite(name, np.full((48, 64, 3), 90, np.uint8))
    sources = {"folder": ["frames"], "glob": ["frames/*.png"], "list": names}[form]
    call("run", *sources, "--rate", 4, "--save", "npz")
    with np.load("here.npz") as archive:  # "frames" says nothing of what it is
        np.testing.assert_array_equal(archive["time"], [0, 0.25])


def test_stems(folder):
    (folder / "shots").mkdir()
    (folder / "clip.v2.mp4").touch()
    (folder / "a[1].mp4").touch()
    assert stem_of(["clip.v2.mp4"]) == "clip.v2"
    assert stem_of(["a[1].mp4"]) == "a[1]"
    assert stem_of(["shots/"]) == "shots"
    assert stem_of(["."]) == "here"
    assert stem_of(["*.png"]) == "here"
    assert stem_of(["shots/**/*.png"]) == "shots"
    assert stem_of(["shots/1.png", "shots/2.png"]) == "shots"
    for words in (["walk/rgb"], ["walk/frames/*.png"], ["walk/Images/1.png", "walk/Images/2.png"]):
        (folder / words[0].partition("*")[0]).mkdir(parents=True, exist_ok=True)
        assert stem_of(words) == "walk"
    assert stem_of(["0"]) == "camera0"
    assert stem_of(["-"]) == "stdin"
    assert stem_of(["https://host/a/street%20one.mp4?key=1"]) == "street one"
    assert stem_of(["rtsp://user:word@host:554/"]) == "host"


# ---- the camera ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "intrinsics"),
    [
        (("--focal", "70"), (70, 70, 32, 24)),
        (("--focal", "70,71,30,20"), (70, 71, 30, 20)),
        (("--camera", "half.json"), (70, 80, 32, 24)),
    ],
)
def test_a_given_camera_is_that_of_every_frame(call, street, folder, given, intrinsics):
    """The file belongs to pictures of half the size, so it is scaled."""
    velodepth.Pinhole(35, 40, 16, 12, size=(32, 24)).save("half.json")
    call("run", street, *given, "-o", "d.npz", "--max-frames", 2)
    with np.load("d.npz") as archive:
        np.testing.assert_allclose(archive["intrinsics"], [intrinsics] * 2)


# ---- what was there already ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_an_earlier_result_stays_unless_told(call, refused, street, folder, kind):
    arguments = ("run", street, "--save", kind)
    call(*arguments, "--max-frames", 2)
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    assert refused(*arguments, "--max-frames", 1).startswith("Error: street")
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before
    call(*arguments, "--max-frames", 1, "--overwrite")
    assert (
        len(files(folder)) == 1 and {name: (folder / name).read_bytes() for name in files(folder)} != before
    )


# ---- bad input -------------------------------------------------------------------------------------------


@pytest.fixture
def things(folder, street, encode):
    """One of everything that can be wrong."""
    (folder / "street.mp4").write_bytes(street.read_bytes())
    (folder / "letter.mp4").write_text("Dear reader, this is no video. " * 20)
    (folder / "empty.mp4").touch()
    (folder / "silent.y4m").write_text("YUV4MPEG2 W64 H48 F25:1 Ip C420jpeg\n")
    (folder / "bare").mkdir()
    cv2.imwrite("small.png", np.zeros((15, 64, 3), np.uint8))
    (folder / "two").mkdir()
    for index, width in enumerate((64, 66)):
        cv2.imwrite(f"two/{index}.png", np.zeros((48, width, 3), np.uint8))
    (folder / "words.json").write_text("fx = 500")
    (folder / "partial.json").write_text('{"model": "pinhole", "fx": 500}')
    velodepth.Pinhole(50, 50, 24, 24, size=(48, 48)).save("square.json")
    return folder


WRONG = {
    "missing file": (["nowhere.mp4"], "nowhere.mp4"),
    "not a video": (["letter.mp4"], "letter.mp4"),
    "empty file": (["empty.mp4"], "empty.mp4"),
    "no frames": (["silent.y4m"], "silent.y4m"),
    "no images": (["bare"], "bare"),
    "nothing matches": (["bare/*.png"], "bare/*.png"),
    "picture too small": (["small.png"], "small.png"),
    "two videos": (["street.mp4", "letter.mp4"], "velodepth batch"),
    "no such camera": (["77"], "camera 77"),
    "folder below a file": (["street.mp4", "--out", "letter.mp4/results"], "letter.mp4"),
    "folder not to be written": (["street.mp4", "--out", "/proc/results"], "/proc"),
    "ending of no kind": (["street.mp4", "--out", "x.avi"], "x.avi"),
    "one file for many kinds": (["street.mp4", "--out", "x.mp4", "--save", "side,npz"], "x.mp4"),
    "one file for a folder's kind": (["street.mp4", "--out", "x.npz", "--save", "png"], "x.npz"),
    "file of another kind": (["street.mp4", "--out", "x.npz", "--save", "side"], "x.npz"),
    "unknown kind": (["street.mp4", "--save", "gif"], "'gif'"),
    "unknown preset": (["street.mp4", "--preset", "huge"], "'huge'"),
    "unknown runtime": (["street.mp4", "--runtime", "abacus"], "'abacus'"),
    "unknown device": (["street.mp4", "--device", "tpu"], "'tpu'"),
    "unknown policy": (["street.mp4", "--policy", "never"], "'never'"),
    "no camera file": (["street.mp4", "--camera", "gone.json"], "gone.json"),
    "camera file not JSON": (["street.mp4", "--camera", "words.json"], "words.json"),
    "camera file not whole": (["street.mp4", "--camera", "partial.json"], "partial.json"),
    "camera of another aspect": (["street.mp4", "--camera", "square.json"], "48x48"),
    "camera twice": (["street.mp4", "--camera", "square.json", "--focal", "50"], "--focal"),
    "focal of two": (["street.mp4", "--focal", "50,60"], "--focal 50,60"),
    "focal in words": (["street.mp4", "--focal", "wide"], "--focal wide"),
    "focal below 0": (["street.mp4", "--focal=-50"], "-50"),
    "range of one": (["street.mp4", "--range", "5"], "--range 5"),
    "range upside down": (["street.mp4", "--range", "20,1"], "20"),
    "raw size of a file": (["street.mp4", "--raw-size", "64x48"], "'-'"),
    "raw size in words": (["-", "--raw-size", "vga"], "--raw-size vga"),
    "rate of 0": (["two", "--rate", "0"], "frame_rate"),
    "start after the end": (["street.mp4", "--start", "60"], "ends at 0.44 s"),
    "no duration": (["street.mp4", "--duration", "0"], "cannot last 0 s"),
    "smaller than pictures are": (["street.mp4", "--resize", "8x8"], "8x8"),
    "several sources": (["street.mp4", "log.rrd"], "--out"),
    "stills of a video": (["street.mp4", "--stills"], "--stills"),
    "photo as a bag": (["two", "--stills", "--save", "bag"], "bag"),
    "photos in one file": (["two", "--stills", "--out", "x.png"], "x.png"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG)
def test_bad_input_is_one_sentence_and_leaves_nothing(refused, things, arguments, named):
    before = files(things)
    assert named in refused("run", *arguments)
    assert files(things) == before


def test_an_option_typer_refuses_has_the_same_status(call, street):
    assert "--max-frames" in call("run", street, "--max-frames", 0, status=2).err


def test_a_truncated_file_gives_what_can_be_read_and_a_warning(call, folder, encode, decode):
    whole = encode(folder / "cut.mkv", 40).read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: len(whole) // 4])
    outcome = call("run", "cut.mkv")
    assert re.fullmatch(r"Warning: cut\.mkv is damaged or cut short: \d+ frames were read\n", outcome.err)
    frames = len(decode(folder / "cut-side.mp4"))
    assert 0 < frames < 40
    assert f"{frames} frames were read" in outcome.err and outcome.out.startswith(f"{frames} frames in ")


# ---- the demo --------------------------------------------------------------------------------------------


def test_demo_is_a_run_on_the_packaged_clip(call, street, folder, decode, monkeypatch):
    monkeypatch.setattr("velodepth.presets.catalogue.DEMO_CLIP", street)
    outcome = call("demo")
    assert re.fullmatch(SUMMARY.format("12 frames", "velodepth_demo.mp4"), outcome.out)
    assert [picture.shape for picture in decode(folder / "velodepth_demo.mp4")] == [(48, 128, 3)] * 12
    call("demo", status=2)


def test_demo_without_its_clip_says_so(refused, folder, monkeypatch):
    monkeypatch.setattr("velodepth.presets.catalogue.DEMO_CLIP", folder / "demo.mp4")
    assert "demo.mp4 is missing" in refused("demo") and files(folder) == set()


def test_a_clip_that_changes_its_size_keeps_what_was_done(call, folder):
    """As a stream that was recorded raw, or a call whose partner turned the phone."""
    parts = sliding(6), [cv2.resize(picture, (128, 96)) for picture in sliding(6)]
    files = [write_video(f"{index}.h264", pictures) for index, pictures in enumerate(parts)]
    (folder / "both.h264").write_bytes(b"".join(file.read_bytes() for file in files))
    done = call("run", "both.h264", "--save", "side,jsonl")
    assert "Warning: frame 6 of both.h264 is 128 x 96 pixels" in done.err and "Traceback" not in done.err
    assert len((folder / "both.jsonl").read_text().splitlines()) == 8
    assert (folder / "both-side.mp4").is_file()


@pytest.mark.parametrize("options", [(), ("--no-sound",)])
def test_sound_goes_along_unless_it_is_left_out(call, folder, options):
    write_video("loud.mp4", sliding(12), sound=np.zeros((1, 24_000), np.float32))
    call("run", "loud.mp4", "--save", "side,depth", *options)
    for name in ("loud-side.mp4", "loud-depth.mp4"):
        with av.open(name) as video:
            assert len(video.streams.audio) == (0 if options else 1)


# ---- a part of a video -----------------------------------------------------------------------------------


def test_a_part_of_a_video_keeps_its_times(call, street, folder):
    call(
        "run", street, "--start", 0.2, "--duration", 0.2, "--stride", 2, "--save", "npz", "--resize", "32x32"
    )
    with np.load("street.npz") as archive:
        np.testing.assert_allclose(archive["time"], [0.2, 0.28, 0.36], atol=1e-6)
        assert archive["depth"].shape == (3, 24, 32)


@pytest.mark.parametrize("camera", [["--focal", "60"], ["--focal", "60,60,32,24"], ["--camera", "own.json"]])
def test_a_camera_is_that_of_the_video_before_it_is_resized(call, street, folder, camera):
    velodepth.Pinhole(60, 60, 32, 24, size=(64, 48)).save("own.json")
    call("run", street, "--resize", "32x32", "--save", "npz", "--max-frames", 1, *camera)
    with np.load("street.npz") as archive:
        assert archive["intrinsics"].tolist() == [[30, 30, 16, 12]]

"""`velodepth live` and `velodepth web`, in this process."""

from __future__ import annotations

import itertools
import json
import re
import socket
import time

import numpy as np
import pytest

import velodepth
from velodepth import Pinhole, VeloDepthError
from velodepth.live.page import Page
from velodepth.media.source import Source
from velodepth.presets import Model

LIVE = r"12 pictures came, (\d+) were shown, (\d+) dropped; \d+ ms behind, 99 of 100 within \d+ ms\n"


@pytest.fixture(autouse=True)
def viewer(monkeypatch):
    """Somebody looks at once; that a file waits for it is tested in tests/live/test_page.py and below."""
    waits = []
    monkeypatch.setattr(Page, "wait", lambda self: waits.append(self.url))
    return waits


def test_a_file_waits_for_its_viewer_and_a_recording_does_not(call, refused, street, viewer, folder, decode):
    call("live", street, "--port", 0)
    assert len(viewer) == 1
    outcome = call("live", street, "--port", 0, "--save", "seen.mp4")
    assert outcome.out.endswith("; recorded to seen.mp4\n") and len(viewer) == 1
    shown = int(re.search(r"(\d+) were shown", outcome.out)[1])
    assert [picture.shape for picture in decode(folder / "seen.mp4")] == [(48, 128, 3)] * shown
    assert "seen.mp4 is there already" in refused("live", street, "--port", 0, "--save", "seen.mp4")
    assert "the input" in refused("live", street, "--port", 0, "--save", street, "--overwrite")


def test_loop_goes_on_after_the_end(call, street, monkeypatch):
    shown = []

    def show(self, picture):
        shown.append(picture)
        if len(shown) == 20:  # more than the 12 there are
            raise KeyboardInterrupt

    monkeypatch.setattr(Page, "show", show)
    call("live", street, "--port", 0, "--loop", "--policy", "every")
    assert len(shown) == 20


def test_a_recording_that_cannot_go_on_ends_and_the_showing_goes_on(call, decode, folder, monkeypatch):
    class Growing(Source):
        def _pictures(self):
            for index in range(12):
                time.sleep(0.05)
                yield index / 20, np.full((48 if index < 6 else 64, 64, 3), 20 * index, np.uint8)

    monkeypatch.setattr(velodepth, "open_source", lambda source, **told: Growing("it"))
    outcome = call("live", "it", "--port", 0, "--save", "seen.mp4")
    assert "The recording ends (the picture size changed" in outcome.err
    assert int(re.search(r"(\d+) were shown", outcome.out)[1]) > len(decode(folder / "seen.mp4")) > 0


def test_live_plays_a_file_to_its_end_and_says_what_became_of_it(call, street):
    outcome = call("live", street, "--port", 0)
    url, summary = outcome.out.splitlines(keepends=True)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/  \(Ctrl-C ends it\)\n", url)
    shown, dropped = map(int, re.fullmatch(LIVE, summary).groups())
    assert shown + dropped == 12 and shown > 0


def test_several_sources_are_shown_one_below_another(call, refused, street, monkeypatch):
    shapes = set()
    monkeypatch.setattr(Page, "show", lambda self, picture: shapes.add(picture.shape))
    call("live", street, street, "--port", 0, "--quiet")
    assert (96, 128, 3) in shapes <= {(48, 128, 3), (96, 128, 3)}
    said = refused("live", street, street, "--port", 0, "--save", "both.mp4")
    assert "both.mp4 records one source, and 2 are given" in said


def test_live_has_the_camera_of_a_bag_and_takes_a_topic(call, refused, bag, monkeypatch):
    cameras = []
    stream = Model.stream
    monkeypatch.setattr(
        Model, "stream", lambda self, *lens, **how: cameras.append(lens) or stream(self, *lens, **how)
    )
    said = refused("live", bag, "--port", 0)
    assert "give one with --topic, of /left/image, /right/image" in said
    call("live", bag, "--topic", "/left/image", "--port", 0)
    assert cameras == [(Pinhole(50, 51, 24, 16, size=(48, 32)), "adaptive")]


def test_the_page_says_that_the_source_is_lost_and_back(call, monkeypatch):
    """A camera that ends once."""
    opened, told = [], []

    class Camera(Source):
        def _pictures(self):
            for index in range(5):
                time.sleep(0.1)
                yield index / 10, np.full((48, 64, 3), 40 * index, np.uint8)
            if len(opened) == 2:
                raise VeloDepthError("it broke")

    def open_again(source, **told):
        if len(opened) == 2:
            raise KeyboardInterrupt
        opened.append(Camera("camera 0", live=True))
        return opened[-1]

    monkeypatch.setattr(velodepth, "open_source", open_again)
    monkeypatch.setattr(Page, "tell", lambda self, status: told.append(status))
    outcome = call("live", 0, "--port", 0)
    assert outcome.err.splitlines() == [
        "The source is lost (it ended): trying again in 0.5 s",
        "The source is back",
        "The source is lost (it broke): trying again in 0.5 s",
    ]
    runs = [line for line, _ in itertools.groupby(told, lambda line: line.startswith("The source is lost"))]
    assert runs == [False, True, False, True]


def test_live_says_why_there_is_no_window(call, street, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("velodepth.cli.live.PORT", 0)
    outcome = call("live", street, "--quiet")
    assert outcome.err == "No window, since there is no display: open the page instead.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.mp4"], "there is no 'nowhere.mp4'"),
        (["street.mp4", "--range", "4"], "--range 4 is not understood"),
        (["street.mp4", "--camera", "missing.json"], "missing.json"),
    ],
)
def test_live_tells_bad_input_in_a_sentence(refused, street, folder, arguments, told):
    (folder / "street.mp4").write_bytes(street.read_bytes())
    assert told in refused("live", *arguments)


def test_web_tells_a_port_in_use(refused):
    pytest.importorskip("fastapi")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused("web", "--port", port)
    assert re.fullmatch(rf"Error: cannot listen on 127\.0\.0\.1, port {port} .*--host\n", said)


def test_web_writes_a_static_page_and_replaces_nothing_unasked(call, refused, folder):
    pytest.importorskip("fastapi")
    outcome = call("web", "--static", "site")
    assert "written to site" in outcome.out
    settings = json.loads((folder / "site/settings.json").read_text())
    assert settings["engine"] == "browser" and len(settings["colours"]) == 256
    vendor = "vendor/ort-wasm-simd-threaded.wasm"
    for name in ("index.html", "nano/look.onnx", "nano/fuse.onnx", "nano/weights.safetensors", vendor):
        assert (folder / "site" / name).is_file()
    assert not list((folder / "site").glob(".*"))
    assert "holds files already" in refused("web", "--static", "site")
    call("web", "--static", "site", "--overwrite")

"""The page of `velodepth live`, through HTTP."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth.live import outputs
from velodepth.live.page import Page

RED = np.full((48, 96, 3), (200, 20, 20), np.uint8)


@pytest.fixture
def page():
    with Page("127.0.0.1", 0) as page:
        yield page


def read_picture(stream):
    """The next part of a multipart answer, as RGB."""
    assert stream.readline() == b"--velodepth-frame\r\n"
    assert stream.readline() == b"Content-Type: image/jpeg\r\n"
    length = int(stream.readline().split(b": ")[1])
    assert stream.readline() == b"\r\n"
    jpeg = stream.read(length)
    assert stream.readline() == b"\r\n"
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_pictures_arrive_and_end(page):
    done = threading.Event()

    def show():
        while not done.wait(0.02):
            page.show(RED)

    thread = threading.Thread(target=show)
    thread.start()
    with urllib.request.urlopen(page.url + "stream.mjpeg") as stream:
        for _ in range(2):
            np.testing.assert_allclose(read_picture(stream), RED, atol=6)
        done.set()
        thread.join()
        page.close()
        for line in stream:  # what was on its way, then the end
            assert line


def test_waiting_ends_with_the_first_viewer(page):
    waited = threading.Thread(target=page.wait, daemon=True)
    waited.start()
    urllib.request.urlopen(page.url).close()  # the page alone shows nothing yet
    waited.join(0.3)
    assert waited.is_alive()
    with urllib.request.urlopen(page.url + "stream.mjpeg"):
        waited.join(10)
        assert not waited.is_alive()


def test_the_page_and_how_it_goes(page):
    with urllib.request.urlopen(page.url) as answer:
        assert b'src="stream.mjpeg"' in answer.read()
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    page.tell("30.0 frames/s, 40 ms behind, 2 dropped")
    with urllib.request.urlopen(page.url + "status.json") as answer:
        assert json.load(answer) == {"status": "30.0 frames/s, 40 ms behind, 2 dropped"}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(page.url + "elsewhere")


def test_a_port_in_use_is_told(page):
    with pytest.raises(VeloDepthError, match=r"cannot listen on 127\.0\.0\.1, port \d+ .*choose another"):
        Page("127.0.0.1", int(page.url.rstrip("/").rsplit(":", 1)[1]))


def test_without_a_display_there_is_no_window(monkeypatch):
    monkeypatch.setattr(outputs.sys, "platform", "linux")
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    assert outputs.why_no_window() == "there is no display"

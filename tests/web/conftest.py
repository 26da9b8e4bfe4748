"""A real server on a free port, a short real clip, and Chromium."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

import velodepth

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from velodepth.web import serving
from velodepth.web.app import create_app
from velodepth.web.limits import Limits

from ..videos import write_video

FRAMES = 8
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


@pytest.fixture(scope="session")
def walk(clip: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight frames of the demo clip, 320 x 240, 15 frames a second."""
    path = tmp_path_factory.mktemp("web") / "walk.mp4"
    return write_video(path, clip[:FRAMES], rate=15, crf="10", bf="0")


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video file's container with a second of sound and no video."""
    path = tmp_path_factory.mktemp("web") / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for index in range(40):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 44100, 1024 * index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@contextmanager
def running(nano: velodepth.Model, limits: Limits) -> Iterator[str]:
    server, listener = serving.server(create_app(nano, limits), 2**23), serving.listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def serve(
    nano: velodepth.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Limits], AbstractContextManager[str]]:
    """`with serve(Limits(...)) as address:`; what it keeps of visitors lies under tmp_path."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda limits: running(nano, limits)


@pytest.fixture(scope="session")
def address(nano: velodepth.Model) -> Iterator[str]:
    """Of a server with the limits users have, but for the number of starts."""
    with running(nano, Limits(starts_a_minute=100)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium, without a screen, through Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-quic",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Iterator[object]:
    """A tab; errors in the page's own code fail the test."""
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.set_default_timeout(240_000)  # for machines with much else to do
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.errors = errors
    yield page
    page.close()

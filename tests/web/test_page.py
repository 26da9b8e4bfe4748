"""The page in a real browser: what a visitor does, and what the visitor then sees."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

import velodepth


def metres(page) -> float:
    return float(re.fullmatch(r"([\d.]+) m", page.locator("#metres").text_content()).group(1))


def test_a_visitor_uploads_watches_moves_reads_turns_and_downloads(page, address, walk, nano, tmp_path):
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.wait_for_selector('body[data-state="done"]')
    frames = list(nano.run(walk))
    expected = [frame.depth for frame in frames]
    assert page.locator("#marks i").count() == sum(frame.is_keyframe for frame in frames) < len(frames)
    mark = page.locator("#marks i").first  # the start
    assert mark.get_attribute("title") == "Frame 0: keyframe: start"
    mark.hover()  # fails where the slider lies above it
    mark.click()
    page.wait_for_selector('body[data-shown="0"]')
    assert page.locator("#reason").text_content() == "keyframe: start"
    page.locator("#time").press("ArrowRight")
    page.wait_for_selector('body[data-shown="1"]')
    assert page.locator("#reason").text_content() == ""
    assert page.locator("#time").get_attribute("max") == str(len(expected) - 1)

    for index in (7, 3):
        page.locator("#time").fill(str(index))
        page.wait_for_selector(f'body[data-shown="{index}"]')
        canvas = page.locator("#depth > canvas").bounding_box()
        page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
        middle = expected[index][118:122, 158:162]
        assert middle.min() * 0.99 - 0.005 <= metres(page) <= middle.max() * 1.01 + 0.005
        assert page.locator(".mark:visible").count() == 2  # in the picture as well
    page.mouse.move(5, 5)
    assert page.locator("#metres").text_content() == "point at it to read metres"

    points = page.locator("#points > canvas")
    before = points.screenshot()
    box = points.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 140, steps=3)
    page.mouse.up()
    assert points.screenshot() != before

    if os.environ.get("VELODEPTH_SCREENSHOT"):
        page.screenshot(path=os.environ["VELODEPTH_SCREENSHOT"])
    with page.expect_download() as download:
        page.locator("#npz").click()
    with np.load(download.value.path()) as archive:
        assert archive["depth"].dtype == np.float16
        np.testing.assert_allclose(archive["depth"], expected, rtol=1e-3)
        assert archive["keyframe"].tolist() == [frame.is_keyframe for frame in frames]
        np.testing.assert_allclose(archive["time"], np.arange(8) / 15, atol=1e-4)
    with page.expect_download() as download:
        page.locator("#ply").click()
    header, _, body = download.value.path().read_bytes().partition(b"end_header\n")
    count = int(re.search(rb"element vertex (\d+)", header).group(1))
    assert len(body) == 15 * count and 0.5 * 320 * 240 < count <= 320 * 240
    assert page.locator("#mp4").get_attribute("aria-disabled") == "false"
    with page.expect_download() as download:
        page.locator("#mp4").click()
    recorded = [frame.picture for frame in velodepth.open_source(download.value.path())]
    assert [picture.shape for picture in recorded] == [(240, 640, 3)] * 8
    assert page.errors == []


def test_a_file_that_is_no_video_is_told_in_a_sentence(page, address, tmp_path):
    (tmp_path / "notes.mp4").write_text("no video at all")
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(tmp_path / "notes.mp4")
    page.wait_for_selector('body[data-state="start"]')
    assert page.locator("#problem").text_content().startswith("notes.mp4 is not a video")
    assert page.locator("#drop").is_visible()


def test_the_webcam_is_answered_until_it_is_stopped(page, address):
    page.goto(f"http://{address}/")  # Chromium shows a test pattern as its webcam
    page.locator("#camera").click()
    page.wait_for_function("() => document.body.dataset.shown >= 2")
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="done"]')
    assert page.locator("#mp4").get_attribute("href").endswith("/side.mp4")
    assert page.errors == []


def test_a_webcam_that_is_unplugged_ends_the_stream(page, address):
    page.add_init_script("""
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (what) => (window.lent = await ask(what));
    """)
    page.goto(f"http://{address}/")
    page.locator("#camera").click()
    page.wait_for_function("() => document.body.dataset.shown >= 1")
    page.evaluate("() => lent.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    page.wait_for_selector('body[data-state="done"]')
    assert page.errors == []


def test_a_webcam_that_was_looked_back_at_is_followed_again(page, address):
    page.goto(f"http://{address}/")
    page.locator("#camera").click()
    page.wait_for_function("() => document.body.dataset.shown >= 1")
    page.locator("#time").press("Home")
    page.wait_for_selector('body[data-shown="0"]')
    page.wait_for_function("() => Number(document.querySelector('#time').max) >= 3")
    page.locator("#time").press("End")
    page.wait_for_function("() => document.body.dataset.shown >= 5")
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="done"]')


def test_what_is_stopped_before_its_first_frame_goes_back_to_the_start(page, address, walk):
    page.route("**/streams*", lambda route: None)  # an upload that takes its time
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="start"]')
    assert page.locator("#drop").is_visible() and page.locator("#work").is_hidden()


def test_nothing_of_the_last_video_stays_under_the_next(page, address, walk):
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.wait_for_selector('body[data-state="done"]')
    page.route("**/streams*", lambda route: None)
    page.locator("#again").click()
    page.locator("#file").set_input_files(walk)
    assert page.locator("body").get_attribute("data-shown") is None
    canvas = page.locator("#picture > canvas")
    assert not canvas.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean)"
    )
    page.mouse.move(*(canvas.bounding_box()[side] + 50 for side in "xy"))
    assert page.locator("#metres").text_content() == "point at it to read metres"
    assert page.errors == []


def test_a_page_without_webgl_shows_all_but_the_points(page, address, walk):
    page.add_init_script("HTMLCanvasElement.prototype.getContext = ((known) => function (kind, ...rest) {"
        "return kind.startsWith('webgl') ? null : known.call(this, kind, ...rest); })"
        "(HTMLCanvasElement.prototype.getContext)")  # fmt: skip
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.wait_for_selector('body[data-state="done"]')
    assert "no WebGL" in page.locator("#points").text_content()
    assert page.locator("#ply").is_enabled()


def test_a_page_that_may_not_use_the_webcam_says_how_it_may(page, address):
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined })")
    page.goto(f"http://{address}/")  # as from http://ANOTHER-MACHINE/
    page.locator("#camera").click()
    assert "https" in page.locator("#problem").text_content()


def test_a_server_that_ends_is_told_and_what_came_stays(page):
    command = [sys.executable, "-m", "velodepth", "web", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        page.goto(server.stdout.readline().split()[0])
        page.locator("#camera").click()  # which has no end of its own
        page.wait_for_function("() => document.body.dataset.shown >= 1")
        server.send_signal(signal.SIGINT)
        assert server.wait() == 0
    page.wait_for_selector('body[data-state="problem"]')
    assert page.locator("#problem").text_content().startswith("The connection to the server was lost: ")
    page.locator("#time").press("Home")
    page.wait_for_selector('body[data-shown="0"]')


def test_pictures_fill_the_width_of_a_telephone(browser, address, walk):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.wait_for_selector('body[data-state="done"]')
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    box = page.locator("#depth > canvas").bounding_box()
    assert abs(box["width"] / box["height"] - 4 / 3) < 0.02  # no borders
    assert page.locator("#timeline").bounding_box()["y"] < 844 - 40  # in sight beside the depth
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert metres(page) > 0  # also once the finger is lifted
    context.close()


@pytest.mark.parametrize("path", ["", "local/"], ids=["by the server", "by the browser"])
def test_a_photo_is_a_clip_of_one_frame(page, address, clip, nano, tmp_path, path):
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), clip[0][..., ::-1])
    page.goto(f"http://{address}/{path}")
    page.locator("#file").set_input_files(photo)
    page.wait_for_selector('body[data-state="done"][data-shown="0"]')
    facts = page.locator("#facts").text_content()
    assert "photo.png" in facts and "Frames1" in facts
    expected = next(nano.run([clip[0]])).depth
    canvas = page.locator("#depth > canvas").bounding_box()
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    middle = expected[110:130, 150:170]
    assert middle.min() * 0.95 <= metres(page) <= middle.max() * 1.05
    assert page.errors == []

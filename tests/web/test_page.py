"""The page in a real browser: what a visitor does, and what the visitor then sees."""

from __future__ import annotations

import os
import re

import numpy as np

import velodepth


def depths(nano, path):
    return [frame.depth for frame in nano.run(path)]


def metres(page) -> float:
    return float(re.fullmatch(r"([\d.]+) m", page.locator("#metres").text_content()).group(1))


def test_a_visitor_uploads_watches_moves_reads_turns_and_downloads(page, address, walk, nano, tmp_path):
    page.goto(f"http://{address}/")
    page.locator("#file").set_input_files(walk)
    page.wait_for_selector('body[data-state="done"]')
    expected = depths(nano, walk)
    assert page.locator("#marks i").count() == 1  # the start
    assert page.locator("#marks i").get_attribute("title") == "Frame 0: keyframe, start"
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
        assert archive["keyframe"].tolist() == [True] + [False] * 7
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
    assert "not a video" in page.locator("#problem").text_content()
    assert page.locator("#drop").is_visible()


def test_the_webcam_is_answered_until_it_is_stopped(page, address):
    page.goto(f"http://{address}/")  # Chromium shows a test pattern as its webcam
    page.locator("#camera").click()
    page.wait_for_function("() => document.body.dataset.shown >= 2")
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="done"]')
    assert page.locator("#mp4").get_attribute("href").endswith("/side.mp4")
    assert page.errors == []

"""The page that computes by itself, in a real browser, against the package on the same frames."""

from __future__ import annotations

import base64
import json
import re
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from velodepth.stream import content
from velodepth.stream.canvas import Canvas, to_uint8
from velodepth.stream.flow import DisFlow
from velodepth.web.static import export_page

# One worker for the whole clip, fed as local.js does; where a flow is false it finds its own.
ASK = """
async ([size, pictures, flows]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const settings = await (await fetch("settings.json")).json();
  const worker = new Worker("browser/worker.js", { type: "module" });
  const told = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.problem) reject(new Error(data.problem));
      else if (!data.status) resolve(data);
    };
  });
  worker.postMessage({ settings, folder: new URL("nano/", location.href).href });
  await told();
  const answers = [];
  for (let i = 0; i < pictures.length; i++) {
    const image = new ImageData(new Uint8ClampedArray(bytes(pictures[i])), ...size);
    const flow = flows[i] ? new Float32Array(bytes(flows[i]).buffer) : undefined;
    worker.postMessage({ image, flow, full: true });
    const { reason, map, camera } = await told();
    const text = new Uint8Array(map.buffer).reduce((text, byte) => text + String.fromCharCode(byte), "");
    answers.push({ reason, camera, depth: btoa(text) });
  }
  worker.terminate();
  return answers;
}
"""


def sent(array):
    return base64.b64encode(np.ascontiguousarray(array)).decode()


def asked(page, pictures, flows):
    height, width = pictures[0].shape[:2]
    opaque = [np.dstack([picture, np.full((height, width), 255, np.uint8)]) for picture in pictures]
    fields = [flow is not None and sent(flow) for flow in flows]
    told = page.evaluate(ASK, [[width, height], list(map(sent, opaque)), fields])
    for answer in told:
        answer["depth"] = np.frombuffer(base64.b64decode(answer["depth"]), np.float32).reshape(height, width)
    return told


def test_the_browser_gives_the_figures_of_the_package(page, address, clip, nano):
    other = [np.ascontiguousarray(picture[::-1]) for picture in clip[40:42]]
    flash, black = np.full_like(clip[0], 255), np.zeros_like(clip[0])
    # a slow walk, a flash, a quicker walk, a cut, and another scene after black
    pictures = [*clip[:4], flash, *clip[4:16:4], *other, black, clip[20]]
    flows = [None] * len(pictures)

    def kept(previous, current, find=DisFlow()):  # noqa: B008
        flows[len(frames)] = find(previous, current)
        return flows[len(frames)]

    stream, frames = nano.stream(flow=kept), []
    for picture in pictures:
        frames.append(stream.push(picture))
    reasons = [frame.keyframe_reason for frame in frames]
    assert flows[4] is None and flows[-1] is None and reasons[-1] == "cut"
    assert reasons.count(None) >= 4 and {"age", "moving", "cut"} < set(reasons)
    page.goto(f"http://{address}/local/")
    told = asked(page, pictures, flows)
    assert [answer["reason"] for answer in told] == reasons
    for frame, answer in zip(frames, told, strict=True):
        off = np.abs(answer["depth"] / frame.depth - 1)
        assert off.max() < 1e-2 and np.median(off) < 1e-4, f"{frame}: {off.max():.4f}"
        height, width = frame.picture.shape[:2]
        lens = [
            frame.camera.fx / width,
            frame.camera.fy / height,
            frame.camera.cx / width,
            frame.camera.cy / height,
        ]
        np.testing.assert_allclose(answer["camera"], lens, rtol=1e-3)
    assert page.errors == []


def test_the_browser_notices_a_dissolve_as_the_package_does(page, address, clip):
    one, two = clip[0].astype(float), clip[60][::-1].astype(float)
    shares = np.r_[np.zeros(10), np.linspace(0, 1, 13), np.ones(16)]
    pictures = [np.rint(one + share * (two - one)).astype(np.uint8) for share in shares]
    thumbs, dissolve = list(map(content.thumbnail, pictures)), content.Dissolve()
    expected = [dissolve.is_over(thumb) for thumb in thumbs]
    assert any(expected) and not any(expected[:16])
    page.goto(f"http://{address}/local/")
    found, shows = page.evaluate(
        """async ([size, pictures]) => {
          const { content, Dissolve, thumbnail } = await import("./browser/content.js");
          const settings = (await (await fetch("settings.json")).json()).content;
          const bytes = (text) => Uint8ClampedArray.from(atob(text), (letter) => letter.charCodeAt(0));
          const image = (text) => new ImageData(bytes(text), ...size);
          const thumbs = pictures.map((text) => thumbnail(image(text), settings.size));
          const dissolve = new Dissolve(settings);
          const over = thumbs.map((thumb) => dissolve.isOver(thumb));
          return [over, thumbs.map((thumb) => content(thumb, settings))];
        }""",
        [[320, 240], [sent(np.dstack([p, np.full((240, 320), 255, np.uint8)])) for p in pictures]],
    )
    assert found == expected
    np.testing.assert_allclose(shows, list(map(content.content, thumbs)), rtol=1e-2)


def test_its_own_flow_is_near_that_of_the_package(page, address, clip, nano):
    canvas = Canvas.of(320, 240, nano.spec)
    grey = np.array([0.299, 0.587, 0.114])
    pairs = [(clip[i], clip[j]) for i, j in ((0, 1), (0, 3), (30, 31))]
    page.goto(f"http://{address}/local/")
    for before, now in pairs:
        small = [to_uint8(canvas.fill(picture)) for picture in (before, now)]
        true = DisFlow()(*small)
        luma = [np.rint(picture @ grey).astype(np.uint8) for picture in small]
        found = page.evaluate(
            """async ([before, now, height, width]) => {
              const { inverseSearch } = await import("./browser/flow.js");
              const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
              const flow = inverseSearch(bytes(before), bytes(now), height, width);
              return Array.from(flow, (x) => Math.round(1000 * x));
            }""",
            [*map(sent, luma), canvas.height, canvas.width],
        )
        found = np.array(found).reshape(true.shape) / 1000
        distance = np.hypot(*(found - true))
        length = np.median(np.hypot(*true))
        assert np.median(distance) < 0.25 + 0.1 * length and np.mean(distance > 2) < 0.15


@contextmanager
def plain(folder):
    """A web server that knows nothing of us; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_the_exported_page_works_without_our_server(page, tmp_path, walk):
    export_page(tmp_path / "below/site")
    assert json.loads((tmp_path / "below/site/settings.json").read_text())["engine"] == "browser"
    with plain(tmp_path) as address:
        page.goto(f"{address}below/site/")
        page.locator("#file").set_input_files(walk)
        page.wait_for_function("() => document.body.dataset.shown >= 3")
        page.locator("#stop").click()
        page.wait_for_selector('body[data-state="done"]')
        assert page.locator("#marks i").count() >= 1
        assert page.locator("#facts").text_content().count("in this browser") == 1
        assert page.errors == []


def problem(page, file):
    """What the page says of a file, or of a computation that cannot begin."""
    page.locator("#file").set_input_files(file)
    page.wait_for_selector("#problem:visible")
    assert page.locator("#drop").is_visible()
    return page.locator("#problem").text_content()


def test_what_the_browser_cannot_play_is_told_by_name(page, address, sound, tmp_path):
    (tmp_path / "notes.txt").write_text("no video at all")
    page.goto(f"http://{address}/local/")
    assert "notes.txt" in problem(page, tmp_path / "notes.txt")
    page.reload()
    assert problem(page, sound).startswith("sound.mp4 has no video in it")
    assert page.errors == []


@pytest.mark.parametrize("missing", ["browser/worker.js", "nano/look.onnx", "vendor/*.wasm"])
def test_a_network_that_does_not_start_is_told(page, address, walk, missing):
    page.route(f"**/{missing}", lambda route: route.abort())
    page.goto(f"http://{address}/local/")
    assert re.search("start", problem(page, walk))


def test_a_picture_that_is_never_found_ends_the_wait(page, address, walk):
    page.add_init_script(
        "Object.defineProperty(HTMLMediaElement.prototype, 'currentTime', { set() {}, get() { return 0; } });"
        "const later = setTimeout; window.setTimeout = (react, wait) => later(react, wait / 100);"
    )
    page.goto(f"http://{address}/local/")
    assert "finds no picture at 0.02 s of walk.mp4" in problem(page, walk)


def test_a_browsers_own_recording_which_says_no_length_is_taken(page, address, tmp_path):
    page.goto(f"http://{address}/local/")
    recording = page.evaluate(
        """async () => {
          const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
          [canvas.width, canvas.height] = [320, 240];
          const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm" });
          const parts = [];
          recorder.ondataavailable = ({ data }) => parts.push(data);
          recorder.start();
          for (let k = 0; k < 10; k++) {
            context.fillStyle = `hsl(${36 * k} 60% 50%)`;
            context.fillRect(20 * k, 10 * k, 100, 100);
            await new Promise((done) => setTimeout(done, 50));
          }
          recorder.stop();
          await new Promise((done) => { recorder.onstop = done; });
          const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
          return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
        }"""
    )
    (tmp_path / "recording.webm").write_bytes(base64.b64decode(recording))
    page.locator("#file").set_input_files(tmp_path / "recording.webm")
    page.wait_for_function("() => document.body.dataset.shown >= 1")
    assert int(page.locator("#time").get_attribute("max")) >= 3
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="done"]')


def test_a_computation_that_still_loads_can_be_stopped(page, address, walk):
    page.route("**/nano/*.safetensors", lambda route: None)
    page.goto(f"http://{address}/local/")
    page.locator("#file").set_input_files(walk)
    page.locator("#stop").click()
    page.wait_for_selector('body[data-state="start"]')


def test_a_file_chosen_while_the_page_still_loads_is_taken(page, address, walk):
    held = []
    page.route("**/settings.json", lambda route: held.append(route))  # main.js waits for it before it listens
    page.goto(f"http://{address}/local/", wait_until="commit")
    while not held:
        page.wait_for_timeout(20)
    assert page.locator("#start").get_attribute("inert") is not None  # nothing else can be chosen yet
    page.locator("#file").set_input_files(walk)
    held[0].continue_()
    page.wait_for_function("() => document.body.dataset.shown >= 0")
    assert page.errors == []


def test_a_page_opened_as_a_file_says_what_it_needs(page, tmp_path):
    export_page(tmp_path / "site")
    page.goto((tmp_path / "site/index.html").as_uri())
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('#where')).visibility === 'visible'"
    )
    assert "http.server" in page.locator("#where").inner_text()

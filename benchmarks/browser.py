"""How fast is `nano` in a browser, without any server?

    python benchmarks/browser.py [--one-thread]

Serves the page of `velodepth web`, opens it in headless Chromium (Debian's), and lets its own engine compute
the packaged demo clip, 640 x 480: seeking in the file, canvas, flow, ONNX Runtime's WebAssembly, depth map.
Nothing is drawn, since Chromium without a screen draws on the processor. Frames/s after the first ten.
Nothing else should run on the machine. Needs the extra `web`, playwright and chromium.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import uvicorn
from playwright.sync_api import sync_playwright

import velodepth
from velodepth.web.app import create_app
from velodepth.web.static import export_page

WARM = 10
COMPUTE = """
async () => {
  const { LocalEngine } = await import("./local.js");
  const settings = await (await fetch("settings.json")).json();
  const file = new File([await (await fetch("demo.mp4")).blob()], "demo.mp4");
  const frames = [];
  await new Promise((done, fail) => new LocalEngine(settings).video(file, {
    status() {}, expect() {}, done, problem: (sentence) => fail(new Error(sentence)),
    frame({ keyframe }) { frames.push([performance.now() / 1000, keyframe !== null]); },
  }));
  return { frames, isolated: crossOriginIsolated, version: navigator.userAgent };
}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(one_thread: bool) -> Iterator[str]:
    """The page's address: from `velodepth web`, or as plain files without the headers that threads need."""
    if one_thread:
        with tempfile.TemporaryDirectory() as folder:
            export_page(Path(folder) / "site")
            server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=f"{folder}/site"))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()
        return
    app = uvicorn.Server(uvicorn.Config(create_app(velodepth.load()), port=0, log_level="error"))
    threading.Thread(target=app.run, daemon=True).start()
    while not app.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{app.servers[0].sockets[0].getsockname()[1]}/local/"
    app.should_exit = True


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--one-thread", action="store_true", help="as plain files on any web server")
    options = parser.parse_args()
    print(__doc__)
    with served(options.one_thread) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-quic"]
        )
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(address)
        told = page.evaluate(COMPUTE)
        browser.close()
    times, keyframes = np.array(told["frames"]).T
    rate = (len(times) - 1 - WARM) / (times[-1] - times[WARM])
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"velodepth {velodepth.__version__}, {machine}, {told['version'].split(' ')[-2]}")
    threads = "threads" if told["isolated"] else "one thread"
    print(f"{rate:.1f} frames/s over {len(times) - WARM} frames, {threads}, keyframes {keyframes.mean():.3f}")


if __name__ == "__main__":
    main()

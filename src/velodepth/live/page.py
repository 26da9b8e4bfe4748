"""Live depth as a page on this machine: Motion JPEG over HTTP, nothing to install."""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

from ..errors import VeloDepthError
from .outputs import Output

BOUNDARY = "velodepth-frame"
QUALITY = 85  # of the JPEGs
MOST_VIEWERS = 8
PATIENCE = 0.2  # seconds; a wait without an end cannot be interrupted on Windows
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>VeloDepth live</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark">
<style>
html { font: 15px/1.45 system-ui, sans-serif; color: #e8eaed; background: #131519; }
body { margin: 0; height: 100vh; display: flex; flex-direction: column; }
header { display: flex; gap: 1.5rem; padding: 1rem 1.5rem; }
h1 { margin: 0; font-size: 1.1rem; font-weight: 600; }
p { margin: 0; color: #98a0ab; font-variant-numeric: tabular-nums; }
img { flex: 1; min-height: 0; margin: 0 1.5rem 1.5rem; background: #0b0c0f; object-fit: contain; }
</style>
<header><h1>VeloDepth live</h1><p id="status"></p></header>
<img src="stream.mjpeg" alt="Picture beside depth">
<script>
const status = document.getElementById("status");
setInterval(async () => {
  try { status.textContent = (await (await fetch("status.json")).json()).status; }
  catch { status.textContent = "It has ended."; }
}, 1000);
</script></html>
"""


class Page(Output):
    """A page with the newest picture. A viewer that is slow misses pictures and is never late.

    GET / is the page, /stream.mjpeg the pictures, /status.json what `tell` was told last; at most eight
    viewers. port 0: any free one; `url` says which. Raises VeloDepthError where it cannot listen.
    """

    closed = False

    def __init__(self, host: str, port: int) -> None:
        self._changed = threading.Condition()
        self._jpeg, self._number, self._ended = b"", 0, False
        self._viewers = 0
        self._status = "Starting"
        try:
            self._server = _Server((host, port), self)
        except OSError as error:
            raise VeloDepthError(
                f"cannot listen on {host}, port {port} ({error.strerror}): choose another --port or --host"
            ) from error
        self.url = f"http://{host}:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, name="velodepth page", daemon=True).start()

    def show(self, picture: np.ndarray) -> None:
        if not self._viewers:
            return
        _, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        with self._changed:
            self._jpeg, self._number = jpeg.tobytes(), self._number + 1
            self._changed.notify_all()

    def wait(self) -> None:
        """Returns once the first viewer has come, or raises KeyboardInterrupt."""
        with self._changed:
            while not self._viewers:
                self._changed.wait(PATIENCE)

    def tell(self, status: str) -> None:
        self._status = status

    def close(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    @property
    def status(self) -> str:
        return self._status

    def enter(self) -> bool:
        """One more viewer; False where there are too many."""
        with self._changed:
            self._viewers += 1
            self._changed.notify_all()
            return self._viewers <= MOST_VIEWERS

    def leave(self) -> None:
        with self._changed:
            self._viewers -= 1

    def after(self, number: int) -> tuple[int, bytes] | None:
        """The newest picture, once there is a newer one than `number`; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or self._ended)
            return None if self._ended else (self._number, self._jpeg)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], page: Page) -> None:
        self.page = page
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A viewer who leaves is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer("text/html; charset=utf-8", PAGE.encode())
        elif self.path == "/status.json":
            self._answer("application/json", json.dumps({"status": self.server.page.status}).encode())
        elif self.path == "/stream.mjpeg":
            self._stream()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _stream(self) -> None:
        page = self.server.page
        try:
            if not page.enter():
                self.send_error(
                    HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_VIEWERS} viewers are watching already"
                )
                return
            self._head(f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            number = 0
            while (picture := page.after(number)) is not None:
                number, jpeg = picture
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
        finally:
            page.leave()

    def _answer(self, kind: str, body: bytes) -> None:
        self._head(kind, {"Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in {"Content-Type": kind, **HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Not into the terminal."""

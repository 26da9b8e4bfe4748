"""Live depth as a page on this machine: Motion JPEG over HTTP, served as the page of `velodepth web` is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ..web.serving import Guard, listen, server, url_of
from .outputs import Output

PAGE = Path(__file__).parent / "static"
BOUNDARY = "velodepth-frame"
QUALITY = 85  # of the JPEGs
MOST_VIEWERS = 8
PATIENCE = 0.2  # seconds; a wait without an end cannot be interrupted on Windows


class Page(Output):
    """A page with the newest picture. A viewer that is slow misses pictures and is never late.

    GET / is the page, /stream.mjpeg the pictures, /status.json what `tell` was told last; at most eight
    viewers, one that takes nothing is cut off. port 0: any free one; `url` says which. allowed: names of this
    server besides its address, as of `web.serving.Guard`. Raises VeloDepthError where it cannot listen.
    """

    closed = False

    def __init__(self, host: str, port: int, allowed: Iterable[str] = ()) -> None:
        self._jpeg, self._number, self._ended = b"", 0, False
        self._viewers = 0
        self._status = "Starting"
        routes = [
            Route("/status.json", self._tell),
            Route("/stream.mjpeg", self._stream),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        listener = listen(host, port)
        self.url = url_of(listener)
        self._ready, self._came = threading.Event(), threading.Event()
        self._server = server(Guard(Starlette(routes=routes, lifespan=self._lifespan), allowed))
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="velodepth page", daemon=True
        )
        self._thread.start()
        self._ready.wait()

    def show(self, picture: np.ndarray) -> None:
        if self._viewers:
            _, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            self._loop.call_soon_threadsafe(self._arrived, jpeg.tobytes())

    def wait(self) -> None:
        """Returns once the first viewer has come, or raises KeyboardInterrupt."""
        while not self._came.wait(PATIENCE):
            pass

    def tell(self, status: str) -> None:
        self._status = status

    def close(self) -> None:
        if not self._ended:
            self._ended = True
            self._loop.call_soon_threadsafe(self._arrived, self._jpeg)
            self._server.should_exit = True
            self._thread.join()

    # In the server's thread

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        yield

    def _arrived(self, jpeg: bytes) -> None:
        self._jpeg, self._number = jpeg, self._number + 1
        self._news.set()
        self._news = asyncio.Event()

    async def _tell(self, request: Request) -> Response:
        return JSONResponse({"status": self._status})

    async def _stream(self, request: Request) -> Response:
        if self._viewers >= MOST_VIEWERS:
            return JSONResponse({"error": f"{MOST_VIEWERS} viewers are watching already"}, 503)
        return StreamingResponse(self._parts(), media_type=f"multipart/x-mixed-replace; boundary={BOUNDARY}")

    async def _parts(self) -> AsyncIterator[bytes]:
        self._viewers += 1
        self._came.set()
        try:
            number = self._number
            while True:
                while self._number == number and not self._ended:
                    await self._news.wait()
                if self._ended:
                    return
                number, jpeg = self._number, self._jpeg
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                yield head.encode() + jpeg + b"\r\n"
        finally:
            self._viewers -= 1

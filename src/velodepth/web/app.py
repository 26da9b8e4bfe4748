"""The server: the page, uploads, and depth over WebSockets."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.requests import ClientDisconnect, HTTPConnection

from .. import __version__
from ..errors import VeloDepthError
from ..media.locks import scratch
from ..presets import DEMO_CLIP, Model, load
from ..presets.catalogue import NANO
from .limits import Limits
from .serving import Guard
from .settings import browser_settings, server_settings
from .static import PAGE
from .streams import Refused, Streams, VisitorStream

Result = TypeVar("Result")


def create_app(model: Model, limits: Limits | None = None, allowed: Iterable[str] = ()) -> FastAPI:
    """The server of one model, which all visitors share; each has a depth stream of its own.

    GET /                     the page; /local/ is the same page that computes in the browser
    POST /streams?name=NAME   a video file as the body -> 201 {"id", "frames", "rate"}; messages call it NAME
    WS /streams/ID            its frames, `wire.packed`, then {"done": ...}; or {"error": sentence}
    WS /webcam                {"id"}, then pictures in and frames out, one by one; the end is the same
                              (the text "stop" ends either before its time)
    GET /streams/ID/side.mp4  picture beside depth, once it is done, as long as the socket is open

    What a visitor sent and what was made of it lies in a temporary folder and goes when the socket closes.
    One visitor's frame is computed at a time, in turn, so that none waits for another one's whole video.
    allowed: names of this server besides its address, as of `Guard`.
    """
    limits = limits or Limits()
    turn = asyncio.Lock()  # fair: first come, first served

    async def in_turn(function: Callable[..., Result], *arguments: Any) -> Result:
        async with turn:
            return await asyncio.to_thread(function, *arguments)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # What a server that was killed has kept goes now.
        with scratch(Path(tempfile.gettempdir()) / "velodepth-web") as folder:
            app.state.streams = Streams(model, folder, limits)
            yield
            app.state.streams.end_all()

    app = FastAPI(title="VeloDepth", version=__version__, lifespan=lifespan, openapi_url=None)
    app.add_middleware(Guard, allowed=allowed)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 429)

    @app.exception_handler(VeloDepthError)
    async def unusable(_: Request, error: VeloDepthError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 422)

    @app.post("/streams", status_code=201)
    async def upload(request: Request, name: str = "the video") -> Response:
        streams: Streams = app.state.streams
        stream = streams.start(_address(request), name[:100])
        try:
            if not await _received(request, stream, limits):
                streams.end(stream)
                most = limits.upload_bytes // 2**20
                return JSONResponse({"error": f"{stream.name} is too large: give at most {most} MB"}, 413)
            facts = await in_turn(stream.check)
        except ClientDisconnect:
            streams.end(stream)
            return Response(status_code=400)  # which nobody reads
        except BaseException:
            streams.end(stream)
            raise
        # By its name, as the timer lives on when the stream has long been watched and is gone.
        asyncio.get_running_loop().call_later(limits.unopened, streams.end_unopened, stream.id)
        return JSONResponse(facts, 201)

    @app.websocket("/streams/{id}")
    async def watch(socket: WebSocket, id: str) -> None:
        await socket.accept()
        streams: Streams = app.state.streams
        stream = streams.find(id)
        if stream is None or stream.taken:
            await _say(socket, {"error": "this video is not here any more: drop it again"})
            return
        stream.taken = True

        async def play() -> None:
            frames, told = stream.frames(), asyncio.create_task(_picture(socket))
            told.add_done_callback(lambda task: task.cancelled() or task.exception())  # it may end unasked
            try:
                while not told.done() and (message := await in_turn(next, frames, None)) is not None:
                    await socket.send_bytes(message)
                if told.done():
                    told.result()  # raises if the visitor has gone
            finally:
                told.cancel()

        await _attend(socket, streams, stream, play)

    @app.websocket("/webcam")
    async def webcam(socket: WebSocket) -> None:
        await socket.accept()
        streams: Streams = app.state.streams
        try:
            stream = streams.start(_address(socket), "the webcam")
        except Refused as error:
            await _say(socket, {"error": str(error)})
            return
        stream.taken = True

        async def converse() -> None:
            await socket.send_text(json.dumps({"id": stream.id}))
            while not stream.full and (picture := await _heard(_picture(socket), stream, limits)) is not None:
                if len(picture) > limits.picture_bytes:
                    raise VeloDepthError("the webcam sent too large a picture: choose a smaller size")
                await socket.send_bytes(await in_turn(stream.answer, picture))

        await _attend(socket, streams, stream, converse)

    async def _attend(
        socket: WebSocket, streams: Streams, stream: VisitorStream, work: Callable[[], Any]
    ) -> None:
        """Does the work, says how it ended, and keeps the recording until the visitor has gone."""
        with suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: sending after it has gone
            try:
                await work()
                await socket.send_text(json.dumps(await in_turn(stream.finish)))
                while True:
                    await _picture(socket)  # one may still be on its way
            except VeloDepthError as error:
                await _say(socket, {"error": str(error)})
            finally:
                streams.end(stream)

    @app.get("/streams/{id}/side.mp4")
    async def recording(id: str) -> Response:
        stream = app.state.streams.find(id)
        if stream is None or not stream.recording.is_file():
            return JSONResponse({"error": "there is no such recording, or not yet"}, 404)
        return FileResponse(stream.recording, media_type="video/mp4", filename="velodepth.mp4")

    @app.get("/demo.mp4")
    async def demo() -> FileResponse:
        return FileResponse(DEMO_CLIP, media_type="video/mp4")

    nano = model if model.name == "nano" else load("nano")
    app.add_api_route("/settings.json", lambda: server_settings(model, limits))
    app.add_api_route("/local/settings.json", lambda: browser_settings(nano, limits))
    app.add_api_route("/local/demo.mp4", demo)
    app.add_api_route("/local", lambda: RedirectResponse("local/"))
    app.mount("/local/nano", StaticFiles(directory=NANO))
    app.mount("/local", StaticFiles(directory=PAGE, html=True))
    app.mount("/", StaticFiles(directory=PAGE, html=True))
    return app


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


async def _received(request: Request, stream: VisitorStream, limits: Limits) -> bool:
    """Writes the body to the stream's file; False, and no more of it is read, once it is too long."""
    size, body, begin = 0, request.stream(), time.monotonic()
    with stream.upload.open("wb") as file:
        while (chunk := await _heard(anext(body, None), stream, limits)) is not None:
            size += len(chunk)
            if size > limits.upload_bytes:
                return False
            seconds = time.monotonic() - begin
            if seconds > limits.silent and size < limits.upload_rate * seconds:
                raise VeloDepthError(f"{stream.name} comes too slowly: give a smaller video")
            file.write(chunk)
    return True


async def _heard(coming: Awaitable[Result], stream: VisitorStream, limits: Limits) -> Result:
    """What comes next; VeloDepthError where it does not: a visitor who is silent holds a place of few."""
    try:
        return await asyncio.wait_for(coming, limits.silent)
    except asyncio.TimeoutError:  # another class than TimeoutError before Python 3.11
        raise VeloDepthError(f"{stream.name} sent nothing for {limits.silent:g} s: start again") from None


async def _picture(socket: WebSocket) -> bytes | None:
    """The next picture of a webcam; None at the text "stop"."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    return message.get("bytes")


async def _say(socket: WebSocket, message: dict[str, str]) -> None:
    """The last message."""
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(json.dumps(message))
        await socket.close()

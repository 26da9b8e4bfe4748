"""How pages are served, those of `web` as that of `live`: to whom, and how long anybody may take.

Any page in any browser can send requests to this machine, and a page whose name is made to lead here (DNS
rebinding) can read the answers. So a request must be for a name that is ours, and come from our own page or
from none. Strangers that connect and say nothing, or take nothing, are cut off.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ..errors import VeloDepthError

CONNECTIONS = 256  # at once; further ones are closed at once
ASKING = 10.0  # seconds that the head of a request may take, from the first byte or from connecting
STALLED = 20.0  # seconds in which somebody must take some 48 kB of what waits to be sent
HERE = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    # Nothing from elsewhere; blob: is what the page makes itself, WebAssembly is ONNX Runtime.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; "
    "img-src 'self' blob:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'",
    # The two that let WebAssembly use threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Guard:
    """Lets requests to an ASGI app through that are meant for it, and adds HEADERS to what it answers.

    The Host must be this machine's own name for itself, the address that the connection came to, or one of
    `allowed` (names without a port). The Origin, where there is one, must be that Host or one of `allowed`.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app, self._allowed = app, {name.lower() for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = self._why_not(scope)
        if scope["type"] == "websocket":
            if why is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": why})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._app if why is None else JSONResponse({"error": why}, 403)
        await answer(scope, receive, with_headers)

    def _why_not(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        asked, origin = headers.get("host", ""), headers.get("origin")
        name = _name(asked)
        own = {*HERE, *self._allowed, str((scope.get("server") or ("",))[0])}
        if name not in own:
            return f"this server is not called {name!r}: if it should be, start it with --allow-host {name}"
        if origin is not None:
            netloc = origin.partition("://")[2].lower()
            if netloc != asked.lower() and _name(netloc) not in self._allowed:
                return "this was sent by another page"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and (
            headers.get("sec-fetch-mode") != "navigate"
        ):
            return "this was sent by another page"
        return None


def _name(netloc: str) -> str:
    """A Host's or Origin's name or address in lower case, without its port; "" for what is none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


class _Hurried(asyncio.Protocol):
    """Of both protocols: who does not take what is sent to him is cut off."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        self._in_time()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._stalled:
            self._stalled.cancel()
            self._stalled = None


class _Http(_Hurried, H11Protocol):
    """Who connects, or stays connected, and does not ask is cut off, too."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since: float | None = self.loop.time()
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self.loop.call_later(ASKING, self._look)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._waiting_since = None

    def on_response_complete(self) -> None:
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:  # it is a WebSocket now
            return
        if self._waiting_since is not None and self.loop.time() - self._waiting_since >= ASKING:
            self.transport.abort()
        else:
            self.loop.call_later(ASKING / 2, self._look)


class _WebSocket(_Hurried, WebSocketsSansIOProtocol):
    pass


def server(app: ASGIApp, message_bytes: int = 2**16, proxy: str | None = None) -> uvicorn.Server:
    """What serves an app: `run(sockets=[listen(...)])`.

    message_bytes: of a WebSocket's message at most. proxy: the address of a proxy whose X-Forwarded-For is
    believed; None: nobody's is.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Http,
            ws=_WebSocket,
            log_level="error",  # what strangers send is no news
            ws_max_size=message_bytes,
            ws_ping_timeout=120,  # seconds; a page that is slow to draw is slow to answer
            ws_per_message_deflate=False,  # JPEG and float16 do not get smaller
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises VeloDepthError where the address or port is not to be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except (OSError, UnicodeError) as error:  # UnicodeError: no name of a machine, such as "a..b"
        why = error.strerror if isinstance(error, OSError) else "this is no address"
        raise VeloDepthError(
            f"cannot listen on {host}, port {port} ({why}): choose another --port or --host"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    return f"http://{shown}:{port}/"


def is_private(listener: socket.socket) -> bool:
    """Whether this machine alone reaches it."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def names(hosts: Collection[str]) -> list[str]:
    """The names of --allow-host; VeloDepthError for what is none."""
    for host in hosts:
        if not _name(host) or _name(host) != host.lower().strip("[]"):
            raise VeloDepthError(
                f"--allow-host {host} is no name: give a machine's name or address, without port"
            )
    return [_name(host) for host in hosts]

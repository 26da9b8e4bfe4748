"""`velodepth web`: depth in the browser."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ..errors import VeloDepthError
from . import options
from .failure import told


@told()
def web(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen on this address; 0.0.0.0 for all of the machine's.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: any free one.")] = 8080,
    static: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write a page that needs no server of ours instead: the browser computes."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    preset: options.Preset = "nano",
    runtime: options.Runtime = None,
    device: options.Device = None,
) -> None:
    """Serve a page: drop a video or use the webcam, see its depth.

    Without --host only this machine reaches it. There is no password, and no encryption: give --host in a
    network you trust, or put the page behind a proxy that has both. Ctrl-C ends the server; what visitors
    sent is removed when they leave.

    \b
    Examples:
      velodepth web
      velodepth web --host 0.0.0.0 --port 9000
      velodepth web --static site
    """
    if static:
        if preset != "nano":
            raise VeloDepthError(f"--static writes the preset nano alone, not {preset}: leave --preset out")
        from ..web.static import export

        export(static, overwrite)
        typer.echo(f"written to {static}: serve it with  python -m http.server --directory {static}")
        return
    try:
        import uvicorn

        from ..web.app import create_app
    except ImportError as error:
        raise VeloDepthError(
            f"velodepth web needs {error.name}: run  pip install 'velodepth[web]'"
        ) from error
    from .. import load
    from ..web.limits import Limits

    listener = _listen(host, port)
    limits = Limits()
    app = create_app(load(preset, runtime, device), limits)
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=limits.picture_bytes + 1024,
        ws_ping_timeout=120,  # seconds; a page that is slow to draw is slow to answer
        ws_per_message_deflate=False,  # JPEG and float16 do not get smaller
        timeout_graceful_shutdown=2,
    )
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    typer.echo(f"http://{shown}:{port}/  (Ctrl-C ends it)")
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        typer.echo("Whoever reaches this machine can use it.", err=True)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
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

"""`velodepth web`: depth in the browser."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ..errors import VeloDepthError, needed
from . import options
from .failure import report_errors


@report_errors()
def web(
    host: options.Host = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: any free one.")] = 8080,
    allow_host: options.AllowHost = None,
    proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Believe what a proxy at this address says of its visitors' addresses."
        ),
    ] = None,
    static: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write a page that needs no server of ours instead: the browser computes."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    preset: options.PresetOption = "nano",
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
) -> None:
    """Serve a page: drop a video or use the webcam, see its depth.

    Without --host only this machine reaches it. There is no password, and no encryption: give --host in a
    network you trust, or put the page behind a proxy that has both. It answers to its address and localhost;
    other names are given by --allow-host. Ctrl-C ends the server; what visitors sent is removed when they
    leave.

    \b
    Examples:
      velodepth web
      velodepth web --host 0.0.0.0 --port 9000
      velodepth web --allow-host depth.example.org --proxy 127.0.0.1
      velodepth web --static site
    """
    if static:
        if preset != "nano":
            raise VeloDepthError(f"--static writes the preset nano alone, not {preset}: leave --preset out")
        from ..web.static import export_page

        export_page(static, overwrite)
        typer.echo(f"written to {static}: serve it with  python -m http.server --directory {static}")
        return
    with needed("velodepth web", "web"):
        from ..web.app import create_app
        from ..web.serving import is_private, listen, names, server, url_of
    from .. import load
    from ..web.limits import Limits

    allowed = names(allow_host or [])
    listener = listen(host, port)
    limits = Limits()
    app = create_app(load(preset, runtime, device), limits, allowed)
    typer.echo(f"{url_of(listener)}  (Ctrl-C ends it)")
    if not is_private(listener):
        typer.echo("Whoever reaches this machine can use it.", err=True)
    with suppress(KeyboardInterrupt):
        server(app, limits.picture_bytes + 1024, proxy).run(sockets=[listener])

"""`velodepth demo`: the packaged clip through the packaged model."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options
from .failure import report_errors


@report_errors()
def demo(
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="PATH", help="A folder, or a file named .mp4.")
    ] = "velodepth_demo.mp4",
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
) -> None:
    """Depth of a short clip that comes with VeloDepth.

    \b
    Example:
      velodepth demo
    """
    from .. import demo_clip, load, open_source
    from ..media.writing import Options
    from .outputs import open_outputs
    from .process import process

    source, model = open_source(demo_clip()), load()
    process(source, model, open_outputs(out, "demo", ["side"], Options(overwrite=overwrite)), quiet=quiet)

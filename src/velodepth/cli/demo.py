"""`velodepth demo`: the packaged clip through the packaged model."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from ..errors import VeloDepthError
from . import options
from .failure import told

CLIP = Path(str(resources.files("velodepth"))) / "presets" / "demo.mp4"


@told()
def demo(
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE.mp4", help="What to write; replaced if it is there.")
    ] = "velodepth_demo.mp4",
    quiet: options.Quiet = False,
) -> None:
    """Depth of a short clip that comes with VeloDepth.

    \b
    Example:
      velodepth demo
    """
    from .. import load, open_source
    from ..media.writing import Options
    from .outputs import open_outputs
    from .process import process

    if not CLIP.is_file():
        raise VeloDepthError(f"{CLIP} is missing: reinstall velodepth, or try  velodepth run  on a video")
    source, model = open_source(CLIP), load()
    process(source, model, open_outputs(out, "demo", ["side"], Options(overwrite=True)), quiet=quiet)

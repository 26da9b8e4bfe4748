"""`velodepth camera`: the intrinsics of a clip, estimated."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .failure import report_errors

if TYPE_CHECKING:
    from ..media.reading import Source

GAP = 0.5  # seconds between frames that are looked at: nearer ones say the same
ROWS = ("fx", "fy", "cx", "cy", "horizontal field of view")
# python benchmarks/camera.py RGBD, with nano
MEASURED = (
    "How far frames differ is not how far they are off: on seven real sequences with known cameras, the\n"
    "focal length was off by 10 % (median), 50 % at most, and between lowest and highest in four of them."
)


@report_errors()
def camera(
    source: options.Sources,
    frames: Annotated[int, typer.Option(metavar="N", min=1, help="Look at up to N frames.")] = 16,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Write the camera to a file, for velodepth run --camera."),
    ] = None,
    overwrite: options.Overwrite = False,
    preset: options.PresetOption = "nano",
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
    rate: options.RateOption = 30.0,
    raw_size: options.RawSize = None,
) -> None:
    """Estimate focal length and centre of a clip's camera.

    SOURCE is as for velodepth run. The answer is a pinhole camera in pixels, the median of what single
    frames, up to half a second apart, say. How far they differ is printed, and how far off such estimates
    were where the truth is known. Give a calibration where you have one.

    \b
    Example:
      velodepth camera street.mp4 --save street.json
      velodepth run street.mp4 --camera street.json
    """
    import numpy as np

    from .. import Pinhole, load
    from ..media.atomic import refuse_existing, refuse_inputs
    from .progress import bar

    refuse_existing([save], overwrite)
    pictures = options.open_sources(source, raw_size, rate)
    refuse_inputs([save] if save else [], pictures.paths)
    stream = load(preset, runtime, device).stream(policy="per-frame")
    step = _step(pictures, frames)
    found = []
    with pictures, bar(pictures.name, frames) as advance:
        for picture in islice(pictures, 0, (frames - 1) * step + 1, step):
            frame = stream.push(picture.picture, picture.time)
            found.append((frame.camera.fx, frame.camera.fy, frame.camera.cx, frame.camera.cy))
            advance()
    height, width = frame.picture.shape[:2]
    fx, _, cx, _ = lenses = np.array(found).T
    angles = np.degrees(np.arctan2(cx, fx) + np.arctan2(width - cx, fx))
    median = Pinhole(*np.median(lenses, axis=1).tolist(), size=(width, height))
    typer.echo(f"{pictures.name}: {width} x {height} pixels, {len(found)} frames looked at\n")
    typer.echo(f"{'':26}{'median':>9}{'lowest':>9}{'highest':>9}")
    for name, values, unit in zip(ROWS, (*lenses, angles), ("pixels",) * 4 + ("degrees",), strict=True):
        figures = (np.median(values), values.min(), values.max())
        typer.echo(f"{name:26}{''.join(f'{figure:9.1f}' for figure in figures)}  {unit}")
    if preset == "nano":
        typer.echo(f"\n{MEASURED}")
    if save:
        median.save(save)
        typer.echo(f"\nwritten to {save}: use it with  velodepth run --camera {save}")


def _step(source: Source, frames: int) -> int:
    """Every how many frames to look at one, so that `frames` fit into the source, no more than GAP apart."""
    step = round(GAP * (source.frame_rate or 30))
    return max(1, step if source.length is None else min(step, source.length // frames))

"""`velodepth export`: the networks as ONNX files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import VeloDepthError, needed
from . import options
from .failure import report_errors, stderr

if TYPE_CHECKING:
    from ..stream.canvas import Canvas, CanvasSpec


@report_errors()
def export(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="A folder to be made, or an empty one.")
    ],
    preset: options.PresetOption = "nano",
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Pixels of the pictures; the canvas follows from them.")
    ] = None,
    canvas: Annotated[
        str | None, typer.Option(metavar="WxH", help="Pixels of the canvas itself.  [default: any]")
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the networks of a preset as ONNX files, for other runtimes.

    FOLDER gets look.onnx, carry.onnx where the network has that part, fuse.onnx, weights, and velodepth.json,
    which says what goes in and out: names, shapes, units. They are checked against PyTorch before the folder
    appears. --preset FOLDER runs them anywhere in this package; docs/export.md has OpenVINO and TensorRT.
    Needs: pip install 'velodepth[export]'

    \b
    Examples:
      velodepth export --out nano-onnx
      velodepth export --size 640x480 --out nano-640x480
      velodepth export --preset large --canvas 560x420 --out large-onnx
      velodepth export --preset depth-anything/Depth-Anything-V2-Small-hf --size 640x480 --out small
    """
    if size and canvas:
        raise VeloDepthError("--size and --canvas are both given: choose one")
    with needed("export", "export"):
        from .. import export as graphs
        from ..adapters.loading import is_network
    if is_network(preset):
        _export_foreign(preset, out, size, overwrite, quiet)
        return
    name, net, spec, licence = _network(preset)
    picture = _picture(size, spec)
    wanted = options.pixels("--canvas", canvas) if canvas else None
    if picture:
        wanted = picture.width, picture.height
    spec = replace(spec, size=wanted)
    with stderr().status(f"{name}: writing and checking", spinner="line"):
        errors = graphs.export(net, out, spec, _facts(name, licence, picture), overwrite, half=name == "nano")
    if not quiet:
        at = (
            f"a canvas of {wanted[0]}x{wanted[1]}"
            if wanted
            else f"any canvas of multiples of {spec.multiple}"
        )
        differ = ", ".join(f"{graph} {error:.1e}" for graph, error in errors.items())
        typer.echo(f"{name} for {at}; relative difference to PyTorch: {differ}; written to {out}")


def _export_foreign(spec: str, out: Path, size: str | None, overwrite: bool, quiet: bool) -> None:
    """A depth model of transformers; other networks are not ours to write."""
    from .. import __version__
    from ..adapters.exporting import write_network
    from ..adapters.loading import load_network
    from ..adapters.transformers_hub import TransformersNetwork
    from ..export import appearing

    named = load_network(spec, "cpu")
    if not isinstance(named.network, TransformersNetwork):
        raise VeloDepthError(f"{spec} is no model of transformers, and only these can be exported")
    if size is None and named.network.preparation.fit != "stretch":
        raise VeloDepthError(f"the input of {spec} depends on the pictures: give their --size WxH")
    pixels = options.pixels("--size", size) if size else (640, 480)
    facts = {"velodepth": __version__, "licence": named.licence}
    with (
        stderr().status(f"{spec}: writing and checking", spinner="line"),
        appearing(out, overwrite) as folder,
    ):
        error = write_network(named.network, folder, facts, *pixels)
    if not quiet:
        typer.echo(f"{spec}; relative difference to PyTorch: {error:.1e}; written to {out}")


def _network(preset: str) -> tuple[str, Any, CanvasSpec, str]:
    """Name, network, canvases and licence of a preset, or of a checkpoint's path."""
    from .. import load
    from ..presets import PRESETS
    from ..presets.large import LICENCE, load_net

    if preset == "large" or (preset not in PRESETS and Path(preset).exists()):
        net, settings = load_net(None if preset == "large" else preset)
        return "large", net, settings.canvas_spec(0), LICENCE
    model = load(preset, "torch", "cpu")
    return model.name, model.runtime.net, model.spec, PRESETS[preset].licence  # type: ignore[attr-defined]


def _picture(size: str | None, spec: CanvasSpec) -> Canvas | None:
    from ..stream.canvas import Canvas

    return Canvas.of(*options.pixels("--size", size), spec) if size else None


def _facts(name: str, licence: str, picture: Canvas | None) -> dict[str, Any]:
    from .. import __version__

    facts: dict[str, Any] = {"velodepth": __version__, "preset": name, "licence": licence}
    if picture:
        facts["picture"] = {
            "width": picture.picture_width,
            "height": picture.picture_height,
            "padding": {side: getattr(picture, side) for side in ("left", "top", "right", "bottom")},
        }
    return facts

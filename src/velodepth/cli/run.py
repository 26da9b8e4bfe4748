"""`velodepth run`: depth of a video, written as it is computed."""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import VeloDepthError
from ..media.writing import KINDS, Options
from . import options
from .failure import report_errors

if TYPE_CHECKING:
    from ..media.excerpt import Excerpt
    from ..media.reading import Source
    from .process import CameraForSize


@report_errors()
def run(
    source: options.Sources,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="PATH", help="A folder, or a file whose ending tells the kind."),
    ] = ".",
    save: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="What to write; several with commas between.  [default: side]"),
    ] = None,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Show it in Rerun's viewer; --save rerun writes a file for it.")
    ] = False,
    overwrite: options.Overwrite = False,
    range_: options.Range = None,
    ply_every: options.PlyEvery = 30,
    points: options.Points = "clean",
    point_stride: options.PointStride = 1,
    camera: options.CameraFile = None,
    focal: Annotated[
        str | None,
        typer.Option(
            metavar="FX[,FY,CX,CY]",
            help="The camera's focal length and centre in pixels, instead of a file. Without either, the "
            "camera is that of the bag, or estimated.",
        ),
    ] = None,
    preset: options.PresetOption = "nano",
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
    policy: options.PolicyOption = "adaptive",
    relative: options.Relative = False,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="As live: at its own pace, looks beside the stream.")
    ] = False,
    start: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Begin there.", show_default=False)
    ] = 0.0,
    duration: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Stop after so long.", show_default=False)
    ] = None,
    stride: Annotated[
        int, typer.Option(metavar="N", min=1, help="Take every Nth frame alone.", show_default=False)
    ] = 1,
    resize: options.Resize = None,
    stills: Annotated[
        bool, typer.Option("--stills", help="The images of a folder are photos, each by itself.")
    ] = False,
    max_frames: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after N frames.", show_default=False)
    ] = None,
    no_sound: options.NoSound = False,
    rate: options.RateOption = 30.0,
    raw_size: options.RawSize = None,
    topic: options.Topic = None,
    quiet: options.Quiet = False,
) -> None:
    """Depth of every frame of a video, written as it is computed.

    SOURCE is a video file, a folder or glob of images, a ROS bag, the number of a camera, a URL, or - for
    standard input. Ctrl-C ends the run early and keeps what was written until then. Of a photo, or of a
    folder of them with --stills, each picture has outputs of its own: PHOTO-depth.png in colours, and
    PHOTO.npz with the metres; or what --save says.

    \b
    Kinds of output for --save:
      {kinds}

    \b
    Examples:
      velodepth run street.mp4
      velodepth run street.mp4 --save side,npz --out results
      velodepth run street.mp4 --out depth.mp4 --range 1,40
      velodepth run photo.jpg
      velodepth run holidays --stills --save side,glb --out depth
      velodepth run "frames/*.png" --rate 24 --focal 520
      velodepth run street.mp4 --start 12.5 --duration 4 --resize 1280x720
      velodepth run rtsp://host/stream --max-frames 900
      velodepth run recording.mcap --topic /front/image_raw --save bag
      velodepth run street.mp4 --rerun
    """
    from .. import __version__, load
    from ..media.cloud import Cloud
    from ..media.excerpt import Excerpt
    from ..media.images import Images
    from .outputs import open_outputs, open_with_rerun, stem_of
    from .photos import process_photos
    from .process import process

    near, far = options.near_far(range_)
    cloud = Cloud(points, point_stride)
    lens = _lens(camera, focal)
    box = options.pixels("--resize", resize) if resize else None
    whole = options.open_sources(source, raw_size, rate, topic)
    lens = lens or _lens_of(whole)
    kinds = [kind for several in save or [] for kind in several.split(",")]
    if stills and not isinstance(whole, Images):
        raise VeloDepthError(f"--stills is for images, and {whole.name} is none: leave it out")
    if isinstance(whole, Images) and (stills or len(whole.paths) == 1) and not rerun:
        model = load(preset, runtime, device, relative)
        process_photos(whole.paths, model, out, kinds, (near, far), cloud, lens, box, overwrite, quiet)
        return
    pictures = Excerpt(whole, start, duration, stride, box)
    model = load(preset, runtime, device, relative)
    facts = {
        "velodepth": __version__,
        "source": pictures.name,
        "preset": model.name,
        "runtime": model.runtime.name,
        "device": model.runtime.device,
        "policy": policy,
        "relative": relative,
    }
    sound = None if no_sound else pictures.sound
    inputs = [*pictures.paths, *([camera] if camera else [])]
    wanted = Options(
        near=near,
        far=far,
        points=ply_every,
        cloud=cloud,
        facts=facts,
        origin=pictures.origin,
        sound=sound,
        overwrite=overwrite,
        inputs=inputs,
    )
    outputs = out, stem_of(source), kinds, wanted
    writers = open_with_rerun(*outputs) if rerun else open_outputs(*outputs)
    process(pictures, model, writers, _shrunk(lens, pictures), policy, max_frames, quiet, realtime)


run.__doc__ = cleandoc(str(run.__doc__)).replace(
    "{kinds}", "\n  ".join(f"{kind.name:8}{kind.summary}" for kind in KINDS.values())
)


def _shrunk(lens: CameraForSize | None, pictures: Excerpt) -> CameraForSize | None:
    """The camera of the pictures of an excerpt; that of the source's own is told by `lens`."""
    if lens is None:
        return None
    return lambda width, height: pictures.shrunk(lens(*(pictures.own_size or (width, height))))


def _lens_of(source: Source) -> CameraForSize | None:
    """The camera that the source itself tells."""
    own = source.camera
    return (lambda width, height: own) if own else None


def _lens(camera: Path | None, focal: str | None) -> CameraForSize | None:
    """The camera of pictures of (width, height) pixels, None where it is to be estimated."""
    from ..cameras import Pinhole
    from ..media.camerafiles import load_camera

    if camera and focal:
        raise VeloDepthError("--camera and --focal are both given: choose one")
    if camera:
        given = load_camera(camera)
    elif focal:
        fx, *others = options.numbers("--focal", focal, "FX", "FX,FY,CX,CY")
        if not others:
            return lambda width, height: Pinhole(fx, fx, width / 2, height / 2)
        given = Pinhole(fx, *others)
    else:
        return None
    return lambda width, height: given

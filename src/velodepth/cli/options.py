"""What several commands share: options, and the source they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import VeloDepthError

if TYPE_CHECKING:
    from ..media.reading import Source

POLICIES = "adaptive, every, every:N, per-frame (nothing is carried) or published"

# The text above a command's options says what a source is.
Sources = Annotated[list[str], typer.Argument(metavar="SOURCE", hidden=True)]
RawSize = Annotated[
    str | None, typer.Option(metavar="WxH", help="Pixels of bare rgb24 pictures on standard input.")
]
RateOption = Annotated[
    float, typer.Option(metavar="FPS", help="Frames a second of images and bare pictures.")
]
Topic = Annotated[str | None, typer.Option(metavar="NAME", help="Of a ROS bag with pictures on several.")]
PresetOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="nano, large, depth-anything-v2-small, the path of a checkpoint, or a network of others.",
    ),
]
PolicyOption = Annotated[str, typer.Option(metavar="NAME", help=f"When the network looks: {POLICIES}.")]
Relative = Annotated[
    bool,
    typer.Option(
        "--relative", help="Keep the unit of a network of others that tells no metres; files say so."
    ),
]
RuntimeOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="onnx or torch; else the preset's own.")
]
DeviceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="cpu, cuda or mps; else the runtime's own.")
]
Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="The page listens there; 0.0.0.0 for all of the machine's.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Another name of this server; may be given several times."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only warnings and errors.")]
Range = Annotated[
    str | None,
    typer.Option(
        "--range",
        metavar="NEAR,FAR",
        help="Metres of the brightest and of the darkest colour; else they follow the scene.",
    ),
]
PlyEvery = Annotated[
    int, typer.Option(metavar="N", min=1, help="With --save ply or glb: points of every Nth frame.")
]
Points = Annotated[
    str,
    typer.Option(
        metavar="KIND",
        help="Of ply, glb, bag and rerun: clean (without those that hang in the air at edges), all, or none.",
    ),
]
PointStride = Annotated[
    int, typer.Option(metavar="N", min=1, help="Points of every Nth pixel of every Nth row.")
]
CameraFile = Annotated[
    Path | None,
    typer.Option(
        "--camera", metavar="FILE", help="The camera's file: JSON, or of ROS, Kalibr, COLMAP or OpenCV."
    ),
]
Resize = Annotated[
    str | None, typer.Option(metavar="WxH", help="Shrink pictures to fit into that, in their shape.")
]
NoSound = Annotated[bool, typer.Option("--no-sound", help="Leave the source's sound out of videos.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run has written.")]


def numbers(option: str, text: str, *forms: str) -> tuple[float, ...]:
    """The numbers in the value of an option, which has one of the `forms`, such as "NEAR,FAR".

    Raises VeloDepthError where they are not numbers, or not as many as a form has.
    """
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) not in [len(form.split(",")) for form in forms]:
        raise VeloDepthError(f"{option} {text} is not understood: give {' or '.join(forms)}, as numbers")
    return values


def near_far(range_: str | None) -> tuple[float | None, float | None]:
    """The ends of --range in metres, None where they follow the scene."""
    near, far = numbers("--range", range_, "NEAR,FAR") if range_ else (None, None)
    return near, far


def pixels(option: str, text: str) -> tuple[int, int]:
    """Width and height in the value of an option; VeloDepthError where it is not WIDTHxHEIGHT."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise VeloDepthError(f"{option} {text} is not understood: give WIDTHxHEIGHT, e.g. 640x480")
    return int(width), int(height)


def open_sources(
    sources: Sequence[str], raw_size: str | None, rate: float, topic: str | None = None
) -> Source:
    """The source of a command line: one word, or the image files into which the shell made a glob.

    Raises VeloDepthError as `velodepth.open_source` does, and for several words that are no image files.
    """
    from ..media.images import SUFFIXES
    from ..media.reading import open_source

    size = None if raw_size is None else pixels("--raw-size", raw_size)
    if len(sources) == 1:
        return open_source(sources[0], frame_rate=rate, raw_size=size, topic=topic)
    other = next((name for name in sources if Path(name).suffix.lower() not in SUFFIXES), None)
    if other is not None:
        raise VeloDepthError(
            f"several sources must all be images, and {other} is none: for many videos, use velodepth batch; "
            "for the name of an output, --out"
        )
    return open_source([Path(name) for name in sources], frame_rate=rate, topic=topic)

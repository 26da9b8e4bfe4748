"""Outputs by name: what can be written, and how to open it.

`with open_writer("street-side.mp4") as writer:` and `writer.write(frame)` for each frame, or `writers_for`
for several at once; `KINDS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from velodepth.errors import VeloDepthError
from velodepth.interrupts import uninterrupted
from velodepth.media.atomic import Writer, refuse_inputs

if TYPE_CHECKING:
    from velodepth.media.cloud import Cloud
    from velodepth.media.colour import Colouring
    from velodepth.media.sound import Sound
    from velodepth.media.source import Origin
    from velodepth.stream.frame import DepthFrame

__all__ = ["KINDS", "Options", "OutputKind", "Writer", "Writers", "open_writer", "writers_for"]


@dataclass(frozen=True)
class Options:
    """What the kinds can be told; each takes what concerns it."""

    near: float | None = None  # videos, rerun: metres of the brightest colour; None follows the scene
    far: float | None = None  # videos, rerun: metres of the darkest colour; None follows the scene
    points: int | Collection[int] = 30  # ply, glb: every n-th frame, or the indices
    cloud: Cloud | None = None  # ply, glb, bag, rerun: which points of a frame; None is `Cloud()`
    facts: Mapping[str, Any] = field(default_factory=dict)  # jsonl: of the run, for the first line
    origin: Origin | None = None  # bag: where the times of the source begin
    sound: Sound | None = None  # side, depth, stereo: what is heard with them, `Source.sound` of the pictures
    overwrite: bool = False  # kinds with one file a frame: delete the frames of an earlier run first
    inputs: Collection[Path] = ()  # what the run reads (`Source.paths`): no output may be one of these

    @property
    def colouring(self) -> Colouring:
        """A new painter of the range from near to far."""
        from velodepth.media.colour import Colouring

        return Colouring(self.near, self.far)


@dataclass(frozen=True)
class OutputKind:
    """One thing that can be written."""

    name: str
    ending: str  # what follows the clip's name
    summary: str
    open: Callable[[Path, Options], Writer]

    @property
    def suffix(self) -> str:
        return Path("clip" + self.ending).suffix

    @property
    def is_folder(self) -> bool:
        """Whether each frame has a file of its own, in a folder for all."""
        return "/" in self.ending


def _kind(name: str, ending: str, summary: str, home: str, told: str = "", **fixed: Any) -> OutputKind:
    """A kind whose writer is at `home`, "module:class" of this package, imported when first wanted.

    ending: what follows the clip's name; "/" for a folder of files named by their frames, NAME-kind/*.kind.
    told: the fields of `Options` that the writer takes, by the names of its arguments. fixed: further ones.
    """
    module, writer = home.split(":")
    if ending == "/":
        ending, told = f"-{name}/000000.{name}", f"overwrite {told}"

    def open(path: Path, options: Options) -> Writer:
        make = getattr(import_module(f"velodepth.media.{module}"), writer)
        return make(path, **{each: getattr(options, each) for each in told.split()}, **fixed)

    return OutputKind(name, ending, summary, open)


def _video(name: str, summary: str) -> OutputKind:
    return _kind(name, f"-{name}.mp4", summary, "depthvideo:VideoWriter", "colouring sound", layout=name)


KINDS: dict[str, OutputKind] = {
    kind.name: kind
    for kind in (
        _video("side", "video: picture beside coloured depth"),
        _video("depth", "video: coloured depth alone"),
        _video("stereo", "video: a picture for each eye, side by side"),
        _kind(
            "ffv1",
            "-depth.mkv",
            "video without loss: 16-bit grey, millimetres (65.535 m at most)",
            "losslessvideo:LosslessWriter",
        ),
        _kind(
            "png", "/", "a 16-bit picture a frame, millimetres (65.535 m at most)", "depthimages:PngWriter"
        ),
        _kind("npy", "/", "a float32 array a frame, metres", "depthimages:NpyWriter"),
        _kind(
            "npz",
            ".npz",
            "one file of arrays: depth in metres, times, keyframes, intrinsics",
            "depthclip:NpzWriter",
        ),
        _kind(
            "exr",
            "/",
            "an OpenEXR picture a frame: R, G, B in linear light, Z in metres, confidence",
            "depthimages:ExrWriter",
        ),
        _kind("tiff", "/", "a float32 TIFF a frame, metres", "depthimages:TiffWriter"),
        _kind("ply", "/", "coloured points of chosen frames, metres", "pointcloud:PlyWriter", "points cloud"),
        _kind("glb", "/", "the same as glTF 2.0, with the camera", "gltf:GlbWriter", "points cloud"),
        _kind(
            "jsonl",
            ".jsonl",
            "a line of JSON a frame: time, keyframe and reason, camera, depth percentiles",
            "sidecar:JsonLinesWriter",
            "facts",
        ),
        _kind("poses", "-poses.txt", "the camera's path: a pose a frame, in TUM's form", "poses:PosesWriter"),
        _kind(
            "bag",
            "-depth.mcap",
            "a ROS 2 bag: depth, confidence, camera and coloured points of each frame",
            "rosbag_writing:BagWriter",
            "origin cloud",
        ),
        _kind(
            "rerun",
            ".rrd",
            "a Rerun recording: picture, depth, camera, points, keyframes",
            "rerun_log:RerunWriter",
            "colouring cloud",
        ),
    )
}


def open_writer(path: str | Path, kind: str | None = None, options: Options | None = None) -> Writer:
    """Opens one output, ready to take frames.

    Without `kind` the path tells it: `clip.mp4` (side), `clip.npz`, `clip.jsonl`, `clip.mcap`, `clip.rrd`,
    and `folder/*.png` (or npy, exr, tiff, ply, glb) for a folder with a file a frame. With such a kind,
    `path` is the folder.
    Missing folders are made. Raises VeloDepthError where the kind is not known or not that of the path, and,
    before the first frame, where the path cannot be written, another run writes it, or it is one of
    `options.inputs`.
    """
    path, options = Path(path), options or Options()
    if kind is None:
        found = next((k for k in KINDS.values() if k.suffix == path.suffix.lower()), None)
        if found is None or (found.is_folder and path.stem != "*"):
            raise VeloDepthError(f"{path} does not tell what to write: give a kind of {', '.join(KINDS)}")
    else:
        found = kind_named(kind)
        if not found.is_folder and path.suffix.lower() != found.suffix:
            raise VeloDepthError(f"{path} cannot be of the kind {kind}: let its name end in {found.suffix}")
    return _opened(found, path.parent if path.stem == "*" else path, options)


def writers_for(
    folder: str | Path, stem: str, kinds: Sequence[str], options: Options | None = None
) -> Writers:
    """Opens outputs of several kinds in `folder`, named `stem` and the kind's ending, as one writer.

    Raises VeloDepthError as open_writer does; then nothing is left of the others either.
    """
    if Path(stem).name != stem or stem in ("", ".."):
        raise VeloDepthError(f"{stem!r} cannot be the name of outputs: give a file name without a folder")
    folder, options = Path(folder), options or Options()
    with ExitStack() as undo:
        writers = []
        for kind in map(kind_named, dict.fromkeys(kinds)):
            path = folder / (stem + kind.ending)
            writers.append(_opened(kind, path.parent if kind.is_folder else path, options))
            undo.callback(writers[-1].discard)
        undo.pop_all()
    return Writers(folder, writers)


def _opened(kind: OutputKind, path: Path, options: Options) -> Writer:
    refuse_inputs([path], options.inputs)
    return kind.open(path, options)


def kind_named(name: str) -> OutputKind:
    """Raises VeloDepthError where there is none of that name."""
    if name not in KINDS:
        raise VeloDepthError(f"no output is called {name!r}: choose from {', '.join(KINDS)}")
    return KINDS[name]


class Writers(Writer):
    """Several outputs as one: each frame goes to all of them, also when Ctrl-C comes meanwhile."""

    def __init__(self, path: Path, writers: Iterable[Writer]) -> None:
        self.path = path
        self.writers = list(writers)

    def write(self, frame: DepthFrame) -> None:
        with uninterrupted():
            for writer in self.writers:
                writer.write(frame)

    @property
    def written(self) -> int:
        return sum(writer.written for writer in self.writers)

    def close(self) -> None:
        """Closes all, the others too when one fails."""
        with ExitStack() as stack:
            for writer in reversed(self.writers):
                stack.callback(writer.close)

    def discard(self) -> None:
        for writer in self.writers:
            writer.discard()

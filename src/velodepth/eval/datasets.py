"""Data sets with true depth, as one table of what tells them apart.

for sequence in open_dataset("data/rgbd"):
    for frame in sequence: ...
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from ..cameras import Camera, Pinhole
from ..errors import VeloDepthError
from ..media.images import SUFFIXES
from . import calibration, decode
from .calibration import FrameCalibration
from .clips import CLIPS, clips_in
from .clips import SUFFIXES as CLIP_SUFFIXES
from .hdf5 import PUBLISHED, published_sequences
from .truth import Entry, File, Sequence, Stored, TruthFrame

__all__ = ["DATASETS", "Layout", "Sequence", "TruthFrame", "open_dataset"]

TOLERANCE = 0.02  # seconds between what belongs together, as the TUM RGB-D tools have it
LEVELS = 6  # of folders below the opened one in which sequences are looked for


@dataclass(frozen=True)
class Layout:
    """One data set. Paths are relative to a sequence's folder, whose name is {name}; {index} is a number."""

    marks: tuple[str, ...]  # globs; a folder where each finds something is a sequence
    read_depth: Callable[[bytes], np.ndarray]  # a depth file, to metres
    near: float = 0.005  # metres, smallest depth of the set
    far: float = 10  # metres, largest depth of the set
    rate: float | None = 30  # frames a second, where the files have no times
    picture: str = ""  # without its suffix; "" where text files list pictures, depth and their times
    depth: tuple[str, ...] = ()  # the first one that is there counts
    views: Callable[[Path, list[Path]], list[FrameCalibration]] | None = None  # cameras, poses, times
    camera: Camera | None = None  # where the files have none
    centre: float = 0.5  # added to cx, cy: 0.5 where the set counts the first pixel's centre as (0, 0)
    pose: Callable[[np.ndarray], np.ndarray] | None = None  # to our axes, of a pose listed with its time
    flow: str = ""  # forward flow
    read_flow: Callable[[bytes], tuple[np.ndarray, np.ndarray]] = decode.flo_flow
    hidden: tuple[str, ...] = ()  # images that are not black where flow does not lead to the same point
    gaps: bool = False  # some pictures have no depth, or lists name files that were never published
    named: str = ""  # only folders whose names begin so, where no kind is given
    within: str = ""  # only folders in a folder of this name


ICL_CAMERA = Pinhole(481.2, 480.0, 319.5, 239.5, size=(640, 480))

# The first row that fits a folder counts.
DATASETS: dict[str, Layout] = {
    # Our own simple layout (README of the development data). Principal points are taken as they are written.
    "rgbd": Layout(
        marks=("meta.json", "rgb/*"),
        read_depth=partial(decode.png_depth, per_metre=1000),
        rate=None,
        picture="rgb/{index}",
        depth=("depth/{index}.png",),
        views=calibration.rgbd,
        centre=0,
    ),
    # Bonn RGB-D Dynamic: as TUM, with its own camera (whose distortion, 3 px in the corners, is left out) and
    # poses of markers. Its depth.txt lists files that the archives lack.
    "bonn": Layout(
        marks=("rgb.txt",),
        read_depth=partial(decode.png_depth, per_metre=5000),
        camera=Pinhole(542.822841, 542.576870, 315.593520, 237.756098, size=(640, 480)),
        pose=calibration.bonn,
        gaps=True,
        named="rgbd_bonn",
    ),
    # TUM RGB-D: its authors recommend the ROS default camera, without distortion, for all sequences, since
    # depth was registered with it.
    "tum": Layout(
        marks=("rgb.txt",),
        read_depth=partial(decode.png_depth, per_metre=5000),
        camera=Pinhole(525.0, 525.0, 319.5, 239.5, size=(640, 480)),
    ),
    # ICL-NUIM in TUM's form: associations.txt, and *.gt.freiburg beside it for poses. Its y axes point up
    # (the published fy is -480), so that poses are mirrored and fy is positive here.
    "icl_nuim": Layout(
        marks=("associations.txt", "rgb/*"),
        read_depth=partial(decode.png_depth, per_metre=5000),
        camera=ICL_CAMERA,
        pose=calibration.mirrored,
    ),
    # ICL-NUIM as it was rendered (the living room): distances from the centre as text, POV-Ray cameras.
    "icl_nuim_plain": Layout(
        marks=("scene_00_*.png",),
        read_depth=partial(decode.distance_text, fx=481.2, fy=480.0, cx=319.5, cy=239.5, width=640),
        picture="scene_00_{index}",
        depth=("scene_00_{index}.depth",),
        views=calibration.icl_nuim,
        camera=ICL_CAMERA,
    ),
    # Microsoft 7-Scenes: one nominal camera for colour and depth, which were not registered: borders of
    # objects are off by some pixels. (320, 240) is meant as the middle of the picture.
    "7scenes": Layout(
        marks=("frame-*.color.*",),
        read_depth=partial(decode.png_depth, per_metre=1000, unknown=65535),
        picture="frame-{index}.color",
        depth=("frame-{index}.depth.png",),
        views=calibration.seven_scenes,
        camera=Pinhole(585.0, 585.0, 320.0, 240.0, size=(640, 480)),
        centre=0,
    ),
    # ScanNet, exported frames: depth has its own size, and a focal length 1 % off the colour camera's.
    "scannet": Layout(
        marks=("intrinsic/intrinsic_color.txt", "color/*"),
        read_depth=partial(decode.png_depth, per_metre=1000),
        picture="color/{index}",
        depth=("depth/{index}.png",),
        views=calibration.scannet,
    ),
    # KITTI raw (DATE/DRIVE) with depth completion beside or below it: the left colour camera of the drives
    # that have depth, from the first frame with depth to the last.
    "kitti": Layout(
        marks=("image_02/data/*", "../calib_cam_to_cam.txt"),
        read_depth=partial(decode.png_depth, per_metre=256),
        near=0.05,
        far=80,
        rate=10,
        picture="image_02/data/{index}",
        depth=tuple(
            f"{place}/proj_depth/groundtruth/image_02/{{index}}.png"
            for place in (".", *(f"../../{split}{{name}}" for split in ("", "train/", "val/")))
        ),
        views=calibration.kitti,
        gaps=True,
    ),
    # Virtual KITTI 2: the left camera of Scene01/clone and so on; depth in centimetres, 65535 is the sky.
    "vkitti2": Layout(
        marks=("intrinsic.txt", "extrinsic.txt", "frames/rgb/Camera_0/*"),
        read_depth=partial(decode.png_depth, per_metre=100, unknown=65535),
        near=0.05,
        far=255,
        rate=10,
        picture="frames/rgb/Camera_0/rgb_{index}",
        depth=("frames/depth/Camera_0/depth_{index}.png",),
        views=calibration.vkitti2,
        flow="frames/forwardFlow/Camera_0/flow_{index}.png",
        read_flow=decode.vkitti_flow,
    ),
    # MPI Sintel, training/final, with the depth archive unpacked over it.
    "sintel": Layout(
        marks=("frame_*.png", "../../camdata_left/{name}/*.cam"),
        read_depth=decode.dpt_depth,
        far=70,
        rate=24,
        picture="frame_{index}",
        depth=("../../depth/{name}/frame_{index}.dpt",),
        views=calibration.sintel,
        flow="../../flow/{name}/frame_{index}.flo",
        hidden=("../../occlusions/{name}/frame_{index}.png", "../../invalid/{name}/frame_{index}.png"),
        within="final",
    ),
}


def open_dataset(folder: str | Path, kind: str | None = None) -> list[Sequence]:
    """The sequences in a folder, sorted by name; a published HDF5 file counts as a folder.

    kind: a key of DATASETS, or of hdf5.PUBLISHED for HDF5 files, or "clips": plain videos, of which no depth
    is known, straight in the folder or the one that it is; None: told from the files.
    Frames are not opened here, so that a broken sequence fails when its turn comes.
    Raises VeloDepthError where there is none, or several kinds fit.
    """
    folder = Path(folder)
    if kind is not None and kind not in (*DATASETS, CLIPS):
        known = ", ".join((*DATASETS, CLIPS))
        raise VeloDepthError(f"there is no data set kind {kind!r}: choose one of {known}")
    if not folder.exists():
        raise VeloDepthError(f"there is no data folder {folder}: check the path")
    if kind == CLIPS or (folder.is_file() and folder.suffix.lower() in CLIP_SUFFIXES):
        return _clips(folder)
    if folder.is_file():
        return published_sequences(folder, kind)
    archives = sorted(folder.glob("*.hdf5"))
    if archives and (kind is None or kind in PUBLISHED):
        return [each for path in archives for each in published_sequences(path, kind, f"{path.stem}/")]
    try:
        found = dict(_find(folder, {kind: DATASETS[kind]} if kind else DATASETS))
    except OSError as error:
        raise VeloDepthError(f"{error.filename} cannot be opened ({error.strerror}): allow it") from error
    kinds = sorted(set(found.values()))
    if not found and kind is None and clips_in(folder):
        return _clips(folder)
    if not found:
        what = f"of kind {kind}" if kind else f"of any kind known here ({', '.join((*DATASETS, CLIPS))})"
        raise VeloDepthError(f"{folder} holds no sequence {what}: check the path, or unpack the data set")
    if len(kinds) > 1:
        raise VeloDepthError(f"{folder} holds sequences of {' and '.join(kinds)}: open one kind at a time")
    layout = DATASETS[kinds[0]]
    return [
        Sequence(
            path.relative_to(folder).as_posix() if path != folder else folder.resolve().name,
            kinds[0],
            layout.near,
            layout.far,
            partial(_numbered if layout.picture else _listed, path, layout),
            layout.rate,
        )
        for path in sorted(found)
    ]


def _clips(path: Path) -> list[Sequence]:
    """Raises VeloDepthError where there is no video."""
    clips = clips_in(path)
    if not clips:
        raise VeloDepthError(f"{path} holds no video: give a folder of {', '.join(CLIP_SUFFIXES)}")
    return cast("list[Sequence]", clips)  # what is measured asks a sequence for no more


def _find(folder: Path, layouts: dict[str, Layout], level: int = 0) -> Iterator[tuple[Path, str]]:
    """Folders that are sequences, and their kinds; there are no sequences within sequences."""
    for kind, layout in layouts.items():
        if _fits(folder, layout, guess=len(layouts) > 1):
            yield folder, kind
            return
    if level < LEVELS:
        for below in sorted(folder.iterdir()):
            if below.name.startswith(".") or not below.is_dir():
                continue
            yield from _find(below, layouts, level + 1)


def _fits(folder: Path, layout: Layout, guess: bool) -> bool:
    whole = folder.resolve()
    if layout.within not in ("", whole.parent.name) or (guess and not whole.name.startswith(layout.named)):
        return False
    if not all(_there(whole, mark) for mark in layout.marks):
        return False
    return not layout.gaps or not layout.depth or any(_there(whole, pattern) for pattern in layout.depth)


def _there(folder: Path, pattern: str) -> bool:
    pattern = pattern.format(name=glob.escape(folder.name), index="*")
    while pattern.startswith("../"):  # Path.glob does not climb
        folder, pattern = folder.parent, pattern[3:]
    return next(folder.glob(pattern), None) is not None


def _numbered(folder: Path, layout: Layout) -> list[Entry]:
    """Frames whose pictures, depth and flow have the same number in their names."""
    pictures = _files(folder, layout.picture, SUFFIXES)
    depths = next(filter(None, (_files(folder, pattern) for pattern in layout.depth)), {})
    numbers = sorted(pictures)
    if layout.gaps and depths:
        numbers = [number for number in numbers if min(depths) <= number <= max(depths)]
    for number in sorted(set(pictures) ^ set(depths)):
        if number not in pictures:
            raise ValueError(f"{depths[number]} has no picture: complete the sequence or remove it")
        if not layout.gaps:
            raise ValueError(f"{pictures[number]} has no depth: complete the sequence or remove it")
    flows = _files(folder, layout.flow) if layout.flow else {}
    hidden = [_files(folder, pattern) for pattern in layout.hidden]
    paths = [pictures[number] for number in numbers]
    views = layout.views(folder, paths) if layout.views and paths else [FrameCalibration()] * len(paths)
    entries = []
    for number, view in zip(numbers, views, strict=True):
        time = number / layout.rate if layout.rate else view.time
        entries.append(
            replace(
                _entry(layout, pictures[number], depths.get(number), view, time),
                flow=_stored(flows.get(number), layout.read_flow),
                hidden=tuple(Stored(File(m[number]), decode.mask) for m in hidden if number in m),
            )
        )
    return entries


def _listed(folder: Path, layout: Layout) -> list[Entry]:
    """Frames of TUM RGB-D's text files: pictures with the depth map nearest in time, and the nearest pose."""
    if (folder / "rgb.txt").exists():
        pictures, depths = (_times(folder, f"{kind}.txt", layout.gaps) for kind in ("rgb", "depth"))
        tracks, second = [folder / "groundtruth.txt"], 1.0
    else:
        pictures, depths = _associations(folder / "associations.txt")
        tracks, second = sorted(folder.glob("*.gt.freiburg")), layout.rate or 1.0
    poses = np.zeros((0, 8))
    if tracks and tracks[0].exists():
        poses = calibration.table(tracks[0], 8)
    entries = []
    for time, other in associate([*pictures], [*depths], TOLERANCE * second):
        pose = None
        if len(poses):
            nearest = poses[np.argmin(np.abs(poses[:, 0] - time))]
            if abs(nearest[0] - time) <= TOLERANCE * second:
                pose = calibration.quaternion_pose(nearest[1:])
                pose = layout.pose(pose) if layout.pose else pose
        entries.append(
            _entry(layout, pictures[time], depths[other], FrameCalibration(pose=pose), time / second)
        )
    return entries


def associate(first: list[float], second: list[float], tolerance: float) -> list[tuple[float, float]]:
    """Pairs of times at most `tolerance` apart, each time used once, nearest pairs first; sorted."""
    if not first or not second:
        return []
    there = np.sort(second)
    near = []
    for time in first:
        low, high = np.searchsorted(there, [time - tolerance, time + tolerance + 1e-9])
        near += [(abs(time - other), time, float(other)) for other in there[low:high]]
    left, right = set(first), set(second)
    pairs = []
    for _, time, other in sorted(near):
        if time in left and other in right:
            left.remove(time)
            right.remove(other)
            pairs.append((time, other))
    return sorted(pairs)


def _times(folder: Path, name: str, gaps: bool) -> dict[float, Path]:
    """ "time path" lines."""
    lines = [line.split() for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    found = {}
    for line in lines:
        if line and not line[0].startswith("#"):
            if len(line) != 2:
                raise ValueError(f"{folder / name} has a line that is no time and path: {' '.join(line)}")
            path = folder / line[1]
            if path.exists():
                found[float(line[0])] = path
            elif not gaps:
                raise ValueError(f"{folder / name} lists {line[1]}, which is missing: unpack it again")
    return found


def _associations(path: Path) -> tuple[dict[float, Path], dict[float, Path]]:
    """ "index path index path" lines, depth and colour in either order."""
    pictures: dict[float, Path] = {}
    depths: dict[float, Path] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) != 4:
            raise ValueError(f"{path} has a line that is not two indices and paths: {line}")
        for number, name in (words[:2], words[2:]):
            (depths if name.startswith("depth") else pictures)[float(number)] = path.parent / name
    return pictures, depths


def _files(folder: Path, pattern: str, suffixes: tuple[str, ...] = ("",)) -> dict[int, Path]:
    """Files whose names fit a pattern with {index} and end in one of the suffixes, by that number."""
    where, _, name = pattern.format(name=folder.resolve().name, index="\0").rpartition("/")
    home = (folder.resolve() if where.startswith("..") else folder) / where
    fits = re.compile(re.escape(name).replace("\0", "([0-9]+)") + f"(?:{'|'.join(map(re.escape, suffixes))})")
    if not home.is_dir():
        return {}
    matches = ((fits.fullmatch(path.name), path) for path in home.iterdir())
    return {int(match[1]): path for match, path in matches if match}


def _entry(
    layout: Layout, picture: Path, depth: Path | None, view: FrameCalibration, time: float | None
) -> Entry:
    camera = view.camera or layout.camera
    if camera:
        camera = replace(camera, cx=camera.cx + layout.centre, cy=camera.cy + layout.centre)
    return Entry(
        Stored(File(picture), decode.picture), _stored(depth, layout.read_depth), time, camera, view.pose
    )


def _stored(path: Path | None, how: Callable[[bytes], object]) -> Stored | None:
    return None if path is None else Stored(File(path), how)

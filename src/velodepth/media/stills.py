"""One frame to files of its own: for photos, and for `DepthFrame.save`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.media.atomic import whole
from velodepth.media.cloud import Cloud
from velodepth.media.colour import Colouring, colourise
from velodepth.media.depthclip import NpzWriter
from velodepth.media.depthimages import ExrWriter, NpyWriter, PngWriter, TiffWriter
from velodepth.media.depthvideo import columns
from velodepth.media.gltf import GlbWriter
from velodepth.media.images import encode_image
from velodepth.media.pointcloud import PlyWriter

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

NUMBERS = {each.suffix: each.save for each in (PngWriter, NpyWriter, TiffWriter, ExrWriter)}
POINTS = {each.suffix: each.save for each in (PlyWriter, GlbWriter)}
ENDINGS = (".jpg", ".npz", *NUMBERS, *POINTS)

PHOTO = {
    "depth": "-depth.png",
    "side": "-side.png",
    "stereo": "-stereo.png",
    "png": "-millimetres.png",
    **{suffix[1:]: suffix for suffix in ENDINGS[1:] if suffix != ".png"},
}
"""What can be written of a photo: the kind, as for videos, and what follows the photo's name."""


def save_frame(frame: DepthFrame, path: str | Path, cloud: Cloud | None = None) -> None:
    """Writes one frame, as `DepthFrame.save` says; a file of that name is replaced, when it is whole.

    cloud: which points, of .ply and .glb. Raises VeloDepthError for an ending that is none of `ENDINGS`, and
    where the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        with NpzWriter(path) as writer:
            writer.write(frame)
    elif suffix in NUMBERS:
        with whole(path) as temporary:
            NUMBERS[suffix](temporary, frame)
    elif suffix in POINTS:
        with whole(path) as temporary:
            POINTS[suffix](temporary, frame, cloud)
    elif suffix == ".jpg":
        save_picture(path, colourise(frame.metres, scale=True))
    else:
        raise VeloDepthError(f"{path} does not tell what to write: let it end in {', '.join(ENDINGS)}")


def save_photo(
    frame: DepthFrame,
    stem: Path,
    kinds: Collection[str],
    near: float | None = None,
    far: float | None = None,
    cloud: Cloud | None = None,
) -> None:
    """Writes what `kinds`, keys of `PHOTO`, say of one photo, to files named `stem` and what follows there.

    near, far: metres of the ends of the colours, and of the parallax. cloud: as for `save_frame`.
    Raises VeloDepthError as `save_frame`.
    """
    for kind in kinds:
        path = stem.with_name(stem.name + PHOTO[kind])
        if kind in ("depth", "side", "stereo"):
            save_picture(path, np.hstack(columns(kind, frame, Colouring(near, far))))
        else:
            save_frame(frame, path, cloud)


def save_picture(path: Path, picture: np.ndarray) -> None:
    """Writes an RGB uint8 (H, W, 3) picture as the .png or .jpg that its name says, whole or not at all."""
    with whole(path) as temporary:
        temporary.write_bytes(encode_image(path.suffix.lower(), picture))

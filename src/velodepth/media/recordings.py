"""Recordings laid out as we lay them out: pictures in rgb/, and meta.json, which tells the camera.

NAME/rgb/*.jpg or *.png     pictures, in order of their names
NAME/meta.json              {"intrinsics": {"fx", "fy", "cx", "cy"}}, or "camera" (velodepth camera --save)
                            for "intrinsics"; "fps": frames a second, where they are known; "depth_scale":
                            metres a unit of depth/*.png, 0.001 by default
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from velodepth.cameras import Camera, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.jsontext import parse_json
from velodepth.media.images import Images, images_in, read_image

PICTURES, META = "rgb", "meta.json"


class Recording(Images):
    """The pictures of such a folder, with their camera.

    `frame_rate` is what holds where meta.json tells none. Raises VeloDepthError as `Images` does, and for a
    meta.json that does not tell the camera.
    """

    def __init__(self, folder: Path, frame_rate: float) -> None:
        paths = images_in(folder / PICTURES)
        height, width = read_image(paths[0]).shape[:2]
        meta = read_meta(folder / META)
        self._camera = camera_in_meta(meta, folder / META, width, height)
        super().__init__(str(folder), paths, _rate(meta) or frame_rate)

    @property
    def camera(self) -> Camera:
        return self._camera


def is_recording(folder: Path) -> bool:
    """Whether a folder is laid out so."""
    return (folder / META).is_file() and (folder / PICTURES).is_dir()


def read_meta(path: Path) -> dict[str, Any]:
    """What meta.json says; VeloDepthError where it is not there or no JSON object."""
    try:
        meta = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VeloDepthError(f"{path} does not tell the camera ({error}): see docs/training.md") from error
    if not isinstance(meta, dict):
        raise VeloDepthError(f"{path} does not tell the camera (no JSON object): see docs/training.md")
    return meta


def camera_in_meta(meta: dict[str, Any], path: Path, width: int, height: int) -> Camera:
    """The camera in the meta.json at `path`, for pictures of a size; VeloDepthError where none is told."""
    try:
        if "camera" in meta:
            return Camera.from_dict(meta["camera"]).for_picture(width, height)
        k = meta["intrinsics"]
        return Pinhole(k["fx"], k["fy"], k["cx"], k["cy"], size=(width, height))
    except VeloDepthError as error:
        raise VeloDepthError(f"{path}: {error}") from error
    except (KeyError, TypeError) as error:
        raise VeloDepthError(f"{path} does not tell the camera ({error}): see docs/training.md") from error


def _rate(meta: dict[str, Any]) -> float | None:
    fps = meta.get("fps")
    return float(fps) if isinstance(fps, (int, float)) and not isinstance(fps, bool) and fps > 0 else None

"""Camera files as people have them: ours, ROS's, Kalibr's, COLMAP's and OpenCV's.

ROS, Kalibr and OpenCV put the centre of the first pixel at (0, 0), we and COLMAP at (0.5, 0.5): their cx and
cy come out half a pixel larger here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from velodepth.cameras import MEI, Camera, KannalaBrandt, OpenCV, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media.ros import HALF, camera_of

KINDS = "JSON as Camera.save writes it, YAML of ROS, Kalibr or OpenCV, or COLMAP's cameras.txt"
COLMAP_LINE = re.compile(r"^\s*\d+\s+[A-Z][A-Z_0-9]*\s+\d+\s+\d+(\s+\S+)+\s*$", re.MULTILINE)


def load_camera(path: str | os.PathLike[str]) -> Camera:
    """The camera in a file, recognised by what is in it.

    JSON as `Camera.save` writes it; YAML of ROS (camera_calibration, or `ros2 topic echo` of a CameraInfo),
    of Kalibr (camchain), of OpenCV (`FileStorage`, as its calibration samples write it); COLMAP's cameras.txt
    (docs/cameras.md has one of each). FILE#NAME chooses one of several: cam1 of Kalibr, an id of COLMAP.

    Raises VeloDepthError, naming the file and the field, if it cannot be read, does not hold a camera, or one
    whose model is none of ours.
    """
    name, chosen = os.fspath(path), ""
    if "#" in name and not os.path.exists(name):
        name, _, chosen = name.rpartition("#")
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise VeloDepthError(f"cannot read camera file {name} ({error.strerror}); check the path") from error
    except ValueError as error:
        raise VeloDepthError(f"camera file {name} is not text; give {KINDS}") from error
    try:
        return _camera(text, chosen)
    except VeloDepthError as error:
        raise VeloDepthError(f"camera file {name}: {error}") from error


def _camera(text: str, chosen: str) -> Camera:
    if text.lstrip().startswith("{") and not chosen:
        return Camera.from_dict(_json(text))
    if COLMAP_LINE.match(re.sub(r"(?m)^\s*#.*\n?", "", text).lstrip()):
        return _colmap(text, chosen)
    data = _yaml(text)
    cameras = {key: value for key, value in data.items() if isinstance(value, dict) and "intrinsics" in value}
    if cameras:
        return _kalibr(_one_of(cameras, chosen))
    if chosen:
        raise VeloDepthError(f"it holds one camera without a name; leave #{chosen} out")
    found = {key.lower(): value for key, value in data.items() if isinstance(key, str)}
    if "k" in found and "height" in found:
        return _ros_message(found)
    if "distortion_model" in found and "camera_matrix" in found:
        return _ros(found)
    return _opencv(found)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VeloDepthError(f"it is not JSON ({error}); write one as Camera.save does") from error


class _Loader(yaml.SafeLoader):
    """With OpenCV's matrices, which are mappings of rows, cols, dt and data."""


_Loader.add_constructor(
    "tag:yaml.org,2002:opencv-matrix", lambda loader, node: loader.construct_mapping(node, deep=True)
)


def _yaml(text: str) -> dict[Any, Any]:
    text = re.sub(r"^%YAML:1\.0\s*\n", "", text)  # OpenCV's own way to write the directive
    try:
        documents = yaml.load_all(text, _Loader)
        data = next(iter(documents), None)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise VeloDepthError(f"it is neither YAML nor JSON nor COLMAP's; give {KINDS}") from error
    if not isinstance(data, dict):
        raise VeloDepthError(f"it holds no camera; give {KINDS}")
    return data


def _one_of(cameras: Mapping[Any, Any], chosen: str) -> Any:
    names = {str(key): value for key, value in cameras.items()}
    if chosen and chosen not in names:
        raise VeloDepthError(f"it has no camera {chosen}; choose of {', '.join(names)}")
    if not chosen and len(names) > 1:
        first = next(iter(names))
        raise VeloDepthError(f"it has several cameras, {', '.join(names)}; name one as FILE#{first}")
    return names[chosen or next(iter(names))]


# ROS


def _ros(found: Mapping[str, Any]) -> Camera:
    """As camera_calibration_parsers writes it."""
    projection = found.get("projection_matrix")
    return _ros_message(
        {
            "width": found.get("image_width", 0),
            "height": found.get("image_height", 0),
            "distortion_model": found["distortion_model"],
            "d": _numbers(found, "distortion_coefficients") if found.get("distortion_coefficients") else [],
            "k": _numbers(found, "camera_matrix", 9),
            "p": _numbers(found, "projection_matrix", 12) if projection else [0.0] * 12,
        }
    )


def _ros_message(found: Mapping[str, Any]) -> Camera:
    """A CameraInfo by the names of its fields, in small letters."""
    roi = found.get("roi") or {}
    info = SimpleNamespace(
        width=int(found.get("width") or 0),
        height=int(found.get("height") or 0),
        distortion_model=str(found.get("distortion_model") or ""),
        d=_numbers(found, "d") if found.get("d") else [],
        k=_numbers(found, "k", 9),
        p=_numbers(found, "p", 12) if found.get("p") else [0.0] * 12,
        binning_x=int(found.get("binning_x") or 0),
        binning_y=int(found.get("binning_y") or 0),
        roi=SimpleNamespace(x_offset=roi.get("x_offset", 0), y_offset=roi.get("y_offset", 0)),
    )
    camera = camera_of(info)
    if camera is None:
        raise VeloDepthError("its matrix has a focal length of 0, which says that it is not calibrated")
    return camera


# Kalibr: https://github.com/ethz-asl/kalibr/wiki/supported-models


def _kalibr(found: Mapping[str, Any]) -> Camera:
    model, distortion = found.get("camera_model"), found.get("distortion_model", "none")
    size = tuple(found["resolution"]) if found.get("resolution") else None
    coefficients = _numbers(found, "distortion_coeffs") if found.get("distortion_coeffs") else []
    if model == "pinhole":
        fx, fy, cx, cy = _numbers(found, "intrinsics", 4)
        intrinsics = (fx, fy, cx + HALF, cy + HALF)
        if distortion == "none" or not any(coefficients):
            return Pinhole(*intrinsics, size=size)
        if distortion == "radtan":
            return OpenCV(*intrinsics, *coefficients[:4], size=size)
        if distortion == "equidistant":
            return KannalaBrandt(*intrinsics, *coefficients[:4], size=size)
    if model == "omni" and distortion in ("radtan", "none"):
        xi, fx, fy, cx, cy = _numbers(found, "intrinsics", 5)
        return MEI(fx, fy, cx + HALF, cy + HALF, xi, *coefficients[:4], size=size)
    raise VeloDepthError(
        f"Kalibr's {model}-{distortion} is not known; take pinhole-radtan, pinhole-equi or omni-radtan"
    )


# COLMAP: https://colmap.github.io/cameras.html

COLMAP: dict[str, tuple[int, Callable[..., Camera]]] = {
    "SIMPLE_PINHOLE": (3, lambda f, cx, cy, **size: Pinhole(f, f, cx, cy, **size)),
    "PINHOLE": (4, Pinhole),
    "SIMPLE_RADIAL": (4, lambda f, cx, cy, k, **size: OpenCV(f, f, cx, cy, k, **size)),
    "RADIAL": (5, lambda f, cx, cy, k1, k2, **size: OpenCV(f, f, cx, cy, k1, k2, **size)),
    "OPENCV": (8, OpenCV),
    "FULL_OPENCV": (12, OpenCV),
    "OPENCV_FISHEYE": (8, KannalaBrandt),
    "SIMPLE_RADIAL_FISHEYE": (4, lambda f, cx, cy, k, **size: KannalaBrandt(f, f, cx, cy, k, **size)),
    "RADIAL_FISHEYE": (5, lambda f, cx, cy, k1, k2, **size: KannalaBrandt(f, f, cx, cy, k1, k2, **size)),
}
"""Number of parameters, and the camera of them: pixel centres and order of coefficients are ours."""


def _colmap(text: str, chosen: str) -> Camera:
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    _, model, width, height, *values = _one_of({line[0]: line for line in lines}, chosen)
    if model not in COLMAP:
        raise VeloDepthError(f"COLMAP's model {model} is not known; give one of {', '.join(COLMAP)}")
    count, make = COLMAP[model]
    numbers = _numbers({model: values}, model, count)
    return make(*numbers, size=(int(width), int(height)))


# OpenCV

MATRICES = ("camera_matrix", "cameramatrix", "intrinsic_matrix", "k", "m1")
COEFFICIENTS = ("distortion_coefficients", "distcoeffs", "dist_coeffs", "dist", "d", "d1")


def _opencv(found: Mapping[str, Any]) -> Camera:
    matrix = next((name for name in MATRICES if name in found), None)
    if matrix is None:
        raise VeloDepthError(f"it holds no camera that we know; give {KINDS}")
    fx, skew, cx, _, fy, cy, *_ = _numbers(found, matrix, 9)
    if skew:
        raise VeloDepthError(f"{matrix} has a skew of {skew:g}; give a camera without")
    name = next((name for name in COEFFICIENTS if found.get(name)), None)
    distortion = _numbers(found, name) if name else []
    size = found.get("image_width"), found.get("image_height")
    whole = (int(size[0]), int(size[1])) if size[0] and size[1] else None
    intrinsics = (fx, fy, cx + HALF, cy + HALF)
    if found.get("fisheye_model"):
        return KannalaBrandt(*intrinsics, *distortion[:4], size=whole)
    if not any(distortion):
        return Pinhole(*intrinsics, size=whole)
    if any(distortion[12:]):
        raise VeloDepthError(f"{name} has tilt coefficients; calibrate with 12 numbers at most")
    return OpenCV(*intrinsics, *distortion[:12], size=whole)


def _numbers(found: Mapping[str, Any], name: str, count: int | None = None) -> list[float]:
    """The numbers of a list, of a list of lists, or of a matrix with rows, cols and data."""
    value = found[name]
    value = value.get("data") if isinstance(value, dict) else value
    flat: list[Any] = []
    for item in value if isinstance(value, list) else [None]:
        flat += item if isinstance(item, list) else [item]
    try:
        numbers = [float(item) for item in flat]  # YAML 1.1 takes 1e-5 for text
    except (TypeError, ValueError):
        raise VeloDepthError(f"{name} is {str(value)[:40]!r}; give numbers") from None
    if count is not None and len(numbers) != count:
        raise VeloDepthError(f"{name} has {len(numbers)} numbers; give {count}")
    return numbers

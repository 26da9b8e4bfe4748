"""Artists' picture files as textures: small squares with a cut-out alpha."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

Picture = NDArray[np.uint8]
SUFFIXES = (".png", ".jpg", ".jpeg", ".rgb", ".rgba", ".bw")
_SGI = (".rgb", ".rgba", ".bw")
CUT = 0.4  # the renderer leaves out what has less alpha than this


def read_picture(path: Path) -> Picture:
    """(H, W, 4) uint8 RGBA of a PNG, JPEG or SGI file. VeloDepthError names a file that is none."""
    try:
        if path.suffix.lower() in _SGI:
            with av.open(str(path), format="sgi_pipe") as container:
                return next(container.decode(video=0)).to_ndarray(format="rgba")
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, StopIteration, av.error.FFmpegError, cv2.error) as error:
        raise VeloDepthError(f"{path} is no picture ({error}); unpack the artwork anew") from error
    if image is None:
        raise VeloDepthError(f"{path} is no picture; unpack the artwork anew")
    if image.dtype == np.uint16:
        image = (image / 257).astype(np.uint8)
    codes: dict[int, Any] = {1: cv2.COLOR_GRAY2RGBA, 3: cv2.COLOR_BGR2RGBA, 4: cv2.COLOR_BGRA2RGBA}
    rgba: Picture = np.asarray(cv2.cvtColor(image, codes[1 if image.ndim == 2 else image.shape[2]]), np.uint8)
    return rgba


def squared(picture: Picture, size: int, opaque: bool) -> Picture:
    """(size, size, 4): the picture at the size of a texture.

    opaque: alpha becomes 255. Otherwise colours are averaged by their alpha, and alpha is spread so that as
    much of the surface stays as at full size: averaging alone would thin out leaves and wire.
    """
    colour = np.ascontiguousarray(picture[..., :3])
    small = np.full((size, size, 4), 255, np.uint8)
    if opaque or picture[..., 3].min() == 255:
        small[..., :3] = cv2.resize(colour, (size, size), interpolation=cv2.INTER_AREA)
        return small
    alpha = picture[..., 3].astype(np.float32) / 255
    weight = cv2.resize(alpha, (size, size), interpolation=cv2.INTER_AREA)
    paint = cv2.resize(colour * (alpha[..., None] + 1e-3), (size, size), interpolation=cv2.INTER_AREA)
    small[..., :3] = np.clip(paint / (weight[..., None] + 1e-3), 0, 255)
    edge = np.quantile(weight, 1 - np.mean(alpha >= 0.5))
    small[..., 3] = np.clip(weight * (CUT / max(edge, 0.02)), 0, 1) * 255
    return small

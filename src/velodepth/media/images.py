"""Pictures in files of their own: a folder, a glob, a list of paths or one image."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from velodepth.errors import VeloDepthError
from velodepth.media.arrays import as_picture
from velodepth.media.source import Source

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
HEAD = 1 << 16  # bytes of a file in which an animated PNG says that it is one
MOST_BYTES = 1 << 27  # of the pictures of an animation in memory
SHORTEST = 10  # milliseconds that a picture of an animation is shown; many say 0
KINDS = "jpg, png, tiff, webp or bmp"


class Images(Source):
    """Image files in the order given, one every 1 / `frame_rate` seconds.

    Read by OpenCV: turned upright by their EXIF orientation, alpha dropped, 16-bit values reduced
    to 8 by rounding, float TIFFs taken as 0..1. Of a file with many pages or an animation, the first.

    Raises:
        VeloDepthError: a file is missing (at once) or cannot be read (when its turn comes).
    """

    frame_rate: float

    def __init__(self, name: str, paths: Sequence[Path], frame_rate: float) -> None:
        for path in paths:
            if not path.is_file():
                raise VeloDepthError(f"there is no image file {path}")
        super().__init__(name, frame_rate=frame_rate, length=len(paths), paths=paths)

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        for index, path in enumerate(self.paths):
            yield index / self.frame_rate, read_image(path)

    def _frame_name(self, index: int) -> str:
        return f"frame {index} ({self.paths[index].name})"


class Animation(Source):
    """The pictures of an animated WebP or PNG, at their times; alpha dropped. By OpenCV, a part at a time.

    Raises:
        VeloDepthError: it cannot be read (when its turn comes).
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), paths=[path])
        self._path = path

    def _pictures(self) -> Iterator[tuple[float, np.ndarray]]:
        code = np.frombuffer(_bytes(self._path), np.uint8)
        index, time, count = 0, 0.0, 1
        while True:
            try:
                # One more than is used, which says whether this is the end.
                is_read, part = cv2.imdecodeanimation(code, index, count + 1)
            except cv2.error:
                is_read = False
            if not is_read or not part.frames:
                raise VeloDepthError(f"{self._path} cannot be read as an image: replace it or leave it out")
            for bgr, milliseconds in zip(part.frames[:count], part.durations, strict=False):
                yield time, np.ascontiguousarray(bgr[..., 2::-1])
                time += max(int(milliseconds), SHORTEST) / 1000
            if len(part.frames) <= count:
                return
            index += count
            count = max(1, MOST_BYTES // part.frames[0].nbytes)


def read_image(path: Path) -> np.ndarray:
    """One image file as an upright (H, W, 3) uint8 RGB picture; VeloDepthError names a file that is none."""
    rgb = decode_image(np.frombuffer(_bytes(path), np.uint8))
    if rgb is None:
        raise VeloDepthError(f"{path} cannot be read as an image: replace it or leave it out")
    try:
        return as_picture(rgb)
    except VeloDepthError as error:
        raise VeloDepthError(f"{path}: {error}") from None


def decode_image(code: np.ndarray) -> np.ndarray | None:
    """The RGB array (H, W, 3), uint8 or wider, in the bytes (N,) uint8 of an image file; None if none is."""
    try:
        bgr = cv2.imdecode(code, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if code.size else None
    except cv2.error:
        return None
    return None if bgr is None else bgr[..., ::-1]


def is_animated(path: Path) -> bool:
    """Whether an image file is an animated WebP or PNG, which its first bytes tell."""
    head = _bytes(path, HEAD)
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X":
        return bool(head[20] & 2)  # https://developers.google.com/speed/webp/docs/riff_container
    is_png = head[:8] == b"\x89PNG\r\n\x1a\n"
    return is_png and b"acTL" in head.partition(b"IDAT")[0]  # PNG, third edition, section 11.3.6.1


def _bytes(path: Path, most: int = -1) -> bytes:
    # OpenCV opens no path outside the code page on Windows, so all bytes are read here.
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise VeloDepthError(f"{path} cannot be opened: {error.strerror}") from error


def encode_image(suffix: str, picture: np.ndarray) -> bytes:
    """An RGB uint8 (H, W, 3) picture as the bytes of a ".png" or ".jpg" file."""
    _, code = cv2.imencode(suffix, picture[..., ::-1])
    return code.tobytes()


def images_in(folder: Path) -> list[Path]:
    """The images of a folder in natural order (2 before 10), hidden files and subfolders left out."""
    return sort_images(folder.iterdir(), str(folder))


def images_matching(pattern: str) -> list[Path]:
    """The images that match a glob, `**` included, in natural order."""
    return sort_images(map(Path, glob.glob(pattern, recursive=True)), pattern)


def sort_images(paths: Iterator[Path], name: str) -> list[Path]:
    images = [path for path in paths if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not images:
        raise VeloDepthError(
            f"there are no images in {name}: give {KINDS} files; velodepth batch takes folders of videos"
        )
    return sorted(images, key=natural_key)


def natural_key(path: Path) -> tuple[list[str | int], str]:
    # re.split alternates text and number, so a str is never compared with an int.
    parts: list[str | int] = [
        int(part) if index % 2 else part.lower() for index, part in enumerate(re.split("([0-9]+)", str(path)))
    ]
    return parts, str(path)

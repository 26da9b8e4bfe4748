"""Depth as numbers, one file a frame: PNG, NPY, TIFF, and EXR with the picture."""

from __future__ import annotations

import errno
import io
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from velodepth.media.atomic import FolderWriter
from velodepth.media.colour import LINEAR

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
"""x and y of red, green, blue and white (ITU-R BT.709), as sRGB has them."""


def to_millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth (H, W) in metres as uint16 millimetres, rounded; more than 65.535 m is 65535.

    The format has no other way to say it: depth that is not a positive finite number is 0.
    """
    known = (depth > 0) & (depth < np.inf)
    return np.rint(np.minimum(np.where(known, depth, 0), 65.535) * 1000.0).astype(np.uint16)


def _with_text(png: bytes, key: str, value: str) -> bytes:
    """A PNG file with one text more, behind its header. Source: PNG, third edition, section 11.3.3.2."""
    text = b"tEXt" + f"{key}\0{value}".encode("latin-1")
    header = 8 + 25  # signature and IHDR
    chunk = (len(text) - 4).to_bytes(4, "big") + text + zlib.crc32(text).to_bytes(4, "big")
    return png[:header] + chunk + png[header:]


class PngWriter(FolderWriter):
    """000000.png, ...: 16-bit grey, millimetres. See `to_millimetres` for what is beyond its range.

    The text `measure` in the file says depth or distance, as `DepthFrame.measure`.
    """

    suffix = ".png"

    @staticmethod
    def save(path: Path, frame: DepthFrame) -> None:
        _, code = cv2.imencode(".png", to_millimetres(frame.metres), [cv2.IMWRITE_PNG_COMPRESSION, 1])
        path.write_bytes(_with_text(code.tobytes(), "measure", frame.measure))


class NpyWriter(FolderWriter):
    """000000.npy, ...: float32 (H, W), metres."""

    suffix = ".npy"

    @staticmethod
    def save(path: Path, frame: DepthFrame) -> None:
        code = io.BytesIO()  # into a file, NumPy does not say why a disk refuses
        np.save(code, frame.metres)
        path.write_bytes(code.getbuffer())


class TiffWriter(FolderWriter):
    """000000.tiff, ...: float32 grey, metres, not compressed; described as measure: depth, or distance."""

    suffix = ".tiff"

    @staticmethod
    def save(path: Path, frame: DepthFrame) -> None:
        import tifffile

        code = io.BytesIO()
        text = f"measure: {frame.measure}" + ("" if frame.relative else ", metres")
        tifffile.imwrite(code, frame.metres, photometric="minisblack", metadata=None, description=text)
        path.write_bytes(code.getbuffer())


class ExrWriter(FolderWriter):
    """000000.exr, ...: picture and depth in one OpenEXR file, ZIP compressed (lossless), for compositors.

    R, G, B       half, scene-linear, Rec. 709 primaries: the picture through sRGB's curve (IEC 61966-2-1)
    Z             float, metres along the optical axis, growing away from the camera; along the ray where the
                  header's `measure` says distance (`DepthFrame.measure`)
    confidence.Y  half, as `DepthFrame.confidence`; Blender shows Z only in files that have such a layer

    There is no A: pictures are opaque, so premultiplied and straight colours are the same. Z is data, which
    nothing was multiplied into.
    """

    suffix = ".exr"

    @staticmethod
    def save(path: Path, frame: DepthFrame) -> None:
        import OpenEXR

        header = {
            "compression": OpenEXR.ZIP_COMPRESSION,
            "type": OpenEXR.scanlineimage,
            "chromaticities": REC709,
            "measure": frame.measure,
        }
        channels = {
            "RGB": LINEAR[frame.picture].astype(np.float16),
            "Z": np.ascontiguousarray(frame.metres),
            "confidence.Y": frame.confidence.astype(np.float16),
        }
        try:
            OpenEXR.File(header, channels).write(str(path))
        except RuntimeError as error:  # OpenEXR says only in words what the system refused
            full = os.strerror(errno.ENOSPC) in str(error)
            raise OSError(errno.ENOSPC if full else errno.EIO, str(error)) from error

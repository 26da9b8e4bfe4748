"""The depth of a whole clip as arrays in one file: NPZ, written frame by frame."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from array import array
from typing import IO, TYPE_CHECKING

import numpy as np

from velodepth.media.atomic import FileWriter

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame


class NpzWriter(FileWriter):
    """An .npz file for `np.load`, not compressed, of any length (zip64).

    depth       (T, H, W) float32, metres
    index       (T,) int64
    time        (T,) float64, seconds
    keyframe    (T,) bool
    intrinsics  (T, 4) float64, fx, fy, cx, cy in pixels
    camera      () str, the first frame's `Camera.to_dict` as JSON, with the lens of a camera that was given
    measure     () str, depth, or distance along the ray, which `depth` then holds (`DepthFrame.measure`)

    Depth goes to disk as it comes; a frame keeps 49 bytes in memory.
    """

    _file: IO[bytes] | None = None

    def _begin(self, frame: DepthFrame) -> None:
        self._file = self._temporary.open("w+b")
        self._archive = zipfile.ZipFile(self._file, "w")
        self._member = self._archive.open("depth.npy", "w", force_zip64=True)
        self._start = self._file.tell()
        self._shape = frame.depth.shape
        self._member.write(_header(0, self._shape))
        self._index, self._time = array("q"), array("d")
        self._keyframe, self._intrinsics = array("b"), array("d")
        self._camera = json.dumps(frame.camera.to_dict())
        self._measure = frame.measure

    def _add(self, frame: DepthFrame) -> None:
        self._member.write(np.ascontiguousarray(frame.metres, "<f4").data)
        self._index.append(frame.index)
        self._time.append(frame.time)
        self._keyframe.append(frame.is_keyframe)
        camera = frame.camera
        self._intrinsics.extend((camera.fx, camera.fy, camera.cx, camera.cy))

    def _finish(self) -> None:
        assert self._file
        self._member.close()
        self._count_frames(self._file)
        others = {
            "index": np.array(self._index),
            "time": np.array(self._time),
            "keyframe": np.array(self._keyframe, bool),
            "intrinsics": np.array(self._intrinsics).reshape(-1, 4),
            "camera": np.array(self._camera),
            "measure": np.array(self._measure),
        }
        for name, values in others.items():
            with self._archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
        self._archive.close()
        self._file.close()

    def _abandon(self) -> None:
        if self._file:
            with self._file, self._archive, self._member:
                pass

    def _count_frames(self, file: IO[bytes]) -> None:
        """Sets the number of frames in the header of depth.npy, which comes before the depth."""
        first, header = _header(0, self._shape), _header(len(self._index), self._shape)
        info = self._archive.getinfo("depth.npy")
        behind = info.file_size - len(header)
        info.CRC ^= _followed(zlib.crc32(first) ^ zlib.crc32(header), behind)
        file.seek(info.header_offset + 14)  # the CRC of a local header, APPNOTE 4.3.7
        file.write(info.CRC.to_bytes(4, "little"))
        file.seek(self._start)
        file.write(header)


def _header(frames: int, shape: tuple[int, ...]) -> bytes:
    """The head of an .npy file: as long for any number of frames, NumPy leaves room for the first axis."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": (frames, *shape)}
    )
    return head.getvalue()


def _followed(difference: int, count: int) -> int:
    """The difference of the CRC-32 of two texts, once `count` equal bytes follow both.

    A CRC is linear: the difference is multiplied by x^(8 count) modulo its polynomial (zlib's crc32_combine).
    """
    power = 1 << 23  # x^8, bits reversed as in zlib
    while count:
        if count & 1:
            difference = _times(difference, power)
        power = _times(power, power)
        count >>= 1
    return difference


def _times(a: int, b: int) -> int:
    """Product of two polynomials over GF(2), modulo that of CRC-32; bit 31 is the constant term."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (0xEDB88320 if b & 1 else 0)
    return product

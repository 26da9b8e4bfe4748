"""Reading .spm, the mesh files of SuperTuxKart.

A file is: "SP", a byte of type (low 3 bits: 1 for skinned, else still), a byte of flags (1 normals,
2 colours, 4 tangents), a box of six floats, the materials (two texture names each), then sectors of buffers
of vertices and triangles. All little-endian. The game's axes are left-handed, x right, y up, z ahead: z is
turned round.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from .parts import Part, mend_normals
from .scene import VERTEX, Mesh

_NORMALS, _COLOURS, _TANGENTS = 1, 2, 4
_WHITE = 128  # the one byte of a vertex that has no colour of its own


def read_spm(path: str | os.PathLike[str]) -> list[Part]:
    """The parts of a mesh file, right-handed, in metres as the game has them; tint is the vertex colour.

    Raises VeloDepthError where the file is missing or is none.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
        if data[:2] != b"SP":
            raise ValueError("it does not begin with SP")
        return _parts(path.stem, data)
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise VeloDepthError(f"{path} is no .spm mesh ({error}); unpack the artwork anew") from error


def _parts(name: str, data: bytes) -> list[Part]:
    skinned, flags = data[2] & 7 == 1, data[3]
    at = 4 + 6 * 4
    (count,) = struct.unpack_from("<H", data, at)
    at += 2
    materials = []
    for _ in range(count):
        textures = []
        for _ in range(2):
            length = data[at]
            textures.append(data[at + 1 : at + 1 + length].decode("latin-1").rstrip("\0"))
            at += 1 + length
        materials.append(textures)
    (sectors,) = struct.unpack_from("<H", data, at)
    at += 2
    parts = []
    for _ in range(sectors):
        (buffers,) = struct.unpack_from("<H", data, at)
        at += 2
        for _ in range(buffers):
            vertices, corners, material = struct.unpack_from("<IIH", data, at)
            first, second = materials[material]
            # joints and weights, the second pair of coordinates, the tangent: lengths that are skipped
            rest = 16 * skinned + 4 * bool(second) + 4 * bool(flags & _TANGENTS and first)
            mesh, at = _buffer(data, at + 10, vertices, corners, flags, bool(first), rest)
            parts.append(Part(name, first, mesh))
    return parts


def _buffer(
    data: bytes, at: int, vertices: int, corners: int, flags: int, mapped: bool, rest: int
) -> tuple[Mesh, int]:
    """The triangles of one buffer, and where it ends."""
    head = 12 + 4 * bool(flags & _NORMALS)
    tail = 4 * mapped + rest
    if flags & _COLOURS:
        starts = np.empty(vertices, np.int64)
        for index in range(vertices):  # a vertex is as long as its colour byte says
            starts[index] = at
            at += head + (1 if data[at + head] == _WHITE else 4) + tail
    else:
        starts = at + (head + tail) * np.arange(vertices)
        at += (head + tail) * vertices
    raw = np.frombuffer(data, np.uint8)

    def column(offset: int | NDArray[np.int64], kind: str, width: int) -> NDArray[Any]:
        size = np.dtype(kind).itemsize * width
        return raw[(starts + offset)[:, None] + np.arange(size)].view(kind)

    single = np.zeros(vertices, VERTEX)
    single["position"] = column(0, "<f4", 3)
    if flags & _NORMALS:
        ten_bits = (column(12, "<u4", 1) >> np.array([0, 10, 20], np.uint32) & 1023).astype(np.int32)
        single["normal"] = np.where(ten_bits > 511, ten_bits - 1024, ten_bits) / 511
    single["tint"] = 1
    after_colour: int | NDArray[np.int64] = head
    if flags & _COLOURS:
        white = column(head, "u1", 1)[:, 0] == _WHITE
        single["tint"][~white] = raw[(starts[~white] + head + 1)[:, None] + np.arange(3)] / 255
        after_colour = head + np.where(white, 1, 4)
    if mapped:
        single["uv"] = column(after_colour, "<f2", 2)
    single["position"][:, 2] *= -1
    single["normal"][:, 2] *= -1
    kind = np.dtype("u1") if vertices <= 255 else np.dtype("<u2")
    mesh = single[np.frombuffer(data, kind, corners, at)]
    mend_normals(mesh)
    return mesh, at + corners * kind.itemsize

"""Reading AC3D files (.ac, .acc), the tracks and cars of TORCS: text, right-handed, y up, metres."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from .parts import Part, mend_normals
from .scene import VERTEX

_POLYGON, _STRIP = 0, 4  # the low bits of a surface's flags; the others are lines


def read_ac3d(path: str | os.PathLike[str]) -> list[Part]:
    """The objects of a file that have triangles, in the order of the file, moved into the file's axes.

    Of several textures the first counts. Raises VeloDepthError where the file is missing or is none.
    """
    path = Path(path)
    try:
        lines = iter(path.read_text(encoding="latin-1").splitlines())
        if not next(lines, "").startswith("AC3D"):
            raise ValueError("it does not begin with AC3D")
        parts: list[Part] = []
        for line in lines:
            if line.startswith("OBJECT"):
                _object(lines, np.eye(4), parts)
        return parts
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise VeloDepthError(f"{path} is no AC3D file ({error}); unpack the artwork anew") from error


def _object(lines: Iterator[str], above: NDArray[np.float64], parts: list[Part]) -> None:
    """Read on behind OBJECT to the end of the object's children; `above` is the parent's axes, (4, 4)."""
    name = texture = ""
    own = np.eye(4)
    vertices = np.empty((0, 6))
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word == "name":
            name = rest.strip('"')
        elif word == "texture" and not texture and not rest.startswith("empty_texture"):
            texture = rest.split('"')[1] if '"' in rest else rest.split()[0]
        elif word == "loc":
            own[:3, 3] = _numbers([rest])
        elif word == "rot":
            own[:3, :3] = _numbers([rest]).reshape(3, 3).T
        elif word == "data":
            next(lines)
        elif word == "numvert":
            rows = [next(lines) for _ in range(int(rest))]
            values = _numbers(rows).reshape(len(rows), -1) if rows else np.empty((0, 3))
            vertices = np.zeros((len(rows), 6))  # position, normal where the file has one
            vertices[:, : values.shape[1]] = values[:, :6]
        elif word == "numsurf":
            corners, uv = _surfaces(lines, int(rest))
            if len(corners):
                mesh = np.zeros(len(corners), VERTEX)
                where = above @ own
                mesh["position"] = vertices[corners, :3] @ where[:3, :3].T + where[:3, 3]
                mesh["normal"] = vertices[corners, 3:] @ where[:3, :3].T
                mesh["uv"] = uv * (1, -1) + (0, 1)
                mesh["tint"] = 1
                mend_normals(mesh)
                parts.append(Part(name, texture, mesh))
        elif word == "kids":
            for _ in range(int(rest)):
                # Some tracks announce more objects than they have.
                if any(line.startswith("OBJECT") for line in lines):
                    _object(lines, above @ own, parts)
            return


def _surfaces(lines: Iterator[str], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """`count` surfaces cut into triangles: (3 n,) numbers of vertices and (3 n, 2) texture coordinates."""
    rows: list[str] = []
    order: list[tuple[int, int, int]] = []
    for _ in range(count):
        kind = int(next(lines).split()[1], 16) & 0xF
        line = next(lines)
        if line.startswith("mat"):
            line = next(lines)
        first, length = len(rows), int(line.split()[1])
        rows.extend(next(lines) for _ in range(length))
        for corner in range(first, first + length - 2):
            if kind == _STRIP:
                order.append((corner, corner + 1, corner + 2))
            elif kind == _POLYGON:
                order.append((first, corner + 1, corner + 2))
    if not order:
        return np.empty(0, np.int64), np.empty((0, 2))
    values = _numbers(rows)
    if len(values) % len(rows):  # rows with and without a second pair of coordinates
        values = _numbers([" ".join(row.split()[:3]) for row in rows])
    used = values.reshape(len(rows), -1)[np.array(order).ravel()]
    return used[:, 0].astype(np.int64), used[:, 1:3]


def _numbers(rows: list[str]) -> NDArray[np.float64]:
    return np.array(" ".join(rows).split(), np.float64)

"""Tracks and cars of TORCS, from the folder `torcs` of Debian's torcs-data: AC3D, SGI and PNG files."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .ac3d import read_ac3d
from .parts import Part, Scenery, Stock, TextureLook
from .pictures import Picture, read_picture, squared
from .scene import Material, Mesh, joined
from .shapes import cylinder

_CAR_TRIANGLES = 1500


class Torcs:
    """The game's artwork with pictures of `size` x `size`. folder: its `torcs`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size

    @cached_property
    def tracks(self) -> list[str]:
        """The names of the tracks."""
        folders = [path for path in self.folder.glob("tracks/*/*") if _mesh(path)]
        return sorted(f"{path.parent.name}/{path.name}" for path in folders)

    @cached_property
    def cars(self) -> list[str]:
        """The names of the cars."""
        return sorted(path.name for path in self.folder.glob("cars/*") if any(path.glob("*.acc")))

    def track(self, name: str) -> Scenery:
        """Raises VeloDepthError where a file of it is missing or is none."""
        folder = self.folder / "tracks" / name
        parts = read_ac3d(_mesh(folder) or folder / f"{folder.name}.acc")
        stock = Stock(lambda folder, name: self._look(folder, name, opaque=False))
        ground = stock.dressed(folder, parts)
        return Scenery(name, ground, _road(parts), np.stack(stock.pictures))

    def car(self, name: str) -> tuple[Mesh, list[Picture]]:
        """A car in metres, looking along +z, the ground at y = 0, and its pictures.

        Of several meshes the finest of at most 1500 triangles, else the coarsest.
        Raises VeloDepthError where a file of it is missing or is none.
        """
        folder = self.folder / "cars" / name
        paths = sorted(folder.glob("*.acc"), key=lambda path: (-path.stat().st_size, path.name))
        for path in paths:
            parts = read_ac3d(path)
            if sum(len(part.mesh) for part in parts) <= 3 * _CAR_TRIANGLES:
                break
        stock = Stock(lambda folder, name: self._look(folder, name, opaque=True))
        body = stock.dressed(folder, parts)
        for field in ("position", "normal"):
            x, y, z = body[field].T.copy()
            body[field] = np.stack([-z, y, x], axis=1)
        car = joined(body, _wheels(body))
        car["position"][:, 1] -= car["position"][:, 1].min()
        return car, stock.pictures

    def _look(self, folder: Path, name: str, opaque: bool) -> TextureLook:
        """A picture of the folder or of the game's own; the alpha of tracks is as it says, cars have none."""
        for path in (folder / name, self.folder / "data" / "textures" / name):
            if name and path.exists():
                return TextureLook(squared(read_picture(path), self.size, opaque))
        return TextureLook(np.full((self.size, self.size, 4), (150, 150, 150, 255), np.uint8))


def _mesh(folder: Path) -> Path | None:
    """The mesh of a track, if it has one."""
    return next((path for end in (".acc", ".ac") if (path := folder / f"{folder.name}{end}").exists()), None)


def _road(parts: list[Part]) -> NDArray[np.float64]:
    """(n, 3): the middle of the road, from the strips named tkMn0, tkMn1, ... along it.

    The centres of the triangles of a strip lie left and right of the middle in turn.
    """
    pieces: list[tuple[int, NDArray[np.float64]]] = []
    for part in parts:
        number = re.match(r"tkmn(\d+)", part.name, re.IGNORECASE)
        if number and len(part.mesh) >= 6:
            centres = part.mesh["position"].reshape(-1, 3, 3).mean(axis=1).astype(np.float64)
            pieces.append((int(number[1]), (centres[1:] + centres[:-1]) / 2))
    line: list[NDArray[np.float64]] = []
    for _, piece in sorted(pieces, key=lambda piece: piece[0]):
        if line and np.linalg.norm(piece[-1] - line[-1][-1]) < np.linalg.norm(piece[0] - line[-1][-1]):
            piece = piece[::-1]
        line.append(piece)
    return np.concatenate(line) if line else np.empty((0, 3))


def _wheels(body: Mesh) -> Mesh:
    """Four wheels under a car's body, which the game keeps apart."""
    low, high = body["position"].min(axis=0), body["position"].max(axis=0)
    rubber = Material(0, tint=(0, 0, 0), base=(0.06, 0.06, 0.06))
    radius, thick = 0.32, 0.2
    width, length = high[0] - low[0], high[2] - low[2]
    at = (low[0] + high[0]) / 2 + thick / 2, low[1] + 0.2, (low[2] + high[2]) / 2
    offsets = [(side * (width / 2 - 0.12), 0.0, end * length * 0.29) for side in (-1, 1) for end in (-1, 1)]
    wheels = [cylinder(radius, thick, rubber, at=np.add(at, o), roll=np.pi / 2) for o in offsets]
    return joined(*wheels)

"""What the readers of artists' files give, and how it becomes meshes with pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .pictures import CUT, Picture
from .scene import Mesh, joined


@dataclass(frozen=True)
class Part:
    """Triangles under one texture: its file name, "" for none. Layers are 0; v runs down the picture."""

    name: str
    texture: str
    mesh: Mesh


@dataclass(frozen=True)
class TextureLook:
    """How a texture is drawn: as a square picture (size, size, 4), and shining by itself or not."""

    picture: Picture
    emission: float = 0.0


class Stock:
    """Pictures that meshes share, each once.

    find: gives the look of the texture with this name for what lies in this folder, None for what is not
    drawn. The layers of the meshes that `dressed` gives count `pictures`.
    """

    def __init__(self, find: Callable[[Path, str], TextureLook | None]) -> None:
        self._find = find
        self._layers: dict[tuple[Path, str], tuple[int, float] | None] = {}
        self.pictures: list[Picture] = []

    def dressed(self, folder: Path, parts: Iterable[Part]) -> Mesh:
        """The parts as one mesh, without those that are not drawn or are all holes."""
        meshes = []
        for part in parts:
            key = (folder, part.texture)
            if key not in self._layers:
                self._layers[key] = self._added(self._find(*key))
            layer = self._layers[key]
            if layer is not None:
                mesh = part.mesh.copy()
                mesh["layer"], mesh["emission"] = layer
                meshes.append(mesh)
        return joined(*meshes)

    def _added(self, look: TextureLook | None) -> tuple[int, float] | None:
        if look is None or look.picture[..., 3].max() < CUT * 255:
            return None
        self.pictures.append(look.picture)
        return len(self.pictures) - 1, look.emission


@dataclass(frozen=True)
class Scenery:
    """A track as artists made it: right-handed, y up, metres.

    ground: the mesh of the track itself. standing: what stands around, mesh and (4, 4) place.
    line: (n, 3), the middle of the road, point after point; it may leap. pictures: (n, size, size, 4).
    """

    name: str
    ground: Mesh
    line: NDArray[np.float64]
    pictures: NDArray[np.uint8]
    standing: list[tuple[Mesh, NDArray[np.float64]]] = field(default_factory=list)


def normalised(mesh: Mesh) -> Mesh:
    """The mesh with its largest side 1, its base at y = 0, the middle of its box above the origin."""
    low, high = mesh["position"].min(axis=0), mesh["position"].max(axis=0)
    mesh = mesh.copy()
    base = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    mesh["position"] = (mesh["position"] - base) / (high - low).max()
    return mesh


def mend_normals(mesh: Mesh) -> None:
    """Make the normals unit, in place; where there is none, it becomes the triangle's own."""
    a, b, c = mesh["position"].reshape(-1, 3, 3).swapaxes(0, 1)
    face = np.cross(b - a, c - a)
    size = np.linalg.norm(face, axis=1, keepdims=True)
    face = np.repeat(np.where(size > 0, face / np.maximum(size, 1e-20), [0.0, 1.0, 0.0]), 3, axis=0)
    length = np.linalg.norm(mesh["normal"], axis=1, keepdims=True)
    mesh["normal"] = np.where(length > 0.1, mesh["normal"] / np.maximum(length, 1e-20), face)

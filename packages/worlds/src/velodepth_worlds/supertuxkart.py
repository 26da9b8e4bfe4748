"""Tracks and library objects of SuperTuxKart, from the folder `data` of Debian's supertuxkart-data.

A track or library object is a folder with scene.xml or node.xml (what stands where), .spm meshes, pictures,
and materials.xml, which says whether a picture's alpha means anything: most shaders do not look at it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from .parts import Scenery, Stock, TextureLook
from .pictures import Picture, read_picture, squared
from .scene import Mesh, joined, placed
from .spm import read_spm

Attributes = dict[str, str]

_CUT_OUT = {"alphatest", "grass", "unlit"}  # shaders that leave out texels by their alpha
_UNSEEN = {"alphablend", "additive", "ghost", "decal"}  # glass, glow and smoke: no depth of their own
_NO_BODY = {"physics-only", "physicsonly", "none", "reset"}
METRES = 0.65  # one unit of the game: its barrels are 1.4 units high, its mailboxes 2.1, its pallets 2.6 wide
_SCALE = np.diag([METRES, METRES, METRES, 1.0])
_MIRROR = np.diag([1.0, 1.0, -1.0, 1.0])  # the game is left-handed; meshes come mirrored from read_spm


class SuperTuxKart:
    """The game's artwork with pictures of `size` x `size`. folder: its `data`."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size
        self._files: dict[Path, dict[str, Path]] = {}
        self._materials: dict[Path, dict[str, Attributes]] = {}
        self._squares: dict[tuple[Path, bool], Picture] = {}

    @cached_property
    def tracks(self) -> list[str]:
        """The names of the tracks that have a road."""
        return sorted(path.parent.name for path in self.folder.glob("tracks/*/quads.xml"))

    @cached_property
    def objects(self) -> list[str]:
        """The names of the library's objects."""
        return sorted(path.parent.name for path in self.folder.glob("library/*/node.xml"))

    def track(self, name: str) -> Scenery:
        """Raises VeloDepthError where a file of it is missing or is none."""
        folder = self.folder / "tracks" / name
        scene = _parsed(folder / "scene.xml")
        stock = Stock(self.look)
        main = scene.find("track")
        if main is None:
            raise VeloDepthError(f"{folder / 'scene.xml'} names no track model; unpack the artwork anew")
        ground = stock.dressed(folder, read_spm(folder / main.attrib["model"]))
        ground["position"] *= METRES
        standing = list(self._standing(folder, scene, _SCALE, stock, {}))
        line = _road(folder / "quads.xml") * METRES
        return Scenery(name, ground, line, np.stack(stock.pictures), standing)

    def object(self, name: str) -> tuple[Mesh, list[Picture]]:
        """A library object in metres, and its pictures. Raises VeloDepthError as `track` does."""
        stock = Stock(self.look)
        folder = self.folder / "library" / name
        standing = self._standing(folder, _parsed(folder / "node.xml"), _SCALE, stock, {})
        return joined(*(placed(mesh, where) for mesh, where in standing)), stock.pictures

    def look(self, folder: Path, name: str) -> TextureLook | None:
        """How a texture is drawn on what lies in this folder; a plain grey where there is no such file."""
        material = self.materials(folder).get(name.lower(), {})
        shader = material.get("shader", "solid")
        if shader in _UNSEEN:
            return None
        if shader == "splatting":  # the picture named is a map of where the layers go; the first is ground
            name = material.get("tex-layer-2", name)
        path = self._found(folder, name)
        if path is None:
            return TextureLook(np.full((self.size, self.size, 4), (150, 150, 150, 255), np.uint8))
        mask = self._found(folder, material.get("mask", ""))
        return TextureLook(self._square(path, mask, shader not in _CUT_OUT), float(shader == "unlit"))

    def _square(self, path: Path, mask: Path | None, opaque: bool) -> Picture:
        if (path, opaque) not in self._squares:
            picture = read_picture(path)
            alpha = read_picture(mask)[..., 0] if mask else picture[..., 3]
            if alpha.shape == picture.shape[:2]:
                picture[..., 3] = alpha
            self._squares[path, opaque] = squared(picture, self.size, opaque)
        return self._squares[path, opaque]

    def materials(self, folder: Path) -> dict[str, Attributes]:
        """The attributes of the materials of a folder and of the game, by the lower-case name."""
        if folder not in self._materials:
            shared = self.folder / "textures"
            known = dict(self.materials(shared)) if folder != shared else {}
            path = folder / "materials.xml"
            if path.exists():
                for element in _parsed(path).iter("material"):
                    known[element.attrib.get("name", "").lower()] = dict(element.attrib)
            self._materials[folder] = known
        return self._materials[folder]

    def _found(self, folder: Path, name: str) -> Path | None:
        """The file of this name, in any case, in the folder or else among the shared textures."""
        for place in (folder, self.folder / "textures"):
            if place not in self._files:
                self._files[place] = {path.name.lower(): path for path in sorted(place.glob("*.*"))}
            if name.lower() in self._files[place]:
                return self._files[place][name.lower()]
        return None

    def _standing(
        self,
        folder: Path,
        scene: ElementTree.Element,
        above: NDArray[np.float64],
        stock: Stock,
        known: dict[Path, Mesh],
    ) -> Iterator[tuple[Mesh, NDArray[np.float64]]]:
        """What a scene puts where, (4, 4) in our axes; `known`: the meshes read before."""
        groups: dict[str, list[Attributes]] = {}
        for group in scene.iter("group"):
            choices = [dict(item.attrib) for item in group if "model" in item.attrib]
            choices.sort(key=lambda choice: float(choice.get("lod_distance", 0)))
            groups[group.attrib.get("name", "")] = choices
        for element in (*scene.iter("static-object"), *scene.iter("object"), *scene.iter("library")):
            item = element.attrib
            if "lod_distance" in item or item.get("interaction") in _NO_BODY:
                continue
            if "Not" not in item.get("if", "Not"):  # shown only in special games, unless "isNot..."
                continue
            where = above @ _place(item)
            if element.tag == "library":
                home = self.folder / "library" / item["name"]
                if (home / "node.xml").exists():
                    yield from self._standing(home, _parsed(home / "node.xml"), where, stock, known)
                continue
            model = item.get("model", "")
            choices = groups.get(item.get("lod_group", ""), [])
            if item.get("lod_instance") == "true" and choices:
                model = choices[0]["model"]
            path = self._found(folder, model)
            if path is None or path.suffix.lower() != ".spm":
                continue
            if path not in known:
                known[path] = stock.dressed(folder, read_spm(path))
            if len(known[path]):
                yield known[path], _MIRROR @ where @ _MIRROR


def _parsed(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(path.read_bytes())
    except (OSError, ElementTree.ParseError) as error:
        raise VeloDepthError(f"{path} cannot be read ({error}); unpack the artwork anew") from error


def _place(item: Attributes) -> NDArray[np.float64]:
    """(4, 4) of the attributes scale, hpr (degrees about x, then y, then z) and xyz."""
    x, y, z = np.radians(_vector(item.get("hpr", "0 0 0")))
    turn_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    turn_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn_z @ turn_y @ turn_x * _vector(item.get("scale", "1 1 1"))
    matrix[:3, 3] = _vector(item.get("xyz", "0 0 0"))
    return matrix


def _road(path: Path) -> NDArray[np.float64]:
    """(n, 3): the middle of the front edge of each quad; a corner "3:1" is corner 1 of quad 3."""
    quads: list[NDArray[np.float64]] = []
    for element in _parsed(path).iter("quad"):
        corners = []
        for key in ("p0", "p1", "p2", "p3"):
            text = element.attrib[key]
            quad, colon, corner = text.partition(":")
            corners.append(quads[int(quad)][int(corner)] if colon else _vector(text))
        quads.append(np.array(corners))
    return np.array([(quad[2] + quad[3]) / 2 for quad in quads]) * (1, 1, -1)


def _vector(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), np.float64)

"""Artists' textures, models and tracks for worlds, from Debian packages that were unpacked into a folder.

The packages are supertuxkart-data and torcs-data (`dpkg -x FILE.deb FOLDER`). Their licences are copyleft:
neither they nor pictures of them are part of this project.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from .parts import Scenery, normalised
from .pictures import SUFFIXES, Picture, read_picture, squared
from .scene import Mesh
from .supertuxkart import SuperTuxKart
from .torcs import Torcs

_SURFACES = "textures", "data/textures", "tracks/*", "tracks/*/*", "library/*"
# Pictures that are not a surface seen from the front: maps for shaders, skies, effects, menus, cut-outs.
_NO_SURFACE = re.compile(
    r"normal|_n\.|_nm|gloss|_g\.|spec|alpha|mask|_ao|sky|horizon|background|lightmap|shadow|particle|smoke|fire|glow|"
    r"halo|light|water|shore|caustic|decal|transp|splat|envmap|env\.|gui|font|screenshot|sshot|raceline|counter|"
    r"rpm|speed|logo|zipper|beam|ray|mars_|pix|atlas|palette",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"gfx_|meta_|rail|beam|solar|nebula|ferry|blimp|jet|portal|flags|light.*group", re.IGNORECASE
)
_TRIANGLES = 30, 2500  # of a model


def textures(
    folder: str | os.PathLike[str], rng: np.random.Generator, count: int, size: int
) -> list[Picture]:
    """At most `count` opaque surfaces, (size, size, 4) uint8 each.

    Raises VeloDepthError where the folder holds neither package.
    """
    games = _games(Path(folder), size)
    paths = sorted(
        path
        for game in games
        if game
        for places in _SURFACES
        for path in game.folder.glob(f"{places}/*")
        if path.suffix.lower() in SUFFIXES and not _NO_SURFACE.search(path.name)
    )
    found: list[Picture] = []
    for index in rng.permutation(len(paths)):
        if len(found) == count:
            break
        picture = read_picture(paths[index])
        height, width = picture.shape[:2]
        if min(height, width) < 48 or max(height, width) > 2.1 * min(height, width):
            continue
        small = squared(picture, size, opaque=True)
        if np.mean(picture[..., 3] < 128) < 0.02 and _is_surface(small[..., :3]):
            found.append(small)
    return found


def models(
    folder: str | os.PathLike[str], rng: np.random.Generator, count: int, size: int
) -> list[tuple[Mesh, NDArray[np.uint8]]]:
    """At most `count` things of 30 to 2500 triangles, each with its pictures (n, size, size, 4).

    The largest side of a mesh is 1, its base is at y = 0; its layers count its pictures. A tenth are cars.
    Raises VeloDepthError where the folder holds neither package.
    """
    karts, _ = _games(Path(folder), size)
    found = [(normalised(mesh), pictures) for mesh, pictures in cars(folder, rng, count // 10, size)]
    names = [name for name in rng.permutation(karts.objects) if not _NO_MODEL.search(name)] if karts else []
    for name in names:
        if len(found) == count:
            break
        assert karts is not None
        mesh, pictures = karts.object(name)
        if _TRIANGLES[0] <= len(mesh) // 3 <= _TRIANGLES[1]:
            found.append((normalised(mesh), np.stack(pictures)))
    return found


def cars(
    folder: str | os.PathLike[str], rng: np.random.Generator, count: int, size: int
) -> list[tuple[Mesh, NDArray[np.uint8]]]:
    """At most `count` cars, each with its pictures (n, size, size, 4), which the layers of its mesh count.

    In metres, looking along +z, the ground at y = 0; at most 2500 triangles. None without torcs-data.

    Raises VeloDepthError where the folder holds neither package.
    """
    _, torcs = _games(Path(folder), size)
    found: list[tuple[Mesh, NDArray[np.uint8]]] = []
    for name in rng.permutation(torcs.cars) if torcs else []:
        if len(found) == count:
            break
        assert torcs is not None
        mesh, pictures = torcs.car(name)
        if len(mesh) // 3 <= _TRIANGLES[1]:
            found.append((mesh, np.stack(pictures)))
    return found


def track_names(folder: str | os.PathLike[str]) -> list[str]:
    """What `track` takes, sorted. Raises VeloDepthError where the folder holds neither package."""
    karts, torcs = _games(Path(folder), 0)
    return [f"supertuxkart/{name}" for name in (karts.tracks if karts else [])] + [
        f"torcs/{name}" for name in (torcs.tracks if torcs else [])
    ]


@lru_cache(maxsize=6)
def track(folder: str | os.PathLike[str], name: str, size: int) -> Scenery:
    """A track by its name; the last six are kept. Raises VeloDepthError where a file of it cannot be read."""
    karts, torcs = _games(Path(folder), size)
    game, _, rest = name.partition("/")
    source = {"supertuxkart": karts, "torcs": torcs}.get(game)
    if source is None or rest not in source.tracks:
        raise VeloDepthError(f"{folder} has no track {name!r}; it has {', '.join(track_names(folder))}")
    return source.track(rest)


def _games(folder: Path, size: int) -> tuple[SuperTuxKart | None, Torcs | None]:
    """The games found in a folder of unpacked packages, or in the folder `games` of one."""
    for games in (folder / "usr/share/games", folder):
        karts, torcs = games / "supertuxkart/data", games / "torcs"
        if karts.is_dir() or torcs.is_dir():
            return (
                SuperTuxKart(karts, size) if karts.is_dir() else None,
                Torcs(torcs, size) if torcs.is_dir() else None,
            )
    raise VeloDepthError(
        f"{folder} holds neither supertuxkart-data nor torcs-data; unpack them there with dpkg -x FILE.deb"
    )


def _is_surface(colours: Picture) -> bool:
    """Whether a picture (n, n, 3) is neither plain, nor things on a plain ground, nor a map of normals."""
    if colours.mean() < 12 or colours.std(axis=(0, 1)).max() < 4:
        return False
    red, green, blue = colours.mean(axis=(0, 1))
    if blue > 170 and max(red, green) < 0.8 * blue:
        return False
    coarse = (colours >> 2).astype(np.int64) @ [4096, 64, 1]
    return bool(np.unique(coarse, return_counts=True)[1].max() < 0.2 * coarse.size)

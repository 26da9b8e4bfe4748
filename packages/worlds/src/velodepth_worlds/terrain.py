"""Open country: hills with grass, trees, bushes and rocks, paths, fences, walls, huts, water."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from . import buildings, flora, furniture
from .daylight import daylight
from .draws import log_uniform, one_of, weighted
from .pieces import Piece
from .quads import quads
from .scene import Body, Material, Mesh, World, direction
from .shapes import box, cylinder, grid, heightfield, tube
from .site import Site, random_yaw
from .textures import Palette, noise

Array = NDArray[np.float64]

_TRIANGLES = 45_000
_CELLS = 64  # of the near ground, a side


class Land:
    """Heights in metres on a square grid about the origin, `spacing` metres apart, in between bilinear."""

    def __init__(self, heights: Array, spacing: float) -> None:
        self.heights, self.spacing = heights, spacing
        self.reach = (len(heights) - 1) / 2 * spacing

    def at(self, x: ArrayLike, z: ArrayLike) -> Array:
        """Heights at (x, z), any shape; outside, that of the border."""
        last = len(self.heights) - 1.001
        column, row = (np.clip((np.asarray(v, float) + self.reach) / self.spacing, 0, last) for v in (x, z))
        i, j = row.astype(int), column.astype(int)
        u, v = column - j, row - i
        h = self.heights
        low = h[i, j] * (1 - u) + h[i, j + 1] * u
        return low * (1 - v) + (h[i + 1, j] * (1 - u) + h[i + 1, j + 1] * u) * v

    def on(self, x: float, z: float) -> Array:
        """The point (3,) of the ground there."""
        return np.array([x, float(self.at(x, z)), z])


def build(rng: Generator, palette: Palette) -> World:
    """A meadow, wood, rocky or gentle land of 50 to 130 m, hills beyond."""
    kind = weighted(rng, {"meadow": 0.3, "wood": 0.35, "rocks": 0.2, "garden": 0.15})
    land = _land(rng, kind)
    path = _path(rng, land)
    site = Site()
    _ground(rng, palette, site, land, path if rng.random() < 0.7 else None)
    _built(rng, palette, site, land, path)
    landmarks = _grown(rng, palette, site, land, path, kind)
    reach = land.reach
    return World(
        kind="terrain",
        bodies=[Body(site.mesh)],
        lights=daylight(rng),
        centre=(0.0, float(land.at(0, 0)), 0.0),
        reach=reach,
        view=partial(_view, land, site, landmarks),
        clear=partial(_clear, land, site),
        speed=1.4 if rng.random() < 0.5 else 5.0,
    )


def _land(rng: Generator, kind: str) -> Land:
    """Hills of several sizes, gentle or steep."""
    spacing = rng.uniform(0.8, 2.0)
    steep = {"meadow": 0.35, "wood": 0.6, "rocks": 1.0, "garden": 0.12}[kind] * rng.uniform(0.4, 1.4)
    size = 128
    hills = noise(rng, size, rng.uniform(1.9, 2.4), lowest=2.0)[: _CELLS + 1, : _CELLS + 1]
    bumps = noise(rng, size, 1.0, lowest=12.0)[: _CELLS + 1, : _CELLS + 1]
    heights = np.float64(hills) * steep * 0.07 * (_CELLS * spacing / 2)
    return Land(heights + np.float64(bumps) * 0.06 * steep * spacing, spacing)


def _path(rng: Generator, land: Land) -> Array:
    """(n, 2): (x, z) of the middle of a way from one side to the other."""
    t = np.linspace(-1, 1, 140)
    bends = sum(rng.normal(0, 0.25 / k) * np.sin(k * np.pi * t + rng.uniform(0, 6)) for k in (1, 2, 3))
    across = np.stack([t, bends], axis=1) * land.reach * 0.98
    turn = random_yaw(rng)
    cos, sin = np.cos(turn), np.sin(turn)
    return across @ np.array([[cos, sin], [-sin, cos]])


def _off_path(path: Array, x: ArrayLike, z: ArrayLike) -> Array:
    """Metres from points (n,) to the middle of the path."""
    points = np.stack(np.broadcast_arrays(x, z), axis=-1).reshape(-1, 1, 2)
    return np.linalg.norm(points - path[None], axis=2).min(axis=1)


def _ground(rng: Generator, palette: Palette, site: Site, land: Land, path: Array | None) -> None:
    """The near land, far hills, the path, at times water."""
    kind = weighted(rng, {"grass": 0.65, "soil": 0.35})
    dry = rng.random()
    colour = dry * np.array([0.5, 0.45, 0.28]) + (1 - dry) * np.array([0.27, 0.33, 0.16])
    scale = log_uniform(rng, 0.12, 0.6)
    own = colour if kind == "grass" and rng.random() < 0.6 else None
    look = palette.of(rng, kind, own, rng.uniform(0.3, 0.9), 0.0, scale)
    mesh = heightfield(land.heights, land.spacing, look)
    # bare and lush patches, so that the repeating picture does not show from the air
    patches = Land(np.float64(noise(rng, 128, 1.4, lowest=3.0)[: _CELLS + 1, : _CELLS + 1]), land.spacing)
    shade = np.exp(rng.uniform(0.05, 0.25) * patches.at(mesh["position"][:, 0], mesh["position"][:, 2]))
    for field in ("tint", "base"):
        mesh[field] *= shade[:, None]
    site.cover(mesh, _far_hills(rng, land, look))
    if path is not None:
        earth = palette.of(rng, weighted(rng, {"soil": 0.8, "asphalt": 0.2}), None, 0.9, 0.0, 0.5)
        site.cover(_strip(rng, land, path, earth))
    if rng.random() < 0.25:
        level = float(np.quantile(land.heights, rng.uniform(0.05, 0.3)))
        colour = np.array([0.16, 0.22, 0.24]) * rng.uniform(0.6, 1.3)
        water = palette.of(rng, "speckle", colour, 0.3, 0.9, 0.3)
        r = land.reach
        surface = [(-r, level, r), (r, level, r), (r, level, -r), (-r, level, -r)]
        site.cover(quads([surface], water))


def _strip(rng: Generator, land: Land, path: Array, look: Material) -> Mesh:
    """A way of 0.7 to 3 m on the land, its edges uneven."""
    ahead = np.gradient(path, axis=0)
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.linalg.norm(ahead, axis=1, keepdims=True)
    half = rng.uniform(0.35, 1.5) * (1 + 0.15 * rng.normal(size=(len(path), 1)))
    rows = []
    for k in np.linspace(-1, 1, 7):
        x, z = (path + k * half * side).T
        rows.append(np.stack([x, land.at(x, z) + 0.05 - 0.04 * k**2, z], axis=1))
    return grid(np.array(rows), look)


def _far_hills(rng: Generator, land: Land, look: Material) -> Mesh:
    """Hills around the near land, to ten times its reach; they begin a little inside it and under it."""
    around = np.linspace(0, 2 * np.pi, 97)
    square = land.reach / np.maximum(np.abs(np.sin(around)), np.abs(np.cos(around)))
    border = land.at(square * np.sin(around), square * np.cos(around))
    rings = [np.stack([0.95 * square * np.sin(around), border - 1.0, 0.95 * square * np.cos(around)], axis=1)]
    for far in (1.5, 2.5, 4.5, 9.0):
        radius = np.minimum(square, 1.2 * land.reach) * far
        swell = sum(np.sin(n * around + rng.uniform(0, 6)) * rng.normal(0, 1) for n in (2, 3, 5, 8))
        y = land.heights.mean() + 0.04 * (radius - land.reach) * swell * rng.uniform(0.3, 1.0)
        rings.append(np.stack([radius * np.sin(around), y, radius * np.cos(around)], axis=1))
    points = np.array(rings)
    faces = np.stack([points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]], axis=2)
    mesh = quads(faces.reshape(-1, 4, 3)[:, ::-1], look)
    mesh["uv"] = mesh["position"][:, ::2] * look.scale
    return mesh


def _built(rng: Generator, palette: Palette, site: Site, land: Land, path: Array) -> None:
    """A hut or two, fences or dry walls, benches, posts, logs."""
    for _ in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        x, z = rng.uniform(-0.6, 0.6, 2) * land.reach
        if _off_path(path, x, z)[0] > 9:
            hut = buildings.house(rng, palette, rng.uniform(4, 9), int(rng.integers(1, 3)))
            base = float(min(land.at(x + dx, z + dz) for dx in (-5, 5) for dz in (-5, 5)))
            foot = box((12, 3, 12), palette.of(rng, "concrete"), at=(x, base - 1.52, z))
            site.settle(hut.moved((x, base, z), random_yaw(rng)))
            site.cover(foot)
    if rng.random() < 0.5:
        _fence(rng, palette, site, land, path)
    for _ in range(int(rng.integers(0, 5))):
        x, z = path[rng.integers(len(path))] + rng.normal(0, 2.5, 2)
        piece = furniture.bench(rng, palette) if rng.random() < 0.4 else _log(rng, palette)
        site.settle(piece.moved(land.on(x, z), random_yaw(rng)))


def _fence(rng: Generator, palette: Palette, site: Site, land: Land, path: Array) -> None:
    """Posts with rails or wires beside the path."""
    wood, gap, high = palette.bark(rng), rng.uniform(1.8, 3.2), rng.uniform(0.9, 1.4)
    offset = rng.choice([-1, 1]) * rng.uniform(1.5, 4.0)
    ahead = np.gradient(path, axis=0)
    side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.linalg.norm(ahead, axis=1, keepdims=True)
    line = path + offset * side
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    stations = np.arange(0, arc[-1], gap)
    feet = [land.on(*(float(np.interp(s, arc, line[:, axis])) for axis in (0, 1))) for s in stations]
    thick = 0.045 if rng.random() < 0.6 else 0.006
    rows = np.linspace(0.35, 0.92, int(rng.integers(2, 5))) * high
    parts: list[Mesh] = [cylinder(0.06, high + 0.3, wood, at=foot - (0, 0.3, 0), sides=7) for foot in feet]
    rails = [tube(np.add((a, b), (0, y, 0)), thick, wood, sides=4) for y in rows for a, b in pairwise(feet)]
    site.add(Piece(parts + rails))


def _log(rng: Generator, palette: Palette) -> Piece:
    """A felled trunk."""
    radius, length = rng.uniform(0.12, 0.35), rng.uniform(1.5, 5)
    at = (0, radius * 0.9, -length / 2)
    return Piece([cylinder(radius, length, palette.bark(rng), at, tilt=np.pi / 2)])


def _grown(rng: Generator, palette: Palette, site: Site, land: Land, path: Array, kind: str) -> Array:
    """Trees, bushes, rocks, grass, thicker here than there. Returns (n, 3): where they stand."""
    trees, bushes, rocks, tufts = {
        "meadow": (30, 45, 20, 2600),
        "wood": (150, 60, 25, 1200),
        "rocks": (25, 35, 110, 900),
        "garden": (45, 80, 15, 1200),
    }[kind]
    species = [
        (flora.conifer if rng.random() < 0.4 else flora.tree)(rng, palette, rng.uniform(3.5, 14))
        for _ in range(int(rng.integers(2, 5)))
    ]
    shrubs = [flora.bush(rng, palette, rng.uniform(0.4, 2.0)) for _ in range(4)]
    stones = [flora.rock(rng, palette, log_uniform(rng, 0.2, 3.0)) for _ in range(5)]
    thicket = Land(np.float64(noise(rng, 64, 1.6, lowest=2.0)), land.reach / 31.5)
    feet: list[Array] = []
    for makers, count, room in ((stones, rocks, 1.3), (species, trees, 2.2), (shrubs, bushes, 1.2)):
        for _ in range(int(count * rng.uniform(0.5, 1.5))):
            x, z = rng.uniform(-0.96, 0.96, 2) * land.reach
            if _off_path(path, x, z)[0] < room or thicket.at(x, z) < rng.normal(-0.3, 0.6):
                continue
            if site.triangles > _TRIANGLES:
                break
            foot = land.on(x, z)
            one = one_of(rng, makers).moved(foot, random_yaw(rng))
            site.add(one, solid=makers is not species)
            if makers is species:  # one may stand under a crown
                site.block(np.add(foot, (-0.3, 0, -0.3)), np.add(foot, (0.3, 3.0, 0.3)))
            feet.append(foot)
    spots = rng.normal(0, 0.45, (int(tufts * rng.uniform(0.3, 1.2)), 2)) * land.reach
    spots = spots[np.abs(spots).max(axis=1) < land.reach]
    spots = spots[_off_path(path, *spots.T) > 0.8]
    ground = np.stack([spots[:, 0], land.at(*spots.T), spots[:, 1]], axis=1)
    for some in np.array_split(ground, 3):
        high = log_uniform(rng, 0.08, 0.8)
        site.cover(flora.grass(rng, palette, some, high))
    return np.array(feet).reshape(-1, 3)


def _clear(land: Land, site: Site, point: ArrayLike) -> bool:
    """Over the near land, a quarter of a metre above the ground, not in anything."""
    x, y, z = np.asarray(point, float)
    above = y - float(land.at(x, z))
    inside = max(abs(x), abs(z)) < land.reach - 2 and 0.25 < above < 60
    return bool(inside and site.clear((x, y, z), 0.3))


def _view(land: Land, site: Site, landmarks: Array, rng: Generator) -> tuple[ArrayLike, ArrayLike] | None:
    """On foot or from a drone, mostly towards something that stands there."""
    walks = rng.random() < 0.55
    x, z = rng.uniform(-0.75, 0.75, 2) * land.reach
    yaw, pitch = random_yaw(rng), rng.normal(-0.05, 0.12)
    high = rng.uniform(0.5, 1.9) if walks else np.exp(rng.uniform(0.9, 3.0))
    distance = 10.0
    if len(landmarks) and rng.random() < 0.75:
        aim = landmarks[rng.integers(len(landmarks))] + (0, rng.uniform(0.3, 2.0), 0)
        distance = log_uniform(rng, 1.5, 25.0) + (0.0 if walks else high)
        x, z = aim[0] - distance * np.sin(yaw), aim[2] - distance * np.cos(yaw)
        down = aim[1] - float(land.at(x, z)) - high
        yaw, pitch = yaw + rng.normal(0, 0.2), np.arctan2(down, distance) + rng.normal(0, 0.08)
    elif not walks:
        pitch = rng.uniform(-0.9, -0.05)
    eye = np.add(land.on(x, z), (0, high, 0))
    return (eye, eye + distance * direction(yaw, pitch)) if _clear(land, site, eye) else None

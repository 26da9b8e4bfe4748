"""Stretches of game tracks: the only worlds that artists made (see artwork.py)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from velodepth.errors import VeloDepthError

from . import artwork
from .daylight import daylight
from .parts import Scenery
from .scene import Body, Mesh, World, joined, placed
from .space import Space
from .textures import Palette

Array = NDArray[np.float64]

_REACH = 160.0  # metres around the middle of the stretch; what is large is kept beyond that
_FAR = 1500.0
_LARGE = 300.0  # square metres
_GROUND_TRIANGLES = 35_000
_TRIANGLES = 50_000
_GAP = 15.0  # metres; points of the line further apart do not follow each other


def build(rng: np.random.Generator, palette: Palette) -> World:
    """A stretch of any track in the palette's folder of unpacked artwork, cars on it where there are some.

    The world brings pictures of its own. Raises VeloDepthError where the palette has no artwork, or it has no
    track.
    """
    if palette.artwork is None:
        raise VeloDepthError("tracks need artwork; give the folder of unpacked game data with --artwork")
    size = palette.pictures.shape[1]
    scenery = artwork.track(palette.artwork, _drawn(rng, artwork.track_names(palette.artwork)), size)
    roads = _roads(scenery.line)
    lengths = np.array([len(road) for road in roads])
    road = roads[rng.choice(len(roads), p=lengths / lengths.sum())]
    middle = _busy(rng, scenery, road)
    mesh = _stretch(scenery, road[middle])
    space = Space(mesh)
    near = road[np.linalg.norm(road - road[middle], axis=1) < 80.0]

    traffic = artwork.cars(palette.artwork, rng, int(rng.integers(0, 4)), size)
    meshes, pictures = _with_own_pictures(
        [(mesh, scenery.pictures), *((car, own) for car, own in traffic)], len(palette.pictures)
    )
    bodies = [Body(meshes[0])]
    for car in meshes[1:]:
        motion = _along(rng, road, middle, space)
        if motion is not None:
            bodies.append(Body(car, motion))
    return World(
        kind="track",
        bodies=bodies,
        lights=daylight(rng),
        centre=tuple(road[middle]),
        reach=_REACH,
        view=partial(_view, near, space),
        clear=partial(_clear, space),
        speed=8.0,
        pictures=pictures,
    )


def _drawn(rng: np.random.Generator, names: list[str]) -> str:
    """Any track; the bare ovals seldom."""
    weights = [0.1 if "/oval/" in name else 0.5 if name.startswith("torcs") else 1.0 for name in names]
    return names[rng.choice(len(names), p=np.array(weights) / sum(weights))]


def _busy(rng: np.random.Generator, scenery: Scenery, road: Array) -> int:
    """A point of the road: of four, the one with most around it."""
    places = rng.integers(len(road), size=4)
    things = [where[:3, 3] for _, where in scenery.standing for _ in range(50)]
    around = np.concatenate([scenery.ground["position"][::3], np.reshape(things, (-1, 3))])
    counts = [(np.linalg.norm(around - road[place], axis=1) < 40.0).sum() for place in places]
    return int(places[np.argmax(counts)])


def _roads(line: Array) -> list[Array]:
    """The line of a track cut where it leaps; pieces of at least four points."""
    leaps = np.flatnonzero(np.linalg.norm(np.diff(line, axis=0), axis=1) > _GAP) + 1
    return [piece for piece in np.split(line, leaps) if len(piece) >= 4]


def _stretch(scenery: Scenery, centre: Array) -> Mesh:
    """The track and what stands around it, near the centre, within the budget of triangles."""
    corners = scenery.ground["position"].reshape(-1, 3, 3)
    flat = np.linalg.norm(corners[..., ::2] - centre[::2], axis=2).min(axis=1)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    # a large triangle is as good as near: hills behind the track
    away = np.where((area > _LARGE) & (flat < _FAR), np.minimum(flat, _REACH * 0.99), flat)
    order = np.argsort(away, kind="stable")[:_GROUND_TRIANGLES]
    order = order[away[order] < _REACH]
    meshes = [scenery.ground.reshape(-1, 3)[np.sort(order)].reshape(-1)]
    left = _TRIANGLES - len(order)
    distances = [float(np.linalg.norm(where[:3, 3] - centre)) for _, where in scenery.standing]
    for index in np.argsort(distances, kind="stable"):
        mesh, where = scenery.standing[index]
        left -= len(mesh) // 3
        if left < 0 or distances[index] > _REACH:
            break
        meshes.append(placed(mesh, where))
    return joined(*meshes)


def _with_own_pictures(
    things: list[tuple[Mesh, NDArray[np.uint8]]], first: int
) -> tuple[list[Mesh], NDArray[np.uint8]]:
    """Meshes whose layers count one common array of the pictures that they use, from `first` on."""
    meshes: list[Mesh] = []
    pictures: list[NDArray[np.uint8]] = []
    for mesh, own in things:
        used, layers = np.unique(mesh["layer"].astype(int), return_inverse=True)
        mesh = mesh.copy()
        mesh["layer"] = layers.reshape(-1) + first + len(pictures)
        pictures.extend(own[used])
        meshes.append(mesh)
    return meshes, np.stack(pictures)


def _along(
    rng: np.random.Generator, road: Array, start: int, space: Space
) -> Callable[[float], Array] | None:
    """A drive along the road from near `start`, on the ground, either way; None where it is too short."""
    way = int(rng.choice([-1, 1]))
    points = road[start::way] if way > 0 else road[start::-1]
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    speed = rng.uniform(2, 20)
    stations = np.arange(rng.uniform(4, 40), min(arc[-1], 140.0), 2.0)
    if len(stations) < 4:
        return None
    centre = np.stack([np.interp(stations, arc, points[:, axis]) for axis in range(3)], axis=1)
    ahead = np.gradient(centre, axis=0)
    ahead[:, 1] = 0
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    path = centre + np.stack([ahead[:, 2], ahead[:, 1], -ahead[:, 0]], axis=1) * rng.uniform(-2, 2)
    drops = np.array([space.drop(point) for point in np.add(path, (0, 1.5, 0))])
    path[:, 1] += np.where(drops < 4, 1.5 - drops, 0)
    path[:, 1] = np.convolve(np.pad(path[:, 1], 2, mode="edge"), np.full(5, 0.2), mode="valid")
    along = stations - stations[0]

    def at(time: float) -> Array:
        """(4, 4): forward (z) along the path, up (y) square to it."""
        here, next_ = (
            np.array([np.interp(speed * time + step, along, path[:, axis]) for axis in range(3)])
            for step in (0.0, 1.0)
        )
        forward = next_ - here if np.linalg.norm(next_ - here) > 0.1 else path[-1] - path[-2]
        forward = forward / np.linalg.norm(forward)
        side = np.cross((0.0, 1.0, 0.0), forward)
        side /= np.linalg.norm(side)
        matrix = np.eye(4)
        matrix[:3] = np.stack([side, np.cross(forward, side), forward, here], axis=1)
        return matrix

    return at


def _clear(space: Space, point: Array) -> bool:
    """Over ground, and nothing within reach of an arm."""
    return space.drop(point) < 80.0 and space.free(point, 0.35)


def _view(road: Array, space: Space, rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike] | None:
    """From a car, on foot beside the road, or from the air."""
    place = int(rng.integers(1, len(road) - 1)) if len(road) > 2 else 0
    ahead = road[min(place + 1, len(road) - 1)] - road[max(place - 1, 0)]
    heading = np.arctan2(ahead[0], ahead[2]) + (np.pi if rng.random() < 0.5 else 0.0)
    kind = rng.choice(["drive", "walk", "fly"], p=[0.55, 0.25, 0.2])
    aside = rng.normal(0, {"drive": 1.2, "walk": 4.0, "fly": 6.0}[kind])
    spot = road[place] + aside * np.array([np.cos(heading), 0.0, -np.sin(heading)])
    ground = space.drop(np.add(spot, (0, 2.0, 0))) - 2.0
    if ground > 10.0:
        return None
    height = {
        "drive": rng.uniform(0.5, 2.5),
        "walk": rng.uniform(1.0, 1.9),
        "fly": np.exp(rng.uniform(1.0, 3.2)),
    }
    eye = np.add(spot, (0, height[kind] - ground, 0))
    yaw = heading + rng.normal(0, 0.25) if kind == "drive" else rng.uniform(0, 2 * np.pi)
    pitch = rng.normal(-0.05, 0.06) if kind != "fly" else rng.uniform(-0.9, -0.05)
    gaze = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    distance = min(space.distance(eye, gaze), 12.0)
    if distance < 2.0 or not _clear(space, eye):
        return None
    return eye, eye + distance * gaze

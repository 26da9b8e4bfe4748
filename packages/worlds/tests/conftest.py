"""Worlds by hand, whose truth is known in closed form."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import ArrayLike

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth_worlds.generate import KINDS
from velodepth_worlds.renderer import Renderer
from velodepth_worlds.scene import VERTEX, Body, Lights, Mesh, World
from velodepth_worlds.textures import Palette

WIDTH, HEIGHT = 64, 48
CAMERA = Pinhole(60.0, 60.0, WIDTH / 2, HEIGHT / 2, size=(WIDTH, HEIGHT))
OPAQUE, HOLED, WHITE = range(3)


def _pictures() -> np.ndarray:
    """Three layers: noise, noise whose left half is a hole, white."""
    pictures = np.random.default_rng(5).integers(60, 255, (3, 32, 32, 4)).astype(np.uint8)
    pictures[..., 3] = 255
    pictures[HOLED, :, :16, 3] = 0
    pictures[WHITE] = 255
    return pictures


@pytest.fixture(scope="session")
def pictures() -> np.ndarray:
    return _pictures()


@pytest.fixture(scope="session")
def renderer(pictures) -> Renderer:
    try:
        return Renderer(pictures)
    except VeloDepthError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def palette() -> Palette:
    return Palette(np.random.default_rng(1), layers=48, size=32)


@pytest.fixture(scope="session")
def build(palette) -> Callable[[str, int], World]:
    """A world of a kind, made from a seed anew."""

    def build(kind: str, seed: int) -> World:
        module = importlib.import_module(f"velodepth_worlds.{KINDS[kind].module}")
        return module.build(np.random.default_rng([3, seed]), palette)

    return build


@pytest.fixture(scope="session")
def built(build) -> Callable[[str, int], World]:
    """As `build`, each world once for all tests."""
    return cache(build)


@pytest.fixture(scope="session")
def views() -> Callable[..., list]:
    """Up to `count` of a world, of three times as many drawn."""

    def views(world: World, count: int = 12) -> list:
        rng = np.random.default_rng(5)
        found = [world.view(rng) for _ in range(3 * count)]
        return [view for view in found if view is not None][:count]

    return views


def _quad(corners, layer: int = OPAQUE, emission: float = 0.0) -> Mesh:
    """Two triangles through four corners in a row, the picture once over them."""
    mesh = np.zeros(6, VERTEX)
    order = [0, 1, 2, 0, 2, 3]
    corners = np.asarray(corners, float)
    mesh["position"] = corners[order]
    mesh["normal"] = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    mesh["normal"] /= np.linalg.norm(mesh["normal"], axis=1, keepdims=True)
    mesh["uv"] = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])[order]
    mesh["layer"], mesh["tint"], mesh["emission"] = layer, 1, emission
    return mesh


@pytest.fixture(scope="session")
def quad() -> Callable[..., Mesh]:
    return _quad


def _screen(z: float, half: float, layer: int = OPAQUE, emission: float = 0.0, x: float = 0.0) -> Mesh:
    """A square across the view of a camera at the origin that looks along +z, x to the picture's left."""
    return _quad(
        [(x - half, -half, z), (x + half, -half, z), (x + half, half, z), (x - half, half, z)],
        layer,
        emission,
    )


@pytest.fixture(scope="session")
def screen() -> Callable[..., Mesh]:
    return _screen


def _world(*bodies: Body, **changes) -> World:
    lights = Lights((0.0, 1.0, 0.0), (1.0, 1.0, 1.0), (0.4, 0.4, 0.4), (0.5, 0.6, 0.8))
    fields = {
        "kind": "room",
        "bodies": list(bodies),
        "lights": lights,
        "centre": (0.0, 0.0, 0.0),
        "reach": 5.0,
        "view": lambda rng: None,
        "clear": lambda point: True,
    }
    return World(**{**fields, **changes})


def _distance(mesh: Mesh, origin: ArrayLike, direction: ArrayLike) -> float:
    """Metres from `origin` along the unit vector `direction` to the first triangle; inf for none.

    Möller and Trumbore, "Fast, minimum storage ray-triangle intersection", 1997.
    """
    a, b, c = mesh["position"].reshape(-1, 3, 3).astype(float).swapaxes(0, 1)
    first, second, to_corner = b - a, c - a, np.asarray(origin, float) - a
    across, turned = np.cross(direction, second), np.cross(to_corner, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = (first * across).sum(axis=1)
        u, v = (to_corner * across).sum(axis=1) / volume, turned @ direction / volume
        reach = (turned * second).sum(axis=1) / volume
        hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (reach >= 0)
    return float(reach[hit].min(initial=np.inf))


@pytest.fixture(scope="session")
def distance() -> Callable[[Mesh, ArrayLike, ArrayLike], float]:
    return _distance


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    return _world

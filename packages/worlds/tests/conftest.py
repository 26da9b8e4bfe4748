"""Worlds by hand, whose truth is known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth_worlds.renderer import Renderer
from velodepth_worlds.scene import VERTEX, Body, Lights, Mesh, World

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


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    return _world

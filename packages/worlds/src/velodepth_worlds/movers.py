"""Moving things that are thrown into a clip: balls and boxes that roll or fly, and people who walk by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import motion, shapes
from .draws import log_uniform
from .figures import HumanFigure
from .scene import Body, Mesh, Motion, joined
from .textures import Palette

Array = NDArray[np.float64]


def thing(rng: np.random.Generator, palette: Palette, size: float) -> tuple[Mesh, float]:
    """A thing of about this size in metres, centred, and the radius of the ball that holds it."""
    material = palette.material(rng, plain=0.25)
    kind = rng.choice(4)
    if kind == 0:
        mesh = shapes.sphere(size, material)
    elif kind == 1:
        mesh = shapes.box(size * rng.uniform(0.2, 1.0, 3), material, fit=bool(rng.random() < 0.5))
    elif kind == 2:
        radius = size * rng.uniform(0.15, 0.35)
        mesh = shapes.capsule((0, radius - size / 2, 0), (0, size / 2 - radius, 0), radius, material)
    else:
        mesh = shapes.rounded(size * rng.uniform(0.3, 1.0, 3), 0.08 * size, material)
    return mesh, float(np.linalg.norm(mesh["position"], axis=1).max())


def ball(rng: np.random.Generator, palette: Palette, radius: float) -> Mesh:
    return shapes.sphere(2 * radius, palette.material(rng, plain=0.2))


def flying(
    rng: np.random.Generator, palette: Palette, place: Array, size: float, speed: float, time: float
) -> Body:
    """A thing that is at `place` at `time`, thrown or carried past, at about `speed` m/s."""
    mesh, _ = thing(rng, palette, size)
    velocity = rng.normal(0, (1.0, 0.4, 1.0)) * speed
    gravity = motion.GRAVITY if rng.random() < 0.5 else 0.0
    if gravity:
        velocity[1] += gravity * time  # so that it is at the top of its way about then
    start = place - velocity * time + 0.5 * gravity * time**2 * motion.UP
    spin = log_uniform(rng, 0.3, 12.0)
    return Body(mesh, motion.tumble(start, velocity, rng.normal(0, 1, 3), spin, gravity))


def rolling(
    rng: np.random.Generator, palette: Palette, place: Array, radius: float, speed: float, time: float
) -> Body:
    """A ball that touches a level surface at `place` at `time`."""
    heading = rng.uniform(0, 2 * np.pi)
    velocity = speed * np.exp(rng.normal(0, 0.5)) * np.array([np.sin(heading), 0.0, np.cos(heading)])
    start = place + radius * motion.UP - velocity * time
    return Body(ball(rng, palette, radius), motion.roll(start, velocity, radius))


def walking(
    rng: np.random.Generator, someone: HumanFigure, place: Array, velocity: Array, time: float
) -> list[Body]:
    """Somebody who walks and stands at `place` (on the ground) at `time`: the trunk, and limbs that swing."""
    walk: Motion = motion.along(np.asarray(place) - velocity * time, velocity)
    rate = 2 * np.pi * np.linalg.norm(velocity) / (0.8 * someone.tall)
    phase = rng.uniform(0, 2 * np.pi)
    stride, arms = rng.uniform(0.25, 0.55), rng.uniform(0.1, 0.6)
    bodies = [Body(joined(*someone.trunk), walk)]
    for limbs, swing in ((someone.legs, stride), (someone.arms, -arms)):
        for limb, side in zip(limbs, (-1, 1), strict=True):
            turn = motion.swinging(walk, limb.joint, swing * side, rate, phase)
            bodies.append(Body(joined(*limb.parts), turn))
    return bodies

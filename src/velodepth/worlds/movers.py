"""Moving things that are thrown into a clip: balls and boxes that roll or fly, and people who walk by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import motion, shapes
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
    spin = np.exp(rng.uniform(np.log(0.3), np.log(12.0)))
    return Body(mesh, motion.tumble(start, velocity, rng.normal(0, 1, 3), spin, gravity))


def rolling(
    rng: np.random.Generator, palette: Palette, place: Array, radius: float, speed: float, time: float
) -> Body:
    """A ball that touches a level surface at `place` at `time`."""
    heading = rng.uniform(0, 2 * np.pi)
    velocity = speed * np.exp(rng.normal(0, 0.5)) * np.array([np.sin(heading), 0.0, np.cos(heading)])
    start = place + radius * motion.UP - velocity * time
    return Body(ball(rng, palette, radius), motion.roll(start, velocity, radius))


def person(
    rng: np.random.Generator, palette: Palette, place: Array, velocity: Array, time: float
) -> list[Body]:
    """Somebody 1.5 to 1.95 m tall who walks, and stands at `place` (on the ground) at `time`."""
    tall = rng.uniform(1.5, 1.95)
    wide = tall * rng.uniform(0.9, 1.15)
    top, trousers, skin, hair = (palette.material(rng, plain=p) for p in (0.3, 0.7, 0.95, 0.9))
    walk: Motion = motion.along(np.asarray(place) - velocity * time, velocity)
    rate = 2 * np.pi * np.linalg.norm(velocity) / (0.8 * tall)
    phase = rng.uniform(0, 2 * np.pi)
    stride, arms = rng.uniform(0.25, 0.55), rng.uniform(0.1, 0.6)

    def capsule(start: tuple[float, ...], end: tuple[float, ...], radius: float, material, thin=1.0) -> Mesh:
        size = np.array([wide, tall, wide])
        return shapes.capsule(size * start, size * end, radius * wide, material, thin * radius * wide)

    trunk = joined(
        capsule((-0.035, 0.52, 0), (-0.045, 0.76, 0), 0.075, top),
        capsule((0.035, 0.52, 0), (0.045, 0.76, 0), 0.075, top),
        capsule((-0.08, 0.795, 0), (0.08, 0.795, 0), 0.045, top),
        capsule((0, 0.80, 0), (0, 0.87, 0.005), 0.03, skin),
        shapes.sphere(tall * np.array([0.09, 0.125, 0.11]), skin, at=(0, 0.925 * tall, 0.01 * tall)),
        shapes.sphere(tall * np.array([0.1, 0.11, 0.11]), hair, at=(0, 0.945 * tall, -0.005 * tall)),
    )
    bodies = [Body(trunk, walk)]
    for side in (-1, 1):
        leg = joined(
            capsule((0.05 * side, 0.51, 0), (0.055 * side, 0.28, 0.01), 0.055, trousers, 0.75),
            capsule((0.055 * side, 0.28, 0.01), (0.055 * side, 0.06, -0.01), 0.041, trousers, 0.7),
            capsule((0.055 * side, 0.025, -0.02), (0.06 * side, 0.02, 0.08), 0.028, hair),
        )
        arm = joined(
            capsule((0.125 * side, 0.79, 0), (0.145 * side, 0.63, -0.01), 0.034, top, 0.8),
            capsule((0.145 * side, 0.63, -0.01), (0.14 * side, 0.48, 0.04), 0.027, top, 0.75),
            capsule((0.14 * side, 0.475, 0.045), (0.135 * side, 0.44, 0.055), 0.024, skin),
        )
        bodies += [
            Body(leg, motion.swinging(walk, (0, 0.51 * tall, 0), stride * side, rate, phase)),
            Body(arm, motion.swinging(walk, (0, 0.79 * tall, 0), -arms * side, rate, phase)),
        ]
    return bodies

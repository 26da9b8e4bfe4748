"""How cameras and things move: functions of time in seconds to (4, 4) matrices.

A camera path gives camera-to-world, camera axes x right, y down, z forward; a body's motion body-to-world.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .draws import log_uniform
from .scene import Motion, direction, pose

Array = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
GRAVITY = 9.81


def facing(eye: ArrayLike, yaw: float, pitch: float, roll: float = 0.0) -> Array:
    """Camera-to-world of a camera at `eye`: yaw 0 looks along z and grows towards x, pitch is upwards."""
    forward = direction(yaw, pitch)
    right = np.array([-np.cos(yaw), 0.0, np.sin(yaw)])
    down = np.cross(forward, right)
    matrix = np.eye(4)
    matrix[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    matrix[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    matrix[:3, 2] = forward
    matrix[:3, 3] = eye
    return matrix


def towards(way: ArrayLike) -> tuple[float, float]:
    """(yaw, pitch) of a direction of any length."""
    x, y, z = np.asarray(way, float)
    return float(np.arctan2(x, z)), float(np.arctan2(y, np.hypot(x, z)))


def path(
    eye: ArrayLike,
    angles: ArrayLike,
    velocity: ArrayLike = (0.0, 0.0, 0.0),
    turn: ArrayLike = (0.0, 0.0, 0.0),
    shake: Callable[[float], Array] | None = None,
) -> Motion:
    """A camera moving steadily: yaw, pitch and roll (`angles`) change by `turn` rad/s, the eye by m/s.

    shake: time -> (6,): added to the eye, and to the angles.
    """
    eye, angles, velocity, turn = (np.asarray(a, float) for a in (eye, angles, velocity, turn))

    def at(time: float) -> Array:
        extra = shake(time) if shake else np.zeros(6)
        return facing(eye + velocity * time + extra[:3], *(angles + turn * time + extra[3:]))

    return at


def shaking(
    rng: np.random.Generator, metres: float, radians: float, hertz: float
) -> Callable[[float], Array]:
    """Smooth noise for `path`, 0 at time 0: for each number a sum of three sines about `hertz`."""
    rate = 2 * np.pi * hertz * np.exp(rng.normal(0, 0.5, (3, 6)))
    phase = rng.uniform(0, 2 * np.pi, (3, 6))
    size = rng.normal(0, 0.6, (3, 6)) * ([metres] * 3 + [radians] * 3)
    return lambda time: (size * (np.sin(rate * time + phase) - np.sin(phase))).sum(axis=0)


# Camera paths: (rng, eye, (yaw, pitch, roll), distance to what is looked at, speed) -> path


def still(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    return path(eye, angles)


def hand_held(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """Held where it is, or moved slowly about."""
    drift = rng.normal(0, 0.12 * min(distance, 1.5), 3)
    shake = shaking(rng, 0.004 * min(distance, 2.0), rng.uniform(0.002, 0.012), 2.0)
    return path(eye, angles, drift, rng.normal(0, (0.15, 0.1, 0.03)), shake)


def walk(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """A step forward, mostly, with the bob of a walk."""
    heading = angles[0] + rng.normal(0, 0.6) + (np.pi if rng.random() < 0.15 else 0.0)
    pace = speed * rng.uniform(0.4, 1.4) * min(1.0, distance / 1.5)
    velocity = pace * np.array([np.sin(heading), rng.normal(0, 0.05), np.cos(heading)])
    shake = shaking(rng, 0.02 * min(1.0, distance / 1.5), 0.01, 1.9)
    return path(eye, angles, velocity, rng.normal(0, (0.3, 0.1, 0.03)), shake)


def drive(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """Ahead, level, sometimes in a bend or looking to the side."""
    heading = angles[0] + (rng.normal(0, 0.05) if rng.random() < 0.8 else rng.uniform(-1.6, 1.6))
    velocity = speed * rng.uniform(0.2, 1.3) * np.array([np.sin(heading), 0.0, np.cos(heading)])
    return path(eye, angles, velocity, (rng.normal(0, 0.15), 0, 0), shaking(rng, 0.006, 0.003, 4.0))


def drone(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """Any direction, turning as it goes."""
    velocity = rng.normal(0, (0.6, 0.35, 0.6)) * speed * min(1.0, distance / 2.0)
    return path(eye, angles, velocity, rng.normal(0, (0.5, 0.15, 0.08)), shaking(rng, 0.004, 0.004, 3.0))


def orbit(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """Around what is looked at, which stays in the middle."""
    target = facing(eye, *angles) @ (0, 0, distance, 1)
    rate = rng.choice([-1, 1]) * rng.uniform(0.1, 1.2)
    shake = shaking(rng, 0.002 * distance, 0.003, 2.0)

    def at(time: float) -> Array:
        swung = pose(rate * time) @ np.append(eye - target[:3], 1.0)
        extra = shake(time)
        return facing(target[:3] + swung[:3] + extra[:3], *(angles + extra[3:] + [rate * time, 0, 0]))

    return at


def fast_turn(rng: np.random.Generator, eye: Array, angles: Array, distance: float, speed: float) -> Motion:
    """A quick look round, 40 to 250 degrees a second."""
    turn = rng.choice([-1, 1]) * log_uniform(rng, 0.7, 4.4)
    return path(
        eye, angles, rng.normal(0, 0.1, 3), (turn, rng.normal(0, 0.3 * abs(turn)), rng.normal(0, 0.1))
    )


# Bodies


def spin(axis: ArrayLike, angle: float) -> Array:
    """(4, 4): a turn by `angle` about an axis through the origin (Rodrigues' formula)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] += np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return matrix


def roll(start: ArrayLike, velocity: ArrayLike, radius: float) -> Motion:
    """A ball of this radius that rolls level, without slipping; its centre is at `start` at time 0."""
    start, velocity = np.asarray(start, float), np.asarray(velocity, float)
    axis = np.cross(UP, velocity)
    rate = np.linalg.norm(velocity) / radius

    def at(time: float) -> Array:
        return pose(0.0, start + velocity * time) @ spin(axis if rate > 0 else UP, rate * time)

    return at


def tumble(
    start: ArrayLike, velocity: ArrayLike, axis: ArrayLike, rate: float, gravity: float = 0.0
) -> Motion:
    """Straight on, turning by `rate` rad/s about `axis`; with gravity (m/s^2) it flies like a ball thrown."""
    start, velocity = np.asarray(start, float), np.asarray(velocity, float)

    def at(time: float) -> Array:
        place = start + velocity * time - 0.5 * gravity * time * time * UP
        return pose(0.0, place) @ spin(axis, rate * time)

    return at


def along(start: ArrayLike, velocity: ArrayLike) -> Motion:
    """Straight on, level, z axis ahead."""
    start, velocity = np.asarray(start, float), np.asarray(velocity, float)
    yaw = towards(velocity)[0]
    return lambda time: pose(yaw, start + velocity * time)


def swinging(base: Motion, pivot: ArrayLike, size: float, rate: float, phase: float) -> Motion:
    """A limb: `base`, then a swing of `size` radians about the x axis through `pivot`, `rate` rad/s."""
    pivot = np.asarray(pivot, float)

    def at(time: float) -> Array:
        swing = spin((1, 0, 0), size * np.sin(rate * time + phase))
        return base(time) @ pose(0.0, pivot) @ swing @ pose(0.0, -pivot)

    return at

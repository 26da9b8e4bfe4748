"""Figures with limbs: people, hands, robot arms. True sizes, metres; faces look to +z."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .pieces import Piece
from .scene import Mesh
from .shapes import box, capsule, cylinder, revolve, rounded, sphere
from .textures import Palette, muted

Array = NDArray[np.float64]


def _limb(start: Array, angle: float, spread: float, length: float) -> Array:
    """Where a limb ends that hangs from `start`, swung forward by `angle` and sideways by `spread`."""
    return start + length * np.array([np.sin(spread), -np.cos(angle) * np.cos(spread), np.sin(angle)])


@dataclass(frozen=True)
class Limb:
    """An arm or a leg, and the shoulder or hip (3,) about which it swings."""

    joint: Array
    parts: list[Mesh]


@dataclass(frozen=True)
class HumanFigure:
    """Somebody `tall` metres tall on y = 0, in parts that can be moved; limbs: at -x, at +x."""

    tall: float
    trunk: list[Mesh]
    legs: tuple[Limb, Limb]
    arms: tuple[Limb, Limb]

    def piece(self) -> Piece:
        return Piece([part for limb in (*self.legs, *self.arms) for part in limb.parts] + self.trunk)


def person(rng: Generator, palette: Palette, seated: bool = False) -> Piece:
    """Someone who stands about, or sits, as `figure` says."""
    return figure(rng, palette, seated).piece()


def figure(
    rng: Generator, palette: Palette, seated: bool = False, stride: float | None = None
) -> HumanFigure:
    """Someone 1.45 to 1.95 m tall; seated: on a seat 0.45 m high, thighs level. stride: swing of the legs in
    radians, drawn when None; 0 is how those stand who are to be moved."""
    tall = float(np.clip(rng.normal(1.7, 0.09), 1.45, 1.95))
    stout = rng.uniform(0.85, 1.25)
    top, trousers, skin = palette.cloth(rng), palette.cloth(rng), palette.skin(rng)
    if rng.random() < 0.5:
        trousers = palette.of(rng, "fabric", muted(rng, 0.04, 0.25), 0.2)
    hair = palette.of(rng, "metal", muted(rng, 0.03, 0.5) * (1.1, 0.95, 0.8), 0.7)
    shoe = palette.of(rng, "leather", muted(rng), 0.3)
    stride = rng.normal(0, 0.2) if stride is None else stride
    thigh, shin, foot = 0.245 * tall, 0.235 * tall, 0.045 * tall
    hip = 0.45 + 0.08 if seated else thigh + shin + foot - 0.5 * tall * (1 - np.cos(stride)) * 0.5
    chest, neck = hip + 0.2 * tall, hip + 0.31 * tall
    lean = rng.normal(0.05, 0.08)
    shift = np.array([0.0, 0.0, np.sin(lean)])
    legs, arms = [], []
    for side in (-1, 1):
        swing = side * stride
        start = np.array([side * 0.05 * tall, hip, 0.0])
        up = np.pi / 2 - 0.05 if seated else swing
        knee = _limb(start, up, side * rng.uniform(0, 0.12), thigh)
        bend = rng.normal(0, 0.2) if seated else swing - 0.6 * max(0.0, -swing) - 0.03
        ankle = _limb(knee, bend, 0.0, shin)
        ankle[1] = max(ankle[1], foot)
        sole = ankle + np.array((0, 0.65 * foot - ankle[1], 0.04 * tall))
        leg = [
            capsule(start, knee, 0.05 * tall * stout, trousers, 0.037 * tall),
            capsule(knee, ankle, 0.036 * tall, trousers, 0.026 * tall),
            rounded((0.055 * tall, foot * 1.3, 0.15 * tall), 0.02, shoe, sole),
        ]
        legs.append(Limb(start, leg))
        shoulder = np.array([side * 0.11 * tall, hip + 0.29 * tall, 0]) + shift * 0.29 * tall
        forward = rng.uniform(0.1, 1.4) if seated or rng.random() < 0.3 else -swing + rng.normal(0.1, 0.15)
        elbow = _limb(shoulder, forward, side * rng.uniform(0.05, 0.35), 0.17 * tall)
        wrist = _limb(elbow, forward + rng.uniform(0.1, 1.2), side * rng.uniform(-0.4, 0.1), 0.15 * tall)
        sleeve = top if rng.random() < 0.7 else skin
        palm = wrist + (wrist - elbow) * 0.15
        arm = [
            capsule(shoulder, elbow, 0.031 * tall, top, 0.027 * tall),
            capsule(elbow, wrist, 0.026 * tall, sleeve, 0.019 * tall),
            sphere(np.array((0.05, 0.06, 0.05)) * tall, skin, palm, sides=8),
        ]
        arms.append(Limb(shoulder, arm))
    width, depth = 0.19 * tall * stout, 0.12 * tall * stout
    base = np.array([0, hip - 0.04 * tall, 0])
    profile = np.array(
        [(0, 0), (0.8, 0.01), (0.95, 0.05), (0.82, 0.15), (0.95, 0.26), (0.75, 0.33), (0.3, 0.36), (0, 0.36)]
    )
    profile *= (width / 2 * 1.15, tall)
    head = np.array([0, neck + 0.1 * tall, 0.01 * tall]) + shift * 0.38 * tall
    throat = (0.0, neck - 0.02 * tall, head[2] - 0.01)
    crown = head + np.array((0, 0.025, -0.012)) * tall
    trunk = [
        revolve(profile, top, base, tilt=lean, smooth=True, flatten=depth / width),
        capsule(throat, head, 0.034 * tall, skin),
        sphere(np.array([0.088, 0.13, 0.11]) * tall, skin, head, sides=12),
        sphere(np.array([0.097, 0.105, 0.118]) * tall, hair, crown, sides=12),
    ]
    if rng.random() < 0.35:
        size, below = (0.1, 0.2 * rng.uniform(0.6, 1.3), 0.07), head - (0, 0.04 * tall, 0.04 * tall)
        trunk.append(sphere(np.array(size) * tall, hair, below, sides=10))
    if rng.random() < 0.15 and not seated:
        trunk.append(rounded((0.3, 0.42, 0.16), 0.06, palette.cloth(rng), (0, chest, -depth / 2 - 0.08)))
    return HumanFigure(tall, trunk, (legs[0], legs[1]), (arms[0], arms[1]))


def hand(rng: Generator, palette: Palette) -> Piece:
    """A hand that reaches towards -z over a table, its lowest finger at y = 0, with the forearm behind it."""
    skin, sleeve = palette.skin(rng), palette.cloth(rng)
    scale, side = rng.uniform(0.85, 1.1), rng.choice([-1, 1])
    lift, curl = rng.uniform(0.01, 0.08), rng.uniform(0.1, 0.9)
    wrist = np.array([0, lift + 0.045, 0.05]) * scale
    size, at = np.array([[0.082, 0.03, 0.095], [0, lift + 0.035, 0]]) * scale
    parts = [rounded(size, 0.014, skin, at, steps=3)]
    for k in range(4):
        x = (k - 1.5) * 0.021 * side
        start = np.array([x, lift + 0.037, -0.045]) * scale
        points = [start]
        angle = rng.normal(curl * 0.6, 0.12)
        for length in np.array([0.036, 0.024, 0.02]) * (0.8 if k == 3 else 1.0):
            points.append(points[-1] + scale * length * np.array([x * 2, -np.sin(angle), -np.cos(angle)]))
            angle += curl * 0.7
        for a, b in pairwise(points):
            parts.append(capsule(a, b, 0.0085 * scale, skin, 0.0075 * scale, sides=6))
    base = np.array([-0.04 * side, lift + 0.03, 0.01]) * scale
    middle = base + scale * np.array([-0.025 * side, -0.012, -0.03])
    parts.append(capsule(base, middle, 0.012 * scale, skin, 0.01 * scale))
    parts.append(capsule(middle, middle + scale * np.array([0.004 * side, -0.01, -0.03]), 0.01 * scale, skin))
    rise = rng.uniform(0.02, 0.5)
    reach = np.array([rng.normal(0, 0.15), np.sin(rise), np.cos(rise)])
    elbow, cuff = wrist + reach * 0.26 * scale, wrist + reach * rng.uniform(0.03, 0.2)
    parts.append(capsule(wrist, elbow, 0.026 * scale, skin, 0.04 * scale))
    parts.append(capsule(cuff, elbow + reach * 0.1, 0.036 * scale, sleeve, 0.052 * scale))
    whole = Piece(parts)
    return whole.moved((0, -float(whole.low[1]), 0))


def robot_arm(rng: Generator, palette: Palette, reach: float | None = None) -> Piece:
    """An arm of two links with a wrist and a gripper that bends forward (+z); reach: metres, all links."""
    reach = rng.uniform(0.4, 1.1) if reach is None else reach
    body = palette.plastic(rng, 0.25) if rng.random() < 0.7 else palette.metal(rng)
    joint = palette.plastic(rng, 0.7)
    thick = reach * rng.uniform(0.05, 0.075)
    lift, elbow_bend, wrist_bend = rng.uniform(-0.4, 0.7), rng.uniform(0.9, 2.0), rng.uniform(0.2, 1.2)
    turn = rng.normal(0, 0.5)
    points = [np.array([0.0, reach * 0.2, 0.0])]
    angle = lift
    for length, bend in ((0.42, elbow_bend), (0.36, wrist_bend), (0.12, 0.0)):
        step = np.array([np.sin(turn) * np.sin(angle), np.cos(angle), np.cos(turn) * np.sin(angle)])
        points.append(points[-1] + reach * length * step)
        angle = min(angle + bend, np.pi * 0.95)
    points = [np.maximum(p, (-9, thick * 1.5, -9)) for p in points]
    parts = [
        cylinder(thick * 1.7, thick * 0.8, joint),
        cylinder(thick * 1.3, reach * 0.2, body, (0, thick * 0.6, 0)),
    ]
    for i, (a, b) in enumerate(pairwise(points)):
        size = thick * (1.1, 0.85, 0.6)[i]
        parts.append(capsule(a, b, size, body, size * 0.85, sides=12))
        side = np.array([np.cos(turn), 0, -np.sin(turn)]) * size * 1.25
        parts.append(capsule(a - side, a + side, size * 1.05, joint, sides=12))
    tip = points[-1]
    direction = (tip - points[-2]) / max(float(np.linalg.norm(tip - points[-2])), 1e-6)
    across = np.array([np.cos(turn), 0, -np.sin(turn)])
    gape = rng.uniform(0.01, 0.05)
    parts.append(capsule(tip - across * 0.04, tip + across * 0.04, thick * 0.45, joint))
    for way in (-1, 1):
        finger = tip + across * way * gape
        end = np.maximum(finger + direction * 0.07, (-9, 0.005, -9))
        parts.append(capsule(finger, end, 0.009, joint, 0.006))
    if rng.random() < 0.4:
        at = np.maximum(tip - direction * 0.05 + (0, 0.05, 0), (-9, 0.02, -9))
        parts.append(box((0.09, 0.025, 0.025), palette.plastic(rng, 1.0), at, yaw=turn))
    return Piece(parts)

"""Filming a world: places, paths and moving things are drawn, and what shows little is passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from velodepth.cameras import Camera, Pinhole
from velodepth.train.shards import Clip

from . import figures, motion, movers, truth
from . import look as looks
from .draws import log_uniform, weighted
from .lenses import lens, unit_depth
from .renderer import Rendered, Renderer
from .scene import Body, Motion, World
from .textures import Palette

Array = NDArray[np.float64]

TIME_STEP = 1 / 30
NEAR = 0.8  # metres: a view with a smaller median depth is a near one
NEAR_SHARE = 0.5  # of the views of rooms and table-tops that are asked to be near
MOVING_SHARE = 0.5  # of clips into which something is thrown
BLURRED_SHARE = 0.2  # of shots with motion blur, stills too
SHALLOW_SHARE = 0.25  # of shots with shallow focus, of those that are near; of others a third of it
PASSER_SHARE = 0.12  # of stills where people may walk, into which somebody steps
PLAIN_KEPT = 0.45  # of views almost without depth edges
SKY = 1000.0  # metres, where motion blur needs a depth
TRIES = 30  # views of a world that are looked at for one shot
INDOORS = ("room", "tabletop", "hall", "corridor")
WALKED = ("room", "hall", "corridor", "street")  # where people may walk by, on the ground at y = 0

PATHS: dict[bool, dict[Callable[..., Motion], float]] = {
    True: {
        motion.still: 0.2,
        motion.hand_held: 0.27,
        motion.walk: 0.18,
        motion.drone: 0.13,
        motion.orbit: 0.12,
        motion.fast_turn: 0.1,
    },
    False: {
        motion.still: 0.15,
        motion.hand_held: 0.12,
        motion.walk: 0.12,
        motion.drive: 0.3,
        motion.drone: 0.2,
        motion.orbit: 0.03,
        motion.fast_turn: 0.08,
    },
}
"""Weights of camera paths, indoors and outdoors."""


class Film:
    """Shots of one world, which is loaded into the renderer.

    rng: all that is drawn comes from it. size: (width, height) of the pictures.
    """

    def __init__(
        self,
        renderer: Renderer,
        world: World,
        palette: Palette,
        rng: np.random.Generator,
        size: tuple[int, int],
    ) -> None:
        self.world = world
        self._renderer, self._palette, self._rng, self._size = renderer, palette, rng, size
        self._indoors = world.kind in INDOORS
        self._own = [body.motion for body in world.bodies if body.motion is not None]
        renderer.load(world)

    def shot(self, length: int) -> Clip | None:
        """A clip of this length, a still for 1; None where no view was good enough."""
        rng = self._rng
        want_near = rng.random() < NEAR_SHARE if self.world.kind in ("room", "tabletop") else None
        camera = lens(rng, *self._size)
        for attempt in range(TRIES):
            view = self.world.view(rng)
            if view is None:
                continue
            eye, target = (np.asarray(a, float) for a in view)
            if not self.world.clear(eye):
                continue
            angles = np.array([*motion.towards(target - eye), rng.normal(0, 0.05)])
            if rng.random() < 0.06:
                angles[2] = rng.normal(0, 0.5)
            start = rng.uniform(0, 5)  # seconds, of the world's own motions
            self._renderer.throw_in([])
            self._renderer.focus(eye)
            here = motion.facing(eye, *angles)
            seen = self._glance(camera, here, start)
            if not _worth(seen, rng):
                continue
            distance = float(np.median(seen.depth[seen.depth > 0]))
            if want_near is not None and attempt < 10 and want_near != (distance < NEAR):
                continue
            thrown: list[Body] = []
            path = motion.still(rng, eye, angles, distance, self.world.speed)
            if length > 1:
                path = self._path(eye, angles, distance)
                end = (length - 1) * TIME_STEP
                if not all(self.world.clear(path(t)[:3, 3]) for t in np.linspace(0, end, 4)):
                    continue
                if rng.random() < MOVING_SHARE or path is motion.still:
                    thrown = self._thrown(camera, here, seen, start, length * TIME_STEP)
                    self._renderer.throw_in(thrown)
                if not all(_bearable(self._glance(camera, path(t), start + t)) for t in (end / 2, end)):
                    continue
            elif self.world.kind in WALKED and rng.random() < PASSER_SHARE:
                thrown = self._passer_by(target, eye, start)
                self._renderer.throw_in(thrown)
                if not _bearable(self._glance(camera, here, start)):
                    continue
            return self._take(camera, path, start, length, thrown, distance)
        return None

    def _path(self, eye: Array, angles: Array, distance: float) -> Motion:
        draw = weighted(self._rng, PATHS[self._indoors])
        return draw(self._rng, eye, angles, distance, self.world.speed)

    def _glance(self, camera: Camera, pose: Array, time: float) -> Rendered:
        """A thumbnail of the view, through the middle of the lens."""
        width, height = self._size
        scale = 80 / width
        small = 80, max(1, round(height * scale))
        thumbnail = Pinhole(
            camera.fx * scale, camera.fy * scale, camera.cx * scale, camera.cy * scale, size=small
        )
        return self._renderer.draw(thumbnail, pose, time)

    def _thrown(
        self, camera: Camera, pose: Array, seen: Rendered, start: float, duration: float
    ) -> list[Body]:
        """Things that are in view about the middle of a clip."""
        rng = self._rng
        middle = start + duration / 2
        bodies: list[Body] = []
        for _ in range(int(rng.integers(1, 4))):
            row, column = (int(rng.uniform(0.15, 0.85) * n) for n in seen.depth.shape)
            z = float(seen.depth[row, column])
            if z == 0:
                z = 15.0
            ray = np.append((np.array([column, row]) + 0.5) * self._size[0] / 80, 1.0)
            ray[:2] = (ray[:2] - (camera.cx, camera.cy)) / (camera.fx, camera.fy)
            on_surface = pose[:3, :3] @ (ray * z) + pose[:3, 3]
            size = float(np.clip(z * rng.uniform(0.05, 0.3), 0.02, 0.6))
            speed = float(np.exp(rng.normal(np.log(0.6 * min(z, 6.0)), 0.7)))
            choice = rng.random()
            if self.world.kind in WALKED and choice < 0.35 and z > 1.2:
                bodies += self._passer_by(on_surface, pose[:3, 3], middle)
            elif choice < 0.6 and _level(seen, row, column, pose, camera, self._size[0] / 80):
                bodies.append(movers.rolling(rng, self._palette, on_surface, size / 2, speed, middle))
            else:
                place = pose[:3, :3] @ (ray * z * rng.uniform(0.4, 0.85)) + pose[:3, 3]
                bodies.append(movers.flying(rng, self._palette, place, 0.7 * size, speed, middle))
        return bodies

    def _passer_by(self, towards: Array, eye: Array, time: float) -> list[Body]:
        rng = self._rng
        away = (towards - eye) * (1, 0, 1)
        distance = float(np.linalg.norm(away))
        if distance < 0.6:
            return []
        # From within reach of the arm to far away, all distances alike.
        out = log_uniform(rng, 0.5, min(0.95 * distance, 15.0))
        place = eye * (1, 0, 1) + away / distance * out
        heading = rng.uniform(0, 2 * np.pi)
        velocity = rng.uniform(0.3, 1.8) * np.array([np.sin(heading), 0.0, np.cos(heading)])
        steps = [place + velocity * t + (0, high, 0) for t in (-0.2, 0, 0.2) for high in (0.3, 0.9, 1.5)]
        if not all(self.world.clear(step) for step in steps):
            return []
        someone = figures.figure(rng, self._palette, stride=0.0)
        return movers.walking(rng, someone, place, velocity, time)

    def _take(
        self, camera: Camera, path: Motion, start: float, length: int, thrown: Sequence[Body], distance: float
    ) -> Clip:
        """Render a clip, and its truth. distance: median depth of the view, metres."""
        rng, renderer = self._rng, self._renderer
        look = looks.drawn(rng)
        shutter = rng.uniform(0.2, 0.8) * TIME_STEP if rng.random() < BLURRED_SHARE else 0.0
        shaken = path
        if shutter and length == 1:  # the picture is taken on the way, or by a hand that trembles
            pose = path(0.0)
            angles = np.array([*motion.towards(pose[:3, 2]), 0.0])
            moving = motion.walk if rng.random() < 0.5 else motion.fast_turn
            shaken = moving(rng, pose[:3, 3], angles, distance, self.world.speed)
        open_wide = rng.random() < SHALLOW_SHARE * (1.0 if distance < 2 * NEAR else 1 / 3)
        blur = float(log_uniform(rng, 0.8, 6.0)) * self._size[0] / 320
        spot = rng.uniform(0.3, 0.7, 2)
        focus = 0.0
        motions = [*self._own, *(body.motion for body in thrown if body.motion is not None)]
        times = [index * TIME_STEP for index in range(length)]
        views: list[truth.FrameTruth] = []
        pictures: list[NDArray[np.uint8]] = []
        metered = 0.0
        for time in times:
            pose = path(time)
            seen = renderer.draw(camera, pose, start + time)
            view = truth.FrameTruth(seen.depth, seen.body, pose, start + time)
            radiance = seen.radiance
            if open_wide:
                row, column = (spot * seen.depth.shape).astype(int)
                focus = focus or float(seen.depth[row, column]) or distance
                radiance = looks.defocused(radiance, seen.depth, focus, blur)
            if shutter:
                step = shaken(time + shutter) @ np.linalg.inv(shaken(time))
                far = view._replace(depth=np.where(view.depth > 0, view.depth, SKY))
                moved, _ = truth.displacement(camera, far, step @ pose, view.time + shutter, motions)
                radiance = looks.smeared(radiance, moved)
            metered = metered or looks.key(radiance)
            pictures.append(looks.developed(radiance, look, metered, time, rng))
            views.append(view)
        width, height = self._size
        flow = np.zeros((length, 2, 2, height, width), np.float16)
        occluded = np.ones((length, 2, height, width), bool)
        for index, view in enumerate(views):
            for way, other in enumerate((index - 1, index + 1)):
                if 0 <= other < length:
                    flow[index, way], occluded[index, way] = truth.flow(camera, view, views[other], motions)
        depth = np.stack([view.depth for view in views])
        return Clip(
            picture=np.stack(looks.coded(pictures, look)),
            depth=np.minimum(depth, np.finfo(np.float16).max).astype(np.float16),
            flow=flow,
            occluded=occluded,
            pose=np.stack([view.pose for view in views]),
            frames=[
                {
                    "kind": self.world.kind,
                    "index": index,
                    "length": length,
                    "time": time,
                    "camera": camera.to_dict(),
                    "median_depth": round(float(np.median(view.depth[view.depth > 0])), 4),
                }
                for index, (time, view) in enumerate(zip(times, views, strict=True))
            ],
        )


def _bearable(seen: Rendered) -> bool:
    """Whether a thumbnail shows something, and not the inside of a thing."""
    known = seen.depth > 0
    if known.mean() < 0.25:
        return False
    too_near = (seen.depth[known] < 0.1).mean()
    return bool(too_near <= 0.05 and np.median(seen.depth[known]) > 0.15)


def _worth(seen: Rendered, rng: np.random.Generator) -> bool:
    """Whether a view is worth a frame. Most of those almost without depth edges are not."""
    if not _bearable(seen):
        return False
    luma = seen.radiance.mean(axis=-1)
    if luma.std() < 0.03 * luma.mean() or luma.mean() < 1e-3:
        return False
    level = np.log(np.where(seen.depth > 0, seen.depth, 1000.0))
    edges = (np.abs(np.diff(level, axis=1)) > 0.1).mean() + (np.abs(np.diff(level, axis=0)) > 0.1).mean()
    return bool(edges >= 0.04 or rng.random() < PLAIN_KEPT)


def _level(seen: Rendered, row: int, column: int, pose: Array, camera: Camera, scale: float) -> bool:
    """Whether the surface at a place of a thumbnail is level and smooth around it."""
    size = seen.depth.shape[1], seen.depth.shape[0]
    thumbnail = Pinhole(camera.fx / scale, camera.fy / scale, camera.cx / scale, camera.cy / scale, size=size)
    around = slice(row - 2, row + 3), slice(column - 2, column + 3)
    z = seen.depth[around]
    if z.size < 25 or (z == 0).any():
        return False
    points = unit_depth(thumbnail)[around].reshape(-1, 3) * z.reshape(-1, 1)
    high = points @ pose[1, :3]
    return bool(np.ptp(high) < 0.02 * z.mean())

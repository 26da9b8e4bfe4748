"""Worlds as pictures, with the exact depth of every pixel: OpenGL over EGL, on Mesa's llvmpipe or a GPU.

A frame is one pass over a grid of samples half a pixel apart, (2W + 1) x (2H + 1) of them, into radiance,
depth and body at once. Sample (2i + 1, 2j + 1) lies exactly at the centre of pixel (i, j): depth and body are
its. Radiance is the mean of the 3 x 3 samples around it with weights 1 2 1, a tent one pixel wide.

The sun and the first point light cast shadows. Ambient occlusion is estimated from the depth of the frame:
the mean over samples around a pixel of how far they stand above its surface, as a cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from velodepth.cameras import Camera, Pinhole
from velodepth.errors import VeloDepthError

from ..scene import MOST_POINT_LIGHTS, VERTEX, Body, Lights, Vector, World, joined
from .chunks import chunked
from .distortion import Rendered, resampled, wide_pinhole
from .matrices import LAMP_ANGLE, clip_matrix, columns, lamp_matrix, sun_matrix
from .shaders import (
    DEPTH_FRAGMENT,
    DEPTH_VERTEX,
    RESOLVE_FRAGMENT,
    SHADOW_FRAGMENT,
    SHADOW_VERTEX,
    SKY_FRAGMENT,
    SKY_VERTEX,
    SURFACE_FRAGMENT,
    SURFACE_VERTEX,
)
from .targets import SHADOW_SIZE, ShadowMap, Target, create_context

SHADOW_REACH = 45.0  # metres around the focus: a larger world has shadows only there


class Renderer:
    """Draws one loaded world at a time.

    pictures: (layers, size, size, 4) uint8, what the `layer` of a vertex chooses from. A context manager:
    what it holds of the graphics card goes with it. Several may be in use, by one thread.
    Raises VeloDepthError where moderngl is not installed or no OpenGL 3.3 can be had.
    """

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._context = context = create_context()
        self._pictures = self._uploaded(pictures)

        lit = SURFACE_FRAGMENT.replace("POINTS", str(MOST_POINT_LIGHTS)).replace(
            "SHADOW_SIZE", f"{SHADOW_SIZE}.0"
        )
        self._surface = context.program(vertex_shader=SURFACE_VERTEX, fragment_shader=lit)
        self._depth = context.program(vertex_shader=DEPTH_VERTEX, fragment_shader=DEPTH_FRAGMENT)
        self._sky = context.program(vertex_shader=SKY_VERTEX, fragment_shader=SKY_FRAGMENT)
        self._cast = context.program(vertex_shader=SHADOW_VERTEX, fragment_shader=SHADOW_FRAGMENT)
        resolve = RESOLVE_FRAGMENT.replace("TAPS", "12")
        self._resolve = context.program(vertex_shader=SKY_VERTEX, fragment_shader=resolve)
        self._sky_triangle = context.vertex_array(self._sky, [])
        self._resolve_triangle = context.vertex_array(self._resolve, [])
        for unit, name in enumerate(("pictures", "sun_shadow", "lamp_shadow")):
            self._surface[name] = unit
        self._resolve["radiances"], self._resolve["truths"] = 3, 4

        self._sun_map, self._lamp_map = ShadowMap(context), ShadowMap(context)
        self._targets: dict[tuple[int, int], Target] = {}
        self._world: World | None = None
        self._still: _Drawable | None = None
        self._moving: list[_Drawable] = []
        self._thrown: list[_Drawable] = []

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *exception: object) -> None:
        self._context.release()

    def load(self, world: World) -> None:
        """Upload a world; what was loaded before goes. Shadows are focused on its centre."""
        self._here()
        self.throw_in([])
        for drawable in [self._still, *self._moving]:
            if drawable is not None:
                drawable.release()
        still = joined(*(body.mesh for body in world.bodies if body.motion is None))
        mesh, self._chunks = chunked(still, self._solid)
        self._still = self._drawable(Body(mesh))
        self._moving = [self._drawable(body) for body in world.bodies if body.motion is not None]
        self._world = world
        self._set_lights(world.lights)
        self._aim_sun(world.centre)
        if world.lights.points:
            self._to_lamp = lamp_matrix(world.lights.points[0][0])
            self._surface["to_lamp"].write(columns(self._to_lamp))
            self._surface["lamp_texel"] = 2 * np.tan(LAMP_ANGLE) / SHADOW_SIZE
            with self._lamp_map.at_rest():
                self._cast_shadows(self._to_lamp, [self._still], 0)

    def throw_in(self, bodies: Sequence[Body]) -> None:
        """Add moving bodies, which follow those of the world; what was thrown in before goes."""
        self._here()
        for drawable in self._thrown:
            drawable.release()
        self._thrown = [self._drawable(body) for body in bodies]

    def focus(self, point: ArrayLike) -> None:
        """Centre the sun's shadows on a point; a world of at most 45 m reach has them everywhere anyhow."""
        world = self._loaded()
        if world.reach > SHADOW_REACH:
            self._here()
            self._aim_sun(point)

    def draw(self, camera: Camera, pose: NDArray[np.float64], time: float) -> Rendered:
        """The loaded world at `time` seconds.

        camera: its `size` is that of the result. pose: camera-to-world.

        A camera that is no pinhole is resampled from a wider pinhole: radiance bilinear; depth bilinear in
        1/z on a surface, which is exact for planes, and nearest at its edges; no ray beyond 65 degrees from
        the axis.
        """
        if camera.size is None:
            raise VeloDepthError("the camera has no size; give the width and height of the pictures wanted")
        if not isinstance(camera, Pinhole):
            return resampled(self.draw(wide_pinhole(camera), pose, time), camera)
        self._loaded()
        self._here()
        self._shadow_of_the_moving(time)
        target = self._target(*camera.size)
        width, height = camera.size
        view = np.linalg.inv(pose)
        to_clip = clip_matrix(camera, width, height) @ view
        lens = (camera.fx, camera.fy, camera.cx, camera.cy)

        context, surface = self._context, self._surface
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = "<="
        # First depth alone, so that only what is seen is lit.
        assert self._still is not None
        seen = self._chunks.seen(to_clip)
        target.depths.use()
        context.clear(depth=1.0)
        self._depth["to_clip"].write(columns(to_clip))
        for first, count in self._chunks.runs(seen & self._chunks.solid):
            self._still.depth.render(vertices=count, first=first)
        target.samples.use()
        self._pictures.use(0)
        surface["to_clip"].write(columns(to_clip))
        surface["to_depth"].write(view[2].astype("f4"))
        surface["eye"] = tuple(pose[:3, 3])
        surface["model"].write(columns(np.eye(4)))
        surface["body"] = 0.0
        for first, count in self._chunks.runs(seen):
            self._still.surface.render(vertices=count, first=first)
        for index, drawable in enumerate(self._moving + self._thrown, start=1):
            surface["model"].write(columns(drawable.motion(time)))
            surface["body"] = float(index)
            drawable.surface.render()
        self._sky["to_world"].write(columns(pose[:3, :3]))
        self._sky["lens"] = lens
        self._sky_triangle.render(vertices=3)

        target.pixels.use()
        context.enable_only(context.NOTHING)
        target.radiances.use(3)
        target.truths.use(4)
        self._resolve["lens"] = lens
        self._resolve_triangle.render(vertices=3)
        picture, known = (
            np.frombuffer(target.pixels.read(components=n, attachment=k, dtype="f4"), np.float32).reshape(
                height, width, n
            )
            for k, n in enumerate((4, 2))
        )
        open_ = cv2.blur(known[..., 1], (4, 4))
        return Rendered(
            picture[..., :3] * open_[..., None], picture[..., 3].copy(), known[..., 0].astype(np.int16)
        )

    def _here(self) -> None:
        """OpenGL calls go to the context used last: make it this one."""
        self._context.__enter__()

    def _uploaded(self, pictures: NDArray[np.uint8]) -> Any:
        self._solid = pictures[..., 3].min(axis=(1, 2)) >= 0.4 * 255
        layers, height, width, _ = pictures.shape
        texture = self._context.texture_array((width, height, layers), 4, np.ascontiguousarray(pictures))
        texture.build_mipmaps()
        texture.filter = self._context.LINEAR_MIPMAP_NEAREST, self._context.LINEAR
        return texture

    def _loaded(self) -> World:
        if self._world is None:
            raise VeloDepthError("no world is loaded; call Renderer.load first")
        return self._world

    def _set_lights(self, lights: Lights) -> None:
        surface = self._surface
        for program in (surface, self._sky):
            program["sun"], program["sun_colour"], program["sky"] = lights.sun, lights.sun_colour, lights.sky
            program["fog"] = lights.fog
        surface["ambient"] = lights.ambient
        # Any number that differs between worlds will do: it moves the clouds and says how many there are.
        self._sky["clouds"] = float(np.sum(np.multiply(lights.sun, (3.7, 5.1, 7.3))) % 1 * 0.6 + 0.25)
        if len(lights.points) > MOST_POINT_LIGHTS:
            raise VeloDepthError(f"a world has {len(lights.points)} point lights; give at most 6")
        padding: list[tuple[Vector, Vector]] = [((0, 0, 0), (0, 0, 0))] * (
            MOST_POINT_LIGHTS - len(lights.points)
        )
        positions, colours = zip(*lights.points, *padding, strict=True)
        surface["lamps"].write(np.array(positions, "f4"))
        surface["lamp_colours"].write(np.array(colours, "f4"))
        surface["lamp_count"] = len(lights.points)

    def _aim_sun(self, centre: ArrayLike) -> None:
        world = self._loaded()
        reach = min(world.reach, SHADOW_REACH)
        self._to_sun = sun_matrix(world.lights.sun, centre, reach)
        self._surface["to_sun"].write(columns(self._to_sun))
        self._surface["sun_texel"] = 2 * reach / SHADOW_SIZE
        with self._sun_map.at_rest():
            self._cast_shadows(self._to_sun, [self._still], 0)

    def _shadow_of_the_moving(self, time: float) -> None:
        """Both shadow maps as they are at this time."""
        moving = self._moving + self._thrown
        has_lamp = bool(self._loaded().lights.points)
        for unit, shadows, used in ((1, self._sun_map, True), (2, self._lamp_map, has_lamp)):
            if used and moving:
                with shadows.over_rest():
                    self._cast_shadows(self._to_sun if unit == 1 else self._to_lamp, moving, time)
                shadows.now.use(unit)
            else:
                shadows.rest.use(unit)

    def _cast_shadows(self, to_light: NDArray[np.float64], drawables: list[Any], time: float) -> None:
        self._context.enable_only(self._context.DEPTH_TEST)
        self._pictures.use(0)
        self._cast["to_light"].write(columns(to_light))
        for drawable in drawables:
            self._cast["model"].write(columns(drawable.motion(time)))
            drawable.shadow.render()

    def _drawable(self, body: Body) -> _Drawable:
        motion = body.motion or (lambda time: np.eye(4))
        if len(body.mesh) == 0:
            body = replace(body, mesh=np.zeros(3, VERTEX))  # OpenGL has no empty buffers
        buffer = self._context.buffer(np.ascontiguousarray(body.mesh).tobytes())
        surface = self._context.vertex_array(self._surface, [(buffer, _FORMAT, *_NAMES)])
        shadow = self._context.vertex_array(
            self._cast, [(buffer, "3f 12x 2f 1f 32x", "position", "uv", "layer")]
        )
        depth = self._context.vertex_array(self._depth, [(buffer, "3f 56x", "position")])
        return _Drawable(buffer, surface, shadow, depth, motion)

    def _target(self, width: int, height: int) -> Target:
        if (width, height) not in self._targets:
            self._targets[width, height] = Target(self._context, width, height)
        return self._targets[width, height]


_NAMES = tuple(VERTEX.names or ())
_FORMAT = "3f 3f 2f 1f 3f 3f 1f 1f"


@dataclass
class _Drawable:
    buffer: Any
    surface: Any
    shadow: Any
    depth: Any
    motion: Any

    def release(self) -> None:
        for thing in (self.surface, self.shadow, self.depth, self.buffer):
            thing.release()

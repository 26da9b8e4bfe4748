"""Worlds as pictures, with the exact depth of every pixel: OpenGL over EGL, on Mesa's llvmpipe or a GPU.

A frame is one pass over a grid of samples half a pixel apart, (2W + 1) x (2H + 1) of them, into radiance,
depth and body at once. Sample (2i + 1, 2j + 1) lies exactly at the centre of pixel (i, j): depth and body are
its. Radiance is the mean of the 3 x 3 samples around it with weights 1 2 1, a tent one pixel wide.

The sun and the first point light cast shadows. Ambient occlusion is estimated from the depth of the frame:
the mean over samples around a pixel of how far they stand above its surface, as a cosine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from velodepth.cameras import Camera, Pinhole
from velodepth.errors import VeloDepthError

from .lenses import unit_depth
from .scene import MOST_POINT_LIGHTS, VERTEX, Body, Lights, Mesh, Vector, World, joined

if TYPE_CHECKING:
    from typing_extensions import Self

NEAR = 0.03
FAR = 2000.0
SHADOW_SIZE = 1024
SHADOW_REACH = 45.0  # metres around the focus: a larger world has shadows only there
LAMP_NEAR = 0.25  # what is nearer to the lamp than this, such as its shade, casts no shadow
LAMP_ANGLE = np.radians(75)  # half of the cone under the lamp in which things cast shadows
CHUNK = 512  # triangles that are left out together when none is in view
STEEPEST = 2.2  # tangent of the widest angle from the axis that a distorted lens is rendered to

_VERTEX = """
#version 330
uniform mat4 model, to_clip;
uniform vec4 to_depth;
in vec3 position, normal, tint, base;
in vec2 uv;
in float layer, gloss, emission;
out vec3 at, facing, tinted, based;
out vec2 where;
out float depth;
flat out float picture, glossy, shine;
invariant gl_Position;
void main() {
    vec4 world = model * vec4(position, 1);
    at = world.xyz;
    facing = mat3(model) * normal;
    tinted = tint; based = base; where = uv; picture = layer; glossy = gloss; shine = emission;
    depth = dot(to_depth, world);
    gl_Position = to_clip * world;
}
"""

_FRAGMENT = """
#version 330
uniform sampler2DArray pictures;
uniform sampler2DShadow sun_shadow, lamp_shadow;
uniform mat4 to_sun, to_lamp;
uniform vec3 eye, sun, sun_colour, ambient, sky;
uniform vec3 lamps[POINTS], lamp_colours[POINTS];
uniform int lamp_count;
uniform float fog, body, sun_texel, lamp_texel;
in vec3 at, facing, tinted, based;
in vec2 where;
in float depth;
flat in float picture, glossy, shine;
layout(location = 0) out vec4 radiance;
layout(location = 1) out vec2 truth;

float lit(sampler2DShadow map, vec4 position, float spread) {
    // One tap, at one of four places by sample: their mean in a pixel makes the edge soft.
    vec2 tap = spread * (mod(floor(gl_FragCoord.xy), 2) - .5) / SHADOW_SIZE;
    vec3 p = position.xyz / position.w * .5 + .5;
    bool outside = position.w <= 0 || any(lessThan(p, vec3(0))) || any(greaterThan(p, vec3(1)));
    return outside ? 1. : texture(map, p + vec3(tap, 0));
}

// About x^power (Schlick, "A fast alternative to Phong's specular model", 1994).
float lobe(float x, float power) { x = max(x, 0); return x / (power - power * x + x); }

void main() {
    vec4 texel = texture(pictures, vec3(where, picture));
    if (texel.a < .4) discard;
    vec3 albedo = clamp(texel.rgb * tinted + based, 0, 1);
    albedo *= albedo * (.3 * albedo + .7);  // from a picture file's values to linear ones, nearly
    vec3 to_eye = eye - at;
    float distance = length(to_eye);
    to_eye /= distance;

    vec3 face = cross(dFdx(at), dFdy(at));
    vec3 n = normalize(dot(facing, facing) > 1e-6 ? facing : face);
    if (dot(n, face) * dot(face, to_eye) < 0) n = -n;
    float power = 8 + 500 * glossy * glossy * glossy;
    float falls = max(dot(n, sun), 0);
    vec3 comes = sun_colour * lit(sun_shadow, to_sun * vec4(at + n * sun_texel * (4 - 2.5 * falls), 1), 2);
    vec3 diffuse = ambient * (.8 + .2 * n.y) + comes * falls;
    vec3 specular = comes * falls * lobe(dot(n, normalize(sun + to_eye)), power);
    for (int i = 0; i < lamp_count; i++) {
        vec3 way = lamps[i] - at;
        float square = dot(way, way);
        way *= inversesqrt(square);
        falls = max(dot(n, way), 0);
        comes = lamp_colours[i] * (falls / (square + .03));
        if (i == 0) {
            vec3 off = n * lamp_texel * sqrt(square) * (4.5 - 3 * falls);
            comes *= lit(lamp_shadow, to_lamp * vec4(at + off, 1), 3);
        }
        diffuse += comes;
        specular += comes * lobe(dot(n, normalize(way + to_eye)), power);
    }
    float grazing = clamp(1 - dot(n, to_eye), 0, 1);
    grazing *= grazing * grazing * grazing;
    float mirror = .04 + .5 * glossy * glossy;
    vec3 colour = albedo * diffuse + glossy * (specular * mirror * (power + 8) / 8
        + ambient * (.04 + .5 * glossy * grazing));
    if (shine > 0) colour = albedo * shine;
    // What occlusion may take: nearly all of the ambient light, little of what comes straight from a lamp.
    float indirect = dot(ambient, vec3(1)) / (dot(diffuse, vec3(1)) + 1e-6);
    radiance = vec4(mix(sky, colour, exp(-fog * distance)), shine > 0 ? 0 : .3 + .7 * min(indirect, 1));
    truth = vec2(depth, body);
}
"""

_DEPTH_VERTEX = """
#version 330
uniform mat4 to_clip;
in vec3 position;
invariant gl_Position;
void main() { vec4 world = vec4(position, 1); gl_Position = to_clip * world; }
"""

_DEPTH_FRAGMENT = """
#version 330
void main() {}
"""

_SKY_VERTEX = """
#version 330
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1, 1, 1); }
"""

_SKY_FRAGMENT = """
#version 330
uniform mat3 to_world;
uniform vec4 lens;
uniform vec3 sky, sun, sun_colour;
uniform float fog, clouds;
layout(location = 0) out vec4 radiance;
layout(location = 1) out vec2 truth;
float hash(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233)) + clouds) * 43758.5453); }
float noise(vec2 p) {
    vec2 i = floor(p), f = smoothstep(0, 1, p - i);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + 1), f.x), f.y);
}
void main() {
    vec2 pixel = (gl_FragCoord.xy - .5) / 2;
    vec3 ray = normalize(to_world * vec3((pixel - lens.zw) / lens.xy, 1));
    float high = max(ray.y, 0);
    vec3 colour = mix(sky, sky * vec3(.45, .6, .85), sqrt(high));
    vec2 p = ray.xz / (high + .15) * 1.5;
    float cover = .5 * noise(p) + .25 * noise(2.1 * p) + .15 * noise(4.3 * p) + .1 * noise(9.1 * p);
    cover = smoothstep(fract(clouds), fract(clouds) + .35, cover) * smoothstep(0, .15, high);
    colour = mix(colour, (sky + .35 * sun_colour) * (.6 + .4 * cover), .8 * cover);
    float near = max(dot(ray, sun), 0);
    colour += sun_colour * (pow(near, 60) * .3 + smoothstep(.9996, .9999, near) * 20);
    radiance = vec4(mix(colour, sky, 1 - exp(-fog * 300)), 0);
    truth = vec2(0, -1);
}
"""

_SHADOW_VERTEX = """
#version 330
uniform mat4 model, to_light;
in vec3 position;
in vec2 uv;
in float layer;
out vec3 where;
void main() { where = vec3(uv, layer); gl_Position = to_light * model * vec4(position, 1); }
"""

_SHADOW_FRAGMENT = """
#version 330
uniform sampler2DArray pictures;
in vec3 where;
void main() { if (texture(pictures, where).a < .4) discard; }
"""

_RESOLVE_FRAGMENT = """
#version 330
uniform sampler2D radiances, truths;
uniform vec4 lens;
layout(location = 0) out vec4 radiance_and_depth;
layout(location = 1) out vec2 body_and_open;

vec3 place(ivec2 s, float z) { return vec3((s / 2. - lens.zw) / lens.xy * z, z); }

void main() {
    ivec2 s = 2 * ivec2(gl_FragCoord.xy) + 1, last = textureSize(truths, 0) - 1;
    vec4 mean = vec4(0);
    for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++)
        mean += texelFetch(radiances, s + ivec2(x, y), 0) * float((2 - abs(x)) * (2 - abs(y))) / 16;
    vec2 truth = texelFetch(truths, s, 0).xy;
    float z = truth.x, open = 1;
    if (z > 0 && mean.a > 0) {
        vec4 around = vec4(texelFetch(truths, s - ivec2(1, 0), 0).x, texelFetch(truths, s + ivec2(1, 0), 0).x,
            texelFetch(truths, s - ivec2(0, 1), 0).x, texelFetch(truths, s + ivec2(0, 1), 0).x);
        vec3 p = place(s, z);
        vec3 right = abs(around.x - z) < abs(around.y - z) ? p - place(s - ivec2(1, 0), around.x)
            : place(s + ivec2(1, 0), around.y) - p;
        vec3 down = abs(around.z - z) < abs(around.w - z) ? p - place(s - ivec2(0, 1), around.z)
            : place(s + ivec2(0, 1), around.w) - p;
        vec3 n = normalize(cross(down, right));
        // Taps lie closer to each other near the pixel, so that contacts and corners both count.
        float reach = min(.3 * z, 1.), sum = 0;
        vec2 pixels = 2 * lens.xy * reach / z;
        float turn = 6.2832 * fract(dot(mod(gl_FragCoord.xy, 4), vec2(.25, .0625)));
        for (int i = 0; i < TAPS; i++) {
            float far = (i + .5) / TAPS, angle = turn + 2.4 * i;
            ivec2 q = clamp(s + ivec2(pixels * far * far * vec2(cos(angle), sin(angle))), ivec2(0), last);
            float other = texelFetch(truths, q, 0).x;
            if (other <= 0) continue;
            vec3 v = place(q, other) - p;
            float square = dot(v, v) + 1e-8;
            sum += max(0, dot(v, n) * inversesqrt(square) - .1) * max(0, 1 - square / (reach * reach));
        }
        open = 1 - mean.a * min(.9, 1.7 * sum / TAPS);
    }
    radiance_and_depth = vec4(mean.rgb, z);
    body_and_open = vec2(truth.y, open);
}
"""


class Rendered(NamedTuple):
    """What a camera sees, row by row from the top.

    radiance (H, W, 3) float32, linear. depth (H, W) float32, metres along z; 0: sky or no ray. body (H, W)
    int16: 0 what stands still, k the k-th moving body (from 1: those of the world, then those thrown in), -1
    where depth is 0.
    """

    radiance: NDArray[np.float32]
    depth: NDArray[np.float32]
    body: NDArray[np.int16]


class Renderer:
    """Draws one loaded world at a time.

    pictures: (layers, size, size, 4) uint8, what the `layer` of a vertex chooses from. A context manager:
    what it holds of the graphics card goes with it. Several may be in use, by one thread.
    Raises VeloDepthError where moderngl is not installed or no OpenGL 3.3 can be had.
    """

    def __init__(self, pictures: NDArray[np.uint8]) -> None:
        self._context = context = _context()
        self._palette = pictures
        self._pictures = self._uploaded(pictures)

        lit = _FRAGMENT.replace("POINTS", str(MOST_POINT_LIGHTS)).replace("SHADOW_SIZE", f"{SHADOW_SIZE}.0")
        self._surface = context.program(vertex_shader=_VERTEX, fragment_shader=lit)
        self._depth = context.program(vertex_shader=_DEPTH_VERTEX, fragment_shader=_DEPTH_FRAGMENT)
        self._sky = context.program(vertex_shader=_SKY_VERTEX, fragment_shader=_SKY_FRAGMENT)
        self._cast = context.program(vertex_shader=_SHADOW_VERTEX, fragment_shader=_SHADOW_FRAGMENT)
        resolve = _RESOLVE_FRAGMENT.replace("TAPS", "12")
        self._resolve = context.program(vertex_shader=_SKY_VERTEX, fragment_shader=resolve)
        self._sky_triangle = context.vertex_array(self._sky, [])
        self._resolve_triangle = context.vertex_array(self._resolve, [])
        for unit, name in enumerate(("pictures", "sun_shadow", "lamp_shadow")):
            self._surface[name] = unit
        self._resolve["radiances"], self._resolve["truths"] = 3, 4

        self._sun_map, self._lamp_map = _ShadowMap(context), _ShadowMap(context)
        self._targets: dict[tuple[int, int], _Target] = {}
        self._world: World | None = None
        self._still: _Drawable | None = None
        self._moving: list[_Drawable] = []
        self._thrown: list[_Drawable] = []

    def __enter__(self) -> Self:
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
        before = None if self._world is None else self._world.pictures
        if world.pictures is not before:
            own = [] if world.pictures is None else [world.pictures]
            self._pictures.release()
            self._pictures = self._uploaded(np.concatenate([self._palette, *own]))
        still = joined(*(body.mesh for body in world.bodies if body.motion is None))
        mesh, self._chunks = _chunked(still, self._solid)
        self._still = self._drawable(Body(mesh))
        self._moving = [self._drawable(body) for body in world.bodies if body.motion is not None]
        self._world = world
        self._set_lights(world.lights)
        self._aim_sun(world.centre)
        if world.lights.points:
            self._to_lamp = _lamp_matrix(world.lights.points[0][0])
            self._surface["to_lamp"].write(_columns(self._to_lamp))
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
            return _resampled(self.draw(_wide(camera), pose, time), camera)
        self._loaded()
        self._here()
        self._shadow_of_the_moving(time)
        target = self._target(*camera.size)
        width, height = camera.size
        view = np.linalg.inv(pose)
        to_clip = _clip_matrix(camera, width, height) @ view
        lens = (camera.fx, camera.fy, camera.cx, camera.cy)

        context, surface = self._context, self._surface
        context.enable_only(context.DEPTH_TEST)
        context.depth_func = "<="
        # First depth alone, so that only what is seen is lit.
        assert self._still is not None
        seen = self._chunks.seen(to_clip)
        target.depths.use()
        context.clear(depth=1.0)
        self._depth["to_clip"].write(_columns(to_clip))
        for first, count in self._chunks.runs(seen & self._chunks.solid):
            self._still.depth.render(vertices=count, first=first)
        target.samples.use()
        self._pictures.use(0)
        surface["to_clip"].write(_columns(to_clip))
        surface["to_depth"].write(view[2].astype("f4"))
        surface["eye"] = tuple(pose[:3, 3])
        surface["model"].write(_columns(np.eye(4)))
        surface["body"] = 0.0
        for first, count in self._chunks.runs(seen):
            self._still.surface.render(vertices=count, first=first)
        for index, drawable in enumerate(self._moving + self._thrown, start=1):
            surface["model"].write(_columns(drawable.motion(time)))
            surface["body"] = float(index)
            drawable.surface.render()
        self._sky["to_world"].write(_columns(pose[:3, :3]))
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
        self._to_sun = _sun_matrix(world.lights.sun, centre, reach)
        self._surface["to_sun"].write(_columns(self._to_sun))
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
        self._cast["to_light"].write(_columns(to_light))
        for drawable in drawables:
            self._cast["model"].write(_columns(drawable.motion(time)))
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

    def _target(self, width: int, height: int) -> _Target:
        if (width, height) not in self._targets:
            self._targets[width, height] = _Target(self._context, width, height)
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


class _Target:
    """Where a picture of one size is drawn: its samples, and its pixels."""

    def __init__(self, context: Any, width: int, height: int) -> None:
        grid = (2 * width + 1, 2 * height + 1)
        self.radiances = context.texture(grid, 4, dtype="f2")
        self.truths = context.texture(grid, 2, dtype="f4")
        nearest = context.depth_renderbuffer(grid)
        self.depths = context.framebuffer(depth_attachment=nearest)
        self.samples = context.framebuffer([self.radiances, self.truths], nearest)
        self.pixels = context.framebuffer(
            [context.texture((width, height), 4, dtype="f4"), context.texture((width, height), 2, dtype="f4")]
        )


class _ShadowMap:
    """Depth from a light: of what stands still, and of that with what moves."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.rest, self.now = (context.depth_texture((SHADOW_SIZE, SHADOW_SIZE)) for _ in range(2))
        for texture in (self.rest, self.now):
            texture.compare_func = "<="
            texture.filter = context.LINEAR, context.LINEAR
            texture.repeat_x = texture.repeat_y = False
        # The colours are for nothing but that copy_framebuffer copies no depth without.
        self._rest, self._now = (
            context.framebuffer([context.renderbuffer(texture.size, 1)], texture)
            for texture in (self.rest, self.now)
        )

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        self._rest.use()
        self._context.clear(depth=1.0)
        yield

    @contextmanager
    def over_rest(self) -> Iterator[None]:
        self._context.copy_framebuffer(self._now, self._rest)
        self._now.use()
        yield


def _context() -> Any:
    os.environ.setdefault("LP_NUM_THREADS", "1")  # llvmpipe; a process a core is quicker than threads
    try:
        import moderngl
    except ImportError as error:
        raise VeloDepthError(
            "worlds are drawn with moderngl, which is not installed: pip install 'velodepth[worlds]'"
        ) from error
    try:
        options: Any = {"backend": "egl"}
        return moderngl.create_context(standalone=True, require=330, **options)
    except Exception as error:  # moderngl raises plain Exception and ImportError here
        raise VeloDepthError(
            f"no OpenGL 3.3 over EGL ({error}): install a graphics driver, or without a GPU Mesa's "
            "(Debian: apt install libegl1 libgl1-mesa-dri)"
        ) from error


# Static triangles in chunks


class _Chunks(NamedTuple):
    """Runs of vertices that are near each other.

    corners: (N, 8, 4) of the boxes around them. solid: (N,) whether their texture has no holes.
    """

    corners: NDArray[np.float64]
    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]
    solid: NDArray[np.bool_]

    def seen(self, to_clip: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(N,): which are not wholly beside, above, below or behind the picture."""
        clip = self.corners @ to_clip.T
        inside = (clip[..., 2] >= -clip[..., 3]).any(axis=1)
        for axis in (0, 1):
            for sign in (-1, 1):
                inside &= (sign * clip[..., axis] <= clip[..., 3]).any(axis=1)
        return inside

    def runs(self, chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
        """(first vertex, how many) of the chosen, those that follow each other together."""
        edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen, [0]])))
        for start, end in edges.reshape(-1, 2):
            yield int(self.firsts[start]), int(self.counts[start:end].sum())


def _chunked(mesh: Mesh, solid: NDArray[np.bool_]) -> tuple[Mesh, _Chunks]:
    """The triangles in an order in which neighbours are near, halved along the longest side of their box.

    solid: by layer, whether the texture has no holes.
    """
    points = mesh["position"].reshape(-1, 3, 3).astype(np.float64)
    centres = points.mean(axis=1)

    def halves(of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        if len(of) <= CHUNK:
            return [of] if len(of) else []
        along = np.ptp(centres[of], axis=0).argmax()
        of = of[np.argsort(centres[of, along], kind="stable")]
        return halves(of[: len(of) // 2]) + halves(of[len(of) // 2 :])

    is_solid = solid[mesh["layer"][::3].astype(int)]
    whole, holed = halves(np.flatnonzero(is_solid)), halves(np.flatnonzero(~is_solid))
    chunks = whole + holed
    choice = np.indices((2, 2, 2)).reshape(3, 8).T
    corners = np.ones((len(chunks), 8, 4))
    for box, chunk in zip(corners, chunks, strict=True):
        ends = points[chunk].reshape(-1, 3)
        box[:, :3] = np.where(choice, ends.max(axis=0), ends.min(axis=0))
    counts = np.array([3 * len(chunk) for chunk in chunks], int)
    ordered = mesh.reshape(-1, 3)[np.concatenate([*chunks, np.empty(0, int)])].reshape(-1)
    solids = np.arange(len(chunks)) < len(whole)
    return ordered, _Chunks(corners, np.cumsum(counts) - counts, counts, solids)


# Matrices


def _columns(matrix: NDArray[np.float64]) -> bytes:
    """As OpenGL wants it, column after column."""
    return matrix.T.astype("f4").tobytes()


def _clip_matrix(camera: Camera, width: int, height: int, near: float = NEAR) -> NDArray[np.float64]:
    """Camera axes to clip space, such that sample k of the grid lies at k / 2 pixels. Rows from the top."""
    grid = 2 * width + 1, 2 * height + 1
    matrix = np.zeros((4, 4))
    for row, (focal, centre, size) in enumerate(
        ((camera.fx, camera.cx, grid[0]), (camera.fy, camera.cy, grid[1]))
    ):
        matrix[row, row] = 4 * focal / size
        matrix[row, 2] = (4 * centre + 1) / size - 1
    matrix[2, 2], matrix[2, 3] = (FAR + near) / (FAR - near), -2 * FAR * near / (FAR - near)
    matrix[3, 2] = 1
    return matrix


def _turned(forward: ArrayLike) -> NDArray[np.float64]:
    """(4, 4) from world axes to axes whose z looks along `forward`."""
    z = np.asarray(forward, float) / np.linalg.norm(forward)
    x = np.cross(z, (0, 1, 0) if abs(z[1]) < 0.9 else (1, 0, 0))
    x /= np.linalg.norm(x)
    matrix = np.eye(4)
    matrix[:3, :3] = x, np.cross(z, x), z
    return matrix


def _sun_matrix(sun: Vector, centre: ArrayLike, reach: float) -> NDArray[np.float64]:
    """World to the sun's map: parallel rays, the sphere fills it; what stands before the sphere casts too."""
    matrix = _turned(-np.asarray(sun))
    matrix[:3, 3] = -matrix[:3, :3] @ np.asarray(centre, float)
    scale = np.diag([1 / reach, 1 / reach, 1 / (3 * reach), 1])
    return scale @ matrix


def _lamp_matrix(position: Vector) -> NDArray[np.float64]:
    """World to the lamp's map: a wide cone straight down."""
    matrix = _turned((0, -1, 0))
    matrix[:3, 3] = -matrix[:3, :3] @ np.asarray(position, float)
    far, near = 30.0, LAMP_NEAR
    lens = np.zeros((4, 4))
    lens[0, 0] = lens[1, 1] = 1 / np.tan(LAMP_ANGLE)
    lens[2, 2], lens[2, 3], lens[3, 2] = (far + near) / (far - near), -2 * far * near / (far - near), 1
    return lens @ matrix


# Lenses with distortion


@lru_cache(maxsize=4)
def _wide(camera: Camera) -> Pinhole:
    """A pinhole that sees all that the lens sees, up to 65 degrees from the axis.

    It is a little coarser than the lens in the middle, since off the axis it is much finer.
    """
    plane, known = _ideal_plane(camera)
    low, high = plane[known].min(axis=0), plane[known].max(axis=0)
    focal = 0.85 * np.array([camera.fx, camera.fy])
    # Sizes in steps of 32, so that few buffers serve all lenses.
    size = [32 * int(np.ceil((f * (b - a) + 4) / 32)) for f, a, b in zip(focal, low, high, strict=True)]
    centre = np.array(size) / 2 - focal * (low + high) / 2
    return Pinhole(*focal, *centre, size=(size[0], size[1]))


@lru_cache(maxsize=4)
def _ideal_plane(camera: Camera) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """x/z and y/z (H, W, 2) of every pixel, and where there is one within the widest angle."""
    plane = unit_depth(camera)[..., :2]
    with np.errstate(invalid="ignore"):
        known = np.linalg.norm(plane, axis=-1) < STEEPEST
    if not known.any():
        raise VeloDepthError(f"the {camera.model} camera sees nothing within 65 degrees of its axis")
    return np.where(known[..., None], plane, 0), known


def _resampled(wide: Rendered, camera: Camera) -> Rendered:
    """What `camera` sees, from the view of `_wide(camera)`."""
    pinhole = _wide(camera)
    plane, known = _ideal_plane(camera)
    at = plane * (pinhole.fx, pinhole.fy) + (pinhole.cx, pinhole.cy) - 0.5  # array coordinates
    across, down = np.moveaxis(at.astype(np.float32), -1, 0)
    radiance = cv2.remap(wide.radiance, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = wide.depth.shape
    low = np.clip(np.floor(at).astype(int), 0, (width - 2, height - 2))
    part = np.clip(at - low, 0, 1)
    rows, columns = low[..., 1], low[..., 0]
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    weights = [
        (part[..., 1] if y else 1 - part[..., 1]) * (part[..., 0] if x else 1 - part[..., 0])
        for y, x in corners
    ]
    nearest_row = rows + (part[..., 1] > 0.5)
    nearest_column = columns + (part[..., 0] > 0.5)
    depth = wide.depth[nearest_row, nearest_column]
    body = wide.body[nearest_row, nearest_column]
    with np.errstate(divide="ignore"):
        inverse = 1 / wide.depth
    around = np.stack([inverse[rows + y, columns + x] for y, x in corners])
    same = np.stack([wide.body[rows + y, columns + x] for y, x in corners])
    with np.errstate(invalid="ignore"):
        smooth = (
            (same == body).all(axis=0) & (body >= 0) & (np.ptp(around, axis=0) < 0.05 * around.max(axis=0))
        )
        between = 1 / np.sum(np.where(smooth, around, 1) * np.stack(weights), axis=0)
    depth = np.where(smooth, between, depth)
    return Rendered(
        (radiance * known[..., None]).astype(np.float32),
        np.where(known, depth, 0).astype(np.float32),
        np.where(known, body, -1).astype(np.int16),
    )

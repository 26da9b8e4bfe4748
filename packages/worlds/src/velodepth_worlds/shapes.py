"""Shapes: pure functions that return a Mesh, true to size in metres.

A shape is made about the origin, then turned by `tilt` (about x), `roll` (about z), `yaw` (about y), in this
order, and moved to `at`. Boxes, spheres and panels are centred there; what stands (cylinder, revolve,
extrude, wall) has its base at `at`. Unless it says `fit`, a texture lies on a shape in metres times
`material.scale` and starts elsewhere with every `at`, so that two boards of one wood differ; with fit=True a
face shows the whole picture once, upright. Row 0 of a picture is at v = 0, the upper edge. The grain of a
texture (u) runs along the longer side of a box.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .scene import FLOATS, Material, Mesh, as_mesh

if TYPE_CHECKING:
    from typing_extensions import Unpack

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
ORIGIN = (0.0, 0.0, 0.0)


def corners(width: float, depth: float, y: float = 0.0) -> list[tuple[float, float, float]]:
    """Of a level rectangle about the y axis: where legs, posts and castors stand."""
    return [(x * width / 2, y, z * depth / 2) for x in (-1, 1) for z in (-1, 1)]


class Turn(TypedDict, total=False):
    """How a shape is turned, radians; see `rotation`."""

    yaw: float
    tilt: float
    roll: float


def rotation(yaw: float = 0.0, tilt: float = 0.0, roll: float = 0.0) -> Array:
    """(3, 3): tilt about x, then roll about z, then yaw about y (from z towards x), radians."""
    matrix = np.eye(3)
    if tilt:
        c, s = np.cos(tilt), np.sin(tilt)
        matrix = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if roll:
        c, s = np.cos(roll), np.sin(roll)
        matrix = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ matrix
    if yaw:
        c, s = np.cos(yaw), np.sin(yaw)
        matrix = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ matrix
    return matrix


def _mesh(
    position: NDArray, normal: NDArray, uv: NDArray, material: Material, at: ArrayLike, turn: Turn
) -> Mesh:
    rows = np.empty((len(position), FLOATS), np.float32)
    if any(turn.values()):
        matrix = rotation(**turn).T
        position, normal = position @ matrix, normal @ matrix
    rows[:, 0:3] = position
    rows[:, 0:3] += np.asarray(at, np.float32)
    rows[:, 3:6] = normal
    rows[:, 6:8] = uv
    rows[:, 8:] = (material.layer, *material.tint, *material.base, material.gloss, material.emission)
    return as_mesh(rows)


def _woven(
    points: NDArray, normals: NDArray, uv: NDArray, material: Material, at: ArrayLike, turn: Turn
) -> Mesh:
    """The triangles of one grid of points (rows, columns, 3), or of several (grids, rows, columns, 3)."""
    pick = _quads(*points.shape[-3:-1])

    def of_triangles(values: NDArray) -> NDArray:
        size = values.shape[-1]
        grids = values.reshape(-1, points.shape[-3] * points.shape[-2], size)
        return grids[:, pick].reshape(-1, size)

    return _mesh(of_triangles(points), of_triangles(normals), of_triangles(uv), material, at, turn)


def _start(at: ArrayLike) -> Array:
    """Where the texture of a shape at this place starts, in metres."""
    x, y, z = np.asarray(at, np.float64)
    return np.array([x + 0.37 * z, y + 0.61 * z])


def _faces() -> Iterator[tuple[int, int, tuple[int, int], tuple[int, int]]]:
    """Of a cube: the axis each is across and its side of it (-1 or 1), the axes along which u and v run, and
    which way: u to the right as seen from outside, v down, or to the front."""
    for axis, along in enumerate(((2, 1), (0, 2), (0, 1))):
        for sign in (-1, 1):
            yield axis, sign, along, ((-sign, 1, sign)[axis], sign if axis == 1 else -1)


@lru_cache
def _unit_box() -> tuple[Floats, Floats, Floats, Floats]:
    """Corners (36, 3) in -0.5..0.5, normals, uv of each face 0..1, and the axes (36, 2) u and v run along."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1)], np.float32)
    position, normal, uv, axes = [], [], [], []
    for axis, sign, along, ways in _faces():
        p = np.zeros((6, 3), np.float32)
        n = np.zeros((6, 3), np.float32)
        p[:, axis] = sign * 0.5
        n[:, axis] = sign
        p[:, along] = (corners - 0.5) * ways
        position.append(p)
        normal.append(n)
        uv.append(corners)
        axes.append(np.tile(along, (6, 1)))
    return np.concatenate(position), np.concatenate(normal), np.concatenate(uv), np.concatenate(axes)


def box(
    size: ArrayLike, material: Material, at: ArrayLike = ORIGIN, fit: bool = False, **turn: Unpack[Turn]
) -> Mesh:
    """A box of size (x, y, z) metres, centred."""
    unit, normal, uv, axes = _unit_box()
    size = np.asarray(size, np.float32)
    position = unit * size
    if not fit:
        extent = size[axes]
        uv = uv * extent + _start(at)
        uv = np.where((extent[:, 0] >= extent[:, 1])[:, None], uv, uv[:, ::-1]) * material.scale
    return _mesh(position, normal, uv, material, at, turn)


def panel(
    width: float,
    height: float,
    material: Material,
    at: ArrayLike = ORIGIN,
    fit: bool = True,
    **turn: Unpack[Turn],
) -> Mesh:
    """An upright rectangle facing +z, centred: a poster, a page, a screen, a leaf."""
    uv = np.array([(0, 1), (1, 1), (1, 0), (0, 1), (1, 0), (0, 0)], float)
    position = np.zeros((6, 3), np.float32)
    position[:, 0] = (uv[:, 0] - 0.5) * width
    position[:, 1] = (0.5 - uv[:, 1]) * height
    normal = np.tile(np.array([0, 0, 1], np.float32), (6, 1))
    if not fit:
        uv = (uv * (width, height) + _start(at)) * material.scale
    return _mesh(position, normal, uv, material, at, turn)


@lru_cache
def _quads(rows: int, columns: int) -> NDArray[np.intp]:
    """Indices of the triangles of a grid of (rows, columns) points."""
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1, 1)
    return (first + np.array([0, 1, columns + 1, 0, columns + 1, columns])).reshape(-1)


def unit(vectors: NDArray) -> NDArray:
    """Vectors of length one; straight up where there is no direction."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), (0.0, 1.0, 0.0))


def grid(
    points: ArrayLike,
    material: Material,
    uv: ArrayLike | None = None,
    at: ArrayLike = ORIGIN,
    fit: bool = False,
    **turn: Unpack[Turn],
) -> Mesh:
    """A smooth surface through points (rows, columns, 3); uv (rows, columns, 2) if it is not to be measured
    along the surface."""
    points = np.asarray(points, np.float64)
    rows, columns = points.shape[:2]
    along, across = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normal = unit(np.cross(across, along))
    if uv is None:
        if fit:
            v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        else:
            u = np.zeros((rows, columns))
            v = np.zeros((rows, columns))
            u[:, 1:] = np.cumsum(np.linalg.norm(np.diff(points, axis=1), axis=2), axis=1)
            v[1:] = np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=2), axis=0)
            start = _start(at)
            u, v = (u + start[0]) * material.scale, (v + start[1]) * material.scale
        uv = np.stack([u, v], axis=-1)
    return _woven(points, normal, np.asarray(uv, np.float64), material, at, turn)


def heightfield(heights: ArrayLike, spacing: float, material: Material, at: ArrayLike = ORIGIN) -> Mesh:
    """Ground: heights (rows along z, columns along x) in metres, `spacing` metres apart, centred."""
    heights = np.asarray(heights, np.float64)
    rows, columns = heights.shape
    z, x = np.meshgrid(
        (np.arange(rows) - (rows - 1) / 2) * spacing,
        (np.arange(columns) - (columns - 1) / 2) * spacing,
        indexing="ij",
    )
    uv = (np.stack([x, z], axis=-1) + _start(at)) * material.scale
    return grid(np.stack([x, heights, z], axis=-1), material, uv, at)


def sheet(
    width: float,
    depth: float,
    material: Material,
    bend: float = 0.0,
    ripple: float = 0.0,
    waves: float = 1.5,
    at: ArrayLike = ORIGIN,
    fit: bool = True,
    steps: int = 10,
    **turn: Unpack[Turn],
) -> Mesh:
    """Cloth or paper that lies on its back: bent by `bend` radians along its width (up at the sides if it is
    positive) and rippled by `ripple` metres, `waves` to its width; its length along the bend stays true, its
    lowest point is at the base."""
    s = np.linspace(-0.5, 0.5, steps + 1)
    t = np.linspace(-0.5, 0.5, max(2, steps // 2 + 1))
    if abs(bend) > 1e-3:
        x, y = np.sin(bend * s) / bend * width, (1 - np.cos(bend * s)) / bend * width
    else:
        x, y = s * width, np.zeros_like(s)
    heights = y + ripple * np.sin(2 * np.pi * (waves * s[None] + 0.7 * waves * t[:, None]))
    heights -= heights.min()
    points = np.stack(
        [np.broadcast_to(x, heights.shape), heights, np.broadcast_to(t[:, None] * depth, heights.shape)], -1
    )
    return grid(points, material, at=at, fit=fit, **turn)


@lru_cache
def _circle(sides: int) -> Array:
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def revolve(
    profile: ArrayLike,
    material: Material,
    at: ArrayLike = ORIGIN,
    fit: bool = False,
    sides: int = 16,
    smooth: bool = False,
    flatten: float = 1.0,
    **turn: Unpack[Turn],
) -> Mesh:
    """What a lathe makes: profile (n, 2) of (radius, height) in metres, from the base up. smooth: the profile
    is a curve, otherwise its corners are edges. flatten: depth (z) as a part of the width."""
    profile = np.asarray(profile, np.float64)
    step = np.diff(profile, axis=0)
    slope = np.stack([step[:, 1], -step[:, 0]], axis=-1)  # outward normal (radial, up) of each segment
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    slope = slope / np.maximum(length, 1e-9)
    if smooth:
        ends = np.concatenate([slope[:1], slope, slope[-1:]])
        at_point = ends[:-1] + ends[1:]
        lower, upper = at_point[:-1], at_point[1:]
    else:
        lower = upper = slope
    ring = _circle(sides)
    arc = np.concatenate([[0.0], np.cumsum(length[:, 0])])
    if fit:
        around, along = np.linspace(0, 1, sides + 1), 1 - arc / max(arc[-1], 1e-9)
    else:
        begin = _start(at)
        around = (np.linspace(0, 2 * np.pi, sides + 1) * profile[:, 0].max() + begin[0]) * material.scale
        along = (begin[1] - arc) * material.scale

    def rings(radius_up: NDArray) -> NDArray:
        """(n, 2) of (radial, up) -> (n, sides + 1, 3)."""
        out = np.empty((len(radius_up), sides + 1, 3))
        out[:, :, 0] = radius_up[:, :1] * ring[:, 0]
        out[:, :, 1] = radius_up[:, 1:]
        out[:, :, 2] = radius_up[:, :1] * ring[:, 1]
        return out

    points = rings(profile)
    normals = np.stack([rings(lower), rings(upper)], axis=1)  # (segments, 2, sides + 1, 3)
    if flatten != 1.0:
        points[..., 2] *= flatten
        normals[..., 2] /= flatten
    both = np.stack([points[:-1], points[1:]], axis=1)
    uv = np.empty((*both.shape[:3], 2))
    uv[..., 0] = around
    uv[:, 0, :, 1] = along[:-1, None]
    uv[:, 1, :, 1] = along[1:, None]
    return _woven(both, unit(normals), uv, material, at, turn)


def cylinder(
    radius: float,
    height: float,
    material: Material,
    at: ArrayLike = ORIGIN,
    fit: bool = False,
    sides: int = 14,
    top: float | None = None,
    open_top: bool = False,
    **turn: Unpack[Turn],
) -> Mesh:
    """A closed cylinder, or a cone if `top` (the upper radius) differs; open_top: a pipe, a lampshade."""
    top = radius if top is None else top
    profile = [(0, 0), (radius, 0), (top, height), (0, height)]
    return revolve(profile[: 3 if open_top else 4], material, at, fit, sides, **turn)


@lru_cache
def _half_turn(steps: int) -> Array:
    angle = np.linspace(0, np.pi, steps + 1)
    return np.stack([np.sin(angle), -np.cos(angle)], axis=-1)


def sphere(
    size: ArrayLike,
    material: Material,
    at: ArrayLike = ORIGIN,
    fit: bool = False,
    sides: int = 14,
    **turn: Unpack[Turn],
) -> Mesh:
    """A ball or ellipsoid of diameter `size`, one number or (x, y, z), centred."""
    x, y, z = np.broadcast_to(np.asarray(size, np.float64), 3)
    profile = _half_turn(max(6, 2 * round(sides / 4))) * (x / 2, y / 2)  # even: it has an equator
    return revolve(profile, material, at, fit, sides, smooth=True, flatten=z / x, **turn)


@lru_cache
def _rounded_cube(steps: int) -> tuple[Floats, Floats, Floats]:
    """Inner corner (-1, 0 or 1), outward unit direction and uv 0..1 of the points of a rounded cube."""
    angle = np.linspace(-np.pi / 4, np.pi / 4, 2 * steps)
    tangent = np.tan(angle)  # so that the arcs of neighbouring faces meet
    v, u = np.meshgrid(tangent, tangent, indexing="ij")
    slope = np.stack([u.ravel(), v.ravel()], axis=-1)
    pick = _quads(len(tangent), len(tangent))
    inner, outer, uvs = [], [], []
    for axis, sign, along, ways in _faces():
        i, o = np.zeros((u.size, 3)), np.zeros((u.size, 3))
        i[:, axis] = o[:, axis] = sign
        i[:, along], o[:, along] = np.sign(slope) * ways, slope * ways
        inner.append(i[pick])
        outer.append(unit(o)[pick])
        uvs.append((np.sign(slope)[pick] + 1) / 2)  # the arcs take no texture; good enough for small radii
    return (
        np.float32(np.concatenate(inner)),
        np.float32(np.concatenate(outer)),
        np.float32(np.concatenate(uvs)),
    )


def rounded(
    size: ArrayLike,
    radius: float,
    material: Material,
    at: ArrayLike = ORIGIN,
    fit: bool = False,
    steps: int = 2,
    **turn: Unpack[Turn],
) -> Mesh:
    """A box of size (x, y, z), its edges rounded by `radius` metres, centred: cushions, bags, devices."""
    inner, outer, whole = _rounded_cube(steps)
    uv: NDArray = whole
    size = np.asarray(size, np.float32)
    reach = np.minimum(radius, size / 2)
    position = inner * (size / 2 - reach) + outer * reach
    if not fit:
        uv = np.stack([position[:, 0] + position[:, 2], position[:, 2] - position[:, 1]], axis=-1)
        uv = (uv + _start(at)) * material.scale
    return _mesh(position, unit(outer / reach), uv, material, at, turn)


def curve(points: ArrayLike, steps: int = 6) -> Array:
    """A smooth line (Catmull-Rom) through points (n, 3), `steps` pieces between two of them."""
    points = np.asarray(points, np.float64)
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = ends[:-3, None], ends[1:-2, None], ends[2:-1, None], ends[3:, None]
    t = (np.arange(steps) / steps)[None, :, None]
    line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([line.reshape(-1, 3), points[-1:]])


def tube(
    points: ArrayLike,
    radius: ArrayLike,
    material: Material,
    at: ArrayLike = ORIGIN,
    sides: int = 6,
    **turn: Unpack[Turn],
) -> Mesh:
    """A pipe with closed ends along a line (n, 3); radius in metres, one number or (n,)."""
    points = np.asarray(points, np.float64)
    radii = np.broadcast_to(np.asarray(radius, np.float64), len(points))
    points = np.concatenate([points[:1], points, points[-1:]])
    radii = np.concatenate([[0.0], radii, [0.0]])
    tangent = np.gradient(points[1:-1], axis=0)
    tangent = unit(np.concatenate([tangent[:1], tangent, tangent[-1:]]))
    # the direction that the line follows least is never along it: a frame that cannot flip
    reference = np.linalg.svd(tangent.T @ tangent)[2][-1]
    side = unit(np.cross(tangent, reference))
    other = np.cross(tangent, side)
    ring = _circle(sides)
    radial = ring[None, :, :1] * side[:, None] + ring[None, :, 1:] * other[:, None]
    surface = points[:, None] + radii[:, None, None] * radial
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    around = np.linspace(0, 2 * np.pi, sides + 1) * radii.max()
    begin = _start(points[0])
    uv = np.empty((*surface.shape[:2], 2))
    uv[..., 0] = (arc[:, None] + begin[0]) * material.scale
    uv[..., 1] = (around + begin[1]) * material.scale
    return _woven(surface, unit(radial), uv, material, at, turn)


def capsule(
    start: ArrayLike,
    end: ArrayLike,
    radius: float,
    material: Material,
    end_radius: float | None = None,
    sides: int = 8,
) -> Mesh:
    """A limb from `start` to `end` (the centres of its round ends), thinner or thicker towards the end."""
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    final = radius if end_radius is None else end_radius
    direction = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    angle = np.array([0.15, 0.5, 1.0]) * np.pi / 2
    first = start - direction * (radius * np.cos(angle))[:, None]
    last = end + direction * (final * np.cos(angle[::-1]))[:, None]
    radii = np.concatenate([radius * np.sin(angle), final * np.sin(angle[::-1])])
    return tube(np.concatenate([first, last]), radii, material, sides=sides)


def extrude(
    outline: ArrayLike, height: float, material: Material, at: ArrayLike = ORIGIN, **turn: Unpack[Turn]
) -> Mesh:
    """A prism of `height` over an outline (n, 2) of (x, z) that its centre sees whole (star-shaped)."""
    outline = np.asarray(outline, np.float64)
    following = np.roll(outline, -1, axis=0)
    count = len(outline)
    corner = np.zeros((count, 4, 3))  # this and the next point, below and above
    corner[:, 0, ::2] = corner[:, 2, ::2] = outline
    corner[:, 1, ::2] = corner[:, 3, ::2] = following
    corner[:, 2:, 1] = height
    edge = following - outline
    length = np.linalg.norm(edge, axis=1)
    outward = np.stack([edge[:, 1], np.zeros(count), -edge[:, 0]], axis=-1)
    sides = corner[:, [0, 1, 3, 0, 3, 2]].reshape(-1, 3)
    arc = np.concatenate([[0.0], np.cumsum(length)])
    side_uv = np.empty((count, 4, 2))
    side_uv[:, 0, 0] = side_uv[:, 2, 0] = arc[:-1]
    side_uv[:, 1, 0] = side_uv[:, 3, 0] = arc[1:]
    side_uv[:, :, 1] = -corner[:, :, 1]
    centre = np.array([outline[:, 0].mean(), 0.0, outline[:, 1].mean()])
    fans, fan_normals = [], []
    for level, up in ((0.0, -1.0), (height, 1.0)):
        fan = np.empty((count, 3, 3))
        fan[:, 0] = centre
        fan[:, 1] = corner[:, 0]
        fan[:, 2] = corner[:, 1]
        fan[:, :, 1] = level
        fans.append(fan.reshape(-1, 3))
        fan_normals.append(np.tile([0.0, up, 0.0], (3 * count, 1)))
    position = np.concatenate([sides, *fans])
    normal = np.concatenate([np.repeat(unit(outward), 6, axis=0), *fan_normals])
    uv = np.concatenate([side_uv[:, [0, 1, 3, 0, 3, 2]].reshape(-1, 2), *(fan[:, [0, 2]] for fan in fans)])
    return _mesh(position, normal, (uv + _start(at)) * material.scale, material, at, turn)


Hole = tuple[float, float, float, float]
"""(left, bottom, right, top) in metres, x from the middle of the wall, y from its base."""


def wall(
    length: float,
    height: float,
    material: Material,
    holes: Sequence[Hole] = (),
    thickness: float = 0.2,
    at: ArrayLike = ORIGIN,
    yaw: float = 0.0,
) -> Mesh:
    """A wall with rectangular holes; its front is at z = 0 facing +z, its back `thickness` behind."""
    xs = np.unique(
        np.clip([-length / 2, length / 2, *(x for h in holes for x in (h[0], h[2]))], -length / 2, length / 2)
    )
    ys = np.unique(np.clip([0.0, height, *(y for h in holes for y in (h[1], h[3]))], 0, height))
    middle_x, middle_y = (xs[:-1] + xs[1:]) / 2, (ys[:-1] + ys[1:]) / 2
    solid = np.ones((len(middle_y), len(middle_x)), bool)
    for left, bottom, right, top in holes:
        solid &= ~(
            ((middle_y > bottom) & (middle_y < top))[:, None] & ((middle_x > left) & (middle_x < right))[None]
        )
    quads: list[tuple[Sequence[tuple[float, float, float]], tuple[float, float, float]]] = []
    for j, i in zip(*np.nonzero(solid), strict=True):
        x0, x1, y0, y1 = xs[i], xs[i + 1], ys[j], ys[j + 1]
        for z, facing in ((0.0, 1.0), (-thickness, -1.0)):
            quads.append((((x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)), (0.0, 0.0, facing)))
    back = -thickness
    for left, bottom, right, top in holes:  # the four sides of the hole
        for x, facing in ((left, 1), (right, -1)):
            quads.append((((x, bottom, 0), (x, bottom, back), (x, top, back), (x, top, 0)), (facing, 0, 0)))
        for y, facing in ((top, -1), (bottom, 1)):
            quads.append((((left, y, 0), (right, y, 0), (right, y, back), (left, y, back)), (0, facing, 0)))
    corners = np.array([quad for quad, _ in quads], np.float64)
    position = corners[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    normal = np.repeat(np.array([n for _, n in quads], np.float64), 6, axis=0)
    uv = np.stack([position[:, 0] + position[:, 2], position[:, 2] - position[:, 1]], axis=-1)
    return _mesh(position, normal, (uv + _start(at)) * material.scale, material, at, {"yaw": yaw})

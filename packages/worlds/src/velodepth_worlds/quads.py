"""Flat four-sided faces: roofs, tapered boxes, strips of road."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .scene import VERTEX, Material, Mesh
from .shapes import unit


def quads(corners: ArrayLike, material: Material, fit: bool = False) -> Mesh:
    """Faces of four corners (n, 4, 3): lower left, lower right, upper right, upper left as seen from outside.

    The texture runs on over faces in one plane, in metres times `material.scale`, u along the lower edge;
    with fit=True each face shows it once.
    """
    corners = np.asarray(corners, np.float64)
    along = corners[:, 1] - corners[:, 0]
    # of the diagonals, so that a corner that coincides with its neighbour does no harm
    normal = unit(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]))
    if fit:
        uv = np.broadcast_to(np.array([(0, 1), (1, 1), (1, 0), (0, 0)], float), (len(corners), 4, 2))
    else:
        right = unit(along)
        axes = np.stack([right, np.cross(right, normal)], axis=-1)
        uv = corners @ axes * material.scale
    order = [0, 1, 2, 0, 2, 3]
    mesh = np.zeros((len(corners), 6), VERTEX)
    mesh["position"] = corners[:, order]
    mesh["normal"] = normal[:, None]
    mesh["uv"] = uv[:, order]
    mesh["layer"], mesh["gloss"], mesh["emission"] = material.layer, material.gloss, material.emission
    mesh["tint"], mesh["base"] = material.tint, material.base
    return mesh.reshape(-1)


def frustum(
    low: tuple[float, float, float, float],
    high: tuple[float, float, float, float],
    bottom: float,
    top: float,
    material: Material,
    fit: bool = False,
) -> Mesh:
    """A box with sloping sides and no bottom, from the rectangle `low` at y = bottom to `high` at y = top.

    low, high: x0, z0, x1, z1.
    """
    rings = []
    for (x0, z0, x1, z1), y in ((low, bottom), (high, top)):
        rings.append([(x0, y, z1), (x1, y, z1), (x1, y, z0), (x0, y, z0)])
    below, above = rings
    sides = [(below[k], below[(k + 1) % 4], above[(k + 1) % 4], above[k]) for k in range(4)]
    return quads([*sides, above], material, fit)

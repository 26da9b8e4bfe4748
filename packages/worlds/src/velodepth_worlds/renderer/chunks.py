"""What stands still, in runs of triangles near each other, so that what is out of view is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..scene import Mesh

CHUNK = 512  # triangles that are left out together when none is in view


class Chunks(NamedTuple):
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


def chunked(mesh: Mesh, solid: NDArray[np.bool_]) -> tuple[Mesh, Chunks]:
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
    return ordered, Chunks(corners, np.cumsum(counts) - counts, counts, solids)

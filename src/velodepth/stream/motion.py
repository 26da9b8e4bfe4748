"""The camera's own motion from one frame to the next, from optical flow and the radius that is carried.

With the distance of every point known in the last frame, and flow saying where it is now, six numbers move
the last camera to this one; they say how far each point that stands still is from the new place. Source:
perspective-n-point with robust weights (Geman-McClure), Gauss-Newton on SE(3).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

GRID = 8
"""Every n-th pixel of both axes is used, and GRID / 2 pixels of rim are left out."""
STEPS, ENOUGH = 10, 1e-5
"""Steps at most; one smaller than this, in radians and metres, is the last."""
WIDEST, TIGHTEST = 16.0, 0.7
"""Canvas pixels: the scale of the robust weights, at most in the first step, and at the end."""
FOLLOWS = 2.0
"""Canvas pixels: a point whose new place is off by less stands still, and half as surely at so much: nothing
that the last bit of a number decides should be seen."""
FEWEST, LEAST_SHARE = 30, 0.5
"""Points needed, and the share of them that must agree, for a motion to be believed."""


class Motion(NamedTuple):
    """What the camera did between two frames, and what stands still."""

    matrix: np.ndarray  # (4, 4) float64: points in the last camera's axes -> in this one's, metres
    radius: np.ndarray  # (H, W) float32: metres, carried to this frame by the motion
    follows: np.ndarray  # (H, W) float32, 0..1: this pixel moved as the camera alone would move it


def solve_motion(
    points: np.ndarray, rays: np.ndarray, known: np.ndarray, pixels_per_radian: float
) -> Motion | None:
    """The rigid motion that brings points of the last frame onto the rays of this one.

    points: (H, W, 3) float32, for each pixel of this frame the point that flow says it shows, metres in the
    last camera's axes. rays: (H, W, 3) float32 unit rays of this frame. known: (H, W) bool, where `points`
    means something. pixels_per_radian: the canvas's focal length. Returns None where no motion explains at
    least half of the picture.
    """
    some = (slice(GRID // 2, None, GRID),) * 2
    usable = known[some]
    at, towards = points[some][usable].astype(np.float64), rays[some][usable].astype(np.float64)
    if len(at) < FEWEST:
        return None
    # Two axes across each ray: an error along them, over the length along the ray, is an angle.
    helper = np.where(np.abs(towards[:, :1]) < 0.7, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    right = np.cross(towards, helper)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    down = np.cross(towards, right)
    turn, shift = np.eye(3), np.zeros(3)
    scale = 0.0
    for _ in range(STEPS):
        now = at @ turn.T + shift
        along = np.maximum((now * towards).sum(1), 1e-3)
        across = np.stack([(now * right).sum(1), (now * down).sum(1)], 1) / along[:, None]
        error = across * pixels_per_radian
        off = np.sqrt((error * error).sum(1))
        # Three times the median at first, then narrowing: what does not agree loses its say bit by bit.
        scale = max(TIGHTEST, scale * 0.5 if scale else min(WIDEST, 3 * float(np.median(off))))
        weight = (scale * scale / (scale * scale + off * off)) ** 2
        # d across = (axis - across * ray) . d now / along, and d now = shift' + turn' x now
        axes = np.stack([right, down], 1) - across[..., None] * towards[:, None]
        axes *= (pixels_per_radian / along)[:, None, None]
        x, y, z = now.T[:, :, None]
        a, b, c = np.moveaxis(axes, 2, 0)
        jacobian = np.stack([y * c - z * b, z * a - x * c, x * b - y * a, a, b, c], 2).reshape(-1, 6)
        weighted = jacobian * np.repeat(weight, 2)[:, None]
        normal = weighted.T @ jacobian
        normal[np.diag_indices(6)] *= 1 + 1e-6
        try:
            step = np.linalg.solve(normal, -weighted.T @ error.ravel())
        except np.linalg.LinAlgError:
            return None
        change = rotation(step[:3])
        turn, shift = change @ turn, change @ shift + step[3:]
        if scale == TIGHTEST and np.abs(step).max() < ENOUGH:
            break
    if not (off < FOLLOWS / 2).mean() > LEAST_SHARE or not np.isfinite(shift).all():
        return None
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, shift
    return moved(matrix, points, rays, known, pixels_per_radian)


def moved(
    matrix: np.ndarray, points: np.ndarray, rays: np.ndarray, known: np.ndarray, pixels_per_radian: float
) -> Motion:
    """Where a rigid motion (4, 4) brings points, and which of them then lie on this frame's rays.

    The rest as for `solve_motion`.
    """
    x, y, z = cv2.split(cv2.transform(points, matrix[:3].astype(np.float32)))
    right, down, ahead = cv2.split(rays)
    radius = np.sqrt(x * x + y * y + z * z)
    cosine = (x * right + y * down + z * ahead) / np.maximum(radius, 1e-6)
    # The angle between two unit vectors, without an arc cosine: 2 sin(angle / 2) = |a - b|.
    apart = np.sqrt(np.maximum(2 - 2 * cosine, 0)) * pixels_per_radian
    follows = np.clip(2.5 - 2 / FOLLOWS * apart, 0, 1) * (known & (radius > 1e-3))
    return Motion(matrix, radius, follows.astype(np.float32))


def rotation(vector: np.ndarray) -> np.ndarray:
    """Rotation vector (3,), radians -> matrix (3, 3). Rodrigues' formula."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if angle < 1e-9:
        return np.eye(3) + cross
    return np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * cross @ cross

"""The camera's path against the true one: absolute and relative error.

Source of the formulas: docs/evaluation.md, section The camera's path. Poses are (4, 4) camera-to-world,
metres.
"""

from __future__ import annotations

import math

import numpy as np

from ..media.poses import CameraPath

_MOVES = 0.01  # metres, spread of a true path that a scale can be fitted on


def umeyama(points: np.ndarray, true: np.ndarray, scaled: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale s, rotation R (3, 3) and shift t (3,) with the least sum of |true - (s R points + t)|^2.

    points, true: (n, 3). scaled: False keeps s = 1. Source: Umeyama, PAMI 13(4), 1991, eq. 40 to 43.
    """
    middle, true_middle = points.mean(axis=0), true.mean(axis=0)
    centred = points - middle
    u, d, vt = np.linalg.svd((true - true_middle).T @ centred / len(points))
    sign = np.array([1.0, 1.0, 1.0 if np.linalg.det(u) * np.linalg.det(vt) > 0 else -1.0])
    rotation = (u * sign) @ vt
    spread = (centred**2).sum() / len(points)
    scale = float(d @ sign / spread) if scaled and spread > 0 else 1.0
    return scale, rotation, true_middle - scale * rotation @ middle


def trajectory(
    motions: list[np.ndarray | None], true: list[np.ndarray | None], claims_scale: bool
) -> dict[str, float]:
    """Figures of a path: ate_se3, ate_sim3, rpe, rpe_turn, motion_share; only what is defined.

    motions: of each frame, (4, 4) from the last camera's coordinates to this one's, None where not known: the
    path goes on as if the camera had stood. true: poses, None where not known. claims_scale: whether lengths
    are metres; without, only ate_sim3 and rpe_turn are.

    ate_se3, ate_sim3: root mean square of |g - (s R p + t)| over the frames with a true pose, p and g the
    positions, by the best R and t (s = 1), and by the best s too; m. rpe: over pairs of frames, both with a
    true pose and the motion known, of E = (Q_t^-1 Q_t+1)^-1 (P_t^-1 P_t+1), Q true poses and P those of the
    path (Sturm et al., IROS 2012): root mean square of its shift, m; rpe_turn: of its angle, degrees.
    motion_share: share of the frames after the first whose motion is known.
    """
    if len(motions) < 2:
        return {}
    figures = {"motion_share": sum(each is not None for each in motions[1:]) / (len(motions) - 1)}
    found, path = [], CameraPath()
    for motion in motions:
        path.add(motion)
        found.append(path.pose)
    known = [t for t, pose in enumerate(true) if pose is not None]
    if len(known) > 2:
        p = np.stack([found[t][:3, 3] for t in known])
        g = np.stack([pose[:3, 3] for pose in true if pose is not None])
        if claims_scale:
            figures["ate_se3"] = _ate(p, g, scaled=False)
        if np.linalg.norm(np.ptp(g, axis=0)) > _MOVES:
            figures["ate_sim3"] = _ate(p, g, scaled=True)
    shifts, turns = [], []
    for t in range(1, len(motions)):
        before, now, motion = true[t - 1], true[t], motions[t]
        if before is not None and now is not None and motion is not None:
            error = np.linalg.solve(now, before) @ np.linalg.inv(motion)
            shifts.append(np.linalg.norm(error[:3, 3]))
            sine = np.linalg.norm(error[[2, 0, 1], [1, 2, 0]] - error[[1, 2, 0], [2, 0, 1]])
            turns.append(math.degrees(math.atan2(sine, np.trace(error[:3, :3]) - 1)))
    if turns:
        figures["rpe_turn"] = float(np.sqrt(np.mean(np.square(turns))))
        if claims_scale:
            figures["rpe"] = float(np.sqrt(np.mean(np.square(shifts))))
    return figures


def _ate(points: np.ndarray, true: np.ndarray, scaled: bool) -> float:
    scale, rotation, shift = umeyama(points, true, scaled)
    return float(np.sqrt(((true - (scale * points @ rotation.T + shift)) ** 2).sum(axis=1).mean()))

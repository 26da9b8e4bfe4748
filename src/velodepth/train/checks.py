"""How good the weights are by now, on held-out footage: whole pictures, true cameras."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from ..nets.estimate import Estimate
from ..nets.nano import warp
from .augment import View
from .config import Config
from .data import NEAR, Batch, Footage, clip_of, clip_starts, collate, picture_size, to_and_fro
from .losses import CONSISTENT
from .stages import Tensors, between, to_device
from .students import Student

OUTDOOR = ("street", "terrain", "track")
"""Kinds of worlds that are neither near nor far."""
ROLL = 16
"""Frames of a checked clip, the keyframe included."""
CLOSE = math.log(1.25)
JUMP, TOLERANCE = 1.1, 2
"""A depth edge: neighbours differ by this factor; it is found when one is this many pixels away."""


class Shown(NamedTuple):
    """A checked frame, for a picture of progress."""

    picture: np.ndarray  # (H, W, 3) uint8
    truth: np.ndarray  # (H, W) float32 metres, 0 = unknown
    answer: np.ndarray  # (H, W) float32 metres


def kind_of(frame: dict) -> str:
    """near, far or outdoor."""
    if frame["kind"] in OUTDOOR:
        return "outdoor"
    return "near" if frame["median_depth"] is not None and frame["median_depth"] < NEAR else "far"


def frame_figures(radius: np.ndarray, truth: np.ndarray, confidence: np.ndarray) -> dict[str, float]:
    """One frame, maps (H, W); truth 0 where unknown. Errors are of radius, which for the same ray is the
    error of depth.

    delta1_metric: share of max(p/g, g/p) < 1.25; delta1_si, absrel_si: after scaling p by
    median(g) / median(p); surer: AbsRel si of the more confident half of the pixels over that of all;
    edge_f1: see there.
    """
    known = truth > 0
    p, g, sure = radius[known], truth[known], confidence[known]
    raw = np.abs(np.log(p / g)) < CLOSE
    p = p * (np.median(g) / np.median(p))
    relative = np.abs(p - g) / g
    return {
        "delta1_si": float((np.abs(np.log(p / g)) < CLOSE).mean()),
        "delta1_metric": float(raw.mean()),
        "absrel_si": float(relative.mean()),
        "surer": float(relative[sure >= np.median(sure)].mean() / max(relative.mean(), 1e-9)),
        "edge_f1": edge_f1(radius, truth),
    }


def edge_f1(answer: np.ndarray, truth: np.ndarray) -> float:
    """F1 of depth edges: pixels whose right or lower neighbour is 10 % nearer or farther, matched within 2
    pixels. Maps (H, W), truth 0 where unknown: edges there do not count. NaN where truth has no edge."""
    known = truth > 0
    near_known = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    found = _edges(answer, np.ones_like(known)) & near_known
    true = _edges(np.where(known, truth, 1), known) & near_known
    if not true.any():
        return math.nan
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TOLERANCE + 1, 2 * TOLERANCE + 1))
    around_true, around_found = (cv2.dilate(x.astype(np.uint8), reach) > 0 for x in (true, found))
    precision = (found & around_true).sum() / max(found.sum(), 1)
    recall = (true & around_found).sum() / true.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def _edges(depth: np.ndarray, known: np.ndarray) -> np.ndarray:
    log, edges = np.log(depth), np.zeros(depth.shape, bool)
    edges[:, :-1] |= (np.abs(np.diff(log, axis=1)) > math.log(JUMP)) & known[:, 1:] & known[:, :-1]
    edges[:-1] |= (np.abs(np.diff(log, axis=0)) > math.log(JUMP)) & known[1:] & known[:-1]
    return edges


@torch.no_grad()
def check_keyframes(
    student: Student, footage: Sequence[Footage], config: Config, device: torch.device
) -> tuple[dict[str, float], list[Shown]]:
    """Means over `config.checked` held-out frames, evenly spread: overall, and as NEAR_delta1_si etc. by
    kind; some frames to show."""
    rows = [(each, row) for each in footage for row in range(len(each.frames))]
    figures: list[dict[str, float]] = []
    kinds, shown = [], []
    for pick in np.linspace(0, len(rows) - 1, min(config.checked, len(rows))).astype(int):
        each, row = rows[pick]
        tensors = to_device(collate([_plain(each, [row], config)]), device)
        if (tensors.radius > 0).float().mean() < 0.05:
            continue
        answer, _ = student.look(tensors.canvas[0], tensors.rays)
        radius, truth, confidence = _arrays(answer.radius, tensors.radius[0], answer.confidence)
        figures.append(frame_figures(radius, truth, confidence))
        kinds.append(kind_of(each.frames[row]))
        if len(figures) % 20 == 1:
            z = tensors.rays[0, 2].cpu().numpy()
            picture = _plain(each, [row], config).picture[0]
            shown.append(Shown(picture, truth * z, radius * z))
    result = _means(figures)
    for kind in dict.fromkeys(kinds):
        part = _means([f for f, k in zip(figures, kinds, strict=True) if k == kind])
        names = ("delta1_si", "delta1_metric", "absrel_si")
        result |= {f"{kind}_{name}": part[name] for name in names}
    return result, shown


@torch.no_grad()
def check_propagation(
    student: Student, footage: Sequence[Footage], config: Config, device: torch.device, every: bool = False
) -> tuple[dict[str, float], list[Shown]]:
    """Means over the frames after the first of held-out clips, played to and fro: `ROLL` frames, the first
    one a keyframe and the others propagated.

    As `frame_figures`, and tau5: the share of pixels whose point, moved from the frame before along the true
    flow by the true pose, is within 5 % of the radius here, where truth agrees with itself. With `every`,
    each frame is a keyframe.
    """
    starts, path = clip_starts(footage, config.frames), to_and_fro(config.frames, ROLL)
    count = max(1, config.checked // config.frames)
    figures: list[dict[str, float]] = []
    shown: list[Shown] = []
    for i, start in starts[np.linspace(0, len(starts) - 1, min(count, len(starts))).astype(int)]:
        example = _plain(footage[i], range(start, start + config.frames), config, path)
        tensors = to_device(collate([example]), device)
        state, _ = student.look(tensors.canvas[0], tensors.rays)
        for before, t in itertools.pairwise(path):
            last = state
            if every:
                state, _ = student.look(tensors.canvas[t], tensors.rays)
            else:
                state, _ = student.step(last, tensors.canvas[t], between(tensors.flow, before, t))
            radius, truth, confidence = _arrays(state.radius, tensors.radius[t], state.confidence)
            if (truth > 0).mean() < 0.05:
                continue
            figures.append(frame_figures(radius, truth, confidence))
            figures[-1]["tau5"] = _tau5(tensors, before, t, last, state)
        if len(shown) < 8:
            z = tensors.rays[0, 2].cpu().numpy()
            shown.append(Shown(example.picture[t], truth * z, radius * z))
    return _means(figures), shown


def _tau5(batch: Tensors, before: int, t: int, last: Estimate, now: Estimate) -> float:
    pose = torch.linalg.inv(batch.pose[t].nan_to_num(1)) @ batch.pose[before]
    if not torch.isfinite(pose).all():
        return math.nan
    flow, visible = between(batch.true_flow, before, t), between(batch.visible, before, t)

    def moved(radius: Tensor) -> Tensor:
        points = warp(radius * batch.rays, flow)
        return torch.einsum("bij,bjhw->bihw", pose[:, :3, :3], points) + pose[:, :3, 3, None, None]

    truth = batch.radius[t]
    there = moved(batch.radius[before])
    right = (there - truth * batch.rays).norm(dim=1, keepdim=True) < CONSISTENT * truth
    counted = (visible > 0) & (truth > 0) & right
    ratio = moved(last.radius).norm(dim=1, keepdim=True) / now.radius
    agree = (ratio < 1.05) & (ratio > 1 / 1.05)
    return float(agree[counted].float().mean()) if counted.any() else math.nan


def _plain(footage: Footage, rows: Sequence[int], config: Config, path: Sequence[int] = ()) -> Batch:
    """Whole pictures, as they are."""
    width, height = config.sizes[0]
    view = View.whole(picture_size(footage), (width, height))
    return clip_of(footage, rows, view, lambda picture: picture, path)


def _arrays(*maps: Tensor) -> list[np.ndarray]:
    return [x[0, 0].float().cpu().numpy() for x in maps]


def _means(figures: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in figures for name in each)
    columns = {name: np.array([each[name] for each in figures]) for name in names}
    return {name: float(np.nanmean(x)) for name, x in columns.items() if not np.isnan(x).all()}

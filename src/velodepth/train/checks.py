"""How good the weights are by now, on held-out footage: whole pictures, true cameras."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from ..eval.alignment import fit
from ..eval.consistency import TrueMotion, steady, tau5
from ..eval.geometry import Grid
from ..eval.metrics import edge_f1, frame_accuracy, kept_ratio, valid_truth
from ..nets.estimate import Estimate
from .augment import Crop
from .config import Config
from .data import MAX_DEPTH, NEAR, Batch, Footage, clip_of, clip_starts, collate, picture_size, to_and_fro
from .stages import between
from .students import Student

OUTDOOR = ("street", "terrain")
"""Kinds of worlds that are neither near nor far."""
ROLL = 16
"""Frames of a checked clip, the keyframe included."""


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


def frame_figures(depth: np.ndarray, truth: np.ndarray, confidence: np.ndarray) -> dict[str, float]:
    """One frame by the functions of `velodepth eval`: maps (H, W), depth along z; truth 0 where unknown.

    delta1_metric as predicted; delta1_si, absrel_si and kept after scaling by median(g) / median(p); edge_f1.
    """
    valid = valid_truth(truth, MAX_DEPTH)
    scaled = fit("metric", "si", depth, truth, valid, MAX_DEPTH).apply(depth)
    raw, shape = frame_accuracy(depth, truth, valid), frame_accuracy(scaled, truth, valid)
    return {
        "delta1_si": shape["delta1"],
        "delta1_metric": raw["delta1"],
        "absrel_si": shape["absrel"],
        "kept": kept_ratio(scaled, confidence, truth, valid),
        "edge_f1": edge_f1(depth, truth, valid),
    }


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
        tensors = collate([_plain(each, [row], config)]).to(device)
        if (tensors.radius > 0).float().mean() < 0.05:
            continue
        answer, _ = student.look(tensors.canvas[0], tensors.rays)
        depth, truth, confidence = _maps(tensors, 0, answer)
        figures.append(frame_figures(depth, truth, confidence))
        kinds.append(kind_of(each.frames[row]))
        if len(figures) % 20 == 1:
            shown.append(Shown(_plain(each, [row], config).picture[0], truth, depth))
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

    As `frame_figures`, and tau5 of the frame and the one before, of depth as predicted. With `every`, each
    frame is a keyframe.
    """
    starts, path = clip_starts(footage, config.frames), to_and_fro(config.frames, ROLL)
    count = max(1, config.checked // config.frames)
    figures: list[dict[str, float]] = []
    shown: list[Shown] = []
    for i, start in starts[np.linspace(0, len(starts) - 1, min(count, len(starts))).astype(int)]:
        example = _plain(footage[i], range(start, start + config.frames), config, path)
        tensors = collate([example]).to(device)
        grid = _grid(footage[i], start, config)
        state, _ = student.look(tensors.canvas[0], tensors.rays)
        now = _maps(tensors, 0, state)
        for before, t in itertools.pairwise(path):
            if every:
                state, _ = student.look(tensors.canvas[t], tensors.rays)
            else:
                state, _ = student.step(state, tensors.canvas[t], between(tensors.flow, before, t))
            last, now = now, _maps(tensors, t, state)
            depth, truth, confidence = now
            if (truth > 0).mean() < 0.05:
                continue
            figures.append(frame_figures(depth, truth, confidence))
            if np.isfinite(example.pose).all():
                motion = TrueMotion(grid, example.pose[before], example.pose[t])
                where = steady(motion, (last[1], truth), (last[1] > 0, truth > 0))
                figures[-1]["tau5"] = tau5(motion, (last[0], depth), where)
        if len(shown) < 8:
            shown.append(Shown(example.picture[t], truth, depth))
    return _means(figures), shown


def _maps(batch: Batch, t: int, answer: Estimate) -> list[np.ndarray]:
    """Depth, true depth (0 = unknown) and confidence (H, W) of frame t, by the rays of the true camera."""
    z = batch.rays[:, 2:]
    maps = (answer.radius * z, batch.radius[t] * z, answer.confidence)
    return [x[0, 0].float().cpu().numpy() for x in maps]


def _grid(footage: Footage, row: int, config: Config) -> Grid:
    """The pixels of a checked canvas and their camera."""
    width, height = config.sizes[0]
    view = Crop.whole(picture_size(footage), (width, height))
    return Grid(view.camera(footage.frames[row]["camera"], picture_size(footage)), height, width)


def _plain(footage: Footage, rows: Sequence[int], config: Config, path: Sequence[int] = ()) -> Batch:
    """Whole pictures, as they are."""
    width, height = config.sizes[0]
    view = Crop.whole(picture_size(footage), (width, height))
    return clip_of(footage, rows, view, lambda picture: picture, path)


def _means(figures: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for each in figures for name in each)
    columns = {name: np.array([each[name] for each in figures]) for name in names}
    return {name: float(np.nanmean(x)) for name, x in columns.items() if not np.isnan(x).all()}

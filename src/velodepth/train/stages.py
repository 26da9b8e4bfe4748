"""The two stages: from a batch to the parts of its loss."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from ..nets.estimate import Estimate
from . import losses
from .data import Batch, to_and_fro, way_of
from .students import Student


class KeyframeStage(nn.Module):
    """Single frames: depth, confidence and camera."""

    def __init__(self, student: Student):
        super().__init__()
        self.student = student

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Parts of the loss, weighted."""
        student, weights = self.student, self.student.config.weights
        answer, guess = student.look(batch.canvas[0], batch.rays, batch.own_camera)
        assert guess is not None
        truth, known = true_size(student, batch.radius[0], batch.rays)
        size = size_of(student, answer)
        return {
            "depth": losses.depth_loss(size, truth, known, weights),
            "confidence": weights.confidence * losses.confidence_loss(answer.confidence, size - truth, known),
            "camera": weights.camera * student.camera_loss(guess, batch.rays, batch.camera),
        }


class PropagationStage(nn.Module):
    """A rollout from one keyframe; later frames weigh more (paper, section 3.4).

    The clip is played to and fro, so that a rollout can start from a state of any age (without gradient).
    The teacher is the keyframe network itself, which is frozen, looking at the same frame.
    """

    def __init__(self, student: Student):
        super().__init__()
        self.student = student

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Parts of the loss, weighted."""
        student, config = self.student, self.student.config
        path = to_and_fro(config.frames, batch.age + config.rollout + 1)
        warm, taught = path[: batch.age + 1], path[batch.age :]
        with torch.no_grad():
            teacher = {t: student.look(batch.canvas[t], batch.rays)[0] for t in {path[0], *taught[1:]}}
            state = teacher[path[0]]
            for t, to in itertools.pairwise(warm):
                state, _ = student.step(state, batch.canvas[to], between(batch.flow, t, to))
        parts: dict[str, Tensor] = {}
        weights = np.arange(1, config.rollout + 1) / np.arange(1, config.rollout + 1).sum()
        for (t, to), weight in zip(itertools.pairwise(taught), weights, strict=True):
            before = state
            state, refined = student.step(before, batch.canvas[to], between(batch.flow, t, to))
            for name, value in self._losses(batch, t, to, before, state, refined, teacher[to]).items():
                parts[name] = parts.get(name, 0) + float(weight) * value
        return parts

    def _losses(
        self, batch: Batch, t: int, to: int, before: Estimate, now: Estimate, refined: Tensor, aim: Estimate
    ) -> dict[str, Tensor]:
        """Parts of the loss of frame `to`, propagated from frame `t`."""
        student, without = self.student, self.student.config.without
        weights = student.config.weights
        truth, known = true_size(student, batch.radius[to], batch.rays)
        last_truth, last_known = true_size(student, batch.radius[t], batch.rays)
        size = size_of(student, now)
        last_error = size_of(student, before) - last_truth
        flow, visible = between(batch.true_flow, t, to), between(batch.visible, t, to)
        seen = batch.canvas[to], batch.canvas[t], between(batch.flow, t, to)
        weight = losses.surprise(*seen, weights.surprise)
        parts = {
            "depth": losses.depth_loss(size, truth, known, weights, weight),
            "teacher": weights.teacher * ((size - size_of(student, aim)).abs() * (1 - known)).mean(),
            "confidence": weights.confidence * losses.confidence_loss(now.confidence, size - truth, known),
            "temporal": weights.temporal
            * losses.temporal_loss(size - truth, last_error, known * last_known, weight),
            "flow": weights.flow * losses.flow_loss(refined, flow, visible),
        }
        if "features" not in without:
            parts["features"] = weights.features * losses.feature_loss(
                now.carried.features, aim.carried.features
            )
        if "consistency" not in without:
            parts["consistency"] = weights.consistency * (
                self._consistency(batch, to, t, now, before) + self._consistency(batch, t, to, before, now)
            )
        return parts

    def _consistency(
        self, batch: Batch, here: int, there: int, at_here: Estimate, at_there: Estimate
    ) -> Tensor:
        return losses.consistency_loss(
            at_here.radius, at_there.radius, batch.radius[here], batch.radius[there], batch.rays,
            between(batch.true_flow, there, here), between(batch.visible, there, here),
            torch.linalg.inv(batch.pose[here].nan_to_num(1)) @ batch.pose[there],
        )  # fmt: skip


STAGES = {"keyframe": KeyframeStage, "propagation": PropagationStage}


def size_of(student: Student, answer: Estimate) -> Tensor:
    """Log size (B, 1, H, W), whichever rays the answer was made with."""
    return torch.log(answer.radius) - student.unit(answer.rays)


def true_size(student: Student, radius: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """True radius in metres, 0 where unknown -> log size and the mask of where it is known."""
    return torch.log(radius.clamp_min(1e-3)) - student.unit(rays), (radius > 0).to(radius.dtype)


def between(pairs: Tensor, t: int, to: int) -> Tensor:
    """Of a field of `Batch` that describes pairs: what it says on the pixels of `to` about `t`."""
    return pairs[way_of(t, to), min(t, to)]

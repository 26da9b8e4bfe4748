"""Train `nano`: python -m velodepth.train.loop keyframe|propagation --data SHARDS --out FOLDER [--steps N]

Stage keyframe teaches encode, camera, condition and decode on single frames. Stage propagation starts
from that stage's last.pt in the same folder, freezes it, and teaches observe and correct by rolling out a
few frames from one keyframe. A stopped run resumes from its last checkpoint.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..nets.estimate import Estimate
from ..nets.nano import FOCAL_UNIT, Nano, focal_of, pinhole_rays
from . import losses
from .data import Batch, Clips, Stills, ahead, collate, draw, open_shards

PROPAGATION = ("stem", "down", "motion", "motion_mix", "flow_change", "gate", "meet", "change")
"""Modules of `Nano` that only propagated frames use."""
ROLLOUT = 3
"""Propagated frames with gradient in one example."""


@dataclass
class Settings:
    """One run. Rates are the peaks of a warm-up and cosine."""

    data: str  # folder of shards
    out: str  # folder for checkpoints and the log
    stage: str = "keyframe"  # or "propagation"
    steps: int = 6000
    batch: int = 8
    rate: float = 1.2e-3  # decoder and propagation
    encoder_rate: float = 4e-4  # pretrained encoder; its stem and first two stages stay frozen
    weight_decay: float = 1e-4
    average: float = 0.998  # EMA of the weights
    clip: float = 1.0  # gradient norm
    seed: int = 0
    every: int = 250  # steps between log lines, checks on held-out worlds and checkpoints


def forward_keyframe(net: Nano, batch: Batch, rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of single frames; three in ten see the rays of their own camera guess, as users without one do."""
    canvas, radius, rays, truth_camera = tensors(batch.canvas[0], batch.radius[0], batch.rays, batch.camera)
    pyramid, camera = net.encode(canvas)
    guess = pinhole_rays(camera.detach(), *canvas.shape[-2:])
    own = torch.from_numpy(rng.random(len(canvas)) < 0.3).view(-1, 1, 1, 1)
    features = net.condition(pyramid, nn.functional.avg_pool2d(torch.where(own, guess, rays), 4))
    size, confidence = net.decode(features)
    truth, known = losses.true_size(radius, rays)
    parts = {
        "depth": losses.depth_loss(size, truth, known),
        "confidence": 0.2 * losses.confidence_loss(confidence, size, truth, known),
        "camera": 0.3 * losses.camera_loss(camera, truth_camera),
    }
    return torch.stack(list(parts.values())).sum(), parts


def forward_propagation(
    net: Nano, batch: Batch, rng: np.random.Generator
) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of a rollout from one keyframe; later frames weigh more (paper, section 3.4).

    The clip is played to and fro, so that a rollout can start from a state of any age (without gradient).
    """
    canvas, radius, rays = tensors(batch.canvas, batch.radius, batch.rays)
    forward, backward = tensors(batch.forward, batch.backward)
    last_frame = len(canvas) - 1
    age, steps = int(rng.choice([0, 0, 3, 10, 40])), ROLLOUT
    path = [last_frame - abs(last_frame - i % (2 * last_frame)) for i in range(age + steps + 1)]
    unit = torch.log(focal_of(rays) / FOCAL_UNIT)

    def step(state: Estimate, t: int, to: int) -> Estimate:
        return net.propagate(state, canvas[to], forward[t] if to > t else backward[to])

    with torch.no_grad():
        teacher = {t: net.keyframe(canvas[t], rays) for t in {path[0], *path[age + 1 :]}}
        state = teacher[path[0]]
        for t, to in itertools.pairwise(path[: age + 1]):
            state = step(state, t, to)
    parts: dict[str, Tensor] = {}
    weights = np.arange(1, steps + 1) / np.arange(1, steps + 1).sum()
    for t, to, weight in zip(path[age:-1], path[age + 1 :], weights, strict=True):
        before, state = torch.log(state.radius) - unit, step(state, t, to)
        size = torch.log(state.radius) - unit
        (truth, known), (last_truth, last_known) = (losses.true_size(radius[i], rays) for i in (to, t))
        aim = torch.log(teacher[to].radius) - unit
        features = teacher[to].carried.features
        now = {
            "depth": losses.depth_loss(size, truth, known),
            "teacher": 0.5 * losses.depth_loss(size, aim, torch.ones_like(known)),
            "confidence": 0.2 * losses.confidence_loss(state.confidence, size, truth, known),
            "features": 0.5 * losses.feature_loss(state.carried.features, features),
            "temporal": 1.0 * losses.temporal_loss(size, before, truth, last_truth, known * last_known),
        }
        for name, value in now.items():
            parts[name] = parts.get(name, 0) + float(weight) * value
    return torch.stack(list(parts.values())).sum(), parts


FORWARD = {"keyframe": forward_keyframe, "propagation": forward_propagation}


def tensors(*arrays: np.ndarray) -> list[Tensor]:
    return [torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays]


@torch.no_grad()
def check(net: Nano, shards: list, count: int = 96) -> dict[str, float]:
    """On held-out worlds, whole pictures, true camera: delta_1 metric and median-scaled, camera error."""
    rng, good, raw, focal = np.random.default_rng(0), [], [], []
    per = count // len(shards)
    for shard in shards:
        for row in shard.rows[np.linspace(0, len(shard.rows) - 1, per).astype(int)]:
            batch = collate([draw(shard, np.array([row]), (256, 192), rng, True)])
            canvas, radius, rays, camera = tensors(batch.canvas[0], batch.radius[0], batch.rays, batch.camera)
            answer = net.keyframe(canvas, rays)
            known = radius > 0
            error = (torch.log(answer.radius) - torch.log(radius.clamp_min(1e-3)))[known]
            raw.append((error.abs() < math.log(1.25)).float().mean())
            good.append(((error - error.median()).abs() < math.log(1.25)).float().mean())
            focal.append((net.encode(canvas)[1][0, 0] - camera[0, 0]).abs())
    mean = lambda values: float(torch.stack(values).mean())  # noqa: E731
    return {"delta1_si": mean(good), "delta1_metric": mean(raw), "focal_log_error": mean(focal)}


def parameter_groups(net: Nano, settings: Settings) -> list[dict]:
    """What this stage teaches, and how fast."""
    carried = [p for name in PROPAGATION for p in getattr(net, name).parameters()]
    if settings.stage == "propagation":
        net.requires_grad_(False)
        for p in carried:
            p.requires_grad_(True)
        return [{"params": carried, "peak": settings.rate}]
    for part in (*(getattr(net, name) for name in PROPAGATION), net.encoder.stem, *net.encoder.stages[:2]):
        part.requires_grad_(False)
    encoder = [p for p in net.encoder.parameters() if p.requires_grad]
    mine = {id(p) for p in (*encoder, *carried)}
    rest = [p for p in net.parameters() if p.requires_grad and id(p) not in mine]
    return [{"params": encoder, "peak": settings.encoder_rate}, {"params": rest, "peak": settings.rate}]


def train(settings: Settings) -> None:
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    net = Nano()
    if settings.stage == "keyframe":
        net.encoder.load_imagenet()
    else:
        net.load_state_dict(torch.load(out / "keyframe.pt", weights_only=True)["average"])
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = parameter_groups(net, settings)
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=settings.weight_decay)
    average = copy.deepcopy(net)
    checkpoint, step = out / f"{settings.stage}.pt", 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        step = saved["step"]
    shards, held_out = (open_shards(settings.data, split) for split in ("train", "held-out"))
    make = Stills(shards) if settings.stage == "keyframe" else Clips(shards)
    rng = np.random.default_rng([settings.seed, step])
    batches = ahead(lambda: make(rng, settings.batch))
    choices = np.random.default_rng([settings.seed, step, 1])
    trained = [p for group in groups for p in group["params"]]
    log = open(out / f"{settings.stage}.log", "a", buffering=1)  # noqa: SIM115
    start, seen = time.time(), 0
    sums: dict[str, float] = {}
    net.train()
    while step < settings.steps:
        factor = min(1, (step + 1) / 200) * (
            0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps))
        )
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        loss, parts = FORWARD[settings.stage](net, next(batches), choices)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, settings.clip)
        optimiser.step()
        step, seen = step + 1, seen + 1
        keep = min(settings.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(average.parameters(), net.parameters(), strict=True):
                a.lerp_(b, 1 - keep)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if step % settings.every == 0 or step == settings.steps:
            line = " ".join(f"{k} {v / seen:.4f}" for k, v in sums.items())
            if settings.stage == "keyframe":
                line += " | " + " ".join(f"{k} {v:.3f}" for k, v in check(average.eval(), held_out).items())
            print(f"step {step} {line} | {(time.time() - start) / seen:.2f} s/step", file=log)
            start, seen, sums = time.time(), 0, {}
            saved = {"net": net.state_dict(), "average": average.state_dict()}
            saved |= {"optimiser": optimiser.state_dict(), "step": step, "settings": asdict(settings)}
            torch.save(saved, checkpoint.with_suffix(".tmp"))
            os.replace(checkpoint.with_suffix(".tmp"), checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=list(FORWARD))
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", required=True)
    for name in ("steps", "batch", "seed", "every"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Settings, name))
    parser.add_argument("--rate", type=float, default=Settings.rate)
    train(Settings(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()

"""The training loop.

    velodepth train --data SHARDS --out RUN                       stage keyframe
    velodepth train --data SHARDS --out RUN --stage propagation   freezes RUN/keyframe.pt, teaches the rest
    torchrun --nproc-per-node 4 -m velodepth.train.loop RUN.toml  several GPUs (and machines, see torchrun)

A run writes STAGE.pt (a checkpoint: the network, its average, the optimiser, the step), STAGE.log, curve.csv
and, where tensorboard is installed, its events. Started again, it goes on from the checkpoint, to the bit.
"""

from __future__ import annotations

import copy
import csv
import importlib.util
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..errors import VeloDepthError
from ..interrupts import Interrupt, uninterrupted
from ..media.atomic import explained, whole
from ..media.locks import claim
from .checks import Shown, check_keyframes, check_propagation
from .config import Config, load_config
from .data import Clips, Footage, Stills, batches, open_footage
from .stages import STAGES, to_device
from .students import LargeStudent, Student, load_weights, make_student


def train(config: Config) -> Path:
    """Train one stage to its end, or until the time is up. Returns the checkpoint.

    Ctrl-C and SIGTERM wait for the end of the step and a checkpoint, then KeyboardInterrupt is raised.
    Raises VeloDepthError for data, weights or settings that cannot be used, and where another run trains into
    `config.out`.
    """
    with _claimed(Path(config.out)):
        return _trained(config)


@contextmanager
def _claimed(out: Path) -> Iterator[None]:
    """`out` belongs to the first process of this run."""
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    with explained(out / "curve.csv"):
        out.mkdir(parents=True, exist_ok=True)
        lock = claim(out)
    try:
        yield
    finally:
        lock.release()


def _trained(config: Config) -> Path:
    rank, processes, device = join(config)
    torch.manual_seed(config.seed)
    student = make_student(config)
    config = student.config = replace(config, sizes=config.sizes or student.sizes)
    out = Path(config.out)
    checkpoint = out / f"{config.stage}.pt"
    note = start_weights(student, config)
    student.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = student.groups()
    trained = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=config.weight_decay)
    average = copy.deepcopy(student)
    step = resume(checkpoint, student, average, optimiser) if checkpoint.exists() else 0

    footage, held_out = open_footage(config.data)
    make = (Stills if config.stage == "keyframe" else Clips)(footage, config)
    stage: nn.Module = STAGES[config.stage](student)
    if processes > 1:
        stage = nn.parallel.DistributedDataParallel(stage)
    source = batches(make, config, rank, step)
    record = Record(config, step, processes) if rank == 0 else None
    if record:
        record.say(note)
        record.say(f"held out for checks: {', '.join(str(each.folder) for each in held_out) or 'nothing'}")
    started, sums = time.monotonic(), Sums()
    student.train()
    with uninterrupted() as asked:
        while step < config.steps:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * schedule(step, config)
            parts = stage(to_device(next(source), device))
            loss = torch.stack(list(parts.values())).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(trained, config.clip)
            optimiser.step()
            step += 1
            follow(average, student, min(config.average, (1 + step) / (10 + step)))
            sums.add(parts | {"loss": loss, "gradient": norm})

            late = config.minutes > 0 and time.monotonic() - started > 60 * config.minutes
            late = late or bool(asked)
            if processes > 1:
                late = agreed(late, device)
            if record:
                record.tick(step)
            if step % config.every == 0 or step == config.steps or late:
                if record:
                    figures, shown = ({}, []) if asked else check(average, held_out, config, device)
                    record.write(step, sums.means(), figures, shown)
                    save(checkpoint, student, average, optimiser, step)
                sums = Sums()
            if late:
                break
        if record:
            record.close()
    source.close()  # type: ignore[attr-defined]
    if record and isinstance(student, LargeStudent) and checkpoint.exists():
        student.export(average.net, out)
    if processes > 1:
        dist.destroy_process_group()
    return checkpoint


def join(config: Config) -> tuple[int, int, torch.device]:
    """This process's rank, how many there are, and its device; torchrun's environment tells."""
    processes, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    name = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    if processes > 1:
        dist.init_process_group("nccl" if name.startswith("cuda") else "gloo")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise VeloDepthError(f"device {name!r} cannot be used ({reason}): choose another") from error
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return rank, processes, device


def start_weights(student: Student, config: Config) -> str:
    """Weights from `init`, or for stage propagation from the run's own keyframe.pt; what to note of it."""
    own = Path(config.out) / "keyframe.pt"
    start = Path(config.init) if config.init else own if config.stage == "propagation" else None
    if start is None or (config.preset == "large" and not config.init and not own.exists()):
        return f"{config.preset}, stage {config.stage}, from pretrained weights"
    if not start.exists():
        raise VeloDepthError(
            f"{start} does not exist: run the keyframe stage first, or give another by --init"
        )
    missing = load_weights(student.net, start)
    new = f"; new, as they are not in it: {', '.join(missing)}" if missing else ""
    return f"{config.preset}, stage {config.stage}, from {start}{new}"


def schedule(step: int, config: Config) -> float:
    """Learning rate over its peak: linear warm-up, then a cosine to 2 %."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * step / config.steps)
    return min(1, (step + 1) / config.warm_up) * (0.02 + 0.98 * cosine)


@torch.no_grad()
def follow(average: Student, student: Student, keep: float) -> None:
    """Move the average of the weights towards the weights."""
    for a, b in zip(average.parameters(), student.parameters(), strict=True):
        if b.requires_grad:
            a.lerp_(b, 1 - keep)


def agreed(late: bool, device: torch.device) -> bool:
    """Whether the time is up for any process, so that all stop at the same step."""
    flag = torch.tensor(float(late), device=device)
    dist.all_reduce(flag, dist.ReduceOp.MAX)
    return bool(flag)


def check(
    average: Student, held_out: list[Footage], config: Config, device: torch.device
) -> tuple[dict[str, float], list[Shown]]:
    """The average's figures on held-out footage; none without such footage."""
    if not held_out:
        return {}, []
    average.eval()
    if config.stage == "keyframe":
        return check_keyframes(average, held_out, config, device)
    return check_propagation(average, held_out, config, device)


def save(path: Path, student: Student, average: Student, optimiser: torch.optim.Optimizer, step: int) -> None:
    """All that going on needs; whole or not at all."""
    content = {
        "net": student.net.state_dict(),
        "average": average.net.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "config": asdict(student.config),
    }
    with whole(path) as temporary:
        torch.save(content, temporary)


def resume(path: Path, student: Student, average: Student, optimiser: torch.optim.Optimizer) -> int:
    """Take up a checkpoint of this run; returns its step."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        student.net.load_state_dict(saved["net"])
        average.net.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        return int(saved["step"])
    except Exception as error:  # torch raises many kinds for a file that is none
        raise VeloDepthError(
            f"{path} does not fit this run ({error}): give another --out, or delete it to begin anew"
        ) from error


class Sums:
    """Means of what a step reports, without waiting for the device each step."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, values: dict[str, Tensor]) -> None:
        self._count += 1
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0) + value.detach()

    def means(self) -> dict[str, float]:
        return {name: float(value) / self._count for name, value in self._sums.items()}


class Record:
    """What a run tells: a bar on a terminal, STAGE.log, curve.csv, TensorBoard."""

    def __init__(self, config: Config, step: int, processes: int):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._samples = config.batch * processes
        out = Path(config.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{config.stage}.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
        self._log = (out / f"{config.stage}.log").open("a", buffering=1)
        self._curve = Curve(out / "curve.csv", config.stage, step)
        self._board: Any = None
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(out / "events" / config.stage), purge_step=step)
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
                   TextColumn("{task.fields[note]}"), TimeRemainingColumn())  # fmt: skip
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, expand=True)
        self._task = self._bar.add_task(config.stage, total=config.steps, completed=step, note="")
        self._bar.start()
        self._last = (time.monotonic(), step)

    def say(self, text: str) -> None:
        print(text, file=self._log)
        self._bar.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def tick(self, step: int) -> None:
        self._bar.update(self._task, completed=step)

    def write(
        self, step: int, losses: dict[str, float], figures: dict[str, float], shown: list[Shown]
    ) -> None:
        """A line of the log and of the curve."""
        pace = (time.monotonic() - self._last[0]) / max(1, step - self._last[1])
        told = " ".join(f"{name} {value:.4f}" for name, value in losses.items())
        found = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self.say(f"step {step} {told} | {found} | {pace:.2f} s/step")
        self._bar.update(self._task, note=f"loss {losses['loss']:.3f}")
        self._curve.add(step, step * self._samples, losses["loss"], figures)
        if self._board:
            for name, value in losses.items():
                self._board.add_scalar(f"train/{name}", value, step)
            for name, value in figures.items():
                self._board.add_scalar(f"held-out/{name}", value, step)
            for i, each in enumerate(shown):
                self._board.add_image(f"held-out/{i}", beside(each), step, dataformats="HWC")
            self._board.flush()
        self._last = (time.monotonic(), step)

    def close(self) -> None:
        self._bar.stop()
        self._log.close()
        if self._board:
            self._board.close()


class Curve:
    """The learning curve, a row a check: what was seen and what held-out footage says."""

    COLUMNS = (
        "stage", "step", "samples", "loss", "delta1_si", "delta1_metric", "absrel_si", "edge_f1", "kept",
        "tau5", *(f"{kind}_{name}" for kind in ("near", "far", "outdoor")
          for name in ("delta1_si", "delta1_metric", "absrel_si")),
    )  # fmt: skip

    def __init__(self, path: Path, stage: str, step: int):
        """Rows of this stage after `step` were lost with a stop, and are dropped."""
        self._path, self._stage = path, stage
        rows = []
        if path.exists():
            with path.open(newline="") as file:
                rows = [r for r in csv.DictReader(file) if r["stage"] != stage or int(r["step"]) <= step]
        with whole(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def add(self, step: int, samples: int, loss: float, figures: dict[str, float]) -> None:
        row = {"stage": self._stage, "step": step, "samples": samples, "loss": f"{loss:.5f}"}
        row |= {name: f"{value:.4f}" for name, value in figures.items()}
        with self._path.open("a", newline="") as file:
            csv.DictWriter(file, self.COLUMNS).writerow(row)


def beside(shown: Shown) -> np.ndarray:
    """Picture, truth and answer in the colours of one range, (H, 3 W, 3) uint8."""
    known = shown.truth[shown.truth > 0]
    near, far = np.quantile(known, (0.03, 0.97)) if known.size else (1.0, 10.0)
    maps = [colours(depth, float(near), float(max(far, 1.5 * near))) for depth in shown[1:]]
    return np.concatenate([shown.picture, *maps], axis=1)


def colours(depth: np.ndarray, near: float, far: float) -> np.ndarray:
    """Depth (H, W) metres -> RGB uint8, near bright and far dark, grey where there is none."""
    from ..media.colour import COLOURS, UNKNOWN

    level = (np.clip(depth, near, far) ** -0.5 - far**-0.5) / (near**-0.5 - far**-0.5)
    picture = COLOURS[np.rint(255 * level).astype(np.uint8), 0]
    picture[depth <= 0] = UNKNOWN
    return picture


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with Interrupt():
        train(load_config(sys.argv[1]))

"""The training loop.

    velodepth train --data SHARDS --out RUN                       stage keyframe
    velodepth train --data SHARDS --out RUN --stage propagation   freezes RUN/keyframe.pt, teaches the rest
    velodepth train RECIPE.toml                                   several stages (recipe.py)
    torchrun --nproc-per-node 4 -m velodepth.train RECIPE.toml    several GPUs (and machines, see torchrun)

A run writes NAME.pt (a checkpoint: the network, its average, the optimiser, the step), NAME.log, curve.csv
and, where tensorboard is installed, its events. Started again, it goes on from the checkpoint, to the bit.
"""

from __future__ import annotations

import copy
import csv
import importlib.util
import json
import math
import os
import time
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..errors import VeloDepthError
from ..interrupts import uninterrupted
from ..media.atomic import claimed_folder, whole
from ..media.colour import colourise
from .checks import Shown, check_keyframes, check_propagation
from .config import Config
from .data import Clips, Footage, Pool, Stills, WatchedPool, batches
from .rendering import RenderedPool
from .stages import STAGES
from .students import LargeStudent, Student, load_weights, make_student

ASKED = math.inf
"""What is spent of a budget where a signal asks to stop."""


def train(config: Config, pool: Pool | None = None) -> Path:
    """Train one stage until its budget is spent. Returns the checkpoint.

    pool: footage that is open already; else it is opened, and closed again. Ctrl-C and SIGTERM wait for the
    end of the step and a checkpoint, then KeyboardInterrupt is raised. Raises VeloDepthError for data,
    weights or settings that cannot be used, and where another run trains into `config.out`.
    """
    with claimed_folder(Path(config.out) / "curve.csv") if place()[0] == 0 else nullcontext():
        if pool is not None:
            return _trained(config, pool)
        with closing(pool_of(config, spent_by(config)[0].shards if config.render else 0)) as pool:
            return _trained(config, pool)


def _trained(config: Config, pool: Pool) -> Path:
    rank, processes, device = join(config)
    if processes > 1:
        dist.barrier()  # what this stage starts from is written by the first process
    torch.manual_seed(config.seed)
    student = make_student(config)
    config = student.config = replace(config, sizes=config.sizes or student.sizes)
    out = Path(config.out)
    checkpoint = out / f"{config.name}.pt"
    note, before = start_weights(student, config)
    student.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    groups = student.groups()
    trained = [parameter for group in groups for parameter in group["params"]]
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=config.weight_decay)
    average = copy.deepcopy(student)
    spent = resume(checkpoint, student, average, optimiser) if checkpoint.exists() else Spent(samples=before)
    step, samples = spent.step, config.batch * processes

    pool.wait(1 if config.stage == "keyframe" else config.frames)
    make = (Stills if config.stage == "keyframe" else Clips)(pool, config)
    stage: nn.Module = STAGES[config.stage](student)
    if processes > 1:
        stage = nn.parallel.DistributedDataParallel(stage)
    source = batches(make, config, rank, step)
    record = Record(config, step) if rank == 0 else None
    if record:
        record.say(note)
        names = ", ".join(str(each.folder) for each in pool.held)
        record.say(f"held out for checks: {names or 'nothing' + ' yet' * bool(config.render)}")
    started, sums = time.monotonic() - spent.seconds, Sums()
    student.train()
    part = share(step, spent.seconds, config)  # of the budget that is spent
    with uninterrupted() as asked:
        while part < 1:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * schedule(step, part, config)
            parts = stage(next(source).to(device))
            loss = torch.stack(list(parts.values())).sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(trained, config.clip)
            optimiser.step()
            step += 1
            follow(average, student, min(config.average, (1 + step) / (10 + step)))
            sums.add(parts | {"loss": loss, "gradient": norm})

            part = ASKED if asked else share(step, time.monotonic() - started, config)
            if processes > 1:
                part = agreed(part, device)
            if record:
                record.tick(step, part)
            if step % config.every == 0 or part >= 1:
                if record:
                    spent = Spent(
                        step,
                        time.monotonic() - started,
                        spent.samples + samples * (step - spent.step),
                        pool.seen,
                    )
                    figures, shown = ({}, []) if asked else check(average, pool.held, config, device)
                    record.write(spent, sums.means(), figures, shown)
                    save(checkpoint, student, average, optimiser, spent)
                sums = Sums()
        if record:
            record.close()
    source.close()  # type: ignore[attr-defined]
    if record and isinstance(student, LargeStudent) and checkpoint.exists():
        student.export(average.net, out)
    return checkpoint


def place() -> tuple[int, int]:
    """This process's rank and how many there are, as torchrun's environment tells."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def pool_of(config: Config, seen: int) -> Pool:
    """The footage of a run, of whose rendered shards earlier starts have seen some."""
    if config.render:
        return RenderedPool(config, *place(), seen)
    return (WatchedPool if config.grow else Pool).open(config.data)


def join(config: Config) -> tuple[int, int, torch.device]:
    """This process's rank, how many there are, and its device; torchrun's environment tells."""
    rank, processes = place()
    name = config.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda":
        name = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
    if processes > 1 and not dist.is_initialized():  # once for all stages
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


def start_weights(student: Student, config: Config) -> tuple[str, int]:
    """Weights from `init`, or for stage propagation from the run's own keyframe.pt.

    Returns what to note of it, and how many samples those weights have seen.
    """
    own = Path(config.out) / "keyframe.pt"
    start = Path(config.init) if config.init else own if config.stage == "propagation" else None
    if start is None or (config.preset == "large" and not config.init and not own.exists()):
        return f"{config.preset}, stage {config.stage}, from pretrained weights", 0
    if not start.exists():
        raise VeloDepthError(
            f"{start} does not exist: run the keyframe stage first, or give another by --init"
        )
    missing, samples = load_weights(student.net, start)
    new = f"; new, as they are not in it: {', '.join(missing)}" if missing else ""
    return f"{config.preset}, stage {config.stage}, from {start}{new}", samples


class Spent(NamedTuple):
    """What a stage has used up. samples: those of the stages before included; shards: rendered ones."""

    step: int = 0
    seconds: float = 0.0
    samples: int = 0
    shards: int = 0


def spent_by(config: Config) -> tuple[Spent, float]:
    """What a stage has spent so far, and its share of the budget, as its checkpoint says.

    Raises VeloDepthError where that is none.
    """
    path = Path(config.out) / f"{config.name}.pt"
    if not path.exists():
        return Spent(), 0.0
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        spent = Spent(*(saved[name] for name in Spent._fields))
    except Exception as error:  # torch raises many kinds for a file that is none
        raise VeloDepthError(f"{path} cannot be read as a checkpoint of training ({error})") from error
    return spent, share(spent.step, spent.seconds, config)


def share(step: int, seconds: float, config: Config) -> float:
    """Of the budget, how much is spent: of steps or of minutes, whichever is scarcer; 1 and above: all."""
    return max(
        step / config.steps if config.steps else 0.0,
        seconds / (60 * config.minutes) if config.minutes else 0.0,
    )


def schedule(step: int, part: float, config: Config) -> float:
    """Learning rate over its peak: linear warm-up, then a cosine over the budget to 2 %."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * part)
    return min(1, (step + 1) / config.warm_up) * (0.02 + 0.98 * cosine)


@torch.no_grad()
def follow(average: Student, student: Student, keep: float) -> None:
    """Move the average of the weights towards the weights."""
    for a, b in zip(average.parameters(), student.parameters(), strict=True):
        if b.requires_grad:
            a.lerp_(b, 1 - keep)


def agreed(part: float, device: torch.device) -> float:
    """The largest of all processes', so that rates are alike and all stop at the same step."""
    most = torch.tensor(part, device=device)
    dist.all_reduce(most, dist.ReduceOp.MAX)
    return float(most)


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


def save(
    path: Path, student: Student, average: Student, optimiser: torch.optim.Optimizer, spent: Spent
) -> None:
    """All that going on needs; whole or not at all."""
    content = {
        "net": student.net.state_dict(),
        "average": average.net.state_dict(),
        "optimiser": optimiser.state_dict(),
        **spent._asdict(),
        "config": asdict(student.config),
    }
    with whole(path) as temporary:
        torch.save(content, temporary)


def resume(path: Path, student: Student, average: Student, optimiser: torch.optim.Optimizer) -> Spent:
    """Take up a checkpoint of this run; returns what it has spent."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        student.net.load_state_dict(saved["net"])
        average.net.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        return Spent(*(saved[name] for name in Spent._fields))
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

    def __init__(self, config: Config, step: int):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        out = Path(config.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{config.name}.json").write_text(json.dumps(asdict(config), indent=2) + "\n")
        self._log = (out / f"{config.name}.log").open("a", buffering=1)
        self._curve = Curve(out / "curve.csv", config.name, step)
        self._board: Any = None
        if importlib.util.find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(out / "events" / config.name), purge_step=step)
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=None),
                   TextColumn("{task.fields[note]}"), TimeRemainingColumn())  # fmt: skip
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal, expand=True)
        self._task = self._bar.add_task(config.name, total=1.0, note="")
        self._loss = ""
        self._bar.start()
        self._last = (time.monotonic(), step)

    def say(self, text: str) -> None:
        print(text, file=self._log)
        self._bar.console.print(text, soft_wrap=True, markup=False, highlight=False)

    def tick(self, step: int, part: float) -> None:
        self._bar.update(self._task, completed=part, note=f"step {step}{self._loss}")

    def write(
        self, spent: Spent, losses: dict[str, float], figures: dict[str, float], shown: list[Shown]
    ) -> None:
        """A line of the log and of the curve."""
        step = spent.step
        pace = (time.monotonic() - self._last[0]) / max(1, step - self._last[1])
        told = " ".join(f"{name} {value:.4f}" for name, value in losses.items())
        found = " ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self.say(f"step {step} {told} | {found} | {pace:.2f} s/step")
        self._loss = f"  loss {losses['loss']:.3f}"
        self._curve.add(step, spent.samples, losses["loss"], figures)
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
    maps = [colourise(depth, float(near), float(max(far, 1.5 * near))) for depth in shown[1:]]
    return np.concatenate([shown.picture, *maps], axis=1)

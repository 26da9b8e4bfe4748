"""Train by recipes/gpu.toml, and every minute put what there is among the results.

    python tools/gpu_train.py OUT [--init CHECKPOINT] [--tiny]

Weights come as NAME.pt.0, NAME.pt.1, ... of 15 MiB each: the averaged ones in float16, so that
`cat OUT/NAME.pt.* > NAME.pt` is what `velodepth train --init` and `python -m velodepth.train.pack` take.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import torch

from velodepth.interrupts import Interrupt
from velodepth.train import rendering
from velodepth.train.recipe import Recipe, follow, load_recipe
from velodepth_worlds import generate

PART = 15 * 2**20
EVERY = 60.0  # seconds
RECIPE = Path(__file__).parents[1] / "recipes" / "gpu.toml"


def take(run: Path, out: Path) -> None:
    """Copy what a run has written so far."""
    for path in run.glob("*.pt"):
        saved = torch.load(path, map_location="cpu", weights_only=True)
        half = {name: x.half() if x.is_floating_point() else x for name, x in saved["average"].items()}
        file = io.BytesIO()
        torch.save({"average": half, "samples": saved["samples"], "step": saved["step"]}, file)
        data = file.getvalue()
        for index, start in enumerate(range(0, len(data), PART)):
            part = out / f"{path.name}.{index}"
            part.with_suffix(".new").write_bytes(data[start : start + PART])
            part.with_suffix(".new").replace(part)
    if (run / "curve.csv").exists():
        shutil.copy(run / "curve.csv", out / "curve.csv")


def small(recipe: Recipe) -> Recipe:
    """The same stages in a few seconds, on a CPU; worlds are few frames each."""
    few = generate.RenderSettings((64, 48), kinds=("tabletop",), shard=14, clip_share=1.0)
    rendering.worlds_of = lambda config: few
    return replace(
        recipe,
        stages=[
            replace(
                stage, render=1, render_size=[64, 48], pool=0.5, batch=2, threads=1, checked=4, warm_up=1,
                sizes=[[64, 64]], steps=2, minutes=0.0, device="cpu",
            )
            for stage in recipe.stages
        ],
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--init", help="checkpoint that the first stage starts from; else ImageNet weights")
    options = parser.parse_args()
    # The run itself stays out of the results: its checkpoints hold the optimiser, too.
    run = Path(tempfile.mkdtemp(prefix="velodepth-run-"))
    recipe = load_recipe(RECIPE, out=str(run), init=options.init)
    if options.tiny:
        recipe = small(recipe)
    done = threading.Event()

    def keep() -> None:
        while not done.wait(EVERY):
            take(run, options.out)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        with Interrupt():
            follow(recipe)
    finally:  # also where the time is up
        done.set()
        keeper.join()
        take(run, options.out)


if __name__ == "__main__":  # not where a rendering process imports it
    main()

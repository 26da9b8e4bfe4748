"""`velodepth train`: teach the networks, and measure what their parts are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import needed
from .failure import kept, report_errors
from .options import pixels

RUN = "run"


class _RunUnlessNamed(TyperGroup):
    """`velodepth train ...` is `velodepth train run ...`, unless another command is named, or help wanted."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else [RUN, *args])


app = typer.Typer(
    cls=_RunUnlessNamed,
    help="Train the networks, or see what their parts are worth.\n\n"
    "velodepth train OPTIONS is short for velodepth train run OPTIONS.",
    rich_markup_mode=None,
    add_completion=False,
)

RecipeFile = Annotated[
    Path | None,
    typer.Argument(metavar="RECIPE.toml", help="Settings, and stages; options win.", show_default=False),
]
Data = Annotated[
    list[str] | None,
    typer.Option(metavar="FOLDER", help="Shards, or recordings of your own; may be given several times."),
]
Out = Annotated[str | None, typer.Option("--out", "-o", metavar="RUN", help="Folder of the run.")]
StepsOption = Annotated[int | None, typer.Option(metavar="N", help="Budget; the learning rate follows it.")]
BatchOption = Annotated[int | None, typer.Option(metavar="N", help="Examples a step, of each process.")]
LearningRateOption = Annotated[float | None, typer.Option(metavar="R", help="Peak of the learning rate.")]
Size = Annotated[
    list[str] | None,
    typer.Option(metavar="WxH", help="Canvas; several are drawn from, a larger one later sharpens."),
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Of data order and weights.")]
TrainingDeviceOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="cpu or cuda; else cuda if there is one.")
]


@app.command(RUN)
@report_errors()
def run(
    recipe: RecipeFile = None,
    data: Data = None,
    render: Annotated[
        int | None, typer.Option(metavar="N", help="Render worlds meanwhile, with so many processes.")
    ] = None,
    out: Out = None,
    stage: Annotated[
        str | None, typer.Option(metavar="NAME", help="keyframe, then propagation.  [default: keyframe]")
    ] = None,
    steps: StepsOption = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", help="Budget, instead of steps or beside them.")
    ] = None,
    batch: BatchOption = None,
    rate: LearningRateOption = None,
    size: Size = None,
    init: Annotated[
        str | None, typer.Option(metavar="CHECKPOINT", help="Start from the weights of an earlier run.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="nano, or large to fine-tune.  [default: nano]")
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="PATH", help="The published weights of large.")
    ] = None,
    every: Annotated[
        int | None, typer.Option(metavar="N", help="Steps between checks and checkpoints.")
    ] = None,
    seed: Seed = None,
    device: TrainingDeviceOption = None,
) -> None:
    """Train the networks of a preset; a run that was stopped goes on from its last checkpoint.

    Stage keyframe comes first; stage propagation freezes what it taught. All settings, also those that have
    no option here, and several stages, can stand in RECIPE.toml (see docs/training.md). Needs the extra: pip
    install 'velodepth[train]'. On several GPUs: torchrun --nproc-per-node 4 -m velodepth.train RECIPE.toml

    \b
    Examples:
      velodepth train --data shards --out run --steps 6000
      velodepth train --data shards --out run --stage propagation --steps 2000 --batch 4
      velodepth train recipes/nano.toml --data shards
      velodepth train --render 8 --out run --minutes 60
      velodepth train ablate --data shards --init run/keyframe.pt --out ablations --steps 300
      velodepth train --preset large --checkpoint large/ --data recordings --out tuned --batch 1
    """
    _, recipes = _training()
    wanted = recipes.load_recipe(
        recipe, data=data or None, render=render, out=out, stage=stage, steps=steps, minutes=minutes,
        batch=batch, rate=rate, sizes=_sizes(size), init=init, preset=preset, checkpoint=checkpoint,
        every=every, seed=seed, device=device,
    )  # fmt: skip
    with kept(f"the last checkpoint is kept in {wanted.out}; run the same command again to go on"):
        recipes.follow(wanted)


@app.command("ablate")
@report_errors()
def ablate(
    config: RecipeFile = None,
    data: Data = None,
    out: Out = None,
    init: Annotated[
        str | None, typer.Option(metavar="CHECKPOINT", help="keyframe.pt that all rows start from.")
    ] = None,
    steps: StepsOption = None,
    batch: BatchOption = None,
    rate: LearningRateOption = None,
    size: Size = None,
    seed: Seed = None,
    device: TrainingDeviceOption = None,
) -> None:
    """Train propagation without one part after the other, and print a table of what each is worth.

    \b
    Example:
      velodepth train ablate --data shards --init run/keyframe.pt --out ablations --steps 300
    """
    ablation, _ = _training()
    from ..train.config import load_config

    table = ablation.ablate(
        load_config(
            config, data=data or None, out=out, init=init, steps=steps, batch=batch, rate=rate,
            sizes=_sizes(size), seed=seed, device=device,
        )
    )  # fmt: skip
    typer.echo(table, nl=False)


def _training() -> tuple[Any, Any]:
    """The modules train.ablation and train.recipe."""
    with needed("training", "train"):
        from ..train import ablation, recipe
    return ablation, recipe


def _sizes(texts: list[str] | None) -> list[list[int]] | None:
    return [list(pixels("--size", text)) for text in texts or []] or None

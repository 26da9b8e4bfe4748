"""`velodepth worlds`: synthetic video with exact truth, rendered, looked at and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from velodepth.cli.failure import kept, report_errors
from velodepth.errors import VeloDepthError

app = typer.Typer(
    help="Render synthetic video with exact truth; look at it; check it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Start with  velodepth worlds render --out worlds --frames 2000",
)


@app.command()
@report_errors()
def render(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the shards go.")],
    frames: Annotated[
        int, typer.Option(metavar="N", min=1, help="At least as many; whole shards of about 256.")
    ] = 20000,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Other seeds are other worlds; the same gives the same.")
    ] = 1,
    processes: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="As many at a time; else one for each core.", show_default=False
        ),
    ] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Pixels of a picture.")] = "320x240",
    clip_length: Annotated[
        int, typer.Option(metavar="N", min=1, help="Frames of a clip, at 30 a second.")
    ] = 8,
    kinds: Annotated[
        str | None, typer.Option(metavar="KIND,...", help="Only these kinds of world.  [default: all]")
    ] = None,
) -> None:
    """Render worlds into shards, the files that training reads.

    About a third of the frames are in clips, the others are stills. A run that was broken off goes on where
    it was: shards that are whole are kept. Every 16th shard is never trained on.

    \b
    Kinds of world: room, tabletop, hall, corridor, street, terrain.

    \b
    Examples:
      velodepth worlds render --out worlds --frames 2000
      velodepth worlds render --out worlds --frames 50000 --seed 2 --processes 16
      velodepth worlds render --out close --kinds tabletop --size 256x192
    """

    from velodepth.cli.progress import bar
    from velodepth.cores import cores
    from velodepth.train.shards import Shard

    from . import generate

    chosen = tuple(kinds.split(",")) if kinds else tuple(generate.KINDS)
    recipe = generate.RenderSettings(_size(size), clip_length, chosen)
    with bar(str(out), frames) as step:

        def count(done: int) -> None:
            for _ in range(done):
                step()

        with kept(f"whole shards are kept in {out}; run the same command again to go on"):
            shards = generate.render(out, frames, seed, recipe, processes or len(cores()), count)
    whole = sum(len(Shard.open(path)) for path in shards)
    typer.echo(f"{whole} frames in {len(shards)} shard{'s' * (len(shards) > 1)} in {out}")


@app.command()
@report_errors()
def preview(
    shard: Annotated[Path, typer.Argument(metavar="SHARD", help="A shard, or a folder of them: its first.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.png", help="The contact sheet.")] = Path(
        "sheet.png"
    ),
    rows: Annotated[
        int, typer.Option(metavar="N", min=1, help="Rows of six frames, of clips and of stills.")
    ] = 3,
) -> None:
    """Make a contact sheet of a shard: pictures, depth, flow.

    \b
    Example:
      velodepth worlds preview worlds/shard-00000 --out sheet.png
    """
    from velodepth.train.shards import open_shards

    from . import preview as sheets

    sheets.write(open_shards(shard)[0], out, rows)
    typer.echo(f"wrote {out}")


@app.command()
@report_errors()
def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A shard, or a folder of them.")],
) -> None:
    """Check the truth of shards: carry pictures and depths from frame to frame and compare.

    Prints for each shard the photometric error (of 0..1), the geometric error (relative depth) and how far
    flow and pose disagree (pixels): the median over pixels, and the lower quartile of the worst pair of
    frames. The exit status is 1 where one is beyond its bounds.

    \b
    Example:
      velodepth worlds check worlds
    """
    from velodepth.train.shards import open_shards

    from . import check as checks

    wrong = 0
    typer.echo("shard         pairs  visible  photometric      geometric        disagreement (px)")
    for shard in open_shards(folder):
        found = checks.errors(shard)
        pairs = (found.photometric, found.geometric, found.disagreement)
        figures = "  ".join(f"{median:.4f} {worst:.4f}".ljust(15) for median, worst in pairs)
        typer.echo(f"{shard.folder.name:12}  {found.pairs:5}  {found.visible:6.1%}   {figures}".rstrip())
        for sentence in found.bad():
            wrong += 1
            typer.echo(f"  {sentence}")
    if wrong:
        raise typer.Exit(1)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise VeloDepthError(f"--size {text} is not understood: give WIDTHxHEIGHT, e.g. 320x240")
    return int(width), int(height)

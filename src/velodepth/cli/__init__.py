"""The command line: thin faces over the library, one file a command.

NumPy, OpenCV, PyAV and ONNX Runtime are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Annotated

import typer

from .. import __version__
from . import batch, camera, demo, evaluate, export, info, live, run, train, web

app = typer.Typer(
    name="velodepth",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help, quick and calm
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with  velodepth demo,  then  velodepth run street.mp4",
)
for command in (run.run, demo.demo, live.live, web.web, batch.batch, camera.camera, info.info, export.export):
    app.command()(command)
app.command("eval")(evaluate.evaluate)
app.command()(evaluate.compare)
app.add_typer(train.app, name="train")
if importlib.util.find_spec("velodepth_worlds"):  # a distribution of its own: packages/worlds
    from velodepth_worlds import cli as worlds

    app.add_typer(worlds.app, name="worlds")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"velodepth {__version__}")
        raise typer.Exit


@app.callback()
def velodepth(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Metric depth from any video that does not flicker, frame by frame, in real time."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    arguments: without the program's name; None: those of this process. Exit status: 0; 2 for bad input, told
    in one sentence; 130 after Ctrl-C or SIGTERM; 1 for a bug, with its traceback.
    """
    app(arguments, prog_name="velodepth")

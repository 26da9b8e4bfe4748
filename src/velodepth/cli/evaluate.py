"""`velodepth eval` and `velodepth compare`: the one place where a claim about quality comes from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import VeloDepthError
from . import options
from .failure import BAD_INPUT, kept, report_errors

if TYPE_CHECKING:
    from ..eval.evaluate import Run
    from ..eval.predictor import Predictor
    from ..eval.report import Document, Report
    from ..eval.results import RunResult
    from ..eval.truth import Sequence

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "velodepth" / "eval"
PIPED = 160  # characters of a line where the output is no terminal


@report_errors()
def evaluate(
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="Sequences with true depth, or plain videos.")],
    protocol: Annotated[str, typer.Option(metavar="NAME", help="velodepth, vda, online or full.")] = "full",
    preset: options.PresetOption = "nano",
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"{options.POLICIES}.  [default: adaptive]")
    ] = None,
    policies: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Several of them, side by side.")
    ] = None,
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Measure what another program wrote: NPZ, 16-bit PNG or EXR."),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(
            metavar="CLAIM", help="What these are: metric, scale, affine_depth or affine_disparity."
        ),
    ] = None,
    predictor: Annotated[
        str | None,
        typer.Option(metavar="NETWORK", help="Measure a network of others by itself, nothing carried."),
    ] = None,
    carried: Annotated[
        bool,
        typer.Option(
            "--carried", help="What the loop loses by carrying: true depth looks in the network's place."
        ),
    ] = False,
    no_camera: Annotated[
        bool, typer.Option("--no-camera", help="Do not tell the model the true camera.")
    ] = False,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The data set's layout, such as rgbd, tum, kitti; else told from the files."
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most N frames of each sequence, for a trial.")
    ] = None,
    skip: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Figures to leave out; f1,chamfer are the slow ones."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every figure.")] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every figure, a row a sequence.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the tables.")] = None,
    plots: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw pictures.")] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write what was predicted, an NPZ a sequence.")
    ] = None,
    overwrite: options.Overwrite = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="List a sequence that fails, and go on.")
    ] = False,
    processes: Annotated[int, typer.Option(metavar="N", min=1, help="Sequences at once.")] = 1,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where figures are kept between runs.  [default: ~/.cache/velodepth/eval]"
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Measure depth against truth, and against itself.

    A run that was stopped goes on where it was. What was measured before, with the same model, data and
    protocol, is not measured again; times are those of then.

    \b
    Protocols:
      velodepth  last 32 frames of each sequence; metric, si and ssi, each frame by itself
      vda        first 500 frames; one scale and shift in disparity a sequence; TAE
      online     all frames; scale and shift of the first frame only; drift
      full       all frames; every figure

    Of plain videos only what needs no truth is measured: sharpness, and before a camera that stands also
    pumping and freshness.

    \b
    Examples:
      velodepth eval --data rgbd --protocol full --json nano.json --plots pictures
      velodepth eval --data rgbd --policies per-frame,adaptive,published,every:4 --plots pictures
      velodepth eval --data clips --policies per-frame,adaptive
      velodepth eval --data rgbd --carried
      velodepth eval --data bonn --protocol vda --predictions vda_out --claim affine_disparity
      velodepth eval --data Sintel.hdf5 --protocol velodepth --predictor rival.py:Rival
    """
    from ..eval import report
    from ..eval.datasets import open_dataset
    from ..eval.evaluate import Run
    from ..eval.protocols import protocol_named
    from ..eval.results import file_name
    from ..media.atomic import refuse_existing, refuse_inputs

    chosen = protocol_named(protocol)
    refuse_inputs(filter(None, (json, csv, markdown, save)), filter(None, (data, predictions)))
    refuse_existing([json, csv, markdown], overwrite)
    if plots:
        from ..eval.plots import available

        available()
    sequences = open_dataset(data, kind)
    measured: Mapping[str, Predictor]
    if carried:
        from ..eval.carried import CARRIED, predictors

        if any((policy, policies, predictions, claim, predictor, no_camera)) or protocol != "full":
            raise VeloDepthError(
                "--carried has its own predictors and protocol: of the options of what is measured give "
                "--preset alone, whose canvas it is"
            )
        chosen, measured = CARRIED, predictors(sequences, preset)
    else:
        measured = _predictors(preset, policy, policies, runtime, device, predictions, claim, predictor)
    runs = {
        label: Run(
            each,
            chosen,
            camera=not no_camera,
            limit=frames,
            skip=frozenset(skip.split(",") if skip else ()),
            cache=(cache or CACHE).expanduser(),
            save=save / file_name(label) if save and len(measured) > 1 else save,
        )
        for label, each in measured.items()
    }
    with kept("what was measured is kept; run the same command again to go on"):
        results = _run(runs, sequences, processes, keep_going, quiet)
    documents = {label: result.document() | {"data": str(data)} for label, result in results.items()}
    told_first = next(iter(documents.values()))
    if carried:
        summary = report.carried_report(documents)
    else:
        summary = report.policies_report(documents) if policies else report.run_report(told_first)
    held = {"policies": documents} if policies or carried else told_first
    texts = (
        (json, lambda: report.json_text(held)),
        (csv, lambda: report.csv_text(*documents.values())),
        (markdown, lambda: report.markdown(summary)),
    )
    written = [path for path, _ in texts if path]
    for path, text in texts:
        if path:
            report.write(path, text())
    if plots:
        from ..eval.plots import draw

        draw(plots, results, documents)
        written.append(plots)
    if not quiet:
        _print(summary)
        if written:
            typer.echo(f"written to {', '.join(map(str, written + ([save] if save else [])))}")
    if any(result.failed for result in results.values()):
        raise typer.Exit(BAD_INPUT)


@report_errors()
def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="FILE.json...", help="Of velodepth eval --json.")],
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the tables.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw accuracy, consistency and speed of all.")
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Compare runs of eval, with intervals of the differences.

    Each file holds one run, or those of several policies. An interval that does not hold 0 is a difference
    that other sequences of the kind would most likely show too.

    \b
    Example:
      velodepth compare rival.json nano.json --plot tradeoff.png
    """
    from ..eval import report
    from ..eval.compare import compare as compared
    from ..media.atomic import refuse_existing, refuse_inputs

    refuse_inputs(filter(None, (markdown, plot)), runs)
    refuse_existing([markdown, plot], overwrite)
    documents: dict[str, Document] = {}
    for path in runs:
        for label, document in report.read_documents(path).items():
            documents[label if label not in documents else f"{path}: {label}"] = document
    first, *others = documents
    if not others:
        raise VeloDepthError(f"{first} is one run alone: give another one to compare it with")
    reports = [compared(documents[first], documents[other], (first, other)) for other in others]
    if markdown:
        report.write(markdown, "\n".join(report.markdown(each) for each in reports))
    if plot:
        from ..eval.plots import available, draw_tradeoff

        available()
        draw_tradeoff(plot, documents)
    for each in reports:
        _print(each)


def _predictors(
    preset: str,
    policy: str | None,
    policies: str | None,
    runtime: str | None,
    device: str | None,
    predictions: Path | None,
    claim: str | None,
    predictor: str | None,
) -> dict[str, Predictor]:
    """What is measured, by label. Raises VeloDepthError for options that do not go together."""
    from ..eval.predictions import FolderPredictor, NetworkPredictor, StreamPredictor

    if sum(each is not None for each in (policy, policies, predictions, predictor)) > 1:
        raise VeloDepthError(
            "--policy, --policies, --predictions and --predictor exclude each other: give one"
        )
    if claim is not None and predictions is None:
        raise VeloDepthError("--claim says what --predictions are: give these, or leave it out")
    if predictions is not None:
        return {predictions.name: FolderPredictor(predictions, claim)}
    if predictor is not None:
        return {predictor: NetworkPredictor(predictor, device)}
    names = policies.split(",") if policies else [policy or "adaptive"]
    return {name: StreamPredictor(preset, name, runtime, device) for name in names}


def _run(
    runs: Mapping[str, Run], sequences: list[Sequence], processes: int, keep_going: bool, quiet: bool
) -> dict[str, RunResult]:
    from ..eval.evaluate import STEPS, evaluate
    from .progress import bar

    results = {}
    for label, run in runs.items():
        total = 0
        for sequence in sequences:
            try:
                total += len(run.frames(sequence))
            except VeloDepthError:  # it is told when its turn comes
                continue
        with bar(label, total, quiet) as advance:
            results[label] = evaluate(run, sequences, processes, keep_going, _every(STEPS, advance))
    return results


def _every(n: int, advance: Callable[[], None]) -> Callable[[], None]:
    """Calls `advance` each nth time it is called."""
    calls = count(1)

    def step() -> None:
        if next(calls) % n == 0:
            advance()

    return step


def _print(summary: Report) -> None:
    from rich.console import Console

    from ..eval.report import print_report

    print_report(summary, Console(width=None if sys.stdout.isatty() else PIPED, highlight=False))

"""`velodepth batch`: depth of many videos."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import VeloDepthError
from . import options
from .failure import BAD_INPUT, kept, report_errors, stderr

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..batch.job import Settings
    from ..batch.workers import WorkerPool


@report_errors()
def batch(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", hidden=True)],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where all outputs go.")],
    save: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="As for velodepth run; several with commas.  [default: npz]"),
    ] = None,
    range_: options.Range = None,
    ply_every: options.PlyEvery = 30,
    points: options.Points = "clean",
    point_stride: options.PointStride = 1,
    preset: options.PresetOption = "nano",
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
    policy: options.PolicyOption = "adaptive",
    relative: options.Relative = False,
    camera: options.CameraFile = None,
    no_sound: options.NoSound = False,
    rate: options.RateOption = 30.0,
    topic: options.Topic = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Videos at once.  [default: half the cores, one a GPU on Ray]"),
    ] = None,
    retries: Annotated[
        int, typer.Option(metavar="N", min=0, help="How often a video is tried again when its worker dies.")
    ] = 2,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Let a Ray cluster work: auto, or host:port.")
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Depth of many videos, on this machine or on a Ray cluster.

    INPUT is a video, a folder (searched for videos to its depths, or for folders of images), a glob, or a
    .txt file that names inputs, one a line. Run the same command again to go on where it stopped: what is
    done is told by the content of the video and the settings, and skipped; what was half-written is redone.
    What fails is listed at the end, and the exit status is then 2. FOLDER/manifest.parquet has a row for each
    video. FOLDER is the batch's own: outputs of the same name are replaced.

    Needs: pip install 'velodepth[batch]'; for --ray 'velodepth[ray]' on each machine of the cluster, which
    all see the inputs and FOLDER under the same paths.

    \b
    Examples:
      velodepth batch recordings --out depth
      velodepth batch "day*/*.mp4" more.txt --save npz,side --out depth --workers 4
      velodepth batch recordings --out /shared/depth --ray head:6379
    """
    from .. import load_camera
    from ..batch.inputs import find_clips
    from ..batch.job import Failure, Job, Receipt, Receipts, Settings
    from ..batch.manifest import NAME, arrow, write_manifest
    from ..batch.run import plan, rows_of, work_off
    from ..media.atomic import claimed_folder, refuse_inputs
    from ..media.cloud import Cloud
    from ..presets import PRESETS

    arrow()
    near, far = options.near_far(range_)
    Cloud(points, point_stride)  # a wrong word is told now
    settings = Settings(
        kinds=_kinds(save or ["npz"]),
        preset=os.path.abspath(preset) if os.path.exists(preset) and preset not in PRESETS else preset,
        runtime=runtime,
        device=device,
        policy=policy,
        relative=relative,
        near=near,
        far=far,
        points=ply_every,
        cloud=points,
        point_stride=point_stride,
        sound=not no_sound,
        rate=rate,
        topic=topic,
        camera=json.dumps(load_camera(camera).to_dict()) if camera else None,
    )
    out = out.absolute()
    _check(out)
    receipts = Receipts(out)
    with claimed_folder(out / NAME), _progress(quiet) as progress:
        clips = find_clips(inputs, {out, *receipts.outputs()})
        read = [clip.path for clip in clips] + ([camera] if camera else [])
        refuse_inputs([out / path for clip in clips for path in settings.outputs(clip.name)], read)
        task = progress.add_task("looking at files", total=len(clips), failed="")
        todo = plan(clips, settings, receipts, lambda: progress.advance(task))
        failed = 0

        def ended(job: Job, outcome: Receipt | Failure) -> None:
            nonlocal failed
            failed += isinstance(outcome, Failure)
            progress.update(task, advance=1, failed=f"{failed} failed" if failed else "")

        total = len(todo.done) + len(todo.jobs)
        progress.update(task, description="videos", total=total, completed=len(todo.done))
        results = {}
        if todo.jobs:
            with _workers(ray, workers, len(todo.jobs), settings, str(out)) as pool:
                results = work_off(todo.jobs, pool, retries, ended)
        rows = rows_of(todo, results)
        write_manifest(out / NAME, rows)
    for row in rows:
        if isinstance(row.outcome, Failure):
            path, reason = str(row.clip.path), row.outcome.reason
            line = reason if path in reason else f"{path}: {reason}"
            stderr().print(line, style="red", markup=False, soft_wrap=True)
    fresh, bad = sum(row.fresh for row in rows), sum(isinstance(row.outcome, Failure) for row in rows)
    copies = sum(not row.fresh and row.tries > 0 and isinstance(row.outcome, Receipt) for row in rows)
    if not quiet:
        typer.echo(
            f"{fresh} done, {len(rows) - fresh - copies - bad} done before, {bad} failed"
            f"{f', {copies} of the same content as another' if copies else ''}; listed in {out / NAME}"
        )
    if bad:
        raise typer.Exit(BAD_INPUT)


def _check(out: Path) -> None:
    """VeloDepthError where no folder `out` can be, before anything is computed."""
    there = next(path for path in (out, *out.parents) if path.exists())
    if not there.is_dir():
        raise VeloDepthError(f"--out {out}: {there} is a file; choose another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise VeloDepthError(f"--out {out}: you may not write into {there}; choose another folder")


def _kinds(save: list[str]) -> tuple[str, ...]:
    """The kinds of output, sorted, so that their order makes no other outputs of them."""
    from ..media.writing import kind_named

    return tuple(sorted({kind_named(kind).name for several in save for kind in several.split(",")}))


@contextmanager
def _workers(
    address: str | None, workers: int | None, jobs: int, settings: Settings, out: str
) -> Iterator[WorkerPool]:
    """Workers for so many jobs, ended with the block."""
    if address is None:
        from ..batch.workers import local_workers
        from ..cores import cores

        pool: WorkerPool = local_workers(min(workers or max(1, len(cores()) // 2), jobs), settings, out)
    else:
        from ..batch.cluster import Actors

        pool = Actors(address, workers, jobs, settings, out)
    try:
        with kept("what is done is kept; run the same command again to go on"):
            yield pool
    finally:
        pool.close()


def _progress(quiet: bool) -> Progress:
    """A line on stderr while it works, on a terminal only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
        TimeRemainingColumn(),
        console=stderr(),
        refresh_per_second=2,
        transient=True,
        expand=True,
        disable=quiet or not stderr().is_terminal,
    )

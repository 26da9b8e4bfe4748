"""`velodepth live`: depth of what a camera sees now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import VeloDepthError, needed
from . import options
from .failure import report_errors, stderr

if TYPE_CHECKING:
    from ..live.outputs import Output
    from ..live.pipeline import Pipeline
    from ..media.atomic import Writer
    from ..media.colour import Colouring
    from ..media.reading import Source
    from ..media.writing import Options

PORT = 8081


@report_errors()
def live(
    sources: options.Sources,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=65535,
            help="Show it on a page at this port, not in a window; 0: any free one. Without a display it is "
            f"shown on a page anyway.  [default: {PORT}]",
        ),
    ] = None,
    host: options.Host = "127.0.0.1",
    allow_host: options.AllowHost = None,
    range_: options.Range = None,
    camera: options.CameraFile = None,
    policy: options.PolicyOption = "adaptive",
    relative: options.Relative = False,
    loop: Annotated[bool, typer.Option("--loop", help="Play a file over and over.")] = False,
    save: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Record what is shown: a name in .mp4, or as for velodepth run --out."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    preset: options.PresetOption = "nano",
    runtime: options.RuntimeOption = None,
    device: options.DeviceOption = None,
    rate: options.RateOption = 30.0,
    topic: options.Topic = None,
    quiet: options.Quiet = False,
) -> None:
    """Depth of what cameras see now, picture beside depth.

    SOURCE is the number of a camera, a URL, or a file, ROS bag or folder of images, played at its own pace.
    Several are shown one below another.
    The newest picture wins: when the machine is slower than the camera pictures are dropped, and the lag does
    not grow. A stream that is lost is opened anew. A file that is shown on a page begins with its first
    viewer, unless it is recorded. Ctrl-C, Escape and q end it.

    \b
    Examples:
      velodepth live 0
      velodepth live rtsp://host/stream
      velodepth live 0 1 rtsp://host/stream
      velodepth live 0 --host 0.0.0.0 --port 8081
      velodepth live street.mp4 --loop
      velodepth live 0 --save evening.mp4
    """
    from .. import load, load_camera, open_source
    from ..live.feed import Feed
    from ..live.pipeline import Pipeline
    from ..media.colour import Colouring
    from ..media.repeated import Repeated
    from ..media.writing import Options

    near, far = options.near_far(range_)
    lens = load_camera(camera) if camera else None
    if save and len(sources) > 1:
        raise VeloDepthError(f"--save {save} records one source, and {len(sources)} are given: name one")
    trouble: dict[str, str] = {}

    def feed(source: str) -> tuple[Feed, Source]:
        name = "The source" if len(sources) == 1 else f"Source {source}"

        def lost(reason: str, wait: float) -> None:
            trouble[name] = f"{name} is lost ({reason}): trying again in {wait:g} s"
            _say(trouble[name])

        def found() -> None:
            del trouble[name]
            _say(f"{name} is back")

        def once() -> Source:
            return open_source(source, frame_rate=rate, topic=topic)

        def opened() -> Source:
            return Repeated(once) if loop else once()

        first = [opened()]  # a wrong name is told before the model is loaded
        return Feed(lambda: first.pop() if first else opened(), lost, found), first[0]

    feeds, opened = zip(*map(feed, sources), strict=True)
    is_live = any(source.live for source in opened)
    wanted = Options(near, far, overwrite=overwrite, inputs=opened[0].paths)
    model, cameras = load(preset, runtime, device, relative), [lens or source.camera for source in opened]
    pipeline = Pipeline(feeds, model.streams(len(feeds), cameras, policy, beside=True))
    with (
        _record(save, wanted) as record,
        suppress(KeyboardInterrupt),
        _output(host, port, allow_host) as output,
    ):
        if not (is_live or save):
            output.wait()
        with pipeline:
            colourings = [Colouring(near, far) for _ in feeds]
            _show(pipeline, output, record, colourings, quiet, lambda: "; ".join(trouble.values()))
    recorded = f"; recorded to {save}" if save and Path(save).is_file() else ""
    if pipeline.delivered and not quiet:
        median, worst = (1000 * seconds for seconds in pipeline.latency)
        typer.echo(
            f"{pipeline.captured} pictures came, {pipeline.delivered} were shown, {pipeline.dropped} "
            f"dropped; {median:.0f} ms behind, 99 of 100 within {worst:.0f} ms{recorded}"
        )


def _say(line: str) -> None:
    stderr().print(line, style="yellow", markup=False, soft_wrap=not stderr().is_terminal)


def _record(save: str | None, wanted: Options) -> Writer:
    """What is written beside; nothing where no file is named."""
    from ..media.atomic import refuse_existing
    from ..media.writing import Writers, open_writer

    if save is None:
        return Writers(Path(), [])
    refuse_existing([Path(save)], wanted.overwrite, "choose another --save")
    return open_writer(save, options=wanted)


def _output(host: str, port: int | None, allowed: list[str] | None) -> Output:
    """A window; a page where a port is given, or there is no window to be had, which is said."""
    from ..live.outputs import DisplayWindow, why_no_window

    reason = None if port is not None else why_no_window()
    if port is None and reason is None:
        return DisplayWindow()
    with needed("the page of velodepth live", "web"):
        from ..live.page import Page
        from ..web.serving import names
    page = Page(host, PORT if port is None else port, names(allowed or []))
    if reason:
        typer.echo(f"No window, since {reason}: open the page instead.", err=True)
    typer.echo(f"{page.url}  (Ctrl-C ends it)")
    return page


def _show(
    pipeline: Pipeline,
    output: Output,
    record: Writer,
    colourings: Sequence[Colouring],
    quiet: bool,
    trouble: Callable[[], str],
) -> None:
    """Shows and records answers until the feeds end or the viewer has had enough, and how it goes all along.

    A recording that cannot go on ends, which is said, and the showing goes on.
    """
    import numpy as np

    from ..live.outputs import stacked
    from ..media.writing import Writers

    panels: dict[int, np.ndarray] = {}
    terminal = stderr()
    line = terminal.status("") if terminal.is_terminal and not quiet else nullcontext()
    with line as shown:
        for answers in pipeline:
            if output.closed:
                return
            for answer in answers:
                depth = colourings[answer.source].paint(answer.frame)
                panels[answer.source] = np.hstack([answer.frame.picture, depth])
            if answers:
                output.show(stacked([panel for _, panel in sorted(panels.items())]))
            for answer in answers:
                pipeline.shown(answer)
                try:
                    record.write(answer.frame)
                except VeloDepthError as error:
                    _say(f"The recording ends ({error})")
                    record.close()
                    record = Writers(record.path, [])
            status = trouble() or str(pipeline)
            output.tell(status)
            if shown:
                shown.update(status)

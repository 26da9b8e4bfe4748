"""`velodepth live`: depth of what a camera sees now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .failure import stderr, told

if TYPE_CHECKING:
    from ..live.outputs import Output
    from ..live.pipeline import Pipeline
    from ..media.colour import Colouring
    from ..media.reading import Source

PORT = 8081


@told()
def live(
    source: Annotated[str, typer.Argument(metavar="SOURCE", hidden=True)],
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
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Let the page listen there; 0.0.0.0 for all of the machine's."),
    ] = "127.0.0.1",
    range_: options.Range = None,
    camera: options.CameraFile = None,
    preset: options.Preset = "nano",
    runtime: options.Runtime = None,
    device: options.Device = None,
    rate: options.Rate = 30.0,
    topic: options.Topic = None,
    quiet: options.Quiet = False,
) -> None:
    """Depth of what a camera sees now, picture beside depth.

    SOURCE is the number of a camera, a URL, or a file, ROS bag or folder of images, played at its own pace.
    The newest picture wins: when the machine is slower than the camera pictures are dropped, and the lag does
    not grow. A stream that is lost is opened anew. Ctrl-C, Escape and q end it.

    \b
    Examples:
      velodepth live 0
      velodepth live rtsp://host/stream
      velodepth live 0 --host 0.0.0.0 --port 8081
      velodepth live street.mp4
    """
    from .. import load, load_camera, open_source
    from ..live.feed import Feed
    from ..live.pipeline import Pipeline
    from ..media.colour import Colouring

    near, far = options.near_far(range_)
    colouring = Colouring(near, far)
    lens = load_camera(camera) if camera else None
    trouble = ""

    def say(line: str) -> None:
        stderr().print(line, style="yellow", markup=False, soft_wrap=not stderr().is_terminal)

    def lost(reason: str, wait: float) -> None:
        nonlocal trouble
        trouble = f"The source is lost ({reason}): trying again in {wait:g} s"
        say(trouble)

    def found() -> None:
        nonlocal trouble
        trouble = ""
        say("The source is back")

    def opened() -> Source:
        return open_source(source, frame_rate=rate, topic=topic)

    first = [opened()]  # a wrong name is told before the model is loaded
    feed = Feed(lambda: first.pop() if first else opened(), lost, found)
    pipeline = Pipeline(feed, load(preset, runtime, device).stream(lens or first[0].camera))
    with suppress(KeyboardInterrupt), _output(host, port) as output, pipeline:
        _show(pipeline, output, colouring, quiet, lambda: trouble or str(pipeline))
    if pipeline.delivered and not quiet:
        median, worst = (1000 * seconds for seconds in pipeline.latency)
        typer.echo(
            f"{pipeline.captured} pictures came, {pipeline.delivered} were shown, {pipeline.dropped} "
            f"dropped; {median:.0f} ms behind, 99 of 100 within {worst:.0f} ms"
        )


def _output(host: str, port: int | None) -> Output:
    """A window; a page where a port is given, or there is no window to be had, which is said."""
    from ..live.outputs import Window, why_no_window
    from ..live.page import Page

    reason = None if port is not None else why_no_window()
    if port is None and reason is None:
        return Window()
    page = Page(host, PORT if port is None else port)
    if reason:
        typer.echo(f"No window, since {reason}: open the page instead.", err=True)
    typer.echo(f"{page.url}  (Ctrl-C ends it)")
    return page


def _show(
    pipeline: Pipeline, output: Output, colouring: Colouring, quiet: bool, status: Callable[[], str]
) -> None:
    """Shows each answer until the feed ends or the viewer has had enough, and `status` all along."""
    import numpy as np

    terminal = stderr()
    line = terminal.status("") if terminal.is_terminal and not quiet else nullcontext()
    with line as shown:
        for answer in pipeline:
            if output.closed:
                return
            if answer:
                output.show(np.hstack([answer.frame.picture, colouring.paint(answer.frame)]))
                pipeline.shown(answer)
            output.tell(status())
            if shown:
                shown.update(status())

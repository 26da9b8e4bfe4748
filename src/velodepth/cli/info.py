"""`velodepth info`: what there is here."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .failure import report_errors


@report_errors()
def info(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE.jsonl]", help="Of a run: how often it looked, and why.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """What there is here: presets, runtimes, outputs; or of a run.

    Of presets their licences, of runtimes their devices, and versions.

    \b
    Examples:
      velodepth info
      velodepth info --json
      velodepth info results/clip.jsonl
    """
    if path is not None:
        from ..media.sidecar import read_summary

        summary = read_summary(path)
        typer.echo(json.dumps(summary, indent=2) if as_json else _of_a_run(summary))
        return
    found = facts()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    presets: list[tuple[str, ...]] = [
        (
            preset["name"],
            f"{preset['summary']}\n"
            f"[dim]on {' or '.join(preset['runtimes'])}; weights {preset['weights']}, {preset['licence']}[/]",
        )
        for preset in found["presets"]
    ]
    runtimes: list[tuple[str, ...]] = [
        (
            runtime["name"],
            runtime["version"] or r"not installed: pip install 'velodepth\[torch]'",
            ", ".join(runtime["devices"]),
        )
        for runtime in found["runtimes"]
    ]
    outputs: list[tuple[str, ...]] = [tuple(output.values()) for output in found["outputs"]]
    # Piped, a line stays a line.
    console = Console(width=None if sys.stdout.isatty() else 1000, highlight=False)
    console.print("  ".join(f"[bold]{name}[/] {version}" for name, version in found["versions"].items()))
    for title, rows in {"presets": presets, "runtimes": runtimes, "outputs": outputs}.items():
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(style="bold", min_width=9)
        for row in rows:
            table.add_row(*row)
        console.print(f"\n[underline]{title}[/]")
        console.print(table)


def _of_a_run(summary: dict[str, Any]) -> str:
    """120 frames, 14 looks (12 %): 1 start, 9 moving, 4 age"""
    reasons = ", ".join(f"{count} {reason}" for reason, count in summary["reasons"].items())
    return f"{summary['frames']} frames, {summary['looks']} looks ({summary['share']:.0%}): {reasons}"


def facts() -> dict[str, Any]:
    """What `info` shows, made of what JSON knows."""
    import av
    import onnxruntime

    from .. import __version__
    from ..media.writing import KINDS
    from ..presets import PRESETS
    from ..runtime.session import PROVIDERS

    there = onnxruntime.get_available_providers()
    return {
        "versions": {
            "velodepth": __version__,
            "Python": platform.python_version(),
            "PyAV": av.__version__,
            "libavcodec": ".".join(map(str, av.library_versions["libavcodec"])),
        },
        "presets": [
            {fact: getattr(preset, fact) for fact in ("name", "summary", "licence", "runtimes", "weights")}
            for preset in PRESETS.values()
        ],
        "runtimes": [
            {
                "name": "onnx",
                "version": onnxruntime.__version__,
                "devices": [device for device, provider in PROVIDERS.items() if provider in there],
            },
            _torch(),
        ],
        "outputs": [
            {"name": kind.name, "file": "NAME" + kind.ending, "content": kind.summary}
            for kind in KINDS.values()
        ],
    }


def _torch() -> dict[str, Any]:
    try:
        from ..runtime import torch
    except ImportError:
        return {"name": "torch", "version": None, "devices": []}
    return {
        "name": "torch",
        "version": torch.torch.__version__,
        "devices": list(dict.fromkeys(("cpu", torch.best_device()))),
    }

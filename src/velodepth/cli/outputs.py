"""Where the results of a run go, and under which names."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import VeloDepthError
from ..media.writing import KINDS, Options, Writers, open_writer, writers_for

ENDINGS = ", ".join(dict.fromkeys(kind.suffix for kind in KINDS.values() if not kind.is_folder))

SAY_NOTHING = ("rgb", "color", "colour", "image", "images", "frame", "frames", "pictures", "jpg", "png")
"""Folders' names that tell what they hold, not of what it is."""


def open_outputs(out: str, stem: str, kinds: Sequence[str], options: Options) -> Writers:
    """Opens what a run writes.

    out: a folder, made if need be, where outputs are named `stem` and the kind's ending; or the name of one
    file. kinds: names of `KINDS`; with none, what the name of the file tells, in a folder side.
    Raises VeloDepthError where that does not go together or cannot be written, and, without
    `options.overwrite`, where an output is there already.
    """
    path = Path(out)
    if path.is_dir() or not path.suffix or out.endswith(os.sep):
        writers = writers_for(path, stem, kinds or ["side"], options)
    elif path.suffix.lower() not in ENDINGS.split(", "):
        raise VeloDepthError(
            f"there is no folder {out}, and nothing is written to files that end in {path.suffix}: make the "
            f"folder first, or give a name that ends in {ENDINGS}"
        )
    elif len(kinds) > 1 or any(kind in KINDS and KINDS[kind].is_folder for kind in kinds):
        raise VeloDepthError(f"{out} is one file, but {', '.join(kinds)} are more: give --out a folder")
    else:
        writers = Writers(path.parent, [open_writer(path, kinds[0] if kinds else None, options)])
    there = next((writer.path for writer in writers.writers if writer.path.is_file()), None)
    if there and not options.overwrite:
        writers.discard()
        raise VeloDepthError(f"{there} is there already: add --overwrite, or choose another --out")
    return writers


def open_with_rerun(out: str, stem: str, kinds: Sequence[str], options: Options) -> Writers:
    """Opens Rerun's viewer, and as `open_outputs` what else is asked for.

    Nothing else is where neither `kinds` nor another `out` than this folder are given.
    """
    from ..media.colour import Colouring
    from ..media.rerun_log import ViewerWriter

    with ExitStack() as undo:
        asked = open_outputs(out, stem, kinds, options) if kinds or out != "." else Writers(Path(out), [])
        undo.callback(asked.discard)
        viewer = ViewerWriter(Colouring(options.near, options.far), options.cloud)
        undo.pop_all()
    return Writers(asked.path, [viewer, *asked.writers])


def stem_of(sources: Sequence[str]) -> str:
    """What the outputs of a command line's sources are named after.

    A file's name without its ending, a folder's name, for a glob or a list the folder that all of it is in
    (of walk/rgb it is "walk"); else camera0, stdin, or the last part of a URL.
    """
    source = sources[0]
    if source == "-":
        return "stdin"
    if source.isdecimal():
        return f"camera{source}"
    if "://" in source:
        url = urlsplit(source)
        return Path(unquote(url.path)).stem or url.hostname or "stream"
    path = Path(os.path.abspath(source))
    if len(sources) > 1:
        return _name_of(path.parent)
    if not path.exists():  # a glob
        while glob.has_magic(str(path)):
            path = path.parent
    return _name_of(path) if path.is_dir() else path.stem


def _name_of(folder: Path) -> str:
    """A folder's name, or of those above it the first that says more than that it holds pictures."""
    told = next((each.name for each in (folder, *folder.parents) if each.name.lower() not in SAY_NOTHING), "")
    return told or folder.name

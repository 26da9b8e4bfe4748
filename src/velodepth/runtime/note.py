"""The note of a folder of graphs: what they take and give, and how a picture becomes their canvas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import VeloDepthError

NOTE = "velodepth.json"


def read_note(folder: Path) -> dict[str, Any]:
    """The velodepth.json of a folder of graphs. Raises VeloDepthError where it is not there or not one."""
    path = folder / NOTE
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        graphs = note["graphs"]
        missing = [g["file"] for g in graphs.values() if not (folder / g["file"]).is_file()]
        complete = "look" in graphs and isinstance(note["canvas"], dict) and isinstance(note["state"], list)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VeloDepthError(
            f"{path} is not the note of exported graphs ({type(error).__name__}): export the folder anew "
            "with this version's  velodepth export"
        ) from error
    if not complete or missing:
        lacks = ", ".join(missing) or "what this version needs"
        raise VeloDepthError(f"{folder} lacks {lacks}: export it anew with this version's  velodepth export")
    return note

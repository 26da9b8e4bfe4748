"""The page as plain files, for any web server: the browser computes."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from ..errors import VeloDepthError
from ..media.atomic import explained
from ..presets import DEMO_CLIP, load
from ..presets.catalogue import NANO
from .limits import Limits
from .settings import browser_settings

PAGE = Path(__file__).parent / "page"


def export_page(folder: Path, overwrite: bool = False) -> None:
    """Writes the page, ONNX Runtime for the browser, the packaged network and the sample clip; 27 MB.

    Nothing is fetched from anywhere. Raises VeloDepthError where the folder cannot be written, or, without
    `overwrite`, holds something.
    """
    with explained(folder):
        if folder.is_dir() and any(folder.iterdir()) and not overwrite:
            raise VeloDepthError(f"{folder} holds files already: add --overwrite, or choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".velodepth-", dir=folder) as name:
            part = Path(name)
            shutil.copytree(PAGE, part, dirs_exist_ok=True)
            shutil.copytree(NANO, part / "nano")
            shutil.copy(DEMO_CLIP, part / "demo.mp4")
            settings = browser_settings(load("nano"), Limits())
            (part / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
            for path in sorted(part.rglob("*")):
                if path.is_file():
                    final = folder / path.relative_to(part)
                    final.parent.mkdir(exist_ok=True)
                    os.replace(path, final)

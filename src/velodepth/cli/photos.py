"""What `run` does with photos: each by itself, into files named after it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer

from ..errors import VeloDepthError
from ..interrupts import uninterrupted
from ..media.atomic import refuse_existing, refuse_inputs
from ..media.cloud import Cloud
from ..media.excerpt import fitted
from ..media.images import read_image
from ..media.stills import ENDINGS, PHOTO, save_frame, save_photo
from ..presets import Model
from .failure import INTERRUPTED
from .process import CameraForSize
from .progress import Tally, bar


def process_photos(
    photos: Sequence[Path],
    model: Model,
    out: str,
    kinds: Sequence[str],
    colours: tuple[float | None, float | None],
    cloud: Cloud,
    lens: CameraForSize | None = None,
    box: tuple[int, int] | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> None:
    """Writes the depth of photos that have nothing to do with each other, and says what was written.

    out: a folder; or, of one photo, a file, whose ending says what it is (`DepthFrame.save`).
    kinds: of `PHOTO`; with none, depth in colours and as numbers. colours: near and far in metres, or None.
    cloud: which points of ply and glb.
    lens: the camera of pictures of a size; None to estimate it. box: as for `Excerpt`.
    Raises VeloDepthError before anything is computed where that does not go together, an output is a photo,
    or is there already and not to be overwritten. After Ctrl-C, typer.Exit(130): what was written stays.
    """
    is_file = bool(Path(out).suffix) and not Path(out).is_dir() and not out.endswith(os.sep)
    if is_file:
        if len(photos) > 1 or kinds:
            raise VeloDepthError(f"{out} is one file: give --out a folder for several outputs")
        if Path(out).suffix.lower() not in ENDINGS:
            raise VeloDepthError(f"{out} cannot be of a photo: let it end in {', '.join(ENDINGS)}")
    kinds = list(dict.fromkeys(kinds or ("depth", "npz")))
    wrong = next((kind for kind in kinds if kind not in PHOTO), None)
    if wrong:
        raise VeloDepthError(f"photos cannot be saved as {wrong}: choose from {', '.join(PHOTO)}")
    stems = [Path(out) / name for name in _names(photos)]
    outputs = [Path(out)] if is_file else [s.with_name(s.name + PHOTO[k]) for s in stems for k in kinds]
    refuse_inputs(outputs, photos)
    refuse_existing(outputs, overwrite, "choose another --out")
    tally = Tally("photo")
    interrupted = False
    try:
        with bar(photos[0].parent.name, len(photos), quiet) as advance:
            for path, stem in zip(photos, stems, strict=True):
                picture = read_image(path)
                camera = lens(picture.shape[1], picture.shape[0]) if lens else None
                if camera and camera.size is None:
                    camera = replace(camera, size=(picture.shape[1], picture.shape[0]))
                frame = model.stream(camera).push(fitted(picture, box))
                with uninterrupted():
                    if is_file:
                        save_frame(frame, out, cloud)
                    else:
                        save_photo(frame, stem, kinds, *colours, cloud)
                    tally.count(frame)
                advance()
    except KeyboardInterrupt:
        if not tally.frames:
            raise
        interrupted = True
    if not quiet:
        written = outputs if len(outputs) <= 4 else [f"{len(outputs)} files in {out}"]
        typer.echo(f"{'Interrupted after ' * interrupted}{tally}, written to {', '.join(map(str, written))}")
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _names(photos: Sequence[Path]) -> list[str]:
    """The photos' names without their endings, but where two would be the same."""
    taken = Counter(path.stem for path in photos)
    return [path.stem if taken[path.stem] == 1 else path.name for path in photos]

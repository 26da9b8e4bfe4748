"""A per-image network in one ONNX file: names and sizes from the graph, the rest from JSON or a signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ..cameras import Camera
from ..errors import VeloDepthError
from ..jsontext import parse_json
from ..runtime.session import session_of
from .families import reading_of
from .look import DEPTH_KINDS, Look
from .preparation import IMAGENET_MEAN, IMAGENET_STD, Preparation, read_processor
from .reading import Reading, fx_of
from .transformers_hub import CONFIG, PROCESSOR, read_config

SIDE, PATCH = 518, 14  # of Depth Anything's pictures
TOKENS = 1800
"""MoGe-2's: of 1200 (coarse) to 3600 (fine)."""


@dataclass(frozen=True)
class Description:
    """What is known of an ONNX file besides its graph."""

    preparation: Preparation
    reading: Reading
    image: str  # name of the input for the picture
    camera: str | None = None  # name of an input (1, 3, 3): intrinsics in pixels of the input
    numbers: tuple[tuple[str, float], ...] = ()  # inputs that are one number, and what is fed


class OnnxNetwork:
    """An ONNX file as a `DepthNetwork`, run by ONNX Runtime.

    path: the .onnx file. It is described by NAME.json beside it (docs/networks.md), by config.json and
    preprocessor_config.json of transformers beside it or in the folder above, or by its inputs' and outputs'
    names, where these are Depth Anything's, MoGe-2's, Metric3D's or UniDepthV2's. device: "cpu" or "cuda".
    Raises VeloDepthError where the file cannot be read or nothing describes it.
    """

    def __init__(self, path: Path, device: str | None = None, name: str | None = None) -> None:
        self.device, self._name = device or "cpu", name or str(path)
        self._session = session_of(path, self.device)
        self.description = describe(path, self._session)

    def look(self, picture: np.ndarray, camera: Camera | None) -> Look:
        """See `DepthNetwork.look`."""
        told = self.description
        values, window = told.preparation(picture)
        kinds = {each.name: each.type for each in self._session.get_inputs()}
        feed: dict[str, np.ndarray] = {told.image: values}
        if told.camera is not None and told.camera in kinds:
            right, down = window.width / picture.shape[1], window.height / picture.shape[0]
            if camera is None or fx_of(camera) is None:
                raise VeloDepthError(f"{self._name} needs a focal length: give --camera or --focal")
            fx, fy, cx, cy = (getattr(camera, key) for key in ("fx", "fy", "cx", "cy"))
            matrix = np.array([[fx * right, 0, cx * right], [0, fy * down, cy * down], [0, 0, 1]], np.float32)
            matrix[:2, 2] += window.left, window.top
            feed[told.camera] = matrix[None]
        for number, value in told.numbers:
            feed[number] = np.array(value, np.int64 if "int64" in kinds[number] else np.float32)
        found = dict(zip(told.reading.outputs, self.run(feed), strict=True))
        return told.reading(found, window, values.shape[2:], picture.shape[:2], camera)

    def run(self, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs that are read, of inputs by name."""
        return self._session.run(self.description.reading.outputs, feed)


def describe(path: Path, session: onnxruntime.InferenceSession) -> Description:
    """How the graph is fed and read. Raises VeloDepthError where that is not known, or the graph differs."""
    note = note_of(path)
    inputs = {each.name: each.shape for each in session.get_inputs()}
    outputs = [each.name for each in session.get_outputs()]
    if note.is_file():
        description = read_note(note)
    else:
        told = _of_transformers(path) or _known(inputs, outputs)
        if told is None:
            raise VeloDepthError(
                f"{path} has inputs {', '.join(inputs)} and outputs {', '.join(outputs)}, which is no "
                f"network known here: write {note.name} beside it (docs/networks.md says what)"
            )
        description = told
    source = note if note.is_file() else path
    for name, there, what in (
        (description.image, inputs, "input"),
        *((name, inputs, "input") for name, _ in description.numbers),
        *((name, outputs, "output") for name in description.reading.outputs),
    ):
        if name not in there:
            raise VeloDepthError(
                f"{source}: the graph has no {what} {name!r} but {', '.join(there)}: name one of these"
            )
    return _sized(description, inputs[description.image], source)


def note_of(path: Path) -> Path:
    """The file that may describe an .onnx file."""
    return path.with_suffix(".json")


def _sized(told: Description, shape: list[Any], source: Path) -> Description:
    """With the size of the graph's own input where that is fixed."""
    if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
        raise VeloDepthError(f"{source}: input {told.image!r} is {shape}, not (1, 3, height, width)")
    height, width = shape[2:]
    if not (isinstance(height, int) and isinstance(width, int)):
        return told
    fit = told.preparation.fit if told.preparation.fit == "letterbox" else "stretch"
    return replace(told, preparation=replace(told.preparation, height=height, width=width, fit=fit))


def _of_transformers(path: Path) -> Description | None:
    """By config.json and preprocessor_config.json, as in the repositories of onnx-community."""
    for folder in (path.parent, path.parent.parent):
        if (folder / CONFIG).is_file() and (folder / PROCESSOR).is_file():
            preparation = read_processor(folder / PROCESSOR)
            reading = reading_of(read_config(folder / CONFIG, str(path)), preparation, str(path))
            return Description(preparation, reading, "pixel_values")
    return None


def _known(inputs: Mapping[str, Any], outputs: list[str]) -> Description | None:
    """By the names that exports of well-known networks have."""
    there = set(outputs)
    if set(inputs) == {"pixel_values"} and there == {"predicted_depth"}:  # Depth Anything v1 and v2
        preparation = Preparation(SIDE, SIDE, "aspect", PATCH)
        return Description(preparation, Reading("affine_disparity"), "pixel_values")
    if set(inputs) == {"image", "num_tokens"} and {"points", "mask", "metric_scale"} <= there:  # MoGe-2
        plain = Preparation(0, 0, "own", mean=(0, 0, 0), std=(1, 1, 1))
        reading = Reading("metric", "points", points=True, metric_scale="metric_scale", mask="mask")
        return Description(plain, reading, "image", numbers=(("num_tokens", TOKENS),))
    if set(inputs) == {"image"} and "pred_depth" in there:  # Metric3D
        grey: Any = tuple(255 * mean for mean in IMAGENET_MEAN)
        preparation = Preparation(616, 1064, "letterbox", unit=1.0, mean=(0, 0, 0), std=(1, 1, 1), rest=grey)
        return Description(preparation, Reading("metric", "pred_depth", canonical_focal=1000.0), "image")
    if "image" in inputs and set(inputs) <= {"image", "K"} and {"out_K", "depth"} <= there:  # UniDepthV2
        preparation = Preparation(462, 616, mean=IMAGENET_MEAN, std=IMAGENET_STD)
        confidence = "confidence" if "confidence" in there else None
        reading = Reading("metric", "depth", intrinsics="out_K", confidence=confidence)
        return Description(preparation, reading, "image", camera="K")
    return None


def read_note(path: Path) -> Description:
    """NAME.json beside NAME.onnx: an object whose keys are those of `Preparation` and `Reading` in one, with
    `image`, `camera` and `numbers` of `Description`; `kind` and, where the graph has no fixed size, `height`
    and `width` are needed, `licence` is for people.

    Raises VeloDepthError where it is no such file.
    """
    parts = {part: {field.name for field in fields(part)} for part in (Preparation, Reading, Description)}
    try:
        told = parse_json(path.read_text(encoding="utf-8"))
        for fact in ("licence", "velodepth"):
            told.pop(fact, None)
        names = set().union(*parts.values()) - {"preparation", "reading"}
        if unknown := sorted(set(told) - names):
            raise ValueError(f"{', '.join(unknown)} is not known; {', '.join(sorted(names))} are")
        if told.get("kind") not in DEPTH_KINDS:
            raise ValueError(f"kind is {told.get('kind')!r}, not one of {', '.join(DEPTH_KINDS)}")
        how = {"height": SIDE, "width": SIDE} | {k: v for k, v in told.items() if k in parts[Preparation]}
        for triple in {"mean", "std", "rest"} & set(how):
            how[triple] = tuple(map(float, how[triple]))
            if len(how[triple]) != 3:
                raise ValueError(f"{triple} is {told[triple]}, not three numbers")
        reading = Reading(**{k: v for k, v in told.items() if k in parts[Reading]})
        numbers = tuple((str(k), float(v)) for k, v in told.get("numbers", {}).items())
        return Description(
            Preparation(**how), reading, told.get("image", "pixel_values"), told.get("camera"), numbers
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise VeloDepthError(
            f"{path} does not describe a network ({error}): docs/networks.md says what it holds"
        ) from error

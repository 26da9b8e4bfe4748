"""Networks of others by what a user writes: a file, a folder, a hub id or a short name."""

from __future__ import annotations

import functools
import re
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import VeloDepthError
from ..jsontext import parse_json
from .hub import UNKNOWN, fetch, licence_of
from .look import DepthNetwork
from .python_file import load_class

NOTE = "velodepth.json"
WHOLE = ("*.json", "*.safetensors", "README.md")
"""What is fetched of a repository of transformers."""
EXTRA = "torch", "transformers", "huggingface_hub"
"""What models of the hub need."""
HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True)
class NamedNetwork:
    """A network that was loaded."""

    name: str  # as it was asked for
    network: DepthNetwork
    licence: str
    files: tuple[Path, ...]  # its weights and code


@dataclass(frozen=True)
class Known:
    """A short name: one ONNX file of a repository, whose licence permits its use."""

    name: str
    repository: str
    file: str  # of the ONNX graph in the repository
    megabytes: int
    licence: str
    summary: str


CATALOGUE = {
    each.name: each
    for each in (
        Known(
            "depth-anything-v2-small",
            "onnx-community/depth-anything-v2-small",
            "onnx/model.onnx",
            99,
            "Apache-2.0",
            "Depth Anything V2 small, relative depth, carried by nano",
        ),
    )
}


OWN = "the user's own"


def is_network(spec: str) -> bool:
    """Whether a name has the form of one that `load_network` takes."""
    path = Path(spec)
    if spec in CATALOGUE or path.suffix == ".onnx" or ".py:" in spec:
        return True
    if path.exists():
        return bool(_noted(path) or _family(path))
    return HUB_ID.fullmatch(spec) is not None


def load_network(spec: str, device: str | None = None) -> NamedNetwork:
    """A per-image network by name; its licence is printed to stderr, once a process.

    spec: "my_network.py:Name"; "network.onnx"; a folder whose velodepth.json names one of these as "network";
    a folder of transformers' files; "owner/name" or "owner/name@revision" of the hub; or a name of CATALOGUE.
    device: "cpu", "cuda", "mps"; None: ONNX Runtime on the CPU, or the best device that torch finds.
    Raises VeloDepthError where it is none of these, or cannot be loaded.
    """
    named = _load(spec, device)
    if named.licence != OWN:
        _announce(named.name, named.licence)
    return named


def _load(spec: str, device: str | None) -> NamedNetwork:
    path = Path(spec)
    if known := CATALOGUE.get(spec):
        folder = fetch(known.repository, None, (known.file, "*.json"))
        return replace(_onnx(folder / known.file, device, spec), licence=known.licence)
    if ".py:" in spec:
        file, _, name = spec.rpartition(":")
        return NamedNetwork(spec, load_class(Path(file), name), OWN, (Path(file),))
    if path.suffix == ".onnx":
        return _onnx(path, device, spec)
    if note := _noted(path):
        found = _load(str(path / str(note["network"])), device)
        return replace(found, name=spec, licence=note.get("licence", found.licence))
    if path.is_dir():
        return _transformers(path, device, spec)
    if match := HUB_ID.fullmatch(spec):
        if missing := [name for name in EXTRA if find_spec(name) is None]:  # before anything is fetched
            raise VeloDepthError(f"{spec} needs {', '.join(missing)}: run  pip install 'velodepth[hub]'")
        return _transformers(fetch(match["repository"], match["revision"], WHOLE), device, spec)
    raise VeloDepthError(
        f"there is no network {spec!r}: give path/to/file.py:Class, an .onnx file, a folder, owner/name of "
        f"huggingface.co, or one of {', '.join(CATALOGUE)}"
    )


def _onnx(path: Path, device: str | None, name: str) -> NamedNetwork:
    from .onnx_file import OnnxNetwork, note_of

    network = OnnxNetwork(path, device, name)
    note = note_of(path)
    licence = _json(note).get("licence", UNKNOWN) if note.is_file() else UNKNOWN
    beside = [each for each in (note, *path.parent.glob(f"{path.name}*data*")) if each.is_file()]
    return NamedNetwork(name, network, licence, (path, *sorted(beside)))


def _transformers(folder: Path, device: str | None, name: str) -> NamedNetwork:
    from .transformers_hub import TransformersNetwork

    files = sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors"))
    return NamedNetwork(name, TransformersNetwork(folder, device, name), licence_of(folder), tuple(files))


def _noted(folder: Path) -> dict[str, Any]:
    """The velodepth.json of a folder that names a network; empty where it does not."""
    told = _json(folder / NOTE)
    return told if "network" in told else {}


def _family(folder: Path) -> str | None:
    """The model_type of transformers' config.json, or None."""
    return _json(folder / "config.json").get("model_type")


def _json(path: Path) -> dict[str, Any]:
    try:
        told = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


@functools.cache
def _announce(name: str, licence: str) -> None:
    print(f"velodepth: the weights of {name} are under {licence}.", file=sys.stderr)

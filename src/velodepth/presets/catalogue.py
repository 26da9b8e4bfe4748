"""The presets there are, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..adapters.loading import CATALOGUE, is_network, load_network
from ..errors import VeloDepthError, needed
from ..runtime.note import NOTE, read_note
from ..stream.canvas import CanvasSpec
from ..stream.foreign import ForeignRuntime
from ..stream.published import Thresholds
from . import large
from .model import Model

if TYPE_CHECKING:
    from ..runtime.protocol import Runtime

NANO = Path(__file__).parent / "nano"
"""Folder of the packaged graphs, as `velodepth export` writes one."""
NANO_CANVAS = CanvasSpec(36_864, 36_864, 32, rounding="nearest", smooth=True)
DEMO_CLIP = Path(__file__).parent / "demo.mp4"


@dataclass(frozen=True)
class Preset:
    """One line of `velodepth info`."""

    name: str
    summary: str
    weights: str  # where they come from, and how large they are
    licence: str  # of the weights
    runtimes: tuple[str, ...]  # the default first
    load: Callable[[str, str | None], Model]  # (runtime, device) -> model


def load(
    preset: str = "nano",
    runtime: str | None = None,
    device: str | None = None,
    relative: bool = False,
    fast: bool = False,
) -> Model:
    """A model by name.

    preset: "nano" (packaged, runs anywhere), "large" (the published checkpoint, fetched from the hub), the
    path of a local copy of that checkpoint (its folder or .safetensors file), a folder that
    `velodepth export` wrote, or a per-image network of others, carried by nano: "my_network.py:Name",
    "network.onnx", "owner/name" of the Hugging Face hub, or a folder (docs/networks.md).
    runtime: "onnx" or "torch"; None: the preset's own. device: "cpu", "cuda", "mps"; None: ONNX Runtime on
    the CPU, or the best device that torch finds. relative: depth stays in the unit of a network of others
    that tells none; otherwise it gets nano's metres. fast: with PyTorch on CUDA, captured and partly in half
    precision, see `TorchRuntime.hasten`; elsewhere a warning says why not.
    Raises VeloDepthError for an unknown name, or when what it needs is not installed or not there.
    """
    if preset in PRESETS:
        entry = PRESETS[preset]
    elif is_network(preset):
        entry = _foreign(preset)
    elif (Path(preset) / NOTE).is_file():
        entry = _exported(Path(preset))
    elif Path(preset).exists():
        entry = _large(Path(preset))
    else:
        raise VeloDepthError(
            f"there is no preset {preset!r}: choose one of {', '.join(PRESETS)}, or give the path of a "
            "downloaded checkpoint, of an exported folder or of a network of your own (docs/networks.md)"
        )
    runtime = runtime or entry.runtimes[0]
    if runtime not in entry.runtimes:
        raise VeloDepthError(
            f"preset {entry.name!r} does not run on {runtime!r}: choose {' or '.join(entry.runtimes)}"
        )
    model = entry.load(runtime, device)
    if relative:
        if not isinstance(model.runtime, ForeignRuntime):
            raise VeloDepthError(f"{entry.name} tells metres: relative is for networks of others that do not")
        model.runtime.relative = True
    if fast:
        if not hasattr(model.runtime, "hasten"):
            raise VeloDepthError(f"fast is for networks that PyTorch runs: give {entry.name} runtime='torch'")
        model.runtime.hasten()
    return model


def demo_clip() -> Path:
    """The clip that comes with the package, rendered by us: 5 s, 640 x 480, somebody walks through a room.

    Raises VeloDepthError where the installation lacks it.
    """
    if not DEMO_CLIP.is_file():
        raise VeloDepthError(f"{DEMO_CLIP} is missing: reinstall velodepth")
    return DEMO_CLIP


def _nano() -> Preset:
    def load(runtime: str, device: str | None) -> Model:
        return Model("nano", _nano_runtime(runtime, device), NANO_CANVAS)

    return Preset("nano", "real time on two CPU cores", "packaged", "Apache-2.0", ("onnx", "torch"), load)


def _nano_runtime(runtime: str, device: str | None) -> Runtime:
    if runtime == "onnx":
        from ..runtime.onnx import OnnxRuntime

        return OnnxRuntime(NANO, device)
    with needed("runtime 'torch'", "torch"):
        from safetensors.torch import load_file

        from ..nets.nano import Nano
        from ..runtime.torch import TorchRuntime
    net = Nano()
    net.load_state_dict(load_file(NANO / "weights.safetensors"))
    return TorchRuntime(net, device)


def _exported(folder: Path) -> Preset:
    note = read_note(folder)

    def load(runtime: str, device: str | None) -> Model:
        from ..runtime.onnx import OnnxRuntime

        try:
            canvas = dict(note["canvas"])
            canvas["size"] = tuple(canvas["size"]) if canvas["size"] else None
            spec = CanvasSpec(**canvas)
        except (TypeError, KeyError, ValueError) as error:
            raise VeloDepthError(
                f"{folder / NOTE} has no canvas that this version knows: export the folder anew"
            ) from error
        return Model(str(note.get("preset", folder.name)), OnnxRuntime(folder, device), spec)

    return Preset(
        str(folder), "exported graphs", str(folder), str(note.get("licence", "not told")), ("onnx",), load
    )


def _foreign(spec: str) -> Preset:
    def load(runtime: str, device: str | None) -> Model:
        named = load_network(spec, device)
        base = _nano_runtime(runtime, "cpu" if runtime == "onnx" else device)
        carried = ForeignRuntime(named.network, spec, base, NANO_CANVAS, files=named.files)
        return Model(spec, carried, NANO_CANVAS)

    known = CATALOGUE.get(spec)
    if known is None:
        return Preset(spec, "a network of others, carried by nano", spec, "its own", ("onnx", "torch"), load)
    weights = f"huggingface.co/{known.repository}, {known.megabytes} MB"
    return Preset(spec, known.summary, weights, known.licence, ("onnx", "torch"), load)


def _large(path: Path | None) -> Preset:
    def load(runtime: str, device: str | None) -> Model:
        net, spec, settings = large.load_large(path, device)
        thresholds = Thresholds(
            motion=(settings.alpha_flow, settings.beta_flow),
            uncovered=(settings.alpha_luma, settings.beta_luma),
        )
        return Model("large", net, spec, thresholds)

    weights = f"huggingface.co/{large.REPOSITORY}" if path is None else str(path)
    summary = "the published checkpoint, 390 M parameters"
    return Preset("large", summary, weights, f"{large.LICENCE} (non-commercial)", ("torch",), load)


PRESETS = {preset.name: preset for preset in (_nano(), _large(None), *map(_foreign, CATALOGUE))}

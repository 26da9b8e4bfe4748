"""The `large` preset: the published checkpoint, from the Hugging Face hub or from a local copy."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import VeloDepthError, needed
from ..jsontext import parse_json
from ..stream.canvas import CanvasSpec

if TYPE_CHECKING:
    from ..nets.large import LargeNet
    from ..runtime.torch import TorchRuntime

REPOSITORY = "lpiccinelli/velodepth"
LICENCE = "CC BY-NC-SA 4.0"
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
MULTIPLE = 14


@dataclass(frozen=True)
class LargeSettings:
    """What the checkpoint's config.json may set, with the published values.

    Source: network.md, sections 1, 7 and "The checkpoint's own settings".
    """

    alpha_flow: float = 0.1  # published keyframe policy: the magnitude threshold is
    beta_flow: float = 0.15  # alpha + beta * 0.9^(n - 1), n frames after a keyframe
    alpha_luma: float = 0.1  # the same for the uncovered share
    beta_luma: float = 0.15
    hsv_flow: bool = False  # show flow to the network in colours of HSV
    min_pixels: int = 200_000  # of the canvas
    max_pixels: int = 600_000
    min_ratio: float = 0.5  # width / height of the canvas
    max_ratio: float = 2.5

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> LargeSettings:
        """Settings from the parsed config.json; what it leaves out keeps the published value."""
        model, constraints = config.get("model", {}), config.get("data", {}).get("shape_constraints", {})
        found = {name: model.get(name) for name in ("alpha_flow", "beta_flow", "alpha_luma", "beta_luma")}
        found["hsv_flow"] = model.get("residual_encoder", {}).get("use_hsv")
        found["min_pixels"] = _find(constraints, "pixels", "min")
        found["max_pixels"] = _find(constraints, "pixels", "max")
        found["min_ratio"], found["max_ratio"] = _find(constraints, "ratio") or (None, None)
        return cls(**{name: value for name, value in found.items() if value is not None})

    def to_config(self) -> dict[str, Any]:
        """What `from_config` reads back."""
        names = ("alpha_flow", "beta_flow", "alpha_luma", "beta_luma")
        model = {name: getattr(self, name) for name in names}
        constraints = {
            "pixels_min": self.min_pixels,
            "pixels_max": self.max_pixels,
            "ratio_bounds": [self.min_ratio, self.max_ratio],
        }
        return {
            "model": model | {"residual_encoder": {"use_hsv": self.hsv_flow}},
            "data": {"shape_constraints": constraints},
        }

    def canvas_spec(self, level: int | None) -> CanvasSpec:
        """The canvas at a resolution level 0..9 of the pixel budget; None for all of the budget."""
        return CanvasSpec(
            min_pixels=int(self.min_pixels),
            max_pixels=int(self.max_pixels),
            multiple=MULTIPLE,
            min_ratio=self.min_ratio,
            max_ratio=self.max_ratio,
            level=level,
        )


class LargeModel(NamedTuple):
    runtime: TorchRuntime
    canvas_spec: CanvasSpec
    settings: LargeSettings


def load_large(
    path: str | Path | None = None, device: str | None = None, level: int | None = 0
) -> LargeModel:
    """The published network, ready to run. Prints its licence to stderr, once a process.

    path: as for `load_net`. device: "cpu", "cuda", "mps", or None for the best there is. level: 0 (fastest)
    to 9 (finest), the tenth of the pixel budget to use.
    Raises VeloDepthError as `load_net` does.
    """
    net, settings = load_net(path)
    from ..nets.winograd import quicken
    from ..runtime.torch import TorchRuntime, best_device

    device = device or best_device()
    if device == "cpu":
        quicken(net)
    return LargeModel(TorchRuntime(net, device), settings.canvas_spec(level), settings)


def load_net(path: str | Path | None = None) -> tuple[LargeNet, LargeSettings]:
    """The published network as it was published, on the CPU, and its settings.

    path: a folder with model.safetensors and config.json, or the .safetensors file itself (config.json is
    looked for beside it; without one the published settings hold); None fetches both from the hub, or takes
    them from its cache.
    Raises VeloDepthError without the torch extra, without a network, or for files that do not fit.
    """
    with needed("the large preset", "torch"):
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from ..nets.published import from_published
    weights, config = _fetch() if path is None else _local(Path(path))
    settings = LargeSettings() if config is None else _read_settings(config)
    _announce_licence()
    try:
        tensors = load_file(weights)
    except (SafetensorError, OSError) as error:
        raise VeloDepthError(f"{weights} cannot be read ({error}): get the checkpoint anew") from error
    try:
        net = from_published(tensors, hsv_flow=settings.hsv_flow)
    except VeloDepthError as error:
        raise VeloDepthError(f"{weights}: {error}") from error
    return net, settings


def _local(path: Path) -> tuple[Path, Path | None]:
    weights = path / WEIGHTS_FILE if path.is_dir() else path
    if not weights.is_file():
        raise VeloDepthError(f"{weights} does not exist: give the checkpoint's file or its folder")
    config = weights.with_name(CONFIG_FILE)
    return weights, config if config.is_file() else None


def _fetch() -> tuple[Path, Path | None]:
    with needed("the large preset", "torch"):
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError
        from huggingface_hub.utils import logging
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # it tells each of its tries
    try:
        weights, config = (hf_hub_download(REPOSITORY, name) for name in (WEIGHTS_FILE, CONFIG_FILE))
    except (OSError, HfHubHTTPError) as error:  # OSError: no network, no space, not in the cache
        raise VeloDepthError(
            f"{REPOSITORY} could not be fetched from huggingface.co ({type(error).__name__}): connect to the "
            f"network, or download {WEIGHTS_FILE} and {CONFIG_FILE} elsewhere and give their folder as path"
        ) from error
    finally:
        logging.set_verbosity(level)
    return Path(weights), Path(config)


def _read_settings(path: Path) -> LargeSettings:
    try:
        return LargeSettings.from_config(parse_json(path.read_text(encoding="utf-8")))
    except (ValueError, AttributeError, TypeError) as error:
        raise VeloDepthError(
            f"{path} is not the checkpoint's configuration ({error}): get it anew"
        ) from error


def _find(constraints: Mapping[str, Any], *words: str) -> Any:
    """The value whose key holds all words: keys are seen as pixels_min and as min_pixels."""
    return next((value for key, value in constraints.items() if all(word in key for word in words)), None)


@functools.cache
def _announce_licence() -> None:
    print(f"velodepth: the weights of `large` ({REPOSITORY}) are under {LICENCE}.", file=sys.stderr)

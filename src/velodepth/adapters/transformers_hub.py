"""Depth models of transformers: from the Hugging Face hub, or a folder of `save_pretrained`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..cameras import Camera
from ..errors import VeloDepthError, needed
from ..jsontext import parse_json
from .families import reading_of
from .look import Look
from .preparation import Preparation, read_processor
from .reading import Reading

CONFIG, PROCESSOR = "config.json", "preprocessor_config.json"


class TransformersNetwork:
    """A model of `AutoModelForDepthEstimation` as a `DepthNetwork`, in float32.

    folder: holds config.json, preprocessor_config.json and the weights as safetensors. device: "cpu", "cuda",
    "mps", or None for the best there is. name: for messages.
    Raises VeloDepthError where transformers is missing, the family is none of families.FAMILIES, or the files
    are not whole.
    """

    def __init__(self, folder: Path, device: str | None = None, name: str | None = None) -> None:
        name = name or str(folder)
        self.preparation, self.reading = describe(folder, name)
        with needed(name, "hub"):
            import torch
            from transformers import AutoModelForDepthEstimation
            from transformers.utils.logging import disable_progress_bar

            from ..runtime.torch import best_device
        disable_progress_bar()  # of what is read from the disk
        self.device = device or best_device()
        try:
            model = AutoModelForDepthEstimation.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True
            )
            self.model = model.to(self.device).eval()
        except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
            reason = " ".join(str(error).split())
            raise VeloDepthError(f"{name} cannot be loaded ({reason}): get its files anew") from error

    def look(self, picture: np.ndarray, camera: Camera | None) -> Look:
        """See `DepthNetwork.look`."""
        import torch

        values, window = self.preparation(picture)
        with torch.inference_mode():
            answer = self.model(pixel_values=torch.from_numpy(values).to(self.device))
        found = {name: answer[name].float().cpu().numpy() for name in self.reading.outputs}
        return self.reading(found, window, values.shape[2:], picture.shape[:2], camera)


def describe(folder: Path, name: str) -> tuple[Preparation, Reading]:
    """How a folder of transformers' files prepares pictures and reads answers, without its weights."""
    config = read_config(folder / CONFIG, name)
    preparation = read_processor(folder / PROCESSOR)
    return preparation, reading_of(config, preparation, name)


def read_config(path: Path, name: str) -> dict[str, Any]:
    """The parsed config.json of a model; VeloDepthError where there is none."""
    try:
        config = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VeloDepthError(
            f"{path} cannot be read ({error}): {name} is no model of transformers"
        ) from error
    if not isinstance(config, dict):
        raise VeloDepthError(f"{name} is no model of transformers: {path} holds no JSON object")
    return config

"""Complete models by name."""

from .catalogue import PRESETS, Preset, load
from .model import Model

__all__ = ["PRESETS", "Model", "Preset", "load"]

"""Complete models by name."""

from .catalogue import DEMO_CLIP, PRESETS, Preset, load
from .model import Model

__all__ = ["DEMO_CLIP", "PRESETS", "Model", "Preset", "load"]

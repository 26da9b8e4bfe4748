"""Complete models by name."""

from .catalogue import DEMO_CLIP, PRESETS, Preset, demo_clip, load
from .model import Model

__all__ = ["DEMO_CLIP", "PRESETS", "Model", "Preset", "demo_clip", "load"]

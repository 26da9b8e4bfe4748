"""The texture bank of a shard: pictures drawn from a seed, and the materials made of them."""

from __future__ import annotations

from .colours import common, muted, vivid, wooden
from .drawing import noise
from .palette import Palette

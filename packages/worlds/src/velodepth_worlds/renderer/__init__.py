"""Worlds as pictures, with the exact depth of every pixel: OpenGL over EGL, on Mesa's llvmpipe or a GPU."""

from __future__ import annotations

from .distortion import Rendered
from .renderer import Renderer

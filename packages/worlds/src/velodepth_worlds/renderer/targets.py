"""The graphics context, and the buffers that are drawn into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from velodepth.errors import VeloDepthError

SHADOW_SIZE = 1024


class Target:
    """Where a picture of one size is drawn: its samples, and its pixels."""

    def __init__(self, context: Any, width: int, height: int) -> None:
        grid = (2 * width + 1, 2 * height + 1)
        self.radiances = context.texture(grid, 4, dtype="f2")
        self.truths = context.texture(grid, 2, dtype="f4")
        nearest = context.depth_renderbuffer(grid)
        self.depths = context.framebuffer(depth_attachment=nearest)
        self.samples = context.framebuffer([self.radiances, self.truths], nearest)
        self.pixels = context.framebuffer(
            [context.texture((width, height), 4, dtype="f4"), context.texture((width, height), 2, dtype="f4")]
        )


class ShadowMap:
    """Depth from a light: of what stands still, and of that with what moves."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self.rest, self.now = (context.depth_texture((SHADOW_SIZE, SHADOW_SIZE)) for _ in range(2))
        for texture in (self.rest, self.now):
            texture.compare_func = "<="
            texture.filter = context.LINEAR, context.LINEAR
            texture.repeat_x = texture.repeat_y = False
        # The colours are for nothing but that copy_framebuffer copies no depth without.
        self._rest, self._now = (
            context.framebuffer([context.renderbuffer(texture.size, 1)], texture)
            for texture in (self.rest, self.now)
        )

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        self._rest.use()
        self._context.clear(depth=1.0)
        yield

    @contextmanager
    def over_rest(self) -> Iterator[None]:
        self._context.copy_framebuffer(self._now, self._rest)
        self._now.use()
        yield


def create_context() -> Any:
    os.environ.setdefault("LP_NUM_THREADS", "1")  # llvmpipe; a process a core is quicker than threads
    try:
        import moderngl
    except ImportError as error:
        raise VeloDepthError(
            "worlds are drawn with moderngl, which is not installed: pip install moderngl"
        ) from error
    try:
        options: Any = {"backend": "egl"}
        return moderngl.create_context(standalone=True, require=330, **options)
    except Exception as error:  # moderngl raises plain Exception and ImportError here
        raise VeloDepthError(
            f"no OpenGL 3.3 over EGL ({error}): install a graphics driver, or without a GPU Mesa's "
            "(Debian: apt install libegl1 libgl1-mesa-dri)"
        ) from error

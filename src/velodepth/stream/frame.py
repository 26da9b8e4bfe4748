"""What a stream hands out for each picture."""

from __future__ import annotations

import tempfile
import webbrowser
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..cameras import Camera, fit_pinhole, focal_of
from ..errors import VeloDepthError
from ..media.arrays import as_picture
from ..runtime.protocol import State
from .bars import WHOLE
from .canvas import Canvas
from .upsampling import Upsampling

if TYPE_CHECKING:
    from typing_extensions import Self


class Lens:
    """The camera of the frames that share one ray map: given, or fitted to the rays when first asked for.

    given: camera in picture pixels, or None; rays: float32 (H, W, 3) on the canvas; settled: whether an
    estimated camera stays as it is for the rest of the shot.
    """

    def __init__(self, given: Camera | None, rays: np.ndarray, canvas: Canvas, settled: bool = True) -> None:
        self.given, self.rays, self._canvas, self.settled = given, rays, canvas, settled

    @cached_property
    def focal(self) -> float:
        """Effective focal length on the canvas, pixels."""
        return focal_of(self.rays)

    @cached_property
    def sees_behind(self) -> bool:
        """Whether rays of the camera that was given point backwards, as of a panorama."""
        return self.given is not None and bool((self.rays[..., 2] <= 0).any())

    @cached_property
    def camera(self) -> Camera:
        if self.given is not None:
            return self.given
        c = self._canvas
        on_padded = fit_pinhole(self.rays).moved(c.padded_width / c.width, c.padded_height / c.height)
        return on_padded.moved(1.0, 1.0, c.area.left - c.left, c.area.top - c.top)


class DepthFrame:
    """Depth of one picture. Maps have the picture's size (H, W); what costs time is made when asked for.

    Points, distance and depth agree with each other: points are resized from the canvas, and the other two
    are read from them (network.md, section 8). Camera axes: x right, y down, z forward; metres.
    """

    def __init__(
        self,
        index: int,
        time: float,
        picture: np.ndarray,
        reason: str | None,
        lens: Lens,
        state: State,
        canvas: Canvas,
        motion: np.ndarray | None = None,
    ) -> None:
        self.index = index  # 0 for the first picture since the stream started or was reset
        self.time = time  # seconds
        self.picture = picture  # (H, W, 3) uint8 RGB
        self.keyframe_reason = reason  # why the network looked, None where it did not
        # (4, 4) float64: points in the last frame's camera axes -> in this one's, metres. None where it is
        # not known: on first frames, after cuts, and where no motion of the camera explains the picture.
        self.motion = motion
        self._lens = lens
        self._state = state
        self._canvas = canvas

    @classmethod
    def of(
        cls,
        depth: np.ndarray,
        camera: Camera,
        picture: Any,
        *,
        index: int = 0,
        time: float = 0.0,
        confidence: np.ndarray | None = None,
        reason: str | None = None,
    ) -> Self:
        """A frame of depth from anywhere, such as a sensor or another network, for the writers of this one.

        depth: (H, W), metres along the optical axis; NaN or infinite where it is not known.
        camera: of the picture, in its pixels. picture: as for `DepthStream.push`. index, time (seconds) and
        reason (of a keyframe): as the attributes of that name. confidence: (H, W) float above 0; None: all 1.
        Raises VeloDepthError where the sizes of depth, picture and confidence differ.
        """
        picture = as_picture(picture)
        depth = np.array(depth, np.float32)
        confidence = np.ones_like(depth) if confidence is None else np.array(confidence, np.float32)
        if depth.ndim != 2 or confidence.shape != depth.shape or picture.shape != (*depth.shape, 3):
            raise VeloDepthError(
                f"depth {depth.shape}, confidence {confidence.shape} and picture {picture.shape} do not go "
                "together: give (H, W), (H, W) and (H, W, 3)"
            )
        height, width = depth.shape
        camera = camera.for_picture(width, height)
        rays = camera.rays(width, height)
        with np.errstate(divide="ignore", invalid="ignore"):
            radius = np.where(np.isfinite(depth), depth / rays[..., 2], np.nan)
        canvas = Canvas(width, height, 0, 0, 0, 0, width, height, smooth=False)  # the picture's own pixels
        state = State(radius, rays, confidence, known=np.isfinite(depth))
        frame = cls(index, time, picture, reason, Lens(camera, rays, canvas), state, canvas)
        frame.depth = depth  # as given, to the last bit
        return frame

    @property
    def is_keyframe(self) -> bool:
        return self.keyframe_reason is not None

    @property
    def camera(self) -> Camera:
        """The camera that was given, else the pinhole nearest to the estimated rays; picture pixels."""
        return self._lens.camera

    @property
    def coarseness(self) -> float:
        """How many pixels of the picture a pixel of the network's canvas is wide."""
        return self._canvas.padded_width / self._canvas.width

    @property
    def camera_is_settled(self) -> bool:
        """Whether `camera` was given, or is estimated and stays as it is for the rest of the shot."""
        return self._lens.settled

    @cached_property
    def _restore(self) -> Callable[[np.ndarray], np.ndarray]:
        """From canvas to picture: with the picture's edges, but plainly where the canvas is the published one
        (network.md, section 8) or no coarser than the picture."""
        if not self._canvas.smooth or self.coarseness <= 1:
            return self._canvas.restore
        return Upsampling(self._canvas, self._state.radius, self.picture)

    @cached_property
    def depth(self) -> np.ndarray:
        """(H, W) float32 metres along the optical axis; negative behind the camera of a very wide lens."""
        return self._restore(self._state.radius * self._state.rays[..., 2])

    @cached_property
    def points(self) -> np.ndarray:
        """(H, W, 3) float32 metres in camera axes."""
        return self._restore(self._state.radius[..., None] * self._state.rays)

    @cached_property
    def distance(self) -> np.ndarray:
        """(H, W) float32 metres from the camera centre."""
        return np.linalg.norm(self.points, axis=2)

    @property
    def relative(self) -> bool:
        """Whether depth is in a unit of the network's own instead of metres (`velodepth.load`)."""
        return self._state.relative

    @property
    def measure(self) -> Literal["depth", "distance", "relative depth", "relative distance"]:
        """What files hold: depth, unless the camera sees behind itself, where it says nothing."""
        if self._lens.sees_behind:
            return "relative distance" if self.relative else "distance"
        return "relative depth" if self.relative else "depth"

    @property
    def metres(self) -> np.ndarray:
        """(H, W) float32: what `measure` says."""
        return self.distance if self._lens.sees_behind else self.depth

    @cached_property
    def rays(self) -> np.ndarray:
        """(H, W, 3) float32 unit directions through the pixel centres."""
        rays = self._canvas.restore(self._state.rays)
        rays /= np.linalg.norm(rays, axis=2, keepdims=True)
        if self._canvas.area != WHOLE:
            rays = np.where(np.isnan(rays), self.camera.rays(*rays.shape[1::-1]), rays)
        return rays

    @cached_property
    def mask(self) -> np.ndarray:
        """(H, W) bool: where depth means something. In black bars it does not, and is NaN."""
        known = np.ones_like(self._state.radius) if self._state.known is None else self._state.known
        return self._canvas.restore(known.astype(np.float32), bars=0) > 0.5

    @cached_property
    def confidence(self) -> np.ndarray:
        """(H, W) float32. `nano`: in (0, 1), exp(-expected |log distance error|), so that 0.8 means off by
        about 20 %. `large`: unbounded, as published; only its order means anything."""
        return self._canvas.restore(self._state.confidence, bars=0)

    def save(self, path: str | Path) -> None:
        """Writes this one frame; the ending of `path` says as what.

        .png        16-bit grey, millimetres (65.535 m at most, 0 where unknown)
        .npy .tiff  float32, metres
        .npz        arrays of a clip of one frame: depth, time, intrinsics
        .exr        the picture in linear light, and channel Z in metres
        .ply .glb   coloured points, metres
        .jpg        colours to look at, with a scale in metres

        A file of that name is replaced. For many frames, `velodepth.open_writer`.
        Raises VeloDepthError for another ending, and where the file cannot be written.
        """
        from ..media.stills import save_frame

        save_frame(self, path)

    def show(self) -> None:
        """Opens picture and coloured depth, side by side, in the program that shows PNG files here.

        In a notebook, a frame that is the last line of a cell shows itself.
        Raises VeloDepthError where there is no such program, as on a machine without a display.
        """
        folder = Path(tempfile.mkdtemp(prefix="velodepth-"))  # the program reads it after we have returned
        path = folder / f"{self.index:06d}.png"
        path.write_bytes(self._repr_png_())
        if not webbrowser.open(path.as_uri()):
            raise VeloDepthError(
                f"there is no program to show {path}: open it elsewhere, or use frame.save()"
            )

    def _repr_png_(self) -> bytes:
        """What a notebook shows: picture beside coloured depth, as PNG."""
        from ..media.colour import beside
        from ..media.images import encode_image

        return encode_image(".png", beside(self.picture, self.metres))

    def __repr__(self) -> str:
        height, width = self.picture.shape[:2]
        kind = f"keyframe ({self.keyframe_reason})" if self.is_keyframe else "propagated"
        return f"DepthFrame({self.index}, {self.time:.3f} s, {width} x {height}, {kind})"

"""A per-image depth network of somebody else as a `Runtime` of the loop, beside one that sees in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..adapters.alignment import align
from ..adapters.look import DepthNetwork, Look, checked_look
from ..errors import LookError, VeloDepthError
from ..runtime.protocol import Original, Runtime, State
from .canvas import Canvas, CanvasSpec, luma_of
from .evidence import CHANGED, Evidence, Warp
from .fuse import smooth

FRONT = 0.05
"""z of a unit ray below which depth along z says nothing of the distance."""
STIRS = CHANGED / 2
"""Photometric residual from which a pixel shows something new; the fusion begins to doubt it there."""
LEAST = 0.002
"""Share of the picture that is new from which on the base looks."""
NEAREST = 0.02
"""Of a network's own units, as a share of the largest: disparity or depth below counts as that."""


class ForeignRuntime:
    """Looks with a per-image network; another one gives metres and camera, and sees what changes in between.

    network, name, files: who looks, what messages call it, its weights and code. base: the other one.
    spec: of the canvas.
    relative: nothing is taken from the base's metres: depth is in the unit of the network's first look of
    each shot, for an affine disparity the inverse of that.

    What the network says is laid onto the canvas. Depth that is relative is aligned to what is carried, in
    its own space, so that scale and shift that differ from look to look do not flicker; to the base where
    nothing is carried. Masked pixels are not known. Between looks the base answers where the picture shows
    something new, at the scale of what is carried around it; all else is carried as it is.
    """

    estimates = False  # one camera a shot: the first look's, to which what is relative is aligned
    carries = True

    def __init__(
        self,
        network: DepthNetwork,
        name: str,
        base: Runtime,
        spec: CanvasSpec,
        relative: bool = False,
        files: tuple[Path, ...] = (),
    ) -> None:
        self.network, self.base, self.relative, self.files = network, base, relative, files
        self.name, self.device = base.name, base.device
        self._name, self._spec = name, spec

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """See `Runtime.look`. Raises LookError where the network fails or says nothing that fits."""
        assert original is not None
        picture, camera, carried = original
        try:
            look = checked_look(self.network, self._name, picture, camera)
        except VeloDepthError as error:
            raise LookError(str(error)) from error
        height, width = picture.shape[:2]
        at = Canvas.of(width, height, self._spec)
        if rays is None and look.camera is not None:
            rays = at.camera(look.camera).rays(at.width, at.height)
        own = self.base.look(canvas, rays, original)
        values, known = on_canvas(look, at)
        known &= own.rays[..., 2] > FRONT
        reference = carried if carried is not None else None if self.relative else own
        depth = self._depth(look, values, known, reference, own.rays)
        known &= depth > 0
        if not known.any():
            raise LookError(f"{self._name} said nothing of this picture that is depth: show it others")
        radius = depth / np.maximum(own.rays[..., 2], FRONT)
        # Where nothing is known something must stand: the base's, at the scale of the rest.
        scale = np.exp(np.median(np.log(radius[known] / own.radius[known])))
        radius = np.where(known, radius, own.radius * scale).astype(np.float32)
        relative = self.relative and look.kind != "metric"
        confidence = self._confidence(look, own, at)
        return State(radius, own.rays, confidence, known=known, memory=luma_of(canvas), relative=relative)

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.carry`. memory: the last canvas's luma, uint8 (H, W); None: it is not known."""
        warp, now = Warp(flow), luma_of(canvas)
        changed = ~warp.inside
        if state.memory is not None:
            changed |= Evidence(1, flow, warp, state.memory, now, None, state.confidence).residual > STIRS
        known = changed.copy()
        if state.known is not None:
            known &= ~warp.inside | (warp.nearest(state.known.view(np.uint8)) > 0)
        if known.mean() < LEAST:  # nothing to see that would be worth a look
            return replace(state, known=np.zeros_like(known), memory=now, guess=True)
        own = self.base.look(canvas, state.rays)
        ratio = warp.linear(np.log(state.radius)) - np.log(own.radius)
        radius = own.radius * np.exp(smooth(ratio, ~changed))
        return replace(state, radius=radius, confidence=own.confidence, known=known, memory=now, guess=True)

    def _depth(
        self, look: Look, values: np.ndarray, known: np.ndarray, reference: State | None, rays: np.ndarray
    ) -> np.ndarray:
        """(H, W) along z: metres, or the network's own unit without a reference."""
        if look.kind == "metric":
            return values
        if reference is None:
            if look.kind == "scale":
                return values
            least = max(NEAREST * float(np.quantile(values[known], 0.99)), np.finfo(np.float32).tiny)
            positive = np.maximum(values, least)
            return 1 / positive if look.kind == "affine_disparity" else positive
        depth = reference.radius * rays[..., 2]
        sure = known if reference.known is None else known & reference.known
        # Where too little of it is sure, all of it tells the scale better than nothing does.
        alignment = align(values, look.kind, depth, sure) or align(values, look.kind, depth, known)
        if alignment is None:
            raise LookError(
                f"{self._name} said nothing of this picture that follows its depth: its kind is said to be "
                f"{look.kind}"
            )
        return alignment.apply(values)

    @staticmethod
    def _confidence(look: Look, own: State, at: Canvas) -> np.ndarray:
        if look.confidence is None:
            return own.confidence
        return np.maximum(laid(look.confidence, at), np.float32(1e-3))


def on_canvas(look: Look, at: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """A look's numbers on the canvas, float64 (H, W), and where they are known, bool.

    Pixels that are masked take no part in their neighbours' means; padding is not known.
    """
    mask = np.ones(look.depth.shape, bool) if look.mask is None else look.mask
    share = laid(mask.astype(np.float32), at)
    values = laid(np.where(mask, look.depth, 0).astype(np.float32), at)
    known = share > 0.5
    return np.where(known, values / np.maximum(share, 1e-3), np.nan), known


def laid(map: np.ndarray, at: Canvas) -> np.ndarray:
    """A map of the picture, float32 of any size, on its canvas, (H, W): averaged where it shrinks, bilinear
    where it grows, 0 on the padding."""
    right, down = at.width / at.padded_width, at.height / at.padded_height
    inner = max(1, round(at.picture_width * right)), max(1, round(at.picture_height * down))
    shrinks = inner[0] * inner[1] < map.size
    small = cv2.resize(map, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    if inner == (at.width, at.height):
        return small
    whole = np.zeros((at.height, at.width), np.float32)
    left, top = round(at.left * right), round(at.top * down)
    whole[top : top + inner[1], left : left + inner[0]] = small[: at.height - top, : at.width - left]
    return whole

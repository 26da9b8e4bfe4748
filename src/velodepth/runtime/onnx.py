"""Runs `nano` with ONNX Runtime: five small graphs, with the warps between them in NumPy.

GridSample inside a graph is slow on CPUs, and what is warped here is small. Each function below the class is
the twin of the one of the same name in nets/nano.py; tests hold them equal.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime

from ..cameras import Pinhole
from ..cores import cores
from ..errors import VeloDepthError
from .protocol import State

GRAPHS = ("encode", "condition", "observe", "correct", "decode")
STRIDES = (32, 16, 8, 4)
FOCAL_UNIT = 200.0
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Memory(NamedTuple):
    """What the next frame needs. All float32, without a batch axis."""

    features: list[np.ndarray]  # (C, H / stride, W / stride), strides 32 to 4
    luma: np.ndarray  # (H/2, W/2) of the canvas
    size: np.ndarray  # (H, W) log size
    focal: float  # effective focal length in canvas pixels


class OnnxRuntime:
    """The packaged networks as a `Runtime`.

    folder: holds encode.onnx, condition.onnx, observe.onnx, correct.onnx, decode.onnx and their weights.
    device: "cpu" (default) or "cuda" with onnxruntime-gpu. Raises VeloDepthError when the device or a graph
    is not there.
    """

    name = "onnx"

    def __init__(self, folder: Path, device: str | None = None) -> None:
        self.device = device or "cpu"
        provider = PROVIDERS.get(self.device)
        if provider not in onnxruntime.get_available_providers():
            there = [d for d, p in PROVIDERS.items() if p in onnxruntime.get_available_providers()]
            raise VeloDepthError(
                f"device {self.device!r} is not available to ONNX Runtime here: choose "
                f"{' or '.join(there)}, install onnxruntime-gpu for cuda, or choose the runtime torch"
            )
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Five sessions take turns: threads that spin on after theirs would take the cores from the next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        if len(cores()) < (os.cpu_count() or 1):  # left alone, ONNX Runtime takes those of the whole machine
            options.intra_op_num_threads = len(cores())
        missing = [n for n in GRAPHS if not (folder / f"{n}.onnx").is_file()]
        if missing:
            raise VeloDepthError(
                f"{folder} lacks {', '.join(f'{n}.onnx' for n in missing)}: reinstall velodepth, or pack the "
                "graphs with python -m velodepth.train.pack"
            )
        self._sessions = {
            n: onnxruntime.InferenceSession(str(folder / f"{n}.onnx"), options, providers=[provider])
            for n in GRAPHS
        }

    def _run(self, graph: str, *inputs: np.ndarray) -> list[np.ndarray]:
        """Add the batch axis, run, take it off."""
        session = self._sessions[graph]
        feed = {i.name: x[None] for i, x in zip(session.get_inputs(), inputs, strict=True)}
        return [y[0] for y in session.run(None, feed)]

    def keyframe(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, keep: State | None = None
    ) -> State:
        """See `Runtime.keyframe`."""
        *pyramid, camera = self._run("encode", canvas)
        if rays is None:
            rays = pinhole_rays(camera, *canvas.shape[1:])
        features = self._run("condition", *pyramid, shrink(rays.transpose(2, 0, 1), 4))
        focal = focal_of(rays)
        now = luma(shrink(canvas, 2))
        if keep is not None:
            size = keep.memory.size + np.float32(math.log(keep.memory.focal / focal))
            return State(keep.radius, rays, keep.confidence, 0.0, Memory(features, now, size, focal))
        size, confidence = (x[0] for x in self._run("decode", *features, canvas))
        memory = Memory(features, now, size, focal)
        return State(radius_of(size, focal), rays, confidence, 0.0, memory)

    def propagate(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.propagate`."""
        last: Memory = state.memory
        half, halved = shrink(canvas, 2), shrink(flow, 2)
        now = luma(half)
        before, size = warp(np.stack([last.luma, shrink(last.size[None], 2)[0]]), halved / 2)
        clues = np.concatenate([half, halved / 20, (now - before)[None], size[None]])
        *evidence, gates, refined = self._run("observe", clues, shrink(halved, 2))
        warped = [
            warp(feature, shrink(refined, stride // 4) / np.float32(stride))
            for stride, feature in zip(STRIDES, last.features, strict=True)
        ]
        *features, size, confidence = self._run("correct", *evidence, gates, *warped, canvas)
        size, confidence = size[0], confidence[0]
        memory = Memory(features, now, size, last.focal)
        return State(radius_of(size, last.focal), state.rays, confidence, outside(refined), memory)


def shrink(x: np.ndarray, factor: int) -> np.ndarray:
    """(C, H, W) -> (C, H / factor, W / factor), means of factor x factor pixels; factor a power of 2."""
    while factor > 1:
        rows = x[:, ::2] + x[:, 1::2]
        x = (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
        factor //= 2
    return x


def _sources(flow: np.ndarray, pixels: float) -> tuple[np.ndarray, np.ndarray]:
    """Where each cell of a flow (2, h, w) reads: x and y in cells, centres at whole numbers."""
    _, h, w = flow.shape
    unit = np.float32(1 / pixels)
    return flow[0] * unit + np.arange(w, dtype=np.float32), flow[1] * unit + np.arange(h, dtype=np.float32)[
        :, None
    ]


def warp(x: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Bilinear read of (C, h, w) at pixel + flow (2, h, w), in pixels of x; zero outside.

    Positions are rounded to 1/32 pixel: the grain of OpenCV's remap in some versions, exact in others.
    """
    u, v = _sources(np.rint(flow * np.float32(32)) * np.float32(1 / 32), 1)
    cells = cv2.remap(
        np.ascontiguousarray(x.transpose(1, 2, 0)), u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return np.ascontiguousarray(cells.transpose(2, 0, 1))


def outside(refined: np.ndarray) -> float:
    """Share of cells whose source under the refined flow (2, H/4, W/4), canvas pixels, lies outside."""
    _, h, w = refined.shape
    u, v = _sources(refined, 4)
    return float(((u < -0.5) | (u > w - 0.5) | (v < -0.5) | (v > h - 0.5)).mean())


def luma(canvas: np.ndarray) -> np.ndarray:
    """(3, H, W) -> (H, W), Rec. 601 weights."""
    return 0.299 * canvas[0] + 0.587 * canvas[1] + 0.114 * canvas[2]


def radius_of(size: np.ndarray, focal: float) -> np.ndarray:
    """Log size -> metres along the ray."""
    return np.exp(size.clip(-6, 8)) * np.float32(focal / FOCAL_UNIT)


def focal_of(rays: np.ndarray) -> float:
    """Effective focal length of (H, W, 3) unit rays in canvas pixels: sqrt(pixels / solid angle)."""
    x, y, z = np.moveaxis(rays, 2, 0)
    (a, b, c), (d, e, f) = (
        [m[:-1, 1:] - m[:-1, :-1] for m in (x, y, z)],
        [m[1:, :-1] - m[:-1, :-1] for m in (x, y, z)],
    )
    angle = np.sqrt((b * f - c * e) ** 2 + (c * d - a * f) ** 2 + (a * e - b * d) ** 2)
    return float(1 / math.sqrt(angle.mean(dtype=np.float64)))


def pinhole_rays(camera: np.ndarray, height: int, width: int) -> np.ndarray:
    """Camera head (3,) -> unit rays (H, W, 3)."""
    focal = math.sqrt(width * height) * math.exp(float(camera[0].clip(-2, 2)))
    centre = 0.5 + camera[1:].clip(-0.5, 0.5)
    return Pinhole(focal, focal, float(centre[0]) * width, float(centre[1]) * height).rays(width, height)

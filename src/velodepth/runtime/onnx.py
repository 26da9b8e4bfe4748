"""Runs graphs with ONNX Runtime: those of the package, and any folder that `velodepth export` wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import OrtValue

from ..cores import cores
from .note import read_note
from .protocol import Original, State
from .session import session_of

SHOWN = ("radius", "confidence", "uncovered", "rays_used")
"""Outputs that the stream reads; the others of a state are the network's own."""


class OnnxRuntime:
    """Graphs as a `Runtime`; what they take and give is read from the note beside them (docs/export.md).

    folder: holds velodepth.json, look.onnx, their weights and, for networks that carry, carry.onnx.
    device: "cpu" (default) or "cuda" with onnxruntime-gpu. Raises VeloDepthError when the device or a file
    is not there, or the note is not one.
    State.memory is OrtValues by name and stays on the device.
    """

    name = "onnx"
    estimates = True

    def __init__(self, folder: Path, device: str | None = None) -> None:
        self.note = read_note(folder)
        self.device = device or "cpu"
        self._sessions = {
            name: session_of(folder / graph["file"], self.device)
            for name, graph in self.note["graphs"].items()
            if name != "fuse"  # NumPy and OpenCV fuse in half the time
        }
        self.carries = "carry" in self._sessions
        self._pool = ThreadPoolExecutor(len(cores()), "velodepth onnx")  # no thread before there are many

    def _run(self, graph: str, known: Mapping[str, OrtValue]) -> dict[str, OrtValue]:
        """Tensors by name, with their batch axis; what the next frame needs alone stays on the device."""
        note, session = self.note["graphs"][graph], self._sessions[graph]
        binding = session.io_binding()
        for port in note["inputs"]:
            binding.bind_ortvalue_input(port["name"], known[port["name"]])
        names = [port["name"] for port in note["outputs"]]
        for name in names:
            stays = name in self.note["state"] and name not in SHOWN
            binding.bind_output(name, self.device if stays else "cpu")
        session.run_with_iobinding(binding)
        return dict(zip(names, binding.get_outputs(), strict=True))

    def _value(self, array: np.ndarray) -> OrtValue:
        """On the device, contiguous float32."""
        return OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array, np.float32), self.device)

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """See `Runtime.look`."""
        given = np.zeros((1, *canvas.shape), np.float32) if rays is None else _planes(rays)
        known = {
            "canvas": self._value(canvas[None]),
            "rays": self._value(given),
            "rays_given": self._value(np.array([rays is not None])),
        }
        answer = self._run("look", known)
        if rays is None:
            rays = np.ascontiguousarray(answer["rays_used"].numpy()[0].transpose(1, 2, 0))
        return self._state(answer | known, rays)

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.carry`."""
        known = {f"last_{name}": value for name, value in state.memory.items()}
        known |= {
            "last_radius": self._value(state.radius[None, None]),
            "rays": self._value(_planes(state.rays)),
            "canvas": self._value(canvas[None]),
            "flow": self._value(flow[None]),
        }
        return self._state(self._run("carry", known) | {"canvas": known["canvas"]}, state.rays)

    def look_many(self, canvases: Sequence[np.ndarray], rays: Sequence[np.ndarray | None]) -> list[State]:
        """See `ManyRuntime.look_many`: side by side, since these graphs take one picture each."""
        return self._many(self.look, canvases, rays)

    def carry_many(
        self, states: Sequence[State], canvases: Sequence[np.ndarray], flows: Sequence[np.ndarray]
    ) -> list[State]:
        """See `ManyRuntime.carry_many`: side by side, as looks are."""
        return self._many(self.carry, states, canvases, flows)

    def _many(self, call: Callable[..., State], *each: Sequence[Any]) -> list[State]:
        if len(each[0]) == 1:
            return [call(*(items[0] for items in each))]
        return list(self._pool.map(call, *each))

    def _state(self, answer: Mapping[str, OrtValue], rays: np.ndarray) -> State:
        uncovered = float(answer["uncovered"].numpy()[0]) if "uncovered" in answer else 0.0
        memory = {name: answer[name] for name in self.note["state"]}
        radius, confidence = (answer[name].numpy()[0, 0] for name in ("radius", "confidence"))
        return State(radius, rays, confidence, uncovered, memory)


def _planes(rays: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (1, 3, H, W)."""
    return np.ascontiguousarray(rays.transpose(2, 0, 1))[None]

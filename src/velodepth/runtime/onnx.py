"""Runs graphs with ONNX Runtime: those of the package, and any folder that `velodepth export` wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..cores import cores
from .note import read_note
from .protocol import Original, State
from .session import session_of


class OnnxRuntime:
    """Graphs as a `Runtime`; what they take and give is read from the note beside them (docs/export.md).

    folder: holds velodepth.json, look.onnx, their weights and, for networks that carry, carry.onnx.
    device: "cpu" (default) or "cuda" with onnxruntime-gpu. Raises VeloDepthError when the device or a file
    is not there, or the note is not one.
    """

    name = "onnx"
    estimates = True

    def __init__(self, folder: Path, device: str | None = None) -> None:
        self.note = read_note(folder)
        self.device = device or "cpu"
        self._sessions = {
            name: session_of(folder / graph["file"], self.device)
            for name, graph in self.note["graphs"].items()
        }
        self.carries = "carry" in self._sessions
        self._pool = ThreadPoolExecutor(len(cores()), "velodepth onnx")  # no thread before there are many

    def _run(self, graph: str, known: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Tensors by name, with their batch axis."""
        note = self.note["graphs"][graph]
        answers = self._sessions[graph].run(
            None, {port["name"]: known[port["name"]] for port in note["inputs"]}
        )
        return {port["name"]: answer for port, answer in zip(note["outputs"], answers, strict=True)}

    def look(
        self, canvas: np.ndarray, rays: np.ndarray | None = None, original: Original | None = None
    ) -> State:
        """See `Runtime.look`."""
        given = np.zeros((1, *canvas.shape), np.float32) if rays is None else _planes(rays)
        known = {
            "canvas": canvas[None],
            "rays": given,
            "rays_given": np.array([rays is not None], np.float32),
        }
        answer = self._run("look", known)
        if rays is None:
            rays = np.ascontiguousarray(answer["rays_used"][0].transpose(1, 2, 0))
        return self._state(answer, rays, canvas, 0.0)

    def carry(self, state: State, canvas: np.ndarray, flow: np.ndarray) -> State:
        """See `Runtime.carry`."""
        known = {f"last_{name}": value for name, value in state.memory.items()}
        known |= {"last_radius": state.radius[None, None], "rays": _planes(state.rays)}
        answer = self._run("carry", known | {"canvas": canvas[None], "flow": flow[None]})
        return self._state(answer, state.rays, canvas, float(answer["uncovered"][0]))

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

    def _state(
        self, answer: dict[str, np.ndarray], rays: np.ndarray, canvas: np.ndarray, uncovered: float
    ) -> State:
        known = answer | {"canvas": canvas[None]}
        memory = {name: known[name] for name in self.note["state"]}
        return State(answer["radius"][0, 0], rays, answer["confidence"][0, 0], uncovered, memory)


def _planes(rays: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (1, 3, H, W)."""
    return np.ascontiguousarray(rays.transpose(2, 0, 1))[None]

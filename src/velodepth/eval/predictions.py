"""What can be measured: depth of a clip, whoever predicts it.

A predictor is a preset with a keyframe policy (`StreamPredictor`), the files another program wrote
(`FolderPredictor`), or any Python class with the three methods of `Predictor` (`load_predictor`).
"""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..errors import VeloDepthError
from ..presets.catalogue import NANO, load
from ..presets.model import Model
from ..stream.keyframes import PerFrame, Policy, parse_policy
from .alignment import Claim
from .folder import FolderPredictor, checked_claim
from .identity import code, fingerprint
from .predictor import Clip, Prediction, Predictor, resized

__all__ = [
    "Clip",
    "FolderPredictor",
    "Prediction",
    "Predictor",
    "StreamPredictor",
    "load_predictor",
    "resized",
]


class StreamPredictor:
    """A preset under a keyframe policy; claims metric depth. Picklable before the first `start`.

    preset, runtime, device: as velodepth.load. policy: a name as `parse_policy` takes it, or a Policy.
    Predictions have rays where the clip has no camera, which is then estimated.
    seconds: of the stream's push and of depth at the picture's size.
    Raises VeloDepthError for an unknown policy; `start` and `identity` for an unknown preset.
    """

    claim: Claim = "metric"

    def __init__(
        self,
        preset: str = "nano",
        policy: str | Policy = "adaptive",
        runtime: str | None = None,
        device: str | None = None,
    ) -> None:
        self._preset = preset, runtime, device
        self._policy = parse_policy(policy) if isinstance(policy, str) else policy
        self.name = f"{preset}, {policy if isinstance(policy, str) else repr(policy)}"

    def identity(self) -> str:
        """Hash of the weights and of the code that runs them, with preset and policy."""
        runtime = _model(*self._preset).runtime
        used = code("stream", "runtime", "nets", "presets", "cameras.py")
        weights = fingerprint([*_weights(runtime), *used])
        return f"{self.name} {self._policy} {runtime.name} {runtime.device} {weights}"

    @property
    def per_frame(self) -> StreamPredictor | None:
        """The network alone; None if this is it."""
        alone = isinstance(self._policy, PerFrame)
        return None if alone else StreamPredictor(self._preset[0], "per-frame", *self._preset[1:])

    def start(self, clip: Clip) -> None:
        self._stream = _model(*self._preset).stream(clip.camera, self._policy)
        self._estimated = clip.camera is None

    def push(self, picture: np.ndarray) -> Prediction:
        start = perf_counter()
        frame = self._stream.push(picture)
        depth = frame.depth
        seconds = perf_counter() - start
        return Prediction(
            frame.index,
            depth,
            frame.confidence,
            rays=frame.rays if self._estimated else None,
            is_keyframe=frame.is_keyframe,
            seconds=seconds,
        )

    def finish(self) -> list[Prediction]:
        return []


def load_predictor(spec: str) -> Predictor:
    """The predictor of "path/to/file.py:Class", a class that needs no arguments.

    Class() has claim, start, push and finish; name and identity may be left out: they are then the class's
    name and a hash of the file. An answer that does not say how many seconds it took is timed.
    Raises VeloDepthError where the file cannot be loaded or the class lacks something.
    """
    file, _, name = spec.rpartition(":")
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise VeloDepthError(f"{spec!r} names no class in a Python file: give path/to/file.py:Class")
    found = importlib.util.spec_from_file_location(f"velodepth_rival_{path.stem}", path)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    try:
        found.loader.exec_module(module)
        made = getattr(module, name)()
    except Exception as error:
        raise VeloDepthError(f"{spec} cannot be loaded ({error!r}): run the file to see why") from error
    missing = [each for each in ("claim", "start", "push", "finish") if not hasattr(made, each)]
    if missing:
        raise VeloDepthError(f"{spec} has no {', '.join(missing)}: examples/rival.py shows a whole one")
    return Rival(made, path, spec)


class Rival:
    """A predictor of three methods, with what it may leave out."""

    def __init__(self, inner: Any, path: Path, spec: str) -> None:
        self._inner, self._path, self._spec = inner, path, spec
        self.claim = checked_claim(inner.claim)
        self.name: str = getattr(inner, "name", type(inner).__name__)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return load_predictor, (self._spec,)  # another process has not imported the file

    def identity(self) -> str:
        own = self._inner.identity() if hasattr(self._inner, "identity") else ""
        return f"{self.name} {own} {fingerprint([self._path])}"

    def start(self, clip: Clip) -> None:
        self._inner.start(clip)
        self._pushed, self._spent = 0, 0.0

    def push(self, picture: np.ndarray) -> Prediction | None:
        begun = perf_counter()
        prediction = self._inner.push(picture)
        self._pushed += 1
        self._spent += perf_counter() - begun
        if prediction is not None and prediction.seconds is None:
            prediction.seconds = perf_counter() - begun
        return prediction

    def finish(self) -> list[Prediction]:
        """What came late took an equal share each of all the time there was."""
        begun = perf_counter()
        late = self._inner.finish()
        spent = self._spent + perf_counter() - begun
        for prediction in late:
            if prediction.seconds is None:
                prediction.seconds = spent / self._pushed
        return late


@lru_cache(maxsize=2)
def _model(preset: str, runtime: str | None, device: str | None) -> Model:
    return load(preset, runtime, device)


def _weights(runtime: Any) -> list[Path | str | bytes]:
    """All weights of a network in PyTorch, else the packaged files."""
    if not hasattr(runtime, "net"):
        return sorted(path for path in NANO.iterdir() if path.is_file())
    state = runtime.net.state_dict()
    return [part for key in sorted(state) for part in (key, state[key].cpu().numpy().tobytes())]

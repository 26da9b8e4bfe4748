"""What can be measured: depth of a clip, whoever predicts it.

A predictor is a preset with a keyframe policy (`StreamPredictor`), the files another program wrote
(`FolderPredictor`), or a per-image network by itself (`NetworkPredictor`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from ..adapters.loading import NamedNetwork, load_network
from ..adapters.look import checked_look
from ..cameras import Pinhole
from ..presets.catalogue import NANO, load
from ..presets.model import Model
from ..stream.foreign import ForeignRuntime
from ..stream.keyframes import PerFrame, Policy, parse_policy
from .alignment import Claim
from .folder import FolderPredictor
from .identity import code, fingerprint
from .predictor import ClipInfo, Prediction, Predictor, resized

__all__ = [
    "ClipInfo",
    "FolderPredictor",
    "NetworkPredictor",
    "Prediction",
    "Predictor",
    "StreamPredictor",
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
        used = code("adapters", "stream", "runtime", "nets", "presets", "cameras.py")
        weights = fingerprint([*_weights(runtime), *used])
        return f"{self.name} {self._policy} {runtime.name} {runtime.device} {weights}"

    @property
    def per_frame(self) -> StreamPredictor | None:
        """The network alone; None if this is it."""
        alone = isinstance(self._policy, PerFrame)
        return None if alone else StreamPredictor(self._preset[0], "per-frame", *self._preset[1:])

    def start(self, clip: ClipInfo) -> None:
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
            motion=frame.motion,
        )


class NetworkPredictor:
    """A per-image network by itself, picture by picture, nothing carried. Picklable before it is first used.

    spec, device: as adapters.loading.load_network. To learn what the network claims, it is shown a grey
    picture. Predictions are NaN where the network masks, and have rays where the clip has no camera and the
    network tells one. seconds: of the look.
    Raises VeloDepthError, when first used, where it cannot be loaded or does not answer with a look.
    """

    def __init__(self, spec: str, device: str | None = None) -> None:
        self._spec = spec, device
        self.name = spec

    @property
    def claim(self) -> Claim:
        return _claim(*self._spec)

    def identity(self) -> str:
        """Hash of the network's files and of the code that runs it."""
        return f"{self.name} {fingerprint([*_network(*self._spec).files, *code('adapters')])}"

    def start(self, clip: ClipInfo) -> None:
        self._camera, self._index = clip.camera, -1

    def push(self, picture: np.ndarray) -> Prediction:
        begun = perf_counter()
        look = checked_look(_network(*self._spec).network, self.name, picture, self._camera)
        seconds = perf_counter() - begun
        self._index += 1
        height, width = look.depth.shape
        rays = None
        if self._camera is None and look.camera is not None:
            scaled = look.camera.moved(width / picture.shape[1], height / picture.shape[0])
            rays = scaled.rays(width, height)
        assert look.mask is not None
        depth = np.where(look.mask, look.depth, np.float32(np.nan))
        return Prediction(self._index, depth, look.confidence, rays=rays, seconds=seconds)


@lru_cache(maxsize=2)
def _network(spec: str, device: str | None) -> NamedNetwork:
    return load_network(spec, device)


@lru_cache(maxsize=2)
def _claim(spec: str, device: str | None) -> Claim:
    grey = np.full((480, 640, 3), 128, np.uint8)
    return checked_look(_network(spec, device).network, spec, grey, Pinhole(500, 500, 320, 240)).kind


@lru_cache(maxsize=2)
def _model(preset: str, runtime: str | None, device: str | None) -> Model:
    return load(preset, runtime, device)


def _weights(runtime: Any) -> list[Path | str | bytes]:
    """All weights of a network in PyTorch, else the packaged files and those of a network of others."""
    if isinstance(runtime, ForeignRuntime):
        return [*runtime.files, *_weights(runtime.base)]
    if not hasattr(runtime, "net"):
        return sorted(path for path in NANO.iterdir() if path.is_file())
    state = runtime.net.state_dict()
    return [part for key in sorted(state) for part in (key, state[key].cpu().numpy().tobytes())]

"""One run of training, as a dataclass that a TOML file or the command line fills."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import VeloDepthError

STAGES = ("keyframe", "propagation")
PRESETS = ("nano", "large")
PARTS = ("correction", "refinement", "features", "consistency")
"""What `without` may leave out of propagation: two parts of the network, two of the loss."""


@dataclass
class Weights:
    """What each part of the loss counts. Depth errors are of log size (see losses.py)."""

    metric: float = 0.5  # log size as it is
    shape: float = 1.0  # without each picture's median error
    linear: float = 0.3  # in metres over the picture's median depth
    edges: float = 2.5  # differences of the error between pixels 1, 2, 4, 8 apart
    contour: float = 1.0  # how much more such a difference counts across an occluding contour of truth
    surprise: float = 4.0  # propagation: and for each unit of photometric residual (at most 1)
    confidence: float = 0.2
    camera: float = 0.3
    teacher: float = 0.2  # propagation: depth of the keyframe network where there is no truth
    temporal: float = 1.0  # propagation: change in place since the frame before
    features: float = 0.5  # propagation: against the keyframe network's own
    flow: float = 0.1  # propagation: refined flow
    consistency: float = 0.5  # propagation: points of neighbouring frames


@dataclass
class Config:
    """One run. Learning rates are the peaks of a warm-up and a cosine over the budget.

    Raises VeloDepthError, naming the field, for a value that cannot be.
    """

    out: str  # folder of checkpoints, logs and curve.csv
    data: list[str] = field(default_factory=list)  # folders of shards, or of one's own sequences (folders.py)
    grow: bool = False  # take up shards that come into `data` meanwhile; then no run repeats to the bit
    render: int = 0  # processes, of each of ours, that render worlds while training goes on; 0: none
    render_seed: int = 1  # of these worlds: the shards of `velodepth worlds render --seed`
    render_size: list[int] = field(default_factory=lambda: [320, 240])  # width, height
    pool: float = 8.0  # GB of shared memory for them; then the oldest shard makes room
    name: str = ""  # of the run's files in `out`; "": that of the stage
    stage: str = "keyframe"  # or "propagation", which starts from keyframe.pt in `out` and freezes it
    preset: str = "nano"  # or "large", fine-tuned from `checkpoint`
    checkpoint: str = ""  # published weights of `large`: folder or file; "": from the hub
    init: str = ""  # checkpoint of an earlier run to start from; "": see `stage`
    steps: int = 6000  # budget; 0: no limit (so where only minutes are given)
    minutes: float = 0.0  # budget, all starts together; 0: no limit. The rate follows the scarcer budget
    batch: int = 8  # examples a step, of each process
    sizes: list[list[int]] = field(default_factory=list)  # canvases (width, height), one a step, checks use
    # the first; none: those of the preset
    rate: float | None = None  # decoder, camera and propagation; None: 1.2e-3 for nano, 1e-5 for large
    encoder_rate: float | None = None  # pretrained encoder; None: 4e-4 for nano, 2e-6 for large
    warm_up: int = 200  # steps
    frozen_stages: int = 2  # of nano's encoder, beside its stem
    depthwise: bool = False  # learn nano's depthwise kernels, too: slow on a CPU, little gained
    weight_decay: float = 1e-4
    average: float = 0.998  # EMA of the weights; 0: none
    clip: float = 1.0  # gradient norm
    mixed: bool | None = None  # bfloat16 in the encoder; None: on CUDA only
    near: float = 0.45  # share of examples with a median depth below 0.8 m; 0: as they come
    clip_weight: float = 0.35  # of a frame from a clip, which looks like its neighbours, against a still
    own_camera: float = 0.3  # share of keyframes that see the rays of their own camera guess
    rollout: int = 3  # propagated frames with gradient, at most 10
    ages: list[int] = field(default_factory=lambda: [0, 0, 3, 10, 40])  # frames before, without gradient
    frames: int = 6  # of a clip in one example, played to and fro
    cuts: float = 0.02  # share of clips that jump to another scene
    weights: Weights = field(default_factory=Weights)  # of the parts of the loss
    without: list[str] = field(default_factory=list)  # PARTS left out, for ablations
    seed: int = 0
    threads: int = 1  # that make batches, in each process; a GPU eats what 4 to 8 make
    every: int = 250  # steps between log lines, checks and checkpoints
    checked: int = 120  # held-out frames (or clips times frames) in a check
    device: str = ""  # "cpu", "cuda", ...; "": cuda when there is one

    def __post_init__(self) -> None:
        for name, allowed in {"stage": STAGES, "preset": PRESETS}.items():
            if getattr(self, name) not in allowed:
                raise VeloDepthError(f"{name} is {getattr(self, name)!r}: give {' or '.join(allowed)}")
        if unknown := set(self.without) - set(PARTS):
            raise VeloDepthError(f"without names {unknown.pop()!r}: give some of {', '.join(PARTS)}")
        self.name = self.name or self.stage
        if not re.fullmatch(r"[\w-]+", self.name):
            raise VeloDepthError(f"name is {self.name!r}: it names files, so give letters, digits, _ and -")
        if not self.data and self.render < 1:
            raise VeloDepthError("data is not given: name a folder of shards, or render with render = N")
        if self.grow and self.render:
            raise VeloDepthError(
                "grow and render are both set: worlds come from disk or from memory, drop one"
            )
        if self.steps < 0 or self.minutes < 0 or self.steps == self.minutes == 0:
            raise VeloDepthError(
                f"steps is {self.steps} and minutes is {self.minutes:g}: give a budget by one of them"
            )
        if len(self.render_size) != 2 or self.render < 0 or self.pool <= 0:
            raise VeloDepthError(
                f"render is {self.render}, render_size {self.render_size}, pool {self.pool:g}: give "
                "processes, [width, height] and gigabytes"
            )
        for name in ("batch", "every", "checked", "warm_up", "threads"):
            if getattr(self, name) < 1:
                raise VeloDepthError(f"{name} is {getattr(self, name)}: give 1 or more")
        if not 1 <= self.rollout <= 10:
            raise VeloDepthError(f"rollout is {self.rollout}: give 1 to 10 frames")
        if self.frames < 2:
            raise VeloDepthError(f"frames is {self.frames}: give 2 or more")
        for size in self.sizes:
            if not (isinstance(size, list) and len(size) == 2 and all(isinstance(x, int) for x in size)):
                raise VeloDepthError(f"sizes holds {size!r}: give [width, height] of each canvas")


def load_config(path: str | Path | None, **overrides: Any) -> Config:
    """A Config from a TOML file (None: from defaults); `overrides` that are not None win.

    Raises VeloDepthError, naming the key, where the file cannot be read, has a key that Config lacks or a
    value of another type, or a field without default is given nowhere.
    """
    values = {} if path is None else checked(path, Config, read_toml(path))
    return filled(values | {name: value for name, value in overrides.items() if value is not None})


def filled(values: Mapping[str, Any]) -> Config:
    """A Config of these values: a budget in minutes alone has no limit of steps.

    Raises VeloDepthError where a value without default is missing.
    """
    if values.get("minutes") and "steps" not in values:
        values = {**values, "steps": 0}
    for each in dataclasses.fields(Config):
        bare = each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        if bare and each.name not in values:
            raise VeloDepthError(f"{each.name} is not given: name it in the TOML file or as an option")
    return Config(**values)


def read_toml(path: str | Path) -> dict[str, Any]:
    """What a file says. Raises VeloDepthError where it is no TOML."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise VeloDepthError(f"{path} cannot be read as TOML ({error}): give a configuration") from error


def checked(path: str | Path, of: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a TOML file as the fields of a dataclass (Config, Weights) want them.

    Raises VeloDepthError, naming file and key, for one that is none of its fields or of another type.
    """
    annotations = {each.name: str(each.type) for each in dataclasses.fields(of)}
    return {name: _value(path, annotations, name, value) for name, value in values.items()}


def _value(path: str | Path, annotations: Mapping[str, str], name: str, value: Any) -> Any:
    kinds: Mapping[str, Any] = {
        "str": str, "int": int, "float": (int, float), "float | None": (int, float), "bool": bool,
        "bool | None": bool, "list[str]": list, "list[int]": list, "list[list[int]]": list, "Weights": dict,
    }  # fmt: skip
    if name not in annotations:
        raise VeloDepthError(f"{path} has an unknown key {name!r}: the keys are {', '.join(annotations)}")
    kind = annotations[name]
    if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and "bool" not in kind):
        raise VeloDepthError(f"{path}: {name} is {value!r}, not of type {kind}: correct it")
    if kind == "Weights":
        return Weights(**checked(path, Weights, value))
    return float(value) if kind.startswith("float") else value

"""What each part of propagation is worth: short runs from one keyframe network, each without a part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..errors import VeloDepthError
from ..media.atomic import whole
from .checks import ROLL, check_propagation
from .config import Config
from .data import open_footage
from .loop import join, train
from .students import load_weights, make_student

TRAINED: dict[str, list[str]] = {
    "everything": [],
    "without residual correction": ["correction"],
    "without flow refinement": ["refinement"],
    "without features loss": ["features"],
    "without self-consistency": ["consistency"],
}
"""Rows that are trained, and what they leave out (`config.PARTS`)."""
UNTRAINED: dict[str, list[str]] = {"warp only": ["correction", "refinement"], "keyframe every frame": []}
"""Rows that need no training."""
COLUMNS = {
    "delta1_si": "delta_1 si",
    "absrel_si": "AbsRel si",
    "tau5": "tau 5 %",
    "edge_f1": "edge F1",
    "share": "keyframes",
}


def ablate(config: Config) -> str:
    """Train and check every row; returns the table in Markdown, which is also written to OUT/ablation.md.

    config: of a propagation run; `init` is the keyframe checkpoint that all rows share, each row's run lies
    in a folder of `out`, and goes on from there when it was stopped. Figures are those of
    `checks.check_propagation` on held-out clips, the share of keyframes among its frames beside them.
    Raises VeloDepthError without `init`, or without held-out clips.
    """
    if not config.init:
        raise VeloDepthError("init is not given: name the keyframe checkpoint that all rows start from")
    config = replace(config, stage="propagation", name="propagation")
    out = Path(config.out)
    rows: dict[str, dict[str, float]] = {}
    for name, without in TRAINED.items():
        folder = out / name.replace(" ", "-")
        checkpoint = train(replace(config, out=str(folder), without=without))
        rows[name] = measure(replace(config, init=str(checkpoint), without=without), every=False)
    for name, without in UNTRAINED.items():
        rows[name] = measure(replace(config, without=without), every=name.startswith("keyframe"))
    table = markdown(rows, config)
    with whole(out / "ablation.md") as temporary:
        temporary.write_text(table, encoding="utf-8")
    return table


def measure(config: Config, every: bool) -> dict[str, float]:
    """Figures of the weights in `config.init`; with `every`, each frame is a keyframe."""
    _, _, device = join(config)
    student = make_student(config)
    load_weights(student.net, Path(config.init))
    student.to(device).eval()
    config = replace(config, sizes=config.sizes or student.sizes)
    figures, _ = check_propagation(student, open_footage(config.data)[1], config, device, every)
    if not figures:
        raise VeloDepthError(
            f"{', '.join(config.data)} holds no held-out clip of {config.frames} frames: render more shards"
        )
    return figures | {"share": 1.0 if every else 1 / ROLL}


def markdown(rows: dict[str, dict[str, float]], config: Config) -> str:
    """The table, with what it was measured with below it."""
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    for name, figures in rows.items():
        cells = [f"{figures[column]:.3f}" for column in COLUMNS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(
        [*lines, "", f"{config.steps} steps of {config.batch} from {config.init}, seed {config.seed}.", ""]
    )

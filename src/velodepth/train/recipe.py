"""A recipe: the stages of a training, in one TOML file.

    out = "runs/nano"                 settings of all stages (config.Config)
    data = ["shards"]
    package = "packaged"              in `out`: what comes of the last stage, for `velodepth run --preset`

    [[stages]]                        settings of its own, over those above
    name = "small"
    sizes = [[192, 160]]
    minutes = 60

    [[stages]]
    stage = "propagation"
    steps = 2000

Each stage starts from the weights of the one before, the first from pretrained ones. Started again, a recipe
goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import VeloDepthError
from .config import Config, checked, filled, read_toml

SHARED = ("out", "data", "grow", "render", "render_seed", "render_size", "pool", "preset")
"""What a stage may not have of its own."""


@dataclass(frozen=True)
class Recipe:
    """Stages in their order. package: the folder, in `out`, that the last one is packed into; "": none."""

    stages: list[Config]
    package: str = ""

    @property
    def out(self) -> str:
        return self.stages[0].out


def load_recipe(path: str | Path | None, **overrides: Any) -> Recipe:
    """A recipe from a TOML file (None: from defaults); a file without stages is one stage. `overrides` that
    are not None win, in all stages.

    Raises VeloDepthError, naming the key, where the file cannot be read, has an unknown key or a value of
    another type, a setting without default is given nowhere, or two stages have one name.
    """
    values = {} if path is None else read_toml(path)
    tables, package = values.pop("stages", [{}]), values.pop("package", "")
    if not (isinstance(tables, list) and tables and all(isinstance(each, dict) for each in tables)):
        raise VeloDepthError(f"{path}: stages is no list of tables: begin each stage with [[stages]]")
    if not isinstance(package, str):
        raise VeloDepthError(f"{path}: package is {package!r}, not the name of a folder: correct it")
    common = checked(path or "", Config, values)
    asked = {name: value for name, value in overrides.items() if value is not None}
    stages: list[Config] = []
    for table in tables:
        if alike := next((name for name in SHARED if name in table), None):
            raise VeloDepthError(f"{path}: {alike} stands in a stage, but is one for all: put it above")
        own = checked(path or "", Config, table)
        if stages:
            asked["init"] = own.get("init", str(Path(stages[-1].out) / f"{stages[-1].name}.pt"))
        stages.append(filled(common | own | asked))
    name, count = Counter(stage.name for stage in stages).most_common(1)[0]
    if count > 1:
        raise VeloDepthError(f"{path}: {count} stages have the name {name}: give each its own")
    return Recipe(stages, package)


def follow(recipe: Recipe) -> Path:
    """Train all stages that are not done, over one pool of footage, and pack the last.

    Returns its checkpoint. Raises VeloDepthError as `loop.train` does.
    """
    import torch.distributed as dist

    from .loop import place, pool_of, spent_by, train

    done = [spent_by(stage) for stage in recipe.stages]
    if any(part < 1 for _, part in done):
        with closing(pool_of(recipe.stages[0], max(spent.shards for spent, _ in done))) as pool:
            for stage, (_, part) in zip(recipe.stages, done, strict=True):
                if part < 1:
                    train(stage, pool)
    if dist.is_initialized():
        dist.destroy_process_group()
    last = recipe.stages[-1]
    checkpoint = Path(last.out) / f"{last.name}.pt"
    if recipe.package and place()[0] == 0:
        from .pack import pack

        pack(checkpoint, Path(last.out) / recipe.package)
    return checkpoint

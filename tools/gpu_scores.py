"""Score what tools/gpu_train.py left, on worlds that are rendered for it.

    python tools/gpu_scores.py OUT [--tiny]

Writes OUT/scores.json: for each checkpoint the figures of training's checks (docs/training.md) on held-out
shards of another seed than that of training.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path

from velodepth.train.checks import check_keyframes
from velodepth.train.config import Config
from velodepth.train.data import open_footage
from velodepth.train.loop import join
from velodepth.train.shards import shard_name
from velodepth.train.students import load_weights, make_student
from velodepth_worlds.generate import RenderSettings, Workers, write_one

SEED = 1001


def render(folder: Path, tiny: bool) -> None:
    """Shards to score on, one a process; a shard that is never scored, so that there is one to train on."""
    recipe = (
        RenderSettings(size=(64, 48), shard=14, clip_share=1.0, kinds=("tabletop",))
        if tiny
        else RenderSettings()
    )
    numbers = (15, 0) if tiny else (15, 31, 47, 63, 79, 95, 111, 127, 0)
    with Workers(partial(write_one, folder, SEED, recipe=recipe), [[n] for n in numbers]) as workers:
        while workers.busy:
            for _ in workers.reports(timeout=0.2):
                pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    scores: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = folder / "shards"
        shards.mkdir()
        render(shards, options.tiny)
        assert (shards / shard_name(15)).exists()
        for first in sorted(options.out.glob("*.pt.0")):
            checkpoint = folder / first.stem
            parts = sorted(options.out.glob(f"{first.stem}.*"), key=lambda part: int(part.suffix[1:]))
            checkpoint.write_bytes(b"".join(part.read_bytes() for part in parts))
            size, count = ([64, 64], 6) if options.tiny else ([224, 160], 400)
            config = Config(data=[str(shards)], out=name, init=str(checkpoint), sizes=[size], checked=count)
            _, _, device = join(config)
            student = make_student(config)
            load_weights(student.net, checkpoint)
            student.to(device).eval()
            figures, _ = check_keyframes(student, open_footage(config.data)[1], config, device)
            scores[checkpoint.stem] = {each: round(value, 4) for each, value in figures.items()}
            print(checkpoint.stem, scores[checkpoint.stem], flush=True)
            (options.out / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""How far `velodepth camera` is off: estimated against true focal lengths of recorded sequences.

    python benchmarks/camera.py RGBD [--preset nano]

RGBD holds folders with rgb/ and meta.json (docs/training.md). For each: the true focal length, that of the
command, the lowest and highest of the 16 frames it looks at, and the ratio; then how far off the median and
the worst are, and how often the truth lies between lowest and highest.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np

import velodepth
from velodepth.cli import main


def estimate(folder: Path, preset: str) -> tuple[velodepth.Camera, str]:
    """What the command saves, and what it prints."""
    with tempfile.TemporaryDirectory() as temporary:
        path, said = Path(temporary) / "camera.json", io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            main(["camera", str(folder / "rgb"), "--save", str(path), "--preset", preset])
        return velodepth.load_camera(path), said.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", default="nano")
    options = parser.parse_args()
    ratios, inside = [], 0
    for folder in sorted(path.parent for path in options.data.glob("*/meta.json")):
        truth = json.loads((folder / "meta.json").read_text())["intrinsics"]
        found, said = estimate(folder, options.preset)
        row = next(line for line in said.splitlines() if line.startswith("fx")).split()
        low, high = float(row[2]), float(row[3])
        inside += low <= truth["fx"] <= high
        ratios.append(found.fx / truth["fx"])
        print(
            f"{folder.name:24} true {truth['fx']:7.1f}  found {found.fx:7.1f} ({low:.1f} to {high:.1f})  "
            f"ratio {ratios[-1]:.2f}"
        )
    off = np.exp(np.abs(np.log(ratios))) - 1
    print(
        f"off by {100 * np.median(off):.0f} % (median), {100 * off.max():.0f} % at most; "
        f"truth between lowest and highest in {inside} of {len(off)}"
    )

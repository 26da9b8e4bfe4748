"""The strip of docs/fresh.jpg: somebody walks into a room of velodepth_worlds, before a camera that stands.

git worktree add --detach /tmp/before 128a886
python tools/fresh.py /tmp/before/src docs/fresh.jpg

Rows: picture, its true depth, the depth of the earlier source's stream, that of this one's; columns: six
moments around the one at which the person enters. All depth is painted over one range, and each prediction is
scaled by one number for the clip, the median of truth over it. Both streams are given the true camera, policy
adaptive, and the whole clip from its first frame. velodepth_worlds must be installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import velodepth
from stage import ahead, developed, free, level
from velodepth_worlds import figures, motion, movers, rooms
from velodepth_worlds.renderer import Renderer
from velodepth_worlds.textures import Palette

FRAMES, RATE = 60, 30
SIZE = (320, 240)
COLUMNS = (-3, 2, 5, 9, 12, 24)  # frames since the person was first seen
SEEN = 0.01  # of the picture, and the person is seen
CELL, MARGIN, CAPTION = (256, 192), 88, 26  # pixels
RAN = """
import sys, numpy, velodepth
clip = numpy.load(sys.argv[1])
fx, fy, cx, cy = clip["camera"]
stream = velodepth.load("nano").stream(camera=velodepth.Pinhole(fx, fy, cx, cy), policy="adaptive")
numpy.save(sys.argv[2], numpy.stack([stream.push(picture).depth for picture in clip["pictures"]]))
"""


def filmed(seed: int) -> dict[str, NDArray[Any]] | None:
    """Pictures, true depth (metres, 0: none), person (a mask) and camera; None where nobody can walk in."""
    rng = np.random.default_rng(seed)
    palette = Palette(rng)
    width, height = SIZE
    camera = velodepth.Pinhole(0.8 * width, 0.8 * width, width / 2, height / 2, size=SIZE)
    with Renderer(palette.pictures) as renderer:
        for _ in range(12):
            world = rooms.build(rng, palette)
            renderer.load(world)
            for _ in range(40):
                way = placed(rng, world.view(rng), world.clear)
                if way is None:
                    continue
                pose, place, velocity = way
                renderer.throw_in([])
                depth = renderer.draw(camera, pose, 0.0).depth
                if np.median(depth) < 3.2 or (depth < 1.2).mean() > 0.02:
                    continue
                someone = figures.figure(rng, palette, stride=0.0)
                renderer.throw_in(movers.walking(rng, someone, place, velocity, 1.7))
                middle = renderer.draw(camera, pose, 1.7).depth
                if (middle < depth - 0.1).mean() < 0.07:  # hidden behind furniture
                    continue
                seen = [renderer.draw(camera, pose, index / RATE) for index in range(FRAMES)]
                truth = np.stack([each.depth for each in seen])
                return {
                    "pictures": developed([each.radiance for each in seen], RATE, 0.004, rng),
                    "truth": truth,
                    "person": truth < depth - 0.1,
                    "camera": np.array([camera.fx, camera.fy, camera.cx, camera.cy]),
                }
    return None


def placed(rng: np.random.Generator, view: Any, clear: Any) -> tuple[NDArray[np.float64], ...] | None:
    """(camera-to-world, place on the ground before it, velocity across the view in m/s), or None."""
    standing = level(view)
    if standing is None:
        return None
    eye, yaw = standing
    forward, across = ahead(yaw)
    place = eye * (1, 0, 1) + forward * rng.uniform(2.2, 2.8)
    across *= rng.choice([-1, 1])
    if not free(clear, [place + across * x for x in np.arange(-1.6, 0.5, 0.4)]):
        return None
    return motion.facing(eye, yaw, -0.12), place, 1.5 * across


def predicted(source: Path, clip: Path, folder: Path) -> NDArray[np.float32]:
    """Depth of every frame (n, H, W), as the package in `source` gives it in a process of its own."""
    written = folder / "depth.npy"
    environment = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-c", RAN, str(clip), str(written)], env=environment, check=True)
    depth: NDArray[np.float32] = np.load(written)
    return depth


def strip(clip: dict[str, NDArray[Any]], predictions: dict[str, NDArray[np.float32]]) -> NDArray[np.uint8]:
    """RGB."""
    truth = clip["truth"]
    first = int(np.argmax(clip["person"].mean(axis=(1, 2)) > SEEN))
    shown = [first + column for column in COLUMNS]
    known = truth[shown][truth[shown] > 0]
    near, far = (float(np.quantile(known, share)) for share in (0.01, 0.98))
    rows = {"picture": clip["pictures"], "true depth": truth, **predictions}
    lines = [np.hstack([lettered("", MARGIN), *(lettered(f"frame {c:+d}", CELL[0]) for c in COLUMNS)])]
    for name, pictures in rows.items():
        cells = [lettered(name, MARGIN, CELL[1])]
        if name in predictions:
            valid = truth > 0
            pictures = pictures * np.median(truth[valid] / pictures[valid])
        for index in shown:
            cell = pictures[index]
            cell = cell if name == "picture" else velodepth.colourise(cell, near, far)
            cells.append(cv2.resize(cell, CELL, interpolation=cv2.INTER_AREA))
        lines.append(np.hstack(cells))
    return np.vstack(lines)


def lettered(text: str, width: int, height: int = CAPTION) -> NDArray[np.uint8]:
    box = np.full((height, width, 3), 255, np.uint8)
    cv2.putText(box, text, (4, height // 2 + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (30, 30, 30), 1, cv2.LINE_AA)
    return box


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="src folder of the earlier source")
    parser.add_argument("out", type=Path, help="JPEG file to write")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    here = Path(velodepth.__file__).parents[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = filmed(args.seed)
        if clip is None:
            parser.error(f"nobody can walk into the rooms of seed {args.seed}; give another --seed")
        np.savez(folder / "clip.npz", **clip)
        predictions = {
            "before": predicted(args.before, folder / "clip.npz", folder),
            "after": predicted(here, folder / "clip.npz", folder),
        }
        picture = strip(clip, predictions)
    cv2.imwrite(str(args.out), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()

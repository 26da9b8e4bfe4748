"""The demo clip, presets/demo.mp4: somebody walks through a furnished room, past a camera held in the hand.

python tools/demo.py SEED DEMO.mp4          # and DEMO.npz: true depth (metres), camera, poses
python tools/demo.py SEED SHEET.png         # only four moments of it, small

Rooms, paths and light all follow from the seed; the packaged clip is seed 4. velodepth_worlds must be
installed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import velodepth
from stage import ahead, developed, free, level
from velodepth_worlds import figures, motion, movers, rooms
from velodepth_worlds.renderer import Rendered, Renderer
from velodepth_worlds.scene import Motion, World
from velodepth_worlds.textures import Palette

FRAMES, RATE = 150, 30
SIZE = (640, 480)
FOCAL = 0.85  # of the picture's width: 61 degrees across
SECONDS = FRAMES / RATE
STYLES = ("office", "kitchen", "living", "bedroom", "workshop")
CRF = "24"


@dataclass
class Scene:
    """A world that the renderer holds, with the walker in it, and the way of the camera."""

    renderer: Renderer
    path: Motion

    def seen(self, width: int, time: float) -> Rendered:
        return self.renderer.draw(camera(width), self.path(time), time)


def camera(width: int) -> velodepth.Pinhole:
    height = width * SIZE[1] // SIZE[0]
    return velodepth.Pinhole(FOCAL * width, FOCAL * width, width / 2, height / 2, size=(width, height))


def room(rng: np.random.Generator, palette: Palette) -> World:
    """A large one, well lit."""
    built = rooms.Room(rng, palette, rng.uniform(4.0, 5.5), rng.uniform(6.0, 8.0), rng.uniform(2.4, 2.8))
    built.enclose()
    rooms.furnish(built, str(rng.choice(STYLES)))
    built.lamps(4)
    return built.finished("room")


def staged(rng: np.random.Generator, palette: Palette, renderer: Renderer) -> Scene | None:
    """None where nobody can walk there, or nothing is near or far enough."""
    for _ in range(12):
        world = room(rng, palette)
        renderer.load(world)
        for _ in range(150):
            standing = level(world.view(rng))
            if standing is None:
                continue
            eye, yaw = standing
            forward, left = ahead(yaw)
            drift = rng.choice([-1, 1]) * rng.uniform(0.05, 0.1) * left + rng.uniform(0.0, 0.08) * forward
            turn = (-0.2 * float(drift @ left), 0.0, 0.0)  # towards what lies 5 m ahead
            shake = motion.shaking(rng, 0.008, 0.005, 0.8)
            path = motion.path(eye, (yaw, rng.uniform(-0.2, -0.08), 0.0), drift, turn, shake)
            scene = Scene(renderer, path)
            if not all(world.clear(path(time)[:3, 3]) for time in np.linspace(0, SECONDS, 6)):
                continue
            renderer.throw_in([])
            if not deep(scene.seen(80, 0.0).depth) or not deep(scene.seen(80, SECONDS).depth):
                continue
            for _ in range(20):
                place = eye * (1, 0, 1) + forward * rng.uniform(2.0, 3.6)
                slant = rng.uniform(-0.7, 0.7)
                velocity = rng.uniform(0.75, 1.05) * (
                    rng.choice([-1, 1]) * np.cos(slant) * left + np.sin(slant) * forward
                )
                times = np.linspace(0, SECONDS, 13)
                ways = [(path(time), place + velocity * (time - SECONDS / 2)) for time in times]
                if not free(world.clear, [at for pose, at in ways if shown(pose, at)]):
                    continue
                renderer.throw_in([])
                someone = figures.figure(rng, palette, stride=0.0)
                renderer.throw_in(movers.walking(rng, someone, place, velocity, SECONDS / 2))
                person = [(scene.seen(80, time).body > 0).mean() for time in (0.0, 1.2, 2.5, 3.8)]
                if person[0] < 0.02 and min(person[1:]) > 0.03 and person[2] > 0.06:
                    return scene
    return None


def deep(depth: NDArray[np.float32]) -> bool:
    """Whether some of a view is near, some far, and nothing in the way."""
    return bool(
        0.02 < (depth < 1.2).mean() < 0.15
        and (depth < 0.55).mean() < 0.002
        and (depth > 5.0).mean() > 0.04
        and np.median(depth) > 2.2
    )


def shown(pose: NDArray[np.float64], place: NDArray[np.float64]) -> bool:
    """Whether somebody there may be in the picture."""
    x, _, z = pose[:3, :3].T @ (place - pose[:3, 3])
    return bool(z > 0.2 and abs(x) < z / (2 * FOCAL) + 0.4)


def encode(path: Path, pictures: NDArray[np.uint8]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.options = {"crf": CRF, "preset": "veryslow", "movflags": "+faststart"}
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path, help="MP4 or PNG file to write")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    palette = Palette(rng)
    with Renderer(palette.pictures) as renderer:
        scene = staged(rng, palette, renderer)
        if scene is None:
            parser.error(f"nobody can walk through the rooms of seed {args.seed}; give another")
        if args.out.suffix == ".png":
            moments = [scene.seen(320, time) for time in (0.3, 1.6, 2.9, 4.2)]
            strip = np.hstack(developed([each.radiance for each in moments], RATE, 0.0, rng))
            cv2.imwrite(str(args.out), strip[..., ::-1])
            return
        seen = [scene.seen(SIZE[0], index / RATE) for index in range(FRAMES)]
    encode(args.out, developed([each.radiance for each in seen], RATE, 0.002, rng))
    lens = camera(SIZE[0])
    np.savez_compressed(
        args.out.with_suffix(".npz"),
        depth=np.stack([each.depth for each in seen]).astype(np.float16),
        camera=[lens.fx, lens.fy, lens.cx, lens.cy],
        poses=np.stack([scene.path(index / RATE) for index in range(FRAMES)]),
    )


if __name__ == "__main__":
    main()

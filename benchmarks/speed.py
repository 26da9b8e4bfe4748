"""How fast is `nano`, and how much cheaper is a frame that is carried than one that is looked at?

    python benchmarks/speed.py [--video FILE] [--preset nano] [--frames 300]

End to end: h264 of 640x480 in (a file, or the packaged demo clip played to and fro), side-by-side h264 out,
default settings, one process; frames/s over all frames after the first ten. Then `push` alone on pictures in
memory, with the default policy, with a look on every frame and with hardly any. Nothing else should run on
the machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

import velodepth
from velodepth.media.writing import open_writer
from velodepth.presets import DEMO_CLIP

WARM = 10


def to_and_fro(path: Path, frames: int, folder: Path) -> Path:
    """A clip of at least so many frames: the demo clip forwards, backwards, forwards, ..."""
    import av

    pictures = [f.picture for f in velodepth.open_source(path)]
    order = pictures + pictures[-2:0:-1]
    out = folder / "long.mp4"
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for i in range(frames + WARM):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(order[i % len(order)], format="rgb24")))
        container.mux(stream.encode(None))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--video", type=Path)
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--frames", type=int, default=300)
    options = parser.parse_args()
    print(__doc__)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"velodepth {velodepth.__version__}, preset {options.preset}, {machine}")
    model = velodepth.load(options.preset)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = options.video or to_and_fro(DEMO_CLIP, options.frames, folder)
        keyframes = count = 0
        with open_writer(folder / "out-side.mp4") as writer:
            for frame in islice(model.run(video), options.frames + WARM):
                if frame.index == WARM:
                    start = time.perf_counter()
                writer.write(frame)
                if frame.index >= WARM:
                    count += 1
                    keyframes += frame.is_keyframe
        seconds = time.perf_counter() - start
        print(
            f"end to end: {count / seconds:.1f} frames/s over {count} frames, "
            f"keyframe share {keyframes / count:.3f}"
        )

        pictures = [f.picture for f in islice(velodepth.open_source(video), 121)]
    for policy in ("adaptive", "every", "every:1000"):
        stream, spent = model.stream(policy=policy), []
        for picture in pictures:
            start = time.perf_counter()
            stream.push(picture)
            spent.append(time.perf_counter() - start)
        print(
            f"push, {policy}: median {1e3 * float(np.median(spent[WARM:])):.1f} ms, "
            f"{len(spent[WARM:]) / sum(spent[WARM:]):.1f} frames/s"
        )


if __name__ == "__main__":
    main()

"""Does a long stream cost more memory than a short one?

    python benchmarks/memory.py [--frames 10000] [--policy adaptive]

The packaged demo clip at 320x240, played to and fro through one stream; resident memory of the process after
100 frames and after all of them. The state of a stream is that of one frame, so the two should differ by less
than 5 %.
"""

from __future__ import annotations

import argparse

import psutil

import velodepth
from velodepth.presets import DEMO_CLIP


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--policy", default="adaptive")
    options = parser.parse_args()
    print(__doc__)
    pictures = [f.picture[::2, ::2] for f in velodepth.open_source(DEMO_CLIP)]
    order = pictures + pictures[-2:0:-1]
    stream = velodepth.load().stream(policy=options.policy)
    resident = {}
    for i in range(options.frames):
        frame = stream.push(order[i % len(order)])
        frame.depth  # noqa: B018  made, as a user would
        if i + 1 in (100, options.frames):
            resident[i + 1] = psutil.Process().memory_info().rss
    (_, early), (_, late) = resident.items()
    print(f"after 100 frames {early / 1e6:.1f} MB, after {options.frames} {late / 1e6:.1f} MB: "
          f"{100 * (late / early - 1):+.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()

"""torchrun --nproc-per-node 4 -m velodepth.train RECIPE.toml"""

from __future__ import annotations

import sys


def main() -> None:
    """Train by the recipe or configuration named in the arguments."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    from ..interrupts import Interrupt
    from .recipe import follow, load_recipe

    with Interrupt():
        follow(load_recipe(sys.argv[1]))


if __name__ == "__main__":  # not where a rendering process imports it
    main()

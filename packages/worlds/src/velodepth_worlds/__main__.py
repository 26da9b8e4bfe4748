"""`velodepth-worlds`, and python -m velodepth_worlds: the same as `velodepth worlds`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit; exit status as of `velodepth.cli.main`."""
    from velodepth.cli import main as velodepth

    velodepth(["worlds", *sys.argv[1:]])


if __name__ == "__main__":
    main()

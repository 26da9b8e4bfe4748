"""`python -m velodepth`: the command, for a Python whose scripts are not on the path."""

from .cli import main

main()

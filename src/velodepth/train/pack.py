"""Put trained weights into the package: python -m velodepth.train.pack CHECKPOINT

Writes presets/nano/ as `velodepth export` writes any preset: graphs, weights in half precision, and the note.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from .. import __version__
from ..export import export
from ..nets.nano import Nano
from ..presets.catalogue import NANO, NANO_CANVAS


def pack(checkpoint: Path, folder: Path) -> None:
    """checkpoint: as train.loop writes it; its averaged weights are packed, those that look."""
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
    net = Nano()
    net.load_state_dict({name: weights[name] for name in net.state_dict()})
    facts = {"velodepth": __version__, "preset": "nano", "licence": "Apache-2.0"}
    export(net, folder, NANO_CANVAS, facts, overwrite=True, half=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    pack(parser.parse_args().checkpoint, NANO)

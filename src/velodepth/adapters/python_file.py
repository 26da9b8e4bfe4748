"""A network that a user wrote: a class in a Python file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from ..errors import VeloDepthError
from .look import DepthNetwork


def load_class(path: Path, name: str) -> DepthNetwork:
    """An instance of class `name` in the file `path`; the class needs no arguments and has a `look`.

    Raises VeloDepthError where the file cannot be run, has no such class, or that has no `look`.
    """
    if path.suffix != ".py" or not path.is_file():
        raise VeloDepthError(f"{path}:{name} names no class in a Python file: give path/to/file.py:Class")
    found = importlib.util.spec_from_file_location(f"velodepth_network_{path.stem}", path)
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look their module up
    try:
        found.loader.exec_module(module)
        made = getattr(module, name)()
    except VeloDepthError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise VeloDepthError(f"{path}:{name} cannot be loaded ({reason}): run the file to see why") from error
    if not callable(getattr(made, "look", None)):
        raise VeloDepthError(
            f"{path}:{name} has no method look(picture, camera): examples/own_network.py shows a whole one"
        )
    return made

"""ONNX Runtime's sessions, as this package starts them."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime

from ..cores import cores
from ..errors import VeloDepthError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def session_of(path: Path, device: str | None = None) -> onnxruntime.InferenceSession:
    """A session of the graph in a file, on as many threads as this process has cores.

    device: "cpu" (default) or "cuda" with onnxruntime-gpu. Raises VeloDepthError when the device is not
    there, or the file is not a graph that can be run.
    """
    device = device or "cpu"
    there = onnxruntime.get_available_providers()
    if PROVIDERS.get(device) not in there:
        usable = [name for name, provider in PROVIDERS.items() if provider in there]
        raise VeloDepthError(
            f"device {device!r} is not available to ONNX Runtime here: choose {' or '.join(usable)}, install "
            "onnxruntime-gpu for cuda, or choose the runtime torch"
        )
    if not path.is_file():
        raise VeloDepthError(f"there is no file {path}: check the path")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Sessions take turns: threads that spin on after theirs would take the cores from the next.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if len(cores()) < (os.cpu_count() or 1):  # left alone, ONNX Runtime takes those of the whole machine
        options.intra_op_num_threads = len(cores())
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[PROVIDERS[device]])
    except Exception as error:  # ONNX Runtime has an error class of its own for every kind of fault
        reason = str(error).splitlines()[0]
        raise VeloDepthError(f"{path} cannot be loaded ({reason}): get or export it anew") from error

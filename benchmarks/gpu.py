"""How fast are `large` and `nano` on a GPU, and how much memory do they take?

    python benchmarks/gpu.py [--json gpu.json] [--device cuda] [--pixels 200000] [--repeats 20] [--tiny]

`large` has the published size and random weights (time does not depend on them), one picture a call, by
PyTorch: keyframe and propagated frame in float32 as `velodepth.load` runs it, with TF32, with bfloat16
autocast, and all three captured as CUDA graphs. Milliseconds, medians; what the card allocates at most, in
GiB; the largest relative difference of radius from float32. `nano`: the packaged weights, whole streams by
PyTorch on the device and by ONNX Runtime on the CPU, frames/s of a 640 x 480 clip, decoding not included.
`large streams`: frames/s in all of 1, 4 and 16 streams of 640 x 480 through `model.streams`, a look on every
eighth frame, as `velodepth.load` runs it and with `fast`.
--tiny: a small network and few repeats, to see whether it works. Each result is written at once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import velodepth
from velodepth.nets.large import VITL, LargeConfig, LargeNet
from velodepth.presets import Model
from velodepth.presets.large import LargeSettings
from velodepth.runtime.capture import on_cuda
from velodepth.runtime.torch import TorchRuntime
from velodepth.stream.canvas import Canvas

PICTURE = (640, 480)
TINY = LargeConfig(
    encoder_width=32, encoder_depth=4, encoder_heads=2, picks=(1, 2, 3, 4), width=32, out_width=16,
    observer_widths=(8, 16, 32, 64), observer_depths=(1, 1, 1, 1), flow_widths=(8, 16), flow_depths=(1, 1),
)  # fmt: skip


class Results:
    """What was found so far, on disk after each step."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._found = path, {}

    def add(self, name: str, values: Any) -> None:
        self._found[name] = values
        print(f"{name}: {values}", flush=True)
        if self._path:
            self._path.write_text(json.dumps(self._found, indent=2) + "\n")


def milliseconds(call: Callable[[], Any], device: torch.device, repeats: int) -> float:
    """Median of a call that has been warmed up."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(1e3 * (time.perf_counter() - start))
    return round(float(np.median(times)), 3)


@torch.inference_mode()
def large(device: torch.device, pixels: int, repeats: int, tiny: bool, results: Results) -> None:
    """Keyframes and propagated frames of `large`, in each precision."""
    torch.manual_seed(0)
    with device:
        net = LargeNet(TINY if tiny else VITL).eval()
    spec = LargeSettings(min_pixels=pixels, max_pixels=pixels).canvas_spec(level=0)
    canvas = Canvas.of(*PICTURE, spec)
    shape = (1, 3, canvas.height, canvas.width)
    first, second = (torch.randn(shape, device=device) for _ in range(2))
    flow = 3 * torch.randn(1, 2, canvas.height, canvas.width, device=device)
    rays = net.keyframe(first).rays
    start = net.keyframe(first, rays)
    calls: dict[str, Callable[[], Any]] = {
        "keyframe": lambda: net.keyframe(second, rays),
        "propagated": lambda: net.propagate(start, second, flow),
    }
    exact: dict[str, Tensor] = {name: call().radius.clone() for name, call in calls.items()}
    results.add("large canvas", [canvas.width, canvas.height])
    cuda = device.type == "cuda"
    for mode in ("float32", "tf32", "bfloat16", "float32 graph", "tf32 graph", "bfloat16 graph"):
        graph = mode.endswith("graph")
        if not cuda and (graph or mode == "tf32"):
            continue
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = mode.startswith("tf32")
        half = mode.startswith("bfloat16")
        # Without its cache of cast weights, which a captured graph would read after it is gone.
        cast = torch.autocast(device.type, torch.bfloat16, cache_enabled=False) if half else nullcontext()
        for name, call in calls.items():
            try:
                with cast:
                    if cuda:
                        torch.cuda.reset_peak_memory_stats(device)
                    run, output = on_cuda(call) if graph else (call, call())
                    run()
                    took = milliseconds(run, device, repeats)
                if not graph:
                    with cast:
                        output = call()
                apart = ((output.radius.float() - exact[name]).abs() / exact[name]).max()
                found = {"ms": took, "radius_apart": float(f"{float(apart):.3g}")}
                if cuda:
                    found["GiB"] = round(torch.cuda.max_memory_allocated(device) / 2**30, 3)
            except RuntimeError as error:  # an operation that a graph cannot hold, or too little memory
                found = {"error": str(error).splitlines()[0]}
            results.add(f"large {name} {mode}", found)


def streams(device: str, frames: int, results: Results) -> None:
    """Whole streams of `nano`."""
    rng = np.random.default_rng(0)
    wide = np.repeat(np.repeat(rng.integers(0, 256, (60, 160, 3), np.uint8), 8, 0), 8, 1)
    pictures = [np.ascontiguousarray(wide[:, 4 * i : 4 * i + PICTURE[0]]) for i in range(frames)]
    camera = velodepth.Pinhole(500, 500, PICTURE[0] / 2, PICTURE[1] / 2, size=PICTURE)
    shown: dict[str, np.ndarray] = {}
    for name, options in {
        "torch": {"runtime": "torch", "device": device},
        "onnx": {"runtime": "onnx", "device": "cpu"},
    }.items():
        stream = velodepth.load("nano", **options).stream(camera=camera)
        warm = min(10, frames // 2)
        for index, picture in enumerate(pictures):
            if index == warm:
                start = time.perf_counter()
            shown[name] = stream.push(picture).depth
        rate = (frames - warm) / (time.perf_counter() - start)
        results.add(f"nano stream {name} {options['device']}", {"frames/s": round(rate, 2)})
    apart = np.abs(shown["torch"] / shown["onnx"] - 1)
    results.add("nano torch against onnx", {"median": float(f"{np.median(apart):.3g}")})


def large_streams(device: str, pixels: int, frames: int, tiny: bool, results: Results) -> None:
    """Whole streams of `large`: 1, 4 and 16 together, plain and fast."""
    spec = LargeSettings(min_pixels=pixels, max_pixels=pixels).canvas_spec(level=0)
    pictures = np.random.default_rng(0).integers(0, 256, (frames, *PICTURE[::-1], 3), dtype=np.uint8)
    for fast in (False, True):
        if fast and torch.device(device).type != "cuda":
            continue
        torch.manual_seed(0)
        runtime = TorchRuntime(LargeNet(TINY if tiny else VITL), device)
        if fast:
            runtime.hasten()
        model = Model("large", runtime, spec)
        for count in (1, 4, 16):
            streams, seconds = model.streams(count, policies="every:8", looks=count), []
            for picture in pictures:
                start = time.perf_counter()
                streams.push([picture] * count)
                seconds.append(time.perf_counter() - start)
            rate = count * (frames - 2) / sum(seconds[2:])  # a look and a carried frame warm up
            found = {"frames_per_s": round(rate, 1), "worst_push_ms": round(1e3 * max(seconds[2:]), 1)}
            results.add(f"large {count} streams{' fast' if fast else ''}", found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--pixels", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cpu" and not options.tiny:
        sys.exit("There is no CUDA device: give --tiny, or --device cpu where minutes do not matter")
    results = Results(options.json)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    results.add("machine", f"{name}, {os.cpu_count()} cores, {platform.platform()}")
    results.add("software", f"velodepth {velodepth.__version__}, PyTorch {torch.__version__}")
    if options.tiny:
        streams(options.device, 6, results)
        large(device, 10_000, 2, True, results)
        large_streams(options.device, 10_000, 4, True, results)
    else:
        streams(options.device, 110, results)
        large(device, options.pixels, options.repeats, False, results)
        large_streams(options.device, options.pixels, 50, False, results)


if __name__ == "__main__":
    main()

"""How right and how steady is a preset on real RGB-D video?

    python benchmarks/accuracy.py --data ../shared/data/rgbd [--preset nano] [--frames N]

Every frame of every sequence, the true camera given. Truth where its depth is above 0 and at most 10 m;
predictions resized to it. Per frame, then the mean over frames, then over sequences:
delta1_si: share of max(g/p, p/g) < 1.25 after scaling p by median(g) / median(p); absrel_si likewise;
delta1_ssi: after a least-squares scale and shift in depth on the pixels whose raw error is below its 95 %
quantile; delta1_metric: p as it is; scale: median p / g; kept: AbsRel (si) of the more confident half of the
pixels over that of all. tau5: points of t - 1 moved by the true pose into t (nearest wins), share within 5 %
of the prediction there, on pixels where truth agrees with itself; needs poses.
flicker: median |ln p_t - ln p_{t-1}| minus the same of truth, in place, on sequences with a still camera.
`every` is the same network as a per-frame model; `constant` predicts one depth.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

import velodepth

MAX_DEPTH = 10.0


def read(folder: Path, frames: int | None) -> tuple[dict, list[Path], list[Path], dict[int, np.ndarray]]:
    meta = json.loads((folder / "meta.json").read_text())
    poses = {}
    if (folder / "poses.txt").exists():
        for line in (folder / "poses.txt").read_text().splitlines():
            index, *values = line.split()
            poses[int(index)] = np.array(values, float).reshape(4, 4)
    return meta, *(sorted((folder / kind).iterdir())[:frames] for kind in ("rgb", "depth")), poses


def accuracy(p: np.ndarray, g: np.ndarray, sure: np.ndarray) -> dict[str, float]:
    """Of valid pixels: prediction, truth and confidence, 1-D."""
    close = lambda q: float((np.maximum(g / q, q / g) < 1.25).mean())  # noqa: E731
    error = np.abs(g - p)
    fit = error <= np.quantile(error, 0.95)
    a = np.stack([p[fit], np.ones(fit.sum())], 1)
    s, b = np.linalg.solve(a.T @ a + 1e-4 * np.eye(2), a.T @ g[fit])
    scaled = p * (np.median(g) / np.median(p))
    relative = np.abs(g - scaled) / g
    return {
        "delta1_si": close(scaled),
        "delta1_ssi": close(np.where(s * p + b > 0, s * p + b, 1e-9)),
        "delta1_metric": close(p),
        "scale": float(np.median(p / g)),
        "absrel_si": float(relative.mean()),
        "kept": float(relative[sure >= np.median(sure)].mean() / relative.mean()),
    }


def moved(depth: np.ndarray, k: np.ndarray, pose: np.ndarray) -> np.ndarray:
    """Depth of t - 1 seen from t: 0 where nothing lands. k: fx, fy, cx, cy; pose: t - 1 -> t."""
    h, w = depth.shape
    v, u = np.mgrid[:h, :w] + 0.5
    points = np.stack([(u - k[2]) / k[0], (v - k[3]) / k[1], np.ones_like(u)], -1) * depth[..., None]
    x, y, z = np.moveaxis(points @ pose[:3, :3].T + pose[:3, 3], -1, 0)
    front = z > 1e-6
    z = np.where(front, z, 1.0)
    i, j = np.floor(x / z * k[0] + k[2]).astype(int), np.floor(y / z * k[1] + k[3]).astype(int)
    hit = (depth > 0) & front & (i >= 0) & (i < w) & (j >= 0) & (j < h)
    seen = np.full(h * w, np.inf)
    np.minimum.at(seen, (j * w + i)[hit], z[hit])
    return np.where(np.isfinite(seen), seen, 0).reshape(h, w)


def agree(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    ratio = a / np.maximum(b, 1e-9)
    return (a > 0) & (b > 0) & (np.maximum(ratio, 1 / np.maximum(ratio, 1e-9)) < 1.05)


def measure(model: velodepth.Model | None, policy: str, folder: Path, frames: int | None) -> dict[str, float]:
    meta, pictures, truths, poses = read(folder, frames)
    k = np.array([meta["intrinsics"][n] for n in ("fx", "fy", "cx", "cy")])
    still = bool(poses) and all(np.allclose(pose, poses[0]) for pose in poses.values())
    stream = model.stream(velodepth.Pinhole(*k), policy) if model else None
    rows: list[dict[str, float]] = []
    last: tuple[np.ndarray, np.ndarray] | None = None
    for t, (picture, truth) in enumerate(zip(pictures, truths, strict=True)):
        g = cv2.imread(str(truth), cv2.IMREAD_UNCHANGED) * np.float32(meta["depth_scale"])
        g[g > MAX_DEPTH] = 0
        row = {}
        if stream:
            frame = stream.push(cv2.imread(str(picture))[..., ::-1])
            p, sure = np.maximum(frame.depth, 1e-3), frame.confidence
            row["keyframe_share"] = float(frame.is_keyframe)
        else:
            p = sure = np.full_like(g, 2)
        row |= accuracy(p[g > 0], g[g > 0], sure[g > 0])
        if last is not None and still:
            both = (g > 0) & (last[1] > 0)
            change = np.abs(np.log(p / last[0]))[both] - np.abs(np.log(g[both] / last[1][both]))
            row["flicker"] = float(np.median(change))
        elif last is not None and poses:
            step = np.linalg.inv(poses[t]) @ poses[t - 1]
            true = agree(moved(last[1], k, step), g)
            here = moved(last[0], k, step)
            row["tau5"] = float(agree(here, p)[true & (here > 0)].mean())
        last = p, g
        rows.append(row)
    return mean(rows)


def mean(rows: Iterable[dict[str, float]]) -> dict[str, float]:
    rows = list(rows)
    return {
        n: float(np.mean([r[n] for r in rows if n in r])) for n in dict.fromkeys(n for r in rows for n in r)
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--frames", type=int, help="only the first N of each sequence")
    options = parser.parse_args()
    model = velodepth.load(options.preset)
    print(__doc__)
    print(f"velodepth {velodepth.__version__}, preset {options.preset}, data {options.data}\n")
    names = (
        "delta1_si",
        "delta1_ssi",
        "delta1_metric",
        "scale",
        "absrel_si",
        "kept",
        "tau5",
        "flicker",
        "keyframe_share",
    )
    print(f"{'':28s}{'':10s}" + "".join(f"{n:>15s}" for n in names))
    found: dict[str, list[dict[str, float]]] = {"constant": [], "every": [], "adaptive": []}
    for folder in sorted(p for p in options.data.iterdir() if (p / "meta.json").exists()):
        for policy, rows in found.items():
            rows.append(measure(None if policy == "constant" else model, policy, folder, options.frames))
            show(folder.name, policy, rows[-1], names)
    for policy, rows in found.items():
        show("mean", policy, mean(rows), names)


def show(sequence: str, policy: str, row: dict[str, float], names: tuple[str, ...]) -> None:
    cells = "".join(f"{row[n]:15.3f}" if n in row else f"{'':15s}" for n in names)
    print(f"{sequence:28s}{policy:10s}{cells}", flush=True)


if __name__ == "__main__":
    main()

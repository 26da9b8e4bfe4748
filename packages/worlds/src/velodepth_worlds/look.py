"""Radiance as the picture of a real camera: exposure, tone, colour, noise, and what a codec leaves of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Look:
    """One camera's look; it stays the same along a clip, save for the drift. Zero or None: no such effect."""

    exposure: float = 1.0  # grey of the mean of log radiance, times 0.18
    drift: float = 0.0  # exposure changes by this many stops a second
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)  # white balance
    filmic: bool = False  # a curve with a shoulder instead of clipping
    gamma: float = 1.0  # above 1: more contrast
    saturation: float = 1.0
    vignette: float = 0.0  # light lost in the corners
    bands: float = 0.0  # amplitude of the bands that mains light leaves where rows are exposed in turn
    noise: float = 0.0  # standard deviation in the shadows, of 0..1
    sharpen: float = 0.0
    jpeg: int | None = None  # quality
    crf: int | None = None  # of H.264, for clips


def drawn(rng: np.random.Generator) -> Look:
    """A plausible look: most are mild, since training adds its own."""
    return Look(
        exposure=float(np.exp(rng.normal(0.1, 0.3))),
        drift=float(rng.normal(0, 0.8)) if rng.random() < 0.25 else 0.0,
        gains=tuple(np.exp(rng.normal(0, 0.04, 3)).tolist()),
        filmic=bool(rng.random() < 0.5),
        gamma=float(np.exp(rng.normal(0.05, 0.1))),
        saturation=float(np.exp(rng.normal(-0.1, 0.2))),
        vignette=float(rng.uniform(0, 0.4)) if rng.random() < 0.3 else 0.0,
        bands=float(rng.uniform(0.02, 0.1)) if rng.random() < 0.04 else 0.0,
        noise=float(rng.uniform(0.002, 0.012)) if rng.random() < 0.5 else 0.0,
        sharpen=float(rng.uniform(0.2, 0.8)) if rng.random() < 0.15 else 0.0,
        jpeg=int(rng.integers(60, 95)) if rng.random() < 0.08 else None,
        crf=int(rng.integers(20, 30)) if rng.random() < 0.08 else None,
    )


def key(radiance: NDArray[np.float32]) -> float:
    """The radiance that a light meter takes for mid grey: the geometric mean, but highlights not all lost."""
    luma = (radiance @ _LUMA)[::2, ::2]
    return float(max(np.exp(np.log(luma + 1e-3).mean()), np.percentile(luma, 95) / 8, 1e-3))


def developed(
    radiance: NDArray[np.float32], look: Look, metered: float, time: float, rng: np.random.Generator
) -> Picture:
    """The picture (H, W, 3) uint8 of linear radiance (H, W, 3).

    metered: `key` of the clip's first frame. time: seconds since then.
    """
    height, width = radiance.shape[:2]
    gain = 0.18 * look.exposure * 2 ** (look.drift * time) / metered
    x = radiance * (np.array(look.gains, np.float32) * np.float32(gain))
    y_across = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height - 0.5
    if look.vignette:
        x_across = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
        x *= (1 - 2 * look.vignette * (x_across**2 + y_across**2))[..., None]
    if look.bands:
        x *= 1 + look.bands * np.sin(2 * np.pi * (3 * y_across + 10 * time)).astype(np.float32)[..., None]
    if look.filmic:  # Narkowicz, "ACES filmic tone mapping curve", 2016
        x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    x = np.clip(x, 0, 1) ** np.float32(look.gamma / 2.2)
    grey = (x @ _LUMA)[..., None]
    x = grey + (x - grey) * np.float32(look.saturation)
    if look.sharpen:
        x += look.sharpen * (x - cv2.GaussianBlur(x, (0, 0), 1.0))
    if look.noise:
        strength = look.noise * (1 + np.clip(1 - grey, 0, 1))
        x += strength * rng.standard_normal(x.shape, dtype=np.float32)
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def coded(pictures: list[Picture], look: Look) -> list[Picture]:
    """The pictures of a clip after JPEG, or of several after H.264, as the look has it."""
    if look.crf is not None and len(pictures) > 1:
        return _h264(pictures, look.crf)
    if look.jpeg is not None:
        return [_jpeg(picture, look.jpeg) for picture in pictures]
    return pictures


def _jpeg(picture: Picture, quality: int) -> Picture:
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def _h264(pictures: list[Picture], crf: int) -> list[Picture]:
    height, width = pictures[0].shape[:2]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30)
        # Filled to whole blocks, and cut off again: converters read past the end of other rows.
        right, below = -width % 32, -height % 32
        stream.width, stream.height, stream.pix_fmt = width + right, height + below, "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast", "x264-params": "aq-mode=0:mbtree=0"}
        # Several threads, or quality that adapts inside the picture, do not always give the same bytes again.
        stream.thread_count = 1
        for index, picture in enumerate(pictures):
            filled = np.pad(picture, ((0, below), (0, right), (0, 0)), mode="edge")
            frame = av.VideoFrame.from_ndarray(filled, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        container.streams.video[0].thread_count = 1
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [np.ascontiguousarray(frame[:height, :width]) for frame in frames]

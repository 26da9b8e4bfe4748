"""Radiance as the picture of a real camera: exposure, tone, colour, noise, and what a codec leaves of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from .draws import log_uniform

Picture = NDArray[np.uint8]
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class ImageFormation:
    """One camera's look; it stays the same along a clip, save for the drift. Zero or None: no such effect."""

    exposure: float = 1.0  # grey of the mean of log radiance, times 0.18
    drift: float = 0.0  # exposure changes by this many stops a second
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)  # white balance
    filmic: bool = False  # a curve with a shoulder instead of clipping
    gamma: float = 1.0  # above 1: more contrast
    saturation: float = 1.0
    vignette: float = 0.0  # light lost in the corners
    bands: float = 0.0  # amplitude of the bands that mains light leaves where rows are exposed in turn
    photons: float = 0.0  # noise of the sensor, before the tone curve: variance for each unit of exposure
    noise: float = 0.0  # of what comes after: standard deviation in the shadows, of 0..1
    sharpen: float = 0.0
    jpeg: int | None = None  # quality
    crf: int | None = None  # of H.264, for clips


def drawn(rng: np.random.Generator) -> ImageFormation:
    """A plausible look: most are mild, since training adds its own."""
    return ImageFormation(
        exposure=float(np.exp(rng.normal(0.05, 0.4))),
        drift=float(rng.normal(0, 0.8)) if rng.random() < 0.25 else 0.0,
        gains=tuple(np.exp(rng.normal(0, 0.04, 3)).tolist()),
        filmic=bool(rng.random() < 0.5),
        gamma=float(np.exp(rng.normal(0.05, 0.1))),
        saturation=float(np.exp(rng.normal(-0.1, 0.2))),
        vignette=float(rng.uniform(0, 0.4)) if rng.random() < 0.3 else 0.0,
        bands=float(rng.uniform(0.02, 0.1)) if rng.random() < 0.04 else 0.0,
        photons=float(log_uniform(rng, 1e-4, 8e-3)) if rng.random() < 0.35 else 0.0,
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
    radiance: NDArray[np.float32], look: ImageFormation, metered: float, time: float, rng: np.random.Generator
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
    if look.photons:
        strength = np.sqrt(look.photons * np.maximum(x, 0) + (0.3 * look.photons) ** 2)
        raw = rng.standard_normal(x.shape, dtype=np.float32)
        # A sensor sees one colour a pixel: what is made up between them spreads the noise.
        x = np.maximum(x + strength * cv2.GaussianBlur(raw, (0, 0), 0.5) * np.float32(1.5), 0)
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


LAYERS = 7
"""Of a picture out of focus, from far to near."""


def defocused(
    radiance: NDArray[np.float32], depth: NDArray[np.float32], focus: float, blur: float
) -> NDArray[np.float32]:
    """Radiance (H, W, 3) as a lens with an open aperture sees it.

    depth: (H, W) metres, 0: infinitely far. focus: the depth in metres that is sharp. blur: radius in pixels
    of a point infinitely far away; of one at depth z it is blur * |focus / z - 1|, at most 3 times blur.
    Layers of about equal blur are blurred and laid over each other, the near ones last.
    """
    z = np.where(depth > 0, depth, np.inf)
    signed = np.clip(blur * (focus / z - 1), -blur, 3 * blur)  # negative beyond the focus
    edges = np.linspace(signed.min(), signed.max() + 1e-6, LAYERS + 1)
    result, covered = np.zeros_like(radiance), np.zeros((*depth.shape, 1), np.float32)
    for low, high in pairwise(edges):
        inside = ((signed >= low) & (signed < high)).astype(np.float32)[..., None]
        if not inside.any():
            continue
        sigma = abs(low + high) / 4  # of a disc with that radius
        light = radiance * inside
        if sigma > 0.2:
            light = cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
            inside = cv2.GaussianBlur(inside, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)[..., None]
        result = result * (1 - inside) + light
        covered = covered * (1 - inside) + inside
    return np.asarray(result / np.maximum(covered, 1e-3), np.float32)


def smeared(radiance: NDArray[np.float32], moved: NDArray[np.float64]) -> NDArray[np.float32]:
    """Radiance (H, W, 3) with motion blur. moved: (H, W, 2) pixels while the shutter is open, NaN: none."""
    height, width = radiance.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    step = np.clip(np.nan_to_num(moved, nan=0.0), -width / 4, width / 4).astype(np.float32)
    count = int(np.clip(np.ceil(np.quantile(np.linalg.norm(step, axis=-1), 0.95)), 3, 24))
    total = np.zeros_like(radiance)
    for share in np.linspace(-0.5, 0.5, count, dtype=np.float32):
        at = x + share * step[..., 0], y + share * step[..., 1]
        total += cv2.remap(radiance, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return total / np.float32(count)


def coded(pictures: list[Picture], look: ImageFormation) -> list[Picture]:
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
    try:
        import av
    except ImportError:  # as on the machines of tools/gpu.sh
        return [_jpeg(picture, 100 - 2 * crf) for picture in pictures]
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

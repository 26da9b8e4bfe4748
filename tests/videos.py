"""Videos for tests, coded by FFmpeg."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np


def write_video(
    path: Path | str,
    pictures: Iterable[np.ndarray],
    rate: int = 25,
    codec: str = "libx264",
    sound: np.ndarray | None = None,
    **options: str,
) -> Path:
    """Writes pictures (H, W, 3) uint8 RGB of one size; the name's ending tells the container.

    options: of the codec. sound: (1, n) float32, 48 000 a second, coded as AAC.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options, pix_fmt="yuv420p")
        track = None if sound is None else container.add_stream("aac", rate=48_000, layout="mono")
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        container.mux(stream.encode(None))
        if track:
            samples = av.AudioFrame.from_ndarray(sound, "fltp", "mono")
            samples.sample_rate = 48_000
            container.mux(track.encode(samples))
            container.mux(track.encode(None))
    return Path(path)


def sliding(frames: int, wave: float = 5.0) -> list[np.ndarray]:
    """Pictures of 64 x 48: a pattern that slides to the left by a pixel a frame."""
    x, y = np.meshgrid(np.arange(64 + frames), np.arange(48))
    wide = np.stack([128 + 100 * np.sin(x / wave), 128 + 100 * np.sin(y / 4), 2.0 * (x + y) % 256], axis=2)
    return [wide[:, index : index + 64].astype(np.uint8) for index in range(frames)]

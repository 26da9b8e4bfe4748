"""VeloDepth in ComfyUI: steady metric depth of the frames of a video.

Copy this folder to ComfyUI/custom_nodes/velodepth and install velodepth for the Python that ComfyUI uses.
Images are ComfyUI's: (B, H, W, 3) float32 tensors in 0..1, the frames of one video in their order.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
import torch

import velodepth

WEB_DIRECTORY = None
PRESETS = ("nano", "large")
POLICIES = ("adaptive", "every", "every:4", "every:8", "per-frame")


@lru_cache(maxsize=1)
def loaded(preset: str) -> velodepth.Model:
    return velodepth.load(preset)


class VeloDepth:
    """Depth of each frame: colours to look at, near white for ControlNet, metres, and the camera."""

    CATEGORY = "image/depth"
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE", "IMAGE", "MASK", "STRING")
    RETURN_NAMES = ("colours", "nearness", "metres", "camera")
    DESCRIPTION = (
        "colours: near bright, far dark, steady over the clip. nearness: grey, 1 at the nearest, for depth "
        "ControlNets. metres: (B, H, W) along the optical axis, not in 0..1. camera: JSON of the first "
        "frame, for velodepth run --camera."
    )

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        metres = {"default": 0.0, "min": 0.0, "max": 10_000.0, "step": 0.1}
        return {
            "required": {
                "images": ("IMAGE", {"tooltip": "The frames of one video, in order."}),
                "preset": (PRESETS, {"default": "nano"}),
            },
            "optional": {
                "frame_rate": ("FLOAT", {"default": 30.0, "min": 0.1, "max": 1000.0, "step": 0.1}),
                "policy": (POLICIES, {"tooltip": "When the network looks anew; per-frame for photos."}),
                "focal": ("FLOAT", {**metres, "tooltip": "Focal length in pixels; 0: estimated."}),
                "near": ("FLOAT", {**metres, "tooltip": "Metres of the brightest colour; 0: follows."}),
                "far": ("FLOAT", {**metres, "tooltip": "Metres of the darkest colour; 0: follows."}),
            },
        }

    def run(
        self,
        images: torch.Tensor,
        preset: str = "nano",
        frame_rate: float = 30.0,
        policy: str = "adaptive",
        focal: float = 0.0,
        near: float = 0.0,
        far: float = 0.0,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, str]:
        """What RETURN_NAMES says: (B, H, W, 3), (B, H, W, 3), (B, H, W) float32 on the CPU, and JSON.

        Raises velodepth.VeloDepthError, whose sentence ComfyUI shows, for what makes no sense.
        """
        height, width = images.shape[1:3]
        camera = velodepth.Pinhole(focal, focal, width / 2, height / 2) if focal else None
        stream = loaded(preset).stream(camera, policy)
        colouring = velodepth.Colouring(near or None, far or None)
        colours, nearness, metres, told = [], [], [], ""
        for index, image in enumerate(_progress(images)):
            # Codecs and resizing leave values a little outside 0..1.
            frame = stream.push(image.clamp(0, 1).cpu().numpy()[..., :3], index / frame_rate)
            colours.append(colouring.paint(frame))
            nearness.append(_nearness(frame.metres, colouring.range or (1.0, 2.0)))
            metres.append(frame.metres)
            told = told or json.dumps(frame.camera.to_dict())
        grey = torch.from_numpy(np.stack(nearness))[..., None].expand(-1, -1, -1, 3)
        painted = torch.from_numpy(np.stack(colours)).float() / 255
        return painted, grey.contiguous(), torch.from_numpy(np.stack(metres)), told


def _nearness(metres: np.ndarray, range: tuple[float, float]) -> np.ndarray:
    """1 / metres from 1 at the near end to 0 at the far end, as MiDaS-trained ControlNets expect it."""
    near, far = range
    inverse = 1 / np.clip(np.where(metres > 0, metres, far), near, far)
    return ((inverse - 1 / far) / (1 / near - 1 / far)).astype(np.float32)


def _progress(images: torch.Tensor) -> Any:
    """The images one by one; ComfyUI, where this runs in it, shows how far it is."""
    try:
        from comfy.utils import ProgressBar
    except ImportError:
        yield from images
        return
    bar = ProgressBar(len(images))
    for image in images:
        yield image
        bar.update(1)


NODE_CLASS_MAPPINGS = {"VeloDepth": VeloDepth}
NODE_DISPLAY_NAME_MAPPINGS = {"VeloDepth": "VeloDepth (video depth)"}

"""Tiny transformers models with random weights, saved as the hub holds them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FAMILIES = ("dpt", "depth_anything", "depth_anything-metric", "zoedepth", "depth_pro", "glpn", "tipsv2_dpt")

PROCESSORS = {
    "dpt": {"image_processor_type": "DPTImageProcessor", "size": {"height": 64, "width": 64}},
    "depth_anything": {
        "image_processor_type": "DPTImageProcessor",
        "size": {"height": 70, "width": 70},
        "keep_aspect_ratio": True,
        "ensure_multiple_of": 14,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    },
    "zoedepth": {
        "image_processor_type": "ZoeDepthImageProcessor",
        "size": {"height": 64, "width": 96},
        "keep_aspect_ratio": True,
        "ensure_multiple_of": 32,
        "do_pad": True,
        "resample": 2,
    },
    "depth_pro": {
        "image_processor_type": "DepthProImageProcessor",
        "size": {"height": 64, "width": 64},
        "resample": 2,
    },
    "glpn": {"image_processor_type": "GLPNImageProcessor", "size_divisor": 32, "resample": 2},
    "tipsv2_dpt": {
        "image_processor_type": "Tipsv2DptImageProcessor",
        "size": {"height": 56, "width": 56},
        "do_normalize": False,
        "resample": 2,
    },
}
"""What stands in preprocessor_config.json, sizes made small."""


def save(family: str, folder: Path) -> Path:
    """A model of one of FAMILIES with random weights into a folder, as `save_pretrained` writes it."""
    import torch
    import transformers

    name = family.partition("-")[0]
    torch.manual_seed(1)
    model = transformers.AutoModelForDepthEstimation.from_config(_config(family))
    with torch.no_grad():  # so that the answer depends on the picture, and on where in it
        for part, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 1.2 / np.sqrt(parameter[0].numel()))
            elif "head" in part and part.endswith("bias"):
                parameter.fill_(1.0)
        if name == "dpt":  # its last layer is cut at 0
            model.head.head[-2].weight.mul_(0.1)
        if name == "depth_pro":  # its last number is the field of view in degrees
            list(model.fov_model.parameters())[-1].fill_(60.0)
    model.eval().save_pretrained(folder)
    processor = {"do_normalize": name != "glpn", "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    processor |= {"do_rescale": True, "do_resize": True, "rescale_factor": 1 / 255, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor | PROCESSORS[name]))
    return folder


def _config(family: str):
    """The smallest configuration that the library builds."""
    import transformers as t

    depth = {"num_hidden_layers": 4, "hidden_size": 32, "num_attention_heads": 2}
    necks = {"neck_hidden_sizes": [8, 16, 24, 32], "fusion_hidden_size": 16}
    flat = {"reshape_hidden_states": False}
    stages = {"out_features": ["stage1", "stage2", "stage3", "stage4"], **flat}
    dino = t.Dinov2Config(**depth, **stages, image_size=70, patch_size=14, mlp_ratio=2, apply_layernorm=True)
    if family == "dpt":
        return t.DPTConfig(
            **depth, **necks, intermediate_size=64, image_size=64, backbone_out_indices=[0, 1, 2, 3]
        )
    if family.startswith("depth_anything"):
        how = {"depth_estimation_type": "metric", "max_depth": 20} if family.endswith("metric") else {}
        return t.DepthAnythingConfig(
            backbone_config=dino, **necks, reassemble_hidden_size=32, head_hidden_size=8, **how
        )
    if family == "zoedepth":
        sizes = {"intermediate_size": 64, "image_size": 64, "patch_size": 16}
        beit = t.BeitConfig(**depth, **sizes, **stages, use_relative_position_bias=True)
        bins = {"bottleneck_features": 16, "bin_embedding_dim": 16, "num_relative_features": 8}
        return t.ZoeDepthConfig(backbone_config=beit, **necks, backbone_hidden_size=32, **bins)
    if family == "glpn":
        sizes = {"hidden_sizes": [8, 16, 24, 32], "decoder_hidden_size": 16}
        return t.GLPNConfig(depths=[1] * 4, **sizes, num_attention_heads=[1, 1, 2, 2])
    if family == "tipsv2_dpt":
        sizes = {"image_size": 56, "patch_size": 14, "out_indices": [1, 2, 3, 4]}
        vision = t.Tipsv2VisionConfig(**depth, **sizes, **flat, apply_layernorm=True)
        return t.Tipsv2DptConfig(backbone_config=vision, **necks, num_depth_bins=16)
    small = t.Dinov2Config(**depth, image_size=16, patch_size=8, mlp_ratio=2)
    parts = dict.fromkeys(("image_model_config", "patch_model_config", "fov_model_config"), small)
    between = {"intermediate_hook_ids": [1, 0], "intermediate_feature_dims": [8, 8]}
    scaled = {"ratios": [0.25, 0.5, 1.0], "overlap_ratios": [0.0, 0.5, 0.25], "feature_dims": [16, 16, 8]}
    scaled = {f"scaled_images_{name}": values for name, values in scaled.items()}
    head = {"use_fov_model": True, "num_fov_head_layers": 2}
    return t.DepthProConfig(patch_size=16, fusion_hidden_size=16, **parts, **between, **scaled, **head)

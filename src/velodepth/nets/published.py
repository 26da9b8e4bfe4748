"""The published checkpoint: its tensor names, mapped to ours. Source: network.md.

The only place that knows the published names.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from ..errors import VeloDepthError
from .large import SMALL, VITL, LargeNet

IGNORED = re.compile(r"raft\.|pixel_encoder\.(register_tokens|mask_token)$|pixel_decoder\.level_embeds$")
"""A flow teacher used in training only, and the three tensors that do nothing."""

RENAMES = (
    # Vision transformer.
    (r"^encoder\.class_token$", "encoder.cls_token"),
    (r"^encoder\.positions$", "encoder.pos_embed"),
    (r"^encoder\.patches\.", "encoder.patch_embed.proj."),
    (r"^(encoder\..*)\.attention\.qkv\.", r"\1.attn.qkv."),
    (r"^(encoder\..*)\.attention\.out\.", r"\1.attn.proj."),
    (r"^(encoder\..*)\.scale(\d)$", r"\1.ls\2.gamma"),
    (r"^(encoder\..*)\.mlp\.0\.", r"\1.mlp.fc1."),
    (r"^(encoder\..*)\.mlp\.2\.", r"\1.mlp.fc2."),
    (r"^encoder\.", "pixel_encoder."),
    (r"^adapt_maps\.", "pixel_decoder.input_adapter.input_adapters."),
    (r"^adapt_tokens\.", "pixel_decoder.camera_token_adapter.input_adapters."),
    # Attention blocks of the camera and the prompts.
    (r"^((camera|prompts)\..*)norm_x\.", r"\1norm_attnx."),
    (r"^((camera|prompts)\..*)norm_context\.", r"\1norm_attnctx."),
    (r"^((camera|prompts)\..*)scale1$", r"\1ls1_1.gamma"),
    (r"^((camera|prompts)\..*)scale2$", r"\1ls2.gamma"),
    (r"^((camera|prompts)\..*)expand\.", r"\1proj1."),
    (r"^((camera|prompts)\..*)reduce\.", r"\1proj2."),
    (r"^prompts\.(\d)\.", r"pixel_decoder.radial_module.prompt_camera.\1.layers.0."),
    # Camera.
    (r"^camera\.positions$", "camera.latents_pos"),
    (r"^camera\.split\.0\.", "camera.project_pin."),
    (r"^camera\.split\.", "camera.project_deg"),
    (r"^camera\.mix\.0\.", "camera.aggregate1."),
    (r"^camera\.mix\.1\.", "camera.aggregate2."),
    (r"^camera\.pinhole\.", "camera.out_pinhole."),
    (r"^camera\.bends\.0\.", "camera.out_deg1."),
    (r"^camera\.bends\.1\.", "camera.out_deg2."),
    (r"^camera\.bends\.2\.", "camera.out_deg3."),
    (r"^camera\.", "pixel_decoder.angular_module."),
    # Depth decoder.
    (r"^decoder\.start\.", "decoder.to_latents."),
    (r"^decoder\.process\.", "decoder.process_features."),
    (r"^(decoder\.ups\.\d)\.2\.", r"\1.up.0."),
    (r"^(decoder\.ups\.\d)\.([01])\.", r"\1.convs.\2."),
    (r"^(decoder\.ups\..*)\.first\.", r"\1.conv1."),
    (r"^(decoder\.ups\..*)\.second\.", r"\1.conv2."),
    (r"^decoder\.log_radius\.norm\.", "decoder.depth_mlp.2.0."),
    (r"^decoder\.log_radius\.project\.", "decoder.depth_mlp.2.1."),
    (r"^decoder\.log_radius\.", "decoder.to_depth."),
    (r"^decoder\.log_confidence\.norm\.", "decoder.confidence_mlp.0."),
    (r"^decoder\.log_confidence\.project\.", "decoder.confidence_mlp.1."),
    (r"^decoder\.log_confidence\.", "decoder.to_confidence."),
    (r"^(decoder\.to_\w+)\.coarse\.", r"\1_lr."),
    (r"^(decoder\.to_\w+)\.fine\.", r"\1_hr.0."),
    (r"^(decoder\.to_\w+)\.last\.", r"\1_hr.2."),
    (r"^decoder\.", "pixel_decoder.radial_module."),
    # Observer.
    (r"_stages\.(\d)\.down\.", r"_stages.downsample_layers.\1."),
    (r"_stages\.(\d)\.blocks\.(\d+)\.", r"_stages.stages.\1.\2."),
    (r"^(observer\..*)\.depthwise\.", r"\1.dwconv."),
    (r"^(observer\..*)\.expand\.", r"\1.pwconv1."),
    (r"^(observer\..*)\.reduce\.", r"\1.pwconv2."),
    (r"^(observer\..*)\.response\.", r"\1.grn."),
    (r"^observer\.picture_stages\.", "observer.encoder_rgb."),
    (r"^observer\.flow_stages\.", "observer.encoder_flow."),
    (r"^observer\.depth_stages\.", "observer.encoder_depth."),
    (r"^observer\.flow_feature\.", "observer.decode_flow_features."),
    (r"^observer\.refine\.", "observer.decode_flow_refined."),
    (r"^observer\.flow_project\.", "observer.flow_proj.0."),
    (r"^observer\.", "small_encoder."),
    # Corrections.
    (r"^(corrections\.\d)\.look\.", r"\1.in_small."),
    (r"^(corrections\.\d)\.gate\.", r"\1.in_flow."),
    (r"^(corrections\.\d)\.enter\.", r"\1.conv1.0."),
    (r"^(corrections\.\d)\.mix\.", r"\1.conv2.0."),
    (r"^(corrections\.\d)\.leave\.", r"\1.conv3.0."),
    (r"^(corrections\.\d)\.enter_norm\.", r"\1.norm1.0."),
    (r"^(corrections\.\d)\.mix_norm\.", r"\1.norm2.0."),
    (r"^corrections\.(\d)\.", r"pixel_decoder.radial_module.fusion.\1.merge."),
)
"""Pattern of our names, published replacement; applied in order, all of them."""


def published_name(ours: str) -> str:
    """The name of a tensor in `LargeNet` -> its name in the published checkpoint."""
    name = ours
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def from_published(tensors: Mapping[str, Tensor], hsv_flow: bool = False) -> LargeNet:
    """A network holding the published tensors, in float32.

    tensors: by published name, of the published size or the small one. Raises VeloDepthError that lists
    every missing, unexpected or misshapen tensor.
    """
    tensors = {name: tensor for name, tensor in tensors.items() if not IGNORED.match(name)}
    class_token = tensors.get("pixel_encoder.cls_token")
    small = class_token is not None and class_token.shape[-1] == SMALL.encoder_width
    with torch.device("meta"):  # no time or memory for values that are replaced at once
        net = LargeNet(dataclasses.replace(SMALL if small else VITL, hsv_flow=hsv_flow))
    names = {ours: published_name(ours) for ours in net.state_dict()}
    shapes = {names[ours]: tensor.shape for ours, tensor in net.state_dict().items()}
    _check(
        missing=shapes.keys() - tensors.keys(),
        unexpected=tensors.keys() - shapes.keys(),
        misshapen=(
            f"{name} {tuple(tensors[name].shape)} instead of {tuple(shapes[name])}"
            for name in tensors.keys() & shapes.keys()
            if tensors[name].shape != shapes[name]
        ),
    )
    net.load_state_dict({ours: tensors[name].float() for ours, name in names.items()}, assign=True)
    return net


def _check(**faults: Iterable[str]) -> None:
    found = {fault: sorted(names) for fault, names in faults.items()}
    lists = "; ".join(f"{fault}: {', '.join(names)}" for fault, names in found.items() if names)
    if lists:
        raise VeloDepthError(f"this is not the published checkpoint, download it anew ({lists})")

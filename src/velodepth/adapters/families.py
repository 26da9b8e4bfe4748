"""What transformers' depth models answer, by `model_type` of their config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import VeloDepthError
from .look import DepthKind
from .preparation import Preparation
from .reading import Reading

REFUSED = {
    "prompt_depth_anything": "it needs a depth map with every picture",
    "chmv2": "it tells the height of trees seen from above, not depth",
}
KINDS: dict[str, DepthKind] = {
    "dpt": "affine_disparity",
    "zoedepth": "metric",
    "glpn": "metric",
    "tipsv2_dpt": "metric",
}
FAMILIES = (*KINDS, "depth_anything", "depth_pro")


def reading_of(config: Mapping[str, Any], preparation: Preparation, name: str) -> Reading:
    """How the outputs of a model with this configuration are read, for pictures prepared so.

    name: for messages. Raises VeloDepthError for a model that is none of FAMILIES, or that cannot be used.
    """
    family = config.get("model_type")
    if family in REFUSED:
        raise VeloDepthError(f"{name} is a {family} model, which cannot be used: {REFUSED[family]}")
    if family == "depth_anything":
        metric = config.get("depth_estimation_type", "relative") == "metric"
        return Reading("metric" if metric else "affine_disparity")
    if family == "depth_pro":
        told = "field_of_view" if config.get("use_fov_model") else None
        # It tells 1 / depth for a focal length of one picture width.
        return Reading("metric", inverse=True, canonical_focal=preparation.width, field_of_view=told)
    if family in KINDS:
        return Reading(KINDS[family])
    raise VeloDepthError(
        f"{name} is a {family} model, which is none of {', '.join(FAMILIES)}: wrap it "
        "in a class with a look method (docs/networks.md)"
    )

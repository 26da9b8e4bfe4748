"""Every family of transformers' depth models, tiny and with random weights, against the library itself."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

import velodepth
from velodepth.adapters.look import checked_look
from velodepth.adapters.transformers_hub import TransformersNetwork
from velodepth.cameras import Pinhole

from ..transformers_models import FAMILIES

KINDS = dict.fromkeys(FAMILIES, "metric") | dict.fromkeys(("dpt", "depth_anything"), "affine_disparity")


def processor_of(folder):
    """The library's own, with Pillow or, for those that have no other, with torchvision."""
    import transformers

    kind = json.loads((folder / "preprocessor_config.json").read_text())["image_processor_type"]
    if kind in ("DepthProImageProcessor", "Tipsv2DptImageProcessor", "ZoeDepthImageProcessor"):
        try:
            import torchvision  # noqa: F401
        except (ImportError, RuntimeError):
            pytest.skip(
                "transformers' processor of this family needs torchvision, of the build of torch here"
            )
        return getattr(transformers, kind).from_pretrained(folder)
    return getattr(transformers, f"{kind}Pil").from_pretrained(folder)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_comes_out_is_a_look_of_the_whole_picture(saved, photo, family):
    network = TransformersNetwork(saved(family), "cpu")
    look = checked_look(network, family, photo, None)
    assert look.kind == KINDS[family]
    assert np.ptp(look.depth[look.mask]) > 0
    aspect = look.depth.shape[1] / look.depth.shape[0]
    if family not in ("dpt", "tipsv2_dpt", "depth_pro"):  # these stretch the picture
        assert aspect == pytest.approx(120 / 90, rel=0.2)
    turned = checked_look(network, family, np.ascontiguousarray(photo.transpose(1, 0, 2)), None)
    assert turned.depth.shape != look.depth.shape or aspect == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_prepared_as_the_library_does(saved, photo, family):
    folder = saved(family)
    theirs = processor_of(folder)(images=photo, return_tensors="pt")["pixel_values"].numpy()
    ours, _ = TransformersNetwork(folder, "cpu").preparation(photo)
    assert ours.shape == theirs.shape
    # Other filters and other roundings, the same place and the same units.
    smooth = [cv2.blur(x[0].transpose(1, 2, 0), (5, 5))[3:-3, 3:-3] for x in (ours, theirs)]
    assert np.abs(smooth[0] - smooth[1]).max() < 0.05 * np.ptp(theirs)


@pytest.mark.parametrize("family", FAMILIES)
def test_depth_is_what_the_library_makes_of_it(saved, photo, family):
    """The same input through the library's model and its post-processing, at the picture's size."""
    import torch
    from transformers import AutoModelForDepthEstimation

    folder = saved(family)
    network = TransformersNetwork(folder, "cpu")
    model = AutoModelForDepthEstimation.from_pretrained(folder).eval()
    with torch.no_grad():
        outputs = model(pixel_values=torch.from_numpy(network.preparation(photo).values))
    sizes = {"target_sizes": [(90, 120)]}
    if family == "zoedepth":
        sizes["source_sizes"] = [(90, 120)]
    (told,) = processor_of(folder).post_process_depth_estimation(outputs, **sizes)
    theirs = told["predicted_depth"].numpy()
    look = network.look(photo, None)
    how = cv2.INTER_LINEAR if family == "tipsv2_dpt" else cv2.INTER_CUBIC
    ours = cv2.resize(look.depth, (120, 90), interpolation=how)
    inner = np.s_[8:-8, 8:-8]
    if family == "depth_pro":  # resized as 1 / depth there
        ours = 1 / cv2.resize(1 / look.depth, (120, 90), interpolation=cv2.INTER_LINEAR)
        assert look.camera.fx == pytest.approx(float(told["focal_length"]))
    off = np.abs(ours - theirs)[inner]
    assert off.max() < 0.05 * np.ptp(theirs[inner]) + 1e-3 * theirs[inner].max()


def test_the_units_of_depth_pro_follow_the_camera(saved, photo):
    network = TransformersNetwork(saved("depth_pro"), "cpu")
    free = network.look(photo, None)
    assert free.camera.fx == pytest.approx(60 / np.tan(np.radians(30)), rel=0.5)
    known = network.look(photo, Pinhole(2 * free.camera.fx, 2 * free.camera.fx, 60, 45))
    np.testing.assert_allclose(known.depth, 2 * free.depth, rtol=1e-5)


def test_without_a_focal_length_depth_pro_is_depth_up_to_a_factor(saved, photo, tmp_path):
    folder = shutil.copytree(saved("depth_pro"), tmp_path / "blind")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"use_fov_model": False}))
    network = TransformersNetwork(folder, "cpu")
    assert network.look(photo, None).kind == "scale"
    assert network.look(photo, Pinhole(100, 100, 60, 45)).kind == "metric"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "prompt_depth_anything"}, ["prompt_depth_anything", "depth map with every picture"]),
        ({"model_type": "chmv2"}, ["chmv2", "height"]),
        ({"model_type": "vit"}, ["vit", "depth_anything"]),
    ],
)
def test_what_cannot_be_used_is_refused(saved, tmp_path, change, words):
    folder = shutil.copytree(saved("dpt"), tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(velodepth.VeloDepthError) as error:
        TransformersNetwork(folder, "cpu")
    assert all(word in str(error.value) for word in (str(folder), *words))


def test_missing_weights_are_one_sentence(saved, tmp_path):
    folder = shutil.copytree(saved("dpt"), tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(velodepth.VeloDepthError, match="model") as error:
        TransformersNetwork(folder, "cpu")
    assert "\n" not in str(error.value) and str(folder) in str(error.value)


def test_a_broken_preprocessor_is_one_sentence(saved, tmp_path):
    folder = shutil.copytree(saved("dpt"), tmp_path / "model")
    (folder / "preprocessor_config.json").write_text('{"size": {"shortest_edge": 4}, "do_normalize": false}')
    with pytest.raises(velodepth.VeloDepthError, match=r"preprocessor_config\.json"):
        TransformersNetwork(folder, "cpu")

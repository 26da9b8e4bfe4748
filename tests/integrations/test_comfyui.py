"""The ComfyUI node through its plain interface, without ComfyUI."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import velodepth

torch = pytest.importorskip("torch", reason="ComfyUI brings it")

FOLDER = Path(__file__).parents[2] / "integrations" / "comfyui"


@pytest.fixture(scope="module")
def node() -> ModuleType:
    """Loaded from its folder, as ComfyUI does it."""
    spec = importlib.util.spec_from_file_location("velodepth_node", FOLDER / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def images(clip):
    return torch.from_numpy(np.stack(clip[:4])).float() / 255


def test_it_has_what_comfyui_looks_for(node):
    assert node.NODE_CLASS_MAPPINGS.keys() == node.NODE_DISPLAY_NAME_MAPPINGS.keys()
    for kind in node.NODE_CLASS_MAPPINGS.values():
        assert len(kind.RETURN_TYPES) == len(kind.RETURN_NAMES) and callable(getattr(kind, kind.FUNCTION))
        asked = kind.INPUT_TYPES()
        assert set(asked) <= {"required", "optional", "hidden"}
        names = getattr(kind, kind.FUNCTION).__code__.co_varnames
        assert {name for group in asked.values() for name in group} <= {*names}
        presets = asked["required"]["preset"][0]
        assert {*presets} <= {*velodepth.presets.PRESETS}


def test_its_depth_is_that_of_the_library(node, images, clip, nano):
    colours, nearness, metres, camera = node.VeloDepth().run(images)
    frames = list(nano.run(clip[:4]))
    assert colours.shape == nearness.shape == (4, 240, 320, 3) and metres.shape == (4, 240, 320)
    np.testing.assert_array_equal(metres.numpy(), [frame.depth for frame in frames])
    colouring = velodepth.Colouring()
    painted = [colouring.paint(frame) for frame in frames]
    np.testing.assert_allclose(colours.numpy() * 255, painted, atol=1e-3)
    assert velodepth.Camera.from_dict(json.loads(camera)) == frames[0].camera
    grey = nearness.numpy()
    assert grey.min() >= 0 and grey.max() <= 1 and (grey[..., 0] == grey[..., 2]).all()
    near, far = metres[0].flatten().argmin(), metres[0].flatten().argmax()
    assert grey[0, ..., 0].flatten()[near] > grey[0, ..., 0].flatten()[far]


def test_focal_range_and_policy_are_heeded(node, images):
    *_, camera = node.VeloDepth().run(images, focal=400.0, near=1.0, far=2.0, policy="per-frame")
    assert json.loads(camera)["fx"] == 400
    colours, *_ = node.VeloDepth().run(images[:1], near=9000.0, far=9999.0)
    assert colours[0, :100].reshape(-1, 3).std(dim=0).max() < 0.02  # all is nearer than the nearest colour


def test_it_tells_comfyui_how_far_it_is(node, images, monkeypatch):
    done = []

    class ProgressBar:
        def __init__(self, total):
            done.append(total)

        def update(self, count):
            done.append(count)

    comfy = ModuleType("comfy.utils")
    comfy.ProgressBar = ProgressBar
    monkeypatch.setitem(sys.modules, "comfy", ModuleType("comfy"))
    monkeypatch.setitem(sys.modules, "comfy.utils", comfy)
    node.VeloDepth().run(images[:2])
    assert done == [2, 1, 1]


def test_what_makes_no_sense_is_a_sentence(node, images):
    with pytest.raises(velodepth.VeloDepthError, match=r"range from 5\.0 to 1\.0"):
        node.VeloDepth().run(images, near=5.0, far=1.0)

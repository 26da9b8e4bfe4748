"""Models of transformers as ONNX files: the same answers, without torch."""

from __future__ import annotations

import json

import numpy as np
import pytest

import velodepth
from velodepth.adapters.loading import load_network
from velodepth.adapters.transformers_hub import TransformersNetwork

from ..transformers_models import FAMILIES

pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")

from velodepth import export


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "tipsv2_dpt"])
def test_every_family_runs_again_from_its_graph(saved, photo, tmp_path, family):
    from velodepth.adapters.exporting import write_network

    network = TransformersNetwork(saved(family), "cpu")
    error = write_network(network, tmp_path, {"licence": "MIT"}, 120, 90)
    assert error < 1e-4
    named = load_network(str(tmp_path))
    assert named.licence == "MIT" and "torch" not in type(named.network).__module__
    expected, found = network.look(photo, None), named.network.look(photo, None)
    assert found.kind == expected.kind and found.depth.shape == expected.depth.shape
    np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-2, atol=1e-3 * expected.depth.max())
    if expected.camera is not None:
        assert found.camera.fx == pytest.approx(expected.camera.fx, rel=1e-4)
    note = json.loads((tmp_path / "network.json").read_text())
    assert note["kind"] == expected.kind


def test_what_onnx_has_no_operator_for_is_one_sentence(saved, tmp_path):
    from velodepth.adapters.exporting import write_network

    network = TransformersNetwork(saved("tipsv2_dpt"), "cpu")
    with export._antialiasing():  # as an export of ours has it, and leaves it behind
        pass
    with pytest.raises(velodepth.VeloDepthError, match=r"ONNX graph .*upsample_bilinear2d_aa") as error:
        write_network(network, tmp_path, {}, 120, 90)
    assert "\n" not in str(error.value)

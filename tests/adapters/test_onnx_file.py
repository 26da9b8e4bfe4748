"""Networks in an ONNX file: told by JSON, by transformers' files or by their names; and what is refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import velodepth
from velodepth.adapters.look import checked_look
from velodepth.adapters.onnx_file import OnnxNetwork
from velodepth.cameras import Pinhole

onnx = pytest.importorskip("onnx", reason="onnx is an extra: pip install 'velodepth[export]'")
from onnx import TensorProto, helper  # noqa: E402

FLOAT = TensorProto.FLOAT
DEPTH_ANYTHING = {"pixel_values": [1, 3, "h", "w"]}


def write(path, inputs, nodes, outputs, constants=(), integers=()):
    """A graph with those ports (name -> shape) and nodes (operator, inputs, outputs, attributes)."""
    kinds = dict.fromkeys(integers, TensorProto.INT64)
    graph = helper.make_graph(
        [helper.make_node(kind, into, out, **more) for kind, into, out, more in nodes],
        "tiny",
        [helper.make_tensor_value_info(k, kinds.get(k, FLOAT), shape) for k, shape in inputs.items()],
        [helper.make_tensor_value_info(k, FLOAT, shape) for k, shape in outputs.items()],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def mean_of(path, inputs=None, output="predicted_depth"):
    """A network that answers with the mean of the colours that it is fed."""
    inputs = inputs or DEPTH_ANYTHING
    (name,) = inputs
    shape = [1, *inputs[name][2:]]
    return write(
        path, inputs, [("ReduceMean", [name], [output], {"axes": [1], "keepdims": 0})], {output: shape}
    )


def test_the_signature_of_depth_anything(tmp_path, photo):
    look = checked_look(OnnxNetwork(mean_of(tmp_path / "da.onnx")), "da.onnx", photo, None)
    assert look.kind == "affine_disparity" and look.depth.shape == (392, 518)
    bright = look.depth[:, -100:].mean() - look.depth[:, :100].mean()
    assert bright > 1  # the picture is bright to the right, and so is the answer


def test_a_graph_of_fixed_size_is_fed_that_size(tmp_path, photo):
    path = mean_of(tmp_path / "da.onnx", {"pixel_values": [1, 3, 56, 84]})
    assert OnnxNetwork(path).look(photo, None).depth.shape == (56, 84)


def test_json_beside_it(tmp_path, photo):
    path = mean_of(tmp_path / "mine.onnx", {"rgb": [1, 3, 48, 64]}, "z")
    note = {"kind": "metric", "image": "rgb", "depth": "z", "mean": [0, 0, 0], "std": [1, 1, 1], "unit": 0.1}
    note |= {"max_depth": 8, "licence": "MIT"}
    path.with_suffix(".json").write_text(json.dumps(note))
    look = OnnxNetwork(path).look(photo, None)
    assert look.kind == "metric" and look.depth.shape == (48, 64)
    np.testing.assert_allclose(look.depth.mean(), photo.mean() * 0.1, rtol=0.02)
    assert (look.mask == (look.depth <= 8)).all() and 0 < look.mask.mean() < 1


def test_metric3d_needs_the_focal_length_for_metres(tmp_path, photo):
    path = mean_of(tmp_path / "m3d.onnx", {"image": [1, 3, 616, 1064]}, "pred_depth")
    network = OnnxNetwork(path)
    free, known = network.look(photo, None), network.look(photo, Pinhole(100, 100, 60, 45))
    assert (free.kind, known.kind) == ("scale", "metric")
    assert free.depth.shape == (616, 821)  # of 1064: the bars beside the picture are cut
    np.testing.assert_allclose(free.depth.mean(), photo.mean(), rtol=0.02)
    np.testing.assert_allclose(known.depth, free.depth * (100 * 821 / 120 / 1000), rtol=1e-5)


def test_unidepth_tells_the_camera(tmp_path, photo):
    matrix = np.array([[[308, 0, 320], [0, 231, 250], [0, 0, 1]]], np.float32)
    path = write(
        tmp_path / "uni.onnx",
        {"image": [1, 3, 462, 616]},
        [
            ("ReduceMean", ["image"], ["mean"], {"axes": [1], "keepdims": 1}),
            ("Exp", ["mean"], ["depth"], {}),
            ("Identity", ["matrix"], ["out_K"], {}),
            ("Identity", ["depth"], ["confidence"], {}),
        ],
        {"out_K": [1, 3, 3], "depth": [1, 1, 462, 616], "confidence": [1, 1, 462, 616]},
        [("matrix", matrix)],
    )
    look = checked_look(OnnxNetwork(path), "uni", photo, None)
    camera = look.camera
    assert look.kind == "metric" and look.confidence.shape == look.depth.shape
    scale = 120 / 616
    assert (camera.fx, camera.cx) == pytest.approx((308 * scale, 320 * scale))
    assert (camera.fy, camera.cy) == pytest.approx((231 * 90 / 462, 250 * 90 / 462))


def test_unidepth_with_a_camera_input_is_told_it(tmp_path, photo):
    path = write(
        tmp_path / "uni.onnx",
        {"image": [1, 3, 462, 616], "K": [1, 3, 3]},
        [
            ("ReduceMean", ["image"], ["mean"], {"axes": [1], "keepdims": 1}),
            ("Exp", ["mean"], ["depth"], {}),
            ("Identity", ["K"], ["out_K"], {}),
        ],
        {"out_K": [1, 3, 3], "depth": [1, 1, 462, 616]},
    )
    camera = OnnxNetwork(path).look(photo, Pinhole(100, 110, 61, 44)).camera
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((100, 110, 61, 44))
    with pytest.raises(velodepth.VeloDepthError, match="focal length"):
        OnnxNetwork(path).look(photo, None)


def test_moge_leaves_focal_and_shift_to_us(tmp_path, photo):
    """Points of a known scene, moved along z and shrunk: metres and camera come back."""
    fx, shift, metres = 110.0, 0.8, 2.5
    v, u = np.indices((90, 120)) + 0.5
    depth = 1 + 0.01 * u + 0.02 * v
    points = np.stack([(u - 60) / fx * depth, (v - 45) / fx * depth, depth - shift], axis=2)
    path = write(
        tmp_path / "moge.onnx",
        {"image": ["b", 3, "h", "w"], "num_tokens": []},
        [
            ("Identity", ["p"], ["points"], {}),
            ("Identity", ["m"], ["mask"], {}),
            ("Identity", ["s"], ["metric_scale"], {}),
        ],
        {"points": [1, 90, 120, 3], "mask": [1, 90, 120], "metric_scale": [1]},
        [
            ("p", points[None].astype(np.float32)),
            ("m", (v[None] > 5).astype(np.float32)),
            ("s", np.array([metres], np.float32)),
        ],
        integers=["num_tokens"],
    )
    look = checked_look(OnnxNetwork(path), "moge", photo, None)
    assert look.kind == "metric" and look.camera.fx == pytest.approx(fx, rel=1e-3)
    np.testing.assert_allclose(look.depth[look.mask], (metres * depth)[v > 5], rtol=1e-3)
    assert (look.mask == (v > 5)).all()
    told = OnnxNetwork(path).look(photo, Pinhole(fx, fx, 60, 45))
    np.testing.assert_allclose(told.depth, metres * depth, rtol=1e-3)
    assert told.camera is None


def test_files_of_transformers_say_what_a_graph_is(tmp_path, photo, saved):
    """As in onnx-community's repositories: the graph in onnx/, its configuration above."""
    (tmp_path / "onnx").mkdir()
    for name in ("config.json", "preprocessor_config.json"):
        shutil.copy(saved("depth_anything-metric") / name, tmp_path / name)
    look = OnnxNetwork(mean_of(tmp_path / "onnx" / "model.onnx")).look(photo, None)
    assert look.kind == "metric" and look.depth.shape == (70, 98)


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (None, ["rgb", "mine.json"]),
        ({"image": "rgb", "depth": "z"}, ["mine.json", "kind"]),
        ({"kind": "metric", "image": "rgb", "depth": "depth"}, ["mine.json", "'depth'", "z"]),
        ({"kind": "metric", "depth": "z"}, ["mine.json", "'pixel_values'", "rgb"]),
        ({"kind": "metric", "image": "rgb", "depth": "z", "mean": [0]}, ["mine.json", "mean"]),
        ({"kind": "metric", "image": "rgb", "depth": "z", "colour": 1}, ["mine.json", "colour"]),
        ([], ["mine.json"]),
    ],
)
def test_what_does_not_describe_the_graph_is_one_sentence(tmp_path, note, words):
    path = mean_of(tmp_path / "mine.onnx", {"rgb": [1, 3, 48, 64]}, "z")
    if note is not None:
        path.with_suffix(".json").write_text(json.dumps(note))
    with pytest.raises(velodepth.VeloDepthError) as error:
        OnnxNetwork(path)
    told = str(error.value)
    assert "\n" not in told and all(word in told for word in words), told


def test_a_file_that_is_no_graph_is_one_sentence(tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"not a graph")
    with pytest.raises(velodepth.VeloDepthError, match=r"mine\.onnx"):
        OnnxNetwork(tmp_path / "mine.onnx")

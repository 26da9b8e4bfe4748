"""Point clouds as other programs read them: through trimesh."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pytest
import trimesh

from velodepth.cameras import KannalaBrandt, Pinhole
from velodepth.errors import VeloDepthError
from velodepth.media.cloud import Cloud
from velodepth.media.writing import Options, open_writer
from velodepth.stream.frame import DepthFrame

WIDTH, HEIGHT = 33, 24
PINHOLE = Pinhole(30.0, 32.0, 16.5, 12.0)


ALL = Cloud("all")


def make_frame(index=0, camera=PINHOLE, depth=None):
    if depth is None:
        depth = np.random.default_rng(index).uniform(1, 9, (HEIGHT, WIDTH))
    picture = np.random.default_rng(index).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return DepthFrame.of(depth, camera, picture, index=index, time=index / 30)


def write(folder, kind, frames, points=1, cloud=ALL):
    with open_writer(folder, kind, Options(points=points, cloud=cloud)) as writer:
        for frame in frames:
            writer.write(frame)
    return sorted(path.name for path in folder.iterdir())


def gltf_of(path):
    """The JSON of a GLB file, whose lengths and alignment are looked at."""
    code = path.read_bytes()
    magic, version, length = struct.unpack_from("<4sII", code)
    assert (magic, version, length) == (b"glTF", 2, len(code))
    size, kind = struct.unpack_from("<I4s", code, 12)
    assert kind == b"JSON" and size % 4 == 0
    return json.loads(code[20 : 20 + size]), code[20 + size :]


@pytest.mark.parametrize("kind", ["ply", "glb"])
def test_points_and_colours(tmp_path, kind):
    frame = make_frame()
    frame.points[3, 4], frame.points[5, 6, 1] = np.nan, np.inf
    assert write(tmp_path / "clip", kind, [frame]) == [f"000000.{kind}"]
    loaded = trimesh.load(tmp_path / "clip" / f"000000.{kind}")
    (cloud,) = loaded.geometry.values() if kind == "glb" else [loaded]
    known = np.isfinite(frame.points).all(axis=2)
    assert np.count_nonzero(~known) == 2
    axes = (1, -1, -1) if kind == "glb" else (1, 1, 1)  # glTF: y up, the camera looks along -z
    np.testing.assert_array_equal(cloud.vertices, frame.points[known] * np.float32(axes))
    colours = frame.picture[known]
    np.testing.assert_array_equal(cloud.colors[:, :3], colours if kind == "ply" else linear(colours))


def linear(colours):
    """Light in 8 bits for an sRGB picture (IEC 61966-2-1)."""
    value = colours / 255
    return np.rint(np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4) * 255)


def test_colours_of_a_glb_are_linear_light_in_8_bits(tmp_path):
    frame = make_frame()
    write(tmp_path / "clip", "glb", [frame])
    gltf, rest = gltf_of(tmp_path / "clip" / "000000.glb")
    size, kind = struct.unpack_from("<I4s", rest)
    assert kind == b"BIN\0" and size == len(rest) - 8 == gltf["buffers"][0]["byteLength"]
    primitive = gltf["meshes"][0]["primitives"][0]
    accessor = gltf["accessors"][primitive["attributes"]["COLOR_0"]]
    assert (accessor["componentType"], accessor["type"], accessor["normalized"]) == (5121, "VEC4", True)
    positions = gltf["accessors"][primitive["attributes"]["POSITION"]]
    points = frame.points.reshape(-1, 3) * np.float32((1, -1, -1))
    assert positions["min"] == points.min(axis=0).tolist() and positions["max"] == points.max(axis=0).tolist()


@pytest.mark.parametrize("kind", ["ply", "glb"])
def test_what_hangs_in_the_air_and_every_other_pixel_is_left_out(tmp_path, kind):
    depth = np.full((HEIGHT, WIDTH), 2.0)
    depth[:, 16:], depth[:, 14:16] = (
        6.0,
        (3.0, 5.0),
    )  # the columns 14 and 15 lead from the near to the far wall
    frame = make_frame(depth=depth)
    write(tmp_path / "clean", kind, [frame], cloud=Cloud())
    write(tmp_path / "coarse", kind, [frame], cloud=Cloud("all", stride=2))
    clean, coarse = (
        next(iter(loaded.geometry.values())) if kind == "glb" else loaded
        for loaded in (trimesh.load(tmp_path / name / f"000000.{kind}") for name in ("clean", "coarse"))
    )
    kept = [*range(14), *range(17, WIDTH)]  # 16 is beside 15
    expected = frame.points[:, kept].reshape(-1, 3) * np.float32((1, -1, -1) if kind == "glb" else (1, 1, 1))
    np.testing.assert_array_equal(clean.vertices, expected)
    assert len(coarse.vertices) == 17 * 12


def test_the_camera_of_a_glb_sees_what_the_picture_shows(tmp_path):
    write(tmp_path / "clip", "glb", [make_frame()])
    gltf, _ = gltf_of(tmp_path / "clip" / "000000.glb")
    lens = gltf["cameras"][0]["perspective"]
    up = math.tan(lens["yfov"] / 2)
    assert up == pytest.approx(12 / 32) and lens["aspectRatio"] * up == pytest.approx(16.5 / 30)
    assert gltf["cameras"][0]["extras"] == {
        "width": 33, "height": 24, "fx": 30.0, "fy": 32.0, "cx": 16.5, "cy": 12.0,
    }  # fmt: skip
    assert [gltf["nodes"][i]["name"] for i in gltf["scenes"][0]["nodes"]] == ["points", "camera"]


def test_a_lens_gltf_has_no_words_for_is_left_out(tmp_path):
    write(tmp_path / "clip", "glb", [make_frame(camera=KannalaBrandt(30.0, 32.0, 16.5, 12.0, 0.1))])
    gltf, _ = gltf_of(tmp_path / "clip" / "000000.glb")
    assert "cameras" not in gltf and len(gltf["nodes"]) == 1


def test_a_frame_without_points_is_a_valid_empty_scene(tmp_path):
    write(tmp_path / "clip", "glb", [make_frame(depth=np.full((HEIGHT, WIDTH), np.nan))])
    gltf, rest = gltf_of(tmp_path / "clip" / "000000.glb")
    assert "meshes" not in gltf and not rest
    assert [node["name"] for node in gltf["nodes"]] == ["camera"]


def test_chosen_frames(tmp_path):
    frames = [make_frame(index) for index in range(5)]
    assert write(tmp_path / "some", "glb", frames, 2) == ["000000.glb", "000002.glb", "000004.glb"]
    assert write(tmp_path / "named", "glb", frames, {1, 9}) == ["000001.glb"]
    with pytest.raises(VeloDepthError, match="every 0th frame"):
        open_writer(tmp_path / "none", "glb", Options(points=0))

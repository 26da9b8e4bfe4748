"""The Blender add-on in Blender itself (pip install bpy), in a process of its own, where there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from velodepth import DepthFrame, Pinhole
from velodepth.media.writing import writers_for

ADD_ON = Path(__file__).parents[2] / "integrations" / "blender" / "velodepth_import.py"
WIDTH, HEIGHT = 32, 24
IN_BLENDER = """
import json, sys
from pathlib import Path
import bpy, numpy as np
sys.path.insert(0, sys.argv[1])
import velodepth_import as add_on

bpy.ops.wm.read_factory_settings(use_empty=True)
add_on.register()
scene = bpy.context.scene
assert bpy.ops.import_scene.velodepth(filepath=sys.argv[2]) == {"FINISHED"}
surface = next(each for each in scene.objects if "velodepth" in each)
told = {"frames": [scene.frame_start, scene.frame_end], "points": []}
told["fps"] = scene.render.fps / scene.render.fps_base
for frame in (1, 3):
    scene.frame_set(frame)
    shown = surface.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.array([surface.matrix_world @ vertex.co for vertex in surface.data.vertices])
    told["points"].append(points.tolist())
    told["kept"] = len(shown.data.vertices)
from bpy_extras.object_utils import world_to_camera_view
seen = [world_to_camera_view(scene, scene.camera, surface.matrix_world @ v.co) for v in surface.data.vertices]
told["seen"] = [[p.x, 1 - p.y, p.z] for p in seen]
told["colours"] = [list(each.color) for each in surface.data.attributes["Color"].data][:3]
add_on.unregister()
print("told" + json.dumps(told))
"""


def blender() -> dict[str, str]:
    """The environment in which bpy is found; VELODEPTH_BPY may name a folder that it was installed to."""
    if os.environ.get("VELODEPTH_BPY"):
        return {**os.environ, "PYTHONPATH": os.environ["VELODEPTH_BPY"]}
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("there is no Blender: pip install bpy --target FOLDER, and VELODEPTH_BPY=FOLDER")
    return dict(os.environ)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A wall that comes nearer, with a box before it."""
    folder, camera = tmp_path_factory.mktemp("results"), Pinhole(30.0, 30.0, 17.0, 11.0)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 0] = 255
    with writers_for(folder, "clip", ["npz", "exr", "jsonl"]) as writers:
        for index in range(3):
            depth = np.full((HEIGHT, WIDTH), 4.0 - index)
            depth[8:16, 8:16] = 0.5
            writers.write(DepthFrame.of(depth, camera, picture, index=index, time=index / 10))
    return folder


@pytest.mark.parametrize("source", ["clip.npz", "clip-exr/000000.exr"])
def test_a_result_moves_with_the_timeline_before_its_camera(results, source):
    command = [sys.executable, "-c", IN_BLENDER, str(ADD_ON.parent), str(results / source)]
    done = subprocess.run(command, capture_output=True, text=True, env=blender())
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("told"))[4:])
    assert told["frames"] == [1, 3] and told["fps"] == pytest.approx(10)
    first, last = (np.array(points).reshape(HEIGHT, WIDTH, 3) for points in told["points"])
    np.testing.assert_allclose(first[0, 0], [(0.5 - 17) / 30 * 4, 4, -(0.5 - 11) / 30 * 4], rtol=1e-5)
    np.testing.assert_allclose(last[..., 1], np.where(first[..., 1] > 1, 2, 0.5), rtol=1e-5)
    assert told["kept"] == WIDTH * HEIGHT - 4 * 8  # the wall around the box hangs in the air
    seen = np.array(told["seen"]).reshape(HEIGHT, WIDTH, 3)  # each vertex lies on its own pixel
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH, (np.arange(HEIGHT) + 0.5) / HEIGHT)
    np.testing.assert_allclose(seen[..., 0], x, atol=1e-4)
    np.testing.assert_allclose(seen[..., 1], y, atol=1e-4)
    red = [1, 0, 0, 1] if "exr" in source else [0.5, 0.5, 0.5, 1]
    np.testing.assert_allclose(told["colours"], [red] * 3, atol=1e-3)

from __future__ import annotations

import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds.spm import read_spm

POSITIONS = np.array([(0, 0, 0), (2, 0, 0), (2, 0, 3)], float)
UV = np.array([(0, 0), (1, 0), (1, 0.5)])
TRIANGLE = np.array([(0, 1, 2)])


def test_position_uv_and_texture(tmp_path, write_spm):
    write_spm(tmp_path / "a.spm", POSITIONS, UV, TRIANGLE, "stone.png")
    (part,) = read_spm(tmp_path / "a.spm")
    assert part.texture == "stone.png"
    # the game looks along its z, which is left-handed: z is turned round
    assert np.allclose(part.mesh["position"], POSITIONS * (1, 1, -1))
    assert np.allclose(part.mesh["uv"], UV)
    assert np.allclose(part.mesh["tint"], 1)
    assert np.allclose(np.abs(part.mesh["normal"]), (0, 1, 0)), "without normals, the triangle's own"


def test_normals_colours_and_skin(tmp_path, write_spm):
    normals = np.array([(0, 0.6, 0.8), (1, 0, 0), (0, -1, 0)])
    colours = [None, (255, 0, 51), None]
    write_spm(tmp_path / "a.spm", POSITIONS, UV, TRIANGLE, "a.png", normals, colours, skinned=True)
    (part,) = read_spm(tmp_path / "a.spm")
    assert np.allclose(part.mesh["normal"], normals * (1, 1, -1), atol=0.003)
    assert np.allclose(part.mesh["tint"], [(1, 1, 1), (1, 0, 0.2), (1, 1, 1)])
    assert np.allclose(part.mesh["uv"], UV)
    assert np.allclose(part.mesh["position"], POSITIONS * (1, 1, -1))


def test_many_vertices_have_wider_indices(tmp_path, write_spm):
    positions = np.random.default_rng(0).normal(size=(300, 3))
    triangles = np.array([(0, 150, 299)])
    write_spm(tmp_path / "a.spm", positions, positions[:, :2], triangles, "a.png")
    (part,) = read_spm(tmp_path / "a.spm")
    assert np.allclose(part.mesh["position"], positions[triangles[0]] * (1, 1, -1), atol=1e-6)


@pytest.mark.parametrize("keep", [0, 3, 60, 90])
def test_broken_files_are_named(tmp_path, write_spm, keep):
    path = tmp_path / "a.spm"
    write_spm(path, POSITIONS, UV, TRIANGLE, "stone.png")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(VeloDepthError, match=r"a\.spm"):
        read_spm(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(VeloDepthError, match=r"none\.spm"):
        read_spm(tmp_path / "none.spm")

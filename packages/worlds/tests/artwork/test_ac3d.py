from __future__ import annotations

import numpy as np
import pytest

from velodepth import VeloDepthError
from velodepth_worlds.ac3d import read_ac3d

HEAD = 'AC3Db\nMATERIAL "" rgb 1 1 1 amb 1 1 1 emis 0 0 0 spec 0 0 0 shi 0 trans 0\nOBJECT world\nkids 1\n'


def read(tmp_path, text):
    (tmp_path / "a.ac").write_text(HEAD + text)
    return read_ac3d(tmp_path / "a.ac")


def test_polygon_is_cut_and_moved(tmp_path):
    # a group that is turned by 90 degrees about y and moved, with one square in it
    parts = read(
        tmp_path,
        'OBJECT group\nname "g"\nloc 10 0 0\nrot 0 0 -1 0 1 0 1 0 0\nkids 1\n'
        'OBJECT poly\nname "flat"\ntexture "a.rgb" base\ntexture "b.rgb" tiled\nloc 0 1 0\nnumvert 4\n'
        "0 0 0\n1 0 0\n1 0 2\n0 0 2\nnumsurf 1\nSURF 0x10\nmat 0\nrefs 4\n"
        "0 0.25 0\n1 1 0\n2 1 1\n3 0 1\nkids 0\n",
    )
    (part,) = parts
    assert (part.name, part.texture) == ("flat", "a.rgb")
    square = np.array([(10, 1, 0), (10, 1, -1), (12, 1, -1), (12, 1, 0)])
    assert np.allclose(part.mesh["position"], square[[0, 1, 2, 0, 2, 3]])
    assert np.allclose(part.mesh["uv"][:3], [(0.25, 1), (1, 1), (1, 0)]), "v runs down the picture"
    assert np.allclose(np.abs(part.mesh["normal"]), (0, 1, 0), atol=1e-6)


def test_strips_normals_and_more_coordinates(tmp_path):
    (part,) = read(
        tmp_path,
        'OBJECT poly\nname "s"\ntexture "a.rgb" base\nnumvert 4\n'
        "0 0 0 0 0.6 0.8\n1 0 0 0 0.6 0.8\n0 0 1 0 0.6 0.8\n1 0 1 0 0.6 0.8\n"
        "numsurf 2\nSURF 0x14\nmat 0\nrefs 4\n0 0 0 9 9\n1 1 0 9 9\n2 0 1 9 9\n3 1 1 9 9\n"
        "SURF 0x12\nmat 0\nrefs 2\n0 0 0\n1 0 0\nkids 0\n",
    )
    assert len(part.mesh) == 6, "two triangles of the strip, none of the line"
    assert np.allclose(part.mesh["normal"], (0, 0.6, 0.8))
    assert np.allclose(part.mesh["uv"][1], (1, 1))


def test_fewer_children_than_announced(tmp_path, write_ac3d):
    write_ac3d(tmp_path / "a.acc", [("one", "a.png", np.eye(3))])
    text = (tmp_path / "a.acc").read_text().replace("kids 1", "kids 5")
    (tmp_path / "a.acc").write_text(text)
    assert [part.name for part in read_ac3d(tmp_path / "a.acc")] == ["one"]


@pytest.mark.parametrize("text", ["", "OBJECT world", "AC3Db\nOBJECT poly\nnumvert 3\n0 0 0\n"])
def test_broken_files_are_named(tmp_path, text):
    (tmp_path / "a.ac").write_text(text)
    with pytest.raises(VeloDepthError, match=r"a\.ac"):
        read_ac3d(tmp_path / "a.ac")

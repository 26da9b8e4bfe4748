"""Networks of others as a shell names them: carried, timed, and told when they fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

NETWORK = """
import numpy as np
import velodepth

class Ramp:
    looks = 0

    def look(self, picture, camera):
        Ramp.looks += 1
        height, width = picture.shape[:2]
        depth = np.tile(np.linspace(4, 1, height)[:, None], (1, width))
        return velodepth.Look(depth, "metric")

class Tired(Ramp):
    def look(self, picture, camera):
        look = super().look(picture, camera)
        if self.looks > 2:
            raise MemoryError("no room for another")
        return look

class Silent:
    def look(self, picture, camera):
        pass

class Upside:
    def look(self, picture, camera):
        return velodepth.Look(np.full((6, 8), np.nan), "metric")
"""


@pytest.fixture
def own(folder):
    (folder / "own.py").write_text(NETWORK)
    return "own.py:{}".format


def test_a_network_is_carried(call, street, folder, own):
    call("run", street, "--preset", own("Ramp"), "--policy", "every:4", "--save", "npz,jsonl")
    archive = np.load(folder / "street.npz")
    assert archive["keyframe"].tolist() == ([True] + [False] * 3) * 3
    expected = np.linspace(4, 1, 48)[:, None]
    assert np.median(np.abs(np.log(archive["depth"] / expected))) < 0.05
    facts = json.loads((folder / "street.jsonl").read_text().splitlines()[0])
    assert facts["preset"] == "own.py:Ramp"


def test_one_that_fails_on_the_way_is_told_and_the_video_is_whole(call, street, folder, own):
    outcome = call("run", street, "--preset", own("Tired"), "--policy", "every:4", "--save", "npz")
    assert "own.py:Tired failed at a picture (MemoryError: no room for another)" in outcome.err
    assert np.load(folder / "street.npz")["depth"].shape == (12, 48, 64)


@pytest.mark.parametrize(
    ("name", "words"),
    [("Silent", ["own.py:Silent", "NoneType", "velodepth.Look"]), ("Upside", ["own.py:Upside", "NaN"])],
)
def test_one_that_says_nothing_ends_it_in_one_sentence(refused, street, folder, own, name, words):
    said = refused("run", street, "--preset", own(name), "--save", "npz")
    assert all(word in said for word in words)
    assert [path.name for path in folder.iterdir() if path.suffix != ".py" and path.is_file()] == []


def test_realtime_writes_every_frame_and_begins_with_the_base(call, street, folder, own):
    call("run", street, "--preset", own("Ramp"), "--realtime", "--policy", "every", "--save", "npz")
    archive = np.load(folder / "street.npz")
    assert archive["depth"].shape == (12, 48, 64) and archive["keyframe"][0]
    off = np.abs(np.log(archive["depth"] / np.linspace(4, 1, 48)[:, None]))
    assert np.median(off[-1]) < 0.1 < np.median(off[0])


RELATIVE = """
import numpy as np
import velodepth

class Disparity:
    def look(self, picture, camera):
        height, width = picture.shape[:2]
        return velodepth.Look(np.tile(np.linspace(10, 40, height)[:, None], (1, width)), "affine_disparity")
"""


def test_relative_depth_is_said_in_every_file(call, street, folder):
    (folder / "own.py").write_text(RELATIVE)
    told = "npz,jsonl,png,tiff,exr,ply,glb,side,depth,stereo,bag"
    common = ("--preset", "own.py:Disparity", "--save", told, "--max-frames", "2", "--ply-every", "1")
    call("run", street, *common, "--relative")
    archive = np.load(folder / "street.npz")
    assert str(archive["measure"]) == "relative depth"
    said = 1 / 25  # 1 / disparity as the network says it
    assert np.median(archive["depth"]) == pytest.approx(said, rel=0.1)
    names = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".py", ".npz")
    ]
    assert {path.suffix for path in names} == {
        *(".jsonl", ".png", ".tiff", ".exr", ".ply", ".glb", ".mp4", ".mcap")
    }
    for path in names:
        content = path.read_bytes()
        assert b"relative depth" in content or b"relative_depth" in content, path
    call("run", street, *common, "--overwrite")
    assert str(np.load(folder / "street.npz")["measure"]) == "depth"


def test_relative_is_for_networks_of_others(refused, street):
    assert "nano tells metres" in refused("run", street, "--relative")

import io
import json
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import velodepth
from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError
from velodepth.eval.identity import fingerprint
from velodepth.eval.predictions import (
    ClipInfo,
    FolderPredictor,
    NetworkPredictor,
    Prediction,
    Predictor,
    StreamPredictor,
    _model,
    _weights,
    resized,
)
from velodepth.media.writing import writers_for

EXAMPLES = Path(__file__).parents[2] / "examples"
CAMERA = Pinhole(260, 260, 160, 120, size=(320, 240))
CLIP = ClipInfo("room", 320, 240, CAMERA)
PICTURE = np.zeros((240, 320, 3), np.uint8)  # what a folder does not look at


def answers(predictor: Predictor, pictures: list[np.ndarray], clip: ClipInfo = CLIP) -> list[Prediction]:
    predictor.start(clip)
    return [predictor.push(picture) for picture in pictures]


# A preset and a policy


def test_a_stream_is_what_model_stream_gives(nano: velodepth.Model, clip: list[np.ndarray]) -> None:
    predictor = StreamPredictor("nano", "adaptive")
    found = answers(predictor, clip[:4])
    stream = nano.stream(CAMERA)
    for i, picture in enumerate(clip[:4]):
        frame = stream.push(picture)
        assert (found[i].index, found[i].is_keyframe) == (i, frame.is_keyframe)
        np.testing.assert_array_equal(found[i].depth, frame.depth)
        np.testing.assert_array_equal(found[i].confidence, frame.confidence)
        assert found[i].rays is None  # those of the camera
        assert found[i].seconds is not None
        assert found[i].seconds > 0
    np.testing.assert_array_equal(answers(predictor, clip[:1])[0].depth, found[0].depth)  # begun anew


def test_without_a_camera_rays_come_along(clip: list[np.ndarray]) -> None:
    (found,) = answers(StreamPredictor(), clip[:1], ClipInfo("room", 320, 240))
    assert found.rays is not None
    np.testing.assert_allclose(np.linalg.norm(found.rays, axis=2), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("policy", "keyframes"),
    [("every", [1, 1, 1, 1, 1]), ("every:1", [1, 1, 1, 1, 1]), ("every:3", [1, 0, 0, 1, 0])],
)
def test_keyframes_at_a_fixed_distance(clip: list[np.ndarray], policy: str, keyframes: list[int]) -> None:
    pictures = [clip[0], clip[0], clip[30], clip[60], clip[60]]  # cuts do not count
    found = answers(StreamPredictor(policy=policy), pictures)
    assert [answer.is_keyframe for answer in found] == [bool(k) for k in keyframes]


def test_every_one_is_every(clip: list[np.ndarray]) -> None:
    one, other = (answers(StreamPredictor(policy=policy), clip[:2])[1] for policy in ("every", "every:1"))
    np.testing.assert_array_equal(one.depth, other.depth)


def test_per_frame_is_the_network_on_each_picture_by_itself(clip: list[np.ndarray]) -> None:
    network = StreamPredictor("nano", "per-frame")
    found = answers(network, clip[:3])
    assert [answer.index for answer in found] == [0, 1, 2]
    assert all(answer.is_keyframe for answer in found)
    for answer, picture in zip(found, clip, strict=False):
        (alone,) = answers(StreamPredictor("nano"), [picture])
        np.testing.assert_array_equal(answer.depth, alone.depth)
    assert network.per_frame is None
    beside = StreamPredictor("nano").per_frame
    assert beside is not None and beside.identity() == network.identity()


def test_stream_identity() -> None:
    one = StreamPredictor().identity()
    assert one == pickle.loads(pickle.dumps(StreamPredictor())).identity()
    others = (
        StreamPredictor(runtime="torch"),
        StreamPredictor(policy="every"),
        StreamPredictor(policy="every:8"),
    )
    assert len({one, *(other.identity() for other in others)}) == 4
    assert StreamPredictor(policy=velodepth.Adaptive(age=9)).identity() != one


def test_torch_weights_count() -> None:
    torch = pytest.importorskip("torch")
    runtime = SimpleNamespace(net=torch.nn.Linear(2, 2))
    before = fingerprint(_weights(runtime))
    assert fingerprint(_weights(runtime)) == before
    runtime.net.bias.data[1] += 1
    assert fingerprint(_weights(runtime)) != before


def test_an_unknown_preset() -> None:
    with pytest.raises(VeloDepthError, match="no preset 'giant'"):
        StreamPredictor("giant").start(CLIP)


# Files of other programs


def metres(i: int) -> np.ndarray:
    """(48, 64) float32 whole centimetres."""
    return np.rint(100 + np.arange(48 * 64).reshape(48, 64) / 10 + i).astype(np.float32) / 100


def test_what_velodepth_run_writes(nano: velodepth.Model, clip: list[np.ndarray], tmp_path: Path) -> None:
    stream = nano.stream(CAMERA)
    frames = [stream.push(picture) for picture in clip[:3]]
    for kind in ("npz", "exr", "png"):
        with writers_for(tmp_path / kind, "room", [kind]) as writers:
            for frame in frames:
                writers.write(frame)
        predictor = FolderPredictor(tmp_path / kind)
        assert predictor.claim == "metric"
        for frame, found in zip(frames, answers(predictor, clip[:3]), strict=True):
            assert found.index == frame.index
            assert found.depth.dtype == np.float32
            np.testing.assert_allclose(found.depth, frame.depth, atol=5.1e-4 if kind == "png" else 0)
            assert found.is_keyframe == (frame.is_keyframe if kind == "npz" else None)


def test_the_index_tells_which_frame_a_row_is(tmp_path: Path) -> None:
    rows = {"depth": np.stack([metres(i) for i in (7, 5, 6)]), "index": [7, 5, 6], "seconds": [0.7, 0.5, 0.6]}
    (tmp_path / "Scene01").mkdir()
    np.savez(tmp_path / "Scene01/clone.npz", **rows)
    found = answers(FolderPredictor(tmp_path), [PICTURE] * 3, ClipInfo("Scene01/clone", 320, 240, first=5))
    for i, each in enumerate(found):
        assert (each.index, each.seconds) == (i, (5 + i) / 10)
        np.testing.assert_array_equal(each.depth, metres(5 + i))


def test_further_maps_of_an_npz(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    maps = {"confidence": draw.random((2, 4, 5)), "rays": draw.random((2, 4, 5, 3))}
    np.savez_compressed(tmp_path / "room.npz", depth=np.ones((2, 4, 5), np.float16), **maps)
    found = answers(FolderPredictor(tmp_path), [PICTURE] * 2)[1]
    np.testing.assert_array_equal(found.confidence, maps["confidence"][1].astype(np.float32))
    np.testing.assert_array_equal(found.rays, maps["rays"][1].astype(np.float32))


def test_video_depth_anything_needs_a_claim(tmp_path: Path) -> None:
    disparity = np.random.default_rng(0).random((2, 6, 8)).astype(np.float32)
    np.savez_compressed(tmp_path / "room_depths.npz", depths=disparity)
    with pytest.raises(VeloDepthError, match="affine_disparity for Video Depth Anything"):
        FolderPredictor(tmp_path).start(CLIP)
    predictor = FolderPredictor(tmp_path, "affine_disparity")
    assert predictor.claim == "affine_disparity"
    np.testing.assert_array_equal(answers(predictor, [PICTURE] * 2)[1].depth, disparity[1])


def test_an_npz_a_frame(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    for i in range(2):
        np.savez(tmp_path / f"room/frame_{i:04d}.npz", depth=metres(i))
    np.testing.assert_array_equal(answers(FolderPredictor(tmp_path), [PICTURE] * 2)[1].depth, metres(1))


def test_png_units(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    stored = np.array([[0, 5000], [10000, 65535]], np.uint16)
    (tmp_path / "room/0.png").write_bytes(cv2.imencode(".png", stored)[1].tobytes())

    def read(**told: object) -> list[float]:
        return answers(FolderPredictor(tmp_path, **told), [PICTURE])[0].depth.ravel().tolist()  # type: ignore[arg-type]

    assert read() == pytest.approx([np.nan, 5, 10, 65.535], nan_ok=True)
    assert read(scale=1 / 5000)[1:] == pytest.approx([1, 2, 13.107])
    assert read(claim="affine_disparity")[0] == 0  # as far as can be, and not unknown
    (tmp_path / "meta.json").write_text(json.dumps({"depth_scale": 0.0002}))
    assert read()[1:] == pytest.approx([1, 2, 13.107])
    assert read(scale=0.001)[1] == pytest.approx(5)


def test_a_missing_frame_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "room.npz", depth=np.ones((2, 4, 5), np.float32))
    with pytest.raises(VeloDepthError, match=r"sequence room: .*room\.npz has no prediction for frame 2"):
        answers(FolderPredictor(tmp_path), [PICTURE] * 3)
    (tmp_path / "hall").mkdir()
    np.savez(tmp_path / "hall/000.npz", depth=metres(0))
    with pytest.raises(VeloDepthError, match=r"sequence hall: .*hall has no prediction for frame 1"):
        answers(FolderPredictor(tmp_path), [PICTURE] * 2, ClipInfo("hall", 320, 240))


def test_a_missing_or_doubled_sequence_is_named(tmp_path: Path) -> None:
    with pytest.raises(VeloDepthError, match=r"sequence room: .* has no room\.npz"):
        FolderPredictor(tmp_path).start(CLIP)
    np.savez(tmp_path / "room.npz", depth=np.ones((2, 4, 5)))
    (tmp_path / "room").mkdir()
    np.savez(tmp_path / "room/0.npz", depth=metres(0))
    with pytest.raises(VeloDepthError, match=r"room\.npz and .*room; give one"):
        FolderPredictor(tmp_path).start(CLIP)
    (tmp_path / "room.npz").unlink()
    np.savez(tmp_path / "room/000.npz", depth=metres(0))
    with pytest.raises(VeloDepthError, match="are both for frame"):
        FolderPredictor(tmp_path).start(CLIP)


def claim_shape(path: Path, name: str, shape: tuple[int, ...]) -> None:
    """An NPZ whose array of that name says it has another shape than the values that are there."""
    arrays = {"depth": np.ones((1, 4, 5)), "index": np.arange(1)}
    with zipfile.ZipFile(path, "w") as archive:
        for key, values in arrays.items():
            head = io.BytesIO()
            told = {"descr": values.dtype.str, "fortran_order": False, "shape": values.shape}
            np.lib.format.write_array_header_1_0(head, told | ({"shape": shape} if key == name else {}))
            archive.writestr(f"{key}.npy", head.getvalue() + values.tobytes())


def test_unreadable_predictions_are_named(tmp_path: Path) -> None:
    def told(match: str) -> None:
        with pytest.raises(VeloDepthError, match=match):
            answers(FolderPredictor(tmp_path), [PICTURE])

    (tmp_path / "room.npz").write_bytes(b"no archive")
    told(r"room\.npz cannot be read")
    np.savez(tmp_path / "room.npz", z=np.ones((2, 4, 5)))
    told("no array depth")
    np.savez(tmp_path / "room.npz", depth=np.ones((4, 5)))
    told(r"depth is float64 \(4, 5\)")
    np.savez(tmp_path / "room.npz", depth=np.ones((1, 4, 5)), claim="scale")
    told("claims scale")
    np.savez(tmp_path / "room.npz", depth=np.ones((0, 4, 5)))
    told("holds no predictions")
    np.savez(tmp_path / "room.npz", depth=np.ones((1, 4, 5)), index=np.arange(7))
    told(r"has 1 rows, but \(7,\) of index")
    for name, shape, said in (
        ("depth", (8, 12_000, 12_000), r"\(8, 12000, 12000\), beyond 134217728 pixels a frame"),
        ("depth", (8, 4_000, 4_000), r"says it is float64 \(8, 4000, 4000\), and holds 160 bytes"),
        ("index", (10**9,), r"index is \(1000000000,\), too long"),
    ):
        claim_shape(tmp_path / "room.npz", name, shape)
        told(said)
    (tmp_path / "room.npz").unlink()
    (tmp_path / "room").mkdir()
    (tmp_path / "room/0.png").write_bytes(cv2.imencode(".png", PICTURE)[1].tobytes())
    told(r"frame 0: .*not a 16-bit grey PNG")
    (tmp_path / "room/0.png").unlink()
    (tmp_path / "room/0.exr").write_bytes(b"no EXR")
    told(r"frame 0: .*0\.exr cannot be read")
    with pytest.raises(VeloDepthError, match="cannot claim 'truth'"):
        FolderPredictor(tmp_path, "truth")
    with pytest.raises(VeloDepthError, match="no folder of predictions"):
        FolderPredictor(tmp_path / "none")


def test_folder_identity(tmp_path: Path) -> None:
    np.savez(tmp_path / "room.npz", depth=np.ones((1, 4, 5)))
    seen = {FolderPredictor(tmp_path).identity(), FolderPredictor(tmp_path, "scale").identity()}
    assert pickle.loads(pickle.dumps(FolderPredictor(tmp_path))).identity() in seen
    np.savez(tmp_path / "room.npz", depth=np.ones((2, 4, 5)))
    seen.add(FolderPredictor(tmp_path).identity())
    assert len(seen) == 3


# Networks of others


NETWORK = """
import numpy as np
from velodepth import Look, Pinhole

class Mine:
    def look(self, picture, camera):
        depth = np.linspace(1, 2, 192, dtype=np.float32).reshape(12, 16)
        mask = np.ones((12, 16), bool)
        mask[0] = False
        return Look(depth, "affine_depth", Pinhole(320, 320, 160, 120), depth / 2, mask)
"""


@pytest.fixture
def network(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(NETWORK)
    return f"{tmp_path / 'mine.py'}:Mine"


def test_the_example_of_a_rival() -> None:
    predictor = NetworkPredictor(f"{EXAMPLES / 'rival.py'}:Constant")
    found = answers(predictor, [PICTURE] * 2)
    assert predictor.claim == "scale"
    assert [each.index for each in found] == [0, 1]
    assert found[0].depth.shape == (240, 320)
    assert found[0].seconds is not None
    assert pickle.loads(pickle.dumps(predictor)).identity() == predictor.identity()


def test_a_network_by_itself(network: str) -> None:
    predictor = NetworkPredictor(network)
    (found,) = answers(predictor, [PICTURE])
    assert predictor.claim == "affine_depth"
    assert np.isnan(found.depth[0]).all() and np.isfinite(found.depth[1:]).all()
    assert found.rays is None and found.confidence is not None
    (found,) = answers(predictor, [PICTURE], ClipInfo("room", 320, 240))
    assert found.rays is not None  # the camera is not known, and the network tells one
    np.testing.assert_allclose(found.rays, Pinhole(16, 16, 8, 6).rays(16, 12), atol=1e-6)


def test_another_file_is_another_network(network: str, tmp_path: Path) -> None:
    before = NetworkPredictor(network).identity()
    with (tmp_path / "mine.py").open("a") as file:
        file.write("# changed\n")
    assert NetworkPredictor(network).identity() != before


def test_a_carried_network_is_a_preset(network: str, tmp_path: Path, clip: list[np.ndarray]) -> None:
    carried = StreamPredictor(network, "every:4")
    assert carried.claim == "metric"
    found = answers(carried, clip[:3])
    assert [each.is_keyframe for each in found] == [True, False, False]
    before = carried.identity()
    _model.cache_clear()
    (tmp_path / "mine.py").write_text(NETWORK + "# changed")
    assert StreamPredictor(network, "every:4").identity() != before


@pytest.mark.parametrize("spec", ["nowhere/mine.py:Mine", "mine:Mine"])
def test_names_of_nothing(spec: str) -> None:
    with pytest.raises(VeloDepthError, match=r"file\.py:Class"):
        NetworkPredictor(spec).identity()


# Size


def test_resized_keeps_half_pixel_centres() -> None:
    """A plane z = 2 x + 3 y stays one: pixel centres are at +0.5 at either size."""
    v, u = np.mgrid[:24, :32] + 0.5
    rays = np.stack([u - 16, v - 12, np.full_like(u, 20)], axis=2)
    small = Prediction(4, (2 * u + 3 * v).astype(np.float32), confidence=u, rays=rays, is_keyframe=True)
    large = resized(small, (48, 64))
    v, u = (np.mgrid[:48, :64] + 0.5) / 2
    inside = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(large.depth[inside], (2 * u + 3 * v)[inside], rtol=1e-5)
    assert (large.index, large.is_keyframe) == (4, True)
    assert large.confidence is not None
    assert large.confidence.shape == (48, 64)
    assert large.rays is not None
    np.testing.assert_allclose(np.linalg.norm(large.rays, axis=2), 1, atol=1e-5)
    assert resized(small, (24, 32)) is small


def test_resized_keeps_nan() -> None:
    depth = np.ones((4, 4), np.float32)
    depth[0, 0] = np.nan
    large = resized(Prediction(0, depth), (8, 8)).depth
    assert np.isnan(large[:2, :2]).all()
    assert (large[4:, 4:] == 1).all()

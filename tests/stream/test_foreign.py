"""Networks of others in the loop: laid on the canvas, aligned, masked, carried; and when they fail."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import velodepth
from velodepth.adapters.look import Look
from velodepth.presets import Model
from velodepth.runtime.protocol import Original, State
from velodepth.stream.canvas import Canvas, CanvasSpec
from velodepth.stream.foreign import ForeignRuntime, laid
from velodepth.stream.stream import PATIENCE

SPEC = CanvasSpec(36_864, 36_864, 32, rounding="nearest", smooth=True)
CAMERA = velodepth.Pinhole(280.0, 280.0, 160.0, 120.0)


class Dark:
    """A network on the canvas for which dark things are one metre away and all others three."""

    name, device, carries = "dark", "cpu", False
    estimates = False

    def look(self, canvas, rays=None, original=None):
        radius = np.where(canvas.mean(0) < -1, 1, 3).astype(np.float32)
        if rays is None:
            rays = np.broadcast_to(np.float32((0, 0, 1)), (*radius.shape, 3))
        return State(radius, rays, np.full_like(radius, 0.5))


class Surveyor(Dark):
    """Sees the hills, 1.3 times as far as they are, and with noise."""

    name = "surveyor"

    def look(self, canvas, rays=None, original=None):
        depth = laid(hills(240, 320).astype(np.float32), Canvas.of(320, 240, SPEC)) * np.float32(1.3)
        noise = np.random.default_rng(0).normal(0, 0.1, depth.shape).astype(np.float32)
        return State(depth / rays[..., 2] * np.exp(noise), rays, np.full_like(depth, 0.5))


class Hills:
    """Depth of its own, whatever the picture shows; says it as each kind does, differently each time."""

    def __init__(self, kind: str, seed: int = 0, **more) -> None:
        self.kind, self.random, self.more, self.looks = kind, np.random.default_rng(seed), more, 0

    def look(self, picture, camera):
        self.looks += 1
        depth = hills(*picture.shape[:2])[::2, ::2]  # half as large as the picture
        scale, shift = self.random.uniform(0.2, 5), self.random.uniform(-0.5, 0.5)
        said = {
            "metric": depth,
            "scale": depth * scale,
            "affine_depth": depth * scale + shift,
            "affine_disparity": scale / depth + shift,
        }[self.kind]
        more = {key: value(depth) if callable(value) else value for key, value in self.more.items()}
        return Look(said, self.kind, **more)


def hills(height: int, width: int) -> np.ndarray:
    v, u = np.indices((height, width))
    return 3 + np.sin(u / 25) + 0.8 * np.cos(v / 30)


def stream_of(network, base, policy, relative=False, **more) -> velodepth.DepthStream:
    runtime = ForeignRuntime(network, "hills.py:Hills", base, SPEC, relative)
    return velodepth.DepthStream(runtime, SPEC, policy, **more)


@pytest.mark.parametrize("kind", ["metric", "scale", "affine_depth", "affine_disparity"])
def test_scale_and_shift_of_each_look_do_not_flicker(clip, kind):
    stream = stream_of(Hills(kind), Surveyor(), velodepth.Every(2), camera=CAMERA)
    depths = [stream.push(clip[5]).depth for _ in range(13)]
    expected = hills(*depths[0].shape)
    for depth in depths:
        ratio = np.log(depth / expected)[8:-8, 8:-8]
        assert np.std(ratio) < 0.06  # the network's own shape, up to what the canvas cannot hold
        assert abs(np.median(np.log(depth / depths[0]))) < 0.02
    metres = np.median(expected) * (1 if kind == "metric" else 1.3)
    assert np.median(depths[-1]) == pytest.approx(metres, rel=0.05)


@pytest.mark.parametrize("kind", ["scale", "affine_disparity"])
def test_relative_keeps_the_unit_of_the_first_look(nano, clip, kind):
    stream = stream_of(Hills(kind), nano.runtime, velodepth.Every(2), relative=True, camera=CAMERA)
    first = Hills(kind).look(clip[5], None).depth
    depths = [stream.push(clip[5]).depth for _ in range(5)]
    wanted = np.median(first if kind == "scale" else 1 / first.clip(0.02 * first.max()))
    assert np.median(depths[0]) == pytest.approx(wanted, rel=0.05)
    assert np.median(depths[-1]) == pytest.approx(wanted, rel=0.05)


def test_masks_are_honoured_and_carried(clip):
    def sky(depth):
        mask = np.ones(depth.shape, bool)
        mask[: depth.shape[0] // 3] = False
        return mask

    stream = stream_of(Hills("metric", mask=sky), Dark(), velodepth.Every(100), camera=CAMERA)
    for _ in range(6):
        mask = stream.push(clip[5]).mask
        assert not mask[:70].any() and mask[95:].all()


def test_the_networks_camera_is_used_where_none_is_given(nano, clip):
    own = velodepth.Pinhole(200.0, 200.0, 160.0, 120.0)
    network = Hills("metric", camera=own)
    free = stream_of(network, nano.runtime, velodepth.Every(1)).push(clip[5])
    assert free.camera.fx == pytest.approx(200, rel=0.01)
    given = stream_of(network, nano.runtime, velodepth.Every(1), camera=CAMERA).push(clip[5])
    assert given.camera.fx == 280


def test_what_enters_between_looks_is_seen_at_once(clip):
    """The network is not asked again; what the base sees change is shown, at the network's scale."""
    scene = np.maximum(clip[5], 90)
    network = Hills("metric")
    stream = stream_of(network, Dark(), velodepth.Every(1000), camera=CAMERA)
    wall = stream.push(scene).depth
    for i in range(4):
        picture = scene.copy()
        picture[100:160, 100 + 3 * i : 140 + 3 * i] = 10
        depth = stream.push(picture).depth
    assert network.looks == 1
    inside = np.s_[110:150, 115:142]
    # A third of the hills around it, which is not quite a third of the hill behind it.
    assert 0.25 < np.median(depth[inside] / wall[inside]) < 0.45
    assert np.median(np.abs(np.log(depth / wall))[:60]) < 0.02


class Fails(Hills):
    def __init__(self, after: int, until: int = 10**9) -> None:
        super().__init__("metric")
        self.after, self.until = after, until

    def look(self, picture, camera):
        look = super().look(picture, camera)
        if self.after < self.looks <= self.until:
            raise RuntimeError("out of memory")
        return look


def test_a_network_that_fails_is_told_and_carried_on_without(clip):
    """It is not tried again at once, and after the second failure a frame later still."""
    stream = stream_of(Fails(2, until=4), Dark(), velodepth.Every(1), camera=CAMERA)
    with pytest.warns(velodepth.MediaWarning, match=r"hills\.py:Hills.*out of memory.*carries") as told:
        frames = [stream.push(clip[5]) for _ in range(8)]
    assert sum(each.category is velodepth.MediaWarning for each in told) == 2
    assert [frame.is_keyframe for frame in frames] == [True, True, *[False] * 5, True]
    for frame in frames:
        assert np.median(np.abs(np.log(frame.depth / hills(*frame.depth.shape)))) < 0.05


@pytest.mark.filterwarnings("ignore::velodepth.MediaWarning")
def test_a_network_that_only_fails_ends_the_stream(clip):
    with pytest.raises(velodepth.VeloDepthError, match="out of memory"):
        stream_of(Fails(0), Dark(), velodepth.Every(1), camera=CAMERA).push(clip[5])
    stream = stream_of(Fails(1), Dark(), velodepth.Every(1), camera=CAMERA)
    for _ in range(1 + PATIENCE + sum(range(1 + PATIENCE))):
        stream.push(clip[5])
    with pytest.raises(velodepth.VeloDepthError, match="out of memory"):
        stream.push(clip[5])


@pytest.mark.parametrize("size", [(240, 320), (120, 400), (480, 200)])
@pytest.mark.parametrize("shrunk", [1, 3, 0.5])
def test_a_map_lies_where_its_picture_lies(size, shrunk):
    """A network's map of any size, on the canvas and back, is the same map; padding is nothing."""
    at = Canvas.of(size[1], size[0], CanvasSpec(36_864, 36_864, 32, rounding="nearest"))
    height, width = (round(side / shrunk) for side in size)
    ramp = np.linspace(1, 2, width, dtype=np.float32) + np.linspace(0, 1, height, dtype=np.float32)[:, None]
    back = at.restore(laid(ramp, at))
    expected = np.linspace(1, 2, size[1]) + np.linspace(0, 1, size[0])[:, None]
    inner = np.s_[size[0] // 8 : -size[0] // 8, size[1] // 8 : -size[1] // 8]
    assert np.abs(back - expected)[inner].max() < 0.03


def test_in_a_live_stream_the_base_answers_until_the_first_look_is_done(clip):
    """Nobody waits, and the first look takes over whole: detail, scale and mask."""

    class Patient(Hills):
        go = threading.Event()

        def look(self, picture, camera):
            assert self.go.wait(60)
            return super().look(picture, camera)

    network = Patient("metric")
    runtime = ForeignRuntime(network, "hills.py:Hills", Dark(), SPEC)
    stream = Model("hills", runtime, SPEC).stream(CAMERA, velodepth.Every(1), beside=True)
    for _ in range(5):
        early = stream.push(np.maximum(clip[5], 90))
    assert network.looks == 0
    assert np.median(np.linalg.norm(early.points, axis=2)) == pytest.approx(3, rel=0.02)
    assert np.std(np.linalg.norm(early.points, axis=2)) < 0.05
    network.go.set()
    stream._beside._pending.exception(60)
    shown = stream.push(np.maximum(clip[5], 90))
    assert shown.keyframe_reason == "start"
    off = np.log(shown.depth / hills(*shown.depth.shape))[8:-8, 8:-8]
    assert np.abs(off).max() < 0.1


@pytest.mark.parametrize("kind", ["scale", "affine_disparity"])
def test_a_look_is_aligned_to_what_is_carried_even_where_nothing_of_it_is_sure(clip, kind):
    at = Canvas.of(320, 240, SPEC)
    rays = at.camera(CAMERA).rays(at.width, at.height)
    depth = laid(hills(240, 320).astype(np.float32), at) * 2
    unsure = State(depth / rays[..., 2], rays, np.ones_like(depth), known=np.zeros(depth.shape, bool))
    runtime = ForeignRuntime(Hills(kind), "hills.py:Hills", Surveyor(), SPEC)
    look = runtime.look(at.fill(clip[5]), rays, Original(clip[5], CAMERA, unsure))
    np.testing.assert_allclose(np.median(look.radius * rays[..., 2] / depth), 1, rtol=0.02)

"""A program of a user's that is as strict as mypy can be. It is only looked at, never run."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import numpy as np

import velodepth
from velodepth import DepthFrame, DepthStream, DepthStreams, Model, Pinhole, Source, Writer

model = velodepth.load("nano", runtime="onnx", device="cpu")
assert_type(model, Model)
assert_type(velodepth.demo_clip(), Path)
assert_type(model.run("street.mp4", camera=Pinhole(1, 1, 1, 1)), Iterator[DepthFrame])
assert_type(velodepth.open_source("street.mp4", frame_rate=30.0), Source)
stream = model.stream(policy=velodepth.Every(4))
assert_type(stream, DepthStream)
frame = stream.push(np.zeros((48, 64, 3), np.uint8), time=0.0)
assert_type(frame, DepthFrame)
streams = model.streams(2, policies=["adaptive", velodepth.Every(4)])
assert_type(streams, DepthStreams)
assert_type(streams.push([None, np.zeros((48, 64, 3), np.uint8)]), list[DepthFrame | None])
assert_type(frame.index, int)
assert_type(frame.time, float)
assert_type(frame.is_keyframe, bool)
assert_type(frame.camera, velodepth.Camera)
assert_type(frame.save("depth.png"), None)
assert_type(frame.show(), None)
depth_range = (float(frame.depth.min()), float(frame.depth.max()))
shapes = [maps.shape for maps in (frame.points, frame.rays, frame.distance, frame.confidence, frame.picture)]
made = DepthFrame.of(frame.depth, frame.camera, frame.picture, index=1)
assert_type(made, DepthFrame)
with velodepth.open_writer("clip.npz") as writer:
    writer.write(made)
with velodepth.writers_for(Path("results"), "clip", ["side", "npz"]) as several:
    several.write(made)
some: Writer = several
colours = velodepth.colourise(frame.depth, near=1.0, far=9.0)
painted = velodepth.Colouring(1.0, 9.0).paint(frame)
assert_type(velodepth.load_camera("camera.json"), velodepth.Camera)
cameras: list[velodepth.Camera] = [
    velodepth.OpenCV(1, 1, 1, 1),
    velodepth.KannalaBrandt(1, 1, 1, 1),
    velodepth.MEI(1, 1, 1, 1, xi=1),
    velodepth.Equirectangular.whole(64, 32),
]
pixels = cameras[0].project([[0.0, 0.0, 1.0]])
policies = (velodepth.Adaptive(), velodepth.Every(2), velodepth.PerFrame())
flows = (velodepth.DisFlow(), velodepth.NoFlow())
try:
    velodepth.load("none")
except velodepth.VeloDepthError as error:
    said = str(error)

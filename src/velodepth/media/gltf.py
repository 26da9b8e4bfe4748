"""Depth as coloured points in space: glTF, in its one-file form GLB."""

from __future__ import annotations

import json
import math
import struct
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from velodepth.cameras import Pinhole
from velodepth.media.cloud import Cloud
from velodepth.media.colour import LINEAR
from velodepth.media.pointcloud import PointsWriter
from velodepth.media.poses import CameraPath

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

# glTF 2.0, sections 3.6.2.2, 5.24.4 and 5.11.5
FLOAT, UBYTE, POINTS, LINE_STRIP, VERTICES = 5126, 5121, 0, 3, 34962
PLACES = 10_000  # of the camera's path, at most
NEAREST = 0.01  # metres, of the camera's view


class GlbWriter(PointsWriter):
    """000000.glb, ...: the points of chosen frames, with the colours of the picture, and the camera.

    Axes and units are those of glTF 2.0: metres, x right, y up, and the camera looks along -z; so y and z
    have the other sign than in camera axes. POSITION is float32. COLOR_0 is linear light, as glTF wants it,
    in 8 bits, which all programs read, and not lit. Pixels run row by row, and `Cloud` says which are left
    out. A pinhole camera stands at the origin as a camera of the scene, with its vertical field of view; glTF
    has no words for a centre that is not the picture's, so the intrinsics in pixels are among its extras.
    Other lenses are left out. The way the camera came (`CameraPath`, the last 10 000 frames) is a line strip
    that ends at the origin; left out where no motion is known.
    """

    suffix = ".glb"

    def __init__(self, *place: Any, **told: Any) -> None:
        super().__init__(*place, **told)
        self._path = CameraPath()
        self._places: deque[np.ndarray] = deque(maxlen=PLACES)
        self._moves = False

    def write(self, frame: DepthFrame) -> None:
        self._path.add(frame.motion)
        self._moves |= frame.motion is not None
        self._places.append(self._path.pose[:3, 3])
        super().write(frame)

    def _save(self, path: Path, frame: DepthFrame) -> None:
        pose = self._path.pose
        way = (np.stack(self._places) - pose[:3, 3]) @ pose[:3, :3] if self._moves else None
        self.save(path, frame, self._cloud, way)

    @staticmethod
    def save(
        path: Path, frame: DepthFrame, cloud: Cloud | None = None, way: np.ndarray | None = None
    ) -> None:
        """As in `PointsWriter`. way: (N, 3), where the camera has been, metres in camera axes."""
        points, picture = (cloud or Cloud()).list(frame)
        points = points * np.array((1, -1, -1), np.float32)
        colours = np.full((len(points), 4), 255, np.uint8)
        colours[:, :3] = np.rint(LINEAR[picture] * 255)
        gltf, buffer = scene(frame, points), points.astype("<f4").tobytes() + colours.tobytes()
        if way is not None:
            places = (way * (1, -1, -1)).astype("<f4")
            add_path(gltf, places, len(buffer))
            buffer += places.tobytes()
        path.write_bytes(glb(gltf, buffer))


def scene(frame: DepthFrame, points: np.ndarray) -> dict[str, Any]:
    """The scene of a frame whose points (N, 3) come first in the buffer, then N colours."""
    count = len(points)
    nodes: list[dict[str, Any]] = []
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "velodepth"},
        "scene": 0,
        "scenes": [{"name": f"frame {frame.index} at {frame.time:.6f} s"}],
    }
    if count:
        nodes.append({"name": "points", "mesh": 0})
        gltf |= {
            "meshes": [
                {"primitives": [{"mode": POINTS, "attributes": {"POSITION": 0, "COLOR_0": 1}, "material": 0}]}
            ],
            "materials": [{"extensions": {"KHR_materials_unlit": {}}}],
            "extensionsUsed": ["KHR_materials_unlit"],
            "accessors": [
                positions(points, 0),
                {"bufferView": 1, "componentType": UBYTE, "normalized": True, "count": count, "type": "VEC4"},
            ],
            "bufferViews": [
                {"buffer": 0, "byteOffset": 0, "byteLength": 12 * count, "target": VERTICES},
                {"buffer": 0, "byteOffset": 12 * count, "byteLength": 4 * count, "target": VERTICES},
            ],
            "buffers": [{"byteLength": 16 * count}],
        }
    if isinstance(frame.camera, Pinhole):
        camera, (height, width) = frame.camera, frame.depth.shape
        lens = {
            "yfov": 2 * math.atan(height / 2 / camera.fy),
            "aspectRatio": width / camera.fx * camera.fy / height,
            "znear": NEAREST,
        }
        pixels = {"width": width, "height": height}
        pixels |= {"fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy}
        nodes.append({"name": "camera", "camera": 0})
        gltf["cameras"] = [{"type": "perspective", "perspective": lens, "extras": pixels}]
    if frame.relative:
        gltf["extras"] = {"measure": frame.measure}
    if nodes:
        gltf["nodes"] = nodes
        gltf["scenes"][0]["nodes"] = list(range(len(nodes)))
    return gltf


def positions(points: np.ndarray, view: int) -> dict[str, Any]:
    """The accessor of points (N, 3) float32 that fill a buffer view."""
    ends = {"min": points.min(axis=0).tolist(), "max": points.max(axis=0).tolist()}
    return {"bufferView": view, "componentType": FLOAT, "count": len(points), "type": "VEC3", **ends}


def add_path(gltf: dict[str, Any], way: np.ndarray, offset: int) -> None:
    """To a scene: a line strip through positions (N, 3) float32, which are `offset` bytes into the buffer."""
    views, accessors, meshes, nodes = (
        gltf.setdefault(name, []) for name in ("bufferViews", "accessors", "meshes", "nodes")
    )
    views.append({"buffer": 0, "byteOffset": offset, "byteLength": way.nbytes, "target": VERTICES})
    accessors.append(positions(way, len(views) - 1))
    meshes.append({"primitives": [{"mode": LINE_STRIP, "attributes": {"POSITION": len(accessors) - 1}}]})
    nodes.append({"name": "camera path", "mesh": len(meshes) - 1})
    gltf["scenes"][0]["nodes"] = list(range(len(nodes)))
    gltf["buffers"] = [{"byteLength": offset + way.nbytes}]


def glb(gltf: dict[str, Any], buffer: bytes) -> bytes:
    """A GLB file of a glTF object and its buffer, a multiple of 4 bytes long. Source: glTF 2.0, section 4."""
    text = json.dumps(gltf, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    if buffer:
        chunks += struct.pack("<I4s", len(buffer), b"BIN\0") + buffer
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks

"""Blender add-on: a clip of velodepth as a surface that moves with the timeline, seen by its own camera.

    velodepth run clip.mp4 --save npz,exr,jsonl --out results

Edit > Preferences > Add-ons > Install from Disk takes this file; File > Import > VeloDepth then takes
clip.npz, or an .exr of the folder clip-exr, which brings the picture's colours (clip.jsonl beside the folder
tells its camera). One vertex for every so many pixels, in metres, Z up, the camera at the origin looking
along Y. What hangs in the air at the edges of things is left out. Needs Blender 4.2 or newer, nothing else.
"""

from __future__ import annotations

import json
import math
import struct
import zipfile
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np
from bpy.app.handlers import persistent
from bpy_extras.io_utils import ImportHelper
from mathutils import Matrix

bl_info = {
    "name": "VeloDepth",
    "description": "Imports depth of a video",
    "blender": (4, 2, 0),
    "category": "Import-Export",
    "location": "File > Import",
}
NAMES = ("fx", "fy", "cx", "cy")  # of the intrinsics of a clip
MOST = 150_000  # vertices
EDGE = 1.15  # as velodepth.media.cloud
UPRIGHT = Matrix.Rotation(math.pi / 2, 4, "X")  # from a camera that looks along -Z to one that looks along Y


class Clip:
    """Frames of depth (H, W) metres, with colours (H, W, 3) in linear light or None, times and intrinsics."""

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() == ".npz":
            self._depth = _mapped(path)
            with np.load(path) as arrays:
                cameras = [dict(zip(NAMES, row.tolist(), strict=True)) for row in arrays["intrinsics"]]
                model = json.loads(str(arrays["camera"]))["model"]
                times = arrays["time"].tolist()
            self._exr: list[Path] = []
        else:
            folder = path if path.is_dir() else path.parent
            self._exr = sorted(folder.glob("*.exr"))
            told = folder.parent / (folder.name.removesuffix("-exr") + ".jsonl")
            if not self._exr or not told.is_file():
                raise ValueError(
                    f"{folder} needs .exr files in it, and {told.name} beside it: --save exr,jsonl"
                )
            lines = [json.loads(line) for line in told.read_text("utf-8").splitlines()[1:-1]]
            cameras, times = [line["camera"] for line in lines], [line["time"] for line in lines]
            model = cameras[0]["model"]
        if model != "pinhole":
            raise ValueError(
                f"{path} is of a {model} camera, and Blender's is a pinhole: import .glb or .ply"
            )
        self.count, self.camera = len(times), cameras[0]
        gaps = np.diff(times)
        self.rate = 1 / float(np.median(gaps)) if len(gaps) else 25.0
        self.height, self.width = self.frame(0)[0].shape

    def frame(self, index: int) -> tuple[np.ndarray, np.ndarray | None]:
        if not self._exr:
            return np.asarray(self._depth[index]), None
        import OpenImageIO  # comes with Blender

        file = OpenImageIO.ImageInput.open(str(self._exr[index]))
        names = list(file.spec().channelnames)
        pixels = file.read_image("float")
        file.close()
        return pixels[..., names.index("Z")], pixels[..., [names.index(name) for name in "RGB"]]


def _mapped(path: Path) -> np.ndarray:
    """depth.npy of an .npz that is not compressed, mapped from the disk: a long clip takes no memory."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("depth.npy")
        with archive.open(info) as member:
            np.lib.format.read_magic(member)
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
            header = member.tell()
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
    return np.memmap(path, dtype, "r", info.header_offset + 30 + name + extra + header, shape)


opened = lru_cache(maxsize=4)(Clip)


def import_clip(path: Path) -> bpy.types.Object:
    """Surface, camera and timeline, in the current scene. Raises ValueError, OSError or KeyError."""
    clip, scene = opened(path), bpy.context.scene
    step = max(1, math.ceil(math.sqrt(clip.width * clip.height / MOST)))
    rows, columns = len(range(0, clip.height, step)), len(range(0, clip.width, step))
    corner = np.arange(rows * columns).reshape(rows, columns)
    quads = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]], axis=-1)
    mesh = bpy.data.meshes.new(path.stem)
    mesh.from_pydata(np.zeros((rows * columns, 3)), [], quads.reshape(-1, 4).tolist())
    mesh.attributes.new("air", "BOOLEAN", "POINT")
    mesh.attributes.new("Color", "FLOAT_COLOR", "POINT")
    surface = bpy.data.objects.new(path.stem, mesh)
    surface["velodepth"], surface["step"] = str(path), step
    surface.matrix_world = UPRIGHT
    surface.modifiers.new("without what hangs in the air", "NODES").node_group = _without_air()
    mesh.materials.append(_unlit())
    scene.collection.objects.link(surface)
    _set_camera(scene, clip)
    scene.frame_start, scene.frame_end = 1, clip.count
    scene.render.fps, scene.render.fps_base = round(clip.rate), round(clip.rate) / clip.rate
    scene.frame_set(1)
    follow(scene)
    return surface


@persistent
def follow(scene: bpy.types.Scene, depsgraph: object = None) -> None:
    """Gives every imported surface the depth of the scene's frame."""
    for surface in scene.objects:
        if "velodepth" in surface:
            clip, step = opened(Path(surface["velodepth"])), surface["step"]
            depth, colours = clip.frame(min(max(scene.frame_current - 1, 0), clip.count - 1))
            some = (slice(None, None, step),) * 2
            show(surface.data, clip, depth[some], None if colours is None else colours[some], step)


def show(mesh: bpy.types.Mesh, clip: Clip, depth: np.ndarray, colours: np.ndarray | None, step: int) -> None:
    """Puts the vertices where the depth (h, w) of every step-th pixel says."""
    rows, columns = depth.shape
    camera = clip.camera
    x = (np.arange(columns) * step + 0.5 - camera["cx"]) / camera["fx"]
    y = (np.arange(rows) * step + 0.5 - camera["cy"]) / camera["fy"]
    known = np.isfinite(depth) & (depth > 0)
    z = np.where(known, depth, 0).astype(np.float32)
    points = np.stack([z * x, -z * y[:, None], -z], axis=-1)
    far = np.pad(np.where(known, depth, np.inf), 1, constant_values=np.inf)
    near = np.minimum.reduce([far[1:-1, :-2], far[1:-1, 2:], far[:-2, 1:-1], far[2:, 1:-1]])
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.attributes["air"].data.foreach_set("value", (~known | (depth > EDGE * near)).ravel())
    rgba = np.ones((rows, columns, 4), np.float32)
    rgba[..., :3] = 0.5 if colours is None else colours
    mesh.attributes["Color"].data.foreach_set("color", rgba.ravel())
    mesh.update()


def _set_camera(scene: bpy.types.Scene, clip: Clip) -> None:
    lens = bpy.data.cameras.new("velodepth")
    eye = bpy.data.objects.new("velodepth camera", lens)
    eye.matrix_world = UPRIGHT
    scene.collection.objects.link(eye)
    scene.camera = eye
    fx, fy, cx, cy = (clip.camera[name] for name in NAMES)
    render = scene.render
    render.resolution_x, render.resolution_y = clip.width, clip.height
    render.pixel_aspect_x, render.pixel_aspect_y = max(1, fy / fx), max(1, fx / fy)
    lens.sensor_fit, lens.angle_y = "VERTICAL", 2 * math.atan(clip.height / 2 / fy)
    lens.shift_x = (clip.width / 2 - cx) / clip.height * fy / fx
    lens.shift_y = (cy - clip.height / 2) / clip.height
    lens.clip_start = 0.01


def _unlit() -> bpy.types.Material:
    """Shines in the colour of the picture, whatever the light."""
    material = bpy.data.materials.new("picture")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    kinds = ("ShaderNodeAttribute", "ShaderNodeEmission", "ShaderNodeOutputMaterial")
    colour, shine, out = map(nodes.new, kinds)
    colour.attribute_name = "Color"
    links.new(colour.outputs["Color"], shine.inputs["Color"])
    links.new(shine.outputs["Emission"], out.inputs["Surface"])
    return material


def _without_air() -> bpy.types.NodeTree:
    """Geometry nodes that leave out the vertices of the attribute `air`."""
    tree = bpy.data.node_groups.new("without air", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    entry, out = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    name, delete = (
        tree.nodes.new("GeometryNodeInputNamedAttribute"),
        tree.nodes.new("GeometryNodeDeleteGeometry"),
    )
    name.data_type, name.inputs["Name"].default_value = "BOOLEAN", "air"
    tree.links.new(entry.outputs[0], delete.inputs["Geometry"])
    tree.links.new(next(each for each in name.outputs if each.enabled), delete.inputs["Selection"])
    tree.links.new(delete.outputs["Geometry"], out.inputs[0])
    return tree


class VELODEPTH_OT_import(bpy.types.Operator, ImportHelper):
    """Depth of a video: an .npz of velodepth, or an .exr of its folder"""

    bl_idname, bl_label, bl_options = "import_scene.velodepth", "Import VeloDepth", {"UNDO"}
    filter_glob: bpy.props.StringProperty(default="*.npz;*.exr", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            import_clip(Path(self.filepath))
        except (ValueError, OSError, KeyError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _menu(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator(VELODEPTH_OT_import.bl_idname, text="VeloDepth (.npz, .exr)")


def register() -> None:
    bpy.utils.register_class(VELODEPTH_OT_import)
    bpy.types.TOPBAR_MT_file_import.append(_menu)
    bpy.app.handlers.frame_change_pre.append(follow)


def unregister() -> None:
    bpy.app.handlers.frame_change_pre.remove(follow)
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
    bpy.utils.unregister_class(VELODEPTH_OT_import)

"""A clip's point clouds in Blender, through the camera that filmed them: each .glb file on its own frame.

velodepth run clip.mp4 --save glb --ply-every 1 --out results
blender --python examples/blender_points.py -- results/clip-glb

Or without Blender's window (pip install bpy):

python examples/blender_points.py results/clip-glb --render clip.png
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import bpy


def import_clip(folder: Path) -> None:
    """Puts all files of a folder into an empty scene and on the timeline, in metres, with one camera."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.view_settings.view_transform = "Standard"  # colours as in the picture
    paths = sorted(folder.glob("*.glb"))
    starts = [int(path.stem) + 1 for path in paths]
    paint = unlit()
    for path, start, end in zip(paths, starts, [*starts[1:], None], strict=True):
        bpy.ops.import_scene.gltf(filepath=str(path))
        imported = list(bpy.context.selected_objects)
        camera = next(thing for thing in imported if thing.type == "CAMERA")
        points = next(thing for thing in imported if thing.type == "MESH")
        points.name = path.stem
        modifier = points.modifiers.new("points", "NODES")
        modifier.node_group = as_points(paint, size=1 / camera.data["fy"])
        show(points, start, end)
        if scene.camera is None:
            scene.camera = camera
            match(scene.render, camera.data)
        else:
            bpy.data.objects.remove(camera)
    scene.frame_start, scene.frame_end = starts[0], starts[-1]
    scene.frame_set(starts[0])


def match(render: bpy.types.RenderSettings, lens: bpy.types.Camera) -> None:
    """Renders what the picture shows, pixel by pixel: its size, its centre, its pixels' shape."""
    width, height, fx, fy = (lens[name] for name in ("width", "height", "fx", "fy"))
    render.resolution_x, render.resolution_y = int(width), int(height)
    render.pixel_aspect_x, render.pixel_aspect_y = max(1, fy / fx), max(1, fx / fy)
    lens.sensor_fit, lens.angle_y = "VERTICAL", 2 * math.atan(height / 2 / fy)
    lens.shift_x = (width / 2 - lens["cx"]) / height * fy / fx
    lens.shift_y = (lens["cy"] - height / 2) / height


def show(thing: bpy.types.Object, start: int, end: int | None) -> None:
    """From frame `start` on, until `end`."""
    for frame, hidden in ((0, True), (start, False), (end, True)):
        if frame is not None:
            thing.hide_render = thing.hide_viewport = hidden
            thing.keyframe_insert("hide_render", frame=frame)
            thing.keyframe_insert("hide_viewport", frame=frame)


def unlit() -> bpy.types.Material:
    """A material that shines in the colour of the point, whatever the light."""
    material = bpy.data.materials.new("picture")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    colour, shine, out = (
        nodes.new(f"ShaderNode{kind}") for kind in ("Attribute", "Emission", "OutputMaterial")
    )
    colour.attribute_name = "Color"
    links.new(colour.outputs["Color"], shine.inputs["Color"])
    links.new(shine.outputs["Emission"], out.inputs["Surface"])
    return material


def as_points(material: bpy.types.Material, size: float) -> bpy.types.NodeTree:
    """Geometry nodes that make a ball of each vertex, as large as its pixel: `size` radians across."""
    tree = bpy.data.node_groups.new("points", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    entry, out = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    points, paint = tree.nodes.new("GeometryNodeMeshToPoints"), tree.nodes.new("GeometryNodeSetMaterial")
    place, distance = tree.nodes.new("GeometryNodeInputPosition"), tree.nodes.new("ShaderNodeVectorMath")
    radius = tree.nodes.new("ShaderNodeMath")
    distance.operation, radius.operation = "LENGTH", "MULTIPLY"
    radius.inputs[1].default_value = 0.7 * size  # half a pixel's diagonal: no gaps in a plane
    paint.inputs["Material"].default_value = material
    tree.links.new(place.outputs[0], distance.inputs[0])
    tree.links.new(distance.outputs["Value"], radius.inputs[0])
    tree.links.new(radius.outputs[0], points.inputs["Radius"])
    tree.links.new(entry.outputs[0], points.inputs[0])
    tree.links.new(points.outputs[0], paint.inputs["Geometry"])
    tree.links.new(paint.outputs[0], out.inputs[0])
    return tree


def render(path: Path) -> None:
    """The current frame, by Cycles on the CPU."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4  # everything shines by itself
    scene.cycles.use_denoising = False
    scene.render.filepath = str(path.absolute())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of velodepth run --save glb")
    parser.add_argument("--render", type=Path, metavar="FILE.png", help="render the first frame")
    told = parser.parse_args(arguments)
    import_clip(told.folder)
    if told.render:
        render(told.render)

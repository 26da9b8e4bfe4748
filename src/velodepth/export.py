"""Networks as ONNX graphs, for any runtime that reads them; ours is runtime/onnx.py.

The same for every network, with all warps inside; only the optical flow is the caller's:

    look     canvas, rays where they are known                  -> radius, confidence, rays, state
    carry    canvas, flow, and what the last frame left         -> radius, confidence, uncovered, state
    fuse     what is carried, and what was just looked at       -> log radius, precision, confidence

`carry` is there for networks that have a part for it; `fuse` is the step of `stream/fuse.py`, which needs no
weights. Beside the graphs lie the networks' weights, each tensor once, and a note that says what every input
and output is and how a picture becomes a canvas.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.onnx.operators import shape_as_tensor

from .errors import VeloDepthError
from .media.atomic import explained
from .nets import fusion, large, nano
from .nets.estimate import Estimate
from .nets.vit import PATCH
from .runtime.note import NOTE
from .runtime.session import session_of
from .stream.canvas import IMAGENET_MEAN, IMAGENET_STD, CanvasSpec
from .stream.fuse import constants

WEIGHTS = "weights.safetensors"
OPSET = 17
ANTIALIASED = "aten::_upsample_bilinear2d_aa"
TOLERANCE = 1e-3
"""Largest relative error against PyTorch with which graphs are handed out."""


class Port(NamedTuple):
    """An input or output of a graph, float32."""

    name: str
    shape: tuple[int | str, ...]  # "H" is the canvas's height, "H/4" a fourth of it
    meaning: str = ""  # and unit

    def sides(self, height: int, width: int) -> tuple[int, ...]:
        """The shape on a canvas of so many pixels."""
        whole = {"H": height, "W": width}
        return tuple(
            side if isinstance(side, int) else whole[side[0]] // int(side[2:] or 1) for side in self.shape
        )


@dataclass(frozen=True)
class Graph:
    """A function of tensors of a network, and what goes in and out."""

    name: str
    method: Callable[..., Any]  # takes a tensor for each input; returns those of the outputs, nested or not
    inputs: Sequence[Port]
    outputs: Sequence[Port]


class _Method(nn.Module):
    """A graph's function as a module of its own, with the parameter names of the network."""

    def __init__(self, net: nn.Module, graph: Graph) -> None:
        super().__init__()
        self.net, self.graph = net, graph

    def forward(self, *inputs: Tensor) -> Any:
        return self.graph.method(*inputs)


# ---- writing graphs


def write_weights(net: nn.Module, path: Path, half: bool = False) -> None:
    """Parameters and buffers of a network as a safetensors file, in float32 or, with `half`, in float16."""
    state = {k: v.contiguous() for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    save_file({k: v.half() if half and v.is_floating_point() else v for k, v in state.items()}, path)
    path.chmod(0o644)  # it is written for its owner alone


def write_graph(
    graph: Graph, net: nn.Module, weights: Path, height: int, width: int, dynamic: bool = True
) -> None:
    """Write NAME.onnx beside `weights`, the file of `write_weights` from which it reads the tensors of `net`.

    height, width: of the canvas it is traced on, in pixels, and made for unless `dynamic`.
    """
    path = weights.with_name(f"{graph.name}.onnx")
    zeros = tuple(torch.zeros(port.sides(height, width)) for port in graph.inputs)
    axes = {
        port.name: {axis: side for axis, side in enumerate(port.shape) if isinstance(side, str)}
        for port in (*graph.inputs, *graph.outputs)
    }
    with warnings.catch_warnings(), _antialiasing():
        warnings.simplefilter("ignore")  # of sizes that become constants: `check` looks at what matters
        torch.onnx.export(
            _Method(net, graph),
            zeros,
            str(path),
            input_names=[port.name for port in graph.inputs],
            output_names=[port.name for port in graph.outputs],
            dynamic_axes=axes if dynamic else None,
            opset_version=OPSET,
            export_params=False,
            do_constant_folding=False,
            dynamo=False,
        )
    model = onnx.load(str(path))
    header, start = _safetensors_header(weights)
    stored = {f"net.{name}": entry for name, entry in header.items()}
    # Of equal tensors the exporter keeps one and makes the others of it; here each is read by itself.
    nodes = [node for node in model.graph.node if not stored.keys() & set(node.output)]
    inputs = [given for given in model.graph.input if given.name not in stored]
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(nodes)
    model.graph.input.extend(inputs)
    for name in dict.fromkeys(name for node in nodes for name in node.input):
        if name in stored:
            tensor = _stored(name, stored[name], weights.name, start)
            if tensor.data_type != onnx.TensorProto.FLOAT:  # runtimes do this once, when they load the graph
                tensor.name = f"{name}.half"
                cast = onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
                model.graph.node.insert(0, cast)
            model.graph.initializer.append(tensor)
    onnx.save(model, str(path))


def _safetensors_header(path: Path) -> tuple[dict[str, Any], int]:
    """The tensors a safetensors file lists, and where its data begins."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(length)), 8 + length


def _stored(name: str, entry: Mapping[str, Any], file: str, start: int) -> onnx.TensorProto:
    """An initialiser that reads its bytes from a safetensors file."""
    kind = {"F32": onnx.TensorProto.FLOAT, "F16": onnx.TensorProto.FLOAT16}[entry["dtype"]]
    tensor = onnx.TensorProto(name=name, data_type=kind, dims=entry["shape"])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    begin, end = entry["data_offsets"]
    for key, value in (("location", file), ("offset", start + begin), ("length", end - begin)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


@contextmanager
def _antialiasing() -> Iterator[None]:
    """Lets the exporter write the one antialiased resizing there is: that of rays in `embed_rays`."""
    torch.onnx.register_custom_op_symbolic(ANTIALIASED, _shrink_rays, OPSET)
    try:
        yield
    finally:  # what is merely unregistered, torch looks for the versions of, and falls over finding none
        torch.onnx.register_custom_op_symbolic(ANTIALIASED, _refused, OPSET)


def _refused(*graph_and_inputs: Any) -> Any:
    raise torch.onnx.errors.UnsupportedOperatorError(ANTIALIASED, OPSET, None)


def _shrink_rays(graph: Any, rays: Any, *size: Any) -> Any:
    """Rays (1, 3, H, W), shrunk by the patch as a convolution, which every runtime has.

    Antialiased bilinear shrinking by a whole number weighs pixels by a tent. At the rim it also divides by
    the weights that lie inside; here it does not, since `embed_rays` takes the length of rays out anyway.
    """
    tent = 1 - (torch.arange(2 * PATCH) + 0.5 - PATCH).abs() / PATCH
    kernel = graph.op("Constant", value_t=(tent[:, None] * tent).expand(3, 1, -1, -1).contiguous())
    return graph.op("Conv", rays, kernel, group_i=3, strides_i=[PATCH] * 2, pads_i=[PATCH // 2] * 4)


# ---- the graphs of each network

CANVAS = Port("canvas", (1, 3, "H", "W"), "RGB in 0..1, less `mean`, over `deviation`")
RAYS = Port("rays", (1, 3, "H", "W"), "unit vectors through pixel centres: x right, y down, z forward")
GIVEN = Port("rays_given", (1,), "1: `rays` are those of a known camera; 0: they are ignored and estimated")
RAYS_USED = RAYS._replace(name="rays_used")
RADIUS = Port("radius", (1, 1, "H", "W"), "metres along the ray; depth is radius times the ray's z")
CONFIDENCE = Port("confidence", (1, 1, "H", "W"), "higher is surer")
FLOW = Port("flow", (1, 2, "H", "W"), "canvas pixels (dx, dy) to where the content of a pixel was before")
UNCOVERED = Port("uncovered", (1,), "share of pixels whose content was outside the last canvas, 0..1")
LAST_CANVAS = CANVAS._replace(name="last_canvas")
LAST_RADIUS = RADIUS._replace(name="last_radius", meaning="radius of the last frame as it was shown, metres")
LOG_RADIUS = RADIUS._replace(name="log_radius", meaning="natural logarithm of metres along the ray")
PRECISION = Port("precision", (1, 1, "H", "W"), "how many looks stand behind a pixel; 0: nothing was carried")
FUSED_CONFIDENCE = CONFIDENCE._replace(name="fused_confidence")
RESIDUAL = Port("residual", (1, 1, "H", "W"), "photometric change along the flow, of 0..1, blurred")
INDEPENDENT = Port("independent", (1, 1, "H", "W"), "moved otherwise than the camera's motion would, 0..1")
LOOKS = Port("looks", (1,), "looks of this shot so far")
MOVED = Port("moved", (1,), "95th percentile of the flow's length, in picture sizes")
TRAVELLED = Port(
    "travelled", (1,), "median of the flow's length where nothing moves by itself, picture sizes"
)
REST = Port("rest", (1,), "how surely the camera stands, 0..1")
FRAMES = Port("frames", (1,), "since the last look, at least 1")


def graphs_of(net: nn.Module) -> list[Graph]:
    """`look` of a `Nano` or a `LargeNet`, `carry` where it has one, and `fuse`."""
    own = _nano_graphs(net) if isinstance(net, nano.Nano) else _large_graphs(cast(large.LargeNet, net))
    return [*own, _fuse_graph()]


def _fuse_graph() -> Graph:
    carried = [port._replace(name=f"carried_{port.name}") for port in (LOG_RADIUS, PRECISION, CONFIDENCE)]
    evidence = [RESIDUAL, INDEPENDENT, LOOKS, MOVED, TRAVELLED, REST, FRAMES]
    return Graph(
        "fuse",
        partial(fusion.fuse, constants()),
        [*carried, RADIUS, CONFIDENCE, *evidence],
        [LOG_RADIUS, PRECISION, FUSED_CONFIDENCE],
    )


def _last(ports: Sequence[Port]) -> list[Port]:
    return [port._replace(name=f"last_{port.name}") for port in ports]


def _known_or(rays: Tensor, given: Tensor, estimated: Tensor) -> Tensor:
    return torch.where(given.view(1, 1, 1, 1) > 0.5, rays, estimated)


def _nano_graphs(net: nano.Nano) -> list[Graph]:
    features = [
        Port(f"features_{s}", (1, width, f"H/{s}", f"W/{s}"), "what is carried, without unit")
        for s, width in zip(nano.STRIDES, nano.WIDTHS, strict=True)
    ]

    def look(canvas: Tensor, rays: Tensor, given: Tensor) -> Any:
        maps, camera = net.encode(canvas)
        rays = _known_or(rays, given, _pinhole_rays(camera, canvas))
        seen = net.condition(maps, F.avg_pool2d(rays, 4))
        size, confidence = net.decode(seen, canvas)
        answer = nano.radius_of(size, rays), confidence, rays
        return (*answer, seen) if net.carries else answer

    def carry(
        canvas: Tensor, flow: Tensor, rays: Tensor, last_canvas: Tensor, last_radius: Tensor, *last: Tensor
    ) -> Any:
        carried = nano.Carried(list(last), last_canvas, None)
        estimate = net.propagate(Estimate(last_radius, last_radius, rays, last_radius, carried), canvas, flow)
        return estimate.radius, estimate.confidence, estimate.uncovered, estimate.carried.features

    answer, given = [RADIUS, CONFIDENCE], [CANVAS, RAYS, GIVEN]
    if not net.carries:
        return [Graph("look", look, given, [*answer, RAYS_USED])]
    return [
        Graph("look", look, given, [*answer, RAYS_USED, *features]),
        Graph(
            "carry",
            carry,
            [CANVAS, FLOW, RAYS, LAST_CANVAS, LAST_RADIUS, *_last(features)],
            [*answer, UNCOVERED, *features],
        ),
    ]


def _pinhole_rays(camera: Tensor, canvas: Tensor) -> Tensor:
    """`nets.nano.pinhole_rays` of the camera head's (1, 3), on a canvas (1, 3, H, W) whose size the graph
    reads: a square root in Python would make it a constant."""
    height, width = shape_as_tensor(canvas)[2:].to(camera).unbind()
    focal = torch.sqrt(width * height) * torch.exp(camera[:, 0].clamp(-2, 2))
    centre = 0.5 + camera[:, 1:].clamp(-0.5, 0.5)
    u = torch.arange(canvas.shape[3], dtype=camera.dtype) + 0.5
    v = torch.arange(canvas.shape[2], dtype=camera.dtype)[:, None] + 0.5
    x, y = torch.broadcast_tensors((u - centre[:, 0] * width) / focal, (v - centre[:, 1] * height) / focal)
    return (torch.stack([x, y, torch.ones_like(x)]) / torch.sqrt(x * x + y * y + 1))[None]


def _large_graphs(net: large.LargeNet) -> list[Graph]:
    grid = (f"H/{PATCH}", f"W/{PATCH}")
    features = [
        Port(f"features_{i}", (1, net.config.width, *grid), "what is carried, without unit")
        for i in range(large.LEVELS)
    ]

    def look(canvas: Tensor, rays: Tensor, given: Tensor) -> Any:
        maps, tokens = net.encoder(canvas)
        rays = _known_or(rays, given, net.estimate_rays(tokens, canvas))
        seen = net.condition(list(maps), rays)
        return *net.decode_keyframe(seen, canvas), rays, seen

    def carry(canvas: Tensor, flow: Tensor, last_canvas: Tensor, last_radius: Tensor, *last: Tensor) -> Any:
        carried = large.LargeCarried(list(last), last_canvas)
        known = Estimate(last_radius, last_radius, canvas, last_radius, carried)
        estimate = net.propagate(known, canvas, flow)
        return estimate.radius, estimate.confidence, estimate.uncovered, estimate.carried.features

    answer = [RADIUS, CONFIDENCE]
    return [
        Graph("look", look, [CANVAS, RAYS, GIVEN], [*answer, RAYS_USED, *features]),
        Graph(
            "carry",
            carry,
            [CANVAS, FLOW, LAST_CANVAS, LAST_RADIUS, *_last(features)],
            [*answer, UNCOVERED, *features],
        ),
    ]


# ---- a folder of them


def export(
    net: nn.Module,
    folder: str | Path,
    spec: CanvasSpec,
    facts: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    half: bool = False,
) -> dict[str, float]:
    """Write the graphs of a network, their weights and a note, checked against PyTorch, into a new folder.

    net: a `Nano` or `LargeNet` on the CPU, in float32. spec: its canvases; with a `size`, the graphs are for
    that one alone. facts: more for the note. half: weights are rounded to float16, in `net` too; the graphs
    compute in float32 all the same.

    Returns the relative error of each graph, by name. The folder appears whole or not at all. Raises
    VeloDepthError for a size that does not fit, a folder that is there, a disk that refuses, or graphs that
    are wrong.
    """
    size, multiple = spec.size, spec.multiple
    net = net.eval().requires_grad_(False)
    if half:
        net = net.half().float()
    graphs = graphs_of(net)
    width, height = size or (6 * multiple, 4 * multiple)
    sizes = [(width, height)] if size else [(width, height), (5 * multiple, 8 * multiple)]
    with appearing(Path(folder), overwrite) as inside:
        weights = inside / WEIGHTS
        write_weights(net, weights, half)
        for graph in graphs:
            write_graph(graph, net, weights, height, width, dynamic=size is None)
        checks = [check(inside, graphs, *wanted) for wanted in sizes]
        errors = {graph.name: max(check[graph.name] for check in checks) for graph in graphs}
        note = _note(graphs, spec, errors, facts or {})
        (inside / NOTE).write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
        wrong = {name: error for name, error in errors.items() if not error < TOLERANCE}
        if wrong:
            listed = ", ".join(f"{name} by {error:.2g}" for name, error in wrong.items())
            raise VeloDepthError(f"the graphs differ from PyTorch ({listed}): nothing was written")
    return errors


@contextmanager
def appearing(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to fill, which gets its name when the block ends well; one that was exported before gives way.

    Raises VeloDepthError where something is there that may not, and where the disk refuses.
    """
    is_empty = folder.is_dir() and not any(folder.iterdir())
    if folder.exists() and not is_empty and not (overwrite and (folder / NOTE).is_file()):
        remedy = "add --overwrite" if (folder / NOTE).is_file() else "delete it"
        raise VeloDepthError(f"{folder} is there already: {remedy}, or choose another --out")
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
            inside = Path(temporary) / "graphs"
            inside.mkdir()
            yield inside
            if folder.exists():
                shutil.rmtree(folder)
            inside.rename(folder)


def check(folder: Path, graphs: Sequence[Graph], width: int, height: int) -> dict[str, float]:
    """How far ONNX Runtime's outputs are from PyTorch's on a canvas of noise, by graph.

    The largest difference of any output, over its largest value.
    """
    random = np.random.default_rng(0)
    known = {
        port.name: torch.from_numpy(random.standard_normal(port.sides(height, width)).astype(np.float32))
        for port in (CANVAS, LAST_CANVAS, FLOW, RAYS)
    }
    known["flow"] *= 4  # pixels
    known["rays"] = F.normalize(0.1 * known["rays"] + torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1), dim=1)
    known["rays_given"] = torch.ones(1)
    for graph in graphs:
        for port in graph.inputs:
            if port.name not in known:
                known[port.name] = torch.from_numpy(random.random(port.sides(height, width), np.float32))
    errors = {}
    for graph in graphs:
        given = {port.name: known[port.name] for port in graph.inputs}
        with torch.inference_mode():
            outputs = list(_flat(graph.method(*given.values())))
        session = session_of(folder / f"{graph.name}.onnx")
        answers = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        errors[graph.name] = max(
            float(np.abs(answer - output.numpy()).max() / output.abs().max().clip(min=1e-6))
            if answer.shape == output.shape
            else float("inf")
            for answer, output in zip(answers, outputs, strict=True)
        )
        for port, output in zip(graph.outputs, outputs, strict=True):
            known |= {port.name: output, f"last_{port.name}": output}
    return errors


def _flat(outputs: Any) -> Iterator[Tensor]:
    if isinstance(outputs, Tensor):
        yield outputs
    else:
        for output in outputs:
            yield from _flat(output)


def _note(
    graphs: Sequence[Graph], spec: CanvasSpec, errors: Mapping[str, float], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What a program, and whoever writes it, has to know of the graphs."""
    width, height = spec.size or (None, None)

    def told(port: Port) -> dict[str, Any]:
        shape = port.sides(height, width) if height and width else port.shape
        return {"name": port.name, "dtype": "float32", "shape": list(shape), "meaning": port.meaning}

    return {
        **facts,
        "canvas": asdict(spec),
        "mean": [round(value, 3) for value in IMAGENET_MEAN.tolist()],
        "deviation": [round(value, 3) for value in IMAGENET_STD.tolist()],
        "opset": OPSET,
        "weights": WEIGHTS,
        "state": [
            port.name.removeprefix("last_")
            for graph in graphs
            for port in graph.inputs
            if port.name.startswith("last_")
        ],
        "graphs": {
            graph.name: {
                "file": f"{graph.name}.onnx",
                "inputs": [told(port) for port in graph.inputs],
                "outputs": [told(port) for port in graph.outputs],
                "error": errors[graph.name],
            }
            for graph in graphs
        },
    }

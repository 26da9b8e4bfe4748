// Twin of velodepth/runtime/onnx.py: the packaged graphs under ONNX Runtime's WebAssembly.

import * as ort from "../vendor/ort.wasm.min.mjs";

export class Network {
  // folder: URL of the graphs, their weights and the note that names them. progress(text) is told what is loaded.
  static async load(folder, progress) {
    ort.env.wasm.wasmPaths = new URL("../vendor/", import.meta.url).href;
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
    progress("Loading the network");
    const note = JSON.parse(new TextDecoder().decode(await bytes(new URL("velodepth.json", folder))));
    const data = new Uint8Array(await bytes(new URL(note.weights, folder)));
    const graph = async (name) => new Uint8Array(await bytes(new URL(note.graphs[name].file, folder)));
    const look = await graph("look"), fuse = await graph("fuse"), network = new Network();
    try {
      const externalData = [{ path: note.weights, data }], executionProviders = ["wasm"];
      network.looking = await ort.InferenceSession.create(look, { executionProviders, externalData });
      network.fusing = await ort.InferenceSession.create(fuse, { executionProviders });
    } catch (error) {
      console.warn(error);
      throw new Error("ONNX Runtime does not start in this browser: reload the page, or use a newer browser");
    }
    return network;
  }

  // canvas: (3, H, W), normalised; rays: (3, H, W) of the shot so far, or null to estimate them
  // -> {radius: Float32Array (H, W), metres; rays: those given, or estimated}
  async look(canvas, height, width, rays) {
    const planes = (data) => new ort.Tensor("float32", data, [1, 3, height, width]);
    const told = {
      canvas: planes(canvas), rays: planes(rays ?? new Float32Array(canvas.length)),
      rays_given: new ort.Tensor("float32", [rays ? 1 : 0], [1]),
    };
    const { radius, rays_used } = await this.looking.run(told, ["radius", "rays_used"]);
    return { radius: radius.data, rays: rays ?? rays_used.data };
  }

  // What is carried and what was looked at, see docs/export.md. maps: (H, W) each; numbers: one each
  // -> tensors log_radius and precision
  fuse(maps, numbers, height, width) {
    const tensors = (values, sides, array) => Object.entries(values).map(([name, value]) => [name, new ort.Tensor("float32", array(value), sides)]);
    const told = [...tensors(maps, [1, 1, height, width], (map) => map), ...tensors(numbers, [1], (number) => [number])];
    return this.fusing.run(Object.fromEntries(told), ["log_radius", "precision"]);
  }
}

async function bytes(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) throw new Error(`${url.pathname} did not come: see that the server runs and has it, then start again`);
  return answer.arrayBuffer();
}

// Twin of velodepth/runtime/onnx.py: the packaged graphs under ONNX Runtime's WebAssembly, warps between them.

import * as ort from "../vendor/ort.wasm.min.mjs";
import { shrink, warp } from "./maps.js";

const STRIDES = [32, 16, 8, 4];
const WEIGHTS = "nano.safetensors";

export class Network {
  // folder: URL of the graphs and weights; settings: {graphs, focal_unit}. progress(text) is told what is loaded.
  static async load(folder, settings, progress) {
    ort.env.wasm.wasmPaths = new URL("../vendor/", import.meta.url).href;
    ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
    progress("Loading the network");
    const data = new Uint8Array(await bytes(new URL(WEIGHTS, folder)));
    const network = new Network();
    Object.assign(network, { sessions: {}, focalUnit: settings.focal_unit });
    for (const name of settings.graphs) {
      const graph = new Uint8Array(await bytes(new URL(`${name}.onnx`, folder)));
      const externalData = [{ path: WEIGHTS, data }];
      try {
        network.sessions[name] = await ort.InferenceSession.create(graph, { executionProviders: ["wasm"], externalData });
      } catch (error) {
        console.warn(error);
        throw new Error("ONNX Runtime does not start in this browser: reload the page, or use a newer browser");
      }
    }
    return network;
  }

  // inputs: [Float32Array, channels, height, width] each, in the graph's order -> its output tensors
  async run(name, ...inputs) {
    const session = this.sessions[name];
    const feed = Object.fromEntries(inputs.map(([data, ...shape], i) => [
      session.inputNames[i], new ort.Tensor("float32", data, [1, ...shape]),
    ]));
    const answer = await session.run(feed);
    return session.outputNames.map((output) => answer[output]);
  }

  // canvas: (3, H, W); rays: (3, H, W) of the shot so far, or null to estimate them.
  async keyframe(canvas, height, width, rays) {
    const [a, b, c, d, camera] = await this.run("encode", [canvas, 3, height, width]);
    const pyramid = [a, b, c, d].map(taken);
    const lens = rays ?? pinholeRays(camera.data, height, width);
    const features = await this.run(
      "condition", ...pyramid, [shrink(lens.rays, 3, height, width, 4), 3, height / 4, width / 4],
    );
    const [size, confidence] = await this.run("decode", ...features.map(taken), [canvas, 3, height, width]);
    const memory = { features: features.map(taken), luma: halfLuma(canvas, height, width), size: size.data };
    return { radius: this.radiusOf(size.data, lens.focal), confidence: confidence.data, lens, memory };
  }

  // flow: (2, H, W), canvas pixels, now -> before
  async propagate({ memory, lens }, canvas, flow, height, width) {
    const [h, w] = [height / 2, width / 2], cells = h * w;
    const half = shrink(canvas, 3, height, width, 2), halved = shrink(flow, 2, height, width, 2);
    const now = halfLuma(canvas, height, width);
    const last = new Float32Array(2 * cells);
    last.set(memory.luma);
    last.set(shrink(memory.size, 1, height, width, 2), cells);
    const carried = warp(last, 2, h, w, halved.map((x) => x / 2));
    const clues = new Float32Array(7 * cells);
    clues.set(half);
    clues.set(halved.map((x) => x / 20), 3 * cells);
    for (let i = 0; i < cells; i++) clues[5 * cells + i] = now[i] - carried[i];
    clues.set(carried.subarray(cells), 6 * cells);
    const seen = await this.run("observe", [clues, 7, h, w], [shrink(halved, 2, h, w, 2), 2, h / 2, w / 2]);
    const refined = seen.pop().data; // (2, H/4, W/4), canvas pixels
    const warped = STRIDES.map((stride, level) => {
      const [x, channels, rows, columns] = memory.features[level];
      const shift = shrink(refined, 2, h / 2, w / 2, stride / 4).map((value) => value / stride);
      return [warp(x, channels, rows, columns, shift), channels, rows, columns];
    });
    const corrected = await this.run("correct", ...seen.map(taken), ...warped, [canvas, 3, height, width]);
    const [size, confidence] = corrected.splice(4);
    const next = { features: corrected.map(taken), luma: now, size: size.data };
    return { radius: this.radiusOf(size.data, lens.focal), confidence: confidence.data, lens, memory: next };
  }

  // Log size -> metres along the ray
  radiusOf(size, focal) {
    return size.map((value) => Math.exp(Math.min(Math.max(value, -6), 8)) * focal / this.focalUnit);
  }
}

const taken = (tensor) => [tensor.data, ...tensor.dims.slice(1)];

async function bytes(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) throw new Error(`${url.pathname} did not come: see that the server runs and has it, then start again`);
  return answer.arrayBuffer();
}

// Rec. 601 luma of the canvas at half size
function halfLuma(canvas, height, width) {
  const half = shrink(canvas, 3, height, width, 2), cells = half.length / 3;
  return Float32Array.from({ length: cells }, (_, i) => 0.299 * half[i] + 0.587 * half[cells + i] + 0.114 * half[2 * cells + i]);
}

// Camera head (3) -> {rays (3, H, W) unit, focal: effective focal length in canvas pixels, camera: [fx, fy, cx, cy] there}
function pinholeRays(head, height, width) {
  const clip = (x, most) => Math.min(Math.max(x, -most), most);
  const focal = Math.sqrt(width * height) * Math.exp(clip(head[0], 2));
  const cx = (0.5 + clip(head[1], 0.5)) * width, cy = (0.5 + clip(head[2], 0.5)) * height;
  const size = height * width, rays = new Float32Array(3 * size);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const x = (column + 0.5 - cx) / focal, y = (row + 0.5 - cy) / focal, length = Math.hypot(x, y, 1);
      rays[i] = x / length; rays[size + i] = y / length; rays[2 * size + i] = 1 / length;
    }
  }
  return { rays, focal: effectiveFocal(rays, height, width), camera: [focal, focal, cx, cy] };
}

// sqrt(pixels / solid angle)
function effectiveFocal(rays, height, width) {
  const size = height * width;
  let sum = 0;
  for (let row = 0; row < height - 1; row++) {
    for (let column = 0; column < width - 1; column++) {
      const i = row * width + column;
      const [a, b, c] = [0, 1, 2].map((k) => rays[k * size + i + 1] - rays[k * size + i]);
      const [d, e, f] = [0, 1, 2].map((k) => rays[k * size + i + width] - rays[k * size + i]);
      sum += Math.hypot(b * f - c * e, c * d - a * f, a * e - b * d);
    }
  }
  return Math.sqrt((height - 1) * (width - 1) / sum);
}

// Twin of velodepth/stream/stream.py with the default policy: one picture in, its depth out. Look, carry, fuse.

import { Canvas } from "./canvas.js";
import { weigh } from "./evidence.js";
import { inverseSearch } from "./flow.js";
import { carry, fuse, start, unobserved } from "./fuse.js";
import { decide } from "./keyframes.js";
import { lensOf } from "./lens.js";
import { solveMotion } from "./motion.js";
import { Warp } from "./warp.js";

export class DepthStream {
  // settings: those of settings.json that end in the browser (web/settings.py)
  constructor(network, settings) {
    Object.assign(this, { network, settings, index: 0, last: null });
  }

  // image: ImageData; flow: Float32Array (2, H, W) of the canvas, or nothing to find it by inverse search.
  // -> {index, reason, depth: Float32Array (H, W) of the canvas, metres, camera: [fx, fy, cx, cy] in parts of the picture}
  async push(image, flow) {
    this.canvas ??= new Canvas(image.width, image.height, this.settings.canvas);
    const { width, height } = this.canvas, size = width * height;
    const { canvas, luma } = this.canvas.fill(image.data);
    const step = this.last && this.step(this.last, luma, flow, height, width);
    const reason = step ? decide(step.evidence, this.last.frames + 1, this.settings.policy) : "start";
    let memory, lens, radius;
    if (reason === "start" || reason === "cut") {
      const looked = await this.network.look(canvas, height, width, null);
      lens = lensOf(looked.rays, height, width);
      ({ radius } = looked);
      memory = start(radius);
    } else {
      ({ lens } = this.last);
      const looked = reason && await this.network.look(canvas, height, width, lens.rays);
      memory = looked ? fuse(step.carried, looked.radius, step.evidence, height, width, this.settings.fuse)
        : unobserved(step.carried, step.evidence, this.settings.fuse);
      radius = memory.logRadius.map(Math.exp);
    }
    this.last = { memory, lens, luma, frames: reason ? 0 : this.last.frames + 1 };
    const depth = radius.map((value, i) => value * lens.rays[2 * size + i]);
    return { index: this.index++, reason, depth, camera: this.ofPicture(lens.camera) };
  }

  // From the last picture to this one, by flow alone
  step(last, luma, flow, height, width) {
    flow ??= inverseSearch(last.luma, luma, height, width);
    const warp = new Warp(flow, height, width), warped = warp.sharp(last.memory.logRadius), radius = warped.map(Math.exp);
    const points = warp.linear(last.lens.rays).map((value, i) => value * radius[i % radius.length]);
    const motion = solveMotion(points, warp.inside, last.lens, height, width, this.settings.motion);
    const carried = carry(last.memory, warp, warped, motion);
    return { carried, evidence: weigh(flow, warp, last.luma, luma, motion, carried.precision, this.settings.evidence) };
  }

  ofPicture([fx, fy, cx, cy]) {
    const c = this.canvas, across = c.paddedWidth / c.width, down = c.paddedHeight / c.height;
    return [
      fx * across / c.pictureWidth, fy * down / c.pictureHeight,
      (cx * across - c.left) / c.pictureWidth, (cy * down - c.top) / c.pictureHeight,
    ];
  }
}

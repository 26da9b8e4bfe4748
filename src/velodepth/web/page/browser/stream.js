// Twin of velodepth/stream/stream.py with the default policy: one picture in, its depth out.

import { Canvas } from "./canvas.js";
import { inverseSearch } from "./flow.js";
import { filled, median, percentile, warp } from "./maps.js";

export class DepthStream {
  // settings: those of settings.json that end in the browser (web/settings.py)
  constructor(network, settings) {
    Object.assign(this, { network, settings, index: 0, last: null, fade: null });
    this.since = { frames: 1, wandered: 0 };
  }

  // image: ImageData; flow: Float32Array (2, H, W) of the canvas, or nothing to find it by inverse search.
  // -> {index, reason, depth: Float32Array (H, W) of the canvas, metres, camera: [fx, fy, cx, cy] in parts of the picture}
  async push(image, flow) {
    this.canvas ??= new Canvas(image.width, image.height, this.settings.canvas);
    const { width, height } = this.canvas, size = width * height;
    const { canvas, luma } = this.canvas.fill(image.data);
    let state, reason = null, shown, anchor, seen = filled(size, 255);
    if (!this.last) {
      reason = "start";
      state = await this.network.keyframe(canvas, height, width, null);
      shown = state.radius;
      anchor = state.radius.map(Math.log);
    } else {
      flow ??= inverseSearch(this.last.luma, luma, height, width);
      const evidence = weigh(this.last, luma, flow, height, width, this.settings.quiet);
      reason = this.decide(evidence);
      state = reason ? await this.network.keyframe(canvas, height, width, reason === "cut" ? null : this.last.state.lens)
        : await this.network.propagate(this.last.state, canvas, flow, height, width);
      shown = this.faded(state.radius, reason, flow, height, width);
      if (reason) anchor = state.radius.map(Math.log);
      else [seen, anchor] = [evidence.seen, warp(this.last.anchor, 1, height, width, flow)];
    }
    this.since = reason ? { frames: 1, wandered: 0 }
      : { frames: this.since.frames + 1, wandered: wandered(state.radius, anchor, seen, height, width) };
    this.last = { state, shown, luma, seen, anchor };
    const rays = state.lens.rays;
    const depth = shown.map((radius, i) => radius * rays[2 * size + i]);
    return { index: this.index++, reason, depth, camera: this.ofPicture(state.lens.camera) };
  }

  // stream/keyframes.py, Adaptive
  decide({ unexplained, moved, uncovered }) {
    const policy = this.settings.policy;
    if (unexplained > policy.cut) return "cut";
    if (moved > policy.motion) return "motion";
    if (uncovered > policy.uncovered) return "uncovered";
    if (unexplained > policy.drift || this.since.wandered > policy.wander) return "drift";
    return this.since.frames >= policy.age ? "age" : null;
  }

  // stream/fade.py
  faded(radius, reason, flow, height, width) {
    const { blend } = this.settings.policy, { whole, none } = this.settings.fade;
    if (reason === "cut") {
      this.fade = null;
    } else if (reason) {
      const before = warp(this.last.shown.map(Math.log), 1, height, width, flow);
      const known = warp(filled(radius.length, 1), 1, height, width, flow);
      const offset = before.map((value, i) => {
        const off = value - Math.log(radius[i]);
        return known[i] > 0.999 ? off * Math.min(Math.max((none - Math.abs(off)) / (none - whole), 0), 1) : 0;
      });
      this.fade = { offset, left: blend };
    } else if (this.fade && --this.fade.left > 0) {
      this.fade.offset = warp(this.fade.offset, 1, height, width, flow);
    } else {
      this.fade = null;
    }
    if (!this.fade) return radius;
    const share = this.fade.left / (blend + 1), { offset } = this.fade;
    return radius.map((value, i) => value * Math.exp(share * offset[i]));
  }

  ofPicture([fx, fy, cx, cy]) {
    const c = this.canvas, across = c.paddedWidth / c.width, down = c.paddedHeight / c.height;
    return [
      fx * across / c.pictureWidth, fy * down / c.pictureHeight,
      (cx * across - c.left) / c.pictureWidth, (cy * down - c.top) / c.pictureHeight,
    ];
  }
}

// stream/evidence.py
function weigh(last, luma, flow, height, width, quiet) {
  const size = height * width;
  const lengths = [];
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      const i = y * width + x;
      lengths.push(Math.hypot(flow[i] / (width - 1), flow[size + i] / (height - 1)));
    }
  }
  const seen = warp(last.seen, 1, height, width, flow).map(Math.round);
  const there = warp(filled(size, 255), 1, height, width, flow).map(Math.round);
  const carried = warp(Float32Array.from(last.luma), 1, height, width, flow).map(Math.round);
  let count = 0, level = 0, change = 0, covered = 0;
  for (let i = 0; i < size; i++) {
    covered += seen[i];
    if (there[i] !== 255) continue;
    count++;
    level += luma[i];
    change += luma[i] - carried[i];
  }
  level /= count;
  change /= count;
  let contrast = 0, off = 0;
  for (let i = 0; i < size; i++) {
    if (there[i] !== 255) continue;
    contrast += Math.abs(luma[i] - level);
    off += Math.abs(luma[i] - carried[i] - change);
  }
  return {
    moved: percentile(Float32Array.from(lengths), 95),
    seen,
    uncovered: 1 - covered / size / 255,
    unexplained: count < 0.05 * size ? 1 : off / count / (contrast / count + quiet),
  };
}

// Median |log ratio| of the radius to what the keyframe saw, over every fourth pixel that it saw
function wandered(radius, anchor, seen, height, width) {
  const off = [];
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      const i = y * width + x;
      if (seen[i] === 255) off.push(Math.abs(Math.log(radius[i]) - anchor[i]));
    }
  }
  return off.length ? median(Float32Array.from(off)) : 0;
}

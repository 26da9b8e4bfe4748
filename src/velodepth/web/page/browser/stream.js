// Twin of velodepth/stream/stream.py with the default policy: one picture in, its depth out. Look, carry, fuse.

import { Canvas } from "./canvas.js";
import { content, Dissolve, likeness, thumbnail } from "./content.js";
import { weigh } from "./evidence.js";
import { inverseSearch, steadied } from "./flow.js";
import { carry, fuse, start, unobserved } from "./fuse.js";
import { decide } from "./keyframes.js";
import { focalOf, LensEstimate, lensOf } from "./lens.js";
import { solveMotion } from "./motion.js";
import { Warp } from "./warp.js";

export class DepthStream {
  // settings: those of settings.json that end in the browser (web/settings.py)
  constructor(network, settings) {
    Object.assign(this, { network, settings, index: 0 });
    this.forget();
  }

  // Another scene: nothing of the last one remains.
  forget() {
    Object.assign(this, { last: null, thumb: null, blank: 0 }); // the last picture that showed something, and how many since
    this.estimate = new LensEstimate(this.settings.lens);
    this.dissolve = new Dissolve(this.settings.content);
  }

  // image: ImageData; flow: Float32Array (2, H, W) of the canvas, or nothing to find it by inverse search.
  // -> {index, reason, depth, radius: Float32Array (H, W) of the canvas, metres, luma: Uint8Array (H, W),
  // camera: [fx, fy, cx, cy] in parts of the picture}
  async push(image, flow) {
    this.canvas ??= new Canvas(image.width, image.height, this.settings.canvas);
    const { width, height } = this.canvas, size = width * height;
    const { radius, lens, reason } = await this.see(image, flow, height, width);
    const depth = radius.map((value, i) => value * lens.rays[2 * size + i]);
    return { index: this.index++, reason, depth, radius, luma: this.luma, camera: this.ofPicture(lens.camera) };
  }

  // Look or carry, then fuse; keeps what the next picture needs.
  async see(image, flow, height, width) {
    const anew = this.index ? "cut" : "start", thumb = thumbnail(image, this.settings.content.size);
    const shows = content(thumb, this.settings.content), { canvas, luma } = this.canvas.fill(image.data);
    this.luma = luma;
    if (!shows) return this.seeNothing(canvas, anew, height, width);
    if (this.isAnother(thumb)) this.forget();
    const step = this.last && this.step(this.last, luma, flow, height, width);
    let reason = step ? decide(step.evidence, this.last.frames + 1, this.settings.policy) : anew;
    if (reason === "cut" && this.last) this.forget();
    Object.assign(this, { thumb, blank: 0 });
    const { last, estimate } = this;
    let memory, lens, radius;
    if (!last || estimate.outshone(shows)) { // of what was seen in the dark nothing is worth keeping
      if (reason !== "start" && reason !== "cut") reason = anew;
      ({ lens, radius } = this.ofTheShot(await this.network.look(canvas, height, width, null), shows, height, width));
      memory = start(radius);
    } else {
      memory = step.carried;
      ({ lens } = last);
      if (reason) {
        const looked = await this.network.look(canvas, height, width, estimate.settled ? lens.rays : null);
        const seen = this.ofTheShot(looked, shows, height, width, lens);
        const grown = Math.log(seen.lens.focal / lens.focal); // metres go with the camera
        const scaled = { ...memory, logRadius: memory.logRadius.map((value) => value + grown) };
        memory = await fuse(this.network, scaled, seen.radius, { ...step.evidence, frames: last.frames + 1 }, height, width);
        ({ lens } = seen);
      } else {
        memory = unobserved(memory, step.evidence, this.settings.changed);
      }
      radius = memory.logRadius.map(Math.exp);
    }
    this.last = { memory, radius, lens, luma, frames: reason ? 0 : last.frames + 1 };
    return { radius, lens, reason };
  }

  // A flash is passed over; what stays black or blank is looked at, and not remembered.
  async seeNothing(canvas, anew, height, width) {
    const { last } = this;
    if (last && ++this.blank <= this.settings.flash) return { ...last, reason: null };
    const { radius, rays } = await this.network.look(canvas, height, width, last && last.lens.rays);
    return { radius, lens: last?.lens ?? lensOf(rays, height, width), reason: last ? "age" : anew };
  }

  // Whether a dissolve has ended, or what comes after black is not what was before
  isAnother(thumb) {
    return this.dissolve.isOver(thumb) || (this.blank > 0 && this.thumb && likeness(this.thumb, thumb) < this.settings.same);
  }

  // A look with the camera that is estimated over those of its shot, of which it is one. before: that of the shot so far
  ofTheShot({ radius, rays }, shows, height, width, before) {
    if (!this.estimate.settled) this.estimate.add(rays, shows);
    if (before?.rays === this.estimate.rays) return { radius, lens: before };
    const lens = lensOf(this.estimate.rays, height, width), factor = lens.focal / focalOf(rays, height, width);
    return { radius: radius.map((value) => value * factor), lens };
  }

  // From the last picture to this one, by flow alone
  step(last, luma, flow, height, width) {
    flow ??= inverseSearch(last.luma, luma, height, width);
    flow = steadied(flow, last.luma, luma, height, width, this.settings.flow);
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

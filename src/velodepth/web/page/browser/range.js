// Which metres the colours span: velodepth/media/colour.py, Colouring._follow.

import { percentile } from "./maps.js";

export class Range {
  constructor(settings) {
    Object.assign(this, { settings, tracked: null, shown: null, time: 0 });
  }

  // map: Float32Array, metres -> [near, far], or null as long as nothing tells them
  follow(map, [width, height], time, reason) {
    const { percentiles, farthest, seconds, still, spread } = this.settings;
    const elapsed = Math.max(time - this.time, 0);
    this.time = time;
    const step = Math.max(1, Math.round(Math.sqrt(map.length / 10000)));
    const values = [];
    for (let y = step >> 1; y < height; y += step) {
      for (let x = step >> 1; x < width; x += step) {
        const metres = map[y * width + x];
        if (metres > 0 && metres < Infinity) values.push(metres);
      }
    }
    if (!values.length) return this.shown;
    const sorted = Float32Array.from(values);
    const [low, most, high] = percentiles.map((share) => percentile(sorted, share));
    const seen = [Math.log(low), Math.log(Math.min(high, farthest * most))];
    if (!this.tracked || reason === "start" || reason === "cut") [this.tracked, this.shown] = [seen, null];
    const share = 1 - Math.exp(-elapsed / seconds);
    this.tracked = this.tracked.map((value, i) => value + share * (seen[i] - value));
    const [near, far] = this.tracked.map(Math.exp);
    const more = Math.max(1, Math.sqrt(spread * near / far));
    const target = [near / more, far * more];
    if (!this.shown || target.some((value, i) => Math.abs(Math.log(value / this.shown[i])) > still)) this.shown = target;
    return this.shown;
  }
}

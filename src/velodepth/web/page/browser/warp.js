// Twin of Warp in velodepth/stream/evidence.py: reads maps of the last canvas where the flow says that the content of
// this canvas was; beyond the border, the nearest pixel inside.

import { clipped, extremes } from "./maps.js";

const SHARPNESS = -0.75; // of OpenCV's bicubic

export class Warp {
  // flow: (2, H, W), (dx, dy) canvas pixels, this frame -> the last
  constructor(flow, height, width) {
    const size = height * width;
    Object.assign(this, { height, width, u: new Float32Array(size), v: new Float32Array(size) });
    this.inside = new Uint8Array(size); // 1: the content was in the last canvas
    this.corner = new Int32Array(size); // the upper left of the four pixels around, and how far right and below it
    this.right = new Float32Array(size);
    this.down = new Float32Array(size);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const u = this.u[i] = Math.fround(flow[i] + x), v = this.v[i] = Math.fround(flow[size + i] + y);
        this.inside[i] = u >= 0 && u <= width - 1 && v >= 0 && v <= height - 1;
        const column = clipped(u, 0, width - 1), row = clipped(v, 0, height - 1);
        const left = Math.min(Math.floor(column), width - 2), top = Math.min(Math.floor(row), height - 2);
        this.corner[i] = top * width + left;
        this.right[i] = column - left;
        this.down[i] = row - top;
      }
    }
  }

  // map: (C, H, W), bilinear
  linear(map) {
    const { corner, right, down, width } = this, size = corner.length, out = new Float32Array(map.length);
    for (let from = 0; from < map.length; from += size) {
      for (let i = 0; i < size; i++) {
        const k = from + corner[i], upper = map[k] + right[i] * (map[k + 1] - map[k]);
        const lower = map[k + width] + right[i] * (map[k + width + 1] - map[k + width]);
        out[from + i] = upper + down[i] * (lower - upper);
      }
    }
    return out;
  }

  // map: (H, W), bicubic, kept between the least and the largest of the 3 x 3 pixels around
  sharp(map) {
    const { height, width, u, v } = this, out = new Float32Array(map.length);
    const { least, largest } = extremes(map, height, width);
    const across = new Float64Array(4), along = new Float64Array(4);
    for (let i = 0; i < map.length; i++) {
      const left = Math.floor(u[i]), top = Math.floor(v[i]);
      cubic(u[i] - left, across);
      cubic(v[i] - top, along);
      let sum = 0;
      for (let j = 0; j < 4; j++) {
        const row = clipped(top + j - 1, 0, height - 1) * width;
        let line = 0;
        for (let k = 0; k < 4; k++) line += across[k] * map[row + clipped(left + k - 1, 0, width - 1)];
        sum += along[j] * line;
      }
      const nearest = clipped(even(v[i]), 0, height - 1) * width + clipped(even(u[i]), 0, width - 1);
      out[i] = clipped(sum, least[nearest], largest[nearest]);
    }
    return out;
  }
}

// Rounded, halves to the even neighbour
function even(x) {
  const floor = Math.floor(x), rest = x - floor;
  return rest === 0.5 ? floor + (floor & 1) : Math.round(x);
}

// Weights of the pixels at -1, 0, 1 and 2 for a place between 0 and 1
function cubic(x, weights) {
  const near = (t) => ((SHARPNESS + 2) * t - (SHARPNESS + 3)) * t * t + 1;
  const t = x + 1;
  weights[0] = ((SHARPNESS * t - 5 * SHARPNESS) * t + 8 * SHARPNESS) * t - 4 * SHARPNESS;
  weights[1] = near(x);
  weights[2] = near(1 - x);
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

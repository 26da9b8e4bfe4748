// Maps (C, H, W) in Float32Array: what velodepth/runtime/onnx.py and stream/evidence.py do with them in NumPy.

// Means of factor x factor pixels; factor a power of 2.
export function shrink(x, channels, height, width, factor) {
  for (; factor > 1; factor /= 2, height /= 2, width /= 2) {
    const half = new Float32Array(channels * (height / 2) * (width / 2));
    for (let row = 0, to = 0; row < channels * height; row += 2) {
      for (let at = row * width; at < (row + 1) * width; at += 2) {
        half[to++] = (x[at] + x[at + width] + (x[at + 1] + x[at + width + 1])) * 0.25;
      }
    }
    x = half;
  }
  return x;
}

// Bilinear read of x (C, H, W) at pixel + flow (2, H, W); zero outside. grain: positions are rounded to 1 / grain.
export function warp(x, channels, height, width, flow, grain = 32) {
  const size = height * width, out = new Float32Array(channels * size);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const u = column + Math.round(flow[i] * grain) / grain, v = row + Math.round(flow[size + i] * grain) / grain;
      const left = Math.floor(u), top = Math.floor(v), right = u - left, down = v - top;
      if (!(left >= -1 && left < width && top >= -1 && top < height)) continue;
      const at = top * width + left;
      const a = left >= 0 && top >= 0 ? (1 - right) * (1 - down) : 0;
      const b = left + 1 < width && top >= 0 ? right * (1 - down) : 0;
      const c = left >= 0 && top + 1 < height ? (1 - right) * down : 0;
      const d = left + 1 < width && top + 1 < height ? right * down : 0;
      for (let channel = 0; channel < channels; channel++) {
        const k = channel * size + at;
        out[channel * size + i] = (a && a * x[k]) + (b && b * x[k + 1]) + (c && c * x[k + width]) + (d && d * x[k + width + 1]);
      }
    }
  }
  return out;
}

export const filled = (size, value) => new Float32Array(size).fill(value);

// As numpy.percentile: linear between the nearest. Sorts its argument.
export function percentile(values, share) {
  values.sort();
  const at = share / 100 * (values.length - 1), first = Math.floor(at);
  return values[first] + (at - first) * ((values[first + 1] ?? values[first]) - values[first]);
}

export const median = (values) => percentile(values, 50);

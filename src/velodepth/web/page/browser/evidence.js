// Twin of Evidence in velodepth/stream/evidence.py: what the step from one canvas to the next shows by itself.

import { blurred, clipped, percentile } from "./maps.js";

// flow: (2, H, W) canvas pixels; luma, lastLuma: (H, W) of 0..255; motion: of motion.js, or null; precision: (H, W);
// settings: {quiet, changed, still}.
// -> {moved, travelled, rest, uncovered, unexplained, moving; residual: Float32Array (H, W), independent: Float32Array (H, W), 0..1}
export function weigh(flow, warp, lastLuma, luma, motion, precision, { quiet, changed, still }) {
  const { inside, height, width } = warp, size = height * width;
  const change = warp.linear(Float32Array.from(lastLuma));
  let count = 0, level = 0, common = 0, unseen = 0;
  for (let i = 0; i < size; i++) {
    change[i] = luma[i] - change[i];
    unseen += precision[i] < 0.5;
    if (!inside[i]) continue;
    count++;
    level += luma[i];
    common += change[i];
  }
  level /= Math.max(count, 1);
  common /= Math.max(count, 1);
  let contrast = 0, off = 0;
  for (let i = 0; i < size; i++) {
    change[i] = Math.abs(change[i] - common);
    if (!inside[i]) continue;
    contrast += Math.abs(luma[i] - level);
    off += change[i];
  }
  const unexplained = count < 0.05 * size ? 1 : off / count / (contrast / count + quiet);
  for (let i = 0; i < size; i++) change[i] /= 255;
  const residual = blurred(change, height, width, 1.5);
  const independent = new Float32Array(size);
  let moving = 0;
  for (let i = 0; i < size; i++) {
    independent[i] = motion && inside[i] ? 1 - motion.follows[i] : 0;
    moving += residual[i] > changed ? 1 : independent[i];
  }
  const moved = percentile(lengths(flow, height, width), 95), follows = lengths(flow, height, width, independent);
  const travelled = follows.length ? percentile(follows, 50) : moved;
  return {
    moved, travelled, rest: clipped(2 - travelled / still, 0, 1), uncovered: unseen / size, unexplained, moving: motion ? moving / size : 1, residual, independent,
  };
}

// Lengths of the flow in picture sizes, over every 4th pixel but those left out
function lengths(flow, height, width, leftOut) {
  const found = [];
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      const i = y * width + x, dx = flow[i] / (width - 1), dy = flow[height * width + i] / (height - 1);
      if (!(leftOut?.[i] >= 0.5)) found.push(Math.sqrt(dx * dx + dy * dy));
    }
  }
  return Float32Array.from(found);
}

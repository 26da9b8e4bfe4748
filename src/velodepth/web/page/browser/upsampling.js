// Twin of velodepth/stream/upsampling.py: from the canvas back to the picture, with the picture's own edges.

import { grey } from "./canvas.js";
import { extremes } from "./maps.js";

// map: (H, W) of the canvas; radius, luma: of the same frame; image: ImageData
// settings: {jump, alike, least}
// -> Float32Array (height, width) over the picture
export function upsampled(canvas, map, radius, luma, image, width, height, { jump, alike, least }) {
  const across = canvas.width, { least: low, largest: high } = extremes(radius.map(Math.log), canvas.height, across);
  const columns = canvas.along(width, image.width, canvas.left, canvas.paddedWidth, across);
  const rows = canvas.along(height, image.height, canvas.top, canvas.paddedHeight, canvas.height);
  const out = canvas.restore(map, width, height);
  const share = new Float32Array(4), steps = [0, 1, across, across + 1];
  for (let y = 0; y < height; y++) {
    const [j, below] = rows[y], from = Math.floor((y + 0.5) * image.height / height) * image.width;
    for (let x = 0; x < width; x++) {
      const [i, right] = columns[x], nearest = (j + (below >= 0.5)) * across + i + (right >= 0.5);
      if (high[nearest] - low[nearest] <= jump) continue;
      const here = grey(image.data, 4 * (from + Math.floor((x + 0.5) * image.width / width)));
      share.set([(1 - right) * (1 - below), right * (1 - below), (1 - right) * below, right * below]);
      let sum = 0, value = 0;
      for (let k = 0; k < 4; k++) {
        const cell = j * across + i + steps[k], unlike = (here - luma[cell]) / alike;
        const weight = share[k] * (Math.exp(-0.5 * unlike * unlike) + least);
        sum += weight;
        value += weight * map[cell];
      }
      out[y * width + x] = value / sum;
    }
  }
  return out;
}

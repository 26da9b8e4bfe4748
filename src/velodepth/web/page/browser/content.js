// Twin of velodepth/stream/content.py: what a picture shows by itself, nothing at all, or two scenes at once.

import { weights } from "./canvas.js";

// image: ImageData; size: [width, height] -> {width, height, data}: grey levels, means of the picture's pixels
export function thumbnail(image, [width, height]) {
  const columns = weights(image.width, width), rows = weights(image.height, height), data = new Float32Array(width * height);
  for (let j = 0; j < height; j++) {
    for (let k = 0; k < rows[j].share.length; k++) {
      const row = (rows[j].first + k) * image.width;
      for (let i = 0; i < width; i++) {
        const { first, share } = columns[i];
        let sum = 0;
        for (let l = 0; l < share.length; l++) {
          const at = 4 * (row + first + l);
          sum += share[l] * (0.299 * image.data[at] + 0.587 * image.data[at + 1] + 0.114 * image.data[at + 2]);
        }
        data[j * width + i] += rows[j].share[k] * sum;
      }
    }
  }
  return { width, height, data };
}

// 0: nothing, to 1: plenty, and beyond
export function content({ data }, { nothing, plenty }) {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
  return Math.max(0, (deviation - nothing) / (plenty - nothing));
}

// Largest correlation, up to 1, of the middle of one thumbnail with any place of another
export function likeness(before, now) {
  const { width, height } = before, left = Math.floor(width / 5), top = Math.floor(height / 5);
  const across = width - 2 * left, down = height - 2 * top, count = across * down;
  const middle = new Float64Array(count);
  for (let k = 0; k < count; k++) middle[k] = before.data[(top + Math.floor(k / across)) * width + left + k % across];
  const mean = middle.reduce((sum, value) => sum + value) / count;
  let spread = 0, most = -1;
  for (let k = 0; k < count; k++) {
    middle[k] -= mean;
    spread += middle[k] ** 2;
  }
  for (let y = 0; y <= height - down; y++) {
    for (let x = 0; x <= width - across; x++) {
      let product = 0, sum = 0, squares = 0;
      for (let k = 0; k < count; k++) {
        const value = now.data[(y + Math.floor(k / across)) * width + x + k % across];
        product += middle[k] * value;
        sum += value;
        squares += value * value;
      }
      const both = Math.sqrt(spread * Math.max(squares - sum * sum / count, 0));
      if (both > 0) most = Math.max(most, product / both);
    }
  }
  return most;
}

export class Dissolve {
  // settings: {lags, other, blend, middle}
  constructor(settings) {
    Object.assign(this, { settings, thumbs: [], lag: null });
  }

  // Whether a dissolve has ended with this thumbnail, the next that shows anything
  isOver(thumb) {
    const { lags } = this.settings;
    this.thumbs.push(thumb);
    if (this.thumbs.length > Math.max(...lags) + 1) this.thumbs.shift();
    const blended = lags.filter((lag) => this.isBlend(lag));
    if (this.lag === null || blended[0] < this.lag) this.lag = blended[0] ?? null;
    return this.lag !== null && !blended.includes(this.lag);
  }

  isBlend(lag) {
    const { other, blend, middle: [least, most] } = this.settings, { length } = this.thumbs;
    if (length <= lag) return false;
    const [first, middle, last] = [lag, lag >> 1, 0].map((back) => this.thumbs[length - 1 - back]);
    const size = first.data.length;
    let product = 0, squares = 0, rest = 0, all = 0;
    for (let i = 0; i < size; i++) {
      const change = last.data[i] - first.data[i];
      product += change * (middle.data[i] - first.data[i]);
      squares += change * change;
    }
    const share = product / Math.max(squares, 1e-6);
    if (!(least < share && share < most)) return false;
    for (let i = 0; i < size; i++) {
      const change = last.data[i] - first.data[i];
      rest += Math.abs(middle.data[i] - first.data[i] - share * change);
      all += Math.abs(change);
    }
    return rest < blend * all && likeness(first, last) < other;
  }
}

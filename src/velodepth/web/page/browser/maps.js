// Maps (H, W) in Float32Array, and what OpenCV and NumPy do with them for velodepth/stream/.

// Bilinear, the border continued
export function at(x, height, width, u, v) {
  u = Math.min(Math.max(u, 0), width - 1);
  v = Math.min(Math.max(v, 0), height - 1);
  const left = Math.min(Math.floor(u), width - 2), top = Math.min(Math.floor(v), height - 2), i = top * width + left;
  const right = u - left, upper = x[i] + right * (x[i + 1] - x[i]);
  return upper + (v - top) * (x[i + width] + right * (x[i + width + 1] - x[i + width]) - upper);
}

// (rows, columns) -> (height, width), bilinear, every value times factor; at least 2 x 2
export function enlarged(x, rows, columns, height, width, factor = 1) {
  const out = new Float32Array(height * width);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      out[j * width + i] = factor * at(x, rows, columns, (i + 0.5) * columns / width - 0.5, (j + 0.5) * rows / height - 0.5);
    }
  }
  return out;
}

// The least and the largest of the 3 x 3 pixels around: OpenCV's erode and dilate
export function extremes(x, height, width) {
  const [low, high, least, largest] = Array.from({ length: 4 }, () => new Float32Array(x.length)); // low, high: of the row
  for (let y = 0, i = 0; y < height; y++) {
    for (let column = 0; column < width; column++, i++) {
      const a = x[column ? i - 1 : i], b = x[i], c = x[column < width - 1 ? i + 1 : i];
      low[i] = Math.min(a, b, c);
      high[i] = Math.max(a, b, c);
    }
  }
  for (let i = 0; i < x.length; i++) {
    const above = i < width ? i : i - width, below = i + width < x.length ? i + width : i;
    least[i] = Math.min(low[above], low[i], low[below]);
    largest[i] = Math.max(high[above], high[i], high[below]);
  }
  return { least, largest };
}

// OpenCV's GaussianBlur of float32: as wide as it makes it for sigma, the border mirrored about the outermost pixel
export function blurred(x, height, width, sigma) {
  const radius = Math.round(8 * sigma + 1) >> 1;
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-((k - radius) ** 2) / (2 * sigma * sigma)));
  const sum = kernel.reduce((sum, value) => sum + value);
  const mirrored = (i, length) => (i < 0 ? -i : i >= length ? 2 * length - 2 - i : i);
  const across = new Float32Array(x.length), out = new Float32Array(x.length), line = new Float32Array(width + 2 * radius);
  for (let row = 0; row < x.length; row += width) {
    for (let k = 0; k < line.length; k++) line[k] = x[row + mirrored(k - radius, width)];
    for (let column = 0; column < width; column++) {
      let total = 0;
      for (let k = 0; k < kernel.length; k++) total += kernel[k] * line[column + k];
      across[row + column] = total / sum;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < kernel.length; k++) {
      const from = mirrored(y + k - radius, height) * width, to = y * width, share = kernel[k] / sum;
      for (let column = 0; column < width; column++) out[to + column] += share * across[from + column];
    }
  }
  return out;
}

export const clipped = (x, low, high) => Math.min(Math.max(x, low), high);

// As numpy.percentile: linear between the nearest. Sorts its argument.
export function percentile(values, share) {
  values.sort();
  const place = share / 100 * (values.length - 1), first = Math.floor(place);
  return values[first] + (place - first) * ((values[first + 1] ?? values[first]) - values[first]);
}

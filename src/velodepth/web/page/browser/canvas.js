// Twin of velodepth/stream/canvas.py for presets with `smooth` canvases and "nearest" rounding (nano).

const f = Math.fround; // sums in float32, as OpenCV's: means halfway between two grey levels are frequent
const rounded = (x) => { const floor = Math.floor(x), rest = x - floor; return rest === 0.5 ? floor + (floor & 1) : Math.round(x); };

// Of red, green and blue from `at` on, 0..255, as OpenCV
export const grey = (values, at) => (values[at] * 9798 + values[at + 1] * 19235 + values[at + 2] * 3735 + 16384) >> 15;

export class Canvas {
  // spec: {pixels, multiple, min_ratio, max_ratio, mean, std}
  constructor(width, height, spec) {
    let padX = 0, padY = 0;
    if (width / height > spec.max_ratio) padY = Math.floor(width / spec.max_ratio) - height;
    else if (width / height < spec.min_ratio) padX = Math.floor(height * spec.min_ratio) - width;
    const multiple = (side) => spec.multiple * Math.max(1, Math.floor(side / spec.multiple + 0.5));
    Object.assign(this, { pictureWidth: width, pictureHeight: height, left: padX >> 1, top: padY >> 1 });
    this.paddedWidth = width + padX;
    this.paddedHeight = height + padY;
    const scale = Math.sqrt(spec.pixels / (this.paddedWidth * this.paddedHeight));
    this.width = multiple(this.paddedWidth * scale);
    this.height = multiple(this.paddedHeight * scale);
    this.grey = spec.mean.map((mean) => rounded(255 * mean));
    // The normalised value of each 8-bit one, and the 8-bit value the flow sees of it, in float32 as NumPy has it.
    this.tables = spec.mean.map((mean, c) => {
      const std = f(spec.std[c]), middle = f(mean);
      const normal = Float32Array.from({ length: 256 }, (_, v) => f(f(f(v / 255) - middle) / std));
      const back = Uint8Array.from(normal, (n) => f(Math.min(Math.max(f(f(n * std) + middle), 0), 1) * 255));
      return { normal, back };
    });
    this.columns = weights(this.paddedWidth, this.width);
    this.rows = weights(this.paddedHeight, this.height);
    // OpenCV's INTER_AREA where the picture shrinks, else bilinear
    if (this.width * this.height >= this.paddedWidth * this.paddedHeight) {
      this.columns = linear(this.paddedWidth, this.width);
      this.rows = linear(this.paddedHeight, this.height);
    }
  }

  // ImageData's RGBA bytes -> {canvas: Float32Array (3, H, W), normalised; luma: Uint8Array (H, W)}
  fill(rgba) {
    const { width, height, paddedWidth, paddedHeight, pictureWidth, pictureHeight, left, top } = this;
    const across = new Float32Array(3 * width * paddedHeight); // resized along x
    for (let y = 0; y < paddedHeight; y++) {
      const row = y - top;
      for (let x = 0; x < width; x++) {
        const { first, share } = this.columns[x];
        let r = 0, g = 0, b = 0;
        for (let k = 0; k < share.length; k++) {
          const column = first + k - left;
          const inside = row >= 0 && row < pictureHeight && column >= 0 && column < pictureWidth;
          const at = 4 * (row * pictureWidth + column), w = share[k];
          r = f(r + f(w * (inside ? rgba[at] : this.grey[0])));
          g = f(g + f(w * (inside ? rgba[at + 1] : this.grey[1])));
          b = f(b + f(w * (inside ? rgba[at + 2] : this.grey[2])));
        }
        const to = 3 * (y * width + x);
        across[to] = r; across[to + 1] = g; across[to + 2] = b;
      }
    }
    const size = width * height;
    const canvas = new Float32Array(3 * size), luma = new Uint8Array(size);
    const [red, green, blue] = this.tables;
    for (let y = 0; y < height; y++) {
      const { first, share } = this.rows[y];
      for (let x = 0; x < width; x++) {
        let r = 0, g = 0, b = 0;
        for (let k = 0; k < share.length; k++) {
          const at = 3 * ((first + k) * width + x), w = share[k];
          r = f(r + f(w * across[at])); g = f(g + f(w * across[at + 1])); b = f(b + f(w * across[at + 2]));
        }
        const i = y * width + x;
        r = rounded(r); g = rounded(g); b = rounded(b);
        canvas[i] = red.normal[r]; canvas[size + i] = green.normal[g]; canvas[2 * size + i] = blue.normal[b];
        luma[i] = grey([red.back[r], green.back[g], blue.back[b]], 0);
      }
    }
    return { canvas, luma };
  }

  // For each of `count` pixels along an axis of the picture: the first of the two cells around it, and the second's share
  along(count, picture, padding, padded, cells) {
    return Array.from({ length: count }, (_, i) => {
      const at = ((i + 0.5) * picture / count + padding) * cells / padded - 0.5;
      const place = Math.min(Math.max(at, 0), cells - 1), first = Math.min(Math.floor(place), cells - 2);
      return [first, place - first];
    });
  }

  // A map (H, W) of the canvas -> (height, width) over the picture alone: bilinear, padding cut off.
  restore(map, width = this.pictureWidth, height = this.pictureHeight) {
    const out = new Float32Array(width * height);
    const columns = this.along(width, this.pictureWidth, this.left, this.paddedWidth, this.width);
    const rows = this.along(height, this.pictureHeight, this.top, this.paddedHeight, this.height);
    for (let y = 0; y < height; y++) {
      const [j, down] = rows[y];
      for (let x = 0; x < width; x++) {
        const [i, right] = columns[x], at = j * this.width + i;
        const upper = map[at] + right * (map[at + 1] - map[at]);
        const lower = map[at + this.width] + right * (map[at + this.width + 1] - map[at + this.width]);
        out[y * width + x] = upper + down * (lower - upper);
      }
    }
    return out;
  }
}

// For each of `cells` along an axis of `size` pixels: the first pixel it covers, and the share of each in its mean.
export function weights(size, cells) {
  const scale = size / cells;
  return Array.from({ length: cells }, (_, i) => {
    const from = i * scale, to = Math.min((i + 1) * scale, size), first = Math.floor(from + 1e-6);
    const share = [];
    for (let pixel = first; pixel < to - 1e-6; pixel++) {
      share.push(f((Math.min(pixel + 1, to) - Math.max(pixel, from)) / (to - from)));
    }
    return { first, share };
  });
}

function linear(size, cells) {
  return Array.from({ length: cells }, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) * size / cells - 0.5, 0), size - 1), first = Math.min(Math.floor(at), size - 2);
    return { first, share: [1 - (at - first), at - first] };
  });
}

// Depth as colour, as velodepth.media.colour does it: linear in 1 / sqrt(depth), near bright and far dark.

const level = (metres, near, far) => (metres ** -0.5 - far ** -0.5) / (near ** -0.5 - far ** -0.5);

export class Colours {
  constructor(colours, unknown, fromHalf) {
    this.colours = colours;
    this.words = new Uint32Array(257); // RGBA, little endian; the last one for unknown depth
    [...colours, unknown].forEach(([r, g, b], i) => { this.words[i] = 0xff000000 | (b << 16) | (g << 8) | r; });
    this.fromHalf = fromHalf;
    this.table = new Uint32Array(65536); // the colour of each float16
    this.shown = "";
  }

  // Uint16Array of float16 -> ImageData
  paint(map, [width, height], range) {
    this.follow(range);
    const image = new ImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    for (let i = 0; i < map.length; i++) words[i] = this.table[map[i]];
    return image;
  }

  follow(range) {
    if (this.shown === String(range)) return;
    this.shown = String(range);
    for (let bits = 0; bits < 65536; bits++) {
      const metres = this.fromHalf(bits);
      const known = range && metres > 0 && metres < Infinity;
      const place = known ? Math.round(255 * Math.min(Math.max(level(metres, ...range), 0), 1)) : 256;
      this.table[bits] = this.words[place];
    }
  }
}

// The bar beside the depth: colours, and a few round distances.
export class Scale {
  constructor(element, colours) {
    this.element = element;
    this.canvas = document.createElement("canvas");
    this.canvas.width = 1;
    this.canvas.height = 256;
    const bar = new ImageData(1, 256);
    colours.forEach(([r, g, b], i) => bar.data.set([r, g, b, 255], 4 * i)); // far above
    this.canvas.getContext("2d").putImageData(bar, 0, 0);
    this.shown = "";
  }

  clear() {
    this.shown = "";
    this.element.replaceChildren();
  }

  show(range) {
    if (this.shown === String(range)) return;
    this.shown = String(range);
    this.element.replaceChildren(this.canvas);
    for (const metres of range ? ticks(...range, 0.16) : []) {
      const label = document.createElement("span");
      label.textContent = `${metres} m`;
      label.style.top = `calc(0.75rem + (100% - 1.5rem) * ${level(metres, ...range)})`;
      this.element.append(label);
    }
  }
}

function ticks(near, far, gap) {
  const chosen = [];
  for (const mantissas of [[1], [2, 5], [3], [1.5, 4, 7], [1.2, 1.4, 1.6, 1.8, 2.5, 3.5, 4.5, 6, 8]]) {
    for (let decade = Math.floor(Math.log10(near)); decade <= Math.log10(far); decade++) {
      for (const mantissa of mantissas) {
        const metres = Number(`${mantissa}e${decade}`);
        const clear = chosen.every((other) => Math.abs(level(metres, near, far) - level(other, near, far)) >= gap);
        if (metres >= near && metres <= far && clear) chosen.push(metres);
      }
    }
  }
  return chosen;
}

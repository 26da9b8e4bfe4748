// Picture and depth side by side, and the metres under the pointer.

import { fromHalf } from "./frames.js";

export class Panels {
  constructor(picture, depth, readout, colours, scale) {
    this.canvases = [picture, depth].map((panel) => panel.querySelector("canvas"));
    this.marks = [picture, depth].map((panel) => panel.querySelector(".mark"));
    this.small = document.createElement("canvas");
    Object.assign(this, { readout, colours, scale, pointer: null });
    for (const canvas of this.canvases) {
      canvas.addEventListener("pointermove", (event) => this.point(canvas, event));
      canvas.addEventListener("pointerdown", (event) => this.point(canvas, event));
      canvas.addEventListener("pointerleave", ({ pointerType }) => {
        if (pointerType === "touch") return; // a finger that is lifted leaves its mark
        this.pointer = null;
        this.read();
      });
    }
    new ResizeObserver(() => this.layOut()).observe(depth);
    this.clear();
  }

  clear() {
    Object.assign(this, { frame: null, pointer: null });
    for (const canvas of this.canvases) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    this.scale.clear();
    this.read();
  }

  show(frame, { map, picture }) {
    Object.assign(this, { frame, map });
    for (const canvas of this.canvases) {
      if (canvas.width !== picture.width || canvas.height !== picture.height) {
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.parentElement.style.setProperty("--ratio", picture.width / picture.height);
      }
    }
    [this.small.width, this.small.height] = frame.depth;
    this.small.getContext("2d").putImageData(this.colours.paint(map, frame.depth, frame.range), 0, 0);
    const [left, right] = this.canvases.map((canvas) => canvas.getContext("2d"));
    left.drawImage(picture, 0, 0);
    right.imageSmoothingQuality = "high";
    right.drawImage(this.small, 0, 0, picture.width, picture.height);
    this.scale.show(frame.range);
    this.layOut();
    this.read();
  }

  layOut() {
    const { left, box } = placed(this.canvases[1]);
    this.scale.element.style.setProperty("--border", `${left - box.left}px`);
  }

  // Where the pointer is, in parts of the picture; null beside it.
  point(canvas, event) {
    const { left, top, width, height } = placed(canvas);
    const u = (event.clientX - left) / width, v = (event.clientY - top) / height;
    this.pointer = u >= 0 && u < 1 && v >= 0 && v < 1 ? [u, v] : null;
    this.read();
  }

  read() {
    this.marks.forEach((mark, i) => {
      mark.hidden = !this.pointer || !this.frame;
      if (mark.hidden) return;
      const { box, left, top, width, height } = placed(this.canvases[i]);
      mark.style.left = `${left - box.left + this.pointer[0] * width}px`;
      mark.style.top = `${top - box.top + this.pointer[1] * height}px`;
    });
    this.readout.classList.toggle("value", Boolean(this.pointer && this.frame));
    if (!this.pointer || !this.frame) {
      this.readout.textContent = "point at it to read metres";
      return;
    }
    const [width, height] = this.frame.depth;
    const [column, row] = [Math.floor(this.pointer[0] * width), Math.floor(this.pointer[1] * height)];
    const metres = fromHalf(this.map[row * width + column]);
    this.readout.textContent = metres > 0 && metres < Infinity ? `${metres.toFixed(metres < 10 ? 2 : 1)} m` : "unknown";
  }
}

// Where the picture lies on the screen: it keeps its shape in the middle of its canvas's box.
function placed(canvas) {
  const box = canvas.getBoundingClientRect();
  const zoom = Math.min(box.width / canvas.width, box.height / canvas.height);
  const width = zoom * canvas.width, height = zoom * canvas.height;
  return { box, width, height, left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2 };
}

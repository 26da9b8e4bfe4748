// The frame as points in space, to turn with the mouse.

import {
  BufferAttribute, BufferGeometry, Color, OrbitControls, PerspectiveCamera, Points, PointsMaterial, Scene, WebGLRenderer,
} from "./vendor/three.min.js";
import { fromHalf } from "./frames.js";

const PLAIN = "srgb-linear"; // colours as they are, no conversion
const AROUND = 1.2; // radians to every side that the scene turns
const EDGE = 1.15; // a point whose neighbour is so many times nearer hangs in the air between two things

// A point covers what lies between it and the next ones of its row and its column, a parallelogram on the screen, so
// that a surface stays whole from wherever it is seen. `size` is half the height of the screen, in pixels.
const VERTEX = `
attribute vec3 beside;
attribute vec3 below;
varying vec2 across;
varying vec2 down;
varying float side;
vec2 onScreen(vec3 place) {
  vec4 seen = projectionMatrix * modelViewMatrix * vec4(place, 1.0);
  return seen.xy / max(seen.w, 0.001) * size * vec2(projectionMatrix[1][1] / projectionMatrix[0][0], 1.0);
}
void main() {`;
const SIZE = `
across = onScreen(beside) - onScreen(position);
down = onScreen(below) - onScreen(position);
vec2 reach = abs(across) + abs(down);
side = min(1.1 * max(reach.x, reach.y) + 1.2, 64.0);
gl_PointSize = side;`;
const FRAGMENT = `
varying vec2 across;
varying vec2 down;
varying float side;
void main() {
  vec2 off = (gl_PointCoord - 0.5) * vec2(side, -side);
  vec2 parts = vec2(off.x * down.y - off.y * down.x, across.x * off.y - across.y * off.x);
  float area = abs(across.x * down.y - across.y * down.x);
  // 0.6: pixels, as what is seen from its edge has no area
  if (any(greaterThan(abs(parts), 0.55 * area + 0.6 * vec2(length(down), length(across))))) discard;`;

// Camera axes (x right, y down, z forward), metres -> {positions, beside, below, colours, count}; row by row.
// beside, below: positions of the next point of the row and of the column; at an edge, where it would be without.
export function pointsOf(frame, { map, picture }) {
  const [width, height] = frame.depth, [fx, fy, cx, cy] = frame.camera;
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  const rgba = context.getImageData(0, 0, width, height).data;
  const depth = Float32Array.from(map, fromHalf);
  const [positions, beside, below] = [0, 1, 2].map(() => new Float32Array(3 * depth.length));
  const colours = new Uint8Array(3 * depth.length);
  let count = 0;
  const place = (places, column, row, z) => {
    places[3 * count] = z * ((column + 0.5) / width - cx) / fx;
    places[3 * count + 1] = z * ((row + 0.5) / height - cy) / fy;
    places[3 * count + 2] = z;
  };
  const next = (z, other) => (other < EDGE * z && z < EDGE * other ? other : z);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column, z = depth[i];
      const nearest = Math.min(
        depth[i - (column > 0)], depth[i + (column < width - 1)], depth[row ? i - width : i], depth[row < height - 1 ? i + width : i],
      );
      if (!(z > 0 && z < Infinity) || z > EDGE * nearest) continue;
      place(positions, column, row, z);
      place(beside, column + 1, row, next(z, depth[i + (column < width - 1)]));
      place(below, column, row + 1, next(z, depth[row < height - 1 ? i + width : i]));
      colours.set(rgba.subarray(4 * i, 4 * i + 3), 3 * count++);
    }
  }
  return { positions, beside, below, colours, count };
}

export class PointView {
  constructor(panel) {
    this.panel = panel;
    const canvas = panel.querySelector("canvas");
    this.renderer = new WebGLRenderer({ canvas, antialias: true });
    this.renderer.outputColorSpace = PLAIN;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.scene = new Scene();
    this.scene.background = new Color().setHex(0x0b0c0f, PLAIN);
    this.camera = new PerspectiveCamera(45, 1, 0.01, 1000);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener("change", () => this.draw());
    this.material = new PointsMaterial({ vertexColors: true, sizeAttenuation: false });
    this.material.onBeforeCompile = (shader) => {
      shader.vertexShader = shader.vertexShader.replace("void main() {", VERTEX).replace("gl_PointSize = size;", SIZE);
      shader.fragmentShader = shader.fragmentShader.replace("void main() {", FRAGMENT);
    };
    this.geometry = new BufferGeometry();
    this.points = new Points(this.geometry, this.material);
    this.points.frustumCulled = false;
    this.points.scale.set(1, -1, -1); // to y up, z backwards
    this.scene.add(this.points);
    canvas.addEventListener("dblclick", () => this.goBack());
    new ResizeObserver(() => this.resize()).observe(panel);
  }

  show(frame, open) {
    const { positions: position, beside, below, colours: color, count } = pointsOf(frame, open);
    const attributes = { position, beside, below, color };
    if (this.geometry.getAttribute("position")?.array.length !== position.length) {
      this.geometry.dispose();
      this.geometry = this.points.geometry = new BufferGeometry();
      for (const [name, values] of Object.entries(attributes)) {
        this.geometry.setAttribute(name, new BufferAttribute(values, 3, values === color));
      }
    } else {
      for (const [name, values] of Object.entries(attributes)) {
        this.geometry.getAttribute(name).copyArray(values);
        this.geometry.getAttribute(name).needsUpdate = true;
      }
    }
    this.geometry.setDrawRange(0, count);
    const first = !this.frame;
    this.frame = frame;
    if (first) this.goBack();
    else this.draw();
  }

  // A step behind the camera and a little to the side, looking at the middle of the scene.
  goBack() {
    const middle = this.frame.range ? Math.sqrt(this.frame.range[0] * this.frame.range[1]) : 3;
    this.controls.target.set(0, 0, -middle);
    // From behind, a scene that was seen from one side is inside out; from within, it is scattered points.
    Object.assign(this.controls, { minAzimuthAngle: -AROUND, maxAzimuthAngle: AROUND, minPolarAngle: Math.PI / 2 - AROUND,
      maxPolarAngle: Math.PI / 2 + AROUND, minDistance: 0.2 * middle, maxDistance: 5 * middle });
    this.camera.position.set(0.18 * middle, 0.08 * middle, 0.1 * middle);
    this.controls.update();
    this.resize();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.panel;
    if (!width || !height || !this.frame) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    const [fx, fy] = this.frame.camera; // what the picture shows is within the view, whatever the shape of both
    this.camera.fov = Math.min(100, 2 * Math.atan(0.5 / Math.min(fy, fx * this.camera.aspect)) * 180 / Math.PI);
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  draw() {
    if (!this.frame) return;
    this.material.size = this.panel.clientHeight / 2; // three multiplies it by the pixel ratio
    this.renderer.render(this.scene, this.camera);
  }

  clear() {
    this.frame = null;
    this.geometry.setDrawRange(0, 0);
    this.renderer.render(this.scene, this.camera);
  }
}

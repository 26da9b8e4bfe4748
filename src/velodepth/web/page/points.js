// The frame as points in space, to turn with the mouse.

import {
  BufferAttribute, BufferGeometry, Color, OrbitControls, PerspectiveCamera, Points, PointsMaterial, Scene, WebGLRenderer,
} from "./vendor/three.min.js";
import { fromHalf } from "./frames.js";

const PLAIN = "srgb-linear"; // colours as they are, no conversion
const OVERLAP = 1.7; // of a point over its neighbours, so that no gaps show from the side
const EDGE = 1.15; // a point whose neighbour is so many times nearer hangs in the air between two things

// Camera axes (x right, y down, z forward), metres -> {positions, colours, count}; row by row.
export function pointsOf(frame, { map, picture }) {
  const [width, height] = frame.depth, [fx, fy, cx, cy] = frame.camera;
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  const rgba = context.getImageData(0, 0, width, height).data;
  const depth = Float32Array.from(map, fromHalf);
  const positions = new Float32Array(3 * depth.length), colours = new Uint8Array(3 * depth.length);
  let count = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const i = row * width + column, z = depth[i];
      const nearest = Math.min(
        depth[i - (column > 0)], depth[i + (column < width - 1)], depth[row ? i - width : i], depth[row < height - 1 ? i + width : i],
      );
      if (!(z > 0 && z < Infinity) || z > EDGE * nearest) continue;
      positions[3 * count] = z * ((column + 0.5) / width - cx) / fx;
      positions[3 * count + 1] = z * ((row + 0.5) / height - cy) / fy;
      positions[3 * count + 2] = z;
      colours.set(rgba.subarray(4 * i, 4 * i + 3), 3 * count++);
    }
  }
  return { positions, colours, count };
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
    this.material.onBeforeCompile = (shader) => { // a point is as large as what its pixel saw
      shader.vertexShader = shader.vertexShader.replace("gl_PointSize = size;", "gl_PointSize = size * position.z / max(0.01, -mvPosition.z);");
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
    const { positions, colours, count } = pointsOf(frame, open);
    if (this.geometry.getAttribute("position")?.array.length !== positions.length) {
      this.geometry.dispose();
      this.geometry = this.points.geometry = new BufferGeometry();
      this.geometry.setAttribute("position", new BufferAttribute(positions, 3));
      this.geometry.setAttribute("color", new BufferAttribute(colours, 3, true));
    } else {
      for (const [name, values] of [["position", positions], ["color", colours]]) {
        this.geometry.getAttribute(name).copyArray(values);
        this.geometry.getAttribute(name).needsUpdate = true;
      }
    }
    this.geometry.setDrawRange(0, count);
    const first = !this.frame;
    this.frame = frame;
    if (first) {
      this.resize();
      this.goBack();
    } else {
      this.draw();
    }
  }

  // A step behind the camera and a little to the side, looking at the middle of the scene.
  goBack() {
    const middle = this.frame.range ? Math.sqrt(this.frame.range[0] * this.frame.range[1]) : 3;
    this.controls.target.set(0, 0, -middle);
    this.camera.fov = Math.min(100, 2 * Math.atan(0.5 / this.frame.camera[1]) * 180 / Math.PI);
    this.camera.position.set(0.22 * middle, 0.12 * middle, 0.1 * middle);
    this.camera.updateProjectionMatrix();
    this.controls.update();
    this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.panel;
    if (!width || !height) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  draw() {
    if (!this.frame) return;
    const pixels = this.panel.clientHeight * this.renderer.getPixelRatio() / (2 * Math.tan(this.camera.fov * Math.PI / 360));
    this.material.size = OVERLAP * pixels / (this.frame.camera[1] * this.frame.depth[1]);
    this.renderer.render(this.scene, this.camera);
  }

  clear() {
    this.frame = null;
  }
}

// Twin of focal_of and fit_pinhole in velodepth/cameras.py, and of velodepth/stream/lens.py: what maps of unit rays
// say of the camera.

// rays: (3, H, W) -> {rays, focal: effective focal length in canvas pixels, camera: [fx, fy, cx, cy] there}
export function lensOf(rays, height, width) {
  const [fx, cx] = fitted(rays, height, width, 0), [fy, cy] = fitted(rays, height, width, 1);
  return { rays, focal: focalOf(rays, height, width), camera: [fx, fy, cx, cy] };
}

// sqrt(pixels / solid angle)
export function focalOf(rays, height, width) {
  const size = height * width;
  let sum = 0;
  for (let row = 0; row < height - 1; row++) {
    for (let column = 0; column < width - 1; column++) {
      const i = row * width + column;
      const x = rays[i], y = rays[size + i], z = rays[2 * size + i];
      const a = rays[i + 1] - x, b = rays[size + i + 1] - y, c = rays[2 * size + i + 1] - z;
      const d = rays[i + width] - x, e = rays[size + i + width] - y, f = rays[2 * size + i + width] - z;
      sum += Math.sqrt((b * f - c * e) ** 2 + (c * d - a * f) ** 2 + (a * e - b * d) ** 2);
    }
  }
  return Math.sqrt((height - 1) * (width - 1) / sum);
}

// [focal, centre] of one axis (0: x, 1: y): the line through x/z over the pixels, each weighed by z^4, where z > 0.05
function fitted(rays, height, width, axis) {
  const size = height * width;
  let all = 0, pixels = 0, tangents = 0, squares = 0, products = 0;
  for (let i = 0; i < size; i++) {
    const z = rays[2 * size + i];
    if (!(z > 0.05)) continue;
    const weight = z ** 4, pixel = (axis ? Math.floor(i / width) : i % width) + 0.5, tangent = rays[axis * size + i] / z;
    all += weight;
    pixels += weight * pixel;
    tangents += weight * tangent;
    squares += weight * pixel * pixel;
    products += weight * pixel * tangent;
  }
  const slope = (products - pixels * tangents / all) / (squares - pixels * pixels / all);
  if (!(slope > 0)) throw new Error("The network finds no camera for these pictures: give another video");
  return [1 / slope, (pixels - tangents / slope) / all];
}

// The camera of a shot: a mean of what its first looks say, each weighed by what its picture shows
export class LensEstimate {
  // settings: {enough, most, brighter, rising}
  constructor(settings) {
    Object.assign(this, { settings, sum: null, weight: 0, begun: 0, shows: 0, rises: false, looks: 0, rays: null });
  }

  get settled() {
    return this.looks >= this.settings.most || (this.weight >= this.settings.enough && !this.rises);
  }

  // Whether a picture with that much content shows so much more that nothing before it counts
  outshone(content) {
    return !this.settled && content > this.settings.brighter * this.begun;
  }

  // rays: (3, H, W) of one look more
  add(rays, content) {
    if (this.outshone(content)) Object.assign(this, { sum: null, weight: 0, begun: content });
    const weight = Math.min(1, content) ** 2 + 1e-6;
    this.rays = rays;
    if (!this.sum) {
      this.sum = rays.map((value) => weight * value);
    } else {
      const { sum } = this, size = rays.length / 3, mean = new Float32Array(rays.length);
      for (let i = 0; i < rays.length; i++) sum[i] += weight * rays[i];
      for (let i = 0; i < size; i++) {
        const length = Math.sqrt(sum[i] ** 2 + sum[size + i] ** 2 + sum[2 * size + i] ** 2);
        for (let k = i; k < rays.length; k += size) mean[k] = sum[k] / length;
      }
      this.rays = mean;
    }
    this.looks++;
    this.weight += weight;
    this.rises = content > this.settings.rising * this.shows;
    this.shows = content;
  }
}

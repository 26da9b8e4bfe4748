// Twin of focal_of and fit_pinhole in velodepth/cameras.py: what a map of unit rays says of the camera.

// rays: (3, H, W) -> {rays, focal: effective focal length in canvas pixels, camera: [fx, fy, cx, cy] there}
export function lensOf(rays, height, width) {
  const [fx, cx] = fitted(rays, height, width, 0), [fy, cy] = fitted(rays, height, width, 1);
  return { rays, focal: effectiveFocal(rays, height, width), camera: [fx, fy, cx, cy] };
}

// sqrt(pixels / solid angle)
function effectiveFocal(rays, height, width) {
  const size = height * width;
  let sum = 0;
  for (let row = 0; row < height - 1; row++) {
    for (let column = 0; column < width - 1; column++) {
      const i = row * width + column;
      const [a, b, c] = [0, 1, 2].map((k) => rays[k * size + i + 1] - rays[k * size + i]);
      const [d, e, f] = [0, 1, 2].map((k) => rays[k * size + i + width] - rays[k * size + i]);
      sum += Math.hypot(b * f - c * e, c * d - a * f, a * e - b * d);
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

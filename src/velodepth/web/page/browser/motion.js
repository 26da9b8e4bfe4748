// Twin of velodepth/stream/motion.py: the camera's own motion from one frame to the next, from flow and carried radius.

import { clipped, percentile } from "./maps.js";

// points: (3, H, W), for each pixel of this frame the point that flow says it shows, metres in the last camera's axes;
// known: (H, W), 1 where it means something; lens: of lens.js.
// settings: {grid, steps, enough, widest, tightest, follows, fewest, least_share}
// -> {radius: Float32Array (H, W), metres; follows: Float32Array (H, W), 0..1}, or null where no motion explains the picture
export function solveMotion(points, known, lens, height, width, settings) {
  const { grid, steps, enough, widest, tightest, follows, fewest, least_share } = settings, { rays, focal } = lens, size = height * width;
  const used = [];
  for (let y = grid >> 1; y < height; y += grid) {
    for (let x = grid >> 1; x < width; x += grid) if (known[y * width + x]) used.push(y * width + x);
  }
  if (used.length < fewest) return null;
  let turn = [1, 0, 0, 0, 1, 0, 0, 0, 1], shift = [0, 0, 0], scale = 0, near = 0;
  const row = new Float64Array(6), normal = new Float64Array(36), pull = new Float64Array(6);
  for (let step = 0; step < steps; step++) {
    normal.fill(0);
    pull.fill(0);
    near = 0;
    scale = Math.max(tightest, step ? scale * 0.5 : Math.min(widest, 3 * percentile(distances(points, used, lens, size), 50)));
    for (const i of used) {
      const a = rays[i], b = rays[size + i], c = rays[2 * size + i];
      const px = points[i], py = points[size + i], pz = points[2 * size + i];
      const x = turn[0] * px + turn[1] * py + turn[2] * pz + shift[0];
      const y = turn[3] * px + turn[4] * py + turn[5] * pz + shift[1];
      const z = turn[6] * px + turn[7] * py + turn[8] * pz + shift[2];
      const along = Math.max(x * a + y * b + z * c, 1e-3), gain = focal / along;
      // Two axes across the ray: right, which is ray x helper, and down, which is ray x right.
      let rx = 0, ry = c, rz = -b;
      if (Math.abs(a) >= 0.7) [rx, ry, rz] = [-c, 0, a];
      const length = Math.sqrt(rx * rx + ry * ry + rz * rz);
      rx /= length; ry /= length; rz /= length;
      const dx = b * rz - c * ry, dy = c * rx - a * rz, dz = a * ry - b * rx;
      const right = (x * rx + y * ry + z * rz) / along, down = (x * dx + y * dy + z * dz) / along;
      const squares = (right * right + down * down) * focal * focal;
      if (squares < follows * follows / 4) near++;
      const weight = (scale * scale / (scale * scale + squares)) ** 2;
      for (let axis = 0; axis < 2; axis++) {
        const error = axis ? down : right;
        const e = gain * ((axis ? dx : rx) - error * a), f = gain * ((axis ? dy : ry) - error * b), g = gain * ((axis ? dz : rz) - error * c);
        row[0] = y * g - z * f; row[1] = z * e - x * g; row[2] = x * f - y * e;
        row[3] = e; row[4] = f; row[5] = g;
        for (let j = 0; j < 6; j++) {
          const share = weight * row[j];
          pull[j] -= share * error * focal;
          for (let k = 0; k < 6; k++) normal[6 * j + k] += share * row[k];
        }
      }
    }
    for (let j = 0; j < 6; j++) normal[7 * j] *= 1 + 1e-6;
    if (!solve(normal, pull)) return null;
    const change = rotation(pull[0], pull[1], pull[2]);
    turn = product(change, turn, 3);
    shift = product(change, shift, 1).map((value, k) => value + pull[3 + k]);
    if (scale === tightest && pull.every((value) => Math.abs(value) < enough)) break;
  }
  if (!(near / used.length > least_share) || !shift.every(Number.isFinite)) return null;
  return moved(turn, shift, points, known, lens, follows);
}

// How far the points are from the rays of this frame as long as nothing moved, canvas pixels
function distances(points, used, { rays, focal }, size) {
  return Float64Array.from(used, (i) => {
    const [a, b, c] = [rays[i], rays[size + i], rays[2 * size + i]], [x, y, z] = [points[i], points[size + i], points[2 * size + i]];
    const across = Math.hypot(b * z - c * y, c * x - a * z, a * y - b * x);
    return across / Math.max(x * a + y * b + z * c, 1e-3) * focal;
  });
}

// Where the motion brings the points, and which of them then lie on this frame's rays
function moved(turn, shift, points, known, { rays, focal }, most) {
  const size = known.length, radius = new Float32Array(size), follows = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const px = points[i], py = points[size + i], pz = points[2 * size + i];
    const x = turn[0] * px + turn[1] * py + turn[2] * pz + shift[0];
    const y = turn[3] * px + turn[4] * py + turn[5] * pz + shift[1];
    const z = turn[6] * px + turn[7] * py + turn[8] * pz + shift[2];
    const length = Math.sqrt(x * x + y * y + z * z);
    const cosine = (x * rays[i] + y * rays[size + i] + z * rays[2 * size + i]) / Math.max(length, 1e-6);
    const apart = Math.sqrt(Math.max(2 - 2 * cosine, 0)) * focal;
    radius[i] = length;
    follows[i] = known[i] && length > 1e-3 ? clipped(2.5 - 2 / most * apart, 0, 1) : 0;
  }
  return { radius, follows };
}

// Rotation vector, radians -> matrix, row by row. Rodrigues' formula.
function rotation(x, y, z) {
  const angle = Math.sqrt(x * x + y * y + z * z), cross = [0, -z, y, z, 0, -x, -y, x, 0], twice = product(cross, cross, 3);
  const one = angle < 1e-9 ? 1 : Math.sin(angle) / angle, two = angle < 1e-9 ? 0 : (1 - Math.cos(angle)) / angle ** 2;
  return cross.map((value, k) => (k % 4 ? 0 : 1) + one * value + two * twice[k]);
}

// (3, 3) times (3, columns)
function product(a, b, columns) {
  return Array.from({ length: 3 * columns }, (_, i) => {
    const row = 3 * Math.floor(i / columns), column = i % columns;
    return a[row] * b[column] + a[row + 1] * b[columns + column] + a[row + 2] * b[2 * columns + column];
  });
}

// matrix (n, n), row by row, times x = vector: x is left in `vector`; false where there is none. Gauss, with pivots.
function solve(matrix, vector) {
  const n = vector.length;
  const swap = (values, i, j) => { [values[i], values[j]] = [values[j], values[i]]; };
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let j = k + 1; j < n; j++) if (Math.abs(matrix[n * j + k]) > Math.abs(matrix[n * pivot + k])) pivot = j;
    if (!matrix[n * pivot + k]) return false; // 0 or NaN
    if (pivot !== k) {
      for (let j = 0; j < n; j++) swap(matrix, n * k + j, n * pivot + j);
      swap(vector, k, pivot);
    }
    for (let j = k + 1; j < n; j++) {
      const share = matrix[n * j + k] / matrix[n * k + k];
      for (let i = k; i < n; i++) matrix[n * j + i] -= share * matrix[n * k + i];
      vector[j] -= share * vector[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let i = k + 1; i < n; i++) vector[k] -= matrix[n * k + i] * vector[i];
    vector[k] /= matrix[n * k + k];
  }
  return true;
}

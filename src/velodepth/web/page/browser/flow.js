// Dense inverse search, written from the paper (Kroeger, Timofte, Dai, Van Gool, arXiv 1603.03590): patches found
// by inverse search from coarse to fine, spread over pixels, smoothed by the variational step of section 2.3. Patch,
// stride and weights are those that OpenCV's FAST preset documents, since the network learnt with its fields; as
// there, a patch also tries what its neighbours found.

import { at, blurred, enlarged, percentile } from "./maps.js";

const PATCH = 8, STRIDE = 4, STEPS = 16, FINEST = 2; // pixels, pixels, Gauss-Newton steps, level of the pyramid
const DELTA = 5, GAMMA = 10, ALPHA = 20, ROUNDS = 5, SWEEPS = 5, OMEGA = 1.6; // of the variational step
const TINY = 1e-6, ZETA = 0.01;

// before, now: Uint8Array (H, W) luma -> Float32Array (2, H, W): where a pixel of `now` was in `before`, (dx, dy)
export function inverseSearch(before, now, height, width) {
  const coarsest = Math.max(FINEST, Math.floor(Math.log2(2 * Math.min(height, width) / (5 * PATCH))));
  const pyramids = [now, before].map((picture) => pyramid(Float32Array.from(picture), height, width, coarsest));
  let u, v, rows = 0, columns = 0;
  for (let level = coarsest; level >= FINEST; level--) {
    const [one, two] = pyramids.map((levels) => levels[level]);
    [u, v] = u ? [u, v].map((x) => enlarged(x, rows, columns, one.height, one.width, 2))
      : [new Float32Array(one.data.length), new Float32Array(one.data.length)];
    ({ height: rows, width: columns } = one);
    const gradients = sobel(one);
    const patches = search(one, two, gradients, u, v);
    [u, v] = spread(one, two, patches);
    refine(one, two, u, v);
  }
  const scale = 2 ** FINEST, field = new Float32Array(2 * height * width);
  field.set(enlarged(u, rows, columns, height, width, scale));
  field.set(enlarged(v, rows, columns, height, width, scale), height * width);
  return field;
}

function pyramid(data, height, width, coarsest) {
  const levels = [{ data, height, width }];
  for (let level = 1; level <= coarsest; level++) {
    const from = levels[level - 1], h = from.height >> 1, w = from.width >> 1, half = new Float32Array(h * w);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const at = 2 * (y * from.width + x);
        half[y * w + x] = (from.data[at] + from.data[at + 1] + from.data[at + from.width] + from.data[at + from.width + 1]) / 4;
      }
    }
    levels.push({ data: half, height: h, width: w });
  }
  return levels;
}

// Central differences
function sobel({ data, height, width }) {
  const dx = new Float32Array(data.length), dy = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      dx[i] = (data[y * width + Math.min(x + 1, width - 1)] - data[y * width + Math.max(x - 1, 0)]) / 2;
      dy[i] = (data[Math.min(y + 1, height - 1) * width + x] - data[Math.max(y - 1, 0) * width + x]) / 2;
    }
  }
  return [dx, dy];
}

// The displacement of each patch of a grid
function search(one, two, [dx, dy], u, v) {
  const { height, width } = one;
  const down = 1 + Math.floor((height - PATCH) / STRIDE), across = 1 + Math.floor((width - PATCH) / STRIDE);
  const found = { down, across, u: new Float32Array(down * across), v: new Float32Array(down * across) };
  const template = new Float32Array(PATCH * PATCH), gx = template.slice(), gy = template.slice(), error = template.slice();
  // Sum of squares of what the patch differs, its mean taken away; leaves the difference in `error`.
  const residual = (x, y, du, dv) => {
    let mean = 0, squares = 0;
    for (let k = 0; k < error.length; k++) {
      error[k] = at(two.data, height, width, x + (k % PATCH) + du, y + Math.floor(k / PATCH) + dv) - template[k];
      mean += error[k];
    }
    mean /= error.length;
    for (let k = 0; k < error.length; k++) {
      error[k] -= mean;
      squares += error[k] * error[k];
    }
    return squares;
  };
  for (const pass of [1, -1]) { // there with the left and upper neighbours, and back with the others
    for (let n = 0; n < down * across; n++) {
      const p = pass > 0 ? n : down * across - 1 - n, row = Math.floor(p / across), column = p % across;
      const x = column * STRIDE, y = row * STRIDE, centre = (y + PATCH / 2) * width + x + PATCH / 2;
      let mx = 0, my = 0;
      for (let k = 0; k < template.length; k++) {
        const i = (y + Math.floor(k / PATCH)) * width + x + (k % PATCH);
        template[k] = one.data[i]; gx[k] = dx[i]; gy[k] = dy[i];
        mx += dx[i]; my += dy[i];
      }
      let xx = 0, xy = 0, yy = 0; // of gradients less their mean, as the residual is less its mean
      for (let k = 0; k < template.length; k++) {
        gx[k] -= mx / template.length; gy[k] -= my / template.length;
        xx += gx[k] * gx[k]; xy += gx[k] * gy[k]; yy += gy[k] * gy[k];
      }
      const start = [u[centre], v[centre]];
      const tries = [pass > 0 ? start : [found.u[p], found.v[p]]];
      if (column - pass >= 0 && column - pass < across) tries.push([found.u[p - pass], found.v[p - pass]]);
      if (row - pass >= 0 && row - pass < down) tries.push([found.u[p - pass * across], found.v[p - pass * across]]);
      let best = Infinity, du = 0, dv = 0;
      for (const [a, b] of tries) {
        const cost = residual(x, y, a, b);
        if (cost < best) [best, du, dv] = [cost, a, b];
      }
      const determinant = xx * yy - xy * xy;
      if (determinant > 1e-3) {
        let a = du, b = dv;
        residual(x, y, a, b);
        for (let step = 0; step < STEPS; step++) {
          let ex = 0, ey = 0;
          for (let k = 0; k < error.length; k++) { ex += gx[k] * error[k]; ey += gy[k] * error[k]; }
          a -= (yy * ex - xy * ey) / determinant;
          b -= (xx * ey - xy * ex) / determinant;
          const cost = residual(x, y, a, b);
          if (!(cost < best)) break;
          [best, du, dv] = [cost, a, b];
        }
        if (Math.hypot(du - start[0], dv - start[1]) > PATCH) [du, dv] = start;
      }
      found.u[p] = du; found.v[p] = dv;
    }
  }
  return found;
}

// Each pixel: the mean of the patches over it, those that explain it best weigh most.
function spread(one, two, { down, across, u, v }) {
  const { height, width } = one, size = height * width;
  const su = new Float32Array(size), sv = new Float32Array(size);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, Math.ceil((y - PATCH + 1) / STRIDE)), Math.min(down - 1, Math.floor(y / STRIDE))];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, Math.ceil((x - PATCH + 1) / STRIDE)), Math.min(across - 1, Math.floor(x / STRIDE))];
      const i = y * width + x;
      let sum = 0;
      for (let row = Math.min(top, bottom); row <= bottom; row++) {
        for (let column = Math.min(left, right); column <= right; column++) {
          const p = row * across + column;
          const off = Math.abs(at(two.data, height, width, x + u[p], y + v[p]) - one.data[i]), weight = 1 / Math.max(1, off);
          su[i] += weight * u[p]; sv[i] += weight * v[p]; sum += weight;
        }
      }
      su[i] /= sum; sv[i] /= sum;
    }
  }
  return [su, sv];
}

// Intensity and gradient constancy and smoothness under a robust penalty; changes u and v.
function refine(one, two, u, v) {
  const { height, width } = one, size = height * width;
  const moved = new Float32Array(size);
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) moved[i] = at(two.data, height, width, x + u[i], y + v[i]);
  const mean = { data: one.data.map((value, i) => (value + moved[i]) / 2), height, width };
  const step = { data: moved.map((value, i) => value - one.data[i]), height, width };
  const [ix, iy] = sobel(mean), [ixx, ixy] = sobel({ data: ix, height, width }), [, iyy] = sobel({ data: iy, height, width });
  const iz = step.data, [ixz, iyz] = sobel(step);
  const du = new Float32Array(size), dv = new Float32Array(size), smooth = new Float32Array(size);
  const [a11, a12, a22, b1, b2] = Array.from({ length: 5 }, () => new Float32Array(size));
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < size; i++) {
      const n = ix[i] ** 2 + iy[i] ** 2 + ZETA, nx = ixx[i] ** 2 + ixy[i] ** 2 + ZETA, ny = ixy[i] ** 2 + iyy[i] ** 2 + ZETA;
      const e = iz[i] + ix[i] * du[i] + iy[i] * dv[i];
      const ex = ixz[i] + ixx[i] * du[i] + ixy[i] * dv[i], ey = iyz[i] + ixy[i] * du[i] + iyy[i] * dv[i];
      const w = DELTA / (n * Math.sqrt(e * e / n + TINY)), g = GAMMA / Math.sqrt(ex * ex / nx + ey * ey / ny + TINY);
      a11[i] = w * ix[i] ** 2 + g * (ixx[i] ** 2 / nx + ixy[i] ** 2 / ny);
      a12[i] = w * ix[i] * iy[i] + g * (ixx[i] * ixy[i] / nx + ixy[i] * iyy[i] / ny);
      a22[i] = w * iy[i] ** 2 + g * (ixy[i] ** 2 / nx + iyy[i] ** 2 / ny);
      b1[i] = -w * iz[i] * ix[i] - g * (ixz[i] * ixx[i] / nx + iyz[i] * ixy[i] / ny);
      b2[i] = -w * iz[i] * iy[i] - g * (ixz[i] * ixy[i] / nx + iyz[i] * iyy[i] / ny);
      const right = (i + 1) % width ? i + 1 : i, below = i + width < size ? i + width : i;
      const ux = u[right] + du[right] - u[i] - du[i], uy = u[below] + du[below] - u[i] - du[i];
      const vx = v[right] + dv[right] - v[i] - dv[i], vy = v[below] + dv[below] - v[i] - dv[i];
      smooth[i] = ALPHA / Math.sqrt(ux * ux + uy * uy + vx * vx + vy * vy + TINY);
    }
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (let y = 0, i = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i++) {
          let sum = 0, su = 0, sv = 0;
          for (const [k, inside] of [[i - 1, x > 0], [i + 1, x < width - 1], [i - width, y > 0], [i + width, y < height - 1]]) {
            if (!inside) continue;
            const weight = (smooth[i] + smooth[k]) / 2;
            sum += weight;
            su += weight * (u[k] + du[k] - u[i]);
            sv += weight * (v[k] + dv[k] - v[i]);
          }
          du[i] += OMEGA * ((b1[i] + su - a12[i] * dv[i]) / (a11[i] + sum) - du[i]);
          dv[i] += OMEGA * ((b2[i] + sv - a12[i] * du[i]) / (a22[i] + sum) - dv[i]);
        }
      }
    }
  }
  for (let i = 0; i < size; i++) { u[i] += du[i]; v[i] += dv[i]; }
}

// Flow (2, H, W) without its noise: where most of a picture stands, zero for what looks as before in place
// lastLuma, luma: (H, W) of 0..255; settings: {stands, slight, alike}
export function steadied(flow, lastLuma, luma, height, width, { stands, slight, alike }) {
  const size = height * width, length = new Float32Array(size), some = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      length[i] = Math.sqrt(flow[i] ** 2 + flow[size + i] ** 2);
      if (y % 4 === 0 && x % 4 === 0) some.push(length[i]);
    }
  }
  if (percentile(Float32Array.from(some), 50) > stands) return flow;
  const change = blurred(Float32Array.from(luma, (value, i) => Math.abs(value - lastLuma[i])), height, width, 1.5);
  return flow.map((value, i) => (length[i % size] < slight && change[i % size] < alike ? 0 : value));
}

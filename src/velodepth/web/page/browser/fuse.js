// Twin of velodepth/stream/fuse.py: what was just observed, fused with what is carried along the flow.
//
// A memory is {logRadius, precision}, Float32Array (H, W) each, and the number of looks of the shot. The packaged network says something of every pixel,
// and the page does not show its confidence: so neither a mask nor that is kept.

import { blurred, cellMeans, clipped, enlarged, extremes, percentile } from "./maps.js";

// radius: (H, W), metres
export function start(radius) {
  return { logRadius: radius.map(Math.log), precision: new Float32Array(radius.length).fill(1), looks: 1 };
}

// To the next frame: along the flow, and by the camera's own motion where it is known
// warped: (H, W), last.logRadius along the flow
export function carry(last, warp, warped, motion) {
  const logRadius = warped.slice(), precision = warp.linear(last.precision);
  for (let i = 0; i < logRadius.length; i++) {
    if (motion) logRadius[i] += motion.follows[i] * (Math.log(Math.max(motion.radius[i], 1e-3)) - logRadius[i]);
    if (!warp.inside[i]) precision[i] = 0;
  }
  return { logRadius, precision, looks: last.looks };
}

// A frame without an observation: less sure where the picture changed
export function unobserved(carried, { residual }, settings) {
  return { ...carried, precision: carried.precision.map((value, i) => value * (1 - changed(residual[i], settings))) };
}

// radius: observed, (H, W), metres; evidence: of evidence.js
// settings: {changed, most, most_still, settled, drift, most_drift, cell, slow, span, surprise, hint, blur, edge}
export function fuse(carried, radius, { residual, independent, moved, travelled, rest, frames }, height, width, settings) {
  const { most, settled, slow, span, surprise, hint, blur } = settings, size = radius.length;
  const observed = radius.map(Math.log), detail = new Float32Array(size), counts = new Float32Array(size), sample = [];
  for (let i = 0; i < size; i++) {
    detail[i] = observed[i] - carried.logRadius[i];
    counts[i] = Math.min(1, carried.precision[i]) * (1 - independent[i]) * (1 - changed(residual[i], settings));
    if (i % 7 === 0 && counts[i] > 0.5) sample.push(detail[i]);
  }
  const overall = sample.length ? percentile(Float32Array.from(sample), 50) : 0;
  for (let i = 0; i < size; i++) counts[i] *= clipped(2.5 - 2 / span * Math.abs(detail[i] - overall), 0, 1);
  const scale = smooth(detail, counts, height, width, settings.cell);
  for (let i = 0; i < size; i++) detail[i] -= scale[i];
  const drifted = Math.min(settings.most_drift, settings.drift * moved * frames);
  const standing = alike(carried.looks) + settings.drift * travelled * frames;
  const followed = mixed(Math.max(slow, drifted), standing, rest);
  const settling = (mixed(Math.max(settled, 1 / (carried.looks + 1), drifted), standing, rest) - followed) * overall;
  const news = blurred(detail, height, width, blur), alone = blurred(independent, height, width, 1.5);
  const edge = edges(observed, height, width, settings.edge);
  const logRadius = new Float32Array(size), precision = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const surprising = Math.abs(news[i]) / surprise;
    const isNews = mixed(surprising - 1, clipped(2 * surprising - 1, 0, 1) * clipped(residual[i] / hint - 1, 0, 1), rest);
    const doubt = clipped(Math.max(isNews, alone[i], changed(residual[i], settings)), 0, 1);
    const sure = carried.precision[i] * (1 - doubt), gain = mixed(Math.max(1 / (1 + sure), edge[i]), alike(sure), rest);
    logRadius[i] = carried.logRadius[i] + followed * scale[i] + settling + gain * detail[i];
    precision[i] = Math.min(sure + 1, mixed(most, settings.most_still, rest));
  }
  return { logRadius, precision, looks: carried.looks + 1 };
}

// What one more look at the same picture counts after so many
const alike = (looks) => Math.min(1, 2 / (1 + looks) ** 2);

// Between a value for a camera that moves and one for a camera that stands
const mixed = (moving, standing, rest) => (1 - rest) * moving + rest * standing;

// Means over cells of those that count, bilinear in between; a cell where few count leans on the mean of all
function smooth(difference, counts, height, width, cell) {
  const total = cellMeans(difference.map((value, i) => value * counts[i]), height, width, cell);
  const share = cellMeans(counts, height, width, cell), sum = (values) => values.reduce((sum, value) => sum + value, 0);
  const overall = sum(total) / Math.max(sum(share), 1e-6);
  const means = total.map((value, i) => (value + 0.01 * overall) / (share[i] + 0.01));
  return enlarged(means, height / cell, width / cell, height, width);
}

// 0..1: how much of a depth edge lies among the 5 x 5 pixels around
function edges(logRadius, height, width, edge) {
  const { least, largest } = extremes(logRadius, height, width);
  return extremes(largest.map((value, i) => clipped((value - least[i]) / edge - 1, 0, 1)), height, width).largest;
}

// 0..1: the picture shows something else here
const changed = (residual, settings) => clipped(2 * residual / settings.changed - 1, 0, 1);

// Twin of velodepth/stream/fuse.py: what was just observed, fused with what is carried along the flow.
//
// A memory is {logRadius, precision}, Float32Array (H, W) each, and the number of looks of the shot. The packaged network says something of every pixel,
// and the page does not show its confidence: so neither a mask nor that is kept.

import { clipped } from "./maps.js";

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
// changed: residual from which a pixel shows something else
export function unobserved(carried, { residual }, changed) {
  return { ...carried, precision: carried.precision.map((value, i) => value * (1 - clipped(2 * residual[i] / changed - 1, 0, 1))) };
}

// radius: observed, (H, W), metres; evidence: of evidence.js; network: of network.js, whose graph fuses
export async function fuse(network, carried, radius, evidence, height, width) {
  const maps = {
    carried_log_radius: carried.logRadius, carried_precision: carried.precision, radius,
    residual: evidence.residual, independent: evidence.independent,
    // not kept, and not asked for
    carried_confidence: carried.precision, confidence: carried.precision,
  };
  const { moved, travelled, rest, frames } = evidence;
  const numbers = { looks: carried.looks, moved, travelled, rest, frames };
  const { log_radius, precision } = await network.fuse(maps, numbers, height, width);
  return { logRadius: log_radius.data, precision: precision.data, looks: carried.looks + 1 };
}

// Computes depth beside the page, so that the page stays quick.
//
// In: {settings, folder} once; then {image: ImageData, flow or nothing}. Out: {status}, {ready: true},
// {index, reason, map (H, W) Float32Array, size: [width, height], camera} each time, or {problem}.

import { fittedSize } from "./sizes.js";
import { Network } from "./network.js";
import { DepthStream } from "./stream.js";
import { upsampled } from "./upsampling.js";

let stream = null, settings = null, queue = Promise.resolve();

async function answer({ data }) {
  if (data.settings) {
    settings = data.settings;
    const network = await Network.load(new URL(data.folder), (status) => postMessage({ status }));
    stream = new DepthStream(network, settings);
    postMessage({ ready: true });
    return;
  }
  const { image, flow, full } = data;
  const { index, reason, depth, radius, luma, camera } = await stream.push(image, flow);
  const size = full ? [image.width, image.height] : fittedSize(image.width, image.height, settings.map_side);
  const map = upsampled(stream.canvas, depth, radius, luma, image, ...size, settings.upsampling);
  postMessage({ index, reason, map, size, camera }, [map.buffer]);
}

onmessage = (event) => {
  queue = queue.then(() => answer(event)).catch((error) => postMessage({ problem: error.message }));
};

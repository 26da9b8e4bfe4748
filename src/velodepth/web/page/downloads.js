// Files made from the frames that the page holds.

import { mapOf, opened } from "./frames.js";
import { pointsOf } from "./points.js";

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Coloured points, binary PLY: metres, camera axes x right, y down, z forward.
export async function ply(frame) {
  const { positions, colours, count } = pointsOf(frame, await opened(frame));
  const header = `ply\nformat binary_little_endian 1.0\ncomment frame ${frame.index} at ${frame.time} s; metres, x right, y down, z forward\n` +
    `element vertex ${count}\nproperty float x\nproperty float y\nproperty float z\n` +
    "property uchar red\nproperty uchar green\nproperty uchar blue\nend_header\n";
  const body = new DataView(new ArrayBuffer(15 * count));
  for (let i = 0; i < count; i++) {
    for (let axis = 0; axis < 3; axis++) {
      body.setFloat32(15 * i + 4 * axis, positions[3 * i + axis], true);
      body.setUint8(15 * i + 12 + axis, colours[3 * i + axis]);
    }
  }
  return new Blob([header, body]);
}

// For numpy.load: depth (T, H, W) float16 metres, index, time, keyframe, intrinsics (T, 4) in pixels of the map.
export async function npz(frames) {
  const [width, height] = frames[0].depth;
  const maps = await Promise.all(frames.map(mapOf));
  const lens = frames.flatMap(({ camera: [fx, fy, cx, cy] }) => [fx * width, fy * height, cx * width, cy * height]);
  return zip({
    "depth.npy": npy("<f2", [frames.length, height, width], maps),
    "index.npy": npy("<i4", [frames.length], [new Int32Array(frames.map((frame) => frame.index))]),
    "time.npy": npy("<f8", [frames.length], [new Float64Array(frames.map((frame) => frame.time))]),
    "keyframe.npy": npy("|b1", [frames.length], [new Uint8Array(frames.map((frame) => frame.keyframe !== null))]),
    "intrinsics.npy": npy("<f8", [frames.length, 4], [new Float64Array(lens)]),
  });
}

function npy(type, shape, arrays) {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = new Uint8Array(10 + header.length);
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  start.set(new TextEncoder().encode(header), 10);
  return [start, ...arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength))];
}

// {name: list of Uint8Array} -> a ZIP archive that stores them as they are.
function zip(files) {
  const parts = [], directory = [];
  let offset = 0;
  for (const [name, chunks] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(name);
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const shared = [20, 0, 0, 0, 0, 0x21]; // version, flags, stored, 00:00 on 1 January 1980
    const tail = new DataView(new ArrayBuffer(12));
    [crc32(chunks), size, size].forEach((value, i) => tail.setUint32(4 * i, value, true));
    const local = [word(0x04034b50), shorts([...shared.slice(0, 3), 0, 0x21]), tail, shorts([bytes.length, 0]), bytes];
    directory.push(
      word(0x02014b50), shorts([20, ...shared.slice(0, 3), 0, 0x21]), tail, shorts([bytes.length, 0, 0, 0, 0, 0, 0]), word(offset), bytes,
    );
    parts.push(...local, ...chunks);
    offset += [...local, ...chunks].reduce((sum, part) => sum + part.byteLength, 0);
  }
  const count = Object.keys(files).length;
  const length = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const end = [word(0x06054b50), shorts([0, 0, count, count]), word(length), word(offset), shorts([0])];
  return new Blob([...parts, ...directory, ...end]);
}

const word = (value) => { const view = new DataView(new ArrayBuffer(4)); view.setUint32(0, value, true); return view; };
const shorts = (values) => new Uint8Array(values.flatMap((value) => [value & 255, value >> 8]));

const CRC = new Uint32Array(256).map((_, i) => {
  for (let bit = 0; bit < 8; bit++) i = i & 1 ? (i >>> 1) ^ 0xedb88320 : i >>> 1;
  return i;
});

function crc32(chunks) {
  let crc = 0xffffffff;
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i++) crc = CRC[(crc ^ chunk[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

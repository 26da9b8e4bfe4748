// A frame as the page keeps it, and the numbers in it.
//
// {index, time (s), keyframe (reason or null), depth: [width, height], range: [near, far] (m),
//  camera: [fx, fy, cx, cy] in parts of the picture's width and height, blob: map (float16, metres), then picture}

const HALF = new Float32Array(65536); // the number each float16 stands for
for (let bits = 0; bits < 65536; bits++) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent === 31 ? (fraction ? NaN : Infinity)
    : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
  HALF[bits] = bits >> 15 ? -size : size;
}

export const fromHalf = (bits) => HALF[bits];

const whole = new Float32Array(1), wholeBits = new Uint32Array(whole.buffer);

// Float32Array -> Uint16Array of float16 bits, to the nearest; for numbers that are neither tiny nor huge.
export function toHalf(numbers) {
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    whole[0] = Math.min(Math.max(numbers[i], 6.2e-5), 65504);
    halves[i] = (wholeBits[0] - 0x38000000 + 0x1000) >> 13;
  }
  return halves;
}

// What a server sends for a frame (web/wire.py).
export function unpack(message) {
  const length = new DataView(message).getUint32(0, true);
  const frame = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)));
  return { ...frame, blob: new Blob([message.slice(4 + length)]) };
}

// A kept frame -> {map: Uint16Array of float16, picture: ImageBitmap}
export async function opened(frame) {
  const bytes = 2 * frame.depth[0] * frame.depth[1];
  const [map, picture] = await Promise.all([mapOf(frame), createImageBitmap(frame.blob.slice(bytes))]);
  return { map, picture };
}

export async function mapOf(frame) {
  return new Uint16Array(await frame.blob.slice(0, 2 * frame.depth[0] * frame.depth[1]).arrayBuffer());
}

// As web/wire.py's `fitted`: reduced, if need be, so that no side is longer than `side` pixels.
export function fittedSize(width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  return scale === 1 ? [width, height] : [width, height].map((length) => Math.max(Math.round(length * scale), 16));
}

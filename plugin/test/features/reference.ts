/** Pseudo-random number in [0, 1) that reference.py computes too: the fraction of 43758.5453 · sin(12.9898 i + 0.5). */
export function unit(i: number): number {
  const value = Math.sin(i * 12.9898 + 0.5) * 43758.5453;
  return value - Math.floor(value);
}

/** float32 [length], `unit` from `start` on. */
export function units(start: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => unit(start + i));
}

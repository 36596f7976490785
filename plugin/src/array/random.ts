/**
 * Seeded uniform numbers in [0, 1), the same on every engine.
 *
 * Source: mulberry32 (T. Ettinger, public domain).
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` distinct integers of [0, total), rising; all of them where `count >= total`. */
export function sampleIndices(total: number, count: number, random: () => number): Int32Array {
  if (count >= total) return Int32Array.from({ length: total }, (_, i) => i);
  const chosen = new Int32Array(count);
  let kept = 0;
  // Selection sampling: each element is kept with the chance that makes the whole draw uniform.
  for (let i = 0; kept < count; i++) {
    if (random() * (total - i) < count - kept) chosen[kept++] = i;
  }
  return chosen;
}

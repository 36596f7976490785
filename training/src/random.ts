/** Standard normal numbers (Box–Muller) from uniform ones in [0, 1). */
export function normalStream(uniform: () => number): () => number {
  // 1 − u, since u may be 0.
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** One seed out of several numbers, so that each part of a run has its own stream (FNV-1a over their bytes). */
export function mixedSeed(...parts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let shift = 0; shift < 32; shift += 8) {
      hash = Math.imul(hash ^ ((part >>> shift) & 0xff), 0x01000193);
    }
  }
  return hash >>> 0;
}

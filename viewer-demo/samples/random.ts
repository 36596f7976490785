/** Seeded random numbers; the same sequence everywhere. */
export interface Random {
  /** in [0, 1) */
  next(): number;
  /** in [from, to) */
  between(from: number, to: number): number;
  /** standard normal, from a table of 2^16 values: fast enough for one a pixel */
  normal(): number;
}

/**
 * @param seed  any whole number
 * Source: M. E. O'Neill's review of Marsaglia's xorshift generators; here a 32-bit xorshift (13, 17, 5), whose
 * quality is ample for pictures
 */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  const bits = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 16; i++) bits();
  const next = () => bits() / 2 ** 32;
  return {
    next,
    between: (from, to) => from + (to - from) * next(),
    normal: () => normals[bits() >>> 16]!,
  };
}

const normals = tableOfNormals();

/** Quantiles of the normal distribution at 2^16 equal steps, by Box and Muller's formula summed over a fixed grid. */
function tableOfNormals(): Float32Array {
  const table = new Float32Array(65_536);
  const side = 256;
  for (let i = 0; i < side; i++) {
    const radius = Math.sqrt(-2 * Math.log((i + 0.5) / side));
    for (let j = 0; j < side; j++) table[i * side + j] = radius * Math.cos((2 * Math.PI * (j + 0.5)) / side);
  }
  return table;
}

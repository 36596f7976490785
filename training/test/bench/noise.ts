import { createRandom } from 'alibi-zarr/checkpoint';
import type { TokenGrid } from '../../src/bench/tokens.ts';

/** Standard normal numbers, seeded (Box–Muller). */
export function normalNumbers(seed: number): () => number {
  const random = createRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Tokens that know nothing of where they lie. */
export function noiseTokens(seed: number, shape: Omit<TokenGrid, 'data'>): TokenGrid {
  const normal = normalNumbers(seed);
  return { ...shape, data: Float32Array.from({ length: shape.rows * shape.cols * shape.dim }, normal) };
}

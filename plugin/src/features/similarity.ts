import { axisIndex, type ChunkOptions, type LazyArray } from '../array/lazy-array.ts';
import { readRegion } from '../array/region.ts';
import { AlibiError } from '../errors.ts';
import { mapTokens } from './map-tokens.ts';

/** A token of a lattice; z and t are ignored where the array lacks them, 0 where absent. */
export interface TokenIndex {
  readonly y: number;
  readonly x: number;
  readonly z?: number;
  readonly t?: number;
}

/**
 * Cosine similarity of every token to the one at `at`: 1 there, 0 for a token of length 0.
 *
 * @param tokens  float32 […, y, x, c = dim]
 * @returns       float32 […, y, x]
 * @throws AlibiError InvalidInput  `at` lies outside the lattice
 */
export async function similarity(
  tokens: LazyArray<'float32'>,
  at: TokenIndex,
  options: ChunkOptions,
): Promise<LazyArray<'float32'>> {
  const dim = tokens.shape[axisIndex(tokens.axes, 'c')] ?? 0;
  const place = new Map<string, number>(Object.entries(at));
  const start = tokens.axes.map(({ name }) => (name === 'c' ? 0 : (place.get(name) ?? 0)));
  const stop = tokens.axes.map(({ name }, axis) => (name === 'c' ? dim : start[axis]! + 1));
  if (start.some((i, axis) => !Number.isInteger(i) || i < 0 || stop[axis]! > tokens.shape[axis]!)) {
    throw new AlibiError('InvalidInput', {
      what: `token ${start.slice(0, -1).join(', ')} lies outside ${tokens.shape.slice(0, -1).join(' × ')}`,
      where: 'similarity',
      remedy: 'Pick a point inside the image.',
    });
  }
  const { data: reference } = await readRegion(tokens, { start, stop }, options);
  const referenceLength = lengthOf(reference, 0, dim);
  return mapTokens(tokens, dim, {
    dtype: 'float32',
    map: (chunk) => {
      const out = new Float32Array(chunk.length / dim);
      for (let row = 0; row < out.length; row++) {
        let dot = 0;
        for (let i = 0; i < dim; i++) dot += chunk[row * dim + i]! * reference[i]!;
        const lengths = referenceLength * lengthOf(chunk, row * dim, dim);
        out[row] = lengths > 0 ? dot / lengths : 0;
      }
      return out;
    },
  });
}

function lengthOf(values: Float32Array, start: number, dim: number): number {
  let sum = 0;
  for (let i = start; i < start + dim; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

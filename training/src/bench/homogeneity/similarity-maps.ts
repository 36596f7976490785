import type { HomogeneityResult } from 'alibi-zarr-schemas';
import { benchMap } from '../bench-map.ts';
import type { TokenGrid } from '../tokens.ts';
import { positionShare } from './position-share.ts';

type Similarity = HomogeneityResult['images'][number]['similarity'][number];

/** Tokens this near to the reference token see much of what it sees: their similarity says nothing of position. */
const NEAR = 2;

/** Cosine similarity of every token to the one in the middle and to the first. */
export function similarityMaps(tokens: TokenGrid): Similarity[] {
  const { rows, cols } = tokens;
  return [
    similarityTo(tokens, { to: 'centre', row: rows >> 1, col: cols >> 1 }),
    similarityTo(tokens, { to: 'corner', row: 0, col: 0 }),
  ];
}

function similarityTo(
  { rows, cols, dim, data }: TokenGrid,
  at: Pick<Similarity, 'to' | 'row' | 'col'>,
): Similarity {
  const reference = (at.row * cols + at.col) * dim;
  const map = Float64Array.from({ length: rows * cols }, (_, t) => cosine(data, t * dim, reference, dim));
  const isFar = (row: number, col: number): boolean =>
    Math.max(Math.abs(row - at.row), Math.abs(col - at.col)) > NEAR;
  const far = map.filter((_, t) => isFar(Math.floor(t / cols), t % cols));
  const mean = far.reduce((sum, value) => sum + value, 0) / far.length;
  const variance = far.reduce((sum, value) => sum + (value - mean) ** 2, 0) / far.length;
  return {
    ...at,
    map: benchMap(map, { rows, cols }),
    position: positionShare(map, { rows, cols }, isFar),
    mean,
    deviation: Math.sqrt(variance),
  };
}

function cosine(data: Float32Array, a: number, b: number, dim: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let c = 0; c < dim; c++) {
    ab += data[a + c]! * data[b + c]!;
    aa += data[a + c]! ** 2;
    bb += data[b + c]! ** 2;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

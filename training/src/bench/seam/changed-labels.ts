import { fitClusters } from 'alibi-zarr/checkpoint';
import { resample } from '../resize.ts';
import type { TokenGrid } from '../tokens.ts';

/**
 * The share of label pixels that change between two sets of tokens of one image. The classifier is frozen: k-means of the
 * first tokens, seeded; every pixel takes the cluster whose score, interpolated bilinearly between tokens, is largest.
 *
 * A score is minus the squared distance to the centroid without |t|², which is the same for all: 2 t·c − |c|². It is
 * linear in the token, so that to interpolate scores and to interpolate tokens is the same.
 *
 * @throws AlibiError  InvalidInput: fewer distinct tokens than classes
 */
export async function changedLabels(
  first: TokenGrid,
  second: TokenGrid,
  o: {
    readonly patch: number;
    readonly classes: number;
    readonly seed: number;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { seed, signal } = o;
  const fit = await fitClusters(first.data, { k: o.classes, dim: first.dim, seed, source: {}, signal });
  const [before, after] = [first, second].map((tokens) => pixelLabels(tokens, fit, o.patch));
  if (before === undefined || after === undefined) throw new TypeError('two maps of labels');
  let changed = 0;
  for (let i = 0; i < before.length; i++) if (before[i] !== after[i]) changed++;
  return changed / before.length;
}

/** @returns uint8 [rows · patch, cols · patch] */
function pixelLabels(
  { rows, cols, dim, data }: TokenGrid,
  { k, centroids }: { readonly k: number; readonly centroids: Float32Array },
  patch: number,
): Uint8Array {
  const scores = new Float32Array(rows * cols * k);
  for (let cluster = 0; cluster < k; cluster++) {
    for (let t = 0; t < rows * cols; t++) {
      let score = 0;
      for (let c = 0; c < dim; c++) {
        const centre = centroids[cluster * dim + c]!;
        score += centre * (2 * data[t * dim + c]! - centre);
      }
      scores[t * k + cluster] = score;
    }
  }
  const finer = resample(
    { height: rows, width: cols, channels: k, data: scores },
    { count: rows * patch, start: 0, step: 1 / patch },
    { count: cols * patch, start: 0, step: 1 / patch },
  );
  const labels = new Uint8Array(finer.length / k);
  for (let i = 0; i < labels.length; i++) {
    for (let cluster = 1; cluster < k; cluster++) {
      if (finer[i * k + cluster]! > finer[i * k + labels[i]!]!) labels[i] = cluster;
    }
  }
  return labels;
}

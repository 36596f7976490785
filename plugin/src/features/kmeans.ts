import { fitId } from '../array/fit.ts';
import type { Json } from '../array/json.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import { createPacer } from '../array/pacer.ts';
import { createRandom } from '../array/random.ts';
import { AlibiError } from '../errors.ts';
import type { ClustersFit } from './fits.ts';
import { lloyd, type Partition } from './lloyd.ts';
import { mapTokens } from './map-tokens.ts';
import { plusPlusSeeds } from './plus-plus.ts';

export interface FitClustersOptions {
  readonly k: number;
  /** Values per sample. */
  readonly dim: number;
  readonly seed: number;
  readonly source: Readonly<Record<string, Json>>;
  /** Starts tried; the one of least inertia is kept. Default 3. */
  readonly starts?: number;
  readonly signal?: AbortSignal;
  /** Share done, 0 … 1, rising. */
  readonly onProgress?: (share: number) => void;
}

/**
 * k-means++ seeding and Lloyd's iterations, in float64, a function of samples and seed alone. Clusters come
 * by falling number of samples, then by first centroid coordinate.
 *
 * @param samples  float32 [n, dim]; not changed
 * @throws AlibiError InvalidInput  k is no whole number of 1 or more, a value is not finite, or there are fewer
 *                                  than k distinct samples
 * Source: Arthur, Vassilvitskii, k-means++: the advantages of careful seeding, 2007.
 */
export async function fitClusters(samples: Float32Array, options: FitClustersOptions): Promise<ClustersFit> {
  const { k, dim, seed, source, starts = 3, signal, onProgress } = options;
  const count = samples.length / dim;
  if (!Number.isInteger(k) || k < 1) throw invalid(`k is ${k}`, 'Ask for 1 cluster or more.');
  if (count < k) throw invalid(`${count} samples for ${k} clusters`, 'Ask for fewer clusters.');
  if (!samples.every(Number.isFinite)) {
    throw invalid('a sample token is not finite', 'Check that the image holds finite values.');
  }
  const pause = createPacer(signal);
  const random = createRandom(seed);
  let best: Partition | undefined;
  for (let start = 0; start < starts; start++) {
    await pause();
    const seeds = await plusPlusSeeds(samples, { k, dim, random, pause });
    if (seeds === undefined) {
      throw invalid(`fewer than ${k} distinct sample tokens`, 'Ask for fewer clusters.');
    }
    const found = await lloyd(samples, seeds, { k, dim, pause });
    if (best === undefined || found.inertia < best.inertia) best = found;
    onProgress?.((start + 1) / starts);
  }
  const { centroids, counts } = ordered(best!, k, dim);
  const content = { kind: 'clusters' as const, k, dim, centroids, counts, source };
  return { ...content, id: await fitId(content) };
}

function ordered(partition: Partition, k: number, dim: number): Pick<ClustersFit, 'centroids' | 'counts'> {
  const { centroids, counts } = partition;
  const order = Array.from({ length: k }, (_, i) => i);
  order.sort((a, b) => counts[b]! - counts[a]! || centroids[a * dim]! - centroids[b * dim]! || a - b);
  const out = new Float32Array(k * dim);
  order.forEach((from, to) => {
    out.set(centroids.subarray(from * dim, (from + 1) * dim), to * dim);
  });
  return { centroids: out, counts: order.map((i) => counts[i]!) };
}

/**
 * Minus the squared distance of every token to each centroid: the largest is the nearest.
 *
 * @param tokens  float32 […, y, x, c = dim]
 * @returns       float32 […, y, x, c = k]
 * @throws AlibiError InvalidInput  dim differs from the fit's
 */
export function clusterScores(tokens: LazyArray<'float32'>, fit: ClustersFit): LazyArray<'float32'> {
  const { k, dim, centroids } = fit;
  return mapTokens(tokens, dim, {
    dtype: 'float32',
    channels: k,
    map: (chunk) => {
      const out = new Float32Array((chunk.length / dim) * k);
      for (let row = 0; row * dim < chunk.length; row++) {
        for (let cluster = 0; cluster < k; cluster++) {
          let sum = 0;
          for (let i = 0; i < dim; i++) {
            const difference = chunk[row * dim + i]! - centroids[cluster * dim + i]!;
            sum += difference * difference;
          }
          out[row * k + cluster] = -sum;
        }
      }
      return out;
    },
  });
}

function invalid(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'clustering', remedy });
}

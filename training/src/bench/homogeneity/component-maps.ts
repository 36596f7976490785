import { fitPca, projectPca } from 'alibi-zarr/checkpoint';
import type { HomogeneityResult } from 'alibi-zarr-schemas';
import { benchMap } from '../bench-map.ts';
import type { TokenGrid } from '../tokens.ts';
import { positionShare } from './position-share.ts';

const COMPONENTS = 3;

/**
 * The first three principal components of one image's tokens, and their spatial-gradient score: the share of each that is
 * position ({@link positionShare}), weighted by its variance.
 */
export async function componentMaps(
  { rows, cols, dim, data }: TokenGrid,
  { signal }: { readonly signal: AbortSignal },
): Promise<HomogeneityResult['images'][number]['pca']> {
  const components = Math.min(COMPONENTS, dim);
  const fit = await fitPca(data, { dim, components, source: {}, signal });
  const projected = projectPca(data, fit, components);
  const maps = Array.from({ length: components }, (_, k) =>
    Float32Array.from({ length: rows * cols }, (__, t) => projected[t * components + k]!),
  );
  const variance = Array.from(fit.variance);
  const position = maps.map((map) => positionShare(map, { rows, cols }));
  const explained = variance.reduce((sum, value) => sum + value, 0);
  const total = totalVariance(data, dim);
  return {
    maps: maps.map((map, k) => {
      const [low, high] = [fit.ranges[2 * k]!, fit.ranges[2 * k + 1]!];
      return benchMap(map, { rows, cols }, [low, high > low ? high : low + 1]);
    }),
    variance: variance.map((value) => (total > 0 ? value / total : 0)),
    position,
    gradient:
      explained > 0 ? position.reduce((sum, share, k) => sum + share * variance[k]!, 0) / explained : 0,
  };
}

/** Sum over channels of their variances (of n − 1). */
function totalVariance(data: Float32Array, dim: number): number {
  const count = data.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim]! + data[i]! / count;
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i]! - mean[i % dim]!) ** 2;
  return sum / Math.max(1, count - 1);
}

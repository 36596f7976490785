import { fitClusters } from 'alibi-zarr/checkpoint';
import type { HomogeneityResult } from 'alibi-zarr-schemas';
import { labelMap } from '../bench-map.ts';
import { nearestCentroid } from '../nearest-centroid.ts';
import type { TokenGrid } from '../tokens.ts';
import { placeInformation } from './place-information.ts';
import { positionShare } from './position-share.ts';

/** k-means of one image's standardised tokens, and how much of the clusters is position. */
export async function clusterMap(
  { rows, cols, dim, data }: TokenGrid,
  o: { readonly k: number; readonly seed: number; readonly signal: AbortSignal },
): Promise<HomogeneityResult['images'][number]['clusters'][number]> {
  const samples = standardised(data, dim);
  const fit = await fitClusters(samples, { ...o, dim, source: {}, starts: 5 });
  const labels = nearestCentroid(samples, fit);
  const oneHot = new Uint8Array(o.k * labels.length);
  labels.forEach((label, t) => {
    oneHot[label * labels.length + t] = 1;
  });
  return {
    k: o.k,
    map: labelMap(labels, { rows, cols }),
    position: positionShare(oneHot, { rows, cols }),
    information: placeInformation(labels, { rows, cols }),
  };
}

/** Each channel to mean 0 and deviation 1; a constant one to 0. */
function standardised(data: Float32Array, dim: number): Float32Array {
  const count = data.length / dim;
  const [mean, squares] = [new Float64Array(dim), new Float64Array(dim)];
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim]! + data[i]! / count;
  for (let i = 0; i < data.length; i++) {
    squares[i % dim] = squares[i % dim]! + (data[i]! - mean[i % dim]!) ** 2 / count;
  }
  return data.map((value, i) => {
    const variance = squares[i % dim]!;
    return variance > 0 ? (value - mean[i % dim]!) / Math.sqrt(variance) : 0;
  });
}

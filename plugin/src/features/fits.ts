import type { Fit } from '../array/fit.ts';

/** A PCA basis of tokens. */
export interface PcaFit extends Fit<'pca'> {
  readonly dim: number;
  readonly components: number;
  /** float32 [dim] */
  readonly mean: Float32Array;
  /** float32 [components, dim], rows orthonormal, sign fixed: the entry of largest magnitude is positive. */
  readonly axes: Float32Array;
  /** float32 [components], variance along each axis (ddof 1). */
  readonly variance: Float32Array;
  /** float32 [components, 2]: projected value drawn as 0 and as 255 (1 and 99 percentiles of the sample). */
  readonly ranges: Float32Array;
}

/** k-means centroids, ordered by falling number of sample tokens, then by first coordinate. */
export interface ClustersFit extends Fit<'clusters'> {
  readonly k: number;
  readonly dim: number;
  /** float32 [k, dim] */
  readonly centroids: Float32Array;
  /** Sample tokens of each cluster. */
  readonly counts: readonly number[];
}

/** Tokens that were pointed at: what is looked for, and what is not. */
export interface SimilarityFit extends Fit<'similarity'> {
  readonly dim: number;
  /** float32 [dim], the image's mean token. */
  readonly mean: Float32Array;
  /** float32 [n, dim], without the mean and of length 1. */
  readonly like: Float32Array;
  /** float32 [m, dim], the same. */
  readonly unlike: Float32Array;
}

/**
 * The cluster of each sample.
 *
 * @param samples  float32 [n, dim]
 * @returns        uint8 [n], of equally near centroids the first; the caller owns the buffer
 */
export function nearestCentroid(
  samples: Float32Array,
  { k, dim, centroids }: { readonly k: number; readonly dim: number; readonly centroids: Float32Array },
): Uint8Array {
  const labels = new Uint8Array(samples.length / dim);
  for (let i = 0; i < labels.length; i++) {
    let least = Number.POSITIVE_INFINITY;
    for (let cluster = 0; cluster < k; cluster++) {
      let squares = 0;
      for (let c = 0; c < dim; c++) squares += (samples[i * dim + c]! - centroids[cluster * dim + c]!) ** 2;
      if (squares < least) [least, labels[i]] = [squares, cluster];
    }
  }
  return labels;
}

// torch's cosine_similarity bounds each norm from below by this, and so does the loss of a run.
const EPSILON = 1e-8;

/**
 * Mean over tokens of 1 − cosine over the channels that are kept.
 *
 * @param features  float32 [tokens, dim]
 * @param target    the same shape
 * @param kept      1 for a channel that counts, 0 for a blanked one [dim]
 */
export function tokenLoss(features: Float32Array, target: Float32Array, kept: Uint8Array): number {
  const dim = kept.length;
  const tokens = target.length / dim;
  let sum = 0;
  for (let t = 0; t < tokens; t++) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let c = 0; c < dim; c++) {
      if (kept[c] === 0) continue;
      const [a, b] = [features[t * dim + c] ?? 0, target[t * dim + c] ?? 0];
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    sum += 1 - ab / (Math.max(Math.sqrt(aa), EPSILON) * Math.max(Math.sqrt(bb), EPSILON));
  }
  return sum / tokens;
}

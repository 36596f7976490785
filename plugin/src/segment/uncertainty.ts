import type { LazyArray } from '../array/lazy-array.ts';
import { mapTokens } from '../features/map-tokens.ts';

/**
 * `margin`: 1 − (largest − second largest probability). `entropy`: −Σ p ln p over ln of the number of classes. Both from 0, sure,
 * to 1, no idea.
 */
export type UncertaintyKind = 'margin' | 'entropy';

/**
 * How unsure a classifier is of each pixel.
 *
 * @param scores  float32 […, y, x, c], probabilities
 * @param active  number of classes that have samples
 * @returns       uint8 […, y, x], 0 sure to 255 no idea
 */
export function uncertaintyLayer(
  scores: LazyArray<'float32'>,
  kind: UncertaintyKind,
  active: number,
): LazyArray<'uint8'> {
  const classes = scores.shape.at(-1) ?? 1;
  return mapTokens(scores, classes, {
    dtype: 'uint8',
    map: (chunk) => {
      const values = uncertaintyOf(chunk, kind, classes, active);
      return Uint8Array.from(values, (value) => Math.round(255 * value));
    },
  });
}

/** @returns float32 [n], 0 to 1; the caller owns the buffer */
export function uncertaintyOf(
  probabilities: Float32Array,
  kind: UncertaintyKind,
  classes: number,
  active: number,
): Float32Array {
  const out = new Float32Array(probabilities.length / classes);
  const most = Math.log(Math.max(2, active));
  for (let i = 0; i < out.length; i++) {
    let first = 0;
    let second = 0;
    let entropy = 0;
    for (let k = 0; k < classes; k++) {
      const p = probabilities[i * classes + k]!;
      if (p > first) {
        second = first;
        first = p;
      } else if (p > second) second = p;
      if (p > 0) entropy -= p * Math.log(p);
    }
    out[i] = Math.min(1, Math.max(0, kind === 'margin' ? 1 - (first - second) : entropy / most));
  }
  return out;
}

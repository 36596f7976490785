import { fitId } from '../array/fit.ts';
import type { Json } from '../array/json.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import { AlibiError } from '../errors.ts';
import type { SimilarityFit } from './fits.ts';
import { heatColor } from './heat.ts';
import { mapTokens } from './map-tokens.ts';

export interface FitSimilarityOptions {
  readonly dim: number;
  /** float32 [dim], the image's mean token: taken off first, or any two tokens of a micrograph are alike. */
  readonly mean: Float32Array;
  /** float32 [n, dim], tokens of what is looked for; n ≥ 1. */
  readonly like: Float32Array;
  /** float32 [m, dim], tokens of what is not. */
  readonly unlike: Float32Array;
  readonly source: Readonly<Record<string, Json>>;
}

/** @throws AlibiError InvalidInput  there is nothing to look for, or a token is not finite */
export async function fitSimilarity(options: FitSimilarityOptions): Promise<SimilarityFit> {
  const { dim, mean, like, unlike, source } = options;
  if (like.length === 0) throw invalid('nothing to look for', 'Click on what is looked for first.');
  if (![like, unlike, mean].every((values) => values.every(Number.isFinite))) {
    throw invalid('a token is not finite', 'Check that the image holds finite values.');
  }
  const fit = { dim, mean, like: directions(like, mean), unlike: directions(unlike, mean) };
  const content = { kind: 'similarity' as const, ...fit, source };
  return { ...content, id: await fitId(content) };
}

/**
 * How like the prompts a token is. Without the mean token, s is its largest cosine to a token of what is looked for, u its largest
 * to one of what is not: s, but at most ½(1 + s − u), so that what is nearer to what is not looked for is below one half. −1 to 1.
 *
 * @param tokens  float32 [n, dim]
 * @returns       float32 [n]; the caller owns the buffer
 */
export function similarityOf(tokens: Float32Array, fit: SimilarityFit): Float32Array {
  const { dim, mean, like, unlike } = fit;
  const centred = new Float64Array(dim);
  const out = new Float32Array(tokens.length / dim);
  const largest = (prompts: Float32Array): number => {
    let best = Number.NEGATIVE_INFINITY;
    for (let start = 0; start < prompts.length; start += dim) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += prompts[start + i]! * centred[i]!;
      if (sum > best) best = sum;
    }
    return best;
  };
  for (let row = 0; row < out.length; row++) {
    let squares = 0;
    for (let i = 0; i < dim; i++) {
      const value = tokens[row * dim + i]! - mean[i]!;
      centred[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    if (length === 0) continue;
    const near = largest(like) / length;
    out[row] = unlike.length === 0 ? near : Math.min(near, (1 + near - largest(unlike) / length) / 2);
  }
  return out;
}

/**
 * Similarity as colours: 0 and less dark violet, 1 yellow.
 *
 * @param tokens  float32 […, y, x, c = dim]
 * @returns       uint8 […, y, x, c = 3]
 * @throws AlibiError InvalidInput  dim differs from the fit's
 */
export function similarityColors(tokens: LazyArray<'float32'>, fit: SimilarityFit): LazyArray<'uint8'> {
  return mapTokens(tokens, fit.dim, {
    dtype: 'uint8',
    channels: 3,
    map: (chunk) => {
      const shares = similarityOf(chunk, fit);
      const colors = new Uint8Array(3 * shares.length);
      for (let i = 0; i < shares.length; i++)
        colors.set(heatColor(Math.min(1, Math.max(0, shares[i]!))), 3 * i);
      return colors;
    },
  });
}

/**
 * Scores of two ids: 1 where a token is at least as like the prompts as asked, 2 elsewhere.
 *
 * @param tokens  float32 […, y, x, c = dim]
 * @returns       float32 […, y, x, c = 2]
 * @throws AlibiError InvalidInput  dim differs from the fit's
 */
export function similarityScores(
  tokens: LazyArray<'float32'>,
  fit: SimilarityFit,
  least: number,
): LazyArray<'float32'> {
  return mapTokens(tokens, fit.dim, {
    dtype: 'float32',
    channels: 2,
    map: (chunk) => {
      const values = similarityOf(chunk, fit);
      return Float32Array.from({ length: 2 * values.length }, (_, i) =>
        i % 2 === 0 ? values[i / 2]! : least,
      );
    },
  });
}

/** Without the mean, of length 1 (or 0). [n, dim] → [n, dim] */
function directions(tokens: Float32Array, mean: Float32Array): Float32Array {
  const dim = mean.length;
  const out = tokens.map((value, i) => value - mean[i % dim]!);
  for (let start = 0; start < out.length; start += dim) {
    const row = out.subarray(start, start + dim);
    const length = Math.hypot(...row);
    if (length > 0) row.set(row.map((value) => value / length));
  }
  return out;
}

function invalid(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'similarity', remedy });
}

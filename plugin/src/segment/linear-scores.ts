import type { PcaFit } from '../features/fits.ts';
import type { FeatureBlock } from './pixel-features.ts';
import { addPlane } from './pixel-features.ts';
import type { FeatureRecipe } from './recipe.ts';
import { addTokens } from './token-features.ts';
import type { LinearModel } from './types.ts';

export interface Classes {
  /** All of them. */
  readonly classes: number;
  /** Those that have samples. */
  readonly active: readonly number[];
}

/**
 * Probabilities of the linear model; 0 for a class without samples.
 *
 * @param values  float32 [n, features]
 * @returns       float32 [n, classes]; the caller owns the buffer
 */
export function linearProbabilitiesOfRows(
  linear: LinearModel,
  values: Float32Array,
  { classes, active }: Classes,
): Float32Array {
  const dim = linear.mean.length;
  const { weights, intercepts } = scoreMap(linear, active);
  const rows = intercepts.length;
  const scores = new Float32Array((values.length / dim) * rows);
  for (let i = 0; i < scores.length / rows; i++) {
    for (let row = 0; row < rows; row++) {
      let sum = intercepts[row]!;
      for (let f = 0; f < dim; f++) sum += weights[row * dim + f]! * values[i * dim + f]!;
      scores[i * rows + row] = sum;
    }
  }
  return probabilities(scores, active, classes);
}

/**
 * The same of every pixel of a block, float32 [pixels, classes]; the caller owns the buffer.
 *
 * Bringing values to pixels is linear, and so is the basis of the tokens' components: one score is made of each token and each
 * point of a coarse lattice first, and that is brought to pixels, instead of every component and every feature.
 */
export function linearProbabilities(
  linear: LinearModel,
  recipe: FeatureRecipe,
  block: FeatureBlock,
  { classes, active }: Classes,
): Float32Array {
  const { weights, intercepts } = scoreMap(linear, active);
  const dim = linear.mean.length;
  const rows = intercepts.length;
  const { region } = block;
  const width = region.x1 - region.x0;
  const pixels = (region.y1 - region.y0) * width;
  const scores = new Float32Array(pixels * rows);
  for (let i = 0; i < scores.length; i++) scores[i] = intercepts[i % rows]!;
  let feature = 0;
  recipe.tokens.forEach(({ pca }, i) => {
    const patch = block.patches[i]!;
    const own = (row: number) => weights.subarray(row * dim + feature, row * dim + feature + pca.components);
    const maps = Array.from({ length: rows }, (_, row) => tokenMap(pca, own(row)));
    addTokens(patch, tokenScores(patch.tokens, maps), rows, scores);
    feature += pca.components;
  });
  for (const group of block.classical) {
    for (let row = 0; row < rows; row++) {
      const own = weights.subarray(row * dim + feature, row * dim + feature + group.planes.length);
      if (own.every((weight) => weight === 0)) continue;
      const plane = weightedSum(group.planes, own);
      addPlane(group, plane, width, { out: scores, step: rows, offset: row });
    }
    feature += group.planes.length;
  }
  return probabilities(scores, active, classes);
}

/** Four planes at a time: reading and writing the sum takes longer than adding. */
function weightedSum(planes: readonly Float32Array[], weights: Float64Array): Float32Array {
  const sum = new Float32Array(planes[0]?.length ?? 0);
  const none = new Float32Array(sum.length);
  for (let f = 0; f < planes.length; f += 4) {
    const [a = none, b = none, c = none, d = none] = planes.slice(f, f + 4);
    const [p = 0, q = 0, r = 0, s = 0] = weights.subarray(f, f + 4);
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + p * a[i]! + q * b[i]! + r * c[i]! + s * d[i]!;
  }
  return sum;
}

/**
 * `(x − mean) / scale · w` as one affine map of raw features: a score for each active class, or of two classes, of which only the
 * difference counts, one score for the second over the first.
 */
function scoreMap(
  { mean, scale, weights }: LinearModel,
  active: readonly number[],
): { readonly weights: Float64Array; readonly intercepts: Float64Array } {
  const dim = mean.length;
  const folded = new Float64Array(active.length * dim);
  const intercepts = new Float64Array(active.length);
  active.forEach((index, row) => {
    const base = index * (dim + 1);
    let intercept = weights[base + dim]!;
    for (let f = 0; f < dim; f++) {
      const weight = weights[base + f]! / scale[f]!;
      folded[row * dim + f] = weight;
      intercept -= weight * mean[f]!;
    }
    intercepts[row] = intercept;
  });
  if (active.length !== 2) return { weights: folded, intercepts };
  return {
    weights: Float64Array.from({ length: dim }, (_, f) => folded[dim + f]! - folded[f]!),
    intercepts: Float64Array.of(intercepts[1]! - intercepts[0]!),
  };
}

interface AffineMap {
  readonly weights: Float64Array;
  readonly intercept: number;
}

/** `Σ w · (axis · (token − mean))` as one affine map of a token. */
function tokenMap({ dim, mean, axes }: PcaFit, weights: Float64Array): AffineMap {
  const folded = new Float64Array(dim);
  weights.forEach((weight, k) => {
    for (let i = 0; i < dim; i++) folded[i] = folded[i]! + weight * axes[k * dim + i]!;
  });
  let intercept = 0;
  for (let i = 0; i < dim; i++) intercept -= folded[i]! * mean[i]!;
  return { weights: folded, intercept };
}

/** float32 [tokens, maps] */
function tokenScores(tokens: Float32Array, maps: readonly AffineMap[]): Float32Array {
  const dim = maps[0]?.weights.length ?? 1;
  const count = tokens.length / dim;
  const scores = new Float32Array(count * maps.length);
  maps.forEach(({ weights, intercept }, row) => {
    for (let token = 0; token < count; token++) {
      let sum = intercept;
      for (let i = 0; i < dim; i++) sum += weights[i]! * tokens[token * dim + i]!;
      scores[token * maps.length + row] = sum;
    }
  });
  return scores;
}

/** Softmax of scores of the active classes; of two, from the one score of the second over the first. */
function probabilities(scores: Float32Array, active: readonly number[], classes: number): Float32Array {
  const [first, second] = active;
  const isPair = active.length === 2 && first !== undefined && second !== undefined;
  const rows = isPair ? 1 : active.length;
  const pixels = scores.length / rows;
  const out = new Float32Array(pixels * classes);
  if (isPair) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const odds = Math.exp(-Math.abs(scores[pixel]!));
      const larger = 1 / (1 + odds);
      const isSecond = scores[pixel]! > 0;
      out[pixel * classes + first] = isSecond ? odds * larger : larger;
      out[pixel * classes + second] = isSecond ? larger : odds * larger;
    }
    return out;
  }
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * rows;
    const to = pixel * classes;
    let largest = scores[from]!;
    for (let row = 1; row < rows; row++) largest = Math.max(largest, scores[from + row]!);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Math.exp(scores[from + row]! - largest);
    for (let row = 0; row < rows; row++)
      out[to + active[row]!] = Math.exp(scores[from + row]! - largest) / sum;
  }
  return out;
}

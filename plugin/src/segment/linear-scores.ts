import { rowProducts } from '../array/matrix.ts';
import type { PcaFit } from '../features/fits.ts';
import type { LatticeFeatures } from './classical-features.ts';
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
  const maps = Array.from(intercepts, (intercept, row) => ({
    weights: weights.subarray(row * dim, (row + 1) * dim),
    intercept,
  }));
  return probabilities(affineScores(values, maps), active, classes);
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
  const scores = scratch('scores', pixels * rows);
  for (let row = 0; row < rows; row++)
    for (let i = row; i < scores.length; i += rows) scores[i] = intercepts[row]!;
  let feature = 0;
  recipe.tokens.forEach(({ pca }, i) => {
    const patch = block.patches[i]!;
    const own = (row: number) => weights.subarray(row * dim + feature, row * dim + feature + pca.components);
    const maps = Array.from({ length: rows }, (_, row) => tokenMap(pca, own(row)));
    addTokens(patch, affineScores(patch.tokens, maps), rows, scores);
    feature += pca.components;
  });
  const groups = byLattice(block.classical, feature);
  for (const { group, planes, features } of groups) {
    for (let row = 0; row < rows; row++) {
      const own = features.map((at) => weights[row * dim + at]!);
      if (own.every((weight) => weight === 0)) continue;
      addPlane(group, weightedSum(planes, own), width, { out: scores, step: rows, offset: row });
    }
  }
  return probabilities(scores, active, classes);
}

/** Planes of one lattice, and which feature each is: all whose points are the pixels are one group, to be added at once. */
function byLattice(classical: FeatureBlock['classical'], firstFeature: number) {
  const groups: { group: LatticeFeatures; planes: Float32Array[]; features: number[] }[] = [];
  let feature = firstFeature;
  for (const group of classical) {
    const dense = groups.find((other) => group.isDense && other.group.isDense);
    const own = dense ?? { group, planes: [], features: [] };
    if (dense === undefined) groups.push(own);
    for (const plane of group.planes) {
      own.planes.push(plane);
      own.features.push(feature++);
    }
  }
  return groups;
}

/** Four planes at a time: reading and writing the sum takes longer than adding. */
function weightedSum(planes: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const sum = scratch('sum', planes[0]?.length ?? 0);
  sum.fill(0);
  let f = 0;
  for (; f + 4 <= planes.length; f += 4) {
    const [a, b, c, d] = [planes[f]!, planes[f + 1]!, planes[f + 2]!, planes[f + 3]!];
    const [p, q, r, s] = [weights[f]!, weights[f + 1]!, weights[f + 2]!, weights[f + 3]!];
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + p * a[i]! + q * b[i]! + r * c[i]! + s * d[i]!;
  }
  for (; f < planes.length; f++) {
    const plane = planes[f]!;
    const weight = weights[f]!;
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + weight * plane[i]!;
  }
  return sum;
}

const buffers = new Map<string, Float32Array>();

/**
 * A buffer that the next call with its name takes again, whatever it holds: block after block needs the same, and what is made
 * anew for each keeps the garbage collector busy. It never leaves this file.
 */
function scratch(name: 'scores' | 'sum', length: number): Float32Array {
  let buffer = buffers.get(name);
  if (buffer === undefined || buffer.length < length) {
    buffer = new Float32Array(length);
    buffers.set(name, buffer);
  }
  return buffer.subarray(0, length);
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

/** Maps of rows side by side, float32 [rows, maps]. */
function affineScores(rows: Float32Array, maps: readonly AffineMap[]): Float32Array {
  const count = rows.length / (maps[0]?.weights.length ?? 1);
  const scores = new Float32Array(count * maps.length);
  const out = new Float64Array(count);
  maps.forEach(({ weights, intercept }, row) => {
    rowProducts(rows, weights, intercept, out);
    for (let i = 0; i < count; i++) scores[i * maps.length + row] = out[i]!;
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

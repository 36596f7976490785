import { createCovariance } from 'alibi-zarr/checkpoint';
import type { TokenGrid } from '../tokens.ts';
import { solvePositive } from './cholesky.ts';
import { RAMP_NAMES, type RampName, rampOf } from './ramps.ts';

/** Ridge strengths tried, over the number of samples; the features have deviation 1. */
const STRENGTHS = [1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3];
/** Parts of the training images that are held out in turn to choose the strength. */
const INNER_FOLDS = 3;
/** With fewer images there is nothing to choose the strength by. */
export const HELD_OUT_IMAGES = 3;

/** How often `pause` is awaited for this many images. */
export function heldOutSteps(images: number): number {
  return images * (2 + Math.min(INNER_FOLDS, images - 1) * STRENGTHS.length);
}

export interface HeldOutProbe {
  /** Training tokens of a fit. */
  readonly samples: number;
  /** Chosen for each image held out, over the number of samples. */
  readonly strengths: readonly number[];
  readonly ramps: readonly HeldOutRamp[];
}

export interface HeldOutRamp {
  readonly ramp: RampName;
  /** Over the tokens of all images together, each predicted while it was held out. */
  readonly r2: number;
  readonly perImage: readonly number[];
}

/**
 * Is a place written into tokens in a way that is the same from image to image? A ridge regression is fitted to all tokens
 * of all images but one, and R² taken on that one; its strength is chosen by holding out parts of the training images in
 * turn, one for all ramps. Every image has its own mean token taken off first, so that what is shown is what varies within an image.
 *
 * Thousands of samples stand against hundreds of channels, and none is both trained on and scored: noise scores 0 or a
 * little less, whatever its dimension.
 *
 * All of it follows from each image's scatter matrix of tokens and ramps: with X and y centred within the image,
 * ‖y − Xw‖² = yᵀy − 2wᵀXᵀy + wᵀXᵀXw.
 *
 * @param images  of one size, at least {@link HELD_OUT_IMAGES}
 * @param pause   awaited between systems of equations; may reject to abort
 */
export async function heldOutProbe(
  images: readonly TokenGrid[],
  pause: () => Promise<void>,
): Promise<HeldOutProbe> {
  const [{ rows, cols, dim } = { rows: 0, cols: 0, dim: 0 }] = images;
  const scatters: Float64Array[] = [];
  for (const image of images) {
    scatters.push(scatterOf(image));
    await pause();
  }
  const tokens = rows * cols;
  const problem: Problem = { dim, size: dim + RAMP_NAMES.length, tokens, pause };
  const outcomes: Outcome[] = [];
  for (const held of scatters) {
    const others = scatters.filter((other) => other !== held);
    outcomes.push(await scoreHeldOut(held, others, problem));
  }
  const ramps = RAMP_NAMES.map((ramp, r) => {
    const total = outcomes.reduce((sum, outcome) => sum + outcome.totals[r]!, 0);
    const residual = outcomes.reduce((sum, outcome) => sum + outcome.residuals[r]!, 0);
    return {
      ramp,
      r2: 1 - residual / total,
      perImage: outcomes.map((outcome) => 1 - outcome.residuals[r]! / outcome.totals[r]!),
    };
  });
  const strengths = outcomes.map(({ strength }) => strength);
  return { samples: (images.length - 1) * tokens, strengths, ramps };
}

interface Problem {
  readonly dim: number;
  /** Channels and ramps. */
  readonly size: number;
  readonly tokens: number;
  readonly pause: () => Promise<void>;
}

interface Outcome {
  readonly strength: number;
  /** One for each ramp. */
  readonly residuals: readonly number[];
  readonly totals: readonly number[];
}

async function scoreHeldOut(
  held: Float64Array,
  others: readonly Float64Array[],
  problem: Problem,
): Promise<Outcome> {
  const strength = await chooseStrength(others, problem);
  const weights = solve(summed(others), { ...problem, samples: others.length * problem.tokens, strength });
  await problem.pause();
  return {
    strength,
    residuals: RAMP_NAMES.map((_, r) => residualOf(held, weights, r, problem)),
    totals: RAMP_NAMES.map((_, r) => totalOf(held, r, problem)),
  };
}

/**
 * The strength of least squared error over the parts held out, each ramp's over its variance; of equals the largest. One
 * for all ramps: chosen for each alone it is a matter of luck where there are few images.
 */
async function chooseStrength(images: readonly Float64Array[], problem: Problem): Promise<number> {
  const folds = Math.min(INNER_FOLDS, images.length);
  const errors = new Float64Array(STRENGTHS.length);
  for (let fold = 0; fold < folds; fold++) {
    const kept = images.filter((_, i) => i % folds !== fold);
    const tested = summed(images.filter((_, i) => i % folds === fold));
    const training = summed(kept);
    for (const [s, strength] of STRENGTHS.entries()) {
      const weights = solve(training, { ...problem, samples: kept.length * problem.tokens, strength });
      for (let r = 0; r < RAMP_NAMES.length; r++) {
        errors[s] = errors[s]! + residualOf(tested, weights, r, problem) / totalOf(tested, r, problem);
      }
      await problem.pause();
    }
  }
  let best = STRENGTHS.length - 1;
  for (let s = best - 1; s >= 0; s--) if (errors[s]! < errors[best]!) best = s;
  return STRENGTHS[best]!;
}

/** Σ (t − t̄)(t − t̄)ᵀ of one image's tokens with the ramps as further channels: upper triangle of [size, size]. */
function scatterOf({ rows, cols, dim, data }: TokenGrid): Float64Array {
  const ramps = RAMP_NAMES.map((name) => rampOf(name, rows, cols));
  const size = dim + ramps.length;
  const joined = new Float32Array(rows * cols * size);
  for (let t = 0; t < rows * cols; t++) {
    joined.set(data.subarray(t * dim, (t + 1) * dim), t * size);
    ramps.forEach((ramp, r) => {
      joined[t * size + dim + r] = ramp[t]!;
    });
  }
  const covariance = createCovariance(size);
  covariance.add(joined);
  return covariance.state.scatter;
}

function summed(scatters: readonly Float64Array[]): Float64Array {
  const [first, ...rest] = scatters;
  const sum = first?.slice() ?? new Float64Array();
  for (const scatter of rest) for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + scatter[i]!;
  return sum;
}

/** @returns float64 [ramps, dim], for centred features in their own units */
function solve(
  scatter: Float64Array,
  o: Problem & { readonly samples: number; readonly strength: number },
): Float64Array {
  const { dim, size, samples } = o;
  const deviation = Float64Array.from({ length: dim }, (_, c) => {
    const variance = scatter[c * size + c]! / samples;
    return variance > 0 ? Math.sqrt(variance) : 1;
  });
  const matrix = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++)
      matrix[i * dim + j] = scatter[j * size + i]! / (deviation[i]! * deviation[j]!);
    matrix[i * dim + i] = scatter[i * size + i]! / deviation[i]! ** 2 + o.strength * samples;
  }
  const weights = new Float64Array((size - dim) * dim);
  for (let i = 0; i < weights.length; i++) {
    const [ramp, c] = [Math.floor(i / dim), i % dim];
    weights[i] = scatter[c * size + dim + ramp]! / deviation[c]!;
  }
  solvePositive(matrix, dim, weights);
  return weights.map((weight, i) => weight / deviation[i % dim]!);
}

function totalOf(scatter: Float64Array, ramp: number, { dim, size }: Problem): number {
  return scatter[(dim + ramp) * size + dim + ramp]!;
}

/** yᵀy − 2wᵀXᵀy + wᵀXᵀXw */
function residualOf(scatter: Float64Array, weights: Float64Array, ramp: number, problem: Problem): number {
  const { dim, size } = problem;
  const own = weights.subarray(ramp * dim, (ramp + 1) * dim);
  let sum = totalOf(scatter, ramp, problem);
  for (let i = 0; i < dim; i++) {
    let row = (scatter[i * size + i]! * own[i]!) / 2;
    for (let j = i + 1; j < dim; j++) row += scatter[i * size + j]! * own[j]!;
    sum += 2 * own[i]! * (row - scatter[i * size + dim + ramp]!);
  }
  return sum;
}

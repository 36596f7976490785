import {
  AlibiError,
  fitLogistic,
  type LinearTaps,
  linearTaps,
  resampleBilinear,
  tokenPosition,
} from 'alibi-zarr/checkpoint';
import type { TokenGrid } from '../tokens.ts';

/** A linear classifier of tokens, standardisation folded in. */
export interface LinearHead {
  readonly dim: number;
  readonly classes: number;
  /** float64 [classes, dim] */
  readonly weights: Float64Array;
  /** float64 [classes]; −∞ for a class without samples, which is never the answer */
  readonly intercepts: Float64Array;
}

/**
 * Fit the head: features standardised over the samples (constant ones left as they are), then multinomial logistic
 * regression with an L2 penalty.
 *
 * @param samples  float32 [n, dim]; standardised in place
 * @param labels   class of each sample
 * @param c        inverse strength of the penalty: it multiplies the sum of losses, as scikit-learn's `C`
 * @param pause    awaited now and then; may reject to abort
 * @throws AlibiError  InvalidInput: fewer than two classes have samples, or a feature is not finite
 */
export async function fitLinearHead(
  samples: Float32Array,
  labels: Uint16Array,
  o: {
    readonly dim: number;
    readonly classes: number;
    readonly c: number;
    readonly pause: () => Promise<void>;
  },
): Promise<LinearHead> {
  const { dim, classes } = o;
  assertLearnable(samples, labels);
  const { mean, scale } = standardise(samples, dim);
  const model = await fitLogistic(samples, labels, o);
  const weights = new Float64Array(classes * dim);
  const intercepts = new Float64Array(classes).fill(Number.NEGATIVE_INFINITY);
  for (let k = 0; k < classes; k++) {
    if (model.counts[k] === 0) continue;
    let intercept = model.weights[k * (dim + 1) + dim]!;
    for (let i = 0; i < dim; i++) {
      const weight = model.weights[k * (dim + 1) + i]! / scale[i]!;
      weights[k * dim + i] = weight;
      intercept -= weight * mean[i]!;
    }
    intercepts[k] = intercept;
  }
  return { dim, classes, weights, intercepts };
}

function assertLearnable(samples: Float32Array, labels: Uint16Array): void {
  const refuse = (what: string, remedy: string): never => {
    throw new AlibiError('InvalidInput', { what, where: 'linear head', remedy });
  };
  if (new Set(labels).size < 2) refuse('only one class has samples', 'Give samples of two classes or more.');
  if (!samples.every(Number.isFinite))
    refuse('a feature is not finite', 'Look at the checkpoint: it gives NaN.');
}

/** Zero mean, unit deviation (ddof 0), in place. */
function standardise(samples: Float32Array, dim: number): { mean: Float64Array; scale: Float64Array } {
  const count = samples.length / dim;
  const mean = new Float64Array(dim);
  const scale = new Float64Array(dim);
  for (let i = 0; i < samples.length; i++) mean[i % dim]! += samples[i]! / count;
  for (let i = 0; i < samples.length; i++) scale[i % dim]! += (samples[i]! - mean[i % dim]!) ** 2 / count;
  for (let f = 0; f < dim; f++) {
    const deviation = Math.sqrt(scale[f]!);
    // A spread of rounding noise is no spread.
    scale[f] = deviation <= 1e-6 * Math.abs(mean[f]!) ? 1 : deviation;
  }
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i]! - mean[i % dim]!) / scale[i % dim]!;
  return { mean, scale };
}

/** Where a token grid lies under an image's pixels: `pxPerToken` of them along either axis, both begin at one edge. */
export interface Lattice {
  readonly height: number;
  readonly width: number;
  readonly pxPerToken: number;
}

/**
 * Tokens at some pixels, interpolated bilinearly.
 *
 * @param pixels  positions in an image of `lattice`, row-major
 * @returns       float32 [pixels, dim]
 */
export function tokensAt(tokens: TokenGrid, lattice: Lattice, pixels: ArrayLike<number>): Float32Array {
  const { cols, dim, data } = tokens;
  const { rowTaps, colTaps } = tapsOf(tokens, lattice);
  const out = new Float32Array(pixels.length * dim);
  for (let i = 0; i < pixels.length; i++) {
    const y = Math.floor(pixels[i]! / lattice.width);
    const x = pixels[i]! % lattice.width;
    const [above, below] = [rowTaps.lower[y]! * cols, rowTaps.upper[y]! * cols];
    const [left, right] = [colTaps.lower[x]!, colTaps.upper[x]!];
    const [down, across] = [rowTaps.weight[y]!, colTaps.weight[x]!];
    for (let c = 0; c < dim; c++) {
      const at = (token: number): number => data[token * dim + c]!;
      const upper = at(above + left) * (1 - across) + at(above + right) * across;
      const lower = at(below + left) * (1 - across) + at(below + right) * across;
      out[i * dim + c] = upper * (1 - down) + lower * down;
    }
  }
  return out;
}

/**
 * The class of every pixel. Interpolating the head's scores is interpolating the tokens first: both are linear, and
 * the weights of a pixel's four tokens sum to 1.
 */
export function predictPixels(head: LinearHead, tokens: TokenGrid, lattice: Lattice): Uint16Array {
  const { dim } = head;
  const present = [...head.intercepts.keys()].filter((k) => Number.isFinite(head.intercepts[k]));
  const scores = new Float32Array(tokens.rows * tokens.cols * present.length);
  for (let t = 0; t < tokens.rows * tokens.cols; t++) {
    present.forEach((k, j) => {
      let sum = head.intercepts[k]!;
      for (let c = 0; c < dim; c++) sum += head.weights[k * dim + c]! * tokens.data[t * dim + c]!;
      scores[t * present.length + j] = sum;
    });
  }
  const { rowTaps, colTaps } = tapsOf(tokens, lattice);
  const grid = { cols: tokens.cols, dim: present.length };
  const labels = new Uint16Array(lattice.height * lattice.width);
  for (let y = 0; y < lattice.height; y += STRIP_ROWS) {
    const strip = resampleBilinear(scores, grid, rowsOf(rowTaps, y, y + STRIP_ROWS), colTaps);
    for (let i = 0; i < strip.length / present.length; i++) {
      let best = 0;
      for (let j = 1; j < present.length; j++) {
        if (strip[i * present.length + j]! > strip[i * present.length + best]!) best = j;
      }
      labels[y * lattice.width + i] = present[best]!;
    }
  }
  return labels;
}

/** Rows upsampled at a time: scores of 150 classes at every pixel of a photograph would take gigabytes. */
const STRIP_ROWS = 16;

function rowsOf(taps: LinearTaps, from: number, to: number): LinearTaps {
  return {
    lower: taps.lower.subarray(from, to),
    upper: taps.upper.subarray(from, to),
    weight: taps.weight.subarray(from, to),
  };
}

function tapsOf({ rows, cols }: TokenGrid, { height, width, pxPerToken }: Lattice) {
  const position = (i: number): number => tokenPosition(i, pxPerToken);
  return {
    rowTaps: linearTaps({ count: height, size: rows, origin: 0, position }),
    colTaps: linearTaps({ count: width, size: cols, origin: 0, position }),
  };
}

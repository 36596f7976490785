import { AlibiError } from 'alibi-zarr/checkpoint';
import { RAMP_NAMES, rampOf } from './ramps.ts';

/** Tokens of several images of one size. */
export interface TokenStack {
  readonly images: number;
  readonly rows: number;
  readonly cols: number;
  readonly dim: number;
  /** float32 [images, rows, cols, dim] */
  readonly data: Float32Array;
}

/**
 * How much of each channel is position: the share of a ramp that a line through the channel explains (the squared
 * correlation), the mean over the four ramps and the images. A channel that is constant in an image has 0 there.
 *
 * @returns float64 [dim], each from 0 to 1; the caller owns the buffer
 * @throws AlibiError  InvalidInput: the sizes do not fit the data, or a value is not finite
 */
export function positionalScores(tokens: TokenStack): Float64Array {
  assertFits(tokens);
  const { images, rows, cols, dim, data } = tokens;
  const scores = new Float64Array(dim);
  const ramps = RAMP_NAMES.map((name) => centredUnit(rampOf(name, rows, cols)));
  for (let n = 0; n < images; n++) {
    const image = data.subarray(n * rows * cols * dim, (n + 1) * rows * cols * dim);
    const { mean, squares } = momentsOf(image, dim);
    for (const ramp of ramps) {
      const products = new Float64Array(dim);
      for (let i = 0; i < image.length; i++) {
        const c = i % dim;
        products[c] = products[c]! + (image[i]! - mean[c]!) * ramp[Math.floor(i / dim)]!;
      }
      for (let c = 0; c < dim; c++) {
        if (squares[c]! > 0) {
          scores[c] = scores[c]! + products[c]! ** 2 / squares[c]! / (ramps.length * images);
        }
      }
    }
  }
  return scores;
}

/**
 * The channels that say most of where a token lies, for leaving out of what a student is to learn.
 *
 * @param k  how many, at most dim
 * @returns  their indices, the most positional first; of equal ones the lower index
 * @throws AlibiError  InvalidInput
 */
export function mostPositionalChannels(tokens: TokenStack, k: number): number[] {
  if (!Number.isSafeInteger(k) || k < 0 || k > tokens.dim) {
    throw invalid(`${k} channels of ${tokens.dim}`, 'Ask for a whole number from 0 to the dimension.');
  }
  const scores = positionalScores(tokens);
  const channels = Array.from({ length: tokens.dim }, (_, c) => c);
  return channels.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);
}

function assertFits({ images, rows, cols, dim, data }: TokenStack): void {
  const sizes = [images, rows, cols, dim];
  const whole = sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!whole || rows < 2 || cols < 2 || data.length !== images * rows * cols * dim) {
    throw invalid(
      `${data.length} values for [${sizes}]`,
      'Give tokens of at least one image and 2×2 tokens, row-major.',
    );
  }
  if (!data.every(Number.isFinite)) throw invalid('a value is not finite', 'Check the checkpoint.');
}

function momentsOf(image: Float32Array, dim: number): { mean: Float64Array; squares: Float64Array } {
  const mean = new Float64Array(dim);
  const squares = new Float64Array(dim);
  const count = image.length / dim;
  for (let i = 0; i < image.length; i++) mean[i % dim] = mean[i % dim]! + image[i]! / count;
  for (let i = 0; i < image.length; i++) {
    squares[i % dim] = squares[i % dim]! + (image[i]! - mean[i % dim]!) ** 2;
  }
  // A constant channel keeps a rounding error of its mean: no variance to speak of.
  return {
    mean,
    squares: squares.map((value, c) => (value > count * (1e-9 * mean[c]!) ** 2 ? value : 0)),
  };
}

/** Of mean 0 and length 1. */
function centredUnit(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = values.map((value) => value - mean);
  const length = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
  return centred.map((value) => value / length);
}

function invalid(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'positional channels', remedy });
}

import { fitId } from '../array/fit.ts';
import type { Json } from '../array/json.ts';
import type { LazyArray } from '../array/lazy-array.ts';
import { createPacer } from '../array/pacer.ts';
import { AlibiError } from '../errors.ts';
import { createCovariance } from './covariance.ts';
import { largestEigenpairs } from './eigen.ts';
import type { PcaFit } from './fits.ts';
import { mapTokens } from './map-tokens.ts';

export interface FitPcaOptions {
  /** Values per sample. */
  readonly dim: number;
  /** Axes wanted, 1 … dim. */
  readonly components: number;
  readonly source: Readonly<Record<string, Json>>;
  readonly signal?: AbortSignal;
}

/** Samples taken between two pauses. */
const samplesPerStep = 64;

/**
 * Fit a PCA basis: mean, axes of largest variance with fixed signs, and the range of values to draw.
 * Samples that span fewer dimensions than `components` (few or equal samples) give axes of variance 0 for
 * the rest: orthonormal, always the same, drawn as mid-grey.
 *
 * @param samples  float32 [n, dim], n ≥ 1; not changed
 * @throws AlibiError InvalidInput  no sample, a value that is not finite, components outside 1 … dim
 * Source: Jolliffe, Principal Component Analysis, 2nd ed., §2; agrees with scikit-learn's full SVD up to sign.
 */
export async function fitPca(samples: Float32Array, options: FitPcaOptions): Promise<PcaFit> {
  const { dim, components, source, signal } = options;
  if (!Number.isInteger(components) || components < 1 || components > dim) {
    throw invalid(`${components} components of ${dim} dimensions`, 'Ask for between 1 and dim components.');
  }
  if (samples.length === 0) throw invalid('no sample tokens', 'Select a level, z and t that hold pixels.');
  const pause = createPacer(signal);
  const covariance = createCovariance(dim);
  for (let start = 0; start < samples.length; start += samplesPerStep * dim) {
    await pause();
    covariance.add(samples.subarray(start, start + samplesPerStep * dim));
  }
  const moments = covariance.done();
  const { values, vectors } = await largestEigenpairs(moments.covariance, dim, components, pause);
  for (let i = 0; i < components; i++) fixSign(vectors.subarray(i * dim, (i + 1) * dim));
  const basis = {
    dim,
    components,
    mean: Float32Array.from(moments.mean),
    axes: Float32Array.from(vectors),
    // Rounding can leave a variance of 0 a hair below it.
    variance: Float32Array.from(values, (value) => Math.max(0, value)),
  };
  const ranges = robustRanges(projectPca(samples, basis, components), components);
  const content = { kind: 'pca' as const, ...basis, ranges, source };
  return { ...content, id: await fitId(content) };
}

/**
 * Project tokens onto a fitted basis.
 *
 * @param tokens      float32 [n, dim]
 * @param components  how many of the fit's axes, from the first
 * @returns           float32 [n, components]; the caller owns the buffer
 */
export function projectPca(
  tokens: Float32Array,
  fit: Pick<PcaFit, 'dim' | 'mean' | 'axes'>,
  components: number,
): Float32Array {
  const { dim, mean, axes } = fit;
  const count = tokens.length / dim;
  const out = new Float32Array(count * components);
  const centred = new Float64Array(dim);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dim; i++) centred[i] = tokens[row * dim + i]! - mean[i]!;
    for (let k = 0; k < components; k++) {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += axes[k * dim + i]! * centred[i]!;
      out[row * components + k] = sum;
    }
  }
  return out;
}

/**
 * The first three components as red, green and blue: a component's range becomes 0 … 255, beyond it is
 * clipped; a component without range (constant samples) is 128 throughout.
 *
 * @param tokens  float32 […, y, x, c = dim]
 * @returns       uint8 […, y, x, c = 3]
 * @throws AlibiError InvalidInput  dim differs from the fit's, or the fit has fewer than three components
 */
export function pcaColours(tokens: LazyArray<'float32'>, fit: PcaFit): LazyArray<'uint8'> {
  if (fit.components < 3) {
    throw invalid(`${fit.components} components make no colours`, 'Fit at least three components.');
  }
  return mapTokens(tokens, fit.dim, {
    dtype: 'uint8',
    channels: 3,
    map: (chunk) => {
      const projected = projectPca(chunk, fit, 3);
      const colours = new Uint8Array(projected.length);
      for (let i = 0; i < projected.length; i++) {
        const low = fit.ranges[2 * (i % 3)]!;
        const span = fit.ranges[2 * (i % 3) + 1]! - low;
        const unit = span > 0 ? (projected[i]! - low) / span : 128 / 255;
        colours[i] = Math.round(255 * Math.min(1, Math.max(0, unit)));
      }
      return colours;
    },
  });
}

/** An axis is defined up to its sign: make its entry of largest magnitude positive (the first of equals). */
function fixSign(axis: Float64Array): void {
  let largest = 0;
  for (const value of axis) if (Math.abs(value) > Math.abs(largest)) largest = value;
  if (largest < 0) for (let i = 0; i < axis.length; i++) axis[i] = -axis[i]!;
}

/** 1 and 99 percentiles of each component, interpolated linearly: float32 [components, 2]. */
function robustRanges(projected: Float32Array, components: number): Float32Array {
  const count = projected.length / components;
  const ranges = new Float32Array(components * 2);
  const column = new Float32Array(count);
  for (let k = 0; k < components; k++) {
    for (let i = 0; i < count; i++) column[i] = projected[i * components + k]!;
    column.sort();
    ranges[2 * k] = quantile(column, 0.01);
    ranges[2 * k + 1] = quantile(column, 0.99);
  }
  return ranges;
}

function quantile(sorted: Float32Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}

function invalid(what: string, remedy: string): AlibiError {
  return new AlibiError('InvalidInput', { what, where: 'PCA fit', remedy });
}

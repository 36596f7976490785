import { solvePositive } from './cholesky.ts';

/** A linear model of several targets on standardised features. */
export interface RidgeFit {
  readonly dim: number;
  readonly targets: number;
  /** float64 [dim]: taken off a feature, and what it is then divided by. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** float64 [targets, dim], for standardised features. */
  readonly weights: Float64Array;
  /** float64 [targets] */
  readonly intercepts: Float64Array;
}

/**
 * Ridge regression on features standardised over the samples (mean 0, deviation 1, constant features left at 0), with an
 * intercept that is not penalised: minimises ‖y − Xw − b‖² + α‖w‖². With fewer samples than features the n × n system of
 * the dual is solved, which has the same answer.
 *
 * @param features  float32 [n, dim]; not changed
 * @param wanted    float64 [targets, n]; not changed
 * @param alpha     above 0
 * Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., §3.4.1; agrees with
 * scikit-learn's StandardScaler and Ridge.
 */
export function fitRidge(
  features: Float32Array,
  wanted: Float64Array,
  { dim, alpha }: { readonly dim: number; readonly alpha: number },
): RidgeFit {
  const count = features.length / dim;
  const targets = wanted.length / count;
  const { mean, scale } = momentsOf(features, dim);
  const samples = standardised(features, mean, scale);
  const intercepts = Float64Array.from(
    { length: targets },
    (_, t) => sumOf(wanted.subarray(t * count, (t + 1) * count)) / count,
  );
  const centred = wanted.map((value, i) => value - intercepts[Math.floor(i / count)]!);
  const weights =
    count < dim ? dual(samples, centred, { dim, alpha }) : primal(samples, centred, { dim, alpha });
  return { dim, targets, mean, scale, weights, intercepts };
}

/** @returns float64 [targets, n]; the caller owns the buffer */
export function predictRidge(fit: RidgeFit, features: Float32Array): Float64Array {
  const { dim, targets, weights, intercepts } = fit;
  const count = features.length / dim;
  const out = new Float64Array(targets * count);
  // The standardisation is folded into the weights once.
  const folded = weights.map((weight, i) => weight / fit.scale[i % dim]!);
  for (let t = 0; t < targets; t++) {
    let offset = intercepts[t]!;
    for (let c = 0; c < dim; c++) offset -= folded[t * dim + c]! * fit.mean[c]!;
    for (let i = 0; i < count; i++) {
      let sum = offset;
      for (let c = 0; c < dim; c++) sum += folded[t * dim + c]! * features[i * dim + c]!;
      out[t * count + i] = sum;
    }
  }
  return out;
}

/**
 * Share of the variance of `wanted` that the prediction explains: 1 where it is exact, 0 where it does as well as the
 * mean, below 0 where it does worse. Vectors of one length; `wanted` must not be constant.
 */
export function rSquared(predicted: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const count = wanted.length;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += wanted[i]! / count;
  let [residual, total] = [0, 0];
  for (let i = 0; i < count; i++) {
    residual += (wanted[i]! - predicted[i]!) ** 2;
    total += (wanted[i]! - mean) ** 2;
  }
  return 1 - residual / total;
}

/** Mean and population deviation of each feature; the deviation of one that is constant but for rounding is 1. */
function momentsOf(features: Float32Array, dim: number): { mean: Float64Array; scale: Float64Array } {
  const count = features.length / dim;
  const mean = new Float64Array(dim);
  const variance = new Float64Array(dim);
  for (let i = 0; i < features.length; i++) mean[i % dim] = mean[i % dim]! + features[i]! / count;
  for (let i = 0; i < features.length; i++) {
    const deviation = features[i]! - mean[i % dim]!;
    variance[i % dim] = variance[i % dim]! + (deviation * deviation) / count;
  }
  const scale = variance.map((value, c) => {
    const rounding = (count * mean[c]! * Number.EPSILON) ** 2;
    return value <= count * Number.EPSILON * value + rounding ? 1 : Math.sqrt(value);
  });
  return { mean, scale };
}

function standardised(features: Float32Array, mean: Float64Array, scale: Float64Array): Float64Array {
  const dim = mean.length;
  const out = new Float64Array(features.length);
  for (let i = 0; i < out.length; i++) out[i] = (features[i]! - mean[i % dim]!) / scale[i % dim]!;
  return out;
}

interface System {
  readonly dim: number;
  readonly alpha: number;
}

/** w = (XᵀX + αI)⁻¹ Xᵀy. @returns float64 [targets, dim] */
function primal(samples: Float64Array, centred: Float64Array, { dim, alpha }: System): Float64Array {
  const count = samples.length / dim;
  const gram = new Float64Array(dim * dim);
  for (let row = 0; row < samples.length; row += dim) {
    for (let i = 0; i < dim; i++) {
      const value = samples[row + i]!;
      for (let j = 0; j <= i; j++) gram[i * dim + j] = gram[i * dim + j]! + value * samples[row + j]!;
    }
  }
  for (let i = 0; i < dim; i++) gram[i * dim + i] = gram[i * dim + i]! + alpha;
  const weights = combined(samples, centred, count);
  solvePositive(gram, dim, weights);
  return weights;
}

/** w = Xᵀ (XXᵀ + αI)⁻¹ y. @returns float64 [targets, dim] */
function dual(samples: Float64Array, centred: Float64Array, { dim, alpha }: System): Float64Array {
  const count = samples.length / dim;
  const kernel = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? alpha : 0;
      for (let c = 0; c < dim; c++) sum += samples[i * dim + c]! * samples[j * dim + c]!;
      kernel[i * count + j] = sum;
    }
  }
  const shares = centred.slice();
  solvePositive(kernel, count, shares);
  return combined(samples, shares, count);
}

/** Sums of samples weighted by each row of `shares` [targets, n]. @returns float64 [targets, dim] */
function combined(samples: Float64Array, shares: Float64Array, count: number): Float64Array {
  const dim = samples.length / count;
  const out = new Float64Array((shares.length / count) * dim);
  for (let s = 0; s < shares.length; s++) {
    const [to, from] = [Math.floor(s / count) * dim, (s % count) * dim];
    for (let c = 0; c < dim; c++) out[to + c] = out[to + c]! + shares[s]! * samples[from + c]!;
  }
  return out;
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

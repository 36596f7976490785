import type { Precondition } from './lbfgs.ts';

/** More samples make the estimate no better worth its time: fewer evaluations are saved than it costs. */
const sampleLimit = 500;
/** Where the penalty is next to nothing, rounding must not make the matrix singular. */
const leastRidge = 1e-6;

/**
 * Solves with `share · mean(x xᵀ) + ridge` of samples with a 1 behind them, row of weights by row of weights: the curvature of a
 * logistic loss is at most that, with a quarter for two classes (one row) and a half for more.
 *
 * @param samples  float32 [n, dim]; a regular sample of them is looked at
 * @param share    of a sample's square in the curvature
 * @returns        for vectors float64 [rows, dim + 1], the intercept last, which has no penalty
 * Source: Böhning, "Multinomial logistic regression algorithm", Ann. Inst. Statist. Math. 44 (1992).
 */
export function boundedCurvature(
  samples: Float32Array,
  dim: number,
  { share, ridge }: { readonly share: number; readonly ridge: number },
): Precondition {
  const size = dim + 1;
  const factor = meanSquares(samples, dim);
  for (let i = 0; i < factor.length; i++) factor[i] = factor[i]! * share;
  for (let i = 0; i < dim; i++) factor[i * size + i] = factor[i * size + i]! + Math.max(ridge, leastRidge);
  factorise(factor, size);
  return (vector) => {
    for (let first = 0; first < vector.length; first += size)
      solve(factor, vector.subarray(first, first + size));
  };
}

/** Lower triangle of the mean of x xᵀ, float64 [dim + 1, dim + 1]. */
function meanSquares(samples: Float32Array, dim: number): Float64Array {
  const size = dim + 1;
  const count = samples.length / dim;
  const step = Math.max(1, Math.ceil(count / sampleLimit));
  const share = 1 / Math.ceil(count / step);
  const sum = new Float64Array(size * size);
  const sample = new Float64Array(size).fill(1);
  for (let at = 0; at < samples.length; at += step * dim) {
    sample.set(samples.subarray(at, at + dim));
    for (let i = 0; i < size; i++) {
      const value = share * sample[i]!;
      for (let j = 0, to = i * size; j <= i; j++, to++) sum[to] = sum[to]! + value * sample[j]!;
    }
  }
  return sum;
}

/** Cholesky's lower factor of a positive definite matrix, in place of its lower triangle. */
function factorise(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k]! * matrix[j * size + k]!;
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j]!;
    }
  }
}

/** Solves L Lᵀ x = b, in place. */
function solve(factor: Float64Array, vector: Float64Array): void {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    let sum = vector[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * size + k]! * vector[k]!;
    vector[i] = sum / factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = vector[i]! / factor[i * size + i]!;
    vector[i] = value;
    for (let k = 0; k < i; k++) vector[k] = vector[k]! - factor[i * size + k]! * value;
  }
}

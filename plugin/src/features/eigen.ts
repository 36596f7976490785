import { createRandom } from '../array/random.ts';
import { addScaled, dot } from '../array/vector.ts';
import { tridiagonalEigen } from './tridiagonal.ts';

export interface EigenPairs {
  /** float64 [k], falling. */
  readonly values: Float64Array;
  /** float64 [k, n], rows orthonormal. */
  readonly vectors: Float64Array;
}

/** Up to this size the basis is built out: a fraction of a second, and equal eigenvalues are all found. */
const fullSize = 256;
const tolerance = 1e-11;

/**
 * The `k` largest eigenvalues of a symmetric matrix with their vectors, by Lanczos with full
 * reorthogonalisation: in exact arithmetic a Householder tridiagonalisation that may stop early. It stops
 * when the residuals ‖Av − λv‖ of the wanted pairs are below 1e-11 of the largest eigenvalue, at the
 * latest when the basis is complete.
 *
 * @param matrix  float64 [n, n], symmetric; not changed
 * @param pause   awaited between steps; may reject to abort
 * Source: Golub, Van Loan, Matrix Computations, 4th ed., §10.1–10.3.
 */
export async function largestEigenpairs(
  matrix: Float64Array,
  n: number,
  k: number,
  pause: () => Promise<void>,
): Promise<EigenPairs> {
  const random = createRandom(1);
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const beside: number[] = []; // beside[i] couples basis vectors i and i + 1
  let norm = 0;
  let vector = freshDirection(n, basis, random);
  let nextCheck = n <= fullSize ? n : Math.min(n, 4 * k + 32);
  for (;;) {
    await pause();
    basis.push(vector);
    const image = multiply(matrix, vector);
    diagonal.push(dot(image, vector));
    norm = Math.max(norm, Math.sqrt(dot(image, image)));
    orthogonalise(image, basis);
    const coupling = Math.sqrt(dot(image, image));
    const size = basis.length;
    if (size === n || size === nextCheck) {
      const ritz = tridiagonalEigen(Float64Array.from(diagonal), Float64Array.from(beside));
      if (size === n || hasConverged(ritz, k, coupling, tolerance * norm)) return lift(ritz, basis, k);
      nextCheck = Math.min(n, Math.ceil(size * 1.4));
    }
    // An invariant subspace has been exhausted: go on in a fresh direction, uncoupled.
    if (coupling <= 1e-14 * norm || coupling === 0) {
      beside.push(0);
      vector = freshDirection(n, basis, random);
    } else {
      beside.push(coupling);
      vector = image.map((value) => value / coupling);
    }
  }
}

/** The residual of a Ritz pair is the coupling times the last entry of its vector. */
function hasConverged(ritz: EigenPairs, k: number, coupling: number, limit: number): boolean {
  const m = ritz.values.length;
  for (let i = 0; i < k; i++) {
    if (coupling * Math.abs(ritz.vectors[i * m + m - 1]!) > limit) return false;
  }
  return true;
}

function lift(ritz: EigenPairs, basis: readonly Float64Array[], k: number): EigenPairs {
  const n = basis[0]!.length;
  const m = basis.length;
  const vectors = new Float64Array(k * n);
  for (let i = 0; i < k; i++) {
    const row = vectors.subarray(i * n, (i + 1) * n);
    for (let j = 0; j < m; j++) addScaled(row, basis[j]!, ritz.vectors[i * m + j]!);
    const length = Math.sqrt(dot(row, row));
    for (let c = 0; c < n; c++) row[c] = row[c]! / length;
  }
  return { values: ritz.values.slice(0, k), vectors };
}

function freshDirection(n: number, basis: readonly Float64Array[], random: () => number): Float64Array {
  for (;;) {
    const vector = Float64Array.from({ length: n }, () => random() - 0.5);
    const before = Math.sqrt(dot(vector, vector));
    orthogonalise(vector, basis);
    const length = Math.sqrt(dot(vector, vector));
    // Too little left of it: what remains is rounding noise, so draw again.
    if (length > 1e-8 * before) return vector.map((value) => value / length);
  }
}

/** Remove what lies in the span of `basis`; twice is enough (Golub, Van Loan, §5.2.8). */
function orthogonalise(vector: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    for (const other of basis) addScaled(vector, other, -dot(vector, other));
  }
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const base = i * n;
    for (let j = 0; j < n; j++) sum += matrix[base + j]! * vector[j]!;
    out[i] = sum;
  }
  return out;
}

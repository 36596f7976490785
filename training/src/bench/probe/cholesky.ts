/**
 * Solve A X = B for a symmetric positive definite A.
 *
 * @param matrix  float64 [n, n]; its lower triangle is read, and overwritten with the factor
 * @param right   float64 [columns, n], one right-hand side a row; overwritten with the solutions
 * @throws RangeError  A is not positive definite
 * Source: Golub, Van Loan, Matrix Computations, 4th ed., §4.2 (row-oriented Cholesky).
 */
export function solvePositive(matrix: Float64Array, n: number, right: Float64Array): void {
  factorise(matrix, n);
  for (let at = 0; at < right.length; at += n) substitute(matrix, n, right.subarray(at, at + n));
}

function factorise(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const row = matrix.subarray(i * n, i * n + i + 1);
    for (let j = 0; j < i; j++) {
      row[j] = (row[j]! - dotFirst(row, matrix, j * n, j)) / matrix[j * n + j]!;
    }
    const pivot = row[i]! - dotFirst(row, matrix, i * n, i);
    if (!(pivot > 0)) throw new RangeError(`pivot ${i} of a Cholesky factorisation is ${pivot}`);
    row[i] = Math.sqrt(pivot);
  }
}

/** Sum over the first `count` elements of `row` times those of `matrix` from `at`; four sums, so that none waits. */
function dotFirst(row: Float64Array, matrix: Float64Array, at: number, count: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < count; k += 4) {
    a += row[k]! * matrix[at + k]!;
    b += row[k + 1]! * matrix[at + k + 1]!;
    c += row[k + 2]! * matrix[at + k + 2]!;
    d += row[k + 3]! * matrix[at + k + 3]!;
  }
  for (; k < count; k++) a += row[k]! * matrix[at + k]!;
  return a + b + c + d;
}

function substitute(factor: Float64Array, n: number, right: Float64Array): void {
  for (let i = 0; i < n; i++) {
    right[i] = (right[i]! - dotFirst(right, factor, i * n, i)) / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = right[i]! / factor[i * n + i]!;
    right[i] = value;
    for (let j = 0; j < i; j++) right[j] = right[j]! - value * factor[i * n + j]!;
  }
}

/**
 * All eigenvalues and eigenvectors of a symmetric tridiagonal matrix, by the implicit QR iteration with
 * Wilkinson's shift.
 *
 * @param diagonal  float64 [n]
 * @param beside    float64 [n − 1 or more], entries (i, i + 1)
 * @returns         values falling; vectors [n, n], one a row, orthonormal; the caller owns the buffers
 * Source: Golub, Van Loan, Matrix Computations, 4th ed., algorithms 8.3.2 and 8.3.3.
 */
export function tridiagonalEigen(
  diagonal: Float64Array,
  beside: Float64Array,
): { values: Float64Array; vectors: Float64Array } {
  const n = diagonal.length;
  const d = diagonal.slice();
  const e = new Float64Array(n);
  e.set(beside.subarray(0, Math.max(0, n - 1)));
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;

  let end = n - 1;
  while (end > 0) {
    if (isNegligible(d, e, end - 1)) {
      e[end - 1] = 0;
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && !isNegligible(d, e, start - 1)) start--;
    sweep({ d, e, vectors }, start, end);
  }

  const order = Array.from(d.keys()).sort((a, b) => d[b]! - d[a]! || a - b);
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values: Float64Array.from(order, (i) => d[i]!), vectors: sorted };
}

function isNegligible(d: Float64Array, e: Float64Array, i: number): boolean {
  return Math.abs(e[i]!) <= Number.EPSILON * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
}

/** One implicit QR step on the unreduced block [start, end]: chase the bulge down with Givens rotations. */
function sweep(
  { d, e, vectors }: { d: Float64Array; e: Float64Array; vectors: Float64Array },
  start: number,
  end: number,
): void {
  const n = d.length;
  const half = (d[end - 1]! - d[end]!) / 2;
  const last = e[end - 1]!;
  const sign = half >= 0 ? 1 : -1;
  const shift = d[end]! - (last * last) / (half + sign * Math.hypot(half, last));
  let x = d[start]! - shift;
  let bulge = e[start]!;
  for (let i = start; i < end; i++) {
    const length = Math.hypot(x, bulge);
    const cos = length === 0 ? 1 : x / length;
    const sin = length === 0 ? 0 : bulge / length;
    if (i > start) e[i - 1] = length;
    const a = d[i]!;
    const b = e[i]!;
    const c = d[i + 1]!;
    d[i] = cos * cos * a + 2 * cos * sin * b + sin * sin * c;
    d[i + 1] = sin * sin * a - 2 * cos * sin * b + cos * cos * c;
    e[i] = cos * sin * (c - a) + (cos * cos - sin * sin) * b;
    x = e[i]!;
    if (i + 1 < end) {
      bulge = sin * e[i + 1]!;
      e[i + 1] = cos * e[i + 1]!;
    }
    const upper = i * n;
    const lower = upper + n;
    for (let j = 0; j < n; j++) {
      const p = vectors[upper + j]!;
      const q = vectors[lower + j]!;
      vectors[upper + j] = cos * p + sin * q;
      vectors[lower + j] = cos * q - sin * p;
    }
  }
}

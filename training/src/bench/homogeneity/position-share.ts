import { solvePositive } from '../probe/cholesky.ts';

/** 1, x, y, x², xy, y² */
const TERMS = 6;

/**
 * How much of a map is position: the adjusted R² of a polynomial of second degree in x and y, fitted to it by least
 * squares. It catches slopes in any direction, bowls, saddles and vignettes, and nothing finer than half the map.
 *
 *     R² = 1 − ‖v − p‖² / ‖v − v̄‖²,   adjusted: 1 − (1 − R²) (n − 1) / (n − 6)
 *
 * Five free coefficients explain 5 / (n − 1) of pure noise by chance; adjusted its mean is 0, and a map that is a
 * polynomial of second degree has 1. Several values a token (clusters one-hot) share one fraction: their squared errors
 * are summed. A constant map has no variance to explain: 0.
 *
 * @param values  [values, rows, cols]
 * @param used    [rows, cols], tokens that count; default: all
 */
export function positionShare(
  values: ArrayLike<number>,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  used?: (row: number, col: number) => boolean,
): number {
  const tokens: number[] = [];
  for (let t = 0; t < rows * cols; t++) {
    if (used?.(Math.floor(t / cols), t % cols) ?? true) tokens.push(t);
  }
  const basis = basisOf(tokens, { rows, cols });
  let [residual, total] = [0, 0];
  for (let at = 0; at < values.length; at += rows * cols) {
    const own = Float64Array.from(tokens, (token) => values[at + token]!);
    const errors = leastSquares(basis, own);
    residual += errors.residual;
    total += errors.total;
  }
  if (!(total > 0)) return 0;
  const count = tokens.length;
  return 1 - ((residual / total) * (count - 1)) / (count - TERMS);
}

/** float64 [n, 6], x and y from −1 to 1. */
function basisOf(
  tokens: readonly number[],
  { rows, cols }: { readonly rows: number; readonly cols: number },
): Float64Array {
  const basis = new Float64Array(tokens.length * TERMS);
  tokens.forEach((token, i) => {
    const y = (2 * Math.floor(token / cols)) / Math.max(1, rows - 1) - 1;
    const x = (2 * (token % cols)) / Math.max(1, cols - 1) - 1;
    basis.set([1, x, y, x * x, x * y, y * y], i * TERMS);
  });
  return basis;
}

function leastSquares(basis: Float64Array, values: Float64Array): { residual: number; total: number } {
  const normal = new Float64Array(TERMS * TERMS);
  const right = new Float64Array(TERMS);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  values.forEach((value, i) => {
    for (let a = 0; a < TERMS; a++) {
      const term = basis[i * TERMS + a]!;
      right[a] = right[a]! + term * (value - mean);
      for (let b = 0; b <= a; b++)
        normal[a * TERMS + b] = normal[a * TERMS + b]! + term * basis[i * TERMS + b]!;
    }
  });
  // Where the tokens do not determine a coefficient (two rows: no curvature), the smallest one is taken.
  for (let a = 0; a < TERMS; a++) normal[a * TERMS + a] = normal[a * TERMS + a]! + 1e-9 * values.length;
  solvePositive(normal, TERMS, right);
  let [residual, total] = [0, 0];
  values.forEach((value, i) => {
    let fitted = mean;
    for (let a = 0; a < TERMS; a++) fitted += right[a]! * basis[i * TERMS + a]!;
    residual += (value - fitted) ** 2;
    total += (value - mean) ** 2;
  });
  return { residual, total };
}

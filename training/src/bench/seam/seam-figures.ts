import type { TokenGrid } from '../tokens.ts';
import type { WindowAxis } from './shifted-axis.ts';

/**
 * Mean cosine of each token to the one of the same place in one window over the whole image: with that window's mean token
 * taken off both, and without.
 */
export function consistency(
  tokens: TokenGrid,
  whole: TokenGrid,
): { readonly centred: number; readonly plain: number } {
  const { dim } = whole;
  const count = whole.rows * whole.cols;
  const mean = new Float64Array(dim);
  for (let i = 0; i < whole.data.length; i++) mean[i % dim] = mean[i % dim]! + whole.data[i]! / count;
  const zero = new Float64Array(dim);
  let [centred, plain] = [0, 0];
  for (let t = 0; t < count; t++) {
    centred += cosine(tokens.data, whole.data, t * dim, mean) / count;
    plain += cosine(tokens.data, whole.data, t * dim, zero) / count;
  }
  return { centred, plain };
}

/** 0 where a token has no direction. */
function cosine(a: Float32Array, b: Float32Array, at: number, mean: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let c = 0; c < mean.length; c++) {
    const x = a[at + c]! - mean[c]!;
    const y = b[at + c]! - mean[c]!;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/**
 * Mean feature distance of neighbours across the middle of a window border over that of neighbours elsewhere.
 *
 * @returns null where there is no border, or no difference elsewhere
 */
export function seamRatio(
  tokens: TokenGrid,
  plan: { readonly rows: WindowAxis; readonly cols: WindowAxis },
): number | null {
  const { rows, cols } = tokens;
  const at = { rows: borders(plan.rows), cols: borders(plan.cols) };
  const seam = { sum: 0, count: 0 };
  const other = { sum: 0, count: 0 };
  const add = (a: number, b: number, isSeam: boolean): void => {
    const group = isSeam ? seam : other;
    group.sum += distance(tokens, a, b);
    group.count++;
  };
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      if (x > 0) add(y * cols + x, y * cols + x - 1, at.cols.has(x));
      if (y > 0) add(y * cols + x, (y - 1) * cols + x, at.rows.has(y));
    }
  }
  const ratio = seam.sum / seam.count / (other.sum / other.count);
  return Number.isFinite(ratio) ? ratio : null;
}

/** The token before which the middle of each border between two windows lies. */
function borders(axis: WindowAxis): Set<number> {
  return new Set(
    Array.from({ length: axis.count - 1 }, (_, i) => (axis.start(i) + axis.window + axis.start(i + 1)) >> 1),
  );
}

function distance({ data, dim }: TokenGrid, a: number, b: number): number {
  let squares = 0;
  for (let c = 0; c < dim; c++) squares += (data[a * dim + c]! - data[b * dim + c]!) ** 2;
  return Math.sqrt(squares);
}

import * as tf from '@tensorflow/tfjs-core';
import { type AlibiPosition, fixedSlopes } from '../onnx/position.ts';

/** What is added to attention logits, on the backend. */
export interface AttentionBiasTensors {
  /** −D·slope and the mask [1, 1 or heads, T, T]; where slopes are learned −D [1, 1, T, T] alone. */
  readonly distance: tf.Tensor4D;
  /** [1, 1, T, T] where slopes are learned and something is hidden; else part of `distance`. */
  readonly mask: tf.Tensor4D | null;
  readonly learned: boolean;
}

export interface TokenGridShape {
  readonly rows: number;
  readonly cols: number;
  /** CLS and registers. */
  readonly prefix: number;
}

// exp(MASKED − any logit) is exactly 0 in float32, and unlike −Infinity it never makes a NaN.
const MASKED = -1e9;

/** The caller disposes of it. */
export function createAttentionBias(
  position: AlibiPosition,
  grid: TokenGridShape,
  heads: number,
): AttentionBiasTensors {
  const distance = negativeDistance(position, grid);
  const mask = hiddenTokens(position, grid);
  const side = grid.prefix + grid.rows * grid.cols;
  const tensor = (data: Float32Array, n: number): tf.Tensor4D => tf.tensor4d(data, [1, n, side, side]);
  if (position.slopes === 'learned') {
    return { distance: tensor(distance, 1), mask: mask && tensor(mask, 1), learned: true };
  }
  const slopes = position.slopes === 'fixed' ? fixedSlopes(heads) : Float32Array.of(1);
  const biased = new Float32Array(slopes.length * side * side);
  for (const [head, slope] of slopes.entries()) {
    const at = head * side * side;
    for (let i = 0; i < side * side; i++) biased[at + i] = slope * (distance[i] ?? 0) + (mask?.[i] ?? 0);
  }
  return { distance: tensor(biased, slopes.length), mask: null, learned: false };
}

/**
 * −D [T, T], zero for CLS and registers.
 *
 * Source: arXiv 2603.16840; on the torus an axis' distance is the shorter way round.
 */
export function negativeDistance(position: AlibiPosition, grid: TokenGridShape): Float32Array {
  const { rows, cols, prefix } = grid;
  const side = prefix + rows * cols;
  const distance = new Float32Array(side * side);
  let largest = 0;
  forPatches(grid, position, (i, j, apart) => {
    distance[(prefix + i) * side + prefix + j] = -apart;
    largest = Math.max(largest, apart);
  });
  const { normalise, distanceScale } = position;
  const divisor = normalise === 'none' ? 1 : normalise === 'scale' ? (distanceScale ?? 1) : largest || 1;
  // −0 of a token's distance to itself becomes 0.
  return distance.map((value) => value / divisor + 0);
}

/** 0 where a token is read, {@link MASKED} where it is not; null where everything is read. */
function hiddenTokens(position: AlibiPosition, grid: TokenGridShape): Float32Array | null {
  const { rows, cols, prefix } = grid;
  const { attentionRadius, hidePrefix } = position;
  if (attentionRadius === null && (!hidePrefix || prefix === 0)) return null;
  const side = prefix + rows * cols;
  const mask = new Float32Array(side * side);
  if (hidePrefix) for (let i = prefix; i < side; i++) mask.fill(MASKED, i * side, i * side + prefix);
  if (attentionRadius !== null) {
    forPatches(grid, position, (i, j, apart) => {
      if (apart > attentionRadius + 1e-4) mask[(prefix + i) * side + prefix + j] = MASKED;
    });
  }
  return mask;
}

function forPatches(
  { rows, cols }: TokenGridShape,
  { wrap, metric }: AlibiPosition,
  visit: (i: number, j: number, apart: number) => void,
): void {
  const along = (a: number, b: number, size: number): number => {
    const apart = Math.abs(a - b);
    return wrap ? Math.min(apart, size - apart) : apart;
  };
  for (let i = 0; i < rows * cols; i++) {
    for (let j = 0; j < rows * cols; j++) {
      const y = along(Math.floor(i / cols), Math.floor(j / cols), rows);
      const x = along(i % cols, j % cols, cols);
      visit(i, j, metric === 'euclidean' ? Math.hypot(y, x) : y + x);
    }
  }
}

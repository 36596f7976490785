import { sincosFrequencies } from '../vit/sincos.ts';
import type { PositionEmbedding } from '../weights/vit-weights.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** How the transformer knows where a patch lies. */
export type Position = AlibiPosition | { readonly kind: 'learned' } | { readonly kind: 'none' | 'sincos' };

export interface AlibiPosition {
  readonly kind: 'alibi';
  readonly metric: 'euclidean' | 'manhattan';
  /** Distances on the torus of the window. */
  readonly wrap: boolean;
  /** Divided by the window's largest distance, by `distanceScale` tokens, or not at all. */
  readonly normalise: 'window' | 'scale' | 'none';
  readonly distanceScale: number | null;
  /** Patches attend no further than this many tokens. */
  readonly attentionRadius: number | null;
  /** Patches do not read CLS and registers. */
  readonly hidePrefix: boolean;
  readonly slopes: 'constant' | 'fixed' | 'learned';
}

/** The reference's released models. Source: arXiv 2603.16840, §3. */
export const PAPER: AlibiPosition = {
  kind: 'alibi',
  metric: 'euclidean',
  wrap: true,
  normalise: 'window',
  distanceScale: null,
  attentionRadius: null,
  hidePrefix: false,
  slopes: 'constant',
};

/** The token grid of one run, as values of the graph: int64 vectors of length one, and float scalars. */
export interface GridValues {
  readonly rows: string;
  readonly cols: string;
  readonly rowsFloat: string;
  readonly colsFloat: string;
}

/**
 * What is added to the attention logits, apart from the slope.
 * `distance` −D [1, 1, T, T] with zeros for prefix tokens; `mask` the same shape, 0 or {@link MASKED}, null where
 * everything is read by everything.
 */
export interface AttentionBias {
  readonly distance: string;
  readonly mask: string | null;
}

// exp(MASKED − any logit) is exactly 0 in float32, and unlike −Infinity it never makes a NaN.
const MASKED = -1e9;

/**
 * ALiBi's distances from the grid, computed once a run inside the graph.
 *
 * Source: arXiv 2603.16840: bias = −m·D, D the distance between patches on the token grid, zero for CLS and registers.
 */
export function buildAttentionBias(
  graph: GraphBuilder,
  grid: GridValues,
  position: AlibiPosition,
  prefixTokens: number,
): AttentionBias {
  const rows = axisDistance(graph, grid.rowsFloat, position.wrap, [1, 3]);
  const cols = axisDistance(graph, grid.colsFloat, position.wrap, [0, 2]);
  const euclidean = position.metric === 'euclidean';
  const sum = euclidean
    ? graph.node('Sqrt', [graph.node('Add', [square(graph, rows), square(graph, cols)])])
    : graph.node('Add', [rows, cols]);
  const tokens = graph.node('Mul', [grid.rows, grid.cols]);
  const distance = graph.node('Reshape', [sum, graph.node('Concat', [tokens, tokens], { axis: 0 })]);
  const divided = divide(graph, distance, position);
  return {
    distance: withPrefix(graph, graph.node('Neg', [divided]), prefixTokens, [0, 0]),
    mask: buildMask(graph, distance, position, prefixTokens),
  };
}

/** 2^(−8i/heads) for i = 1…heads. Source: Press et al., "Train Short, Test Long", 2022. */
export function fixedSlopes(heads: number): Float32Array {
  return Float32Array.from({ length: heads }, (_, i) => 2 ** ((-8 * (i + 1)) / heads));
}

/**
 * A learned position embedding at the run's grid, as timm interpolates it: [1, rows·cols, dim].
 *
 * Torch's antialiased bicubic is separable, so two small matrices computed from the grid give it exactly: rows × trained
 * rows, and columns × trained columns. On the trained grid both are the identity.
 */
export function buildPositionEmbedding(
  graph: GraphBuilder,
  grid: GridValues,
  embedding: PositionEmbedding,
  dim: number,
): string {
  const [trainedRows, trainedCols] = embedding.grid;
  const stored = graph.tensor(
    'position.patches',
    'float32',
    [trainedRows, trainedCols * dim],
    embedding.patches.data,
  );
  const alongRows = graph.node('MatMul', [resampleMatrix(graph, grid.rowsFloat, trainedRows), stored]);
  const split = graph.node('Reshape', [alongRows, graph.integers(-1, trainedCols, dim)]);
  const alongCols = graph.node('MatMul', [resampleMatrix(graph, grid.colsFloat, trainedCols), split]);
  return graph.node('Reshape', [alongCols, graph.integers(1, -1, dim)]);
}

/**
 * The fixed embedding of `vit/sincos.ts` at the run's grid: [1, rows·cols, dim].
 * Source: Chen, Xie, He, An Empirical Study of Training Self-Supervised Vision Transformers, 2021, §5.
 */
export function buildSincosEmbedding(graph: GraphBuilder, grid: GridValues, dim: number): string {
  const quarter = dim / 4;
  const frequencies = graph.tensor('position.frequencies', 'float32', [1, quarter], sincosFrequencies(dim));
  const along = (size: string, axis: number): string => {
    const index = graph.node('Range', [graph.scalar(0), size, graph.scalar(1)]);
    const angles = graph.node('Mul', [graph.node('Unsqueeze', [index, graph.integers(1)]), frequencies]);
    const waves = graph.node('Concat', [graph.node('Sin', [angles]), graph.node('Cos', [angles])], {
      axis: 1,
    });
    const shape = graph.node('Concat', [grid.rows, grid.cols, graph.integers(2 * quarter)], { axis: 0 });
    return graph.node('Expand', [graph.node('Unsqueeze', [waves, graph.integers(axis)]), shape]);
  };
  const joined = graph.node('Concat', [along(grid.colsFloat, 0), along(grid.rowsFloat, 1)], { axis: 2 });
  return graph.node('Reshape', [joined, graph.integers(1, -1, dim)]);
}

/** |i − j| for all pairs along an axis of `size`, shaped to broadcast to [rows, cols, rows, cols]. */
function axisDistance(
  graph: GraphBuilder,
  size: string,
  wrap: boolean,
  addedAxes: readonly number[],
): string {
  const index = graph.node('Range', [graph.scalar(0), size, graph.scalar(1)]);
  const from = graph.node('Unsqueeze', [index, graph.integers(1)]);
  const apart = graph.node('Abs', [graph.node('Sub', [from, index])]);
  const distance = wrap ? graph.node('Min', [apart, graph.node('Sub', [size, apart])]) : apart;
  return graph.node('Unsqueeze', [distance, graph.integers(...addedAxes)]);
}

function divide(graph: GraphBuilder, distance: string, position: AlibiPosition): string {
  if (position.normalise === 'none') return distance;
  if (position.normalise === 'scale') {
    return graph.node('Div', [distance, graph.scalar(position.distanceScale ?? 1)]);
  }
  // A grid of one token has no distance but 0; every other's largest is at least one.
  const largest = graph.node('Max', [
    graph.node('ReduceMax', [distance], { keepdims: 0 }),
    graph.scalar(1e-6),
  ]);
  return graph.node('Div', [distance, largest]);
}

function buildMask(
  graph: GraphBuilder,
  distance: string,
  position: AlibiPosition,
  prefixTokens: number,
): string | null {
  const { attentionRadius, hidePrefix } = position;
  if (attentionRadius === null && (!hidePrefix || prefixTokens === 0)) return null;
  // Slack against the rounding of the square root: distances on a grid differ by far more than 1e-4.
  const near =
    attentionRadius === null
      ? graph.node('Mul', [distance, graph.scalar(0)])
      : graph.node('Where', [
          graph.node('Greater', [distance, graph.scalar(attentionRadius + 1e-4)]),
          graph.scalar(MASKED),
          graph.scalar(0),
        ]);
  return withPrefix(graph, near, prefixTokens, [0, hidePrefix ? MASKED : 0]);
}

/** [n, n] → [1, 1, p + n, p + n]: `values` are what prefix rows and the patches' rows hold in the new cells. */
function withPrefix(
  graph: GraphBuilder,
  matrix: string,
  prefixTokens: number,
  values: readonly [prefixRow: number, patchRow: number],
): string {
  const wide = graph.node('Pad', [matrix, graph.integers(0, prefixTokens, 0, 0), graph.scalar(values[1])]);
  const high = graph.node('Pad', [wide, graph.integers(prefixTokens, 0, 0, 0), graph.scalar(values[0])]);
  return graph.node('Unsqueeze', [high, graph.integers(0, 1)]);
}

/**
 * Antialiased bicubic weights [size, trained] for resampling `trained` samples to `size`.
 * Source: Keys' kernel with a = −0.5, widened by the scale when shrinking, rows normalised, as torch's
 * `interpolate(mode='bicubic', antialias=True)` does.
 */
function resampleMatrix(graph: GraphBuilder, size: string, trained: number): string {
  const scale = graph.node('Div', [graph.scalar(trained), size]);
  const stretch = graph.node('Max', [scale, graph.scalar(1)]);
  const half = graph.scalar(0.5);
  const outputs = graph.node('Range', [graph.scalar(0), size, graph.scalar(1)]);
  const centres = graph.node('Mul', [graph.node('Add', [outputs, half]), scale]);
  const inputs = graph.tensor(
    `position.samples.${trained}.${size}`,
    'float32',
    [trained],
    Float32Array.from({ length: trained }, (_, i) => i + 0.5),
  );
  const offset = graph.node('Sub', [inputs, graph.node('Unsqueeze', [centres, graph.integers(1)])]);
  const weights = keysKernel(graph, graph.node('Abs', [graph.node('Div', [offset, stretch])]));
  const total = graph.node('ReduceSum', [weights, graph.integers(1)], { keepdims: 1 });
  return graph.node('Div', [weights, total]);
}

/** 1.5t³ − 2.5t² + 1 below 1, −0.5t³ + 2.5t² − 4t + 2 below 2, else 0, for t ≥ 0. */
function keysKernel(graph: GraphBuilder, t: string): string {
  const polynomial = (...coefficients: number[]): string =>
    coefficients
      .map((coefficient) => graph.scalar(coefficient))
      .reduce((sum, coefficient) => graph.node('Add', [graph.node('Mul', [sum, t]), coefficient]));
  const near = polynomial(1.5, -2.5, 0, 1);
  const far = polynomial(-0.5, 2.5, -4, 2);
  const tail = graph.node('Where', [graph.node('Less', [t, graph.scalar(2)]), far, graph.scalar(0)]);
  return graph.node('Where', [graph.node('Less', [t, graph.scalar(1)]), near, tail]);
}

function square(graph: GraphBuilder, value: string): string {
  return graph.node('Mul', [value, value]);
}
